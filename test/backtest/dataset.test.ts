import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { adjusted, coverageOf, DataInvalid, loadDataset, type Dataset, type DatasetOptions } from "../../backtest/dataset.ts";
import type { Symbol } from "../../src/trade.ts";
import { sessionsBetween } from "../../src/rules/calendar.ts";
import { epochDayOf, sessionDateOf, type SessionDate } from "../../src/time.ts";

const made: string[] = [];
afterAll(async () => {
  await Promise.all(made.map((directory) => rm(directory, { recursive: true })));
});

async function folder(files: Record<string, string | Uint8Array>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "ballast-dataset-"));
  made.push(directory);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(directory, path, ".."), { recursive: true });
    await writeFile(join(directory, path), content);
  }
  return directory;
}

const date = sessionDateOf;
const january = (options: Partial<DatasetOptions> = {}): DatasetOptions => ({ from: date("2020-01-02"), to: date("2020-01-31"), lookbackSessions: 0, ...options });
const dates = (from: string, to: string): SessionDate[] => sessionsBetween(epochDayOf(date(from)), epochDayOf(date(to))).map((session) => session.date);
const HEADER = "date,open,high,low,close,volume";
/** Quiet bars around 100, one a session. */
const rows = (from: string, to: string, price = 100): string[] => dates(from, to).map((day, i) => `${day},${price},${price + 2},${price - 1},${price + (i % 2)},1000`);
const file = (lines: readonly string[]): string => [HEADER, ...lines, ""].join("\n");
const quiet = (from = "2020-01-02", to = "2020-01-31"): string => file(rows(from, to));
const bars = (dataset: Dataset, symbol: string) => dataset.series.get(symbol as Symbol)!.bars;
const messageOf = async (files: Record<string, string | Uint8Array>, options = january()): Promise<string> => {
  const directory = await folder(files);
  try {
    await loadDataset(directory, options);
  } catch (error) {
    expect(error).toBeInstanceOf(DataInvalid);
    return (error as Error).message.replaceAll(`${directory}/`, "").replaceAll(directory, "DIR");
  }
  return "loaded";
};

describe("layouts", () => {
  test("DIR/daily holds one file a symbol", async () => {
    const dataset = await loadDataset(await folder({ "daily/BBB.csv": quiet(), "daily/AAA.csv": quiet(), "readme.csv": "x" }), january());
    expect(dataset.symbols).toEqual(["AAA", "BBB"]);
    expect(dataset.benchmark).toBeUndefined();
    expect(bars(dataset, "AAA")).toMatchObject({ kind: "ohlcv", days: { length: 21 } });
    expect([...dataset.series.values()].map((series) => series.adjustment)).toEqual(["raw", "raw"]);
  });
  test("without that folder DIR does, and a file may be compressed", async () => {
    const dataset = await loadDataset(await folder({ "aaa.csv.gz": gzipSync(quiet()), "corporate_actions.csv": "symbol,ex_date,type,value\n" }), january());
    expect(dataset.symbols).toEqual(["AAA"]);
  });
  test("a file of date and close is close-only", async () => {
    const dataset = await loadDataset(await folder({ "AAA.csv": "Close,Date\n100,2020-01-02\n101,2020-01-03\n" }), january({ to: date("2020-01-03") }));
    expect(bars(dataset, "AAA")).toEqual({ kind: "close-only", days: Int32Array.of(18263, 18264), close: Float64Array.of(100, 101) });
  });
  test("a wide file holds the closes of the symbols in its header, each from its own first day", async () => {
    const directory = await folder({ "closes.csv": "Date,AAA,BBB\n2020-01-02,100,\n2020-01-03,101,50\n2020-01-06,102,51\n" });
    const dataset = await loadDataset(directory, january({ to: date("2020-01-06") }));
    expect(bars(dataset, "AAA").close).toEqual(Float64Array.of(100, 101, 102));
    expect(bars(dataset, "BBB")).toEqual({ kind: "close-only", days: Int32Array.of(18264, 18267), close: Float64Array.of(50, 51) });
    expect(dataset.notes).toContain("BBB has bars from 2020-01-03 on, after the first day 2020-01-02; until then there is nothing to see or to trade.");
  });
  test("only the symbols asked for are loaded, in whatever case", async () => {
    const directory = await folder({ "AAA.csv": quiet(), "BBB.csv": "broken" });
    expect((await loadDataset(directory, january({ symbols: ["aaa"] }))).symbols).toEqual(["AAA"]);
  });
  test("bars are cut to the range and the sessions before it that a view may reach", async () => {
    const directory = await folder({ "AAA.csv": quiet("2019-12-02", "2020-02-28") });
    const { days } = bars(await loadDataset(directory, january({ lookbackSessions: 2 })), "AAA");
    expect([days[0], days.at(-1)]).toEqual([18260, 18292]); // 2019-12-30 and 2020-01-31
  });
});

