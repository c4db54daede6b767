/**
 * Finds the number of a name where the names lie elsewhere: an open-addressing table of hashes and numbers. A `Map`
 * would keep every name as an object.
 */
import { hashOf, NO_NUMBER } from "../simulator/order-book-names.ts";

const FIRST_PLACES = 64;

export class NumberTable {
  /** Linear probing over pairs: the number plus one, or 0 where a place is empty, and the name's hash. At most half are taken. */
  #places = new Int32Array(FIRST_PLACES * 2);
  #mask = FIRST_PLACES - 1;
  #taken = 0;
  readonly #isNamed: (number: number, name: string) => boolean;

  /** `isNamed` is asked of hardly any other number than the one that is sought. */
  constructor(isNamed: (number: number, name: string) => boolean) {
    this.#isNamed = isNamed;
  }

  /** The number must not be there. */
  add(name: string, number: number): void {
    this.#put(hashOf(name), number);
    if (++this.#taken * 2 > this.#mask) this.#grow();
  }

  /** NO_NUMBER where there is none. */
  find(name: string): number {
    const hash = hashOf(name);
    for (let place = hash & this.#mask; this.#places[place * 2] !== 0; place = (place + 1) & this.#mask) {
      const number = this.#places[place * 2]! - 1;
      if (this.#places[place * 2 + 1] === hash && this.#isNamed(number, name)) return number;
    }
    return NO_NUMBER;
  }

  /** Moves back what had been pushed past the place that becomes empty. */
  delete(name: string, number: number): void {
    let hole = hashOf(name) & this.#mask;
    while (this.#places[hole * 2] !== number + 1) {
      if (this.#places[hole * 2] === 0) return;
      hole = (hole + 1) & this.#mask;
    }
    for (let next = (hole + 1) & this.#mask; this.#places[next * 2] !== 0; next = (next + 1) & this.#mask) {
      const home = this.#places[next * 2 + 1]! & this.#mask;
      if (((next - home) & this.#mask) < ((next - hole) & this.#mask)) continue;
      this.#places.copyWithin(hole * 2, next * 2, next * 2 + 2);
      hole = next;
    }
    this.#places[hole * 2] = 0;
    this.#taken -= 1;
  }

  #put(hash: number, number: number): void {
    let place = hash & this.#mask;
    while (this.#places[place * 2] !== 0) place = (place + 1) & this.#mask;
    this.#places[place * 2] = number + 1;
    this.#places[place * 2 + 1] = hash;
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Int32Array(old.length * 2);
    this.#mask = old.length - 1;
    for (let at = 0; at < old.length; at += 2) if (old[at] !== 0) this.#put(old[at + 1]!, old[at]! - 1);
  }
}
