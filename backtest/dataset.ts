/**
 * Market data on disk, read, checked and cut to what a backtest uses.
 *
 * A data set either loads completely or throws `DataInvalid` with file, line and column: no number ever comes from data
 * that failed a check. Bars stay as they were printed; `adjusted` derives the fully adjusted set, and views.ts the one a
 * strategy sees on a given day. The hash covers what is used and nothing else (no paths, no times of files), so the same
 * prices have the same hash on every machine. `notes` are what a user should hear before believing a result.
 */
import { createHash } from "node:crypto";
import type { Adjustment, Bars, Symbol } from "../src/trade.ts";
import { FIRST_CALENDAR_DAY, LAST_CALENDAR_DAY, sessionAtIndex, sessionsBetween } from "../src/rules/calendar.ts";
import { factorsFor, type CorporateAction } from "../src/rules/corporate-actions.ts";
import { dateOfEpochDay, epochDayOf, type EpochDay, type SessionDate } from "../src/time.ts";
import { readActions, type PrintedAction } from "./dataset-actions.ts";
import { checkedBars, checkSessions, cutOf, dateOf, lateStartNotes, sessionOf, type Cut, type UsedRange } from "./dataset-checks.ts";
import { readBytes, readCatalog, readSeries, symbolOf, type Catalog, type PrintedSeries } from "./dataset-files.ts";
import { DataInvalid } from "./dataset-invalid.ts";
import { checkMoves, settledActions } from "./dataset-moves.ts";

export { DataInvalid } from "./dataset-invalid.ts";

export interface Series {
  readonly symbol: Symbol;
  /** As printed in the file. */
  readonly bars: Bars;
  /** Of `bars`. */
  readonly adjustment: Adjustment;
  /** By ex-date, after the first bar; a dividend stands before a split of the same day. None for adjusted bars. */
  readonly actions: readonly CorporateAction[];
}

export interface Dataset {
  readonly directory: string;
  /** By symbol, the benchmark included. */
  readonly series: ReadonlyMap<Symbol, Series>;
  /** What may be traded, sorted. */
  readonly symbols: readonly Symbol[];
  readonly benchmark?: Symbol;
  /** SHA-256 over symbols, kinds, adjustments, columns and actions. */
  readonly hash: string;
  readonly notes: readonly string[];
}

export interface DatasetOptions {
  /** Left out, all that the directory holds and that has bars in the range. */
  readonly symbols?: readonly string[];
  /** Instead of the one that the data set names; it may be one of the traded symbols. */
  readonly benchmark?: string;
  readonly from: SessionDate;
  readonly to: SessionDate;
  /** Sessions before `from` that views may reach back to. */
  readonly lookbackSessions: number;
  /** Sessions in a row that may be missing. Default 5. */
  readonly holeMaxSessions?: number;
  /** What to do about a price that moves exactly like a split that no action explains. Default "fail". */
  readonly suspectedSplits?: "fail" | "note";
}

/** @throws DataInvalid when the directory, a file, a symbol or the range is not fit for a backtest. */
export async function loadDataset(directory: string, options: DatasetOptions): Promise<Dataset> {
  const range = usedRange(directory, options);
  const catalog = await readCatalog(directory);
  const benchmark = options.benchmark === undefined ? catalog.benchmark : symbolOf(options.benchmark, directory);
  const wanted = options.symbols?.map((text) => symbolOf(text, directory));
  const yardstick = wanted?.find((symbol) => symbol === catalog.benchmark);
  if (yardstick !== undefined) throw new DataInvalid({ file: directory }, `${yardstick} is a benchmark only and cannot be traded; leave it out of the symbols`);
  const printed = await readSeries(catalog, wanted && new Set(benchmark === undefined ? wanted : [...wanted, benchmark]));
  const tradable = wanted ?? [...printed.keys()].filter((symbol) => symbol !== catalog.benchmark);
  requireSeries(catalog, printed, benchmark === undefined ? tradable : [...tradable, benchmark]);
  const actionsFile = catalog.corporateActions;
  const actions = actionsFile === undefined ? new Map<Symbol, PrintedAction[]>() : readActions(await readBytes(actionsFile), actionsFile);

  const notes = [...openingNotes(catalog), ...lateStartNotes(sorted(tradable).map((symbol) => printed.get(symbol)!), range)];
  const series = new Map<Symbol, Series>();
  for (const symbol of sorted(benchmark === undefined ? tradable : [...tradable, benchmark])) {
    const cut = cutOf(printed.get(symbol)!.bars.days, range);
    if (cut) {
      const checked = checkedSeries(printed.get(symbol)!, cut, range, actions.get(symbol) ?? [], catalog, options, symbol === benchmark && !tradable.includes(symbol));
      series.set(symbol, checked.series);
      notes.push(...checked.notes);
    } else if (wanted?.includes(symbol)) throw nothingInRange(printed.get(symbol)!, range);
    else notes.push(`${symbol} was left out: ${coverageText(printed.get(symbol)!, range)}.`);
  }
  const symbols = sorted(tradable.filter((symbol) => series.has(symbol)));
  if (symbols.length === 0) throw emptyRange(directory, [...printed.values()], range);
  const content = { series, symbols, ...(benchmark !== undefined && series.has(benchmark) ? { benchmark } : {}) };
  return { directory, ...content, hash: hashOfContent(content), notes };
}

