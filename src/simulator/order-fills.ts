/**
 * The fills of the orders that the exchange knows, in columns; an order's are linked from its first to its last.
 *
 * They become objects when somebody reads them. A row is used again when its order is forgotten.
 */
import type { Price, Quantity } from "../money.ts";
import type { Instant } from "../time.ts";
import type { Fill } from "../trade.ts";

const FIRST_CAPACITY = 256;
/** Execution, price, quantity, instant. */
const WIDTH = 4;
/** Row 0 stands for none. */
export const NO_FILL = 0;

export class OrderFills {
  #numbers = new Float64Array(FIRST_CAPACITY * WIDTH);
  #next = new Int32Array(FIRST_CAPACITY);
  #used = 1;
  #free = NO_FILL;

  /** A fill behind `last`, or an order's first behind NO_FILL. */
  add(last: number, execution: number, quantity: Quantity, price: Price, at: Instant): number {
    const row = this.#obtain();
    const numbers = this.#numbers;
    numbers[row * WIDTH] = execution;
    numbers[row * WIDTH + 1] = price;
    numbers[row * WIDTH + 2] = quantity;
    numbers[row * WIDTH + 3] = at;
    this.#next[row] = NO_FILL;
    if (last !== NO_FILL) this.#next[last] = row;
    return row;
  }

  /** From `first` on, oldest first. */
  from(first: number): Fill[] {
    const fills: Fill[] = [];
    for (let row = first; row !== NO_FILL; row = this.#next[row]!) {
      const at = row * WIDTH;
      fills.push({ id: executionName(this.#numbers[at]!), quantity: this.#numbers[at + 2]! as Quantity, price: this.#numbers[at + 1]! as Price, at: this.#numbers[at + 3]! as Instant });
    }
    return fills;
  }

  /** All from `first` to `last`. */
  release(first: number, last: number): void {
    if (first === NO_FILL) return;
    this.#next[last] = this.#free;
    this.#free = first;
  }

  #obtain(): number {
    const row = this.#free;
    if (row !== NO_FILL) {
      this.#free = this.#next[row]!;
      return row;
    }
    if (this.#used === this.#next.length) {
      const [numbers, next] = [new Float64Array(this.#numbers.length * 2), new Int32Array(this.#next.length * 2)];
      numbers.set(this.#numbers);
      next.set(this.#next);
      this.#numbers = numbers;
      this.#next = next;
    }
    return this.#used++;
  }
}

/** Executions are counted through all symbols. */
export function executionName(execution: number): string {
  return `x${execution}`;
}

export function executionNumber(name: string): number {
  return Number(name.slice(1));
}
