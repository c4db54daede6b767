/**
 * Which orders an account has, for ever, so that any page of them is found without walking all.
 *
 * Their numbers stand in the order of their arrival, which is the order of their submission times; the lists by symbol
 * too.
 */
import type { Instant } from "../time.ts";
import type { Side, Symbol } from "../trade.ts";
import { NO_NUMBER } from "../simulator/order-book-names.ts";
import { NumberTable } from "./number-table.ts";
import { hasEnded, type VenueOrder } from "./venue-order.ts";
import type { KnownOrder, VenueOrders } from "./venue-orders.ts";

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

/** That many may have ended before the open ones are gathered again. */
const ENDED_AMONG_OPEN_MAX = 32;

export class OrderIndex {
  readonly #orders: VenueOrders;
  /** By number, as the lists by symbol. */
  readonly #all: number[] = [];
  readonly #bySymbol = new Map<Symbol, number[]>();
  readonly #byClientId = new NumberTable((number, id) => this.#orders.numbered(number).clientOrderId === id);
  /** By arrival: those that are open, and some that have ended since they were gathered last. */
  #open: VenueOrder[] = [];
  #endedSince = 0;

  constructor(orders: VenueOrders) {
    this.#orders = orders;
  }

  get count(): number {
    return this.#all.length;
  }

  add(order: VenueOrder): void {
    this.addEnded(order);
    if (!hasEnded(order)) this.#open.push(order);
  }

  addEnded({ number, clientOrderId, symbol }: KnownOrder): void {
    this.#all.push(number);
    this.#byClientId.add(clientOrderId, number);
    const ofSymbol = this.#bySymbol.get(symbol);
    if (ofSymbol) ofSymbol.push(number);
    else this.#bySymbol.set(symbol, [number]);
  }

  /** After orders were added that did not come by arrival. */
  arrange(): void {
    for (const numbers of [this.#all, ...this.#bySymbol.values()]) numbers.sort(byNumber);
  }

  /** Takes back the orders that came last, which the exchange did not want. */
  withdraw(orders: readonly VenueOrder[]): void {
    for (const order of orders.toReversed()) {
      this.#all.pop();
      this.#bySymbol.get(order.symbol)!.pop();
      this.#byClientId.delete(order.clientOrderId, order.number);
      if (this.#open.at(-1) === order) this.#open.pop();
    }
  }

  /** An order that was open has ended. (A set of the open ones leaves a table behind whenever its orders have come and gone.) */
  close(): void {
    this.#endedSince += 1;
    if (this.#endedSince < Math.max(ENDED_AMONG_OPEN_MAX, this.#open.length / 2)) return;
    this.#open = this.#open.filter((order) => !hasEnded(order));
    this.#endedSince = 0;
  }

  rename(from: Symbol, to: Symbol): void {
    const moved = this.#bySymbol.get(from);
    if (!moved) return;
    this.#bySymbol.delete(from);
    this.#bySymbol.set(to, [...(this.#bySymbol.get(to) ?? []), ...moved].sort(byNumber));
  }

  /** By arrival. */
  get open(): readonly VenueOrder[] {
    return this.#open.filter((order) => !hasEnded(order));
  }

  byClientId(id: string): VenueOrder | undefined {
    const number = this.#byClientId.find(id);
    return number === NO_NUMBER ? undefined : this.#orders.numbered(number);
  }

  list(query: OrderQuery): readonly VenueOrder[] {
    const found: VenueOrder[] = [];
    const { limit, direction, status, side, nested } = query;
    const candidates = this.#candidates(query);
    const [from, to] = this.#boundsIn(candidates, query);
    for (let i = 0; i < to - from && found.length < limit; i += 1) {
      const number = candidates[direction === "asc" ? from + i : to - 1 - i]!;
      if (side && this.#orders.sideOf(number) !== side) continue;
      if (nested && this.#orders.isLeg(number)) continue;
      if (status !== "all" && this.#orders.isOpen(number, nested) !== (status === "open")) continue;
      found.push(this.#orders.numbered(number));
    }
    return found;
  }

  /** By arrival. Few are open of many; with legs inside, an order counts by its legs too. */
  #candidates({ status, symbols, nested }: OrderQuery): readonly number[] {
    if (status === "open" && !nested) return this.open.filter(({ symbol }) => !symbols || symbols.includes(symbol)).map(({ number }) => number);
    if (!symbols) return this.#all;
    const lists = [...new Set(symbols)].map((symbol) => this.#bySymbol.get(symbol) ?? []);
    return lists.length === 1 ? lists[0]! : lists.flat().sort(byNumber);
  }

  /** The part of `numbers` that lies within the query's times and numbers: from the first index to before the second. */
  #boundsIn(numbers: readonly number[], { after, until, afterOrder, beforeOrder }: OrderQuery): readonly [number, number] {
    const from = Math.max(after === undefined ? 0 : firstWhere(numbers, (number) => this.#orders.createdAt(number) > after), afterOrder === undefined ? 0 : firstWhere(numbers, (number) => number > afterOrder.number));
    const to = Math.min(until === undefined ? numbers.length : firstWhere(numbers, (number) => this.#orders.createdAt(number) >= until), beforeOrder === undefined ? numbers.length : firstWhere(numbers, (number) => number >= beforeOrder.number));
    return [from, Math.max(from, to)];
  }
}

function byNumber(a: number, b: number): number {
  return a - b;
}

/** `holds` is false up to some number and true from there on. */
function firstWhere(numbers: readonly number[], holds: (number: number) => boolean): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(numbers[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
