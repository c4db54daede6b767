/** Chance by name: what is drawn under one name does not depend on how often anything else was drawn. */
import { hash } from "node:crypto";
import { Prng } from "../../src/simulator/prng.ts";

export class Chance {
  readonly #prng: Prng;

  constructor(seed: number, name: string) {
    this.#prng = new Prng(parseInt(hash("sha256", `${seed} ${name}`).slice(0, 12), 16));
  }

  /** Both included. */
  integer(low: number, high: number): number {
    return this.#prng.integer(low, high);
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.#prng.fraction();
  }

  happens(probability: number): boolean {
    return this.#prng.fraction() < probability;
  }

  oneOf<const T>(choices: readonly [T, ...T[]]): T {
    return choices[this.#prng.integer(0, choices.length - 1)]!;
  }
}
