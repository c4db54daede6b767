import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dataset, Series } from "../../backtest/dataset.ts";
import { DatasetViews } from "../../backtest/views.ts";
import { MarketDataMissing } from "../../src/ports.ts";
import type { Bars, MarketView, Symbol } from "../../src/trade.ts";
import { sessionOn, sessionsBetween } from "../../src/rules/calendar.ts";
import type { CorporateAction } from "../../src/rules/corporate-actions.ts";
import { epochDayOf, instantOf, newYorkClock, sessionDateOf, type EpochDay, type Instant } from "../../src/time.ts";

const AAA = "AAA" as Symbol;
const day = (text: string): EpochDay => epochDayOf(sessionDateOf(text));

function datasetOf(...series: Series[]): Dataset {
  return { directory: "DIR", series: new Map(series.map((one) => [one.symbol, one])), symbols: series.map((one) => one.symbol), hash: "ab", notes: [] };
}

/** One bar a session from 2020-01-02 on: opens 10, 20, 30 …, closes one above. */
function seriesOf(count: number, actions: readonly CorporateAction[] = [], symbol = AAA): Series {
  const days = Int32Array.from(sessionsBetween(day("2020-01-02"), day("2020-12-31")).slice(0, count), (session) => session.day);
  const column = (more: number): Float64Array => Float64Array.from(days, (_, i) => (i + 1) * 10 + more);
  return { symbol, adjustment: "raw", actions, bars: { kind: "ohlcv", days, open: column(0), high: column(2), low: column(-1), close: column(1), volume: column(990) } };
}

const split: CorporateAction = { type: "split", exDay: day("2020-01-07"), ratio: 2 };
const dividend: CorporateAction = { type: "dividend", exDay: day("2020-01-09"), amount: 5.1, previousClose: 51 };

function columnsOf(view: MarketView, symbol = AAA): { days: number[]; close: number[]; volume: number[] } {
  const bars = view.bars(symbol);
  return { days: [...bars.days], close: [...bars.close], volume: bars.kind === "ohlcv" ? [...bars.volume] : [] };
}

describe("the bars of a view", () => {
  const views = new DatasetViews(datasetOf(seriesOf(8)));
  test.each([
    ["2020-01-02T20:59:59.999Z", "2019-12-31", []],
    ["2020-01-02T21:00:00Z", "2020-01-02", [11]],
    ["2020-01-03T14:35:00Z", "2020-01-02", [11]],
    ["2020-01-05T12:00:00Z", "2020-01-03", [11, 21]],
    ["2020-01-06T20:00:00Z", "2020-01-03", [11, 21]],
    ["2020-01-06T21:00:00Z", "2020-01-06", [11, 21, 31]],
    ["2020-01-07T21:00:00Z", "2020-01-07", [21, 31, 41]],
    ["2021-06-01T21:00:00Z", "2021-06-01", [61, 71, 81]],
  ])("at %s end with the close of %s", (asOf, session, close) => {
    const view = views.view([AAA], 3, instantOf(asOf));
    expect(view.session).toBe(session);
    expect(columnsOf(view).close).toEqual(close);
  });
  test("have one length and name their source", () => {
    const view = views.view([AAA], 2, instantOf("2020-01-07T21:00:00Z"));
    expect(view.bars(AAA)).toEqual({
      kind: "ohlcv",
      days: Int32Array.of(day("2020-01-06"), day("2020-01-07")),
      open: Float64Array.of(30, 40),
      high: Float64Array.of(32, 42),
      low: Float64Array.of(29, 39),
      close: Float64Array.of(31, 41),
      volume: Float64Array.of(1020, 1030),
    });
    expect([view.source, view.adjustment]).toEqual(["files", "split-and-dividend"]);
  });
  test("are cut without a copy", () => {
    const at = instantOf("2020-01-07T21:00:00Z");
    expect(views.view([AAA], 2, at).bars(AAA).close.buffer).toBe(views.view([AAA], 3, instantOf("2020-01-09T21:00:00Z")).bars(AAA).close.buffer);
  });
  test("of a symbol that is listed later are none", () => {
    const late = { ...seriesOf(8), symbol: "BBB" as Symbol };
    const later = { ...late, bars: { kind: "close-only", days: Int32Array.of(day("2020-06-01")), close: Float64Array.of(1) } satisfies Bars };
    expect(columnsOf(new DatasetViews(datasetOf(later)).view([late.symbol], 5, instantOf("2020-01-07T21:00:00Z")), late.symbol).close).toEqual([]);
  });
  test("are not given for a symbol that was not asked for, nor for one that is not there", () => {
    const both = new DatasetViews(datasetOf(seriesOf(8), seriesOf(8, [], "BBB" as Symbol)));
    expect(() => both.view([AAA], 1, instantOf("2020-01-07T21:00:00Z")).bars("BBB" as Symbol)).toThrow(RangeError);
    expect(() => both.view(["ZZZ" as Symbol], 1, instantOf("2020-01-07T21:00:00Z"))).toThrow(MarketDataMissing);
  });
});

