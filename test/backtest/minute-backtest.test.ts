import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadMinuteSeries } from "../../backtest/minute-series.ts";
import { runBacktest } from "../../backtest/run-backtest.ts";
import type { ReplayRecord } from "../../backtest/result.ts";
import { sessionDateOf } from "../../src/time.ts";
import { ballast } from "../support/command-line.ts";
import { deploymentOf, holding, worldSettings, type settingsOf } from "../support/made-up-market.ts";
import { wanderingMinutes, writeMinutes } from "../support/made-up-minutes.ts";
import { SHARED_DATA, sharedDataIsAbsent } from "../support/shared-data.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ballast-minutes-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** With 1,000 USD, without fees or a spread. */
async function played(schedule: string, to: string, overrides: Parameters<typeof settingsOf>[0] = {}): Promise<ReplayRecord> {
  const range = { from: sessionDateOf("2026-11-23"), to: sessionDateOf(to), lookbackSessions: 1 };
  const { series, dataset } = (await loadMinuteSeries(folder, range))!;
  const settings = worldSettings(dataset, deploymentOf(holding({ AAA: 1 }, schedule), ["AAA"], overrides), "2026-11-23", 1_000);
  return runBacktest({ ...settings, minutes: series, to: range.to });
}

const fillsOf = ({ runs }: ReplayRecord): string[] => runs.flat().flatMap((event) => ("fills" in event ? event.fills.map(({ quantity, price }) => `${quantity / 1e9}@${price / 1e6}`) : []));

test("an order meets the minute in which it is placed, and the account is marked at the session's last minute", async () => {
  writeMinutes(folder, "AAA", "2026-11-23", ["08:00,90,90,90,90,1000", "09:30,100,101,99,100,100000", "10:30,104,105,103,104.5,100000", "15:59,108,110,108,110,100000", "16:00,50,50,50,50,1000"]);
  const first = await played("every session at 10:30", "2026-11-23");
  expect(fillsOf(first)).toEqual(["9.615384615@104"]);
  expect(first.equity).toEqual([1_057.692308]);
  expect(first.runs.map((events) => events.at(-1)!.type)).toEqual(["run-closed"]);
  expect(await played("every session at 10:30", "2026-11-23")).toEqual(first);
});

test("a style has the day's minutes to trade in", async () => {
  writeMinutes(folder, "AAA", "2026-11-23", wanderingMinutes(100));
  const twap = { style: "twap", minutes: 30, slices: 3, capBps: 10, participationMax: 1 } as const;
  const { runs } = await played("every session at 10:30", "2026-11-23", { executionStyle: twap });
  const filledAt = runs.flat().flatMap((event) => (event.type === "order-ended" && event.fills.length > 0 ? [new Date(event.fills[0]!.at).toISOString().slice(11, 16)] : []));
  expect(filledAt).toEqual(["15:30", "15:40", "15:50"]);
});

test("dividends are owed from the ex-date and paid on their day, and a split multiplies what is held", async () => {
  writeMinutes(folder, "AAA", "2026-11-23", ["09:30,100,100,100,100,100000", "15:59,100,100,100,100,100000"]);
  writeMinutes(folder, "AAA", "2026-11-24", ["09:30,99,99,99,99,100000", "15:59,99,99,99,99,100000"]);
  writeMinutes(folder, "AAA", "2026-11-25", ["09:30,49.5,49.5,49.5,49.5,100000", "15:59,49.5,49.5,49.5,49.5,100000"]);
  writeFileSync(join(folder, "corporate_actions.csv"), "symbol,ex_date,type,value,prev_close,pay_date\nAAA,2026-11-24,dividend,1,100,2026-11-25\nAAA,2026-11-25,split,2,99,\n");
  // Ten shares are bought on Monday.
  const { equity, cash } = await played("first session of week at open+5m", "2026-11-25");
  expect([equity, cash]).toEqual([[1_000, 1_000, 1_000], [0, 0, 10]]);
});

test("the command line plays minutes, says so, and names what it lacks", () => {
  for (const date of ["2026-11-23", "2026-11-24"]) writeMinutes(folder, "AAA", date, wanderingMinutes(100));
  const run = (...args: string[]) => ballast(["backtest", "fixed-weights", "--data", folder, "--bars", "minute", "--param", "weights.AAA=1", "--schedule", "every session at 10:30", ...args]);
  const range = ["--from", "2026-11-23", "--to", "2026-11-24"];
  const summary = JSON.parse(run(...range, "--json").out) as { readonly settings: object; readonly fills: number; readonly journalHash: string };
  expect(summary).toMatchObject({ fills: 1, settings: { bars: "minute" } });
  expect(JSON.parse(run(...range, "--json").out)).toMatchObject({ journalHash: summary.journalHash });
  expect(run("--from", "2026-11-23")).toMatchObject({ code: 2, err: "ballast: --bars minute needs --from and --to: the days that are played\n" });
  expect(run(...range, "--prices", "adjusted")).toMatchObject({ code: 2, err: "ballast: --bars minute plays prices as they were printed: leave out --prices adjusted\n" });
  expect(run("--from", "2026-11-25", "--to", "2026-11-25")).toMatchObject({ code: 2, err: `ballast: ${folder} has no minute bars from 2026-11-25 to 2026-11-25: they are expected as minute/SYMBOL/YYYYMMDD_trade.csv\n` });
});

test.skipIf(sharedDataIsAbsent)("a real week is marked at its daily closes, through a split of seven to one", () => {
  const out = join(folder, "report");
  mkdirSync(out);
  const { code } = ballast(["backtest", "fixed-weights", "--data", SHARED_DATA, "--bars", "minute", "--from", "2014-06-05", "--to", "2014-06-09", "--symbols", "AAPL", "--param", "weights.AAPL=1", "--schedule", "every session at 10:30", "--out", out]);
  expect([code, existsSync(join(out, "report.html"))]).toEqual([0, true]);
  const bought = Number(readFileSync(join(out, "fills.csv"), "utf8").split("\n")[1]!.split(",")[5]);
  const equity = readFileSync(join(out, "equity.csv"), "utf8").trim().split("\n").slice(1).map((line) => Number(line.split(",")[1]));
  const closes = readFileSync(join(SHARED_DATA, "daily", "AAPL.csv"), "utf8").split("\n").filter((line) => /^2014-06-0[569]/.test(line)).map((line) => Number(line.split(",")[4]));
  expect(equity.map((usd, day) => (usd / bought / (day === 2 ? 7 : 1)).toFixed(2))).toEqual(closes.map((close) => close.toFixed(2)));
});
