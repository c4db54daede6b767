import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ballast } from "../support/command-line.ts";

const folder = mkdtempSync(join(tmpdir(), "ballast-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

const GOOD = `
accounts:
  main: { venue: alpaca-live, secret: ballast/main, feed: sip }
strategies:
  - strategy: trend
    account: main
    symbols: [SPY, IEF]
    schedule: last session of month at close-15m
    allocation: 0.25
    limits: { positionWeightMax: 0.5, orderNotionalMax: 20000, collarBps: 40, quoteAgeMaxMs: 15000 }
`;

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe("ballast check", () => {
  test("prints what a configuration means, and that money is real", () => {
    const { code, out } = ballast(["check", fileOf("good.yaml", GOOD)]);
    expect(code).toBe(0);
    expect(out).toContain("Account main: REAL MONEY (alpaca-live), market data from sip, keys in the secret ballast/main\n");
    expect(out).toContain("  schedule    last session of month at close-15m\n");
    expect(out).toMatch(/ {2}next runs {3}\d{4}-\d\d-\d\d 1[25]:45, \d{4}-\d\d-\d\d 1[25]:45, \d{4}-\d\d-\d\d 1[25]:45 \(New York\)\n/);
    expect(out).toContain("  symbols     2: IEF SPY\n");
    expect(out).toContain("  a position  at most 50 %, all together 100 %, at least 0 % in cash\n");
    expect(out).toContain("  an order    1 to 20000 USD, at most 40 bps from a quote of the last 15 s\n");
  });

  test("prints the same as JSON, in the units of the file", () => {
    const { out } = ballast(["check", fileOf("good.yaml", GOOD), "--json"]);
    expect(JSON.parse(out)).toMatchObject({
      accounts: [{ name: "main", venue: "alpaca-live", secret: "ballast/main", feed: "sip" }],
      strategies: [{ account: "main", strategy: "trend", params: { days: 200 }, symbols: ["IEF", "SPY"], schedule: "last session of month at close-15m", allocation: 0.25, limits: { positionWeightMax: 0.5, orderNotionalMax: 20_000, collarBps: 40 } }],
    });
  });

  test("reads the deployed ballast.yaml when no file is named", () => {
    const { code, out } = ballast(["check"]);
    expect(code).toBe(0);
    expect(out).toContain("Account paper: alpaca-paper");
  });

  test.each([
    ["a misspelt limit", "collarBps", "colarBps", 'strategies[0].limits: Unrecognized key: "colarBps"'],
    ["a cap above 100 %", "positionWeightMax: 0.5", "positionWeightMax: 5", "strategies[0].limits.positionWeightMax: Too big: expected number to be <=1"],
    ["a schedule that means nothing", "last session of month at close-15m", "monthly", 'strategies[0].schedule: schedule "monthly" is not understood'],
    ["a strategy that does not exist", "strategy: trend", "strategy: trent", "strategies[0].strategy: no strategy is named trent"],
  ])("%s is named by its path, with exit code 2", (_, before, after, message) => {
    const { code, out, err } = ballast(["check", fileOf("bad.yaml", GOOD.replace(before, after))]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err).not.toContain("    at ");
  });
});
