import { describe, expect, test } from "vitest";
import { limitsOf, type LimitsInput } from "../../src/config.ts";
import { priceOf } from "../../src/money.ts";
import { barsNeeded, marketFacts } from "../../src/run/market-facts.ts";
import { sessionDateOf } from "../../src/time.ts";
import type { Bars, Symbol } from "../../src/trade.ts";
import { barsOf, closesOf } from "../support/made-up-market.ts";

// Monday 2026-11-16 to Wednesday the 25th are eight sessions; Thursday is Thanksgiving
const FROM = "2026-11-16";
const session = sessionDateOf("2026-11-25");

function factsOf(bars: Bars): unknown {
  return marketFacts(["AAA" as Symbol], { session, bars: () => bars });
}

describe("market facts", () => {
  test.each([
    [8, "2026-11-25", 0, 0.013462],
    [7, "2026-11-24", 1, 0.012462],
    [5, "2026-11-20", 3, 0.009946],
  ])("after %i sessions with bars are of %s, %i sessions back", (count, day, ageSessions, volatility) => {
    expect(factsOf(closesOf(FROM, Array.from({ length: count }, (_, i) => 10 + i)))).toEqual({ AAA: { day, ageSessions, close: priceOf(String(9 + count)), volatility } });
  });

  test("of a day after the session are negative", () => {
    // The ninth session is Friday the 27th
    expect(factsOf(closesOf(FROM, Array.from({ length: 9 }, () => 10)))).toMatchObject({ AAA: { day: "2026-11-27", ageSessions: -2 } });
  });

  test("have the average volume of the last twenty bars", () => {
    const early = barsOf("2026-10-01", Array.from({ length: 39 }, () => [1, 1, 1, 1] as const), 1_000);
    if (early.kind !== "ohlcv") throw new Error("bars have volumes");
    early.volume[38] = 21_000;
    early.volume[18] = 9_000_000;
    expect(factsOf(early)).toMatchObject({ AAA: { averageVolume: 2_000 } });
  });

  test("of a symbol without bars are absent", () => {
    expect(factsOf(closesOf(FROM, []))).toEqual({});
  });
});

test.each<[LimitsInput, number]>([
  [{}, 0],
  [{ barAgeSessionsMax: 1 }, 1],
  [{ priceMoveMax: 0.4 }, 1],
  [{ priceMoveMax: 0.4, volumeShareMax: 0.1 }, 20],
  [{ volumeShareMax: 0.1, correlation: { averageMax: 0.8 } }, 61],
])("the limits %j look at %i bars", (limits, bars) => {
  expect(barsNeeded(limitsOf(limits), "market")).toBe(bars);
});
