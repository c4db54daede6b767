import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { FillProfileName } from "../../src/simulator/fill-profiles.ts";
import { ballast, ROOT, type Ran } from "../support/command-line.ts";
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
  readonly profile?: FillProfileName;
  readonly seed?: number;
}

interface Parity {
  readonly same: boolean;
  readonly orders: number;
  readonly hashes: Readonly<Record<"backtest" | "paper" | "freshProcesses", string>>;
}

function parityOf({ strategy, data, from, to, symbols, param = [], schedule, profile, seed }: Omit<Case, "name">): Ran & { readonly parity: Parity } {
  const args = ["parity", strategy, "--data", data, "--from", from, "--to", to, "--json"];
  if (symbols) args.push("--symbols", symbols.join(","));
  if (profile !== undefined) args.push("--profile", profile, "--seed", String(seed));
  if (schedule !== undefined) args.push("--schedule", schedule);
  const ran = ballast([...args, ...param.flatMap((one) => ["--param", one])]);
  return { ...ran, parity: JSON.parse(ran.out) as Parity };
}

const sample: readonly Case[] = [
  { name: "a monthly rotation on closes", strategy: "momentum", data: `${ROOT}/backtest/data`, from: "2015-01-01", to: "2015-06-30" },
  { name: "an after-close schedule on closes", strategy: "trend", data: `${ROOT}/backtest/data`, from: "2015-03-02", to: "2015-03-06", symbols: ["KO", "XOM"], param: ["days=20"], schedule: "every session at close+10m" },
  { name: "parts by chance on closes", strategy: "momentum", data: `${ROOT}/backtest/data`, from: "2015-01-01", to: "2015-04-30", profile: "alpaca-paper", seed: 7 },
];

const real: readonly Case[] = [
  { name: "daily weights through Apple's split", strategy: "fixed-weights", data: SHARED_DATA, from: "2014-06-04", to: "2014-06-12", symbols: ["AAPL", "SPY"], param: ["band=0"] },
  { name: "orders in the afternoon, over dividends", strategy: "inverse-volatility", data: SHARED_DATA, from: "2014-03-17", to: "2014-03-24", symbols: ["IBM", "SPY"], param: ["days=10"], schedule: "every session at close-15m" },
  { name: "a spread that settles and an impact, through Apple's split", strategy: "fixed-weights", data: SHARED_DATA, from: "2014-06-05", to: "2014-06-11", symbols: ["AAPL", "SPY"], param: ["band=0"], profile: "realistic", seed: 0 },
];

function provesParity(one: Case): void {
  test(
    one.name,
    () => {
      const { code, err, parity } = parityOf(one);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(parity.same).toBe(true);
      expect(parity.orders).toBeGreaterThan(1);
      expect(parity.hashes.backtest).toMatch(/^[0-9a-f]{64}$/);
      expect(parity.hashes).toEqual({ backtest: parity.hashes.backtest, paper: parity.hashes.backtest, freshProcesses: parity.hashes.backtest });
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

test(
  "a strategy that remembers in a variable is told from one that does not: its first other decision, and that nothing it was told differs",
  () => {
    const file = join(folder, "sly.ts");
    writeFileSync(
      file,
      `import { defineStrategy, z } from "ballast";
let calls = 0;
export default defineStrategy({
  name: "sly",
  description: "remembers in a variable",
  params: z.object({}),
  schedule: "every session at close+10m",
  lookback: 1,
  signal: (view) => [{ symbol: view.symbols[calls++ % 2]!, weight: 0.5, reason: "turn" }],
});
`,
    );
    const args = ["parity", file, "--symbols", "KO,XOM", "--from", "2015-03-02", "--to", "2015-03-04"];
    const { code, out } = ballast(args);
    expect(code).toBe(1);
    expect(out.split("\n").slice(4)).toEqual([
      "left   simulated/sly/2015-03-02T21:10:00.000Z (backtest)",
      "right  simulated/sly/2015-03-02T21:10:00.000Z (paper, one process)",
      "They part at event 2 (targets-set), targets[0].symbol",
      "  left   KO",
      "  right  XOM",
      "No recorded input and no code differs: what was decided depends on something that is not told, such as a variable, a clock or chance.",
      "",
    ]);
  },
  120_000,
);
