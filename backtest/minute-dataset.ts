/**
 * Minute bars and quotes on disk, read and checked.
 *
 * `DIR/minute/SYMBOL/YYYYMMDD_trade.csv` has `time,open,high,low,close,volume`, as printed; the time is the start of the
 * minute on New York's clock. `YYYYMMDD_quote.csv` beside it, where there is one, has `bid_open, bid_close, bid_size` and
 * the same of the ask; an empty cell is a side that nobody quoted. Either may be gzipped. A symbol has bars for every
 * session of the range or is left out, with a note; one that was named stops the reading. As in dataset.ts, what fails a
 * check throws `DataInvalid`, and the hash is over what is used.
 */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { sessionOn, sessionsBetween, type Session } from "../src/rules/calendar.ts";
import type { MinuteBar, Sides } from "../src/simulator/minute-replay.ts";
import { epochDayOf, newYorkClock, newYorkInstant, type EpochDay, type SessionDate } from "../src/time.ts";
import type { Bars, Symbol } from "../src/trade.ts";
import { lineOfRow, readColumns, readHeader, sameName } from "./csv.ts";
import { readBytes, symbolOf } from "./dataset-files.ts";
import { DataInvalid } from "./dataset-invalid.ts";

export interface MinuteDataset {
  /** Sorted. */
  readonly symbols: readonly Symbol[];
  readonly bars: ReadonlyMap<Symbol, readonly MinuteBar[]>;
  readonly hash: string;
  readonly notes: readonly string[];
}

export interface MinuteRange {
  readonly symbols?: readonly string[];
  readonly from: SessionDate;
  readonly to: SessionDate;
}

/** Undefined where the directory has no minute bars in the range at all. @throws DataInvalid */
export async function loadMinutes(directory: string, { symbols, from, to }: MinuteRange): Promise<MinuteDataset | undefined> {
  const root = join(directory, "minute");
  const sessions = sessionsBetween(epochDayOf(from), epochDayOf(to));
  const named = symbols?.map((text) => symbolOf(text, root));
  const folders = (await namesIn(root)).filter((name) => !named || named.includes(symbolOf(name, root)));
  const bars = new Map<Symbol, readonly MinuteBar[]>();
  const leftOut: string[] = [];
  for (const name of folders) {
    const symbol = symbolOf(name, root);
    const folder = join(root, name);
    const files = new Set(await namesIn(folder));
    const missing = sessions.filter((session) => !fileOf(files, session, "trade"));
    if (missing.length === sessions.length) continue;
    if (missing.length === 0) bars.set(symbol, await barsIn(folder, files, sessions));
    else leftOut.push(`${symbol} (no bars on ${missing[0]!.date}${missing.length > 1 ? ` and ${missing.length - 1} more days` : ""})`);
  }
  if (bars.size === 0 && leftOut.length === 0) return undefined;
  const absent = (named ?? []).filter((symbol) => !bars.has(symbol));
  if (absent.length > 0 || bars.size === 0) {
    const what = leftOut.length > 0 ? leftOut.join(", ") : absent.join(", ");
    throw new DataInvalid({ file: root }, `there are minute bars from ${from} to ${to}, and not for each session of ${what}; choose other days or symbols`);
  }
  const notes = leftOut.length === 0 ? [] : [`Left out for want of minute bars: ${leftOut.join(", ")}.`];
  const sorted = [...bars.keys()].sort((a, b) => (a < b ? -1 : 1));
  return { symbols: sorted, bars, hash: hashOf(sorted, bars), notes };
}

/** The daily bars that the sessions' minutes add up to, for data that have no others. */
export function daysOf(minutes: readonly MinuteBar[]): Bars {
  const byDay = new Map<EpochDay, { open: number; high: number; low: number; close: number; volume: number }>();
  for (const { at, open, high, low, close, volume } of minutes) {
    const { day } = newYorkClock(at);
    const session = sessionOn(day);
    if (!session || at < session.open || at >= session.close) continue;
    const bar = byDay.get(day);
    if (bar) Object.assign(bar, { high: Math.max(bar.high, high), low: Math.min(bar.low, low), close, volume: bar.volume + volume });
    else byDay.set(day, { open, high, low, close, volume });
  }
  const column = (name: "open" | "high" | "low" | "close" | "volume"): Float64Array => Float64Array.from([...byDay.values()], (bar) => bar[name]);
  return { kind: "ohlcv", days: Int32Array.from(byDay.keys()), open: column("open"), high: column("high"), low: column("low"), close: column("close"), volume: column("volume") };
}

const PRICES = ["open", "high", "low", "close"] as const;
const QUOTES = ["bid_open", "bid_close", "bid_size", "ask_open", "ask_close", "ask_size"] as const;
/** As for daily bars: rounding may leave an open or close so far outside high and low, which are then widened. */
const ROUNDING = 1e-4;