const manifest = (more: object): string =>
  JSON.stringify({ name: "Test prices", source: "made up", licence: "none", files: [{ path: "daily", kind: "ohlcv", adjustment: "split-and-dividend" }], ...more });

describe("dataset.json", () => {
  test("declares adjustment, benchmark, source and caveats", async () => {
    const files = [
      { path: "daily", kind: "ohlcv", adjustment: "split-and-dividend" },
      { path: "index.csv", kind: "close-only", adjustment: "raw", symbol: "SPX", benchmarkOnly: true },
    ];
    const directory = await folder({
      "daily/AAA.csv": quiet(),
      "index.csv": "date,SP500\n2020-01-02,3257.85\n2020-01-03,3234.85\n",
      "dataset.json": manifest({ files, caveats: ["Beware."] }),
    });
    const dataset = await loadDataset(directory, january());
    expect(dataset.symbols).toEqual(["AAA"]);
    expect(dataset.benchmark).toBe("SPX");
    expect([...dataset.series.keys()]).toEqual(["AAA", "SPX"]);
    expect([...dataset.series.values()].map((series) => series.adjustment)).toEqual(["split-and-dividend", "raw"]);
    expect(dataset.notes).toEqual(["Data: Test prices. Source: made up. Licence: none.", "Beware.", "The benchmark SPX covers 2020-01-02 to 2020-01-03 only."]);
    await expect(loadDataset(directory, january({ symbols: ["AAA", "SPX"] }))).rejects.toThrow("SPX is a benchmark only and cannot be traded");
  });
  test.each([
    ["no JSON", "{", "dataset.json: no valid JSON"],
    ["a misspelt key", manifest({ license: "MIT" }), "dataset.json: ✖ Unrecognized key"],
    ["a path out of the folder", manifest({ files: [{ path: "../x", kind: "ohlcv", adjustment: "raw" }] }), "a path inside the data set's folder"],
    ["a kind that the file is not", manifest({ files: [{ path: "daily", kind: "close-only", adjustment: "raw" }] }), "dataset.json declares close-only, and the columns are date, open, high, low, close, volume: that is ohlcv"],
    ["a file that is not there", manifest({ files: [{ path: "x.csv", kind: "ohlcv", adjustment: "raw" }] }), "x.csv: cannot be read: ENOENT"],
    ["a benchmark without a symbol", manifest({ files: [{ path: "x.csv", kind: "ohlcv", adjustment: "raw", benchmarkOnly: true }] }), 'x.csv is benchmarkOnly and needs a "symbol"'],
  ])("with %s is an error", async (_, text, message) => {
    expect(await messageOf({ "daily/AAA.csv": quiet(), "dataset.json": text })).toContain(message);
  });
  test("another benchmark can be asked for, traded or not", async () => {
    const directory = await folder({ "AAA.csv": quiet(), "BBB.csv": quiet() });
    expect(await loadDataset(directory, january({ symbols: ["AAA"], benchmark: "BBB" }))).toMatchObject({ symbols: ["AAA"], benchmark: "BBB" });
    expect(await loadDataset(directory, january({ benchmark: "BBB" }))).toMatchObject({ symbols: ["AAA", "BBB"], benchmark: "BBB" });
  });
});