describe("adjustment as of the view's date", () => {
  const views = new DatasetViews(datasetOf(seriesOf(8, [split, dividend])));
  test.each([
    ["the day before a split knows nothing of it", "2020-01-06T21:00:00Z", [11, 21, 31], [1000, 1010, 1020]],
    ["the morning of the ex-date halves all closes, the last one too", "2020-01-07T14:25:00Z", [5.5, 10.5, 15.5], [2000, 2020, 2040]],
    ["from midnight in New York on", "2020-01-07T05:00:00Z", [5.5, 10.5, 15.5], [2000, 2020, 2040]],
    ["and not a second earlier", "2020-01-07T04:59:59Z", [11, 21, 31], [1000, 1010, 1020]],
    ["after the ex-date's close the last close is the printed one", "2020-01-07T21:00:00Z", [10.5, 15.5, 41], [2020, 2040, 1030]],
    ["a dividend takes a tenth off the closes before it and nothing off volumes", "2020-01-09T21:00:00Z", [36.9, 45.9, 61], [1030, 1040, 1050]],
  ])("%s", (_, asOf, close, volume) => {
    const columns = columnsOf(views.view([AAA], 3, instantOf(asOf)));
    expect(columns.volume).toEqual(volume);
    columns.close.forEach((value, i) => expect(value).toBeCloseTo(close[i]!, 12));
  });
  test("split and dividend multiply", () => {
    expect(columnsOf(views.view([AAA], 8, instantOf("2020-01-09T21:00:00Z"))).close.slice(0, 3).map((close) => Number(close.toFixed(9)))).toEqual([4.95, 9.45, 13.95]);
  });
  test("a series that is adjusted already stays as it is", () => {
    const done: Series = { ...seriesOf(8), adjustment: "split-and-dividend" };
    expect(columnsOf(new DatasetViews(datasetOf(done)).view([AAA], 3, instantOf("2020-01-08T21:00:00Z"))).close).toEqual([31, 41, 51]);
  });
  test("columns that were handed out do not change afterwards", () => {
    const before = columnsOf(views.view([AAA], 3, instantOf("2020-01-07T21:00:00Z")));
    const view = views.view([AAA], 3, instantOf("2020-01-07T21:00:00Z"));
    const held = view.bars(AAA).close;
    views.view([AAA], 8, instantOf("2020-01-09T21:00:00Z")).bars(AAA);
    expect([...held]).toEqual(before.close);
  });
});

const YEAR = sessionsBetween(day("2019-12-02"), day("2020-12-31"));

