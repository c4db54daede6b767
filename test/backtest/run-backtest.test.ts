import { expect, test } from "vitest";
import { runBacktest } from "../../backtest/run-backtest.ts";
import { moneyOf } from "../../src/money.ts";
import { epochDayOf, sessionDateOf } from "../../src/time.ts";
import { barsOf, datasetOf, deploymentOf, holding, worldSettings } from "../support/made-up-market.ts";

// Monday, Tuesday, Wednesday; Thursday is Thanksgiving
const DATA = datasetOf({
  AAA: barsOf("2026-11-23", [
    [100, 112, 99, 110],
    [120, 121, 117, 118],
    [118, 119, 117, 118],
  ]),
  BBB: barsOf("2026-11-23", [
    [50, 50, 50, 50],
    [50, 50, 50, 50],
    [50, 50, 50, 50],
  ]),
});

test("an account is marked at each close, after the trades of the day", async () => {
  const progress: number[] = [];
  const settings = worldSettings(DATA, deploymentOf(holding({ AAA: 0.5 }), ["AAA", "BBB"], { fees: "ib" }), "2026-11-23", 1_000);
  const { days, equity, cash, weights, runs, feesPaid } = await runBacktest({ ...settings, to: sessionDateOf("2026-11-24"), onProgress: (fraction) => progress.push(fraction) });
  expect(days).toEqual(["2026-11-23", "2026-11-24"].map((date) => epochDayOf(sessionDateOf(date))));
  // Monday: 5 shares at 100 for a dollar's commission, worth 110 at the close. Tuesday at the open 600 of 1,099 are held;
  // the surplus of 50.50 is sold for 0.2525, and 4.579166666 shares are worth 118 at the close
  expect(cash).toEqual([499, 549.2475]);
  expect(equity).toEqual([1_049, 1_089.589167]);
  expect(weights.map((row) => row.map((weight) => weight.toFixed(6)))).toEqual([
    ["0.524309", "0.000000"],
    ["0.495913", "0.000000"],
  ]);
  expect(feesPaid).toBe(moneyOf("1.2525"));
  expect(runs.map((events) => events.at(-1)!.type)).toEqual(["run-closed", "run-closed"]);
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  expect(progress.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
});

test("sessions after the last run are marked too, and a range without a session is nothing", async () => {
  const settings = worldSettings(DATA, deploymentOf(holding({ AAA: 0.5 }, "first session of month at open+5m"), ["AAA"]), "2026-11-23", 1_000);
  const { equity, runs } = await runBacktest({ ...settings, to: sessionDateOf("2026-11-25") });
  expect([equity, runs]).toEqual([[1_000, 1_000, 1_000], []]);
  const empty = await runBacktest({ ...worldSettings(DATA, settings.deployment, "2026-11-26", 1_000), to: sessionDateOf("2026-11-26") });
  expect([empty.days, empty.runs]).toEqual([[], []]);
});

test("a run that is due after the last close of the range is opened and left waiting", async () => {
  const settings = worldSettings(DATA, deploymentOf(holding({ AAA: 0.5 }, "every session at close+10m"), ["AAA"]), "2026-11-23", 1_000);
  const { runs, equity } = await runBacktest({ ...settings, to: sessionDateOf("2026-11-23") });
  expect(runs.map((events) => events.at(-1)!.type)).toEqual(["targets-set"]);
  expect(equity).toEqual([1_000]);
});

test("what trading cost is the way from the middle of the quote to the fills", async () => {
  const settings = worldSettings(DATA, deploymentOf(holding({ AAA: 0.5 }), ["AAA", "BBB"]), "2026-11-23", 1_000, 10);
  // Five shares at 100.10.
  const { costs } = await runBacktest({ ...settings, to: sessionDateOf("2026-11-23") });
  expect(costs).toEqual({ spread: moneyOf("0.5"), impact: moneyOf("0") });
});
