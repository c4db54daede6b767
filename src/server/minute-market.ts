/**
 * Minute bars and quotes of the past as a venue's market, played as minute-replay.ts says, and as its history.
 *
 * A minute is told as it is played: four trades of a quarter of its volume each, at its start, a third and two thirds of it
 * and its last millisecond, with the quotes of these moments: at its start and its end the data's own, where they have one,
 * otherwise the profile's. What clients trade and offer changes none of it. Days are the sessions' daily bars.
 */
import { mulDiv, NANOS, priceFromNumber, type Price, type Quantity } from "../money.ts";
import { UNBOUNDED, type FillProfile } from "../simulator/fill-profiles.ts";
import { MinuteReplay, MOMENTS, pathOf, quoteAround, type MinuteBar, type MinuteSeries } from "../simulator/minute-replay.ts";
import { MINUTE_MS, newYorkClock, plusMs, type EpochDay } from "../time.ts";
import type { Bars } from "../trade.ts";
import { dayBarsOf } from "./daily-market.ts";
import type { MarketSource } from "./market-source.ts";
import { RecordedHistory, type Recording } from "./recorded-history.ts";
import { minuteTimetable } from "./timetable.ts";
import type { TapeQuote, TapeTrade } from "./trade-tape.ts";
import type { MarketBar } from "./venue-replies.ts";

export interface MinuteMarketSeries extends MinuteSeries {
  /** Those of the days that are played, and of as many before as clients may look back to. */
  readonly days: Bars;
}

export function minuteMarket(series: readonly MinuteMarketSeries[], profile: FillProfile): MarketSource {
  const symbols = series.map(({ symbol }) => symbol);
  const starts = [...new Set(series.flatMap(({ bars }) => bars.map(({ at }) => at)))].sort((a, b) => a - b);
  return {
    symbols,
    hours: "calendar",
    history: new RecordedHistory(symbols, true, (symbol) => recordingOf(series.find((one) => one.symbol === symbol)!, profile)),
    timetable: minuteTimetable(starts.map((at) => plusMs(at, MINUTE_MS)), starts.length === 0 ? (0 as EpochDay) : newYorkClock(starts.at(-1)!).day),
    open(exchange, restored) {
      const replay = new MinuteReplay(exchange, series, profile, "nearer-first", restored?.at);
      return {
        advanceTo: (at) => replay.advanceTo(at),
        hasMoved: () => false,
        // The replay is a function of the bars and the instant.
        snapshot: () => ({ at: exchange.now, state: null }),
      };
    },
  };
}

function recordingOf(series: MinuteMarketSeries, profile: FillProfile): Recording {
  const { bars, days, actions } = series;
  return { minutes: bars.map(minuteOf), days: dayBarsOf({ bars: days }), trades: tradesOf(bars), quotes: quotesOf(series, profile), actions };
}

function minuteOf({ at, open, high, low, close, volume }: MinuteBar): MarketBar {
  const [o, h, l, c] = [priceFromNumber(open), priceFromNumber(high), priceFromNumber(low), priceFromNumber(close)];
  return { at, open: o, high: h, low: l, close: c, volume, trades: volume > 0 ? MOMENTS.length : 0, average: mulDiv(o + h + l + c, 1, 4) as Price };
}

function tradesOf(bars: readonly MinuteBar[]): readonly TapeTrade[] {
  const trades: TapeTrade[] = [];
  for (const bar of bars) {
    if (bar.volume === 0) continue;
    const quantity = sizeOf(bar.volume / MOMENTS.length);
    for (const [moment, price] of [bar.open, ...pathOf(bar, "nearer-first")].entries()) {
      trades.push({ at: plusMs(bar.at, MOMENTS[moment]!), id: trades.length + 1, price: priceFromNumber(price), quantity });
    }
  }
  return trades;
}

function quotesOf(series: MinuteSeries, profile: FillProfile): readonly TapeQuote[] {
  return series.bars.flatMap((bar) => {
    const offered = profile.offered(bar.volume, MOMENTS.length);
    const quoted = [bar.openQuote, undefined, undefined, bar.closeQuote];
    return [bar.open, ...pathOf(bar, "nearer-first")].map((price, moment): TapeQuote => {
      const at = plusMs(bar.at, MOMENTS[moment]!);
      const { bid, ask } = quoteAround(profile, series, at, priceFromNumber(price), offered, quoted[moment]);
      return { at, bid, bidQuantity: sizeOr(quoted[moment]?.bidSize, offered), ask, askQuantity: sizeOr(quoted[moment]?.askSize, offered) };
    });
  });
}

function sizeOr(shares: number | undefined, otherwise: Quantity): Quantity {
  return shares === undefined ? otherwise : sizeOf(shares);
}

function sizeOf(shares: number): Quantity {
  return Math.min(Math.round(shares * NANOS), UNBOUNDED) as Quantity;
}
