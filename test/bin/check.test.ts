import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ballast } from "../support/command-line.ts";

const folder = mkdtempSync(join(tmpdir(), "ballast-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

const GOOD = `
accounts:
  main: { venue: alpaca-live, secret: ballast/main, feed: sip, dataRequestsPerMinute: 9000 }
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
    expect(out).toContain("Account main: REAL MONEY (alpaca-live), market data from sip, keys in the secret ballast/main\n  requests    at most 180 a minute, and 9000 for market data\n");
    expect(out).toContain("  schedule    last session of month at close-15m\n");
    expect(out).toMatch(/ {2}next runs {3}\d{4}-\d\d-\d\d 1[25]:45, \d{4}-\d\d-\d\d 1[25]:45, \d{4}-\d\d-\d\d 1[25]:45 \(New York\)\n/);
    expect(out).toContain("  symbols     2: IEF SPY\n");
    expect(out).toContain("  a position  at most 50 %, all together 100 %, at least 0 % in cash\n");
    expect(out).toContain("  an order    1 to 20000 USD, at most 40 bps from a quote of the last 15 s\n");
  });

  test("prints the same as JSON, in the units of the file", () => {
    const { out } = ballast(["check", fileOf("good.yaml", GOOD), "--json"]);
    expect(JSON.parse(out)).toMatchObject({
      accounts: [{ name: "main", venue: "alpaca-live", secret: "ballast/main", feed: "sip", requestsPerMinute: 180, dataRequestsPerMinute: 9_000 }],
      strategies: [{ account: "main", strategy: "trend", params: { days: 200 }, symbols: ["IEF", "SPY"], schedule: "last session of month at close-15m", allocation: 0.25, limits: { positionWeightMax: 0.5, orderNotionalMax: 20_000, collarBps: 40 } }],
    });
  });

  test("prints the limits that are on, and those that a deployment has unless it says otherwise", () => {
    const text = GOOD.replace("collarBps: 40", "groups: { bonds: { symbols: [IEF], weightMax: 0.3 } }, positionNotionalMax: 5000, correlation: { averageMax: 0.8 }, barAgeSessionsMax: 3");
    const file = fileOf("limits.yaml", text);
    const { out } = ballast(["check", file]);
    expect(out).toContain("  a run       at most 200 orders, bought and sold together at most 200 %\n");
    expect(out).toContain("  group       bonds: at most 30 % in IEF\n");
    expect(out).toContain("  in USD      a position at most 5000\n");
    expect(out).toContain("  the market  an order at most 5 % of a day's volume, a bar at most 3 sessions old, a quote at most 40 % from the last close\n");
    expect(out).toContain("  together    on average at most 0.8, over 60 returns\n");
    expect(JSON.parse(ballast(["check", file, "--json"]).out)).toMatchObject({
      strategies: [{ limits: { groups: { bonds: { symbols: ["IEF"], weightMax: 0.3 } }, positionNotionalMax: 5_000, correlation: { lookback: 60, averageMax: 0.8 }, volumeShareMax: 0.05, turnoverPerRunMax: 2, barAgeSessionsMax: 3, priceMoveMax: 0.4 } }],
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
    ["a share of the volume above 100 %", "collarBps: 40", "volumeShareMax: 1.01", "strategies[0].limits.volumeShareMax: Too big: expected number to be <=1"],
    ["a turnover beyond everything sold and bought anew", "collarBps: 40", "turnoverPerRunMax: 2.1", "strategies[0].limits.turnoverPerRunMax: Too big: expected number to be <=2"],
    ["a negative move", "collarBps: 40", "priceMoveMax: -0.1", "strategies[0].limits.priceMoveMax: Too small: expected number to be >=0"],
    ["half a session", "collarBps: 40", "barAgeSessionsMax: 0.5", "strategies[0].limits.barAgeSessionsMax: Invalid input: expected int"],
    ["a negative position", "collarBps: 40", "positionNotionalMax: -1", "strategies[0].limits.positionNotionalMax: Too small: expected number to be >=0"],
    ["a group's cap above 100 %", "collarBps: 40", "groups: { bonds: { symbols: [IEF], weightMax: 3 } }", "strategies[0].limits.groups.bonds.weightMax: Too big: expected number to be <=1"],
    ["a misspelt key of a group", "collarBps: 40", "groups: { bonds: { symbols: [IEF], weigthMax: 0.3 } }", 'strategies[0].limits.groups.bonds: Unrecognized key: "weigthMax"'],
    ["a group's symbol that the strategy does not trade", "collarBps: 40", "groups: { bonds: { symbols: [IEF, TLT], weightMax: 0.3 } }", "strategies[0].limits.groups.bonds.symbols: TLT is not among the symbols of trend"],
    ["a correlation limit without a number", "collarBps: 40", "correlation: { lookback: 60 }", "strategies[0].limits.correlation: needs averageMax, eigenvalueShareMax or both"],
    ["a correlation over too few returns", "collarBps: 40", "correlation: { lookback: 10, averageMax: 0.8 }", "strategies[0].limits.correlation.lookback: Too small: expected number to be >=20"],
    ["a schedule that means nothing", "last session of month at close-15m", "monthly", 'strategies[0].schedule: schedule "monthly" is not understood'],
    ["a strategy that does not exist", "strategy: trend", "strategy: trent", "strategies[0].strategy: no strategy is named trent"],
  ])("%s is named by its path, with exit code 2", (_, before, after, message) => {
    const { code, out, err } = ballast(["check", fileOf("bad.yaml", GOOD.replace(before, after))]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err).not.toContain("    at ");
  });
});
