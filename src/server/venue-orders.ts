/**
 * Every order of the venue, for ever: those under way as objects, those that have ended as bytes (packed-list.ts).
 *
 * An order has a number, by arrival, and is found by it and by its id. What has ended changes no more and goes to the
 * bytes some time later, when `pack` is called; from then on every look at it is a copy.
 */
import type { Instant } from "../time.ts";
import type { Side, Symbol } from "../trade.ts";
import { NO_NUMBER } from "../simulator/order-book-names.ts";
import { NumberColumn } from "./number-column.ts";
import { NumberTable } from "./number-table.ts";
import { PackedList, type FieldKind, type PackedSnapshot } from "./packed-list.ts";
import { hasEnded, newVenueOrder, type OrderId, type VenueOrder } from "./venue-order.ts";

const FIELDS = {
  number: "number", id: "text", clientOrderId: "text", account: "word", symbol: "word", side: "word", type: "word", timeInForce: "word", orderClass: "word", extendedHours: "flag", positionIntent: "word", notional: "number",
  createdAt: "number", expiresAt: "number", quantity: "number", filled: "number", filledValue: "number", limitPrice: "number", stopPrice: "number", trail: "json", waterMark: "number", status: "word", updatedAt: "number",
  filledAt: "number", canceledAt: "number", expiredAt: "number", failedAt: "number", replacedAt: "number", replacedBy: "text", replaces: "text", parent: "text", legs: "json",
} as const satisfies Record<keyof VenueOrder, FieldKind>;

/** By which an order is found. */
const KNOWN_FIELDS = ["number", "id", "clientOrderId", "account", "symbol", "side", "createdAt", "parent"] as const;
export type KnownOrder = Pick<VenueOrder, (typeof KNOWN_FIELDS)[number]>;
const KNOWN: ReadonlySet<keyof VenueOrder> = new Set(KNOWN_FIELDS);

/** A share's new name, of the ended orders before `before`. */
interface Rename {
  readonly from: Symbol;
  readonly to: Symbol;
  readonly before: number;
}

export interface VenueOrdersSnapshot {
  /** Under way, or not packed yet; by arrival. */
  readonly live: readonly VenueOrder[];
  /** In the order in which they were packed. */
  readonly packed: PackedSnapshot;
  readonly renames: readonly Rename[];
}

const SELLS = 1;
const IS_LEG = 2;

export class VenueOrders {
  /** In no order. */
  readonly #live: VenueOrder[] = [];
  /** Since they were packed last. */
  #ended: VenueOrder[] = [];
  #packed = new PackedList<VenueOrder>(FIELDS);
  readonly #renames: Rename[] = [];
  readonly #byId = new NumberTable((number, id) => this.numbered(number).id === id);
  /** By number: of a packed order, where it is; of a live one, where among the live ones, from -1 down. */
  readonly #places = new NumberColumn();
  readonly #createdAt = new NumberColumn();
  readonly #traits = new NumberColumn();

  /** So far, without those that were withdrawn. */
  get size(): number {
    return this.#live.length + this.#packed.length;
  }

  get(id: OrderId): VenueOrder | undefined {
    const number = this.#byId.find(id);
    return number === NO_NUMBER ? undefined : this.numbered(number);
  }

  /** The number must be an order's. */
  numbered(number: number): VenueOrder {
    const place = this.#places.at(number);
    return place < 0 ? this.#live[-1 - place]! : this.#unpacked(place);
  }

  createdAt(number: number): Instant {
    return this.#createdAt.at(number) as Instant;
  }

  sideOf(number: number): Side {
    return (this.#traits.at(number) & SELLS) === 0 ? "buy" : "sell";
  }

  isLeg(number: number): boolean {
    return (this.#traits.at(number) & IS_LEG) !== 0;
  }

  /** By itself, or with `andLegs` by one of its legs. */
  isOpen(number: number, andLegs: boolean): boolean {
    if (this.#places.at(number) >= 0) return false;
    const order = this.numbered(number);
    return !hasEnded(order) || (andLegs && order.legs.some((leg) => !hasEnded(this.get(leg)!)));
  }

  add(order: VenueOrder): void {
    this.#places.put(order.number, -this.#live.push(order));
    if (hasEnded(order)) this.#ended.push(order);
    this.#note(order);
  }

  /** Takes back an order that the exchange did not want. */
  withdraw(order: VenueOrder): void {
    this.#leave(order.number);
    this.#byId.delete(order.id, order.number);
  }

  /** The order has ended now. */
  end(order: VenueOrder): void {
    this.#ended.push(order);
  }

  /** Packs what has ended, and a group's first order when all of its legs have: until then a leg's replacement may join them. */
  pack(): void {
    const candidates = this.#ended;
    this.#ended = [];
    for (let index = 0, own = candidates.length; index < own; index += 1) {
      const { parent } = candidates[index]!;
      for (let first = parent === undefined ? undefined : this.get(parent); first; first = first.replacedBy === undefined ? undefined : this.get(first.replacedBy)) candidates.push(first);
    }
    for (const order of candidates.sort((a, b) => a.number - b.number)) {
      // Some are there twice.
      if (!hasEnded(order) || this.#places.at(order.number) >= 0 || !order.legs.every((leg) => hasEnded(this.get(leg)!))) continue;
      this.#leave(order.number);
      this.#places.put(order.number, this.#packed.push(order));
    }
  }

  /** No longer among the live ones: the last of them takes its place. */
  #leave(number: number): void {
    const place = this.#places.at(number);
    const last = this.#live.pop()!;
    if (last.number === number) return;
    this.#live[-1 - place] = last;
    this.#places.put(last.number, place);
  }

  rename(from: Symbol, to: Symbol): void {
    this.#renames.push({ from, to, before: this.#packed.length });
    for (const order of this.#live) if (order.symbol === from) order.symbol = to;
  }

  snapshot(): VenueOrdersSnapshot {
    return { live: this.#live.map((order) => ({ ...order })).sort((a, b) => a.number - b.number), packed: this.#packed.snapshot(), renames: [...this.#renames] };
  }

  /** Hands over every order: what has to be known of those that are packed, not by arrival, and then the others. */
  restore({ live, packed, renames }: VenueOrdersSnapshot, take: { readonly packed: (order: KnownOrder) => void; readonly live: (order: VenueOrder) => void }): void {
    this.#renames.push(...renames);
    this.#packed = new PackedList<VenueOrder>(FIELDS, packed);
    for (let place = 0; place < this.#packed.length; place += 1) {
      const order = this.#renamed(this.#packed.at(place, KNOWN) as KnownOrder, place);
      this.#note(order);
      this.#places.put(order.number, place);
      take.packed(order);
    }
    for (const stored of live) {
      const order = newVenueOrder(stored);
      this.add(order);
      take.live(order);
    }
  }

  #note({ number, id, createdAt, side, parent }: KnownOrder): void {
    this.#createdAt.put(number, createdAt);
    this.#traits.put(number, (side === "sell" ? SELLS : 0) | (parent === undefined ? 0 : IS_LEG));
    this.#byId.add(id, number);
  }

  #unpacked(place: number): VenueOrder {
    return this.#renamed(newVenueOrder(this.#packed.at(place) as VenueOrder), place);
  }

  #renamed<T extends Pick<VenueOrder, "symbol">>(order: T, place: number): T {
    for (const { from, to, before } of this.#renames) if (place < before && order.symbol === from) order.symbol = to;
    return order;
  }
}
