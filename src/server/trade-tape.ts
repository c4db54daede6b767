/**
 * What traded at the venue and what was quoted, by symbol: the last of both, the newest of each, and bars.
 *
 * A bar closes when the market's time has passed its end. Trades and quotes beyond the newest are forgotten, bars are
 * kept: minutes for thirty days, days for ever. So are opening and closing auctions.
 */
import { maxOf, minOf, moneyToNumber, priceFromNumber, quantityToNumber, type Price, type Quantity } from "../money.ts";
import { DAY_MS, MINUTE_MS, newYorkClock, newYorkInstant, type EpochDay, type Instant } from "../time.ts";
import type { Symbol } from "../trade.ts";
import { NewestRows, type RowsSnapshot } from "./newest-rows.ts";
import type { MarketBar, MarketUpdate } from "./venue-replies.ts";

/** By time, to be read. */
export type Points<P> = Pick<readonly P[], "length" | "at" | "slice">;

export type TapeTrade = Omit<Extract<MarketUpdate, { type: "trade" }>, "type" | "symbol">;
export type TapeQuote = Omit<Extract<MarketUpdate, { type: "quote" }>, "type" | "symbol">;

/** Of a session's open or close; its trade is among the trades, too. */
export interface TapeAuction {
  readonly at: Instant;
  readonly auction: "opening" | "closing";
  readonly price: Price;
  readonly quantity: Quantity;
}

const NEWEST_KEPT = 10_000;
const MINUTE_BARS_KEPT_MS = 30 * DAY_MS;

export interface SymbolTapeSnapshot {
  readonly symbol: Symbol;
  readonly trades: RowsSnapshot;
  readonly quotes: RowsSnapshot;
  readonly minutes: readonly MarketBar[];
  readonly days: readonly MarketBar[];
  readonly minute: OpenBar | null;
  readonly day: OpenBar | null;
  readonly count: number;
  /** Absent where there were none. */
  readonly auctions?: readonly TapeAuction[];
}

interface OpenBar {
  readonly at: Instant;
  open: Price;
  high: Price;
  low: Price;
  close: Price;
  volume: number;
  trades: number;
  /** Dollars. */
  value: number;
}

interface SymbolTape {
  readonly symbol: Symbol;
  readonly trades: NewestRows<TapeTrade>;
  readonly quotes: NewestRows<TapeQuote>;
  lastQuote: TapeQuote | undefined;
  minutes: MarketBar[];
  days: MarketBar[];
  minute: OpenBar | undefined;
  day: OpenBar | undefined;
  count: number;
  auctions: TapeAuction[];
}

export class TradeTape {
  readonly #bySymbol = new Map<Symbol, SymbolTape>();
  #nextClose = Infinity;
  readonly #say: (update: MarketUpdate) => void;

  constructor(say: (update: MarketUpdate) => void, stored: readonly SymbolTapeSnapshot[] = []) {
    this.#say = say;
    for (const one of stored) {
      const quotes = newestQuotes(one.quotes);
      const tape = { symbol: one.symbol, trades: newestTrades(one.trades), quotes, lastQuote: quotes.at(-1), minutes: [...one.minutes], days: [...one.days], minute: one.minute ? { ...one.minute } : undefined, day: one.day ? { ...one.day } : undefined, count: one.count, auctions: [...(one.auctions ?? [])] };
      this.#bySymbol.set(one.symbol, tape);
      this.#noteClose(tape);
    }
  }

