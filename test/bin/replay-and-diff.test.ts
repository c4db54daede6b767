import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ballast, type Ran } from "../support/command-line.ts";

const folder = mkdtempSync(join(tmpdir(), "ballast-replay-"));
afterAll(() => rmSync(folder, { recursive: true }));

const RANGE = ["--from", "2015-01-01", "--to", "2015-04-30"];
const RUN = "simulated/momentum/2015-04-01T13:35:00.000Z";
const at = (file: string): string => join(folder, file);

function ran(...args: readonly string[]): Ran {
  return ballast(args, { cwd: folder });
}

beforeAll(() => {
  for (const args of [
    ["paper", "momentum", "--replay", ...RANGE, "--state", at("paper.sqlite")],
    ["backtest", "momentum", ...RANGE, "--record", at("backtest.sqlite"), "--out", at("report")],
    ["backtest", "momentum", ...RANGE, "--record", at("wider.sqlite"), "--execution", "marketable-limit", "--collar-bps", "25"],
    ["backtest", "momentum", ...RANGE, "--record", at("narrow.sqlite"), "--execution", "marketable-limit", "--collar-bps", "50"],
  ]) {
    expect(ran(...args)).toMatchObject({ code: 0 });
  }
}, 120_000);

describe("ballast replay", () => {
  test.each([["paper.sqlite"], ["backtest.sqlite"]])("decides the last run of %s once more, identically", (file) => {
    const { code, out, err } = ran("replay", "last", "--state", file);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(new RegExp(`^${RUN}: identical, \\d+ events, head [0-9a-f]{64}\\n$`));
  });

  test("says to programs how it was decided, and by which code", () => {
    const result = JSON.parse(ran("replay", `paper.sqlite#2015-03-02T14:35:00.000Z`, "--json").out) as Record<string, unknown> & { code: Record<"then" | "here", unknown> };
    expect(result).toMatchObject({ run: "simulated/momentum/2015-03-02T14:35:00.000Z", kind: "identical", stated: [] });
    expect(result.code.then).toEqual(result.code.here);
    expect(result.code.here).toEqual({ ballast: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string, sources: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  });

  test("shows what fewer holdings would have meant, and stops where the account would have been another", () => {
    const { code, out } = ran("replay", "last", "--state", "paper.sqlite", "--param", "top=2");
    expect(code).toBe(0);
    expect(out).toMatch(/^simulated\/momentum\/2015-04-01T13:35:00\.000Z, decided otherwise \(then \/ otherwise\):\ntargets\n/);
    expect(out).toMatch(/ {2}\* \w+ {2}20 % \/ 50 %/);
    expect(out).toMatch(/ {2}\* \w+ {2}20 % \/ none/);
    expect(out).toContain("It stops here: other sells would have been placed: what the account would have held after them was not recorded, so the buys are not decided.");
  });

  test("cannot answer for more bars than were told", () => {
    const { code, out } = ran("replay", "last", "--state", "paper.sqlite", "--param", "days=300");
    expect(code).toBe(0);
    expect(out).toContain("It stops here: the record has 253 bars of each symbol, and 322 would have been asked for, of 20 symbols.");
  });

  test("of a journal without a record says that it cannot be replayed", () => {
    expect(ran("replay", `report/journal.jsonl#${RUN}`)).toMatchObject({ code: 3, out: expect.stringMatching(/^simulated\/momentum\/2015-04-01T13:35:00\.000Z: cannot be replayed, inputs of events 0 to \d+ are missing\n {2}the run was not recorded\n$/) as string });
  });

  test("of a strategy file needs the file, and names a change in it", () => {
    const file = at("half.ts");
    const source = (weight: number): string => `import { defineStrategy, z } from "ballast";
export default defineStrategy({ name: "half", description: "", params: z.object({}), schedule: "first session of month at open+5m", lookback: 1, signal: (view) => [{ symbol: view.symbols[0]!, weight: ${weight}, reason: "always" }] });
`;
    writeFileSync(file, source(0.5));
    expect(ran("paper", file, "--symbols", "KO", "--replay", ...RANGE, "--state", "half.sqlite")).toMatchObject({ code: 0 });
    expect(ran("replay", "last", "--state", "half.sqlite")).toMatchObject({ code: 2, err: "ballast: the run's strategy half is not in strategies/: give its file with --strategy\n" });
    expect(ran("replay", "last", "--state", "half.sqlite", "--strategy", file)).toMatchObject({ code: 0 });
    writeFileSync(file, source(0.6));
    const { code, out } = ran("replay", "last", "--state", "half.sqlite", "--strategy", file);
    expect(code).toBe(1);
    expect(out).toMatch(/differs at event 2 \(targets-set\), targets\[0\]\.weight\n {2}journal {2}0\.5\n {2}now {6}0\.6\n/);
    expect(out).toMatch(/decided then by Ballast .*, strategy file [0-9a-f]{12}\), now by Ballast .*, strategy file [0-9a-f]{12}\)\n$/);
  });

  test.each([
    [["replay", "last", "--state", "absent.sqlite"], "ballast: there is no state file absent.sqlite: ballast paper and ballast run make it; --state names another\n"],
    [["replay", "nothing", "--state", "paper.sqlite"], "ballast: paper.sqlite holds no run nothing; it has 4, from simulated/momentum/2015-01-02T14:35:00.000Z to simulated/momentum/2015-04-01T13:35:00.000Z\n"],
    [["replay", "last", "--state", "paper.sqlite", "--param", "top=none"], "ballast: momentum cannot take these parameters (it has top, days, skip):\n  top: Invalid input: expected number, received string\n"],
  ])("%j is refused with one line", (args, err) => {
    expect(ran(...args)).toEqual({ code: 2, out: "", err });
  });
});

