/**
 * What must be true of a symbol's bars before anything is computed from them, and what a user should hear about them.
 *
 * The whole file must hold positive, finite prices with low <= open, close <= high, no negative volume, and days in
 * ascending order, each once. The range that a backtest uses must be sessions of the exchange without a long hole. What
 * breaks this throws `DataInvalid` with its line; what is only odd becomes a note. Nothing is filled or repaired, save
 * that a high or low within 0.01 % of an open or close outside it is widened to include it (rounding of adjusted prices).
 */
import type { Bars } from "../src/trade.ts";
import { FIRST_CALENDAR_DAY, sessionOn, sessionsBetween, type Session } from "../src/rules/calendar.ts";
import { dateOfEpochDay, type EpochDay } from "../src/time.ts";
import { DataInvalid } from "./dataset-invalid.ts";
import type { PrintedSeries } from "./dataset-files.ts";

const ROUNDING = 1e-4;
const STALE_BARS = 10;

/** Checks the whole file. @returns the bars, with rounding errors of high and low widened, and notes. */
export function checkedBars(series: PrintedSeries): { bars: Bars; notes: string[] } {
  const { bars } = series;
  checkOrder(series);
  checkPositive(series, series.closeColumn, bars.close);
  if (bars.kind === "close-only") return { bars, notes: [] };
  for (const column of ["open", "high", "low"] as const) checkPositive(series, column, bars[column]);
  const high = Float64Array.from(bars.high);
  const low = Float64Array.from(bars.low);
  let widened = 0;
  for (let i = 0; i < bars.days.length; i += 1) {
    const top = Math.max(bars.open[i]!, bars.close[i]!);
    const bottom = Math.min(bars.open[i]!, bars.close[i]!);
    if (high[i]! < low[i]!) throw invalidAt(series, i, "high", `the high ${high[i]} is below the low ${low[i]}`);
    if (top > high[i]! * (1 + ROUNDING)) throw invalidAt(series, i, "high", `the high ${high[i]} is below the ${bars.open[i] === top ? "open" : "close"} ${top}`);
    if (bottom < low[i]! * (1 - ROUNDING)) throw invalidAt(series, i, "low", `the low ${low[i]} is above the ${bars.open[i] === bottom ? "open" : "close"} ${bottom}`);
    if (!(bars.volume[i]! >= 0)) throw invalidAt(series, i, "volume", `the volume ${bars.volume[i]} is negative`);
    if (top > high[i]! || bottom < low[i]!) widened += 1;
    high[i] = Math.max(high[i]!, top);
    low[i] = Math.min(low[i]!, bottom);
  }
  const notes = widened === 0 ? [] : [`${series.symbol}: ${count(widened, "bar")} had an open or close outside high and low by 0.01 % or less; high and low were widened to include it.`];
  return { bars: { ...bars, high, low }, notes };
}

/** The part of a range that a symbol covers: bars `first` to before `end`. */
export interface Cut {
  readonly first: number;
  readonly end: number;
}

export interface UsedRange {
  /** The first session that a view of the first day may reach back to. */
  readonly start: Session;
  readonly from: Session;
  readonly to: Session;
  readonly holeMaxSessions: number;
}

/** Where the used range lies in the bars. Undefined when the symbol has no bars in it. */
export function cutOf(days: Int32Array, { start, to }: UsedRange): Cut | undefined {
  const first = firstAtOrAfter(days, start.day);
  const end = firstAtOrAfter(days, to.day + 1);
  return first < end ? { first, end } : undefined;
}

/** Every used day must be a session, and no more than `holeMaxSessions` in a row may be missing. @returns notes on what is missing. */
export function checkSessions(series: PrintedSeries, { first, end }: Cut, range: UsedRange): string[] {
  const { days } = series.bars;
  const missing = { sessions: 0, gaps: 0, longest: 0, longestAfter: "" };
  const startsLate = first === 0;
  // A file that begins inside the range is a late listing; one that has earlier bars has a hole there.
  let previous = startsLate ? sessionOf(series, first).index - 1 : range.start.index - 1;
  for (let i = first; i < end; i += 1) {
    const { index } = sessionOf(series, i);
    const gap = index - previous - 1;
    if (gap > range.holeMaxSessions) throw holeBefore(series, i);
    if (gap > 0) {
      missing.sessions += gap;
      missing.gaps += 1;
      if (gap > missing.longest) Object.assign(missing, { longest: gap, longestAfter: i > 0 ? dateOf(days, i - 1) : range.start.date });
    }
    previous = index;
  }
  const expected = previous + 1 - (startsLate ? sessionOf(series, first).index : range.start.index);
  if (missing.sessions >= 20 && missing.sessions > expected * 0.1) {
    throw invalidAt(series, first, "date", `${series.symbol} has bars on only ${expected - missing.sessions} of the ${expected} sessions from ${dateOf(days, first)} to ${dateOf(days, end - 1)}; was it hardly traded, or another instrument then? Start later or leave it out`);
  }
  return [...missingNotes(series, missing), ...flatNotes(series, { first, end }), ...staleNotes(series, { first, end }), ...earlyEndNotes(series, end, previous, range)];
}

