/** The words of the trade that every part shares: names, bars, quotes, accounts, orders and fills. */
import type { Money, Price, Quantity } from "./money.ts";
import type { Instant, SessionDate } from "./time.ts";

declare const brand: unique symbol;

export type Symbol = string & { readonly [brand]: "Symbol" };
export type AccountName = string & { readonly [brand]: "AccountName" };
export type RunId = string & { readonly [brand]: "RunId" };
/** At most 48 characters of [a-z0-9-]; derived from the run, never invented. */
export type ClientOrderId = string & { readonly [brand]: "ClientOrderId" };

/** `raw` prices as they were printed; `split-and-dividend` prices with every later action divided out. */
export type Adjustment = "raw" | "split-and-dividend";

/** Daily bars of one symbol, oldest first; all columns have the same length. Days are whole days since 1970-01-01. */
export type Bars =
  | { readonly kind: "close-only"; readonly days: Int32Array; readonly close: Float64Array }
  | {
      readonly kind: "ohlcv";
      readonly days: Int32Array;
      readonly open: Float64Array;
      readonly high: Float64Array;
      readonly low: Float64Array;
      readonly close: Float64Array;
      /** Shares, in the same adjustment as the prices. */
      readonly volume: Float64Array;
    };

/**
 * What a strategy may see: bars that had closed by `asOf`, adjusted for the corporate actions known on that date, cut
 * without copying (treat the columns as read-only). A symbol that has no bars yet has columns of length zero.
 */
export interface MarketView {
  readonly asOf: Instant;
  /** The last session that had closed by `asOf`. */
  readonly session: SessionDate;
  readonly symbols: readonly Symbol[];
  /** Where the bars come from: "files", "alpaca:iex". What they are is for the view's hash to say. */
  readonly source: string;
  readonly adjustment: Adjustment;
  /** At most `lookback` bars. @throws RangeError for a symbol that was not asked for. */
  bars(symbol: Symbol): Bars;
}

export interface Quote {
  readonly bid: Price;
  readonly ask: Price;
  readonly at: Instant;
}

export interface Position {
  readonly symbol: Symbol;
  /** Negative when short. */
  readonly quantity: Quantity;
  readonly marketPrice: Price;
  /** What a share cost on average, splits divided out; undefined where the venue does not say. */
  readonly averageEntryPrice: Price | undefined;
}

export interface Account {
  readonly cash: Money;
  readonly equity: Money;
  /** Equity at the close of the session before; undefined where the venue does not say. */
  readonly lastEquity: Money | undefined;
  /** What may be spent on new buys, after what open orders have reserved. */
  readonly buyingPower: Money;
  /** In the order of their symbols. */
  readonly positions: readonly Position[];
  /** The venue's reason for refusing all orders of this account, if it has one. */
  readonly blocked: string | undefined;
}

export type Side = "buy" | "sell";

/** `opg` and `cls` are for the opening and the closing auction alone. */
export type TimeInForce = "day" | "opg" | "cls";

/** An order as the venue may receive it, market or limit. */
export interface OrderRequest {
  readonly clientOrderId: ClientOrderId;
  readonly symbol: Symbol;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly type: "market" | "limit";
  /** A limit order's limit; a market order's worst expected price, by which money is reserved. */
  readonly priceBound: Price;
  /** DAY when absent. */
  readonly timeInForce?: TimeInForce;
}

/** Made by `review` in src/risk, and by `approveChild` out of one of those: an order that was not reviewed cannot be submitted. */
export type ApprovedOrder = OrderRequest & { readonly [brand]: "ApprovedOrder" };

export type SubmitOutcome =
  | { readonly kind: "accepted" }
  /** The venue already knows this client order id: an earlier submission arrived. */
  | { readonly kind: "duplicate" }
  | { readonly kind: "rejected"; readonly code: string; readonly message: string }
  /** The venue may or may not have the order; only `find` can tell. */
  | { readonly kind: "unknown"; readonly cause: string };

export type OrderStatus = "open" | "filled" | "canceled" | "expired" | "rejected";

export interface Fill {
  /** The venue's execution id. */
  readonly id: string;
  readonly quantity: Quantity;
  readonly price: Price;
  readonly at: Instant;
}

/** When the core session of a day opens and closes. */
export interface SessionHours {
  readonly open: Instant;
  readonly close: Instant;
}

/** An order that is open at the venue, whoever placed it. */
export interface WorkingOrder {
  readonly clientOrderId: string;
  readonly symbol: Symbol;
  readonly side: Side;
  readonly remaining: Quantity;
}

/** What the venue says of a symbol. One that it does not know is not tradable. */
export interface Asset {
  readonly tradable: boolean;
  readonly fractionable: boolean;
}

/** What the venue says of an order. An order that ended otherwise than "filled" may still have fills. */
export interface Order {
  readonly clientOrderId: ClientOrderId;
  readonly symbol: Symbol;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly status: OrderStatus;
  readonly filledQuantity: Quantity;
  readonly fills: readonly Fill[];
}
