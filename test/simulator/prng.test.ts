import { describe, expect, test } from "vitest";
import type { PrngState } from "../../src/simulator/prng.ts";
import { Prng } from "../../src/simulator/prng.ts";

describe("the seeded generator", () => {
  test("gives the published sfc32 sequence for the state it is in", () => {
    // By hand from the definition: sum = a + b + counter; a' = b ^ b>>>9; b' = 9c; c' = rotl(c, 21) + sum.
    const prng = Prng.restore([1, 2, 3, 4]);
    expect([prng.uint32(), prng.state]).toEqual([7, [2, 27, 6_291_463, 5]]);
    expect(prng.uint32()).toBe(34);
  });

  test("gives the same numbers for the same seed and others for another, large and negative ones included", () => {
    const draw = (seed: number) => Array.from({ length: 4 }, ((prng) => () => prng.uint32())(new Prng(seed)));
    expect(draw(7)).toEqual(draw(7));
    const firsts = [0, 1, 7, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1].map((seed) => draw(seed).join());
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  test("goes on from a restored state as if it had never stopped", () => {
    const prng = new Prng(42);
    prng.uint32();
    const other = Prng.restore(JSON.parse(JSON.stringify(prng.state)) as PrngState);
    expect([other.uint32(), other.fraction(), other.integer(1, 6)]).toEqual([prng.uint32(), prng.fraction(), prng.integer(1, 6)]);
  });

  test("draws integers evenly between both bounds", () => {
    const prng = new Prng(1);
    const counts = [0, 0, 0, 0, 0, 0];
    for (let draw = 0; draw < 60_000; draw++) counts[prng.integer(5, 10) - 5]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });

  test("takes no seed that is no integer", () => {
    expect(() => new Prng(0.5)).toThrow("a seed is an integer");
  });
});
