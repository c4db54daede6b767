/**
 * The fees of one account as its fills come, at one number a fill.
 *
 * It charges what `accrueFees` charges, to the micro-dollar (fees.ts has the rules), and keeps the running sums of a day
 * in fields of its own instead of in a new accrual for every fill. `accrual` is what is saved.
 */
import { addMoney, NANOS, notional, remainderOf, subtractMoney, ZERO_MONEY, type Money, type Price, type Quantity } from "../money.ts";
import type { EpochDay } from "../time.ts";
import { catRateOn, section31RateOn, tafRateOn } from "./fee-rates.ts";
import { accrueFees, perShareOf, perShareUp, totalFees, upToCent, type FeeAccrual, type FeeScheduleName } from "./fees.ts";

export class FeeMeter {
  /** What was saved, or what `ib` has accrued; of `alpaca` the fields below are ahead of it. */
  #accrual: FeeAccrual | undefined;
  #day = -1;
  #catRate = 0;
  #catWhole = 0;
  #catNanos = 0;
  #cat = ZERO_MONEY;
  /** The rates of sales are looked up by the day's first sale. */
  #sellsOn = -1;
  #tafRate = 0;
  #tafCap = ZERO_MONEY;
  #tafWhole = 0;
  #tafNanos = 0;
  #tafCaps = ZERO_MONEY;
  #taf = ZERO_MONEY;
  #soldValue = ZERO_MONEY;
  #regNumerator = 0;
  #regDenominator = 1;
  /** The Section 31 fee before it is rounded: whole micro-dollars, and what is left of the division. */
  #regWhole = 0;
  #regRest = 0;
  #reg = ZERO_MONEY;

  constructor(accrual?: FeeAccrual) {
    this.#accrual = accrual;
  }

  /**
   * What the fill adds to the account's fees.
   * @throws FeesOutOfRange when the schedule has no rate for the day.
   */
  charge(schedule: FeeScheduleName, order: string, side: "buy" | "sell", quantity: Quantity, price: Price, day: EpochDay): Money {
    if (schedule === "none") return ZERO_MONEY;
    if (schedule === "ib") {
      const { accrual, charged } = accrueFees(schedule, this.#accrual, { order, side, quantity, price, day });
      this.#accrual = accrual;
      return totalFees(charged);
    }
    if (this.#day !== day) this.#begin(day);
    const nanos = remainderOf(quantity, NANOS);
    const whole = (quantity - nanos) / NANOS;
    const charged = this.#chargeCat(whole, nanos);
    if (side === "buy") return charged;
    if (this.#sellsOn !== day) this.#beginSells(day);
    return addMoney(charged, addMoney(this.#chargeTaf(whole, nanos, quantity), this.#chargeReg(notional(price, quantity))));
  }

  /** Undefined before the first fill. */
  get accrual(): FeeAccrual | undefined {
    if (this.#day < 0) return this.#accrual;
    return {
      day: this.#day as EpochDay,
      orders: [],
      catShares: { whole: this.#catWhole, nanos: this.#catNanos },
      soldValue: this.#soldValue,
      tafShares: { whole: this.#tafWhole, nanos: this.#tafNanos },
      tafCaps: this.#tafCaps,
    };
  }

  #begin(day: EpochDay): void {
    this.#catRate = catRateOn(day).nanoDollarsPerShare;
    const saved = this.#day < 0 && this.#accrual?.day === day ? this.#accrual : undefined;
    this.#day = day;
    this.#sellsOn = -1;
    this.#catWhole = saved?.catShares.whole ?? 0;
    this.#catNanos = saved?.catShares.nanos ?? 0;
    this.#cat = upToCent(perShareUp(this.#catWhole, this.#catNanos, this.#catRate));
    this.#soldValue = saved?.soldValue ?? ZERO_MONEY;
    this.#tafWhole = saved?.tafShares.whole ?? 0;
    this.#tafNanos = saved?.tafShares.nanos ?? 0;
    this.#tafCaps = saved?.tafCaps ?? ZERO_MONEY;
  }

  #beginSells(day: EpochDay): void {
    const { nanoDollarsPerShare, capPerTrade } = tafRateOn(day);
    const { numerator, denominator } = section31RateOn(day);
    this.#sellsOn = day;
    this.#tafRate = nanoDollarsPerShare;
    this.#tafCap = capPerTrade;
    this.#taf = upToCent(perShareUp(this.#tafWhole, this.#tafNanos, nanoDollarsPerShare) + this.#tafCaps);
    this.#regNumerator = numerator;
    this.#regDenominator = denominator;
    this.#regWhole = 0;
    this.#regRest = 0;
    this.#addToReg(this.#soldValue);
    this.#reg = upToCent(this.#regRest > 0 ? this.#regWhole + 1 : this.#regWhole);
  }

  #chargeCat(whole: number, nanos: number): Money {
    const sum = this.#catNanos + nanos;
    const carry = sum >= NANOS ? 1 : 0;
    this.#catWhole += whole + carry;
    this.#catNanos = sum - carry * NANOS;
    const before = this.#cat;
    this.#cat = upToCent(perShareUp(this.#catWhole, this.#catNanos, this.#catRate));
    return subtractMoney(this.#cat, before);
  }

  #chargeTaf(whole: number, nanos: number, quantity: Quantity): Money {
    if (perShareOf(quantity, this.#tafRate) > this.#tafCap) this.#tafCaps = addMoney(this.#tafCaps, this.#tafCap);
    else {
      const sum = this.#tafNanos + nanos;
      const carry = sum >= NANOS ? 1 : 0;
      this.#tafWhole += whole + carry;
      this.#tafNanos = sum - carry * NANOS;
    }
    const before = this.#taf;
    this.#taf = upToCent(perShareUp(this.#tafWhole, this.#tafNanos, this.#tafRate) + this.#tafCaps);
    return subtractMoney(this.#taf, before);
  }

  #chargeReg(value: Money): Money {
    this.#soldValue = addMoney(this.#soldValue, value);
    this.#addToReg(value);
    const before = this.#reg;
    this.#reg = upToCent(this.#regRest > 0 ? this.#regWhole + 1 : this.#regWhole);
    return subtractMoney(this.#reg, before);
  }

  #addToReg(value: Money): void {
    const denominator = this.#regDenominator;
    const product = value * this.#regNumerator;
    // A value of some million dollars; what its product leaves over no double has.
    const beyond = Number.isSafeInteger(product) ? remainderOf(product, denominator) : Number((BigInt(value) * BigInt(this.#regNumerator)) % BigInt(denominator));
    const whole = Number.isSafeInteger(product) ? (product - beyond) / denominator : Number((BigInt(value) * BigInt(this.#regNumerator)) / BigInt(denominator));
    const rest = this.#regRest + beyond;
    const carry = rest >= denominator ? 1 : 0;
    this.#regWhole += whole + carry;
    this.#regRest = rest - carry * denominator;
  }
}
