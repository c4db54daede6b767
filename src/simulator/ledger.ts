/**
 * The money and the shares of one simulated account.
 *
 * Cash, positions and dividends receivable change only here, by whole micro-dollars and nano-shares, and every change
 * is one of: fill, fee, interest, split, dividend, new symbol, payment for a symbol that is gone. What may be owed or
 * sold short is not decided here; a short position has a negative quantity, and owes its dividends.
 */
import { addMoney, addQuantity, mulDiv, NANOS, notional, priceFromNumber, subtractMoney, subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from "../money.ts";
import type { EpochDay } from "../time.ts";
import type { Side, Symbol } from "../trade.ts";

interface Receivable {
  readonly payDay: EpochDay;
  readonly amount: Money;
}

export interface LedgerSnapshot {
  readonly cash: Money;
  readonly feesPaid: Money;
  readonly positions: readonly (readonly [Symbol, Quantity])[];
  readonly costs: readonly (readonly [Symbol, Money])[];
  readonly receivables: readonly Receivable[];
}

export class Ledger {
  #cash: Money;
  #feesPaid: Money = ZERO_MONEY;
  /** Never holds a position of zero. */
  readonly #positions = new Map<Symbol, Quantity>();
  /** What each position cost; a sale takes its share of it away. */
  readonly #costs = new Map<Symbol, Money>();
  #receivables: readonly Receivable[] = [];

  constructor(cash: Money) {
    this.#cash = cash;
  }

  static restore(snapshot: LedgerSnapshot): Ledger {
    const ledger = new Ledger(snapshot.cash);
    ledger.#feesPaid = snapshot.feesPaid;
    for (const [symbol, quantity] of snapshot.positions) ledger.#positions.set(symbol, quantity);
    for (const [symbol, cost] of snapshot.costs) ledger.#costs.set(symbol, cost);
    ledger.#receivables = snapshot.receivables;
    return ledger;
  }

  snapshot(): LedgerSnapshot {
    return { cash: this.#cash, feesPaid: this.#feesPaid, positions: this.positions(), costs: [...this.#costs], receivables: this.#receivables };
  }

  get cash(): Money {
    return this.#cash;
  }

  /** Dividends earned and not yet paid. */
  get receivable(): Money {
    return this.#receivables.reduce((sum, { amount }) => addMoney(sum, amount), ZERO_MONEY);
  }

  /** Since the account was opened. */
  get feesPaid(): Money {
    return this.#feesPaid;
  }

  quantityOf(symbol: Symbol): Quantity {
    return this.#positions.get(symbol) ?? ZERO_QUANTITY;
  }

  /** Zero when nothing is held. */
  averageEntryPrice(symbol: Symbol): Price {
    const held = this.quantityOf(symbol);
    return (held === 0 ? 0 : mulDiv(Math.abs(this.#costs.get(symbol) ?? ZERO_MONEY), NANOS, Math.abs(held))) as Price;
  }

  /** In the order of the symbols. */
  positions(): readonly (readonly [Symbol, Quantity])[] {
    return [...this.#positions].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  applyFill(side: Side, symbol: Symbol, quantity: Quantity, price: Price): void {
    const value = notional(price, quantity);
    const held = this.quantityOf(symbol);
    const cost = this.#costs.get(symbol) ?? ZERO_MONEY;
    const signed = (side === "buy" ? quantity : 0 - quantity) as Quantity;
    this.#cash = side === "buy" ? subtractMoney(this.#cash, value) : addMoney(this.#cash, value);
    this.#costs.set(symbol, costAfter(cost, held, signed, value));
    this.#setPosition(symbol, addQuantity(held, signed));
  }

  chargeFee(amount: Money): void {
    this.#cash = subtractMoney(this.#cash, amount);
    this.#feesPaid = addMoney(this.#feesPaid, amount);
  }

  /** For a debit or a borrowed share; no fee of a trade. */
  chargeInterest(amount: Money): void {
    this.#cash = subtractMoney(this.#cash, amount);
  }

  /** The position under another name. It joins one that is there. */
  rename(symbol: Symbol, to: Symbol): void {
    const held = this.quantityOf(symbol);
    if (held === 0) return;
    const cost = addMoney(this.#costs.get(symbol) ?? ZERO_MONEY, this.#costs.get(to) ?? ZERO_MONEY);
    this.#setPosition(symbol, ZERO_QUANTITY);
    this.#setPosition(to, addQuantity(held, this.quantityOf(to)));
    this.#costs.set(to, cost);
  }

  /** The position is paid out, or bought in, at `price`. */
  payOut(symbol: Symbol, price: Price): void {
    this.#cash = addMoney(this.#cash, notional(price, this.quantityOf(symbol)));
    this.#setPosition(symbol, ZERO_QUANTITY);
  }

  /**
   * `ratio` new shares for each old one. Where shares are whole, the fraction that is left over is paid in cash at
   * `price`, which is a price after the split.
   */
  applySplit(symbol: Symbol, ratio: number, cashInLieu: { readonly price: Price } | undefined): void {
    const held = this.quantityOf(symbol);
    if (held === 0) return;
    const after = Math.round(held * ratio) as Quantity;
    const fraction = (cashInLieu ? after % NANOS : 0) as Quantity;
    if (cashInLieu && fraction !== 0) {
      const cost = this.#costs.get(symbol) ?? ZERO_MONEY;
      this.#cash = addMoney(this.#cash, notional(cashInLieu.price, fraction));
      this.#costs.set(symbol, subtractMoney(cost, mulDiv(cost, Math.abs(fraction), Math.abs(after)) as Money));
    }
    this.#setPosition(symbol, subtractQuantity(after, fraction));
  }

  /** `amount` in USD a share, for what is held as the ex-date opens; paid at once when the pay date is not known. */
  accrueDividend(symbol: Symbol, amount: number, payDay: EpochDay | undefined): void {
    const total = notional(priceFromNumber(amount), this.quantityOf(symbol));
    if (total === 0) return;
    if (payDay === undefined) this.#cash = addMoney(this.#cash, total);
    else this.#receivables = [...this.#receivables, { payDay, amount: total }];
  }

  payDividendsDue(day: EpochDay): void {
    if (this.#receivables.length === 0) return;
    for (const { payDay, amount } of this.#receivables) {
      if (payDay <= day) this.#cash = addMoney(this.#cash, amount);
    }
    this.#receivables = this.#receivables.filter(({ payDay }) => payDay > day);
  }

  #setPosition(symbol: Symbol, quantity: Quantity): void {
    if (quantity === 0) {
      this.#positions.delete(symbol);
      this.#costs.delete(symbol);
    } else this.#positions.set(symbol, quantity);
  }
}

/** What the position cost after `signed` shares came for `value`: a short one cost less than nothing. */
function costAfter(cost: Money, held: Quantity, signed: Quantity, value: Money): Money {
  const signedValue = (signed < 0 ? 0 - value : value) as Money;
  if (held === 0 || held > 0 === signed > 0) return addMoney(cost, signedValue);
  const closed = Math.min(Math.abs(signed), Math.abs(held));
  if (closed === Math.abs(held)) return Math.abs(signed) === closed ? ZERO_MONEY : (mulDiv(signedValue, Math.abs(signed) - closed, Math.abs(signed)) as Money);
  return subtractMoney(cost, mulDiv(cost, closed, Math.abs(held)) as Money);
}