describe("what is wrong stops the load with one clear message", () => {
  const good = rows("2020-01-02", "2020-01-31");
  const swapped = (line: number, text: string): string => file(good.map((row, i) => (i === line - 2 ? text : row)));
  test.each([
    ["a missing column", "date,open,high,low,volume\n2020-01-02,1,1,1,1\n", "AAA.csv line 1, column close: the column is missing; the file has date, open, high, low, volume"],
    ["NaN", swapped(3, "2020-01-03,100,102,99,NaN,1000"), 'AAA.csv line 3, column close: "NaN" is no number; correct the row or remove it'],
    ["an empty cell", swapped(3, "2020-01-03,100,102,99,,1000"), "AAA.csv line 3, column close: the cell is empty; correct the row or remove it"],
    ["a price of zero", swapped(3, "2020-01-03,0,102,99,100,1000"), "AAA.csv line 3, column open: a price of 0; prices are above 0. Correct the row or remove it"],
    ["a negative price", swapped(3, "2020-01-03,100,102,-99,100,1000"), "AAA.csv line 3, column low: a price of -99; prices are above 0. Correct the row or remove it"],
    ["a high below the low", swapped(3, "2020-01-03,100,99,102,100,1000"), "AAA.csv line 3, column high: the high 99 is below the low 102"],
    ["a close above the high", swapped(3, "2020-01-03,100,102,99,103,1000"), "AAA.csv line 3, column high: the high 102 is below the close 103"],
    ["an open below the low", swapped(3, "2020-01-03,98,102,99,100,1000"), "AAA.csv line 3, column low: the low 99 is above the open 98"],
    ["a negative volume", swapped(3, "2020-01-03,100,102,99,100,-1"), "AAA.csv line 3, column volume: the volume -1 is negative"],
    ["a duplicate date", swapped(4, "2020-01-03,100,102,99,100,1000"), "AAA.csv line 4, column date: 2020-01-03 is there twice, also on line 3; keep one of the rows"],
    ["dates out of order", swapped(4, "2019-12-31,100,102,99,100,1000"), "AAA.csv line 4, column date: 2019-12-31 follows 2020-01-03; sort the rows by date, oldest first"],
    ["a holiday", file([...rows("2020-01-02", "2020-01-17"), "2020-01-20,100,102,99,100,1", ...rows("2020-01-21", "2020-01-31")]), "AAA.csv line 14, column date: 2020-01-20 is no session of the New York Stock Exchange; correct the date or remove the row"],
    ["a hole", file([...rows("2020-01-02", "2020-01-10"), ...rows("2020-01-22", "2020-01-31")]), "AAA.csv line 9, column date: AAA has no bars between 2020-01-10 and 2020-01-22: 6 sessions are missing. Did it trade under another ticker then? Fill the hole, choose a range beside it, or leave AAA out"],
    ["an end before the range's", quiet("2020-01-02", "2020-01-22"), "AAA.csv line 15, column date: the bars of AAA end on 2020-01-22, 7 sessions before the last day 2020-01-31; end on 2020-01-22 or leave AAA out"],
    ["an unannounced split", file([...rows("2020-01-02", "2020-01-10"), ...rows("2020-01-13", "2020-01-31", 50)]), "AAA.csv line 9, column open: AAA goes from 100 to 50 on 2020-01-13: exactly what a 2-for-1 split looks like, and no corporate action of that date is known. Add it to corporate_actions.csv; or, if the move was real, list it under acceptedMoves in dataset.json or pass --suspected-splits note"],
    ["an unannounced reverse split", file([...rows("2020-01-02", "2020-01-10"), ...rows("2020-01-13", "2020-01-31", 1005)]), "AAA.csv line 9, column open: AAA goes from 100 to 1005 on 2020-01-13: exactly what a 1-for-10 reverse split looks like, and no corporate action of that date is known. Add it to corporate_actions.csv; or, if the move was real, list it under acceptedMoves in dataset.json or pass --suspected-splits note"],
  ])("%s", async (_, text, message) => expect(await messageOf({ "AAA.csv": text })).toBe(message));

  test("a hole of a year", async () => {
    const text = file([...rows("2018-01-02", "2018-06-29"), ...rows("2019-07-01", "2020-01-31")]);
    expect(await messageOf({ "AAA.csv": text }, january({ from: date("2018-01-02") }))).toContain("AAA has no bars between 2018-06-29 and 2019-07-01: 250 sessions are missing");
    expect(await messageOf({ "AAA.csv": text })).toBe("loaded"); // the hole is not in the range that is used
    expect(await messageOf({ "AAA.csv": text }, january({ lookbackSessions: 140 }))).toContain("250 sessions"); // unless a view reaches into it
  });
  test("a range in a hole, told from a range that is not covered", async () => {
    const text = file([...rows("2018-01-02", "2018-06-29"), ...rows("2020-01-02", "2020-01-31")]);
    const of2019 = { from: date("2019-01-02"), to: date("2019-01-31") };
    expect(await messageOf({ "AAA.csv": text }, january({ ...of2019, symbols: ["AAA"] }))).toBe(
      "AAA.csv: AAA has no bars from 2019-01-02 to 2019-01-31: they stop on 2018-06-29 and go on from 2020-01-02; choose another range or leave AAA out",
    );
    expect(await messageOf({ "AAA.csv": quiet() }, january(of2019))).toBe("DIR: there are no bars from 2019-01-02 to 2019-01-31; the data set has bars from 2020-01-02 to 2020-01-31");
  });
  test("a symbol that trades on half of the sessions", async () => {
    const text = file(rows("2019-10-01", "2020-01-31").filter((_, i) => i % 2 === 0));
    expect(await messageOf({ "AAA.csv": text }, january({ from: date("2019-10-01") }))).toContain("AAA has bars on only 43 of the 85 sessions from 2019-10-01 to 2020-01-31; was it hardly traded, or another instrument then?");
  });
  test.each([
    ["no such folder", () => loadDataset("/nowhere/at/all", january()), "/nowhere/at/all: the folder cannot be read: ENOENT"],
    ["an empty folder", async () => loadDataset(await folder({}), january()), "the folder holds no .csv or .csv.gz file"],
    ["a symbol that the data set does not have", async () => loadDataset(await folder({ "AAA.csv": quiet() }), january({ symbols: ["AAA", "ZZZ"] })), "there is no file for ZZZ; the data set has AAA.csv"],
    ["a name that is no symbol", async () => loadDataset(await folder({ "AAA.csv": quiet() }), january({ symbols: ["A/B"] })), '"A/B" is no symbol'],
    ["two files for a symbol", async () => loadDataset(await folder({ "AAA.csv": quiet(), "AAA.csv.gz": gzipSync(quiet()) }), january()), "AAA is also in"],
    ["a broken archive", async () => loadDataset(await folder({ "AAA.csv.gz": "no gzip" }), january()), "AAA.csv.gz: cannot be read: incorrect header check"],
    ["a range before the calendar", async () => loadDataset(await folder({ "AAA.csv": quiet() }), january({ from: date("1980-01-02") })), "1980-01-02 to 2020-01-31 is beyond the session calendar, 1990-01-01 to 2029-12-31"],
    ["a weekend", async () => loadDataset(await folder({ "AAA.csv": quiet() }), january({ from: date("2020-01-04"), to: date("2020-01-05") })), "there is no session from 2020-01-04 to 2020-01-05"],
  ])("%s", async (_, load, message) => {
    await expect(load()).rejects.toThrow(message);
    await expect(load()).rejects.toThrow(DataInvalid);
  });
});

