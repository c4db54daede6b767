/**
 * All of an exchange as plain data, with a version and a checksum over everything: a snapshot that was changed, cut or
 * written by another version is not restored.
 */
import { hash } from "node:crypto";
import type { EpochDay, Instant } from "../time.ts";
import type { AccountName, ClientOrderId, Symbol } from "../trade.ts";
import type { DeferredRequest } from "./deferred-requests.ts";
import { isEnded, recordOf, type ClientOrder, type OrderRecord } from "./client-order.ts";
import { ExchangeState, type ExchangeSettings } from "./exchange-state.ts";
import { Listing, type ListingSnapshot } from "./listing.ts";
import { OrderLife } from "./order-life.ts";
import { Prng, type PrngState } from "./prng.ts";
import { TradingAccount, type AccountSnapshot } from "./trading-account.ts";

export const SNAPSHOT_FORMAT = 4;

export interface ExchangeSnapshot {
  readonly format: typeof SNAPSHOT_FORMAT;
  readonly checksum: string;
  readonly now: Instant;
  readonly seq: number;
  readonly executions: number;
  readonly orderCount: number;
  readonly accounts: readonly (readonly [AccountName, AccountSnapshot])[];
  readonly listings: readonly (readonly [Symbol, ListingSnapshot])[];
  /** In order of arrival. */
  readonly orders: readonly OrderRecord[];
  /** Of these, the ones that have ended, by their ends. */
  readonly ended: readonly ClientOrderId[];
  /** By when they are due. */
  readonly requests: readonly DeferredRequest[];
  readonly restrictedUntil: readonly (readonly [Symbol, EpochDay])[];
  readonly chance: PrngState | null;
}

export class SnapshotInvalid extends Error {
  override readonly name = "SnapshotInvalid";
}

export function snapshotOf(state: ExchangeState): ExchangeSnapshot {
  const body = {
    now: state.now,
    seq: state.seq,
    executions: state.executions,
    orderCount: state.orderCount,
    accounts: [...state.accounts].map(([name, account]) => [name, account.snapshot()] as const),
    listings: [...state.listings].map(([symbol, listing]) => [symbol, listing.snapshot()] as const),
    orders: state.orders.inOrderOfArrival().map((order) => recordOf(order)),
    ended: state.orders.ended.map(({ clientOrderId }) => clientOrderId),
    requests: state.requests.inOrder(),
    restrictedUntil: [...state.restrictedUntil],
    chance: state.chance?.state ?? null,
  };
  return { format: SNAPSHOT_FORMAT, checksum: checksumOf(body), ...body };
}

/** @throws SnapshotInvalid */
export function restoreState(settings: ExchangeSettings, { format, checksum, ...body }: ExchangeSnapshot): { readonly state: ExchangeState; readonly life: OrderLife } {
  const given: number = format;
  if (given !== SNAPSHOT_FORMAT) throw new SnapshotInvalid(`the exchange's snapshot has format ${given}, which another version wrote; this one reads ${SNAPSHOT_FORMAT}`);
  if (checksumOf(body) !== checksum) throw new SnapshotInvalid("the exchange's snapshot does not have the checksum it was saved with");
  const state = new ExchangeState(settings, body.now);
  const life = new OrderLife(state);
  state.seq = body.seq;
  state.executions = body.executions;
  state.orderCount = body.orderCount;
  for (const [name, stored] of body.accounts) state.accounts.set(name, TradingAccount.restore(name, state.accounts.size + 1, stored));
  for (const [symbol, { collateral }] of body.listings) state.setListing(symbol, new Listing(life, collateral));
  for (const { ledger } of state.accounts.values()) for (const [symbol, quantity] of ledger.positions()) state.listing(symbol).noteHeld(quantity);
  for (const stored of body.orders) state.orders.add(revived(stored, state, life));
  for (const id of body.ended) state.orders.end(state.orders.get(id)!);
  for (const order of state.orders.inOrderOfArrival()) {
    if (isEnded(order)) continue;
    // A replacement that has not taken its order's place is not open yet.
    if (order.replaces !== undefined && !order.acknowledged) order.trader.adoptReserve(order);
    else order.trader.adopt(order);
  }
  state.requests.restore(body.requests);
  for (const [symbol, stored] of body.listings) state.listing(symbol).restore(stored, (id) => state.orders.get(id)!);
  for (const [symbol, day] of body.restrictedUntil) state.restrictedUntil.set(symbol, day);
  if (body.chance) state.chance = Prng.restore(body.chance);
  life.regroup(state.orders.inOrderOfArrival());
  return { state, life };
}

function revived(stored: OrderRecord, state: ExchangeState, life: OrderLife): ClientOrder {
  const trader = state.account(stored.account);
  const listing = state.listings.get(stored.symbol) ?? new Listing(life);
  const order = state.orders.blank();
  order.begin(stored.number, stored, trader, listing, trader.stakeIn(stored.symbol), stored.submittedAt);
  order.resume(stored);
  return order;
}

function checksumOf(body: Omit<ExchangeSnapshot, "format" | "checksum">): string {
  return hash("sha256", JSON.stringify(body)).slice(0, 16);
}
