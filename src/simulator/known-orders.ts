/** The orders that the exchange knows, by client order id: the open ones, and those that have ended and were not handed over. */
import type { ClientOrderId } from "../trade.ts";
import { ClientOrder } from "./client-order.ts";
import { hashOf } from "./order-book-names.ts";
import { OrderAmounts } from "./order-amounts.ts";
import { OrderFills } from "./order-fills.ts";

export class KnownOrders {
  readonly #byId = new OrderTable();
  /** Its places are used again: an array that is emptied would grow anew each time. */
  readonly #ended: ClientOrder[] = [];
  #endedCount = 0;
  readonly #blanks: ClientOrder[] = [];
  readonly #fills = new OrderFills();
  readonly #amounts = new OrderAmounts();

  get(id: ClientOrderId): ClientOrder | undefined {
    return this.#byId.find(id);
  }

  /** The order's id is not known yet. */
  add(order: ClientOrder): void {
    this.#byId.add(order);
  }

  /** The order is known, and has ended now. */
  end(order: ClientOrder): void {
    this.#ended[this.#endedCount++] = order;
  }

  /** By their ends. */
  get ended(): readonly ClientOrder[] {
    return this.#ended.slice(0, this.#endedCount);
  }

  /** An order to begin with: of one that was forgotten, or new. */
  blank(): ClientOrder {
    return this.#blanks.pop() ?? new ClientOrder(this.#fills, this.#amounts);
  }

  /** Forgets the orders that have ended. */
  forgetEnded(): void {
    for (let i = 0; i < this.#endedCount; i += 1) {
      const order = this.#ended[i]!;
      this.#byId.remove(order);
      order.forgetFills();
      // The other orders of a group may still know it.
      if (order.group === 0) this.#blanks.push(order);
    }
    this.#endedCount = 0;
  }

  inOrderOfArrival(): readonly ClientOrder[] {
    return this.#byId.all().sort((a, b) => a.number - b.number);
  }
}

const FIRST_PLACES = 64;

/**
 * An open-addressing table of orders, each at the first free place from where the hash of its id says. An order and its
 * hash are read by the same place, so that a processor fetches both at once where neither is in its caches.
 */
class OrderTable {
  private orders: (ClientOrder | undefined)[] = emptyPlaces(FIRST_PLACES);
  private hashes = new Int32Array(FIRST_PLACES);
  private mask = FIRST_PLACES - 1;
  private size = 0;
  /** The id that was asked for last, which is often the next to be added. */
  private sought: ClientOrderId | undefined;
  private soughtHash = 0;

  find(id: ClientOrderId): ClientOrder | undefined {
    const hash = hashOf(id);
    this.sought = id;
    this.soughtHash = hash;
    const { orders, hashes, mask } = this;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const order = orders[place];
      if (order === undefined || (hashes[place] === hash && order.clientOrderId === id)) return order;
    }
  }

  add(order: ClientOrder): void {
    const { clientOrderId } = order;
    order.hash = clientOrderId === this.sought ? this.soughtHash : hashOf(clientOrderId);
    this.put(order);
    this.size += 1;
    if (this.size * 2 > this.mask) this.grow();
  }

  /** Moves back what had been pushed past the place that becomes empty. */
  remove(order: ClientOrder): void {
    const { orders, hashes, mask } = this;
    let hole = order.hash & mask;
    while (orders[hole] !== order) hole = (hole + 1) & mask;
    for (let place = (hole + 1) & mask; orders[place] !== undefined; place = (place + 1) & mask) {
      const home = hashes[place]! & mask;
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      orders[hole] = orders[place];
      hashes[hole] = hashes[place]!;
      hole = place;
    }
    orders[hole] = undefined;
    this.size -= 1;
  }

  /** In no order that matters. */
  all(): ClientOrder[] {
    return this.orders.filter((order) => order !== undefined);
  }

  private put(order: ClientOrder): void {
    const { orders, mask, hashes } = this;
    let place = order.hash & mask;
    while (orders[place] !== undefined) place = (place + 1) & mask;
    orders[place] = order;
    hashes[place] = order.hash;
  }

  private grow(): void {
    const orders = this.all();
    const places = this.hashes.length * 2;
    this.orders = emptyPlaces(places);
    this.hashes = new Int32Array(places);
    this.mask = places - 1;
    for (const order of orders) this.put(order);
  }
}

function emptyPlaces(count: number): undefined[] {
  return new Array<undefined>(count).fill(undefined);
}