describe("what is odd is said", () => {
  const notesOf = async (files: Record<string, string>, options = january()): Promise<readonly string[]> => (await loadDataset(await folder(files), options)).notes.slice(1);
  test("nothing, of quiet bars", async () => expect(await notesOf({ "AAA.csv": quiet() })).toEqual([]));
  test("prices without a manifest are taken as raw", async () => {
    const { notes } = await loadDataset(await folder({ "AAA.csv": quiet() }), january());
    expect(notes).toEqual(["The data set has no dataset.json: its prices are taken as raw, that is, not adjusted for splits and dividends."]);
  });
  test("a short gap", async () => {
    const text = file([...rows("2020-01-02", "2020-01-10"), ...rows("2020-01-21", "2020-01-30")]);
    expect(await notesOf({ "AAA.csv": text })).toEqual(["AAA: 5 sessions missing in 1 gap, the longest of 5 sessions after 2020-01-10.", "AAA: the last 1 session up to 2020-01-31 is missing."]);
  });
  test("a listing after the first day, and a short history", async () => {
    expect(await notesOf({ "AAA.csv": quiet("2020-01-06"), "BBB.csv": quiet("2019-12-30"), "CCC.csv": quiet("2019-12-30") }, january({ lookbackSessions: 5 }))).toEqual([
      "BBB, CCC have bars from 2019-12-30 on, which is less history than the strategy may look back to on 2020-01-02.",
      "AAA has bars from 2020-01-06 on, after the first day 2020-01-02; until then there is nothing to see or to trade.",
    ]);
  });
  test("a symbol that has nothing in the range", async () => {
    expect(await notesOf({ "AAA.csv": quiet(), "BBB.csv": quiet("2020-02-03", "2020-02-28") })).toEqual(["BBB was left out: BBB has no bars from 2020-01-02 to 2020-01-31, only from 2020-02-03 to 2020-02-28."]);
  });
  test("a crash overnight", async () => {
    const text = file([...rows("2020-01-02", "2020-01-10"), ...rows("2020-01-13", "2020-01-31", 41)]);
    expect(await notesOf({ "AAA.csv": text })).toEqual(["AAA moved by more than 40 % overnight on 2020-01-13 (-59.0 %) without a corporate action: a split nobody announced?"]);
  });
  test("an open far from the closes on both sides", async () => {
    const text = file([...rows("2020-01-02", "2020-01-10"), "2020-01-13,199,199,99,100,1000", ...rows("2020-01-14", "2020-01-31")]);
    expect((await notesOf({ "AAA.csv": text }))[0]).toContain("AAA opened far from the closes on both sides on 2020-01-13 (199 between closes of 100 and 100): a bad print?");
  });
  test("a close that stands still", async () => {
    const text = ["date,close", ...dates("2020-01-02", "2020-01-31").map((day, i) => `${day},${Math.max(100, 90 + i)}`)].join("\n");
    expect(await notesOf({ "AAA.csv": text })).toEqual(["AAA: the close is 100 on 11 sessions in a row, 2020-01-02 to 2020-01-16: stale, or hardly traded?"]);
  });
  test("one price a day in four columns", async () => {
    const text = file(dates("2020-01-02", "2020-01-31").map((day) => `${day},100,100,100,100,1000`));
    expect(await notesOf({ "AAA.csv": text })).toEqual([
      "AAA: 21 of 21 bars have one price for open, high, low and close: was it hardly traded, or are these closes only?",
      "AAA: the close is 100 on 21 sessions in a row, 2020-01-02 to 2020-01-31: stale, or hardly traded?",
    ]);
  });
  test("a high that rounding has put below the close is widened, not refused", async () => {
    const directory = await folder({ "AAA.csv": file(["2020-01-02,100,102.0000,99,102.0001,1000", ...rows("2020-01-03", "2020-01-31")]) });
    const dataset = await loadDataset(directory, january());
    expect(dataset.notes[1]).toBe("AAA: 1 bar had an open or close outside high and low by 0.01 % or less; high and low were widened to include it.");
    expect(bars(dataset, "AAA")).toMatchObject({ high: { 0: 102.0001 }, close: { 0: 102.0001 } });
  });
  test("a split that was a real move, when the data set or the caller says so", async () => {
    const text = file([...rows("2020-01-02", "2020-01-10"), ...rows("2020-01-13", "2020-01-31", 50)]);
    const acceptedMoves = [{ symbol: "AAA", date: "2020-01-13", reason: "a failed trial" }];
    expect(await notesOf({ "daily/AAA.csv": text, "dataset.json": manifest({ acceptedMoves }) })).toEqual([]);
    expect((await notesOf({ "AAA.csv": text }, january({ suspectedSplits: "note" })))[0]).toContain("exactly what a 2-for-1 split looks like, and no corporate action of that date is known. It was taken as a real move.");
  });
});

