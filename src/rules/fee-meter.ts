/**
 * The fees of one account as its fills come, at one number a fill.
 *
 * It charges what `accrueFees` charges, to the micro-dollar (fees.ts has the rules), and keeps the running sums of a day
 * in fields of its own instead of in a new accrual for every fill. `accrual` is what is saved. How many cents a sum has
 * begun a double tells nearly always; where it lies too near to a whole cent for that, it is divided exactly.
 */
import { addMoney, mulDivDown, mulDivUp, NANOS, notional, remainderOf, subtractMoney, ZERO_MONEY, type Money, type Price, type Quantity } from "../money.ts";
import type { EpochDay } from "../time.ts";
import { catRateOn, section31RateOn, tafRateOn, type BehindTable } from "./fee-rates.ts";
import { accrueFees, CENT, NANO_DOLLARS_PER_CENT, PER_SHARE_UNITS, perShareUp, surelyUpToCent, totalFees, upToCent, type FeeAccrual, type FeeScheduleName } from "./fees.ts";

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
  /** What a fill may have before the cap is less than its fee. */
  #tafCapFrom = 0 as Quantity;
  #tafWhole = 0;
  #tafNanos = 0;
  #tafCaps = ZERO_MONEY;
  #taf = ZERO_MONEY;
  #soldValue = ZERO_MONEY;
  #regNumerator = 0;
  #regDenominator = 1;
  #reg = ZERO_MONEY;

  constructor(accrual?: FeeAccrual) {
    this.#accrual = accrual;
  }

  /**
   * What the fill adds to the account's fees.
   * @throws FeesOutOfRange when the schedule has no rate for the day.
   */
  charge(schedule: FeeScheduleName, order: string, side: "buy" | "sell", quantity: Quantity, price: Price, day: EpochDay, behind: BehindTable = "refuse"): Money {
    if (schedule === "none") return ZERO_MONEY;
    if (schedule === "ib") {
      const { accrual, charged } = accrueFees(schedule, this.#accrual, { order, side, quantity, price, day }, behind);
      this.#accrual = accrual;
      return totalFees(charged);
    }
    if (this.#day !== day) this.#begin(day, behind);
    const nanos = remainderOf(quantity, NANOS);
    const whole = (quantity - nanos) / NANOS;
    const charged = this.#chargeCat(whole, nanos);
    if (side === "buy") return charged;
    if (this.#sellsOn !== day) this.#beginSells(day, behind);
    this.#soldValue = addMoney(this.#soldValue, notional(price, quantity));
    return addMoney(charged, addMoney(this.#chargeTaf(whole, nanos, quantity), this.#chargeReg()));
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

  #begin(day: EpochDay, behind: BehindTable): void {
    this.#catRate = catRateOn(day, behind).nanoDollarsPerShare;
    const saved = this.#day < 0 && this.#accrual?.day === day ? this.#accrual : undefined;
    this.#day = day;
    this.#sellsOn = -1;
    this.#catWhole = saved?.catShares.whole ?? 0;
    this.#catNanos = saved?.catShares.nanos ?? 0;
    this.#cat = this.#catExactly();
    this.#soldValue = saved?.soldValue ?? ZERO_MONEY;
    this.#tafWhole = saved?.tafShares.whole ?? 0;
    this.#tafNanos = saved?.tafShares.nanos ?? 0;
    this.#tafCaps = saved?.tafCaps ?? ZERO_MONEY;
  }

  #beginSells(day: EpochDay, behind: BehindTable): void {
    const { nanoDollarsPerShare, capPerTrade } = tafRateOn(day, behind);
    const { numerator, denominator } = section31RateOn(day, behind);
    this.#sellsOn = day;
    this.#tafRate = nanoDollarsPerShare;
    this.#tafCap = capPerTrade;
    // Nothing is charged in the holiday of late 2026, and no quantity reaches a cap.
    this.#tafCapFrom = nanoDollarsPerShare === 0 ? (Number.MAX_SAFE_INTEGER as Quantity) : (mulDivDown(capPerTrade, PER_SHARE_UNITS, nanoDollarsPerShare) as Quantity);
    this.#taf = this.#tafExactly();
    this.#regNumerator = numerator;
    this.#regDenominator = denominator;
    this.#reg = this.#regExactly();
  }

  #chargeCat(whole: number, nanos: number): Money {
    const sum = this.#catNanos + nanos;
    const carry = sum >= NANOS ? 1 : 0;
    this.#catWhole += whole + carry;
    this.#catNanos = sum - carry * NANOS;
    const before = this.#cat;
    const cents = (this.#catWhole + this.#catNanos / NANOS) * (this.#catRate / NANO_DOLLARS_PER_CENT);
    this.#cat = surelyUpToCent(cents) ?? this.#catExactly();
    return subtractMoney(this.#cat, before);
  }

  #chargeTaf(whole: number, nanos: number, quantity: Quantity): Money {
    if (quantity > this.#tafCapFrom) this.#tafCaps = addMoney(this.#tafCaps, this.#tafCap);
    else {
      const sum = this.#tafNanos + nanos;
      const carry = sum >= NANOS ? 1 : 0;
      this.#tafWhole += whole + carry;
      this.#tafNanos = sum - carry * NANOS;
    }
    const before = this.#taf;
    const cents = (this.#tafWhole + this.#tafNanos / NANOS) * (this.#tafRate / NANO_DOLLARS_PER_CENT) + this.#tafCaps / CENT;
    this.#taf = surelyUpToCent(cents) ?? this.#tafExactly();
    return subtractMoney(this.#taf, before);
  }

  #chargeReg(): Money {
    const before = this.#reg;
    const cents = (this.#soldValue * (this.#regNumerator / this.#regDenominator)) / CENT;
    this.#reg = surelyUpToCent(cents) ?? this.#regExactly();
    return subtractMoney(this.#reg, before);
  }

  #catExactly(): Money {
    return upToCent(perShareUp(this.#catWhole, this.#catNanos, this.#catRate));
  }

  #tafExactly(): Money {
    return upToCent(perShareUp(this.#tafWhole, this.#tafNanos, this.#tafRate) + this.#tafCaps);
  }

  #regExactly(): Money {
    return upToCent(mulDivUp(this.#soldValue, this.#regNumerator, this.#regDenominator));
  }
}
