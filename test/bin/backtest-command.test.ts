import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sessionsBetween } from "../../src/rules/calendar.ts";
import { epochDayOf, sessionDateOf } from "../../src/time.ts";
import { ballast } from "../support/command-line.ts";

const folder = mkdtempSync(join(tmpdir(), "ballast-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

const DATES = sessionsBetween(epochDayOf(sessionDateOf("2018-01-02")), epochDayOf(sessionDateOf("2019-12-31"))).map(({ date }) => date);

/** Two years of bars around 100, with one line changed. */
function dataWith(name: string, change: (lines: string[]) => string[], header = "date,open,high,low,close,volume"): string {
  const directory = join(folder, name);
  mkdirSync(directory, { recursive: true });
  const lines = DATES.map((date, i) => `${date},100,${102 + (i % 3)},98,${100 + (i % 2)},1000000`);
  writeFileSync(join(directory, "ACME.csv"), `${[header, ...change(lines)].join("\n")}\n`);
  return directory;
}

/** The last bars before the table of tick sizes ends. */
function barsOfLateOctober(): string {
  const directory = join(folder, "october-2027");
  mkdirSync(directory, { recursive: true });
  const rows = ["25", "26", "27", "28", "29"].map((date) => `2027-10-${date},100,102,98,101,1000000`);
  writeFileSync(join(directory, "ACME.csv"), ["date,open,high,low,close,volume", ...rows, ""].join("\n"));
  return directory;
}

function strategyFile(name: string, body: string): string {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, body);
  return file;
}

const HOLD = `import { defineStrategy, z } from "ballast";
export default defineStrategy({
  name: "hold",
  description: "holds everything",
  params: z.object({ weight: z.number().default(1) }),
  schedule: "first session of month at open+5m",
  lookback: 1,
  signal: (view, { weight }) => view.symbols.map((symbol) => ({ symbol, weight: weight / view.symbols.length, reason: "always" })),
});
`;

describe("ballast backtest", () => {
  test("prints one JSON object with the figures that programs read, the same each time", () => {
    const args = ["backtest", strategyFile("hold", HOLD), "--data", dataWith("good", (lines) => lines), "--json"];
    const { code, out, err } = ballast(args);
    expect(err).toBe("");
    expect(code).toBe(0);
    const { seconds, barsPerSecond, ...summary } = JSON.parse(out) as Record<string, unknown>;
    expect(seconds).toBeGreaterThan(0);
    expect(barsPerSecond).toBeGreaterThan(0);
    expect(summary).toMatchObject({ strategy: "hold", params: { weight: 1 }, from: "2018-01-02", to: "2019-12-31", sessions: 503, startEquity: 100_000, seed: 0 });
    for (const figure of ["endEquity", "totalReturn", "cagr", "volatility", "sharpe", "sortino", "maxDrawdown", "calmar", "orders", "fills", "turnover", "fees"]) {
      expect(summary[figure], figure).toEqual(expect.any(Number));
    }
    expect(summary["dataHash"]).toMatch(/^[0-9a-f]{64}$/);
    expect(summary["journalHash"]).toMatch(/^[0-9a-f]{64}$/);
    const again = JSON.parse(ballast(args, { env: { TZ: "Asia/Tokyo", LANG: "de_DE.UTF-8" } }).out) as Record<string, unknown>;
    expect(again).toMatchObject(summary);
    const hashes = ["--seed=1", "--param=weight=0.5", "--cash=50000"].map((flag) => (JSON.parse(ballast([...args, flag]).out) as { journalHash: string }).journalHash);
    expect(new Set([summary["journalHash"], ...hashes]).size).toBe(4);
  });

  test("says which profile filled the orders and what that cost, and paper writes the same journal under it", () => {
    const args = [strategyFile("hold-5", HOLD), "--data", dataWith("profiles", (lines) => lines), "--from", "2019-10-01", "--to", "2019-12-31"];
    const hashes = (["constant", "realistic", "alpaca-paper", "peer"] as const).map((profile) => {
      const summary = JSON.parse(ballast(["backtest", ...args, "--profile", profile, "--json"]).out) as Record<string, number | string> & { settings: Record<string, unknown> };
      expect(summary).toMatchObject({ profile, tradingCost: expect.any(Number) as number });
      expect(summary["tradingCost"]).toBeCloseTo(Number(summary["spreadCost"]) + Number(summary["impactCost"]) + Number(summary["fees"]), 9);
      expect([Number(summary["spreadCost"]) > 0, Number(summary["impactCost"]) > 0], profile).toEqual([profile !== "peer", profile === "realistic"]);
      expect("slippageBps" in summary.settings).toBe(profile === "constant");
      const paper = JSON.parse(ballast(["paper", ...args, "--profile", profile, "--replay", "--state", join(folder, `${profile}.sqlite`), "--json"]).out) as Record<string, unknown>;
      expect(paper).toMatchObject({ profile, journalHash: summary["journalHash"] });
      return summary["journalHash"];
    });
    expect(new Set(hashes).size).toBe(4);
    const shown = ballast(["backtest", ...args, "--profile", "realistic"]).out.replaceAll(/\s+/g, " ");
    expect(shown).toMatch(/Profile realistic, trading cost [\d.,]+ USD \([\d.]+ bp of value\), spread [\d.]+, impact [\d.]+, fees [\d.]+/);
  });

  test.each([
    // The last close is 100; a symbol of 100 million dollars a day is quoted 6 basis points away at the open.
    ["constant", "100.01"],
    ["realistic", "100.06"],
    ["alpaca-paper", "100.06"],
    ["peer", "100"],
  ])("a plan under %s expects to buy at %s", (profile, price) => {
    const { orders } = JSON.parse(ballast(["plan", strategyFile("hold-6", HOLD), "--data", dataWith("planned", (lines) => lines), "--profile", profile, "--json"]).out) as { orders: { referencePrice: string }[] };
    expect(orders.map(({ referencePrice }) => referencePrice)).toEqual([price]);
  });

  test("under --profile realistic notes that closes alone do not say what was traded", () => {
    const { notes } = JSON.parse(ballast(["backtest", "momentum", "--from", "2015-01-01", "--to", "2015-03-31", "--profile", "realistic", "--json"]).out) as { notes: string[] };
    expect(notes.at(-1)).toBe("Closes alone do not say what was traded: the profile realistic has a half spread of 2 basis points for them, no limit of volume and no impact.");
  });

  test("notes that caps cut what the strategy asked for, and says nothing of a cut of a quarter of a percent", () => {
    const data = dataWith("levered", (lines) => lines);
    const notesOf = (...more: string[]): string[] => (JSON.parse(ballast(["backtest", strategyFile("hold-8", HOLD), "--data", data, "--json", ...more]).out) as { notes: string[] }).notes;
    const unlevered = notesOf();
    expect(notesOf("--param", "weight=1.5")).toEqual([...unlevered, "In 24 of 24 runs targets were cut to a cap: positionWeightMax in 24. Less was held than the strategy asked for."]);
    expect(notesOf("--profile", "realistic").join()).not.toContain("cut to a cap");
  });

  test("takes symbols in small letters as those in capitals", () => {
    const { out } = ballast(["backtest", strategyFile("hold-7", HOLD), "--data", dataWith("small", (lines) => lines), "--symbols", "acme", "--json"]);
    expect(JSON.parse(out)).toMatchObject({ symbols: ["ACME"], orders: 1 });
  });

  test("writes the orders, the fills, the equity, the journal and a report", () => {
    const out = join(folder, "report");
    const { code, err } = ballast(["backtest", strategyFile("hold-2", HOLD), "--data", dataWith("good-2", (lines) => lines), "--out", out]);
    expect(code).toBe(0);
    expect(err).toContain("report.html");
    expect(readFileSync(join(out, "fills.csv"), "utf8").split("\n")[1]).toContain("ACME");
    expect(readFileSync(join(out, "equity.csv"), "utf8").trim().split("\n")).toHaveLength(504);
    expect(readFileSync(join(out, "journal.jsonl"), "utf8").split("\n")[0]).toMatch(/^\{"type":"run-opened"/);
    expect(readFileSync(join(out, "orders.csv"), "utf8")).toContain("bal-");
    expect(readFileSync(join(out, "report.html"), "utf8")).not.toMatch(/(src|href)="https?:/);
  });

  test("an order decided on a bar fills at the open of the next", () => {
    const out = join(folder, "fills");
    const data = dataWith("opens", (lines) => lines.map((line, i) => line.replace(",100,", `,${100 + (i % 2) / 2},`)));
    ballast(["backtest", strategyFile("hold-3", HOLD), "--data", data, "--out", out, "--slippage-bps", "0", "--fees", "none"]);
    const [header, first] = readFileSync(join(out, "fills.csv"), "utf8").split("\n").map((line) => line.split(","));
    const field = (name: string): string => first![header!.indexOf(name)]!;
    // The run of January 2nd sees no closed bar but may buy; it is the first session of its month.
    expect(field("at")).toBe("2018-01-02T14:35:00.000Z");
    expect(Number(field("price"))).toBe(100);
  });
});

describe("wrong input ends with one clear line and exit code 2, never with a number", () => {
  const hold = strategyFile("hold-4", HOLD);
  const broken: readonly (readonly [string, () => readonly string[], RegExp])[] = [
    ["an unknown strategy", () => ["backtest", "no-such"], /no strategy is named no-such; there are fixed-weights, inverse-volatility, momentum, trend/],
    ["a file that is not there", () => ["backtest", "./no-such.ts"], /there is no strategy file/],
    ["a file without a strategy", () => ["backtest", strategyFile("empty", "export default 1;\n")], /does not export a strategy/],
    ["a file that does not parse", () => ["backtest", strategyFile("typo", "const a = 1;\nexport default {;\n")], /typo\.ts could not be loaded \(line 2\): /],
    ["a strategy that throws", () => ["backtest", strategyFile("throws", HOLD.replace("view.symbols.map", "(null as never as string[]).map")), "--data", dataWith("a", (l) => l)], /hold: signal failed at 20\d\d-\d\d-\d\d: .*throws\.ts, line 8\)\n$/],
    ["a strategy that weighs NaN", () => ["backtest", strategyFile("nan", HOLD.replace("weight / view.symbols.length", "Number.NaN")), "--data", dataWith("b", (l) => l)], /gave ACME the weight NaN/],
    ["an unknown parameter", () => ["backtest", hold, "--data", dataWith("c", (l) => l), "--param", "wieght=1"], /wieght/],
    ["a parameter of the wrong type", () => ["backtest", "trend", "--param", "days=soon"], /days/],
    ["a directory that is not there", () => ["backtest", hold, "--data", join(folder, "nowhere")], /nowhere/],
    ["a missing column", () => ["backtest", hold, "--data", dataWith("d", (l) => l, "date,open,high,low,close,turnover")], /volume/],
    ["a NaN", () => ["backtest", hold, "--data", dataWith("e", (l) => l.with(9, l[9]!.replace(",98,", ",NaN,")))], /ACME\.csv.*11.*NaN/s],
    ["a negative price", () => ["backtest", hold, "--data", dataWith("f", (l) => l.with(9, l[9]!.replace(",98,", ",-98,")))], /ACME\.csv/],
    ["a duplicate date", () => ["backtest", hold, "--data", dataWith("g", (l) => [...l.slice(0, 10), l[9]!, ...l.slice(10)])], /ACME\.csv.*2018-01-16/s],
    ["a hole of a year", () => ["backtest", hold, "--data", dataWith("h", (l) => [...l.slice(0, 60), ...l.slice(310)])], /ACME.*250 sessions/s],
    ["a range without data", () => ["backtest", hold, "--data", dataWith("i", (l) => l), "--from", "2001-01-02", "--to", "2001-12-31"], /2018-01-02/],
    ["dates in the wrong order", () => ["backtest", hold, "--data", dataWith("j", (l) => l), "--from", "2019-01-02", "--to", "2018-12-31"], /--from 2019-01-02 lies after --to 2018-12-31/],
    ["a date that is none", () => ["backtest", hold, "--from", "2019-02-30"], /2019-02-30/],
    ["a symbol that is none", () => ["backtest", hold, "--symbols", "SPY,,IEF"], /"" is no symbol; give them with commas between, like SPY,IEF/],
    ["an unknown option", () => ["backtest", hold, "--slipage-bps", "1"], /unknown option/],
    ["a fee schedule that is none", () => ["backtest", hold, "--fees", "free"], /alpaca, ib, none/],
    ["an option that the configuration decides", () => ["backtest", "momentum", "--config", "ballast.yaml", "--fees", "none", "--param", "top=3"], /--config takes .*--param.*--fees.* from the file/],
    ["a profile that is none", () => ["backtest", hold, "--profile", "optimistic"], /constant, realistic, alpaca-paper, peer/],
    ["an option that the profile decides", () => ["backtest", hold, "--profile", "realistic", "--slippage-bps", "5", "--volume-share-max", "0.1"], /--profile realistic decides --slippage-bps, --volume-share-max itself: leave one of the two out/],
    ["fees that Alpaca's paper trading does not have", () => ["paper", hold, "--profile", "alpaca-paper", "--fees", "ib"], /--profile alpaca-paper decides --fees itself/],
    ["a limit order beyond the table of tick sizes", () => ["plan", hold, "--data", barsOfLateOctober(), "--execution", "marketable-limit"], /^ballast: no tick size is known for 2027-11-01, the table of src\/rules\/tick-sizes\.ts covers 1990-01-01 to 2027-10-31: .* market orders .* extend the table$/m],
    ["an instant that is none", () => ["paper", "momentum", "--replay", "--until", "nonsense", "--state", join(folder, "p.sqlite")], /--until "nonsense" is not an instant/],
    ["no such command", () => ["backtset"], /unknown command/],
  ];

  test("a market order needs no tick size, so the plan of that day goes through", () => {
    const { code, out } = ballast(["plan", hold, "--data", barsOfLateOctober()]);
    expect([code, out.includes("Nothing was traded.")]).toEqual([0, true]);
  });

  test.each(broken)("%s", (_name, args, message) => {
    const { code, out, err } = ballast(args());
    expect(err).toMatch(message);
    expect(err).not.toMatch(/^\s+at /m);
    expect(out).toBe("");
    expect(code).toBe(2);
  });
});