describe("corporate actions", () => {
  const withActions = (lines: string, text = quiet()): Record<string, string> => ({ "daily/AAA.csv": text, "corporate_actions.csv": `symbol,ex_date,type,value,prev_close\n${lines}\n` });
  const halved = file([...rows("2020-01-02", "2020-01-10"), ...rows("2020-01-13", "2020-01-31", 50)]);

  test("are sorted by ex-date, those beyond the bars left out, with the close before as printed", async () => {
    const dataset = await loadDataset(
      await folder(withActions("AAA,2020-01-14,dividend,0.5,51\nAAA,2020-01-13,split,2,\nAAA,2020-01-13,dividend,1,100\nAAA,2020-01-02,dividend,1,99\nAAA,2020-02-03,dividend,1,99\nZZZ,2020-01-14,dividend,1,9", halved)),
      january(),
    );
    expect(dataset.series.get("AAA" as Symbol)!.actions).toEqual([
      { type: "dividend", exDay: 18274, amount: 1, previousClose: 100 },
      { type: "split", exDay: 18274, ratio: 2 },
      { type: "dividend", exDay: 18275, amount: 0.5, previousClose: 50 },
    ]);
    expect(dataset.notes[1]).toBe("AAA: the close before the ex-date in the corporate actions is not the bars' on 2020-01-14 (51 there, 50 in the bars): are these the bars of another company? The bars' closes were used.");
  });
  test("may have a pay date", async () => {
    const directory = await folder({ "AAA.csv": quiet(), "corporate_actions.csv": "pay_date,symbol,ex_date,type,value\n2020-01-20,AAA,2020-01-14,dividend,1\n" });
    expect((await loadDataset(directory, january())).series.get("AAA" as Symbol)!.actions).toEqual([{ type: "dividend", exDay: 18275, amount: 1, previousClose: 101, payDay: 18281 }]);
  });
  test("are none of adjusted prices", async () => {
    const dataset = await loadDataset(await folder({ ...withActions("AAA,2020-01-14,dividend,1,100"), "dataset.json": manifest({ corporateActions: "corporate_actions.csv" }) }), january());
    expect(dataset.series.get("AAA" as Symbol)!.actions).toEqual([]);
  });
  test.each([
    ["an unknown type", "AAA,2020-01-14,spinoff,1,100", 'corporate_actions.csv line 2, column type: "spinoff" is neither "split" nor "dividend"'],
    ["a ratio of zero", "AAA,2020-01-14,split,0,", 'corporate_actions.csv line 2, column value: "0" is no number above 0'],
    ["no value", "AAA,2020-01-14,dividend,,100", 'corporate_actions.csv line 2, column value: "" is no number above 0'],
    ["a dividend above the stated close", "AAA,2020-01-14,dividend,100,100", "corporate_actions.csv line 2, column value: a dividend of 100 is not below the close before it, 100; is the amount a total instead of an amount per share?"],
    ["a dividend above the close in the bars", "AAA,2020-01-14,dividend,200,300", "corporate_actions.csv line 2, column value: a dividend of 200 is not below the close before it, 101 in the bars"],
    ["a date that is none", "AAA,2020-14-01,split,2,", 'corporate_actions.csv line 2, column ex_date: "2020-14-01" is no date; dates are written YYYY-MM-DD'],
    ["a line that is there twice", "AAA,2020-01-14,dividend,1,100\nAAA,2020-01-14,dividend,1,100", "corporate_actions.csv line 3: the line repeats line 2; remove one of them"],
    ["a symbol that is none", "A A,2020-01-14,dividend,1,100", 'corporate_actions.csv: "A A" is no symbol: letters, digits and . - ^ = are'],
  ])("with %s are an error", async (_, lines, message) => expect(await messageOf(withActions(lines))).toBe(message));

  test("adjusting halves prices before a split, doubles volumes, and leaves no action", async () => {
    const raw = await loadDataset(await folder(withActions("AAA,2020-01-13,split,2,", halved)), january());
    const series = adjusted(raw).series.get("AAA" as Symbol)!;
    expect(series.adjustment).toBe("split-and-dividend");
    expect(series.actions).toEqual([]);
    expect(series.bars).toMatchObject({ open: { 6: 50, 7: 50 }, high: { 6: 51, 7: 52 }, low: { 6: 49.5, 7: 49 }, close: { 6: 50, 7: 50 }, volume: { 6: 2000, 7: 1000 } });
  });
  test("adjusting for a dividend keeps the volume", async () => {
    const raw = await loadDataset(await folder(withActions("AAA,2020-01-14,dividend,1.01,101")), january());
    expect(adjusted(raw).series.get("AAA" as Symbol)!.bars).toMatchObject({ close: { 7: 101 * 0.99, 8: 100 }, volume: { 7: 1000, 8: 1000 } });
  });
});

