/** The history of a market whose days are known beforehand, cut where the market's time has come to. */
import type { CorporateAction } from "../rules/corporate-actions.ts";
import { sessionOn } from "../rules/calendar.ts";
import { MINUTE_MS, newYorkClock, type Instant } from "../time.ts";
import type { Symbol } from "../trade.ts";
import type { BarHistory } from "./bar-history.ts";
import type { TapeQuote, TapeTrade } from "./trade-tape.ts";
import type { MarketBar, MarketUpdate } from "./venue-replies.ts";

/** Of one symbol, each by time. */
export interface Recording {
  readonly minutes: readonly MarketBar[];
  readonly days: readonly MarketBar[];
  readonly trades: readonly TapeTrade[];
  readonly quotes: readonly TapeQuote[];
  readonly actions: readonly CorporateAction[];
}

export class RecordedHistory implements BarHistory {
  readonly hasQuotes: boolean;
  readonly #symbols: ReadonlySet<Symbol>;
  readonly #recordingOf: (symbol: Symbol) => Recording;
  readonly #made = new Map<Symbol, Recording>();

  /** A recording is made when it is first asked for. */
  constructor(symbols: readonly Symbol[], hasQuotes: boolean, recordingOf: (symbol: Symbol) => Recording) {
    this.#symbols = new Set(symbols);
    this.hasQuotes = hasQuotes;
    this.#recordingOf = recordingOf;
  }

  bars(symbol: Symbol, timeframe: "minute" | "day", now: Instant): readonly MarketBar[] {
    const { minutes, days } = this.#recording(symbol);
    return timeframe === "minute" ? until(minutes, now, minuteEnd) : until(days, now, dayEnd);
  }

  trades(symbol: Symbol, now: Instant): readonly TapeTrade[] {
    return until(this.#recording(symbol).trades, now, itsTime);
  }

  quotes(symbol: Symbol, now: Instant): readonly TapeQuote[] {
    return until(this.#recording(symbol).quotes, now, itsTime);
  }

  actions(symbol: Symbol): readonly CorporateAction[] {
    return this.#recording(symbol).actions;
  }

  printed(after: Instant, upTo: Instant): readonly MarketUpdate[] {
    const found: { readonly at: number; readonly update: MarketUpdate }[] = [];
    const take = <T extends { readonly at: Instant }>(all: readonly T[], timeOf: (one: T) => number, updateOf: (one: T) => MarketUpdate): void => {
      for (let i = countUntil(all, after, timeOf); i < all.length && timeOf(all[i]!) <= upTo; i += 1) found.push({ at: timeOf(all[i]!), update: updateOf(all[i]!) });
    };
    for (const symbol of this.#symbols) {
      const { minutes, days, trades, quotes } = this.#recording(symbol);
      take(minutes, minuteEnd, (bar) => ({ type: "bar", symbol, timeframe: "minute", bar }));
      take(days, dayEnd, (bar) => ({ type: "bar", symbol, timeframe: "day", bar }));
      if (this.hasQuotes) take(quotes, itsTime, (quote) => ({ type: "quote", symbol, ...quote }));
      take(trades, itsTime, (trade) => ({ type: "trade", symbol, ...trade }));
    }
    return found.sort((a, b) => a.at - b.at).map(({ update }) => update);
  }

  #recording(symbol: Symbol): Recording {
    let recording = this.#made.get(symbol);
    if (!recording) {
      recording = this.#symbols.has(symbol) ? this.#recordingOf(symbol) : NOTHING;
      this.#made.set(symbol, recording);
    }
    return recording;
  }
}

const NOTHING: Recording = { minutes: [], days: [], trades: [], quotes: [], actions: [] };

const itsTime = ({ at }: { readonly at: Instant }): number => at;
const minuteEnd = ({ at }: MarketBar): number => at + MINUTE_MS;
const dayEnd = ({ at }: MarketBar): number => sessionOn(newYorkClock(at).day)?.close ?? Infinity;

function until<T>(all: readonly T[], now: Instant, timeOf: (one: T) => number): readonly T[] {
  return all.slice(0, countUntil(all, now, timeOf));
}

function countUntil<T>(all: readonly T[], now: Instant, timeOf: (one: T) => number): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeOf(all[middle]!) <= now) low = middle + 1;
    else high = middle;
  }
  return low;
}
