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

/** What is held of a symbol. The ledger keeps one for each symbol for good, so that a caller may, too; it alone changes it. */
export interface Holding {
  readonly symbol: Symbol;
  quantity: Quantity;
  /** What the position cost; a sale takes its share of it away. Zero for none. */
  cost: Money;
}

export class Ledger {
  /** A number from its beginning, here and in what follows: a field that was ever undefined gets an object for each amount. */
  #cash: Money = ZERO_MONEY;
  #feesPaid: Money = ZERO_MONEY;
  /** Changes whenever a position begins or ends. */
  positionsVersion = 0;
  /** Those of zero are none. */
  readonly #holdings = new Map<Symbol, Holding>();
  #receivables: readonly Receivable[] = [];

  constructor(cash: Money) {
    this.#cash = cash;
  }

  static restore(snapshot: LedgerSnapshot): Ledger {
    const ledger = new Ledger(snapshot.cash);
    ledger.#feesPaid = snapshot.feesPaid;
    for (const [symbol, quantity] of snapshot.positions) ledger.holdingOf(symbol).quantity = quantity;
    for (const [symbol, cost] of snapshot.costs) ledger.holdingOf(symbol).cost = cost;
    ledger.#receivables = snapshot.receivables;
    return ledger;
  }

  snapshot(): LedgerSnapshot {
    return { cash: this.#cash, feesPaid: this.#feesPaid, positions: this.positions(), costs: this.#held().map(({ symbol, cost }) => [symbol, cost] as const), receivables: this.#receivables };
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
    return this.#holdings.get(symbol)?.quantity ?? ZERO_QUANTITY;
  }

  holdingOf(symbol: Symbol): Holding {
    let holding = this.#holdings.get(symbol);
    if (!holding) {
      holding = { symbol, quantity: ZERO_QUANTITY, cost: ZERO_MONEY };
      this.#holdings.set(symbol, holding);
    }
    return holding;
  }

  /** In no order that matters; positions of zero are among them. */
  holdings(): IterableIterator<Holding> {
    return this.#holdings.values();
  }

  /** Zero when nothing is held. */
  averageEntryPrice(symbol: Symbol): Price {
    const { quantity, cost } = this.holdingOf(symbol);
    return (quantity === 0 ? 0 : mulDiv(Math.abs(cost), NANOS, Math.abs(quantity))) as Price;
  }

  /** In the order of the symbols. */
  positions(): readonly (readonly [Symbol, Quantity])[] {
    return this.#held().map(({ symbol, quantity }) => [symbol, quantity] as const);
  }

  applyFill(side: Side, symbol: Symbol, quantity: Quantity, price: Price): void {
    this.applyFillTo(this.holdingOf(symbol), side, quantity, price);
  }

  /** `holding` is one of this ledger's. */
  applyFillTo(holding: Holding, side: Side, quantity: Quantity, price: Price): void {
    // Written out for the cases that come all the time: a number beyond 31 bits that is passed on is an object.
    const value = notional(price, quantity);
    const isBuy = side === "buy";
    const { quantity: held, cost } = holding;
    const after = isBuy ? addQuantity(held, quantity) : subtractQuantity(held, quantity);
    this.#cash = isBuy ? subtractMoney(this.#cash, value) : addMoney(this.#cash, value);
    if ((held === 0) !== (after === 0)) this.positionsVersion += 1;
    holding.quantity = after;
    if (held === 0 || held > 0 === isBuy) holding.cost = isBuy ? addMoney(cost, value) : subtractMoney(cost, value);
    else if (after === 0) holding.cost = ZERO_MONEY;
    else if (held > 0 === after > 0) holding.cost = subtractMoney(cost, mulDiv(cost, quantity, Math.abs(held)) as Money);
    else holding.cost = mulDiv(isBuy ? value : 0 - value, Math.abs(after), quantity) as Money;
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
    const old = this.holdingOf(symbol);
    if (old.quantity === 0) return;
    const joined = this.holdingOf(to);
    this.#setTo(joined, addQuantity(old.quantity, joined.quantity), addMoney(old.cost, joined.cost));
    this.#setTo(old, ZERO_QUANTITY, ZERO_MONEY);
  }

  /** The position is paid out, or bought in, at `price`. */
  payOut(symbol: Symbol, price: Price): void {
    const holding = this.holdingOf(symbol);
    this.#cash = addMoney(this.#cash, notional(price, holding.quantity));
    this.#setTo(holding, ZERO_QUANTITY, ZERO_MONEY);
  }

  /**
   * `ratio` new shares for each old one. Where shares are whole, the fraction that is left over is paid in cash at
   * `price`, which is a price after the split.
   */
  applySplit(symbol: Symbol, ratio: number, cashInLieu: { readonly price: Price } | undefined): void {
    const holding = this.holdingOf(symbol);
    if (holding.quantity === 0) return;
    const after = Math.round(holding.quantity * ratio) as Quantity;
    const fraction = (cashInLieu ? after % NANOS : 0) as Quantity;
    let { cost } = holding;
    if (cashInLieu && fraction !== 0) {
      this.#cash = addMoney(this.#cash, notional(cashInLieu.price, fraction));
      cost = subtractMoney(cost, mulDiv(cost, Math.abs(fraction), Math.abs(after)) as Money);
    }
    this.#setTo(holding, subtractQuantity(after, fraction), cost);
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

  #setTo(holding: Holding, quantity: Quantity, cost: Money): void {
    if ((holding.quantity === 0) !== (quantity === 0)) this.positionsVersion += 1;
    holding.quantity = quantity;
    holding.cost = quantity === 0 ? ZERO_MONEY : cost;
  }

  /** In the order of the symbols. */
  #held(): readonly Holding[] {
    return [...this.#holdings.values()].filter(({ quantity }) => quantity !== 0).sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  }
}
