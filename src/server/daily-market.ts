/**
 * Daily bars of the past as a venue's market, played as market-replay.ts says, and as its history.
 *
 * The history tells the prints and quotes that the replay makes: of a bar with open, high, low and close one at the open,
 * two at midday and one at the close, each of a quarter of the day's volume; of one that knows its close only the close.
 * Nothing is told before its moment has come.
 */
import { mulDiv, NANOS, plusBasisPoints, priceFromNumber, type Price, type Quantity } from "../money.ts";
import { sessionOn } from "../rules/calendar.ts";
import type { Exchange } from "../simulator/exchange.ts";
import { constantProfile, type LiquidityRules } from "../simulator/fill-profiles.ts";
import { MarketReplay, type ReplaySeries } from "../simulator/market-replay.ts";
import { newYorkClock, newYorkInstant, type EpochDay, type Instant } from "../time.ts";
import type { Symbol } from "../trade.ts";
import type { BarHistory } from "./bar-history.ts";
import type { MarketSource } from "./market-source.ts";
import type { TapeQuote, TapeTrade } from "./trade-tape.ts";
import type { MarketBar } from "./venue-replies.ts";

export interface DailyMarketSettings {
  /** As printed, with their actions. */
  readonly series: readonly ReplaySeries[];
  /** The first day that is played. */
  readonly from: EpochDay;
  readonly liquidity: LiquidityRules;
}

export function dailyMarket({ series, from, liquidity }: DailyMarketSettings): MarketSource {
  return {
    symbols: series.map(({ symbol }) => symbol),
    hours: "calendar",
    history: new DailyHistory(series, liquidity.halfSpreadBps),
    open(exchange: Exchange, restored) {
      const replay = new MarketReplay(exchange, series, from, constantProfile(liquidity), () => undefined, restored?.at);
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

class DailyHistory implements BarHistory {
  readonly #series: ReadonlyMap<Symbol, ReplaySeries>;
  readonly #halfSpreadBps: number;
  readonly #bars = new Map<Symbol, readonly MarketBar[]>();
  readonly #trades = new Map<Symbol, readonly TapeTrade[]>();

  constructor(series: readonly ReplaySeries[], halfSpreadBps: number) {
    this.#series = new Map(series.map((one) => [one.symbol, one]));
    this.#halfSpreadBps = halfSpreadBps;
  }

  bars(symbol: Symbol, timeframe: "minute" | "day", now: Instant): readonly MarketBar[] {
    if (timeframe === "minute") return [];
    const all = this.#bars.get(symbol) ?? this.#keep(this.#bars, symbol, barsOf);
    return all.slice(0, closedBy(this.#series.get(symbol), now));
  }

  trades(symbol: Symbol, now: Instant): readonly TapeTrade[] {
    const all = this.#trades.get(symbol) ?? this.#keep(this.#trades, symbol, tradesOf);
    let count = all.length;
    while (count > 0 && all[count - 1]!.at > now) count -= 1;
    return all.slice(0, count);
  }

  /** Around what is printed at the opens and closes. */
  quotes(symbol: Symbol, now: Instant): readonly TapeQuote[] {
    return this.trades(symbol, now)
      .filter(({ at }) => isQuoted(at))
      .map(({ at, price, quantity }) => ({ at, bid: plusBasisPoints(price, -this.#halfSpreadBps), bidQuantity: quantity, ask: plusBasisPoints(price, this.#halfSpreadBps), askQuantity: quantity }));
  }

  actions(symbol: Symbol): ReplaySeries["actions"] {
    return this.#series.get(symbol)?.actions ?? [];
  }

  #keep<T>(kept: Map<Symbol, readonly T[]>, symbol: Symbol, of: (series: ReplaySeries) => readonly T[]): readonly T[] {
    const series = this.#series.get(symbol);
    const made = series ? of(series) : [];
    kept.set(symbol, made);
    return made;
  }
}

function closedBy(series: ReplaySeries | undefined, now: Instant): number {
  const days = series?.bars.days ?? new Int32Array();
  let low = 0;
  let high = days.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sessionOn(days[middle] as EpochDay)?.close ?? Infinity) <= now) low = middle + 1;
    else high = middle;
  }
  return low;
}

function barsOf({ bars }: ReplaySeries): readonly MarketBar[] {
  return Array.from(bars.days, (day, i) => {
    const close = priceFromNumber(bars.close[i]!);
    const [open, high, low, volume] = bars.kind === "ohlcv" ? [priceFromNumber(bars.open[i]!), priceFromNumber(bars.high[i]!), priceFromNumber(bars.low[i]!), bars.volume[i]!] : [close, close, close, 0];
    return { at: newYorkInstant(day as EpochDay, 0), open, high, low, close, volume, trades: bars.kind === "ohlcv" ? 4 : 1, average: mulDiv(open + high + low + close, 1, 4) as Price };
  });
}

function tradesOf(series: ReplaySeries): readonly TapeTrade[] {
  const trades: TapeTrade[] = [];
  for (const { at: midnight, open, high, low, close, volume } of barsOf(series)) {
    const session = sessionOn(newYorkClock(midnight).day);
    if (!session) continue;
    const quarter = Math.min(Math.floor(volume / 4), SHARES_MAX) * NANOS as Quantity;
    const print = (at: number, price: Price): void => void trades.push({ at: at as Instant, id: trades.length + 1, price, quantity: quarter });
    if (series.bars.kind === "ohlcv") {
      const midday = session.open + (session.close - session.open) / 2;
      print(session.open, open);
      print(midday, low);
      print(midday, high);
    }
    print(session.close, close);
  }
  return trades;
}

/** A quantity holds nine million shares. */
const SHARES_MAX = 9_000_000;

function isQuoted(at: Instant): boolean {
  const session = sessionOn(newYorkClock(at).day);
  return session !== undefined && (at === session.open || at === session.close);
}
