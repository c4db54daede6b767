/**
 * Chance that can be told again: sfc32 (Doty-Humphrey, PractRand), 128 bits of state, seeded by one integer.
 *
 * The same seed gives the same numbers on every machine; `state` and `restore` carry a generator across processes.
 */
export type PrngState = readonly [number, number, number, number];

export class Prng {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;

  /** @throws RangeError unless `seed` is a safe integer. All its bits count. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`a seed is an integer: ${seed}`);
    this.b = seed | 0;
    this.c = Math.floor(seed / 2 ** 32) | 0;
    for (let round = 0; round < 12; round++) this.uint32();
  }

  static restore(state: PrngState): Prng {
    const prng = new Prng(0);
    [prng.a, prng.b, prng.c, prng.counter] = state;
    return prng;
  }

  get state(): PrngState {
    return [this.a, this.b, this.c, this.counter];
  }

  /** From 0 to 2^32-1. */
  uint32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** From 0 to below 1, in steps of 2^-53. */
  fraction(): number {
    return ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53;
  }

  /** An integer from `low` to `high`, both included, at most 2^32 of them; the bias is below 2^-20. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }
}
