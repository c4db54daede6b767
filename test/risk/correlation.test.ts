import { describe, expect, test } from "vitest";
import { measureCorrelation } from "../../src/risk/correlation.ts";
import type { Bars, Symbol } from "../../src/trade.ts";
import { closesOf } from "../support/made-up-market.ts";

/** Closes whose daily returns repeat. */
function repeating(returns: readonly number[], count: number): readonly number[] {
  const closes = [100];
  for (let i = 0; i < count; i += 1) closes.push(closes[i]! * (1 + returns[i % returns.length]!));
  return closes;
}

const FROM = "2020-01-02";
// Over four days: A and B at right angles, C half of each, D against A
const BARS: Readonly<Record<string, Bars>> = {
  A: closesOf(FROM, repeating([0.01, 0.01, -0.01, -0.01], 40)),
  B: closesOf(FROM, repeating([0.01, -0.01, 0.01, -0.01], 40)),
  C: closesOf(FROM, repeating([0.01, 0, 0, -0.01], 40)),
  D: closesOf(FROM, repeating([-0.01, -0.01, 0.01, 0.01], 40)),
  still: closesOf(FROM, repeating([0], 40)),
  young: closesOf("2020-02-10", repeating([0.01, -0.01], 10)),
};

function measured(weights: Readonly<Record<string, number>>, lookback = 40): readonly [number, number] | undefined {
  const targets = Object.entries(weights).map(([symbol, weight]) => ({ symbol: symbol as Symbol, weight }));
  const measure = measureCorrelation(targets, { bars: (symbol) => BARS[symbol]! }, lookback);
  const rounded = (value: number): number => Math.round(value * 1e6) / 1e6 + 0;
  return measure && [rounded(measure.average), rounded(measure.eigenvalueShare)];
}

describe("the average correlation and the largest eigenvalue's share of", () => {
  test.each<[string, Readonly<Record<string, number>>, readonly [number, number] | undefined]>([
    ["one target are not measured", { A: 1 }, undefined],
    ["one target above zero are not measured", { A: 1, B: 0 }, undefined],
    ["the same bet twice are 1 and all", { A: 0.5, A2: 0.5 }, [1, 1]],
    ["two bets at right angles are 0 and one half", { A: 0.5, B: 0.5 }, [0, 0.5]],
    ["two bets at right angles of unequal size are 0 and the larger's part", { A: 3, B: 1 }, [0, 0.75]],
    ["opposite bets are -1 and all", { A: 0.5, D: 0.5 }, [-1, 1]],
    // correlations of C with A and B: 2 / (2 x root of 2); eigenvalues of thirds: 1/3 + root(2 x (0.7071 / 3)^2) = 2/3
    ["a bet between two others are (2 x 0.7071) / 3 and two thirds", { A: 1, B: 1, C: 1 }, [0.471405, 0.666667]],
    ["a price that never moves are 0 and the larger's part", { A: 1, still: 1 }, [0, 0.5]],
    ["a symbol with too short a past count as 1, the most there is", { A: 1, young: 1 }, [1, 1]],
  ])("%s", (_case, weights, expected) => {
    const known = "A2" in weights ? { bars: (_: Symbol) => BARS["A"]! } : undefined;
    if (known) {
      const measure = measureCorrelation(Object.entries(weights).map(([symbol, weight]) => ({ symbol: symbol as Symbol, weight })), known, 40)!;
      expect([measure.average, measure.eigenvalueShare].map((value) => Math.round(value * 1e6) / 1e6)).toEqual(expected);
    } else {
      expect(measured(weights)).toEqual(expected);
    }
  });

  test("twenty returns are enough, nineteen are not", () => {
    expect(measured({ A: 1, B: 1 }, 20)).toEqual([0, 0.5]);
    expect(measured({ A: 1, B: 1 }, 19)).toEqual([1, 1]);
  });
});
