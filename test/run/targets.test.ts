import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limitsOf, type LimitsInput } from "../../src/config.ts";
import { moneyFromNumber } from "../../src/money.ts";
import { shapeTargets } from "../../src/run/targets.ts";
import type { Target } from "../../src/strategy.ts";
import type { Bars, Symbol } from "../../src/trade.ts";
import { closesOf } from "../support/made-up-market.ts";

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
    ["of a group that add up to its cap stay", { AAA: 0.2, BBB: 0.1, CCC: 0.5 }, { groups: { pair: { symbols: ["AAA", "BBB"], weightMax: 0.3 } } }, [["AAA", 200_000], ["BBB", 100_000], ["CCC", 500_000]]],
    ["of a group that add up to more are scaled down alike, and no others", { AAA: 0.4, BBB: 0.2, CCC: 0.3 }, { groups: { pair: { symbols: ["AAA", "BBB"], weightMax: 0.3 } } }, [["AAA", 200_000, 400_000], ["BBB", 100_000, 200_000], ["CCC", 300_000]]],
    // pair: 0.6 -> 0.3 makes AAA 0.2 and BBB 0.1; single: AAA 0.2 -> 0.05
    ["in two groups are held by both", { AAA: 0.4, BBB: 0.2 }, { groups: { single: { symbols: ["AAA"], weightMax: 0.05 }, pair: { symbols: ["AAA", "BBB"], weightMax: 0.3 } } }, [["AAA", 50_000, 400_000], ["BBB", 100_000, 200_000]]],
    // the group first: 0.8 -> 0.4; then the sum 0.8 -> 0.4
    ["are scaled to their group before the whole", { AAA: 0.8, BBB: 0.4 }, { grossExposureMax: 0.4, groups: { one: { symbols: ["AAA"], weightMax: 0.4 } } }, [["AAA", 200_000, 800_000], ["BBB", 200_000, 400_000]]],
    ["all at a cap of nothing", { AAA: 0.5 }, { grossExposureMax: 0 }, [["AAA", 0, 500_000]]],
  ])("%s", (_case, weights, limits, expected) => {
    expect(shaped(weights, limits)).toEqual(expected);
  });

  test("say which caps made them less, with the numbers, in the order in which they were met", () => {
    const limits = limitsOf({ positionWeightMax: 0.5, grossExposureMax: 0.4, groups: { pair: { symbols: ["AAA", "BBB"], weightMax: 0.4 } } });
    const { targets } = shapeTargets(wanted({ AAA: 0.6, BBB: 0.3, CCC: 0.4 }), limits);
    // 0.6 -> 0.5; the pair's 0.8 -> 0.4: 0.25 and 0.15; the sum of 0.8 -> 0.4
    const pair = { limit: "groups", group: "pair", weight: 800_000, max: 400_000 };
    const gross = { limit: "grossExposureMax", weight: 800_000, max: 400_000 };
    expect(targets.map(({ symbol, weight, clampedBy }) => [symbol, weight, clampedBy])).toEqual([
      ["AAA", 125_000, [{ limit: "positionWeightMax", max: 500_000 }, pair, gross]],
      ["BBB", 75_000, [pair, gross]],
      ["CCC", 200_000, [gross]],
    ]);
  });

  test.each([
    ["20,000 of 100,000", 100_000, [["AAA", 200_000, 300_000], ["BBB", 100_000]]],
    ["20,000 of 10,000, which is no cap", 10_000, [["AAA", 300_000], ["BBB", 100_000]]],
  ])("are cut to the cap of a position in USD: %s", (_case, equity, expected) => {
    const { targets } = shapeTargets(wanted({ AAA: 0.3, BBB: 0.1 }), limitsOf({ positionWeightMax: 1, positionNotionalMax: 20_000 }), { equity: moneyFromNumber(equity) });
    expect(targets.map(({ symbol, weight, clampedFrom }) => (clampedFrom === undefined ? [symbol, weight] : [symbol, weight, clampedFrom]))).toEqual(expected);
  });

  describe("that move together", () => {
    // AAA and BBB rise and fall as one, CCC against them
    const up = Array.from({ length: 61 }, (_, i) => 100 + (i % 2));
    const down = up.map((close) => 201 - close);
    const bars = { AAA: closesOf("2020-01-02", up), BBB: closesOf("2020-01-02", up), CCC: closesOf("2020-01-02", down) } as Readonly<Record<string, Bars>>;
    const view = { bars: (symbol: Symbol) => bars[symbol]! };
    const shapedBy = (weights: Readonly<Record<string, number>>, correlation: LimitsInput["correlation"]) => shapeTargets(wanted(weights), limitsOf({ positionWeightMax: 1, correlation }), { view }).targets;

    test("more than averageMax are all scaled by cap / measured, and say so", () => {
      const targets = shapedBy({ AAA: 0.5, BBB: 0.25 }, { averageMax: 0.8 });
      expect(targets.map(({ symbol, weight }) => [symbol, weight])).toEqual([["AAA", 400_000], ["BBB", 200_000]]);
      expect(targets[0]!.clampedBy).toMatchObject([{ limit: "correlation.averageMax", max: 0.8 }]);
    });

    test("no more than averageMax stay", () => {
      expect(shapedBy({ AAA: 0.5, BBB: 0.25 }, { averageMax: 1 }).map(({ weight }) => weight)).toEqual([500_000, 250_000]);
      expect(shapedBy({ AAA: 0.5, CCC: 0.5 }, { averageMax: 0 }).map(({ weight }) => weight)).toEqual([500_000, 500_000]);
    });

    test("more than eigenvalueShareMax are scaled too, and the tighter of two caps decides", () => {
      expect(shapedBy({ AAA: 0.5, CCC: 0.5 }, { eigenvalueShareMax: 0.5 }).map(({ weight }) => Math.round(weight / 100))).toEqual([2_500, 2_500]);
      expect(shapedBy({ AAA: 0.5, BBB: 0.5 }, { averageMax: 0.9, eigenvalueShareMax: 0.6 })[0]!.clampedBy).toMatchObject([{ limit: "correlation.eigenvalueShareMax", max: 0.6 }]);
    });

    test("cannot be told for one target alone", () => {
      expect(shapedBy({ AAA: 0.5 }, { averageMax: 0.1, eigenvalueShareMax: 0.1 }).map(({ weight }) => weight)).toEqual([500_000]);
    });
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
