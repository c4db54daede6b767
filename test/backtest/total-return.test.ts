import { describe, expect, test } from "vitest";
import { adjusted, loadDataset } from "../../backtest/dataset.ts";
import { runBacktest } from "../../backtest/run-backtest.ts";
import { epochDayOf, sessionDateOf } from "../../src/time.ts";
import fixedWeights from "../../strategies/fixed-weights.ts";
import { deploymentOf, worldSettings } from "../support/made-up-market.ts";
import { SHARED_DATA, sharedDataIsAbsent } from "../support/shared-data.ts";

const FROM = "1998-01-02";
const TO = "2021-03-31";
const YEARS = (epochDayOf(sessionDateOf(TO)) - epochDayOf(sessionDateOf(FROM))) / 365.25;

async function grownBy(symbol: string, prices: "raw" | "adjusted"): Promise<{ growth: number; buyAndHold: number }> {
  const range = { from: sessionDateOf(FROM), to: sessionDateOf(TO) };
  const printed = await loadDataset(SHARED_DATA, { symbols: [symbol], lookbackSessions: 1, ...range });
  const total = adjusted(printed);
  const strategy = fixedWeights.configure({ weights: { [symbol]: 1 }, band: 0 });
  const dataset = prices === "raw" ? printed : total;
  const { equity } = await runBacktest({ ...worldSettings(dataset, deploymentOf(strategy, [symbol]), FROM), to: range.to });
  const { bars } = total.series.get(symbol as never)!;
  if (bars.kind !== "ohlcv") throw new Error("the data have opens");
  // The first run sees the first bar on the second session, and buys at its open.
  return { growth: equity.at(-1)! / 100_000, buyAndHold: bars.close.at(-1)! / bars.open[1]! };
}

const basisPointsAYear = (a: number, b: number): number => 10_000 * ((a / b) ** (1 / YEARS) - 1);

describe.skipIf(sharedDataIsAbsent)("holding one share only, rebalanced every session without fees", () => {
  test.each(["SPY", "AAPL", "IBM", "BAC"])("%s ends within two basis points a year of itself under raw and adjusted prices", async (symbol) => {
    const raw = await grownBy(symbol, "raw");
    const total = await grownBy(symbol, "adjusted");
    expect(Math.abs(basisPointsAYear(raw.growth, total.growth))).toBeLessThan(2);
  });

  test.each(["SPY", "AAPL"])("%s under adjusted prices is buy and hold of the adjusted series", async (symbol) => {
    const { growth, buyAndHold } = await grownBy(symbol, "adjusted");
    expect(Math.abs(basisPointsAYear(growth, buyAndHold))).toBeLessThan(0.01);
  });
});
