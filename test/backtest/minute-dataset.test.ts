import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadMinuteSeries } from "../../backtest/minute-series.ts";
import { isoOf, sessionDateOf } from "../../src/time.ts";
import { writeMinutes } from "../support/made-up-minutes.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "ballast-minutes-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const load = (from: string, to: string, symbols?: readonly string[]) => loadMinuteSeries(folder, { from: sessionDateOf(from), to: sessionDateOf(to), lookbackSessions: 10, ...(symbols && { symbols }) });

test("minutes are New York's, in summer and in winter time, with the quotes of the same minute", async () => {
  writeMinutes(folder, "AAA", "2024-07-10", ["09:30:00,10,11,9,10.5,100"], ["09:30:00,9.9,10.4,300,10.1,10.6,200"]);
  writeMinutes(folder, "AAA", "2024-07-11", ["09:30,10,11,9,10.5,100"]);
  writeMinutes(folder, "BBB", "2024-11-25", ["09:30,10,11,9,10.5,100"], ["09:30,,10.4,300,10.1,10.6,200"]);
  const [aaa] = (await load("2024-07-10", "2024-07-11"))!.series;
  expect(aaa!.bars.map(({ at }) => isoOf(at))).toEqual(["2024-07-10T13:30:00.000Z", "2024-07-11T13:30:00.000Z"]);
  expect(aaa!.bars[0]).toMatchObject({ open: 10, volume: 100, openQuote: { bid: 9.9, ask: 10.1, bidSize: 300, askSize: 200 }, closeQuote: { bid: 10.4, ask: 10.6 } });
  expect(aaa!.bars[1]!.openQuote).toBeUndefined();
  const [bbb] = (await load("2024-11-25", "2024-11-25"))!.series;
  expect(isoOf(bbb!.bars[0]!.at)).toBe("2024-11-25T14:30:00.000Z");
  expect(bbb!.bars[0]!.openQuote!.bid).toBeNaN();
});

test("without daily bars the sessions' minutes make them, and corporate actions stand against their closes", async () => {
  writeMinutes(folder, "AAA", "2024-07-10", ["09:29,50,50,50,50,7", "09:30,10,11,9,10.5,100", "15:59,10.5,12,10,11,300", "16:00,70,70,70,70,7"]);
  writeMinutes(folder, "AAA", "2024-07-11", ["09:30,5.5,6,5,5.5,100"]);
  writeFileSync(join(folder, "corporate_actions.csv"), "symbol,ex_date,type,value\nAAA,2024-07-11,split,2\nAAA,2024-07-11,dividend,0.25\n");
  const { series } = (await load("2024-07-10", "2024-07-11"))!;
  const { days, actions } = series[0]!;
  expect(days).toMatchObject({ kind: "ohlcv", open: Float64Array.of(10, 5.5), high: Float64Array.of(12, 6), low: Float64Array.of(9, 5), close: Float64Array.of(11, 5.5), volume: Float64Array.of(400, 100) });
  expect(actions).toMatchObject([{ type: "dividend", amount: 0.25, previousClose: 11 }, { type: "split", ratio: 2 }]);
});

test("daily bars of the data set are the history, and what is known before a day is of them", async () => {
  writeMinutes(folder, "AAA", "2024-07-10", ["09:30,10,11,9,10.5,100"]);
  mkdirSync(join(folder, "daily"));
  const dates = ["2024-06-26", "2024-06-27", "2024-06-28", "2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08", "2024-07-09", "2024-07-10"];
  writeFileSync(join(folder, "daily", "AAA.csv"), `date,open,high,low,close,volume\n${dates.map((date, i) => `${date},10,11,9,${10 + (i % 2)},${i === 9 ? 900 : 500}`).join("\n")}\n`);
  const { series: [aaa] } = (await load("2024-07-10", "2024-07-10"))!;
  expect(aaa!.days.days.length).toBe(10);
  expect(aaa!.statisticsOn(19_914 as never)).toMatchObject({ dailyVolume: 500, tier: "other" });
});

test("the same bars have one hash, another number another", async () => {
  writeMinutes(folder, "AAA", "2024-07-10", ["09:30,10,11,9,10.5,100"]);
  const { hash } = (await load("2024-07-10", "2024-07-10"))!.dataset;
  expect((await load("2024-07-10", "2024-07-10"))!.dataset.hash).toBe(hash);
  writeMinutes(folder, "AAA", "2024-07-10", ["09:30,10,11,9,10.5,101"]);
  expect((await load("2024-07-10", "2024-07-10"))!.dataset.hash).not.toBe(hash);
});

test("a symbol without bars on a session is left out and told, or refused where it was named", async () => {
  for (const date of ["2024-07-10", "2024-07-11"]) writeMinutes(folder, "AAA", date, ["09:30,10,11,9,10.5,100"]);
  writeMinutes(folder, "BBB", "2024-07-10", ["09:30,10,11,9,10.5,100"]);
  const { series, dataset: { notes } } = (await load("2024-07-10", "2024-07-11"))!;
  expect(series.map(({ symbol }) => symbol)).toEqual(["AAA"]);
  expect(notes).toEqual(["Left out for want of minute bars: BBB (no bars on 2024-07-11)."]);
  await expect(load("2024-07-10", "2024-07-11", ["AAA", "BBB"])).rejects.toThrow("not for each session of BBB (no bars on 2024-07-11); choose other days or symbols");
  await expect(load("2024-07-10", "2024-07-11", ["AAA", "CCC"])).rejects.toThrow("not for each session of CCC");
  expect(await load("2023-07-10", "2023-07-11")).toBeUndefined();
});

test.each([
  [["09:31,10,11,9,10,1", "09:30,10,11,9,10,1"], "line 3, column time: the minute is not after the one before"],
  [["09:30,10,11,9,10,1", "09:30,10,11,9,10,1"], "line 3, column time: the minute is not after the one before"],
  [["09:30,10,9,8,10,1"], "line 2, column high: the high 9 is below the open or the close"],
  [["09:30,10,11,10.5,10,1"], "line 2, column low: the low 10.5 is above the open or the close"],
  [["09:30,0,11,9,10,1"], "line 2, column open: a price of 0"],
  [["09:30,10,11,9,10,-1"], "line 2, column volume: the volume -1 is negative"],
  [["09:30,10,11,9,10,"], "line 2, column volume: the cell is empty"],
])("%j is refused by its place", async (rows, message) => {
  writeMinutes(folder, "AAA", "2024-07-10", rows);
  await expect(load("2024-07-10", "2024-07-10")).rejects.toThrow(message);
});
