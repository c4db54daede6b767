/**
 * Open orders by arrival: of an account, or of a symbol.
 *
 * A set that keeps its place for what leaves it until two thirds of it are empty, so that nothing is hashed and nothing moves.
 * While it is walked orders may leave; walk a copy where orders may join.
 */
import type { ClientOrder } from "./client-order.ts";

const SMALL = 32;
/** Closing the ranks looks at every order, a walk at every place. */
const SPARSE = 3;

export class OpenOrders {
  readonly #place: "placeInAccount" | "placeInListing";
  readonly #orders: (ClientOrder | undefined)[] = [];
  #size = 0;

  constructor(of: "account" | "listing") {
    this.#place = of === "account" ? "placeInAccount" : "placeInListing";
  }

  get size(): number {
    return this.#size;
  }

  has(order: ClientOrder): boolean {
    const place = this.#placeOf(order);
    return place >= 0 && this.#orders[place] === order;
  }

  add(order: ClientOrder): void {
    if (this.has(order)) return;
    if (this.#orders.length >= SMALL && this.#orders.length >= SPARSE * this.#size) this.#close();
    this.#setPlace(order, this.#orders.length);
    this.#orders.push(order);
    this.#size += 1;
  }

  delete(order: ClientOrder): void {
    if (!this.has(order)) return;
    this.#orders[this.#placeOf(order)] = undefined;
    this.#setPlace(order, -1);
    this.#size -= 1;
  }

  *[Symbol.iterator](): Generator<ClientOrder> {
    for (const order of this.#orders) if (order) yield order;
  }

  #close(): void {
    const orders = this.#orders;
    let place = 0;
    for (let from = 0; from < orders.length; from += 1) {
      const order = orders[from];
      if (!order) continue;
      this.#setPlace(order, place);
      orders[place++] = order;
    }
    orders.length = place;
  }

  // Written out, because a property by a name that varies is looked up each time.

  #placeOf(order: ClientOrder): number {
    return this.#place === "placeInAccount" ? order.placeInAccount : order.placeInListing;
  }

  #setPlace(order: ClientOrder, place: number): void {
    if (this.#place === "placeInAccount") order.placeInAccount = place;
    else order.placeInListing = place;
  }
}
