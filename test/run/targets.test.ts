import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limitsOf, type LimitsInput } from "../../src/config.ts";
import { shapeTargets } from "../../src/run/targets.ts";
import type { Target } from "../../src/strategy.ts";
import type { Symbol } from "../../src/trade.ts";

function wanted(weights: Readonly<Record<string, number>>): readonly Target[] {
  return Object.entries(weights).map(([symbol, weight]) => ({ symbol: symbol as Symbol, weight, reason: `wants ${symbol}` }));
}

/** Symbols with their weights in parts per million, and what was asked for where that was more. */
function shaped(weights: Readonly<Record<string, number>>, limits: LimitsInput): unknown {
  return shapeTargets(wanted(weights), limitsOf({ positionWeightMax: 1, ...limits })).targets.map(({ symbol, weight, clampedFrom }) =>
    clampedFrom === undefined ? [symbol, weight] : [symbol, weight, clampedFrom],
  );
}

describe("targets", () => {
  test("within the caps stay as they are, in the order of their symbols, each with its reason", () => {
    expect(shapeTargets(wanted({ CCC: 0.25, AAA: 0.5, BBB: 0 }), limitsOf({ positionWeightMax: 1 }))).toEqual({
      targets: [
        { symbol: "AAA", weight: 500_000, reason: "wants AAA" },
        { symbol: "BBB", weight: 0, reason: "wants BBB" },
        { symbol: "CCC", weight: 250_000, reason: "wants CCC" },
      ],
      refused: [],
    });
  });

  test("none are none", () => {
    expect(shapeTargets([], limitsOf({}))).toEqual({ targets: [], refused: [] });
  });

  test.each<[string, Readonly<Record<string, number>>, LimitsInput, unknown]>([
    ["at the position cap stay", { AAA: 0.25 }, { positionWeightMax: 0.25 }, [["AAA", 250_000]]],
    ["above it are cut to it", { AAA: 0.250001, BBB: 0.1 }, { positionWeightMax: 0.25 }, [["AAA", 250_000, 250_001], ["BBB", 100_000]]],
    ["that add up to the gross cap stay", { AAA: 0.5, BBB: 0.3 }, { grossExposureMax: 0.8 }, [["AAA", 500_000], ["BBB", 300_000]]],
    ["that add up to more are scaled down alike", { AAA: 0.9, BBB: 0.3 }, { grossExposureMax: 0.8 }, [["AAA", 600_000, 900_000], ["BBB", 200_000, 300_000]]],
    // cut to 0.4 and 0.4 first, then by 0.6 / 0.8
    ["are cut first and scaled then", { AAA: 0.9, BBB: 0.4 }, { positionWeightMax: 0.4, grossExposureMax: 0.6 }, [["AAA", 300_000, 900_000], ["BBB", 300_000, 400_000]]],
    // without the short the sum is 1
    ["below zero become zero and make no room", { AAA: -0.5, BBB: 1 }, {}, [["AAA", 0, -500_000], ["BBB", 1_000_000]]],
    ["of zero are not said to be scaled", { AAA: 0, BBB: 2 }, { positionWeightMax: 1, grossExposureMax: 0.5 }, [["AAA", 0], ["BBB", 500_000, 2_000_000]]],
    // 1/6 is 166,667 millionths, six of them are 1,000,002
    ["that only rounding took over the cap are not said to be scaled", { A: 1 / 6, B: 1 / 6, C: 1 / 6, D: 1 / 6, E: 1 / 6, F: 1 / 6 }, {}, ["A", "B", "C", "D", "E", "F"].map((symbol) => [symbol, 166_666])],
    ["all at a cap of nothing", { AAA: 0.5 }, { grossExposureMax: 0 }, [["AAA", 0, 500_000]]],
  ])("%s", (_case, weights, limits, expected) => {
    expect(shaped(weights, limits)).toEqual(expected);
  });

  test("below zero are refused by name, with the weight that was asked for", () => {
    expect(shapeTargets(wanted({ BBB: -0.1, AAA: -0.25, CCC: 0 }), limitsOf({})).refused).toEqual([
      { code: "SHORT_NOT_ALLOWED", symbol: "AAA", weight: -250_000 },
      { code: "SHORT_NOT_ALLOWED", symbol: "BBB", weight: -100_000 },
    ]);
  });

  const weights = fc.dictionary(fc.constantFrom("AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG"), fc.double({ min: -1, max: 3, noNaN: true }));
  const caps = fc.record({ positionWeightMax: fc.double({ min: 0, max: 1, noNaN: true }), grossExposureMax: fc.double({ min: 0, max: 1, noNaN: true }) });

  test("whatever is asked for, no weight leaves its caps", () => {
    fc.assert(
      fc.property(weights, caps, (asked, limits) => {
        const { positionWeightMax, grossExposureMax } = limitsOf(limits);
        const { targets } = shapeTargets(wanted(asked), limitsOf(limits));
        expect(targets.every(({ weight }) => Number.isInteger(weight) && weight >= 0 && weight <= positionWeightMax)).toBe(true);
        expect(targets.reduce((sum, { weight }) => sum + weight, 0)).toBeLessThanOrEqual(grossExposureMax);
      }),
    );
  });

  test("the order in which targets are listed does not matter", () => {
    fc.assert(
      fc.property(weights, caps, (asked, limits) => {
        const listed = wanted(asked);
        expect(shapeTargets([...listed].reverse(), limitsOf(limits))).toEqual(shapeTargets(listed, limitsOf(limits)));
      }),
    );
  });
});