/** Random bars with gaps, random actions on any weekday. */
const randomSeries = fc
  .record({
    closes: fc.array(fc.double({ min: 1, max: 500, noNaN: true }), { minLength: 1, maxLength: 120 }),
    skipped: fc.array(fc.nat(120), { maxLength: 20 }),
    actions: fc.array(fc.record({ after: fc.integer({ min: 1, max: 170 }), split: fc.boolean(), size: fc.double({ min: 0.1, max: 4, noNaN: true }) }), { maxLength: 8 }),
  })
  .map(({ closes, skipped, actions }): Series => {
    const kept = closes.map((_, i) => i).filter((i) => i === 0 || !skipped.includes(i));
    const days = Int32Array.from(kept, (i) => YEAR[i + 20]!.day);
    const close = Float64Array.from(kept, (i) => closes[i]!);
    const listed = actions
      .map(({ after, split: isSplit, size }): CorporateAction => {
        const exDay = (days[0]! + after) as EpochDay;
        return isSplit ? { type: "split", exDay, ratio: size } : { type: "dividend", exDay, amount: size, previousClose: 5 };
      })
      .sort((a, b) => a.exDay - b.exDay);
    return { symbol: AAA, adjustment: "raw", actions: listed, bars: { kind: "ohlcv", days, open: close, high: close, low: close, close, volume: close.map((value) => value * 100) } };
  });
const instants = fc.array(
  fc.record({ session: fc.integer({ min: 0, max: 200 }), hours: fc.integer({ min: -20, max: 30 }) }).map(({ session, hours }) => (YEAR[session]!.close + hours * 3_600_000) as Instant),
  { minLength: 1, maxLength: 30 },
);
const lookbacks = fc.integer({ min: 1, max: 130 });

function printedBars({ bars }: Series): Extract<Bars, { kind: "ohlcv" }> {
  if (bars.kind !== "ohlcv") throw new Error("random series have all columns");
  return bars;
}

/** The view computed the slow way, from nothing but what was known at `asOf`. */
function slowView(series: Series, lookback: number, asOf: Instant): { days: number[]; close: number[]; volume: number[] } {
  const today = newYorkClock(asOf).day;
  const seen = [...series.bars.days].filter((one) => sessionOn(one as EpochDay)!.close <= asOf).length;
  const from = Math.max(0, seen - lookback);
  const bars = printedBars(series);
  const rows = Array.from({ length: seen - from }, (_, i) => {
    const at = from + i;
    let [price, volume] = [1, 1];
    for (const action of [...series.actions].reverse()) {
      if (action.exDay > today || action.exDay <= bars.days[at]!) continue;
      price *= action.type === "split" ? 1 / action.ratio : 1 - action.amount / action.previousClose;
      volume *= action.type === "split" ? action.ratio : 1;
    }
    return [bars.days[at]!, bars.close[at]! * price, bars.volume[at]! * volume] as const;
  });
  return { days: rows.map((row) => row[0]), close: rows.map((row) => row[1]), volume: rows.map((row) => row[2]) };
}

describe("for any bars, any actions and instants in any order", () => {
  test("a view is what was known, and holds no bar that had not closed", () => {
    fc.assert(
      fc.property(randomSeries, instants, lookbacks, (series, moments, lookback) => {
        const views = new DatasetViews(datasetOf(series));
        for (const asOf of moments) {
          const columns = columnsOf(views.view([AAA], lookback, asOf));
          expect(columns).toEqual(slowView(series, lookback, asOf));
          for (const one of columns.days) expect(sessionOn(one as EpochDay)!.close).toBeLessThanOrEqual(asOf);
        }
      }),
    );
  });
  test("data cut off at the instant give the same view to the last bit", () => {
    fc.assert(
      fc.property(randomSeries, instants, lookbacks, (series, moments, lookback) => {
        const views = new DatasetViews(datasetOf(series));
        for (const asOf of moments) {
          const kept = [...series.bars.days].filter((one) => sessionOn(one as EpochDay)!.close <= asOf).length;
          const bars = printedBars(series);
          const [days, close, volume] = [bars.days.slice(0, kept), bars.close.slice(0, kept), bars.volume.slice(0, kept)];
          const known = series.actions.filter((action) => action.exDay <= newYorkClock(asOf).day);
          const past: Series = { ...series, actions: known, bars: { kind: "ohlcv", days, open: close, high: close, low: close, close, volume } };
          expect(columnsOf(views.view([AAA], lookback, asOf))).toEqual(columnsOf(new DatasetViews(datasetOf(past)).view([AAA], lookback, asOf)));
        }
      }),
    );
  });
});
