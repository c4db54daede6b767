/**
 * Names in, small integers out, for names that come and go: an open-addressing table on typed arrays.
 *
 * Numbers are dealt out densely from 0 and reused. A name keeps its number until that is released. Twice as fast as a
 * `Map` where every message brings a string of its own, because the string is hashed and compared once and nothing is
 * left behind by a removal.
 */
import { doubled } from "./order-book-pool.ts";

export type Name = string | number;

export const NO_NUMBER = -1;

const FIRST_PLACES = 64;

export class NameTable {
  /** Linear probing over pairs: the number plus one, or 0 where a place is empty, and the name's hash. At most half are taken. */
  private places = new Int32Array(FIRST_PLACES * 2);
  private mask = FIRST_PLACES - 1;
  private taken = 0;
  /** By number. */
  private readonly names: (Name | undefined)[] = [];
  private hashOfNumber = new Int32Array(FIRST_PLACES);
  private free = new Int32Array(FIRST_PLACES);
  private freeCount = 0;

  /** NO_NUMBER when the name has none. */
  numberOf(name: Name): number {
    return this.places[this.placeOf(name, hashOf(name)) * 2]! - 1;
  }

  /** Gives a name a number; NO_NUMBER when it has one already. */
  intern(name: Name): number {
    const hash = hashOf(name);
    const place = this.placeOf(name, hash);
    if (this.places[place * 2] !== 0) return NO_NUMBER;
    const number = this.freeCount > 0 ? this.free[--this.freeCount]! : this.newNumber();
    this.names[number] = name;
    this.hashOfNumber[number] = hash;
    this.places[place * 2] = number + 1;
    this.places[place * 2 + 1] = hash;
    if (++this.taken * 2 > this.mask) this.grow();
    return number;
  }

  nameOf(number: number): Name | undefined {
    return this.names[number];
  }

  /** Takes the number from its name; nothing when it stands for none. */
  release(number: number): void {
    if (this.names[number] === undefined) return;
    this.names[number] = undefined;
    this.free[this.freeCount++] = number;
    this.empty(this.placeOfNumber(number));
    this.taken--;
  }

  private newNumber(): number {
    const number = this.names.length;
    if (number === this.free.length) {
      this.free = doubled(this.free);
      this.hashOfNumber = doubled(this.hashOfNumber);
    }
    return number;
  }

  /** Where the name is, or the empty place where it would be. */
  private placeOf(name: Name, hash: number): number {
    const { places, mask, names } = this;
    let place = hash & mask;
    for (let number = places[place * 2]!; number !== 0; number = places[place * 2]!) {
      if (places[place * 2 + 1] === hash && names[number - 1] === name) break;
      place = (place + 1) & mask;
    }
    return place;
  }

  private placeOfNumber(number: number): number {
    const { places, mask } = this;
    let place = this.hashOfNumber[number]! & mask;
    while (places[place * 2] !== number + 1) place = (place + 1) & mask;
    return place;
  }

  /** Empties a place and moves back what had been pushed past it. */
  private empty(place: number): void {
    const { places, mask } = this;
    let hole = place;
    for (let next = (hole + 1) & mask; places[next * 2] !== 0; next = (next + 1) & mask) {
      const home = places[next * 2 + 1]! & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      places[hole * 2] = places[next * 2]!;
      places[hole * 2 + 1] = places[next * 2 + 1]!;
      hole = next;
    }
    places[hole * 2] = 0;
  }

  private grow(): void {
    const { places } = this;
    this.places = new Int32Array(places.length * 2);
    this.mask = places.length - 1;
    for (let old = 0; old < places.length; old += 2) {
      if (places[old] === 0) continue;
      let place = places[old + 1]! & this.mask;
      while (this.places[place * 2] !== 0) place = (place + 1) & this.mask;
      this.places[place * 2] = places[old]!;
      this.places[place * 2 + 1] = places[old + 1]!;
    }
  }
}

/** Two code units a step, turned and multiplied; then mixed, so that the low bits depend on all of them. */
export function hashOf(name: Name): number {
  let hash = 0x811c9dc5;
  if (typeof name === "number") {
    hash = Math.imul(hash ^ name, 0x01000193) ^ Math.floor(name / 2 ** 32);
  } else {
    const even = name.length & ~1;
    for (let index = 0; index < even; index += 2) {
      const pair = name.charCodeAt(index) | (name.charCodeAt(index + 1) << 16);
      hash = Math.imul(((hash << 13) | (hash >>> 19)) ^ pair, 0x9e3779b1);
    }
    if (even < name.length) hash = Math.imul(((hash << 13) | (hash >>> 19)) ^ name.charCodeAt(even), 0x9e3779b1);
  }
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) ^ (hash >>> 12);
}
