/**
 * What a client may know of the market at this moment: bars, trades, quotes and corporate actions by symbol.
 *
 * A replayed market answers from its own history, any other from what traded at the venue. Bars are there once they have
 * closed; longer ones are made of minutes or days, and adjusted as of today with the actions whose ex-date has come.
 */
import { sessionOn } from "../rules/calendar.ts";
import { factorsFor, type CorporateAction, type Factors } from "../rules/corporate-actions.ts";
import { newYorkClock, newYorkInstant, weekdayOf, DAY_MS, MINUTE_MS, type EpochDay, type Instant } from "../time.ts";
import type { Symbol } from "../trade.ts";
import type { Points, TapeQuote, TapeTrade } from "./trade-tape.ts";
import type { Venue } from "./venue.ts";
import type { MarketBar } from "./venue-replies.ts";

export interface Timeframe {
  readonly unit: "minute" | "day" | "week" | "month";
  readonly count: number;
}

export type AdjustmentKind = CorporateAction["type"];

/** Prices in dollars: adjusted ones have any number of decimals. */
export interface ShownBar {
  readonly at: Instant;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly trades: number;
  readonly average: number;
}

export class PrintedMarket {
  readonly #venue: Venue;

  constructor(venue: Venue) {
    this.#venue = venue;
  }

  bars(symbol: Symbol, timeframe: Timeframe, adjusted: readonly AdjustmentKind[], now: Instant): readonly ShownBar[] {
    const base = timeframe.unit === "minute" ? "minute" : "day";
    const printed = this.#printed(symbol, base, now);
    const actions = adjusted.length === 0 ? [] : this.actions(symbol, now).filter(({ type }) => adjusted.includes(type));
    const today = newYorkClock(now).day;
    const shown = printed.map((bar) => shownBar(bar, actions.length === 0 ? AS_PRINTED : factorsFor(actions, newYorkClock(bar.at).day, today)));
    if (base === timeframe.unit && timeframe.count === 1) return shown;
    return merged(shown, timeframe, now);
  }

  /** The day's bar as far as it has come. */
  dayUnderWay(symbol: Symbol, now: Instant): ShownBar | undefined {
    const today = newYorkInstant(newYorkClock(now).day, 0);
    const closed = this.#printed(symbol, "day", now).at(-1);
    if (closed?.at === today) return shownBar(closed, AS_PRINTED);
    const open = this.#venue.tape.openBar(symbol, "day");
    if (open?.at === today && !this.#history) return shownBar(open, AS_PRINTED);
    const session = this.#history && sessionOn(newYorkClock(now).day);
    const trades = this.trades(symbol, now).slice().filter(({ at }) => at >= (session?.open ?? today) && at <= (session?.close ?? now));
    return trades.length === 0 ? undefined : merged(trades.map(barOfTrade), { unit: "day", count: 1 }, undefined)[0];
  }

  lastBar(symbol: Symbol, now: Instant): ShownBar | undefined {
    const bar = this.#printed(symbol, "minute", now).at(-1) ?? this.#printed(symbol, "day", now).at(-1);
    return bar && shownBar(bar, AS_PRINTED);
  }

  /** By time. A replayed market's own prints alone: clients take their part of its volume. */
  trades(symbol: Symbol, now: Instant): Points<TapeTrade> {
    return this.#history?.trades(symbol, now) ?? this.#venue.tape.trades(symbol);
  }

  quotes(symbol: Symbol, now: Instant): Points<TapeQuote> {
    return this.#history?.quotes(symbol, now) ?? this.#venue.tape.quotes(symbol);
  }

  lastQuote(symbol: Symbol, now: Instant): TapeQuote | undefined {
    const quotes = this.#history?.hasQuotes ? this.#history.quotes(symbol, now) : this.#venue.tape.quotes(symbol);
    return quotes.at(-1);
  }

  /** Whose ex-date has come. */
  actions(symbol: Symbol, now: Instant): readonly CorporateAction[] {
    const { day } = newYorkClock(now);
    return (this.#history?.actions(symbol) ?? this.#venue.actions(symbol)).filter(({ exDay }) => exDay <= day);
  }

  #printed(symbol: Symbol, timeframe: "minute" | "day", now: Instant): readonly MarketBar[] {
    return this.#history?.bars(symbol, timeframe, now) ?? this.#venue.tape.bars(symbol, timeframe);
  }

  get #history(): Venue["settings"]["market"]["history"] {
    return this.#venue.settings.market.history;
  }
}

const AS_PRINTED: Factors = { price: 1, volume: 1 };
const MICROS = 1_000_000;

function shownBar({ at, open, high, low, close, volume, trades, average }: MarketBar, { price, volume: byVolume }: Factors): ShownBar {
  return { at, open: (open / MICROS) * price, high: (high / MICROS) * price, low: (low / MICROS) * price, close: (close / MICROS) * price, volume: volume * byVolume, trades, average: (average / MICROS) * price };
}

function barOfTrade({ at, price, quantity }: TapeTrade): ShownBar {
  const usd = price / MICROS;
  return { at, open: usd, high: usd, low: usd, close: usd, volume: quantity / 1e9, trades: 1, average: usd };
}

/** Those that have closed by `now`; all without one. */
function merged(bars: readonly ShownBar[], timeframe: Timeframe, now: Instant | undefined): readonly ShownBar[] {
  const result: ShownBar[] = [];
  for (const bar of bars) {
    const at = startOf(bar.at, timeframe);
    const last = result.at(-1);
    if (last?.at !== at) {
      result.push({ ...bar, at });
      continue;
    }
    const volume = last.volume + bar.volume;
    const average = volume > 0 ? (last.average * last.volume + bar.average * bar.volume) / volume : bar.average;
    result[result.length - 1] = { at, open: last.open, high: Math.max(last.high, bar.high), low: Math.min(last.low, bar.low), close: bar.close, volume, trades: last.trades + bar.trades, average };
  }
  const last = result.at(-1);
  if (now !== undefined && last && endOf(last.at, timeframe) > now) result.pop();
  return result;
}

/** Minutes and hours are counted from New York's midnight, weeks begin on Monday, months with the year. */
function startOf(at: Instant, { unit, count }: Timeframe): Instant {
  const { day } = newYorkClock(at);
  const midnight = newYorkInstant(day, 0);
  switch (unit) {
    case "minute":
      return (midnight + Math.floor((at - midnight) / (count * MINUTE_MS)) * count * MINUTE_MS) as Instant;
    case "day":
      return midnight;
    case "week":
      return newYorkInstant((day - ((weekdayOf(day) + 6) % 7)) as EpochDay, 0);
    case "month": {
      const date = new Date(day * DAY_MS);
      return newYorkInstant((Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - (date.getUTCMonth() % count), 1) / DAY_MS) as EpochDay, 0);
    }
  }
}

function endOf(start: Instant, { unit, count }: Timeframe): number {
  const { day } = newYorkClock(start);
  switch (unit) {
    case "minute":
      return start + count * MINUTE_MS;
    case "day":
      return newYorkInstant((day + 1) as EpochDay, 0);
    case "week":
      return newYorkInstant((day + 5) as EpochDay, 0);
    case "month": {
      const date = new Date(day * DAY_MS);
      return newYorkInstant((Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count, 1) / DAY_MS) as EpochDay, 0);
    }
  }
}
