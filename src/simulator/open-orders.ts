/**
 * Open orders by arrival: of an account, or of a symbol.
 *
 * A list that keeps its place for what leaves it until the places are used up and most of them empty, so that nothing is
 * hashed and hardly anything moves. Which places are taken is one bit each: an order that leaves after a while touches
 * neither the list nor its neighbours, which are no longer in the processor's caches by then.
 * While it is walked orders may leave; walk a copy where orders may join.
 */
import type { ClientOrder } from "./client-order.ts";

const BITS = 32;
/** Closing the ranks looks at every order, which is seldom near by then; a walk goes by 32 empty places at a time. */
const SPARSE = 8;

export class OpenOrders {
  readonly #place: "placeInAccount" | "placeInListing";
  /** An order that has left stays until its place is used again. */
  readonly #orders: ClientOrder[] = [];
  #taken = new Int32Array(1);
  /** The next place. */
  #next = 0;
  #size = 0;

  constructor(of: "account" | "listing") {
    this.#place = of === "account" ? "placeInAccount" : "placeInListing";
  }

  get size(): number {
    return this.#size;
  }

  /** An order knows its place in one list of either kind: ask the list of its account, or of its symbol. */
  has(order: ClientOrder): boolean {
    return this.#placeOf(order) >= 0;
  }

  add(order: ClientOrder): void {
    if (this.has(order)) return;
    if (this.#next === this.#taken.length * BITS) this.#makeRoom();
    const place = this.#next++;
    this.#orders[place] = order;
    this.#taken[place >> 5]! |= 1 << (place & 31);
    this.#setPlace(order, place);
    this.#size += 1;
  }

  delete(order: ClientOrder): void {
    const place = this.#placeOf(order);
    if (place < 0) return;
    this.#taken[place >> 5]! &= ~(1 << (place & 31));
    this.#setPlace(order, -1);
    this.#size -= 1;
  }

  *[Symbol.iterator](): Generator<ClientOrder> {
    const taken = this.#taken;
    for (let word = 0; word < taken.length; word += 1) {
      if (taken[word] === 0) continue;
      for (let bit = 0; bit < BITS; bit += 1) if ((taken[word]! & (1 << bit)) !== 0) yield this.#orders[word * BITS + bit]!;
    }
  }

  /** Closes the ranks where most places are empty, else makes as many again. */
  #makeRoom(): void {
    if (this.#next < SPARSE * this.#size) {
      const taken = new Int32Array(this.#taken.length * 2);
      taken.set(this.#taken);
      this.#taken = taken;
      return;
    }
    this.#next = 0;
    for (const order of this) {
      this.#setPlace(order, this.#next);
      this.#orders[this.#next++] = order;
    }
    for (let word = 0; word < this.#taken.length; word += 1) {
      const left = this.#next - word * BITS;
      this.#taken[word] = left >= BITS ? -1 : left <= 0 ? 0 : (1 << left) - 1;
    }
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
