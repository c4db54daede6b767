/**
 * The amounts of the orders that the exchange knows, a row of doubles each.
 *
 * In an object a number beyond 31 bits is an object of its own, so that an order's amounts would lie in eight places of
 * the heap; here they lie in one.
 */

const FIRST_ROWS = 64;
/** As many as a line of the processor's caches holds. */
const WIDTH = 8;

export class OrderAmounts {
  /** Reallocated by `row`. */
  values = new Float64Array(FIRST_ROWS * WIDTH);
  #used = 0;

  /** Where the amounts of another order begin. */
  row(): number {
    const row = this.#used;
    this.#used += WIDTH;
    if (this.#used > this.values.length) {
      const wider = new Float64Array(this.values.length * 2);
      wider.set(this.values);
      this.values = wider;
    }
    return row;
  }
}
