/**
 * Minute bars and quotes as a market that moves forward.
 *
 * A minute has four moments, at its start, a third and two thirds of it, and its last millisecond: the open, the nearer
 * extreme, the other one, the close. The market jumps to the open and walks from there on; so a stop that lies on the
 * way fills where it stands, and one that the market jumps over fills at the open. Pessimistic, the extreme against a
 * holder, the low, comes first. Each moment offers a quarter of what the profile takes of the bar's volume. The open and the
 * close are quoted, by the minute's own bid and ask where they are given. The first bar of a session prints in the
 * opening auction and the last in the closing auction. Corporate actions take effect before the first bar of their
 * day, a dividend before a split.
 */
import { priceFromNumber, type Price, type Quantity } from "../money.ts";
import { sessionOn } from "../rules/calendar.ts";
import type { CorporateAction } from "../rules/corporate-actions.ts";
import { MINUTE_MS, newYorkClock, plusMs, type EpochDay, type Instant } from "../time.ts";
import type { Symbol } from "../trade.ts";
import type { Exchange } from "./exchange.ts";
import type { FillProfile, SymbolStatistics } from "./fill-profiles.ts";
import type { HouseQuote } from "./house.ts";

export interface MinuteBar {
  /** The start of the minute. */
  readonly at: Instant;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Shares. */
  readonly volume: number;
  /** At the minute's start and end. */
  readonly openQuote?: Sides | undefined;
  readonly closeQuote?: Sides | undefined;
}

interface Sides {
  readonly bid: number;
  readonly ask: number;
}

export interface MinuteSeries {
  readonly symbol: Symbol;
  /** By time. */
  readonly bars: readonly MinuteBar[];
  /** By ex-date. */
  readonly actions: readonly CorporateAction[];
  readonly statistics: SymbolStatistics;
}

const MOMENTS = [0, MINUTE_MS / 3, (2 * MINUTE_MS) / 3, MINUTE_MS - 1] as const;

interface Cursor {
  readonly series: MinuteSeries;
  bar: number;
  moment: number;
  action: number;
}

export class MinuteReplay {
  readonly #exchange: Exchange;
  readonly #profile: FillProfile;
  readonly #path: "nearer-first" | "pessimistic";
  readonly #cursors: readonly Cursor[];

  /** Actions of days before the first bar have been applied already. */
  constructor(exchange: Exchange, series: readonly MinuteSeries[], profile: FillProfile, path: "nearer-first" | "pessimistic" = "nearer-first") {
    this.#exchange = exchange;
    this.#profile = profile;
    this.#path = path;
    this.#cursors = series.map((one) => {
      const first = one.bars[0] === undefined ? Infinity : newYorkClock(one.bars[0].at).day;
      return { series: one, bar: 0, moment: 0, action: one.actions.filter(({ exDay }) => exDay < first).length };
    });
  }

  /** Plays every moment up to and including `at`, by time and then by the order of the series. */
  advanceTo(at: Instant): void {
    for (;;) {
      let next: Cursor | undefined;
      for (const cursor of this.#cursors) if (instantOfNext(cursor) < (next ? instantOfNext(next) : Infinity)) next = cursor;
      if (!next || instantOfNext(next) > at) break;
      this.#play(next);
      next.moment += 1;
      if (next.moment === MOMENTS.length) {
        next.moment = 0;
        next.bar += 1;
      }
    }
    this.#exchange.setTime(at);
  }

  #play({ series, bar: index, moment, ...cursor }: Cursor): void {
    const { symbol, bars } = series;
    const bar = bars[index]!;
    const now = plusMs(bar.at, MOMENTS[moment]!);
    this.#exchange.setTime(now);
    const { day } = newYorkClock(now);
    if (moment === 0) this.#applyActions(series, cursor.action, day, bar);
    const quantity = this.#profile.offered(bar.volume, MOMENTS.length);
    if (moment === 0) {
      const price = priceFromNumber(bar.open);
      this.#auctionAt(bar.at, "opening", series, price, quantity);
      this.#exchange.quote(symbol, this.#around(series, now, price, quantity, bar.openQuote), price);
      return;
    }
    const point = pathOf(bar, this.#path)[moment - 1]!;
    this.#exchange.walk(symbol, priceFromNumber(point), quantity, (price, left) => this.#around(series, now, price, left, undefined));
    if (moment < MOMENTS.length - 1) return;
    const price = priceFromNumber(bar.close);
    this.#exchange.quote(symbol, this.#around(series, now, price, quantity, bar.closeQuote), price);
    this.#auctionAt(plusMs(bar.at, MINUTE_MS), "closing", series, price, quantity);
  }

  #auctionAt(at: Instant, auction: "opening" | "closing", { symbol }: MinuteSeries, price: Price, quantity: Quantity): void {
    const session = sessionOn(newYorkClock(at).day);
    if (at === (auction === "opening" ? session?.open : session?.close)) this.#exchange.auction(symbol, auction, { price, quantity });
  }

  #around({ statistics }: MinuteSeries, now: Instant, price: Price, quantity: Quantity, quoted: Sides | undefined): HouseQuote {
    const open = sessionOn(newYorkClock(now).day)?.open ?? now;
    const minute = Math.floor((now - open) / MINUTE_MS);
    const isTwoSided = quoted !== undefined && quoted.bid > 0 && quoted.ask >= quoted.bid;
    return this.#profile.quote(price, quantity, minute, () => statistics, isTwoSided ? { bid: priceFromNumber(quoted.bid), ask: priceFromNumber(quoted.ask) } : undefined);
  }

  #applyActions({ symbol, actions }: MinuteSeries, first: number, day: EpochDay, bar: MinuteBar): void {
    const due = actions.slice(first).filter(({ exDay }) => exDay <= day);
    if (due.length === 0) return;
    for (const action of due) if (action.type === "dividend") this.#exchange.accrueDividend(symbol, action.amount, action.payDay);
    for (const action of due) if (action.type === "split") this.#exchange.split(symbol, action.ratio, priceFromNumber(bar.open));
    for (const cursor of this.#cursors) if (cursor.series.symbol === symbol) cursor.action = first + due.length;
  }
}

/** The points that the market comes to after the open. */
function pathOf({ open, high, low, close }: MinuteBar, path: "nearer-first" | "pessimistic"): readonly number[] {
  const isLowFirst = path === "pessimistic" || open - low <= high - open;
  return isLowFirst ? [low, high, close] : [high, low, close];
}

function instantOfNext({ series, bar, moment }: Cursor): number {
  const next = series.bars[bar];
  return next === undefined ? Infinity : next.at + MOMENTS[moment]!;
}
