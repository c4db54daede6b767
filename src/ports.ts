/**
 * The five ports through which a run touches the world, and the words that pass through them.
 *
 * A run decides in pure code and acts only here, so a backtest, a paper run and a live run differ in nothing but the
 * five objects they hand to `advanceRun`. Contract for every implementation: answers are complete or the call throws
 * (`BrokerUnavailable`, `MarketDataMissing`, …); an expected "no" is a value; nothing is retried inside `submit`.
 */
import type { Money, Price, Quantity } from "./money.ts";
import type { Instant, SessionDate } from "./time.ts";
import type { JournalEvent } from "./run/journal.ts";

declare const brand: unique symbol;

export type Symbol = string & { readonly [brand]: "Symbol" };
export type AccountName = string & { readonly [brand]: "AccountName" };
export type RunId = string & { readonly [brand]: "RunId" };
/** At most 48 characters of [a-z0-9-]; derived from the run, never invented. */
export type ClientOrderId = string & { readonly [brand]: "ClientOrderId" };

export interface Clock {
  now(): Instant;
}

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
  /** Where the bars come from, with the content hash where there is one: "files:3f…", "alpaca:iex". */
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

export interface MarketData {
  view(symbols: readonly Symbol[], lookback: number, asOf: Instant): Promise<MarketView>;
  /** Two-sided quotes; a symbol without one is absent from the answer. */
  quotes(symbols: readonly Symbol[]): Promise<ReadonlyMap<Symbol, Quote>>;
}

export interface Position {
  readonly symbol: Symbol;
  /** Negative when short. */
  readonly quantity: Quantity;
  readonly marketPrice: Price;
}

export interface Account {
  readonly cash: Money;
  readonly equity: Money;
  /** What may be spent on new buys, after what open orders have reserved. */
  readonly buyingPower: Money;
  /** In the order of their symbols. */
  readonly positions: readonly Position[];
  /** The venue's reason for refusing all orders of this account, if it has one. */
  readonly blocked: string | undefined;
}

export type Side = "buy" | "sell";

/** An order as the venue may receive it: a DAY order, market or limit. */
export interface OrderRequest {
  readonly clientOrderId: ClientOrderId;
  readonly symbol: Symbol;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly type: "market" | "limit";
  /** A limit order's limit; a market order's worst expected price, by which money is reserved. */
  readonly priceBound: Price;
}

/** Made by `review` in src/risk and by nothing else: an order that was not reviewed cannot be submitted. */
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

export interface Broker {
  account(): Promise<Account>;
  submit(order: ApprovedOrder): Promise<SubmitOutcome>;
  find(id: ClientOrderId): Promise<Order | undefined>;
  /** Returns once the venue has the request; whether the order ended is for `find` to say. An unknown or ended order is no error. */
  cancel(id: ClientOrderId): Promise<void>;
}

export class JournalConflict extends Error {
  override readonly name = "JournalConflict";
}

export interface Journal {
  /** All events of the run in order; empty when there is no such run. */
  read(run: RunId): Promise<readonly JournalEvent[]>;
  /** @throws JournalConflict unless exactly `expectedLength` events are already there. */
  append(run: RunId, expectedLength: number, event: JournalEvent): Promise<void>;
}

export class StateConflict extends Error {
  override readonly name = "StateConflict";
}

/** A key that remembers the type of its value; `parse` is the border between the store and the types. */
export interface StateKey<V> {
  readonly name: string;
  parse(stored: unknown): V;
}

/** Values are JSON. */
export interface StateStore {
  load<V>(key: StateKey<V>): Promise<{ readonly value: V; readonly version: number } | undefined>;
  /** `expectedVersion` is 0 for a key that must not exist yet. The saved version is `expectedVersion + 1`. @throws StateConflict when another version is there. */
  save<V>(key: StateKey<V>, value: V, expectedVersion: number): Promise<void>;
}

export class BrokerUnavailable extends Error {
  override readonly name = "BrokerUnavailable";
}

export class MarketDataMissing extends Error {
  override readonly name = "MarketDataMissing";
}

export interface Ports {
  readonly clock: Clock;
  readonly marketData: MarketData;
  readonly broker: Broker;
  readonly journal: Journal;
  readonly state: StateStore;
}
