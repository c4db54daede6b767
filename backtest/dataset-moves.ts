/**
 * Prices against corporate actions: does every jump have its reason, and does every action fit its prices?
 *
 * The overnight move of a bar is its open (its close, where there are only closes) over the close before, with the
 * splits and dividends between them undone. More than 40 % without a reason is said. A move of a half, a third, a tenth
 * … to within 2 % that the close keeps is how a split looks that nobody announced, and a backtest over it would book a
 * loss that no holder had; so it is an error unless the data set's `acceptedMoves` or the caller says that it was real.
 */
import type { Symbol } from "../src/trade.ts";
import type { CorporateAction } from "../src/rules/corporate-actions.ts";
import { sessionDateOf } from "../src/time.ts";
import { settledAction, type PrintedAction } from "./dataset-actions.ts";
import { dateOf, invalidAt, type Cut } from "./dataset-checks.ts";
import type { PrintedSeries } from "./dataset-files.ts";
import type { Manifest } from "./dataset-manifest.ts";

const NOTED_MOVE = 0.4;
const SPLIT_TOLERANCE = 0.02;
const SPLIT_RATIOS = [2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50, 100];
/** How far the close of the day may have moved on from a suspected split. */
const SPLIT_DAY_MOVE = 0.15;
/** A close this near the one before, after an open more than 40 % away, makes the open doubtful. */
const CAME_BACK = 0.2;
/** A close before the ex-date that differs by more than this from the bars' is another instrument's. */
const SAME_CLOSE = 0.01;

/** The actions between the first bar and the last day that is used, with the close before each dividend as printed. */
export function settledActions(
  series: PrintedSeries,
  { first }: Cut,
  lastDay: number,
  printed: readonly PrintedAction[],
  file: string,
): { actions: readonly CorporateAction[]; notes: string[] } {
  const { days, close } = series.bars;
  const actions: CorporateAction[] = [];
  const strangers: string[] = [];
  let bar = first;
  for (const action of printed) {
    if (action.exDay <= days[first]! || action.exDay > lastDay) continue;
    while (bar + 1 < days.length && days[bar + 1]! < action.exDay) bar += 1;
    const previousClose = close[bar]!;
    actions.push(settledAction(action, previousClose, file));
    if (action.type === "dividend" && action.statedClose !== undefined && Math.abs(action.statedClose / previousClose - 1) > SAME_CLOSE) {
      strangers.push(`${dateOf(Int32Array.of(action.exDay), 0)} (${action.statedClose} there, ${previousClose} in the bars)`);
    }
  }
  const notes =
    strangers.length === 0
      ? []
      : [`${series.symbol}: the close before the ex-date in the corporate actions is not the bars' on ${listed(strangers)}: are these the bars of another company? The bars' closes were used.`];
  return { actions, notes };
}

/** @throws DataInvalid for a move that looks exactly like an unannounced split, unless `suspectedSplits` is "note". */
export function checkMoves(
  series: PrintedSeries,
  { first, end }: Cut,
  actions: readonly CorporateAction[],
  accepted: Manifest["acceptedMoves"],
  suspectedSplits: "fail" | "note",
): string[] {
  const { bars } = series;
  const notes: string[] = [];
  const moves: string[] = [];
  const opens: string[] = [];
  let next = 0;
  for (let i = first + 1; i < end; i += 1) {
    let before = bars.close[i - 1]!;
    for (; next < actions.length && actions[next]!.exDay <= bars.days[i]!; next += 1) {
      const action = actions[next]!;
      before = action.type === "split" ? before / action.ratio : before - action.amount;
    }
    const close = bars.close[i]!;
    const open = bars.kind === "ohlcv" ? bars.open[i]! : close;
    if (Math.abs(open / before - 1) <= NOTED_MOVE || isAccepted(accepted, series.symbol, bars.days, i)) continue;
    const date = dateOf(bars.days, i);
    const ratio = splitRatioOf(open / before, close / before);
    if (ratio !== undefined) {
      const message = suspicion(series, i, before, open, ratio);
      if (suspectedSplits === "fail") throw invalidAt(series, i, bars.kind === "ohlcv" ? "open" : series.closeColumn, `${message} Add it to corporate_actions.csv; or, if the move was real, list it under acceptedMoves in dataset.json or pass --suspected-splits note`);
      notes.push(`${message} It was taken as a real move.`);
    } else if (Math.abs(close / before - 1) <= CAME_BACK) opens.push(`${date} (${rounded(open)} between closes of ${rounded(before)} and ${rounded(close)})`);
    else moves.push(`${date} (${percent(open / before - 1)})`);
  }
  if (opens.length > 0) notes.push(`${series.symbol} opened far from the closes on both sides on ${listed(opens)}: a bad print? An order filled at such an open distorts the result.`);
  if (moves.length > 0) notes.push(`${series.symbol} moved by more than 40 % overnight on ${listed(moves)} without a corporate action: a split nobody announced?`);
  return notes;
}

function suspicion(series: PrintedSeries, bar: number, before: number, price: number, ratio: number): string {
  const kind = ratio > 1 ? `a ${ratio}-for-1 split` : `a 1-for-${Math.round(1 / ratio)} reverse split`;
  return `${series.symbol} goes from ${rounded(before)} to ${rounded(price)} on ${dateOf(series.bars.days, bar)}: exactly what ${kind} looks like, and no corporate action of that date is known.`;
}

/** New shares for each old one, when open and close over the close before are what such a split would make of them. */
function splitRatioOf(openMove: number, closeMove: number): number | undefined {
  if (openMove > 0.55 && openMove < 1.45) return undefined;
  const ratios = openMove < 1 ? SPLIT_RATIOS : SPLIT_RATIOS.map((ratio) => 1 / ratio);
  return ratios.find((ratio) => Math.abs(openMove * ratio - 1) <= SPLIT_TOLERANCE && Math.abs(closeMove * ratio - 1) <= SPLIT_DAY_MOVE);
}

function isAccepted(accepted: Manifest["acceptedMoves"], symbol: Symbol, days: Int32Array, bar: number): boolean {
  const date = sessionDateOf(dateOf(days, bar));
  return accepted.some((move) => move.symbol === symbol && move.date === date);
}

function listed(items: readonly string[]): string {
  const shown = items.slice(0, 5).join(", ");
  return items.length > 5 ? `${shown} and ${items.length - 5} more days` : shown;
}

function percent(fraction: number): string {
  return `${fraction > 0 ? "+" : ""}${(fraction * 100).toFixed(1)} %`;
}

function rounded(price: number): number {
  return Number(price.toPrecision(7));
}
