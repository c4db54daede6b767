/**
 * A market drawn from a seed: some weeks of daily bars, then sessions played minute by minute.
 *
 * Every minute of a session brings each symbol a quote with its own quantity for clients; halted symbols have none. A
 * split comes at midnight before its session. All of it follows from the seed, so a venue meets the same market however
 * its clock is moved.
 */
import { moneyToNumber, priceFromNumber, shares, type Price, type Quantity } from "../../src/money.ts";
import type { CorporateAction } from "../../src/rules/corporate-actions.ts";
import { sessionsBefore, type Session } from "../../src/rules/calendar.ts";
import type { BarHistory } from "../../src/server/bar-history.ts";
import type { MarketSource } from "../../src/server/market-source.ts";
import type { MarketBar } from "../../src/server/venue-replies.ts";
import type { Exchange } from "../../src/simulator/exchange.ts";
import { MINUTE_MS, newYorkInstant, plusMs, type EpochDay, type Instant } from "../../src/time.ts";
import type { Symbol } from "../../src/trade.ts";
import { Chance } from "./chance.ts";

export interface Halt {
  readonly symbol: Symbol;
  readonly from: Instant;
  readonly to: Instant;
}

export interface Split {
  readonly symbol: Symbol;
  readonly at: Instant;
  readonly exDay: EpochDay;
  readonly ratio: number;
}

export interface MarketTerms {
  readonly seed: number;
  readonly symbols: readonly Symbol[];
  readonly sessions: readonly Session[];
  readonly halts: readonly Halt[];
  readonly split: Split | undefined;
  /** What a minute's quote is worth on either side, at most. */
  readonly depthMaxUsd: number;
}

export interface DrawnMarket {
  readonly source: MarketSource;
  /** The lowest and highest middle of a symbol in a session. */
  rangeOf(symbol: Symbol, day: EpochDay): { readonly low: Price; readonly high: Price };
  /** In dollars. Once a session is quoted, before it opens, its first; until then the last of the one before, as if a split by then had always been. */
  middleAt(symbol: Symbol, at: Instant): number;
  /** Closes of the sessions that were over at `at`, oldest first, as if a split by then had always been. */
  closesAt(symbol: Symbol, at: Instant): readonly number[];
}

interface Minute {
  readonly at: Instant;
  readonly play: (exchange: Exchange) => void;
}

const HISTORY_SESSIONS = 40;
const BEFORE_OPEN_MINUTES = 40;

export function drawnMarket(terms: MarketTerms): DrawnMarket {
  const { symbols, sessions, split } = terms;
  const paths = new Map(symbols.map((symbol) => [symbol, drawPaths(terms, symbol)]));
  const days = new Map(symbols.map((symbol) => [symbol, barsOf(terms, symbol, paths.get(symbol)!)]));
  const agenda = agendaOf(terms, paths);
  const history: BarHistory = {
    hasQuotes: false,
    bars: (symbol, timeframe, now) => (timeframe === "minute" ? [] : (days.get(symbol) ?? []).filter(({ closedAt }) => closedAt <= now).map(({ bar }) => bar)),
    trades: () => [],
    quotes: () => [],
    actions: (symbol): readonly CorporateAction[] => (split?.symbol === symbol ? [{ type: "split", exDay: split.exDay, ratio: split.ratio }] : []),
    printed: () => [],
  };
  return {
    source: {
      symbols,
      hours: "calendar",
      history,
      open(exchange) {
        let hasMoved = true;
        return {
          advanceTo(at) {
            if (play(exchange, agenda, at)) hasMoved = true;
          },
          hasMoved() {
            const moved = hasMoved;
            hasMoved = false;
            return moved;
          },
          snapshot: () => ({ at: exchange.now, state: null }),
        };
      },
    },
    rangeOf(symbol, day) {
      const path = paths.get(symbol)![sessions.findIndex((session) => session.day === day)];
      if (!path) throw new RangeError(`no session of this market is on day ${day}`);
      return { low: priceFromNumber(Math.min(...path)), high: priceFromNumber(Math.max(...path)) };
    },
    middleAt(symbol, at) {
      const place = sessions.findLastIndex(({ open }, n) => n === 0 || plusMs(open, -BEFORE_OPEN_MINUTES * MINUTE_MS) <= at);
      const path = paths.get(symbol)![place]!;
      const minute = Math.floor((at - sessions[place]!.open) / MINUTE_MS);
      return path[Math.min(Math.max(minute, 0), path.length - 1)]! / splitBetween(symbol, sessions[place]!.close, at);
    },
    closesAt: (symbol, at) =>
      (days.get(symbol) ?? [])
        .filter(({ closedAt }) => closedAt <= at)
        .map(({ bar, closedAt }) => moneyToNumber(bar.close) / splitBetween(symbol, closedAt, at)),
  };

  /** By what a split after `from` and by `at` divided the price. */
  function splitBetween(symbol: Symbol, from: Instant, at: Instant): number {
    return split?.symbol === symbol && from < split.at && split.at <= at ? split.ratio : 1;
  }
}

