/**
 * Daily bars of the past as a venue's market, played as market-replay.ts says, and as its history.
 *
 * The history tells the prints that the replay makes: of a bar with open, high, low and close one at the open, two at
 * midday and one at the close, each of a quarter of the day's volume; of one that knows its close only the close. Its quotes
 * are the profile's, at the moments at which the house is there. Nothing is told before its moment has come.
 */
import { mulDiv, NANOS, priceFromNumber, type Price, type Quantity } from "../money.ts";
import { sessionOn, type Session } from "../rules/calendar.ts";
import type { Exchange } from "../simulator/exchange.ts";
import { UNBOUNDED, type FillProfile } from "../simulator/fill-profiles.ts";
import { MarketReplay, type ReplaySeries } from "../simulator/market-replay.ts";
import { statisticsBefore } from "../simulator/symbol-statistics.ts";
import { MINUTE_MS, newYorkClock, newYorkInstant, plusMs, type EpochDay, type Instant } from "../time.ts";
import type { MarketSource } from "./market-source.ts";
import { RecordedHistory, type Recording } from "./recorded-history.ts";
import { dailyTimetable } from "./timetable.ts";
import type { TapeQuote, TapeTrade } from "./trade-tape.ts";
import type { MarketBar } from "./venue-replies.ts";

export interface DailyMarketSettings {
  /** As printed, with their actions. */
  readonly series: readonly ReplaySeries[];
  /** The first day that is played. */
  readonly from: EpochDay;
  readonly profile: FillProfile;
}

export function dailyMarket({ series, from, profile }: DailyMarketSettings): MarketSource {
  const symbols = series.map(({ symbol }) => symbol);
  const last = Math.max(from, ...series.map(({ bars }) => bars.days.at(-1) ?? 0)) as EpochDay;
  return {
    symbols,
    hours: "calendar",
    history: new RecordedHistory(symbols, false, (symbol) => recordingOf(series.find((one) => one.symbol === symbol)!, profile)),
    timetable: dailyTimetable(last),
    open(exchange: Exchange, restored) {
      const replay = new MarketReplay(exchange, series, from, profile, () => undefined, restored?.at);
      let hasMoved = false;
      return {
        advanceTo(at) {
          replay.advanceTo(at);
          hasMoved = true;
        },
        hasMoved() {
          const moved = hasMoved;
          hasMoved = false;
          return moved;
        },
        // The replay is a function of the bars and the instant.
        snapshot: () => ({ at: exchange.now, state: null }),
      };
    },
  };
}

function recordingOf(series: ReplaySeries, profile: FillProfile): Recording {
  const days = dayBarsOf(series);
  return { minutes: [], days, trades: tradesOf(series, days), quotes: quotesOf(series, days, profile), actions: series.actions };
}

/** As they are shown, each at New York's midnight. */
export function dayBarsOf({ bars }: Pick<ReplaySeries, "bars">): readonly MarketBar[] {
  return Array.from(bars.days, (day, i) => {
    const close = priceFromNumber(bars.close[i]!);
    const [open, high, low, volume] = bars.kind === "ohlcv" ? [priceFromNumber(bars.open[i]!), priceFromNumber(bars.high[i]!), priceFromNumber(bars.low[i]!), bars.volume[i]!] : [close, close, close, 0];
    return { at: newYorkInstant(day as EpochDay, 0), open, high, low, close, volume, trades: bars.kind === "ohlcv" ? 4 : 1, average: mulDiv(open + high + low + close, 1, 4) as Price };
  });
}

function tradesOf(series: ReplaySeries, days: readonly MarketBar[]): readonly TapeTrade[] {
  const trades: TapeTrade[] = [];
  for (const { at: midnight, open, high, low, close, volume } of days) {
    const session = sessionOn(newYorkClock(midnight).day);
    if (!session) continue;
    const quarter = Math.min(Math.floor(volume / 4) * NANOS, UNBOUNDED) as Quantity;
    const print = (at: number, price: Price): void => void trades.push({ at: at as Instant, id: trades.length + 1, price, quantity: quarter });
    if (series.bars.kind === "ohlcv") {
      print(session.open, open);
      print(middayOf(session), low);
      print(middayOf(session), high);
    }
    print(session.close, close);
  }
  return trades;
}

function quotesOf(series: ReplaySeries, days: readonly MarketBar[], profile: FillProfile): readonly TapeQuote[] {
  const quotes: TapeQuote[] = [];
  const moments = profile.openingMinutes > 0 ? 4 : 3;
  for (const [i, { at: midnight, open, close, volume }] of days.entries()) {
    const { day } = newYorkClock(midnight);
    const session = sessionOn(day);
    if (!session) continue;
    const quote = (at: Instant, price: Price, quantity: Quantity): void => {
      const { bid, ask } = profile.quote(price, quantity, (at - session.open) / MINUTE_MS, () => statisticsBefore(series.bars, series.actions, i, day));
      quotes.push({ at, bid, bidQuantity: quantity, ask, askQuantity: quantity });
    };
    const offered = series.bars.kind === "ohlcv" ? profile.offered(volume, moments) : UNBOUNDED;
    if (series.bars.kind === "ohlcv") {
      quote(session.open, open, offered);
      if (profile.openingMinutes > 0) quote(plusMs(session.open, profile.openingMinutes * MINUTE_MS), open, offered);
    }
    quote(session.close, close, offered);
  }
  return quotes;
}

function middayOf({ open, close }: Session): Instant {
  return plusMs(open, (close - open) / 2);
}
