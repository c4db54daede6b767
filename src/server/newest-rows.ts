/**
 * The newest of many rows of numbers, oldest first, kept outside of the heap: as objects that live long enough to be
 * moved by the collector of garbage, and then die, they would be what it does most of its work for.
 *
 * It is read like an array; each look at a row makes an object of it.
 */
import { LongList } from "./long-list.ts";

const FIRST_ROWS = 16;

export class NewestRows<T extends { readonly [K in keyof T]: number }> {
  readonly #columns: readonly (keyof T & string)[];
  readonly #kept: number;
  #numbers: Float64Array;
  #length = 0;

  /** At least `kept` are there, and less than twice as many. */
  constructor(columns: readonly (keyof T & string)[], kept: number, stored: Iterable<T> = []) {
    this.#columns = columns;
    this.#kept = kept;
    this.#numbers = new Float64Array(FIRST_ROWS * columns.length);
    for (const row of stored) this.push(row);
  }

  get length(): number {
    return this.#length;
  }

  push(row: T): void {
    let at = this.#length * this.#columns.length;
    if (at === this.#numbers.length) this.#grow();
    for (const column of this.#columns) {
      this.#numbers[at] = row[column];
      at += 1;
    }
    this.#length += 1;
    if (this.#length === this.#kept * 2) this.#forgetOlderHalf();
  }

  /** From the end where it is negative. */
  at(index: number): T | undefined {
    const place = index < 0 ? this.#length + index : index;
    return place >= 0 && place < this.#length ? this.#rowAt(this.#numbers, place) : undefined;
  }

  slice(from = 0, to = this.#length): T[] {
    return this.#rows(this.#numbers, from, Math.min(to, this.#length));
  }

  /** As it is now, whatever comes behind. */
  snapshot(): LongList<T> {
    const numbers = this.#numbers.slice(0, this.#length * this.#columns.length);
    return new LongList(this.#length, (from, to) => this.#rows(numbers, from, to));
  }

  #rows(numbers: Float64Array, from: number, to: number): T[] {
    return Array.from({ length: Math.max(0, to - from) }, (_, offset) => this.#rowAt(numbers, from + offset));
  }

  #rowAt(numbers: Float64Array, index: number): T {
    const start = index * this.#columns.length;
    return Object.fromEntries(this.#columns.map((column, offset) => [column, numbers[start + offset]])) as T;
  }

  #grow(): void {
    const numbers = new Float64Array(this.#numbers.length * 2);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }

  #forgetOlderHalf(): void {
    this.#numbers.copyWithin(0, this.#kept * this.#columns.length);
    this.#length = this.#kept;
  }
}
