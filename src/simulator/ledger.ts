/**
 * The money and the shares of one simulated account.
 *
 * A cash account: it owns what it has paid for and nothing is lent. Cash, positions and dividends receivable change
 * only here, by whole micro-dollars and nano-shares, and every change is one of: fill, fee, split, dividend.
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
    return (held === 0 ? 0 : mulDiv(this.#costs.get(symbol) ?? ZERO_MONEY, NANOS, held)) as Price;
  }

  /** In the order of the symbols. */
  positions(): readonly (readonly [Symbol, Quantity])[] {
    return [...this.#positions].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  applyFill(side: Side, symbol: Symbol, quantity: Quantity, price: Price): void {
    const value = notional(price, quantity);
    const held = this.quantityOf(symbol);
    const cost = this.#costs.get(symbol) ?? ZERO_MONEY;
    if (side === "buy") {
      this.#cash = subtractMoney(this.#cash, value);
      this.#costs.set(symbol, addMoney(cost, value));
      this.#setPosition(symbol, addQuantity(held, quantity));
    } else {
      this.#cash = addMoney(this.#cash, value);
      this.#costs.set(symbol, subtractMoney(cost, mulDiv(cost, quantity, held) as Money));
      this.#setPosition(symbol, subtractQuantity(held, quantity));
    }
  }

  chargeFee(amount: Money): void {
    this.#cash = subtractMoney(this.#cash, amount);
    this.#feesPaid = addMoney(this.#feesPaid, amount);
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
    if (cashInLieu && fraction > 0) {
      const cost = this.#costs.get(symbol) ?? ZERO_MONEY;
      this.#cash = addMoney(this.#cash, notional(cashInLieu.price, fraction));
      this.#costs.set(symbol, subtractMoney(cost, mulDiv(cost, fraction, after) as Money));
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
