/**
 * Minute bars with what belongs to them: the daily bars before and during them, corporate actions, and what was known of
 * a symbol before each day.
 *
 * Daily bars are the data set's own where it has some, by all of dataset.ts's checks; otherwise the days of the minutes,
 * before which there is no history then.
 */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { CorporateAction } from "../src/rules/corporate-actions.ts";
import type { SymbolStatistics } from "../src/simulator/fill-profiles.ts";
import type { MinuteBar, MinuteSeries } from "../src/simulator/minute-replay.ts";
import { statisticsBefore } from "../src/simulator/symbol-statistics.ts";
import { epochDayOf, type EpochDay } from "../src/time.ts";
import type { Bars, Symbol } from "../src/trade.ts";
import { readActions, type PrintedAction } from "./dataset-actions.ts";
import { readBytes } from "./dataset-files.ts";
import { settledActions } from "./dataset-moves.ts";
import { loadDataset, type Dataset, type DatasetOptions, type Series } from "./dataset.ts";
import { daysOf, loadMinutes, type MinuteRange } from "./minute-dataset.ts";

export interface MinuteHistory extends MinuteSeries {
  readonly days: Bars;
}

export interface MinuteData {
  /** By symbol. */
  readonly series: readonly MinuteHistory[];
  /** The days, as a data set: the directory's own, or what the minutes add up to. Its hash and notes are those of both. */
  readonly dataset: Dataset;
}

/** Undefined where the directory has no minute bars in the range. @throws DataInvalid */
export async function loadMinuteSeries(directory: string, range: DatasetOptions): Promise<MinuteData | undefined> {
  const minutes = await loadMinutes(directory, range);
  if (!minutes) return undefined;
  const { symbols, bars } = minutes;
  const daily = (await hasDailyBars(directory)) ? await loadDataset(directory, { ...range, symbols }) : undefined;
  const actions = daily ? undefined : await actionsIn(directory);
  const series = symbols.map((symbol) => {
    const own = daily?.series.get(symbol);
    return own ? historyOf(symbol, bars.get(symbol)!, own.bars, own.actions) : derivedHistory(symbol, bars.get(symbol)!, directory, range, actions?.get(symbol) ?? []);
  });
  const digest = createHash("sha256").update(minutes.hash).update(daily?.hash ?? JSON.stringify(series.map(({ symbol, actions: own }) => ({ symbol, actions: own }))));
  const hash = digest.digest("hex");
  const notes = [...(daily?.notes ?? []), ...minutes.notes];
  if (daily) return { series, dataset: { ...daily, hash, notes } };
  const days = series.map(({ symbol, days: bars, actions: own }): Series => ({ symbol, bars, adjustment: "raw", actions: own }));
  return { series, dataset: { directory, series: new Map(days.map((one) => [one.symbol, one])), symbols, hash, notes } };
}

const ACTIONS_FILE = "corporate_actions.csv";

async function hasDailyBars(directory: string): Promise<boolean> {
  return (await readdir(directory)).some((name) => name === "daily" || name === "dataset.json" || (/\.csv(\.gz)?$/i.test(name) && !name.startsWith(ACTIONS_FILE)));
}

async function actionsIn(directory: string): Promise<ReadonlyMap<Symbol, readonly PrintedAction[]>> {
  const name = (await readdir(directory)).find((one) => one === ACTIONS_FILE || one === `${ACTIONS_FILE}.gz`);
  return name === undefined ? new Map() : readActions(await readBytes(join(directory, name)), join(directory, name));
}

function derivedHistory(symbol: Symbol, bars: readonly MinuteBar[], directory: string, { to }: MinuteRange, printed: readonly PrintedAction[]): MinuteHistory {
  const days = daysOf(bars);
  const file = join(directory, "minute", symbol);
  const { actions } = settledActions({ symbol, file, adjustment: "raw", bars: days, lineOf: () => 1, closeColumn: "close" }, { first: 0, end: days.days.length }, epochDayOf(to), printed, join(directory, ACTIONS_FILE));
  return historyOf(symbol, bars, days, actions);
}

function historyOf(symbol: Symbol, bars: readonly MinuteBar[], days: Bars, actions: readonly CorporateAction[]): MinuteHistory {
  const known = new Map<EpochDay, SymbolStatistics>();
  const statisticsOn = (day: EpochDay): SymbolStatistics => {
    let statistics = known.get(day);
    if (!statistics) {
      const index = days.days.findIndex((other) => other >= day);
      statistics = statisticsBefore(days, actions, index < 0 ? days.days.length : index, day);
      known.set(day, statistics);
    }
    return statistics;
  };
  return { symbol, bars, days, actions, statisticsOn };
}
