/** What the venue answers to a command, and what it says by itself about an order. */
import type { Price, Quantity } from "../money.ts";
import type { Instant } from "../time.ts";
import type { Counterparty } from "../simulator/exchange-events.ts";
import type { AccountName, Symbol } from "../trade.ts";
import type { OrderId, VenueOrder } from "./venue-order.ts";
import type { Watchlist } from "./watchlists.ts";

export type VenueReply =
  | { readonly kind: "done" }
  | { readonly kind: "order"; readonly order: VenueOrder }
  /** Of each order that was to be canceled, or placed to close a position, what became of it. */
  | { readonly kind: "orders"; readonly items: readonly OrderOutcome[] }
  | { readonly kind: "watchlist"; readonly watchlist: Watchlist }
  | Rejected;

export type OrderOutcome = { readonly symbol: Symbol } & ({ readonly order: VenueOrder; readonly rejection?: undefined } | { readonly order?: VenueOrder; readonly rejection: VenueRejection });

export interface Rejected {
  readonly kind: "rejected";
  readonly rejection: VenueRejection;
}

/** `code` is one of the exchange's (order-checks.ts, order-desk.ts) or of the venue's own. */
export interface VenueRejection {
  readonly code: string;
  readonly message: string;
  /** Its numbers, by Alpaca's names, as texts. */
  readonly facts?: Readonly<Record<string, string>>;
}

export type TradeEvent =
  | "accepted" | "held" | "new" | "fill" | "partial_fill" | "canceled" | "expired" | "done_for_day" | "suspended" | "replaced" | "restated" | "rejected"
  | "pending_new" | "pending_cancel" | "pending_replace" | "order_cancel_rejected" | "order_replace_rejected";

/** Of one order of one account. */
export interface TradeUpdate {
  readonly account: AccountName;
  /** By account, from 1, without gaps. */
  readonly number: number;
  readonly at: Instant;
  readonly event: TradeEvent;
  /** The order as it was then. */
  readonly order: Readonly<VenueOrder>;
  readonly execution?: Execution;
}

export interface Execution {
  /** The exchange's, of which the execution's id is derived. */
  readonly name: string;
  readonly order: OrderId;
  readonly price: Price;
  readonly quantity: Quantity;
  /** Held after it; negative when short. */
  readonly positionQuantity: Quantity;
  /** For surveillance alone: no client is told. */
  readonly against: Counterparty;
}

/** What everybody may see. */
export type MarketUpdate =
  | { readonly type: "trade"; readonly symbol: Symbol; readonly at: Instant; readonly id: number; readonly price: Price; readonly quantity: Quantity }
  | { readonly type: "quote"; readonly symbol: Symbol; readonly at: Instant; readonly bid: Price; readonly bidQuantity: Quantity; readonly ask: Price; readonly askQuantity: Quantity }
  | { readonly type: "bar"; readonly symbol: Symbol; readonly timeframe: "minute" | "day"; readonly bar: MarketBar }
  | { readonly type: "halted" | "resumed"; readonly symbol: Symbol; readonly at: Instant };

export interface MarketBar {
  /** Its start: of the minute, or New York's midnight. */
  readonly at: Instant;
  readonly open: Price;
  readonly high: Price;
  readonly low: Price;
  readonly close: Price;
  /** Shares, as a quantity of nano-shares can be too small a type for a day's volume. */
  readonly volume: number;
  readonly trades: number;
  /** Average price by volume. */
  readonly average: Price;
}

export const DONE: VenueReply = { kind: "done" };

export function rejected(code: string, message: string, facts?: Readonly<Record<string, string>>): Rejected {
  return { kind: "rejected", rejection: facts ? { code, message, facts } : { code, message } };
}

