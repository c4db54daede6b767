import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { journalLines } from "../../backtest/result.ts";
import { runBacktest } from "../../backtest/run-backtest.ts";
import { resolveRun, type RunOptions } from "../../bin/run-options.ts";
import { ballast, ROOT } from "../support/command-line.ts";
import { SHARED_DATA, sharedDataIsAbsent } from "../support/shared-data.ts";

const folder = mkdtempSync(join(tmpdir(), "ballast-parity-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Case {
  readonly name: string;
  readonly strategy: string;
  readonly data: string;
  readonly from: string;
  readonly to: string;
  readonly symbols?: readonly string[];
  readonly param?: readonly string[];
  readonly schedule?: string;
}

const DEFAULTS: Omit<RunOptions, "data"> = {
  param: [],
  cash: 100_000,
  fees: "alpaca",
  slippageBps: 1,
  volumeShareMax: 1,
  prices: "raw",
  shares: "fractional",
  execution: "market",
  collarBps: 100,
  positionWeightMax: 1,
  seed: 0,
  holeMaxSessions: 5,
  suspectedSplits: "fail",
};

/** The journal of a backtest, as the lines of journal.jsonl. */
async function backtested({ strategy, name: _name, ...options }: Case): Promise<string> {
  const run = await resolveRun(strategy, { ...DEFAULTS, ...options });
  const { runs } = await runBacktest({ ...run.world, to: run.to });
  return [...journalLines(runs), ""].join("\n");
}

/** The journal of the same run on paper, by the command line. */
function onPaper({ name, strategy, data, from, to, symbols, param = [], schedule }: Case, mode: readonly string[]): string {
  const state = join(folder, `${name}${mode.join("")}.sqlite`.replaceAll(/[^\w.]/g, "-"));
  const args = ["paper", strategy, "--replay", ...mode, "--data", data, "--from", from, "--to", to, "--state", state];
  if (symbols) args.push("--symbols", symbols.join(","));
  if (schedule !== undefined) args.push("--schedule", schedule);
  const ran = ballast([...args, ...param.flatMap((one) => ["--param", one]), "--journal"]);
  expect(ran.err).toBe("");
  expect(ran.code).toBe(0);
  return ran.out;
}

const sample: readonly Case[] = [
  { name: "a monthly rotation on closes", strategy: "momentum", data: `${ROOT}/backtest/data`, from: "2015-01-01", to: "2015-06-30" },
  { name: "an after-close schedule on closes", strategy: "trend", data: `${ROOT}/backtest/data`, from: "2015-03-02", to: "2015-03-06", symbols: ["KO", "XOM"], param: ["days=20"], schedule: "every session at close+10m" },
];

const real: readonly Case[] = [
  { name: "daily weights through Apple's split", strategy: "fixed-weights", data: SHARED_DATA, from: "2014-06-04", to: "2014-06-12", symbols: ["AAPL", "SPY"], param: ["band=0"] },
  { name: "orders in the afternoon, over dividends", strategy: "inverse-volatility", data: SHARED_DATA, from: "2014-03-17", to: "2014-03-24", symbols: ["IBM", "SPY"], param: ["days=10"], schedule: "every session at close-15m" },
];

function provesParity(one: Case): void {
  test(
    one.name,
    async () => {
      const expected = await backtested(one);
      expect(expected.split("\n").filter((line) => line.startsWith('{"type":"order-ended"')).length).toBeGreaterThan(1);
      expect(onPaper(one, [])).toBe(expected);
      expect(onPaper(one, ["--fresh-process"])).toBe(expected);
    },
    120_000,
  );
}

describe("a backtest, a paper run in one process, and paper runs in a fresh process per instant write the same journal", () => {
  sample.forEach(provesParity);
  describe.skipIf(sharedDataIsAbsent)("on real raw prices", () => {
    real.forEach(provesParity);
  });
});
