/**
 * The newest of many rows of numbers, oldest first, kept outside of the heap: as objects that live long enough to be
 * moved by the collector of garbage, and then die, they would be what it does most of its work for.
 *
 * It is read like an array; each look at a row makes an object of it.
 */
import { LongList } from "./long-list.ts";

/** JSON: rows in base 64, several in a text. */
export type RowsSnapshot = Iterable<string>;

const FIRST_ROWS = 16;
const NUMBER_BYTES = 8;

export class NewestRows<T extends { readonly [K in keyof T]: number }> {
  readonly #columns: readonly (keyof T & string)[];
  readonly #kept: number;
  #numbers: Float64Array;
  #length: number;

  /** At least `kept` are there, and less than twice as many. */
  constructor(columns: readonly (keyof T & string)[], kept: number, stored: RowsSnapshot = []) {
    this.#columns = columns;
    this.#kept = kept;
    const bytes = Buffer.concat(Array.from(stored, (text) => Buffer.from(text, "base64")));
    this.#length = bytes.length / NUMBER_BYTES / columns.length;
    this.#numbers = new Float64Array(Math.max(FIRST_ROWS, this.#length) * columns.length);
    bytes.copy(Buffer.from(this.#numbers.buffer));
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
    return place >= 0 && place < this.#length ? this.#rowAt(place) : undefined;
  }

  slice(from = 0, to = this.#length): T[] {
    return Array.from({ length: Math.max(0, Math.min(to, this.#length) - from) }, (_, offset) => this.#rowAt(from + offset));
  }

  /** As it is now, whatever comes behind. */
  snapshot(): LongList<string> {
    const rowBytes = this.#columns.length * NUMBER_BYTES;
    const bytes = Buffer.from(this.#numbers.slice(0, this.#length * this.#columns.length).buffer);
    return new LongList(this.#length, (from, to) => [bytes.toString("base64", from * rowBytes, to * rowBytes)]);
  }

  #rowAt(index: number): T {
    const start = index * this.#columns.length;
    return Object.fromEntries(this.#columns.map((column, offset) => [column, this.#numbers[start + offset]])) as T;
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
