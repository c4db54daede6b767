/**
 * The orders of one account, for ever, so that any page of them is found without walking all.
 *
 * They stand in the order of their arrival, which is the order of their submission times; the lists by symbol too.
 */
import type { Instant } from "../time.ts";
import type { Side, Symbol } from "../trade.ts";
import { hasEnded, type OrderId, type VenueOrder } from "./venue-order.ts";

export interface OrderQuery {
  readonly status: "open" | "closed" | "all";
  readonly limit: number;
  /** Exclusive, both. */
  readonly after?: Instant | undefined;
  readonly until?: Instant | undefined;
  readonly afterOrder?: VenueOrder | undefined;
  readonly beforeOrder?: VenueOrder | undefined;
  readonly direction: "asc" | "desc";
  readonly symbols?: readonly Symbol[] | undefined;
  readonly side?: Side | undefined;
  /** Legs are not listed for themselves; an order with an open leg counts as open. */
  readonly nested: boolean;
}

export class OrderIndex {
  readonly #all: VenueOrder[] = [];
  readonly #bySymbol = new Map<Symbol, VenueOrder[]>();
  readonly #byClientId = new Map<string, VenueOrder>();
  readonly #open = new Set<VenueOrder>();

  add(order: VenueOrder): void {
    this.#all.push(order);
    this.#byClientId.set(order.clientOrderId, order);
    const ofSymbol = this.#bySymbol.get(order.symbol);
    if (ofSymbol) ofSymbol.push(order);
    else this.#bySymbol.set(order.symbol, [order]);
    if (!hasEnded(order)) this.#open.add(order);
  }

  /** Takes back the orders that came last, which the exchange did not want. */
  withdraw(orders: readonly VenueOrder[]): void {
    for (const order of orders.toReversed()) {
      this.#all.pop();
      this.#bySymbol.get(order.symbol)!.pop();
      this.#byClientId.delete(order.clientOrderId);
      this.#open.delete(order);
    }
  }

  close(order: VenueOrder): void {
    this.#open.delete(order);
  }

  rename(from: Symbol, to: Symbol): void {
    const moved = this.#bySymbol.get(from);
    if (!moved) return;
    for (const order of moved) order.symbol = to;
    this.#bySymbol.delete(from);
    this.#bySymbol.set(to, [...(this.#bySymbol.get(to) ?? []), ...moved].sort((a, b) => a.number - b.number));
  }

  /** By arrival. */
  get all(): readonly VenueOrder[] {
    return this.#all;
  }

  /** By arrival. */
  get open(): ReadonlySet<VenueOrder> {
    return this.#open;
  }

  byClientId(id: string): VenueOrder | undefined {
    return this.#byClientId.get(id);
  }

  list(query: OrderQuery, orderOf: (id: OrderId) => VenueOrder): readonly VenueOrder[] {
    const found: VenueOrder[] = [];
    const { limit, direction } = query;
    const candidates = this.#candidates(query);
    const isOpen = (order: VenueOrder): boolean => !hasEnded(order) || (query.nested && order.legs.some((leg) => !hasEnded(orderOf(leg))));
    const [from, to] = boundsIn(candidates, query);
    for (let i = 0; i < to - from && found.length < limit; i += 1) {
      const order = candidates[direction === "asc" ? from + i : to - 1 - i]!;
      if (query.side && order.side !== query.side) continue;
      if (query.nested && order.parent !== undefined) continue;
      if (query.status !== "all" && isOpen(order) !== (query.status === "open")) continue;
      found.push(order);
    }
    return found;
  }

  /** By arrival. Few are open of many; with legs inside, an order counts by its legs too. */
  #candidates({ status, symbols, nested }: OrderQuery): readonly VenueOrder[] {
    if (status === "open" && !nested) return [...this.#open].filter(({ symbol }) => !symbols || symbols.includes(symbol));
    if (!symbols) return this.#all;
    const lists = [...new Set(symbols)].flatMap((symbol) => this.#bySymbol.get(symbol) ?? []);
    return new Set(symbols).size === 1 ? lists : lists.sort((a, b) => a.number - b.number);
  }
}

/** The part of `orders` that lies within the query's times and numbers: from the first index to before the second. */
function boundsIn(orders: readonly VenueOrder[], { after, until, afterOrder, beforeOrder }: OrderQuery): readonly [number, number] {
  const from = Math.max(after === undefined ? 0 : firstWhere(orders, ({ createdAt }) => createdAt > after), afterOrder === undefined ? 0 : firstWhere(orders, ({ number }) => number > afterOrder.number));
  const to = Math.min(until === undefined ? orders.length : firstWhere(orders, ({ createdAt }) => createdAt >= until), beforeOrder === undefined ? orders.length : firstWhere(orders, ({ number }) => number >= beforeOrder.number));
  return [from, Math.max(from, to)];
}

/** `holds` is false up to some order and true from there on. */
function firstWhere(orders: readonly VenueOrder[], holds: (order: VenueOrder) => boolean): number {
  let low = 0;
  let high = orders.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(orders[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