  snapshot(): readonly SymbolTapeSnapshot[] {
    return [...this.#bySymbol.values()].map(({ minute, day, auctions, lastQuote: _, ...tape }) => ({ ...tape, trades: tape.trades.snapshot(), quotes: tape.quotes.snapshot(), minutes: [...tape.minutes], days: [...tape.days], minute: minute ? { ...minute } : null, day: day ? { ...day } : null, ...(auctions.length > 0 && { auctions: [...auctions] }) }));
  }

  trade(symbol: Symbol, at: Instant, price: Price, quantity: Quantity): void {
    this.moveTo(at);
    const tape = this.#of(symbol);
    tape.count += 1;
    const trade = { at, id: tape.count, price, quantity };
    tape.trades.push(trade);
    const shares = quantityToNumber(quantity);
    const { minute, day } = tape;
    tape.minute = withTrade(minute, (at - (at % MINUTE_MS)) as Instant, price, shares);
    tape.day = withTrade(day, day?.at ?? newYorkInstant(newYorkClock(at).day, 0), price, shares);
    if (tape.minute !== minute || tape.day !== day) this.#noteClose(tape);
    this.#say({ type: "trade", symbol, ...trade });
  }

  auction(symbol: Symbol, auction: TapeAuction): void {
    this.#of(symbol).auctions.push(auction);
  }

  /** Kept where it differs from the last. */
  quote(symbol: Symbol, quote: TapeQuote): void {
    const tape = this.#of(symbol);
    const last = tape.lastQuote;
    if (last?.bid === quote.bid && last.ask === quote.ask && last.bidQuantity === quote.bidQuantity && last.askQuantity === quote.askQuantity) return;
    tape.quotes.push(quote);
    tape.lastQuote = quote;
    this.#say({ type: "quote", symbol, ...quote });
  }

  /** Closes the bars whose time is over. */
  moveTo(now: Instant): void {
    if (now < this.#nextClose) return;
    this.#nextClose = Infinity;
    for (const tape of this.#bySymbol.values()) {
      if (tape.minute && now >= tape.minute.at + MINUTE_MS) {
        const bar = closed(tape.minute);
        tape.minute = undefined;
        tape.minutes.push(bar);
        if (tape.minutes.length % 4_096 === 0) tape.minutes = tape.minutes.filter(({ at }) => at >= now - MINUTE_BARS_KEPT_MS);
        this.#say({ type: "bar", symbol: tape.symbol, timeframe: "minute", bar });
      }
      if (tape.day && now >= endOfDay(tape.day.at)) {
        const bar = closed(tape.day);
        tape.day = undefined;
        tape.days.push(bar);
        this.#say({ type: "bar", symbol: tape.symbol, timeframe: "day", bar });
      }
      this.#noteClose(tape);
    }
  }

  /** Oldest first; the newest that are kept. */
  trades(symbol: Symbol): Points<TapeTrade> {
    return this.#bySymbol.get(symbol)?.trades ?? [];
  }

  quotes(symbol: Symbol): Points<TapeQuote> {
    return this.#bySymbol.get(symbol)?.quotes ?? [];
  }

  /** By time. */
  auctions(symbol: Symbol): readonly TapeAuction[] {
    return this.#bySymbol.get(symbol)?.auctions ?? [];
  }

  /** Closed ones, oldest first. */
  bars(symbol: Symbol, timeframe: "minute" | "day"): readonly MarketBar[] {
    const tape = this.#bySymbol.get(symbol);
    return (timeframe === "minute" ? tape?.minutes : tape?.days) ?? [];
  }

  /** The bar under way. */
  openBar(symbol: Symbol, timeframe: "minute" | "day"): MarketBar | undefined {
    const tape = this.#bySymbol.get(symbol);
    const bar = timeframe === "minute" ? tape?.minute : tape?.day;
    return bar && closed(bar);
  }

  rename(symbol: Symbol, to: Symbol): void {
    const tape = this.#bySymbol.get(symbol);
    if (!tape) return;
    this.#bySymbol.delete(symbol);
    this.#bySymbol.set(to, { ...tape, symbol: to });
  }

  #of(symbol: Symbol): SymbolTape {
    let tape = this.#bySymbol.get(symbol);
    if (!tape) {
      tape = { symbol, trades: newestTrades(), quotes: newestQuotes(), lastQuote: undefined, minutes: [], days: [], minute: undefined, day: undefined, count: 0, auctions: [] };
      this.#bySymbol.set(symbol, tape);
    }
    return tape;
  }

  #noteClose({ minute, day }: SymbolTape): void {
    this.#nextClose = Math.min(this.#nextClose, minute ? minute.at + MINUTE_MS : Infinity, day ? endOfDay(day.at) : Infinity);
  }
}

function newestTrades(stored?: RowsSnapshot): NewestRows<TapeTrade> {
  return new NewestRows(["at", "id", "price", "quantity"], NEWEST_KEPT, stored);
}

function newestQuotes(stored?: RowsSnapshot): NewestRows<TapeQuote> {
  return new NewestRows(["at", "bid", "bidQuantity", "ask", "askQuantity"], NEWEST_KEPT, stored);
}

function withTrade(bar: OpenBar | undefined, at: Instant, price: Price, shares: number): OpenBar {
  const value = moneyToNumber(price) * shares;
  if (bar?.at !== at) return { at, open: price, high: price, low: price, close: price, volume: shares, trades: 1, value };
  bar.high = maxOf(bar.high, price);
  bar.low = minOf(bar.low, price);
  bar.close = price;
  bar.volume += shares;
  bar.trades += 1;
  bar.value += value;
  return bar;
}

function closed({ at, open, high, low, close, volume, trades, value }: OpenBar): MarketBar {
  return { at, open, high, low, close, volume, trades, average: volume > 0 ? priceFromNumber(value / volume) : close };
}

/** The next midnight in New York. */
function endOfDay(midnight: Instant): Instant {
  return newYorkInstant((newYorkClock(midnight).day + 1) as EpochDay, 0);
}