/** First and last day of every symbol that the directory holds, for a range that the user left open. */
export async function coverageOf(directory: string, symbols?: readonly string[]): Promise<ReadonlyMap<Symbol, { readonly first: SessionDate; readonly last: SessionDate }>> {
  const catalog = await readCatalog(directory);
  const wanted = symbols?.map((text) => symbolOf(text, directory));
  const printed = await readSeries(catalog, wanted && new Set(wanted));
  requireSeries(catalog, printed, wanted ?? []);
  const tradable = [...printed.values()].filter((series) => series.bars.days.length > 0 && series.symbol !== catalog.benchmark);
  return new Map(
    tradable.map(({ symbol, bars: { days } }) => [symbol, { first: dateOfEpochDay(days[0] as EpochDay), last: dateOfEpochDay(days.at(-1) as EpochDay) }]),
  );
}

/** Every series with all its actions divided out. */
export function adjusted(dataset: Dataset): Dataset {
  const series = new Map([...dataset.series].map(([symbol, one]) => [symbol, adjustedSeries(one)]));
  const content = { ...dataset, series };
  return { ...content, hash: hashOfContent(content) };
}

/** All actions divided out of prices, and splits out of volumes; no actions are left. */
export function adjustedSeries(series: Series): Series {
  if (series.adjustment !== "raw") return series;
  const { bars, actions, symbol } = series;
  const last = (actions.at(-1)?.exDay ?? 0) as EpochDay;
  const factors = Array.from(bars.days, (day) => factorsFor(actions, day as EpochDay, last));
  const scaled = (column: Float64Array): Float64Array => column.map((value, i) => value * factors[i]!.price);
  const days = bars.days;
  const close = scaled(bars.close);
  const whole: Bars =
    bars.kind === "close-only"
      ? { kind: bars.kind, days, close }
      : { kind: bars.kind, days, open: scaled(bars.open), high: scaled(bars.high), low: scaled(bars.low), close, volume: bars.volume.map((value, i) => value * factors[i]!.volume) };
  return { symbol, bars: whole, adjustment: "split-and-dividend", actions: [] };
}

function usedRange(directory: string, { from, to, lookbackSessions, holeMaxSessions = 5 }: DatasetOptions): UsedRange {
  const [first, last] = [epochDayOf(from), epochDayOf(to)];
  if (first < FIRST_CALENDAR_DAY || last > LAST_CALENDAR_DAY) {
    throw new DataInvalid({ file: directory }, `${from} to ${to} is beyond the session calendar, ${dateOfEpochDay(FIRST_CALENDAR_DAY)} to ${dateOfEpochDay(LAST_CALENDAR_DAY)}`);
  }
  const sessions = sessionsBetween(first, last);
  const [firstSession, lastSession] = [sessions[0], sessions.at(-1)];
  if (!firstSession || !lastSession) throw new DataInvalid({ file: directory }, `there is no session from ${from} to ${to}`);
  return { start: sessionAtIndex(Math.max(0, firstSession.index - lookbackSessions)), from: firstSession, to: lastSession, holeMaxSessions };
}