describe("ballast diff", () => {
  test.each([["backtest.sqlite#last"], [`report/journal.jsonl#last`]])("finds a paper run the same as %s", (other) => {
    const { code, out, err } = ran("diff", "paper.sqlite#last", other);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^the same, \d+ events, head [0-9a-f]{64}\n$/);
  });

  test("names the setting by which two runs part", () => {
    const first = "2015-01-02T14:35:00.000Z";
    expect(ran("diff", `wider.sqlite#${first}`, `narrow.sqlite#${first}`)).toMatchObject({
      code: 1,
      out: [
        `left   simulated/momentum/${first}`,
        `right  simulated/momentum/${first}`,
        "They part at event 0 (run-opened), settings.limits.collarBps",
        "  left   25",
        "  right  50",
        "First input that differs: config limits.collarBps 25 / 50",
        "",
      ].join("\n"),
    });
    const decisions = JSON.parse(ran("diff", `wider.sqlite#${first}`, `narrow.sqlite#${first}`, "--decisions", "--json").out) as unknown;
    expect(decisions).toMatchObject({ kind: "different", types: ["orders-planned", "orders-planned"], difference: { path: "orders[0].quantity" }, inputs: [{ input: "config limits.collarBps", left: "25", right: "50" }], unrecorded: [] });
  });

  test("without records says what could be compared", () => {
    const { code, out } = ran("diff", "report/journal.jsonl#2015-02-02T14:35:00.000Z", "report/journal.jsonl#last");
    expect(code).toBe(1);
    expect(out).toContain("There is no record of left and right: only settings and fingerprints could be compared.");
  });
});

test("a backtest does not record into a file that is there", () => {
  const before = readFileSync(at("backtest.sqlite"));
  expect(ran("backtest", "momentum", ...RANGE, "--record", "backtest.sqlite")).toMatchObject({ code: 2, err: "ballast: --record backtest.sqlite is there already; give a new file\n" });
  expect(readFileSync(at("backtest.sqlite")).equals(before)).toBe(true);
});
