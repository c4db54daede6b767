import { describe, expect, test } from "vitest";
import { loadDataset } from "../../backtest/dataset.ts";
import { resultOf } from "../../backtest/result.ts";
import { runBacktest } from "../../backtest/run-backtest.ts";
import { moneyOf } from "../../src/money.ts";
import { sessionDateOf } from "../../src/time.ts";
import { strategies } from "../../strategies/index.ts";
import { deploymentOf, worldSettings } from "../support/made-up-market.ts";
import { SHARED_DATA, sharedDataIsAbsent } from "../support/shared-data.ts";

const SYMBOLS = ["AAPL", "AIG", "BAC", "IBM", "SPY"];
const range = { from: sessionDateOf("2005-01-03"), to: sessionDateOf("2010-12-31") };

describe.skipIf(sharedDataIsAbsent)("on raw prices of 2005 to 2010, through splits, dividends and the fall of AIG", () => {
  test.each(strategies.map((strategy) => [strategy.name, strategy] as const))("%s ends every run in success and never owes cash", async (_name, strategy) => {
    const configured = strategy.configure({});
    const dataset = await loadDataset(SHARED_DATA, { symbols: SYMBOLS, lookbackSessions: configured.lookback, ...range });
    const settings = worldSettings(dataset, deploymentOf(configured, SYMBOLS, { fees: "alpaca" }), range.from, 100_000, 1);
    const record = await runBacktest({ ...settings, to: range.to });
    const asked = { strategy: strategy.name, params: {}, symbols: dataset.symbols, ...range, startEquity: moneyOf("100000"), profile: "constant" as const, seed: 0, settings: {}, seconds: 1 };
    const { outcomes, orders, fills, refusals } = resultOf(record, asked, dataset);
    expect(Object.keys(outcomes).sort()).toEqual(expect.arrayContaining(["completed"]));
    expect(Object.keys(outcomes).filter((outcome) => outcome !== "completed" && outcome !== "unchanged")).toEqual([]);
    expect(refusals).toEqual({});
    expect(fills.length).toBe(orders.length);
    expect(orders.length).toBeGreaterThan(5);
    expect(Math.min(...record.cash)).toBeGreaterThanOrEqual(-0.05); // fees of the last buy of a day, rounded up to the cent
    expect(record.equity.at(-1)).toBeGreaterThan(30_000);
  });
});