function requireSeries(catalog: Catalog, printed: ReadonlyMap<Symbol, PrintedSeries>, symbols: readonly Symbol[]): void {
  const missing = symbols.filter((symbol) => !printed.has(symbol));
  if (missing.length === 0) return;
  const names = catalog.files.map((file) => file.path.slice(catalog.directory.length).replace(/^\//, ""));
  const known = names.length > 12 ? `${names.slice(0, 12).join(", ")} and ${names.length - 12} more files` : names.join(", ");
  throw new DataInvalid({ file: catalog.directory }, `there is no file for ${missing.join(", ")}; the data set has ${known}`);
}

function checkedSeries(
  printed: PrintedSeries,
  cut: Cut,
  range: UsedRange,
  printedActions: readonly PrintedAction[],
  catalog: Catalog,
  { suspectedSplits = "fail" }: DatasetOptions,
  isYardstick: boolean,
): { series: Series; notes: string[] } {
  const { symbol, adjustment } = printed;
  const { bars, notes } = checkedBars(printed);
  notes.push(...(isYardstick ? benchmarkNotes(printed, cut, range) : checkSessions(printed, cut, range)));
  const settled = adjustment === "raw" ? settledActions(printed, cut, range.to.day, printedActions, catalog.corporateActions ?? "") : { actions: [], notes: [] };
  notes.push(...settled.notes, ...checkMoves(printed, cut, settled.actions, catalog.manifest?.acceptedMoves ?? [], suspectedSplits));
  return { series: { symbol, bars: barsBetween(bars, cut), adjustment, actions: settled.actions }, notes };
}

/** A yardstick need not cover the range: it is drawn where it does. */
function benchmarkNotes(printed: PrintedSeries, cut: Cut, range: UsedRange): string[] {
  const start = sessionOf(printed, cut.first);
  const to = sessionOf(printed, cut.end - 1);
  const notes = checkSessions(printed, cut, { ...range, start, from: start, to });
  if (start.index > range.from.index || to.index < range.to.index) notes.push(`The benchmark ${printed.symbol} covers ${start.date} to ${to.date} only.`);
  return notes;
}

function openingNotes({ manifest }: Catalog): string[] {
  if (!manifest) return ["The data set has no dataset.json: its prices are taken as raw, that is, not adjusted for splits and dividends."];
  return [`Data: ${manifest.name}. Source: ${manifest.source}. Licence: ${manifest.licence}.`, ...manifest.caveats];
}

function nothingInRange(printed: PrintedSeries, range: UsedRange): DataInvalid {
  return new DataInvalid({ file: printed.file }, `${coverageText(printed, range)}; choose another range or leave ${printed.symbol} out`);
}

function emptyRange(directory: string, printed: readonly PrintedSeries[], { start, to }: UsedRange): DataInvalid {
  const days = printed.flatMap(({ bars }) => (bars.days.length > 0 ? [bars.days[0]!, bars.days.at(-1)!] : [])).sort((a, b) => a - b);
  const covered = days.length === 0 ? "no bars at all" : `bars from ${dateOf(Int32Array.from(days), 0)} to ${dateOf(Int32Array.from(days), days.length - 1)}`;
  return new DataInvalid({ file: directory }, `there are no bars from ${start.date} to ${to.date}; the data set has ${covered}`);
}

function coverageText({ symbol, bars: { days } }: PrintedSeries, { start, to }: UsedRange): string {
  const nowhere = `${symbol} has no bars from ${start.date} to ${to.date}`;
  if (days.length === 0) return nowhere;
  const after = days.findIndex((day) => day > to.day);
  if (after > 0) return `${nowhere}: they stop on ${dateOf(days, after - 1)} and go on from ${dateOf(days, after)}`;
  return `${nowhere}, only from ${dateOf(days, 0)} to ${dateOf(days, days.length - 1)}`;
}

function barsBetween(bars: Bars, { first, end }: Cut): Bars {
  const days = bars.days.subarray(first, end);
  const close = bars.close.subarray(first, end);
  if (bars.kind === "close-only") return { kind: bars.kind, days, close };
  return {
    kind: bars.kind,
    days,
    open: bars.open.subarray(first, end),
    high: bars.high.subarray(first, end),
    low: bars.low.subarray(first, end),
    close,
    volume: bars.volume.subarray(first, end),
  };
}

function hashOfContent({ series, symbols, benchmark }: { series: Dataset["series"]; symbols: readonly Symbol[]; benchmark?: Symbol }): string {
  const digest = createHash("sha256").update(JSON.stringify({ symbols, benchmark: benchmark ?? null }));
  for (const { symbol, bars, adjustment, actions } of series.values()) {
    digest.update(JSON.stringify({ symbol, kind: bars.kind, adjustment, rows: bars.days.length, actions }));
    const columns = bars.kind === "close-only" ? [bars.days, bars.close] : [bars.days, bars.open, bars.high, bars.low, bars.close, bars.volume];
    for (const { buffer, byteOffset, byteLength } of columns) digest.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return digest.digest("hex");
}

function sorted(symbols: readonly Symbol[]): readonly Symbol[] {
  return [...new Set(symbols)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