async function barsIn(folder: string, files: ReadonlySet<string>, sessions: readonly Session[]): Promise<readonly MinuteBar[]> {
  const bars: MinuteBar[] = [];
  for (const session of sessions) {
    const trades = join(folder, fileOf(files, session, "trade")!);
    const quotes = fileOf(files, session, "quote");
    const quoted = quotes === undefined ? new Map<number, readonly [Sides, Sides]>() : await quotesIn(join(folder, quotes));
    const { keys, numbers } = readColumns(await readBytes(trades), trades, "time", [...PRICES, "volume"], "forbidden");
    checkTimes(keys, trades);
    for (const [row, minute] of keys.entries()) {
      const [open, high, low, close, volume] = numbers.map((column) => column[row]!) as [number, number, number, number, number];
      checkBar({ open, high, low, close, volume }, trades, lineOfRow(row));
      const [openQuote, closeQuote] = quoted.get(minute) ?? [];
      bars.push({ at: newYorkInstant(session.day, minute), open, high: Math.max(high, open, close), low: Math.min(low, open, close), close, volume, openQuote, closeQuote });
    }
  }
  return bars;
}

async function quotesIn(path: string): Promise<ReadonlyMap<number, readonly [Sides, Sides]>> {
  const bytes = await readBytes(path);
  const header = readHeader(bytes, path);
  const names = QUOTES.filter((name) => !name.endsWith("_size") || header.some((other) => sameName(other, name)));
  const { keys, numbers } = readColumns(bytes, path, "time", names, "allowed");
  checkTimes(keys, path);
  const column = (name: (typeof QUOTES)[number]): Float64Array | undefined => numbers[names.indexOf(name)];
  const [bidSize, askSize] = [column("bid_size"), column("ask_size")];
  const sizes = (row: number): Pick<Sides, "bidSize" | "askSize"> => ({ ...(bidSize && bidSize[row]! >= 0 && { bidSize: bidSize[row]! }), ...(askSize && askSize[row]! >= 0 && { askSize: askSize[row]! }) });
  return new Map(
    Array.from(keys, (minute, row) => {
      const sides = (when: "open" | "close"): Sides => ({ bid: column(`bid_${when}`)![row]!, ask: column(`ask_${when}`)![row]!, ...sizes(row) });
      return [minute, [sides("open"), sides("close")]];
    }),
  );
}

function checkTimes(minutes: Int32Array, file: string): void {
  for (let row = 1; row < minutes.length; row += 1) {
    if (minutes[row]! <= minutes[row - 1]!) throw new DataInvalid({ file, line: lineOfRow(row), column: "time" }, "the minute is not after the one before; sort the rows by time and keep each minute once");
  }
}

function checkBar(bar: { open: number; high: number; low: number; close: number; volume: number }, file: string, line: number): void {
  const refuse = (column: string, message: string): never => {
    throw new DataInvalid({ file, line, column }, message);
  };
  for (const name of PRICES) if (!(bar[name] > 0 && bar[name] < Infinity)) refuse(name, `a price of ${bar[name]}; prices are above 0. Correct the row or remove it`);
  if (Math.max(bar.open, bar.close) > bar.high * (1 + ROUNDING)) refuse("high", `the high ${bar.high} is below the open or the close`);
  if (Math.min(bar.open, bar.close) < bar.low * (1 - ROUNDING)) refuse("low", `the low ${bar.low} is above the open or the close`);
  if (!(bar.volume >= 0)) refuse("volume", `the volume ${bar.volume} is negative`);
}

function fileOf(files: ReadonlySet<string>, { date }: Session, kind: "trade" | "quote"): string | undefined {
  const name = `${date.replaceAll("-", "")}_${kind}.csv`;
  return [name, `${name}.gz`].find((candidate) => files.has(candidate));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith(".")).sort();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new DataInvalid({ file: folder }, `the folder cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function hashOf(symbols: readonly Symbol[], bars: ReadonlyMap<Symbol, readonly MinuteBar[]>): string {
  const digest = createHash("sha256");
  const sides = (quoted: Sides | undefined): readonly number[] => (quoted ? [quoted.bid, quoted.ask, quoted.bidSize ?? -1, quoted.askSize ?? -1] : [-1, -1, -1, -1]);
  for (const symbol of symbols) {
    const all = bars.get(symbol)!;
    digest.update(JSON.stringify({ symbol, rows: all.length }));
    for (const { at, open, high, low, close, volume, openQuote, closeQuote } of all) digest.update(Float64Array.of(at, open, high, low, close, volume, ...sides(openQuote), ...sides(closeQuote)));
  }
  return digest.digest("hex");
}
