/** A long list of which only parts are made, when they are asked for: JSON as an array of its items. */
const ITEMS_A_PART = 512;

export class LongList<T> {
  readonly length: number;
  readonly #part: (from: number, to: number) => readonly T[];

  /** `part` gives what the items from one index to before another come to, which may be fewer. */
  constructor(length: number, part: (from: number, to: number) => readonly T[]) {
    this.length = length;
    this.#part = part;
  }

  slice(from: number, to: number): readonly T[] {
    return this.#part(from, Math.min(to, this.length));
  }

  *[Symbol.iterator](): Generator<T> {
    for (let from = 0; from < this.length; from += ITEMS_A_PART) yield* this.slice(from, from + ITEMS_A_PART);
  }

  toJSON(): readonly T[] {
    return [...this];
  }
}
