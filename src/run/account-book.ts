/**
 * What the journals of an account's runs say that it has open and holds, for a comparison with the venue.
 *
 * Holdings are those at the end of the run that closed last, plus what other runs filled after it. The end of a run is
 * the venue's own word at that moment, so the book tells what moved since then and nothing of before; a split between
 * then and now looks like a difference.
 */
import { addQuantity, subtractQuantity, ZERO_QUANTITY, type Quantity } from "../money.ts";
import type { Instant } from "../time.ts";
import type { OrderRequest, Position, RunId, Side, Symbol, WorkingOrder } from "../trade.ts";
import type { JournalEvent } from "./journal.ts";

export interface JournaledRun {
  readonly run: RunId;
  readonly events: readonly JournalEvent[];
}

export interface BookedOrder {
  readonly run: RunId;
  readonly order: OrderRequest;
  readonly ended: boolean;
}

export interface AccountBook {
  /** By client order id. */
  readonly orders: ReadonlyMap<string, BookedOrder>;
  /** Undefined before any run has closed. */
  readonly holdings: { readonly since: RunId; readonly at: Instant; readonly quantities: ReadonlyMap<Symbol, Quantity> } | undefined;
}

export function bookOf(runs: readonly JournaledRun[]): AccountBook {
  const orders = new Map<string, BookedOrder>();
  const fills: { readonly symbol: Symbol; readonly side: Side; readonly quantity: Quantity; readonly at: Instant }[] = [];
  let newest: { readonly run: RunId; readonly at: Instant; readonly positions: readonly Position[] } | undefined;
  for (const { run, events } of runs) {
    for (const event of events) {
      if (event.type === "orders-planned") for (const order of event.orders) orders.set(order.clientOrderId, { run, order, ended: false });
      if (event.type === "child-planned") orders.set(event.order.clientOrderId, { run, order: event.order, ended: false });
      if (event.type === "execution-ended") orders.set(event.clientOrderId, { ...orders.get(event.clientOrderId)!, ended: true });
      if (event.type === "order-ended") {
        const booked = orders.get(event.clientOrderId);
        if (!booked) continue;
        orders.set(event.clientOrderId, { ...booked, ended: true });
        for (const { quantity, at } of event.fills) fills.push({ symbol: booked.order.symbol, side: booked.order.side, quantity, at });
      }
      if (event.type === "run-closed" && (!newest || event.at >= newest.at)) newest = { run, at: event.at, positions: event.positions };
    }
  }
  if (!newest) return { orders, holdings: undefined };
  const quantities = new Map(newest.positions.map(({ symbol, quantity }) => [symbol, quantity]));
  for (const fill of fills) if (fill.at > newest.at) move(quantities, fill);
  return { orders, holdings: { since: newest.run, at: newest.at, quantities } };
}

/** What is open at the venue, each with the run that placed it, or none for an order of unknown origin. */
export function placeOrders({ orders }: AccountBook, working: readonly WorkingOrder[]): readonly { readonly working: WorkingOrder; readonly run: RunId | undefined }[] {
  return working.map((order) => ({ working: order, run: orders.get(order.clientOrderId)?.run }));
}

export interface ComparedPosition {
  readonly symbol: Symbol;
  /** Undefined where the book knows of no run that has closed. */
  readonly ours: Quantity | undefined;
  readonly held: Quantity;
  /** What the venue has more than the book. */
  readonly difference: Quantity;
}

/** In the order of the symbols. `partial` is what own orders that are still open have filled since. */
export function comparePositions({ holdings }: AccountBook, positions: readonly Position[], partial: readonly { readonly symbol: Symbol; readonly side: Side; readonly quantity: Quantity }[]): readonly ComparedPosition[] {
  const held = new Map(positions.map(({ symbol, quantity }) => [symbol, quantity]));
  const ours = new Map(holdings?.quantities);
  for (const fill of partial) move(ours, fill);
  return [...new Set([...held.keys(), ...ours.keys()])].sort().flatMap((symbol): ComparedPosition[] => {
    const atVenue = held.get(symbol) ?? ZERO_QUANTITY;
    if (!holdings) return [{ symbol, ours: undefined, held: atVenue, difference: ZERO_QUANTITY }];
    const booked = ours.get(symbol) ?? ZERO_QUANTITY;
    return atVenue === 0 && booked === 0 ? [] : [{ symbol, ours: booked, held: atVenue, difference: subtractQuantity(atVenue, booked) }];
  });
}

function move(quantities: Map<Symbol, Quantity>, { symbol, side, quantity }: { readonly symbol: Symbol; readonly side: Side; readonly quantity: Quantity }): void {
  const before = quantities.get(symbol) ?? ZERO_QUANTITY;
  quantities.set(symbol, side === "buy" ? addQuantity(before, quantity) : subtractQuantity(before, quantity));
}
