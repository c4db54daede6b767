import { describe, expect, test } from "vitest";
import type { CorporateAction } from "../../src/rules/corporate-actions.ts";
import { statisticsBefore } from "../../src/simulator/symbol-statistics.ts";
import { epochDayOf, sessionDateOf, type EpochDay } from "../../src/time.ts";
import type { Bars } from "../../src/trade.ts";
import { barsOf, closesOf } from "../support/made-up-market.ts";

/** Closes of 100 and 102 by turns, so many shares a day, from Monday 2026-10-12 on. */
function swinging(count: number, volume: number | readonly number[] = 1_000_000): Bars {
  return barsOf("2026-10-12", Array.from({ length: count }, (_, i) => [100, 103, 99, i % 2 === 0 ? 100 : 102] as const), volume);
}
const dayOf = (bars: Bars, index: number): EpochDay => bars.days[index] as EpochDay;
const before = (bars: Bars, index: number, actions: readonly CorporateAction[] = []) => statisticsBefore(bars, actions, index, dayOf(bars, index));

describe("the statistics before a day", () => {
  test("are the mean volume of the last twenty bars and the deviation of their returns", () => {
    const volumes = [...new Array<number>(5).fill(9_000_000), ...new Array<number>(10).fill(1_000_000), ...new Array<number>(10).fill(2_000_000), 7];
    const { dailyVolume, dailyVolatility, tier } = before(swinging(26, volumes), 25);
    expect(dailyVolume).toBe(1_500_000);
    // Ten returns of 2 % and ten of 1 / 1.02 - 1, around their mean of 0.0196 %.
    expect(dailyVolatility).toBeCloseTo(0.020318, 6);
    expect(tier).toBe("other");
  });

  test("do not change with the day itself, or with anything after it", () => {
    const bars = swinging(40);
    const { kind, days } = bars;
    const column = (values: Float64Array): Float64Array => values.map((value, i) => (i < 30 ? value : 1_000 * value));
    const changed = bars.kind === "ohlcv" ? { kind, days, open: column(bars.open), high: column(bars.high), low: column(bars.low), close: column(bars.close), volume: column(bars.volume) } : bars;
    const actions: readonly CorporateAction[] = [{ type: "split", exDay: dayOf(bars, 31), ratio: 4 }];
    expect(before(changed, 30, actions)).toEqual(before(bars, 30));
  });

  test("see through a split, on the day itself too: no return of three quarters, and volumes in the shares of today", () => {
    const bars = swinging(31);
    const quartered = (from: number): Bars => (bars.kind === "ohlcv" ? { ...bars, close: bars.close.map((value, i) => (i >= from ? value / 4 : value)), volume: bars.volume.map((value, i) => (i >= from ? 4 * value : value)) } : bars);
    for (const ex of [20, 30]) {
      const { dailyVolume, dailyVolatility, tier } = before(quartered(ex), 30, [{ type: "split", exDay: dayOf(bars, ex), ratio: 4 }]);
      expect([dailyVolume, tier]).toEqual([4_000_000, "other"]);
      expect(dailyVolatility).toBeCloseTo(0.020318, 6);
    }
  });

  test.each([
    // Shares a day at about 101 USD.
    [1_000_000, "other"],
    [1_900_000, "other"],
    [2_100_000, "large"],
    [48_000_000, "large"],
    [52_000_000, "mega"],
  ])("%d shares a day at 101 USD make a symbol %s", (volume, tier) => {
    expect(before(swinging(31, volume), 30).tier).toBe(tier);
  });

  test("of fewer than five bars are a guess, with the volume of the day itself", () => {
    expect(before(swinging(6, [1, 2, 3, 4, 5_000, 6]), 4)).toEqual({ dailyVolume: 5_000, dailyVolatility: 0.03, tier: "other" });
    expect(before(swinging(6, [1, 2, 3, 4, 5, 6_000]), 5).dailyVolume).toBe(3);
  });

  test("of closes alone know no volume", () => {
    expect(statisticsBefore(closesOf("2026-10-12", [1, 2, 3, 4, 5, 6, 7]), [], 6, epochDayOf(sessionDateOf("2026-10-20")))).toEqual({ dailyVolume: 0, dailyVolatility: 0.03, tier: "other" });
  });
});
