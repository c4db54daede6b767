/**
 * What the positions of an account are worth and what margin they need, at the last prices.
 *
 * Kept for each position until its price, its quantity or the day changes, because a margin account's buying power is
 * asked for with every order. What comes out is what valuing every position anew gives, to the micro-dollar.
 */
import { addMoney, notional, ZERO_MONEY, type Money, type Price, type Quantity } from "../money.ts";
import { initialMargin, maintenanceMargin, positionMaintenance, type Collateral, type MarginPosition } from "../rules/margin.ts";
import type { EpochDay } from "../time.ts";
import type { Symbol } from "../trade.ts";
import type { Holding, Ledger } from "./ledger.ts";

/** Where prices come from. */
export interface Markets {
  /** Changes whenever a symbol comes, goes or gets another name. */
  readonly symbolsVersion: number;
  marketOf(symbol: Symbol): Market;
}

export interface Market {
  /** Zero is taken where there is none. */
  readonly lastPrice: Price | undefined;
  readonly collateral: Collateral;
}

interface Mark {
  readonly holding: Holding;
  readonly market: Market;
  price: number;
  quantity: number;
  day: number;
  value: Money;
  initial: Money;
  maintenance: Money;
}

export class MarkedPositions {
  readonly #ledger: Ledger;
  #marks: readonly Mark[] = [];
  #symbolsVersion = -1;
  #positionsVersion = -1;
  /** Of the last `update`. */
  value: Money = ZERO_MONEY;
  initial: Money = ZERO_MONEY;
  maintenance: Money = ZERO_MONEY;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** `debit` is what the account owes, 0 or more: it decides whether a concentrated position needs more. */
  update(markets: Markets, day: EpochDay, debit: Money): void {
    if (this.#symbolsVersion !== markets.symbolsVersion || this.#positionsVersion !== this.#ledger.positionsVersion) this.#find(markets);
    let value: number = 0;
    let initial: number = 0;
    let maintenance: number = 0;
    for (const mark of this.#marks) {
      if (mark.price !== (mark.market.lastPrice ?? 0) || mark.quantity !== mark.holding.quantity || mark.day !== day) remark(mark, day);
      value += mark.value;
      initial += mark.initial;
      maintenance += mark.maintenance;
    }
    this.value = addMoney(value as Money, ZERO_MONEY);
    this.initial = addMoney(initial as Money, ZERO_MONEY);
    this.maintenance = debit === 0 ? addMoney(maintenance as Money, ZERO_MONEY) : maintenanceMargin(this.#marks.map(positionOf), day, debit);
  }

  /** In the order of the symbols. */
  positions(markets: Markets): readonly MarginPosition[] {
    return this.#ledger.positions().map(([symbol, quantity]) => marginPosition(symbol, quantity, markets.marketOf(symbol)));
  }

  #find(markets: Markets): void {
    this.#marks = [...this.#ledger.holdings()]
      .filter(({ quantity }) => quantity !== 0)
      .map((holding) => ({ holding, market: markets.marketOf(holding.symbol), price: 0, quantity: 0, day: -1, value: ZERO_MONEY, initial: ZERO_MONEY, maintenance: ZERO_MONEY }));
    this.#symbolsVersion = markets.symbolsVersion;
    this.#positionsVersion = this.#ledger.positionsVersion;
  }
}

function remark(mark: Mark, day: EpochDay): void {
  const position = positionOf(mark);
  mark.price = position.price;
  mark.quantity = position.quantity;
  mark.day = day;
  mark.value = notional(position.price, position.quantity);
  mark.initial = initialMargin(position);
  mark.maintenance = positionMaintenance(position, day);
}

function positionOf({ holding: { symbol, quantity }, market }: Mark): MarginPosition {
  return marginPosition(symbol, quantity, market);
}

function marginPosition(symbol: Symbol, quantity: Quantity, { lastPrice, collateral: { leverage, marginable } }: Market): MarginPosition {
  return { symbol, quantity, price: lastPrice ?? (0 as Price), leverage, marginable };
}
