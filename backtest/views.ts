/**
 * What a strategy may see on a given instant of a backtest.
 *
 * A view holds the bars of sessions that had closed by `asOf`, and raw prices adjusted with exactly the actions whose
 * ex-date is on or before New York's date of `asOf`: before the open of an ex-date the last close is already divided, as
 * it is on a trader's screen that morning, and on every other day the last close is the printed one. Nothing later than
 * `asOf` has any influence: the same data cut off at `asOf` give the same view to the last bit. `asOf` may go back.
 *
 * No view copies columns. Between two actions of a symbol its adjusted columns do not change, so they are computed once
 * for as far back as views have reached and kept until the next action; columns that were handed out are never written.
 */
import { MarketDataMissing } from "../src/ports.ts";
import type { Bars, MarketView, Symbol } from "../src/trade.ts";
import { lastClosedSession } from "../src/rules/calendar.ts";
import { countKnown, priceFactorOf, volumeFactorOf } from "../src/rules/corporate-actions.ts";
import { newYorkClock, type EpochDay, type Instant } from "../src/time.ts";
import type { Dataset, Series } from "./dataset.ts";

export class DatasetViews {
  private readonly dataset: Dataset;
  private readonly columns: ReadonlyMap<Symbol, AdjustedColumns>;

  constructor(dataset: Dataset) {
    this.dataset = dataset;
    this.columns = new Map([...dataset.series].map(([symbol, series]) => [symbol, new AdjustedColumns(series)]));
  }

  /** @throws MarketDataMissing for a symbol that the data set does not have. */
  view(symbols: readonly Symbol[], lookback: number, asOf: Instant): MarketView {
    for (const symbol of symbols) if (!this.columns.has(symbol)) throw new MarketDataMissing(`${this.dataset.directory} has no bars of ${symbol}`);
    const { columns } = this;
    const session = lastClosedSession(asOf);
    const today = newYorkClock(asOf).day;
    return {
      asOf,
      session: session.date,
      symbols,
      source: "files", // not which: the view hash says what was seen, and a run that follows growing files stays comparable
      adjustment: "split-and-dividend", // raw series too, as of the view's date
      bars(symbol) {
        if (!symbols.includes(symbol)) throw new RangeError(`the view was not asked for ${symbol}`);
        return columns.get(symbol)!.bars(session.day, today, lookback);
      },
    };
  }
}

/** The columns of one symbol as adjusted on the day of the latest question. */
class AdjustedColumns {
  private readonly series: Series;
  /** How many actions had taken effect; with none, the printed columns themselves serve. */
  private known = 0;
  /** The printed bars that `bars` covers: from `start` to before `end`. */
  private start = 0;
  private end: number;
  private adjusted: Bars;
  /** Where the last answer ended: the next question is nearly always about the same bar or the one after. */
  private lastCut = 0;

  constructor(series: Series) {
    this.series = series;
    this.end = series.bars.days.length;
    this.adjusted = series.bars;
  }

  bars(lastDay: EpochDay, today: EpochDay, lookback: number): Bars {
    const cut = this.cutAfter(lastDay);
    const from = Math.max(0, cut - lookback);
    const known = countKnown(this.series.actions, today);
    if (known !== this.known || from < this.start || cut > this.end) this.adjust(known, from, cut);
    return sliceOf(this.adjusted, from - this.start, cut - this.start);
  }

  private cutAfter(lastDay: EpochDay): number {
    const { days } = this.series.bars;
    let cut = this.lastCut;
    if (cut > 0 && days[cut - 1]! > lastDay) cut = 0;
    if (cut + 8 < days.length && days[cut + 8]! <= lastDay) cut = countUpTo(days, lastDay);
    else while (cut < days.length && days[cut]! <= lastDay) cut += 1;
    this.lastCut = cut;
    return cut;
  }

  private adjust(known: number, from: number, cut: number): void {
    const { actions, bars } = this.series;
    const nextAction = actions[known];
    this.start = known === this.known ? Math.min(from, this.start) : from;
    this.end = nextAction ? Math.max(cut, countUpTo(bars.days, nextAction.exDay - 1)) : bars.days.length;
    this.known = known;
    const printed = sliceOf(bars, this.start, this.end);
    this.adjusted = known === 0 ? printed : this.scaled(printed);
  }

  /** Factors are multiplied from the latest action backwards, so that they do not depend on where the columns start. */
  private scaled(printed: Bars): Bars {
    const { actions } = this.series;
    const { days } = printed;
    const prices = new Float64Array(days.length);
    const volumes = new Float64Array(days.length);
    let action = this.known - 1;
    let price = 1;
    let volume = 1;
    for (let i = days.length - 1; i >= 0; i -= 1) {
      for (; action >= 0 && actions[action]!.exDay > days[i]!; action -= 1) {
        price *= priceFactorOf(actions[action]!);
        volume *= volumeFactorOf(actions[action]!);
      }
      prices[i] = price;
      volumes[i] = volume;
    }
    const close = product(printed.close, prices);
    if (printed.kind === "close-only") return { kind: printed.kind, days, close };
    const [open, high, low] = [product(printed.open, prices), product(printed.high, prices), product(printed.low, prices)];
    return { kind: printed.kind, days, open, high, low, close, volume: product(printed.volume, volumes) };
  }
}

function product(values: Float64Array, factors: Float64Array): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i += 1) result[i] = values[i]! * factors[i]!;
  return result;
}

function sliceOf(bars: Bars, from: number, to: number): Bars {
  const days = bars.days.subarray(from, to);
  const close = bars.close.subarray(from, to);
  if (bars.kind === "close-only") return { kind: bars.kind, days, close };
  const { kind, open, high, low, volume } = bars;
  return { kind, days, open: open.subarray(from, to), high: high.subarray(from, to), low: low.subarray(from, to), close, volume: volume.subarray(from, to) };
}

/** How many of the ascending `days` are on or before `day`. */
function countUpTo(days: Int32Array, day: number): number {
  let low = 0;
  let high = days.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (days[middle]! <= day) low = middle + 1;
    else high = middle;
  }
  return low;
}