/** One note for all symbols whose bars begin on the same day inside the range. */
export function lateStartNotes(listed: readonly PrintedSeries[], range: UsedRange): string[] {
  const late = listed.filter(({ bars }) => bars.days[0]! > range.start.day && bars.days[0]! <= range.to.day);
  return [...Map.groupBy(late, ({ bars }) => bars.days[0]!)]
    .sort(([a], [b]) => a - b)
    .map(([day, group]) => {
      const subject = `${group.map(({ symbol }) => symbol).join(", ")} ${group.length === 1 ? "has" : "have"} bars from ${dateOfEpochDay(day as EpochDay)} on`;
      if (day > range.from.day) return `${subject}, after the first day ${range.from.date}; until then there is nothing to see or to trade.`;
      return `${subject}, which is less history than the strategy may look back to on ${range.from.date}.`;
    });
}

/** Closes only, written four times, would make every intraday question look answered. */
function flatNotes(series: PrintedSeries, { first, end }: Cut): string[] {
  const { bars, symbol } = series;
  if (bars.kind === "close-only") return [];
  let flat = 0;
  for (let i = first; i < end; i += 1) if (bars.high[i] === bars.low[i]) flat += 1;
  if (flat < 20 || flat <= (end - first) * 0.05) return [];
  return [`${symbol}: ${flat} of ${end - first} bars have one price for open, high, low and close: was it hardly traded, or are these closes only?`];
}

/** A close that never moves is no price: a feed that stood still, or an instrument that nobody traded. */
function staleNotes({ bars: { days, close }, symbol }: PrintedSeries, { first, end }: Cut): string[] {
  let longest = { bars: 0, last: first };
  let since = first;
  for (let i = first + 1; i < end; i += 1) {
    if (close[i] !== close[i - 1]) since = i;
    if (i - since + 1 > longest.bars) longest = { bars: i - since + 1, last: i };
  }
  if (longest.bars < STALE_BARS) return [];
  const { bars, last } = longest;
  return [`${symbol}: the close is ${close[last]} on ${bars} sessions in a row, ${dateOf(days, last - bars + 1)} to ${dateOf(days, last)}: stale, or hardly traded?`];
}

function missingNotes(series: PrintedSeries, missing: { sessions: number; gaps: number; longest: number; longestAfter: string }): string[] {
  if (missing.sessions === 0) return [];
  const { sessions, gaps, longest, longestAfter } = missing;
  return [`${series.symbol}: ${count(sessions, "session")} missing in ${count(gaps, "gap")}, the longest of ${count(longest, "session")} after ${longestAfter}.`];
}

function earlyEndNotes(series: PrintedSeries, end: number, lastIndex: number, range: UsedRange): string[] {
  const { days } = series.bars;
  const missing = range.to.index - lastIndex;
  if (missing === 0) return [];
  const last = dateOf(days, end - 1);
  if (end < days.length && missing > range.holeMaxSessions) throw holeBefore(series, end);
  if (missing > range.holeMaxSessions) {
    throw invalidAt(series, end - 1, "date", `the bars of ${series.symbol} end on ${last}, ${missing} sessions before the last day ${range.to.date}; end on ${last} or leave ${series.symbol} out`);
  }
  return [`${series.symbol}: the last ${count(missing, "session")} up to ${range.to.date} ${missing === 1 ? "is" : "are"} missing.`];
}

/** @throws DataInvalid when the bar's day is no session. */
export function sessionOf(series: PrintedSeries, bar: number): Session {
  const session = sessionOn(series.bars.days[bar] as EpochDay);
  if (!session) throw invalidAt(series, bar, "date", `${dateOf(series.bars.days, bar)} is no session of the New York Stock Exchange; correct the date or remove the row`);
  return session;
}

function checkOrder(series: PrintedSeries): void {
  const { days } = series.bars;
  for (let i = 1; i < days.length; i += 1) {
    if (days[i]! > days[i - 1]!) continue;
    if (days[i] === days[i - 1]) throw invalidAt(series, i, "date", `${dateOf(days, i)} is there twice, also on line ${series.lineOf(i - 1)}; keep one of the rows`);
    throw invalidAt(series, i, "date", `${dateOf(days, i)} follows ${dateOf(days, i - 1)}; sort the rows by date, oldest first`);
  }
}

function checkPositive(series: PrintedSeries, column: string, values: Float64Array): void {
  const bad = values.findIndex((value) => !(value > 0 && value < Infinity));
  if (bad >= 0) throw invalidAt(series, bad, column, `a price of ${values[bad]}; prices are above 0. Correct the row or remove it`);
}

function holeBefore(series: PrintedSeries, bar: number): DataInvalid {
  const { days } = series.bars;
  const missing = sessionsBetween(Math.max(days[bar - 1]! + 1, FIRST_CALENDAR_DAY) as EpochDay, (days[bar]! - 1) as EpochDay).length;
  return invalidAt(
    series,
    bar,
    "date",
    `${series.symbol} has no bars between ${dateOf(days, bar - 1)} and ${dateOf(days, bar)}: ${missing} sessions are missing. Did it trade under another ticker then? Fill the hole, choose a range beside it, or leave ${series.symbol} out`,
  );
}

export function invalidAt(series: PrintedSeries, bar: number, column: string, message: string): DataInvalid {
  return new DataInvalid({ file: series.file, line: series.lineOf(bar), column }, message);
}

export function dateOf(days: Int32Array, bar: number): string {
  return dateOfEpochDay(days[bar] as EpochDay);
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function firstAtOrAfter(days: Int32Array, day: number): number {
  let low = 0;
  let high = days.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (days[middle]! < day) low = middle + 1;
    else high = middle;
  }
  return low;
}
