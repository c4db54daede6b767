/** An order before it is reviewed, and what the review knows. */
import { addMoney, notional, type Money, type Price, type Quantity } from "../money.ts";
import type { Instant, SessionDate } from "../time.ts";
import type { Asset, OrderRequest, Quote, Symbol, WorkingOrder } from "../trade.ts";
import type { Limits } from "./limits.ts";

export interface Candidate extends OrderRequest {
  readonly referencePrice: Price;
  readonly expectedFees: Money;
  /** The order leaves no position: exempt from the minimum. */
  readonly closesPosition: boolean;
}

/** What the bars said of a symbol when the targets were set. */
export interface MarketFacts {
  /** Of the newest bar. */
  readonly day: SessionDate;
  /** Sessions from that bar to the newest that had closed; negative, in days, for a bar of a later day. */
  readonly ageSessions: number;
  readonly close: Price;
  /** Shares a day, a plain number; absent where the bars know closes only. */
  readonly averageVolume?: number;
  /** Of daily returns, as a fraction; absent where there are fewer than two. */
  readonly volatility?: number;
}

/** What the venue said when the orders were planned. */
export interface VenueFacts {
  readonly assets: ReadonlyMap<Symbol, Asset>;
  /** Open orders that are not this run's own. */
  readonly working: readonly WorkingOrder[];
}

export interface ReviewContext {
  readonly now: Instant;
  readonly limits: Limits;
  /** The strategy's share of the account's equity. */
  readonly equity: Money;
  /** What buys may spend, fees included. */
  readonly spendable: Money;
  readonly held: ReadonlyMap<Symbol, Quantity>;
  /** What is held of each symbol, at the account's own prices as its equity is. */
  readonly worth: ReadonlyMap<Symbol, Money>;
  readonly quotes: ReadonlyMap<Symbol, Quote>;
  /** Undefined where no limit asks for them. */
  readonly facts: ReadonlyMap<Symbol, MarketFacts> | undefined;
  /** Undefined where no venue is asked: a plan that is only printed. */
  readonly venue: VenueFacts | undefined;
  /** Orders of this run that are already approved. */
  readonly ordersBefore: number;
  /** What those orders buy and sell. */
  readonly turnoverBefore: Money;
}

/** What a buy takes from the money that may be spent. */
export function costOf(order: Pick<Candidate, "type" | "priceBound" | "referencePrice" | "quantity" | "expectedFees">): Money {
  return addMoney(notional(reservePriceOf(order), order.quantity), order.expectedFees);
}

/** The price by which a venue sets money aside: a limit order's limit. */
export function reservePriceOf({ type, priceBound, referencePrice }: Pick<Candidate, "type" | "priceBound" | "referencePrice">): Price {
  return type === "limit" ? priceBound : referencePrice;
}

/** The price at which positions are sized and weighed. */
export function middleOf({ bid, ask }: Quote): Price {
  return Math.round((bid + ask) / 2) as Price;
}
