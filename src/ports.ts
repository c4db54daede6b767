/**
 * The five ports through which a run touches the world.
 *
 * A run decides in pure code and acts only here, so a backtest, a paper run and a live run differ in nothing but the
 * five objects they hand to `advanceRun`. Contract for every implementation: answers are complete or the call throws
 * (`BrokerUnavailable`, `MarketDataMissing`, …); an expected "no" is a value; nothing is retried inside `submit`.
 */
import type { ShareConversion } from "./risk/share-conversions.ts";
import type { JournalEvent } from "./run/journal.ts";
import type { Instant, SessionDate } from "./time.ts";
import type { Account, AccountName, ApprovedOrder, Asset, ClientOrderId, MarketView, Order, Quote, RunId, SessionHours, SubmitOutcome, Symbol, WorkingOrder } from "./trade.ts";

export interface Clock {
  now(): Instant;
}

export interface MarketData {
  view(symbols: readonly Symbol[], lookback: number, asOf: Instant): Promise<MarketView>;
  /** Two-sided quotes; a symbol without one is absent from the answer. */
  quotes(symbols: readonly Symbol[]): Promise<ReadonlyMap<Symbol, Quote>>;
  /** What turned shares of these symbols into something else, by days in New York, both included. */
  conversions(symbols: readonly Symbol[], from: SessionDate, through: SessionDate): Promise<readonly ShareConversion[]>;
}

export interface Broker {
  account(): Promise<Account>;
  /** Every order that is open on the account. */
  openOrders(): Promise<readonly WorkingOrder[]>;
  assets(symbols: readonly Symbol[]): Promise<ReadonlyMap<Symbol, Asset>>;
  /** By the venue's own calendar; undefined on a day without a session. */
  hoursOf(date: SessionDate): Promise<SessionHours | undefined>;
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

/** SHA-256 of the bytes, 64 hexadecimal digits. */
export type ContentHash = string & { readonly contentHash: true };

/** Bytes under their own hash: written once, never changed, the same wherever they are stored. */
export interface BlobStore {
  /** Any number of times. Once it returns, the bytes are there for every other opening of the store. */
  put(bytes: Uint8Array): Promise<ContentHash>;
  /** Undefined for a hash that nobody put. @throws BlobCorrupt for bytes that are no longer those that were put. */
  get(hash: ContentHash): Promise<Uint8Array | undefined>;
}

export interface RunFilter {
  readonly account: AccountName;
  readonly strategy?: string;
  /** The first scheduled instant that is meant. */
  readonly from?: Instant;
  /** The first scheduled instant that is no longer meant. */
  readonly before?: Instant;
  readonly newestFirst?: true;
}

/** A run as its first event names it; the rest is for the journal to say. */
export interface ListedRun {
  readonly run: RunId;
  readonly account: AccountName;
  readonly strategy: string;
  readonly scheduledAt: Instant;
}

/** Which runs there are, found without reading their journals. */
export interface RunIndex {
  /** Every run that was opened, by its scheduled instant and then by its strategy, each once. */
  listRuns(filter: RunFilter): AsyncIterable<ListedRun>;
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