/** By session, the middle in dollars at each of its minutes. */
function drawPaths({ seed, sessions, split }: MarketTerms, symbol: Symbol): readonly (readonly number[])[] {
  const chance = new Chance(seed, `path ${symbol}`);
  let price = chance.between(20, 300);
  return sessions.map((session) => {
    if (split?.symbol === symbol && split.exDay === session.day) price /= split.ratio;
    price *= chance.between(0.985, 1.015);
    return Array.from({ length: (session.close - session.open) / MINUTE_MS + 1 }, () => (price *= chance.between(0.9995, 1.0005)));
  });
}

function barsOf({ seed, sessions }: MarketTerms, symbol: Symbol, paths: readonly (readonly number[])[]): readonly { readonly bar: MarketBar; readonly closedAt: Instant }[] {
  const chance = new Chance(seed, `history ${symbol}`);
  let close = paths[0]![0]!;
  const past = Array.from({ length: HISTORY_SESSIONS }, (_, n) => {
    const next = close;
    close = next / chance.between(0.97, 1.03);
    return { session: sessionsBefore(sessions[0]!, n + 1), prices: [close, next] };
  }).reverse();
  return [...past, ...sessions.map((session, i) => ({ session, prices: paths[i]! }))].map(({ session, prices }) => ({
    closedAt: session.close,
    bar: {
      at: newYorkInstant(session.day, 0),
      open: cents(prices[0]!),
      high: cents(Math.max(...prices)),
      low: cents(Math.min(...prices)),
      close: cents(prices.at(-1)!),
      volume: 1_000_000,
      trades: 1_000,
      average: cents(prices.at(-1)!),
    },
  }));
}

function agendaOf(terms: MarketTerms, paths: ReadonlyMap<Symbol, readonly (readonly number[])[]>): readonly Minute[] {
  const { seed, symbols, sessions, halts, split, depthMaxUsd } = terms;
  const chance = new Chance(seed, "quotes");
  const halfSpreadBps = chance.between(0.5, 8);
  const agenda: Minute[] = [];
  if (split) agenda.push({ at: split.at, play: (exchange) => exchange.split(split.symbol, split.ratio, undefined) });
  for (const { symbol, from, to } of halts) {
    agenda.push({ at: from, play: (exchange) => exchange.halt(symbol) });
    agenda.push({ at: to, play: (exchange) => exchange.resume(symbol) });
  }
  sessions.forEach((session, place) => {
    for (const symbol of symbols) {
      const path = paths.get(symbol)![place]!;
      const auctionQuantity = (): Quantity => sharesFor(chance.between(0, depthMaxUsd * 5), path[0]!);
      const [opening, closing] = [auctionQuantity(), auctionQuantity()];
      const isHaltedAt = (at: Instant): boolean => halts.some((halt) => halt.symbol === symbol && halt.from <= at && at < halt.to);
      for (let minute = BEFORE_OPEN_MINUTES; minute > 0; minute -= 1) {
        const price = cents(path[0]!);
        agenda.push({ at: plusMs(session.open, -minute * MINUTE_MS), play: (exchange) => exchange.quote(symbol, { bid: price, ask: price, quantity: shares(1) }, price) });
      }
      agenda.push({ at: session.open, play: (exchange) => exchange.auction(symbol, "opening", { price: cents(path[0]!), quantity: opening }) });
      agenda.push({ at: session.close, play: (exchange) => exchange.auction(symbol, "closing", { price: cents(path.at(-1)!), quantity: closing }) });
      // Not at the close itself: the last quote of a session is a minute old by then.
      for (let minute = 0; minute < path.length - 1; minute += 1) {
        const at = plusMs(session.open, minute * MINUTE_MS);
        if (isHaltedAt(at)) continue;
        const middle = path[minute]!;
        const half = middle * halfSpreadBps * 1e-4;
        const bid = cents(Math.floor((middle - half) * 100) / 100);
        const ask = cents(Math.ceil((middle + half) * 100) / 100);
        const quantity = sharesFor(chance.between(0, depthMaxUsd), middle);
        agenda.push({ at, play: (exchange) => exchange.quote(symbol, { bid, ask, quantity }, cents(middle)) });
      }
    }
  });
  return agenda.sort((a, b) => a.at - b.at);
}

/** Whether there was anything to play. */
function play(exchange: Exchange, agenda: readonly Minute[], at: Instant): boolean {
  // What lies at the exchange's own instant has been played when it came there.
  const first = firstAfter(agenda, exchange.now);
  let next = first;
  for (; next < agenda.length && agenda[next]!.at <= at; next += 1) {
    exchange.setTime(agenda[next]!.at);
    agenda[next]!.play(exchange);
  }
  exchange.setTime(at);
  return next > first;
}

function firstAfter(agenda: readonly Minute[], now: Instant): number {
  let low = 0;
  let high = agenda.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (agenda[middle]!.at > now) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** At least one. */
function sharesFor(usd: number, price: number): Quantity {
  return shares(Math.max(1, Math.min(1e5, Math.floor(usd / price))));
}

function cents(usd: number): Price {
  return priceFromNumber(Math.round(usd * 100) / 100);
}
