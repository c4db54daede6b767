/**
 * What an account's shares are counted at for the profit of the day: those held overnight at the last close, those that
 * came since at what they cost. Sales take their share of it away.
 */
import { addMoney, mulDiv, notional, subtractMoney, ZERO_MONEY, type Money, type Price, type Quantity } from "../money.ts";
import type { Symbol } from "../trade.ts";

export type DayBasisSnapshot = readonly (readonly [Symbol, Money])[];

export class DayBasis {
  #basis: Map<Symbol, Money>;

  constructor(stored: DayBasisSnapshot = []) {
    this.#basis = new Map(stored);
  }

  snapshot(): DayBasisSnapshot {
    return [...this.#basis];
  }

  of(symbol: Symbol): Money {
    return this.#basis.get(symbol) ?? ZERO_MONEY;
  }

  /** A new day, with what is held at the last prices. */
  begin(positions: readonly { readonly symbol: Symbol; readonly quantity: Quantity; readonly marketPrice: Price }[]): void {
    this.#basis = new Map(positions.map(({ symbol, quantity, marketPrice }) => [symbol, notional(marketPrice, quantity)]));
  }

  /** `signed` shares came (or went, below zero) at `price`, after which the account held `after`. */
  fill(symbol: Symbol, signed: Quantity, price: Price, after: Quantity): void {
    if (after === 0) {
      this.#basis.delete(symbol);
      return;
    }
    const before = after - signed;
    const basis = this.of(symbol);
    if (before === 0 || before > 0 === signed > 0) this.#basis.set(symbol, addMoney(basis, notional(price, signed)));
    else if (before > 0 === after > 0) this.#basis.set(symbol, subtractMoney(basis, mulDiv(basis, Math.abs(signed), Math.abs(before)) as Money));
    else this.#basis.set(symbol, notional(price, after));
  }

  rename(symbol: Symbol, to: Symbol): void {
    const basis = this.#basis.get(symbol);
    if (basis === undefined) return;
    this.#basis.delete(symbol);
    this.#basis.set(to, addMoney(basis, this.of(to)));
  }
}