describe("the hash", () => {
  const hashOf = async (files: Record<string, string | Uint8Array>, options = january()): Promise<string> => (await loadDataset(await folder(files), options)).hash;
  test("is of the content: the same for other folders, names of files, compression, order of columns and unused rows", async () => {
    const plain = await hashOf({ "AAA.csv": quiet() });
    expect(plain).toMatch(/^[0-9a-f]{64}$/);
    expect(await hashOf({ "daily/aaa.csv.gz": gzipSync(quiet()) })).toBe(plain);
    expect(await hashOf({ "AAA.csv": file([...rows("2020-01-02", "2020-01-31"), ...rows("2020-02-03", "2020-02-05")]) })).toBe(plain);
    expect(await hashOf({ "AAA.csv": ["volume,date,open,high,low,close", ...rows("2020-01-02", "2020-01-31").map((row) => `1000,${row.slice(0, -5)}`)].join("\n") })).toBe(plain);
  });
  test("changes with one price, one action, another symbol and another kind", async () => {
    const text = quiet();
    const hashes = await Promise.all([
      hashOf({ "AAA.csv": text }),
      hashOf({ "AAA.csv": text.replace("101,1000", "101.01,1000") }),
      hashOf({ "AAA.csv": text, "corporate_actions.csv": "symbol,ex_date,type,value\nAAA,2020-01-14,dividend,1\n" }),
      hashOf({ "AAA.csv": text, "corporate_actions.csv": "symbol,ex_date,type,value\nAAA,2020-01-14,dividend,1.1\n" }),
      hashOf({ "BBB.csv": text }),
      hashOf({ "AAA.csv": text, "BBB.csv": text }),
      hashOf({ "AAA.csv": text, "BBB.csv": text }, january({ symbols: ["AAA"], benchmark: "BBB" })),
      hashOf({ "AAA.csv": text.replaceAll(/,.*,(\d+),\d+$/gm, ",$1").replace(HEADER, "date,close") }),
      hashOf({ "daily/AAA.csv": text, "dataset.json": manifest({}) }),
    ]);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

test("coverage is the first and last day of every symbol that may be traded", async () => {
  const directory = await folder({ "AAA.csv": quiet(), "BBB.csv": quiet("2020-01-10", "2020-02-28") });
  expect([...(await coverageOf(directory))]).toEqual([
    ["AAA", { first: "2020-01-02", last: "2020-01-31" }],
    ["BBB", { first: "2020-01-10", last: "2020-02-28" }],
  ]);
  expect([...(await coverageOf(directory, ["BBB"])).keys()]).toEqual(["BBB"]);
});

describe("the sample data set", () => {
  const sample = fileURLToPath(new URL("../../backtest/data", import.meta.url));
  const load = (from: string, to: string): Promise<Dataset> => loadDataset(sample, { from: date(from), to: date(to), lookbackSessions: 250 });

  test("has a close of 20 stocks and the index on every session of 33 years", async () => {
    const { series, symbols, benchmark } = await load("1990-01-02", "2022-12-28");
    const sessions = sessionsBetween(epochDayOf(date("1990-01-02")), epochDayOf(date("2022-12-28"))).map((session) => session.day);
    expect([symbols.length, benchmark, sessions.length]).toEqual([20, "SPX", 8313]);
    expect(symbols.join(" ")).toBe("AAPL AMD BAC BBY CVX GE HD JNJ JPM KO LLY MRK MSFT PEP PFE PG RRC UNH WMT XOM");
    for (const { bars } of series.values()) expect([...bars.days]).toEqual(sessions);
    expect(series.get("AAPL" as Symbol)).toMatchObject({ adjustment: "split-and-dividend", actions: [], bars: { kind: "close-only", close: { 0: 0.264, 8312: 125.674 } } });
    expect(series.get("SPX" as Symbol)).toMatchObject({ adjustment: "raw", bars: { close: { 0: 359.69, 8312: 3783.22 } } });
  });
  test("says its source, its licence and what to beware of, and nothing else from 1999 on", async () => {
    const { notes } = await load("2000-01-03", "2022-12-28");
    expect(notes).toHaveLength(4);
    expect(notes[0]).toContain("Source: skfolio 1.12.2, skfolio/datasets/data. Licence: BSD-3-Clause, see NOTICE.md.");
  });
  test("says what is odd in 1990 and 1998", async () => {
    expect((await load("1990-01-02", "1999-12-31")).notes.slice(4)).toEqual([
      "RRC: the close is 3.322 on 69 sessions in a row, 1990-01-02 to 1990-04-09: stale, or hardly traded?",
      "RRC moved by more than 40 % overnight on 1998-10-19 (+53.5 %) without a corporate action: a split nobody announced?",
    ]);
  });
});

const shared = fileURLToPath(new URL("../../../shared/data", import.meta.url));

describe.skipIf(!existsSync(shared) && process.env["CI"] !== "true")("on real files", () => {
  const load = (symbols: string[], from: string, to = "2021-03-31", more: Partial<DatasetOptions> = {}): Promise<Dataset> =>
    loadDataset(shared, { symbols, from: date(from), to: date(to), lookbackSessions: 0, ...more });

  test("the symbols with all sessions load over all of them", async () => {
    const { series } = await load(["SPY", "AAPL", "IBM", "BAC", "AIG"], "1998-01-02");
    expect([...series.values()].map(({ symbol, bars: { days }, actions }) => [symbol, days.length, actions.length])).toEqual([
      ["AAPL", 5849, 39],
      ["AIG", 5849, 79],
      ["BAC", 5849, 94],
      ["IBM", 5849, 94],
      ["SPY", 5849, 94],
    ]);
  });
  test("IBM's bad open of 2002-12-23 and AIG's days of September 2008 are said", async () => {
    const { notes } = await load(["AIG", "IBM"], "1998-01-02");
    expect(notes.find((note) => note.startsWith("IBM"))).toContain("2002-12-23 (159.58 between closes of 79.82 and 80.46)");
    expect(notes.find((note) => note.startsWith("AIG moved"))).toContain("2008-09-15 (-41.6 %), 2008-09-16 (-65.6 %), 2008-09-19 (+75.7 %)");
  });
  test("BAC's bars before its merger are told from the company whose dividends they are given", async () => {
    const { notes } = await load(["BAC"], "1998-01-02");
    expect(notes.find((note) => note.startsWith("BAC:"))).toContain("1998-03-04 (68.81 there, 78 in the bars), 1998-06-03 (75.19 there, 82.5 in the bars), 1998-09-02 (57.38 there, 63.94 in the bars)");
  });
  test("QQQ fails over its hole and loads on both sides", async () => {
    await expect(load(["QQQ"], "2000-01-03")).rejects.toThrow("QQQ has no bars between 2004-11-30 and 2011-03-23: 1588 sessions are missing");
    expect(bars(await load(["QQQ"], "1999-03-10", "2004-11-30"), "QQQ").days.length).toBe(1441);
    expect(bars(await load(["QQQ"], "2011-03-23"), "QQQ").days.length).toBe(2523);
  });
  test.each([
    ["1998-01-06", "2000-11-30", "EEM has bars on only 520 of the 730 sessions"],
    ["2000-06-01", "2021-03-31", "EEM has no bars between 2000-12-07 and 2000-12-19: 7 sessions are missing"],
    ["2003-01-02", "2021-03-31", "EEM has no bars between 2002-12-05 and 2003-04-11: 86 sessions are missing"],
  ])("EEM from %s to %s is not taken for an instrument", async (from, to, message) => {
    await expect(load(["EEM"], from, to)).rejects.toThrow(message);
  });
  test("EEM loads from its first day", async () => {
    expect((await load(["EEM"], "2003-04-11")).notes).toContain("EEM: 1 session missing in 1 gap, the longest of 1 session after 2003-08-14.");
  });
  test("GOOG's split of 2014, which the actions do not have, is an error unless it is taken as it is", async () => {
    await expect(load(["GOOG"], "2004-08-19")).rejects.toThrow("GOOG goes from 1135.1 to 569.85 on 2014-04-03: exactly what a 2-for-1 split looks like");
    expect(bars(await load(["GOOG"], "2004-08-19", "2021-03-31", { suspectedSplits: "note" }), "GOOG").days.length).toBe(4183);
    expect(bars(await load(["GOOG"], "2014-04-03"), "GOOG").days.length).toBe(1761);
  });
  test("Apple's adjusted closes of 1998 are its printed ones over 112 and its dividends", async () => {
    const close = bars(adjusted(await load(["AAPL"], "1998-01-02")), "AAPL").close;
    expect(close[0]! / 16.25).toBeCloseTo(0.8613657 / 112, 6); // Lean's price factor
    expect(close.at(-1)).toBe(122.15);
  });
});
