/**
 * Minute bars and quotes as a market that moves forward.
 *
 * A minute has four moments, at its start, a third and two thirds of it, and its last millisecond: the open, the nearer
 * extreme, the other one, the close. The market jumps to the open and walks from there on; so a stop that lies on the
 * way fills where it stands, and one that the market jumps over fills at the open. Pessimistic, the extreme against a
 * holder, the low, comes first. Each moment offers a quarter of what the profile takes of the bar's volume, on the way to its
 * price and then, what is left, in a quote around it: at the open and the close the minute's own bid and ask where they
 * are given. The first bar of a session prints in the
 * opening auction and the last in the closing auction. Corporate actions take effect before the first bar of their
 * day, a dividend before a split.
 *
 * The market is a function of the bars and of the instant it has been advanced to: it can be thrown away and rebuilt.
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

export interface Sides {
  readonly bid: number;
  readonly ask: number;
  /** Shares, where the data say how many. What may be had at the quote is for the profile to say. */
  readonly bidSize?: number;
  readonly askSize?: number;
}

export interface MinuteSeries {
  readonly symbol: Symbol;
  /** By time. */
  readonly bars: readonly MinuteBar[];
  /** By ex-date. */
  readonly actions: readonly CorporateAction[];
  /** What was known of it before a day. */
  readonly statisticsOn: (day: EpochDay) => SymbolStatistics;
}

type MinutePath = "nearer-first" | "pessimistic";

/** Of a minute, in milliseconds from its start. */
export const MOMENTS = [0, MINUTE_MS / 3, (2 * MINUTE_MS) / 3, MINUTE_MS - 1] as const;

interface Cursor {
  readonly series: MinuteSeries;
  bar: number;
  moment: number;
  /** Index of the first action that is not applied. */
  action: number;
}

export class MinuteReplay {
  readonly #exchange: Exchange;
  readonly #profile: FillProfile;
  readonly #path: MinutePath;
  readonly #cursors: readonly Cursor[];

  /** Actions of days before the first bar have been applied already. `restored` is an instant already advanced to. */
  constructor(exchange: Exchange, series: readonly MinuteSeries[], profile: FillProfile, path: MinutePath = "nearer-first", restored?: Instant) {
    this.#exchange = exchange;
    this.#profile = profile;
    this.#path = path;
    this.#cursors = series.map((one) => {
      const first = one.bars[0] === undefined ? Infinity : newYorkClock(one.bars[0].at).day;
      return { series: one, bar: 0, moment: 0, action: one.actions.filter(({ exDay }) => exDay < first).length };
    });
    if (restored !== undefined) for (const cursor of this.#cursors) skipTo(cursor, restored);
  }

  /** Plays every moment up to and including `at`, by time and then by the order of the series. */
  advanceTo(at: Instant): void {
    for (;;) {
      let next: Cursor | undefined;
      for (const cursor of this.#cursors) if (instantOfNext(cursor) < (next ? instantOfNext(next) : Infinity)) next = cursor;
      if (!next || instantOfNext(next) > at) break;
      this.#play(next);
      step(next);
    }
    this.#exchange.setTime(at);
  }

  #play(cursor: Cursor): void {
    const { series, bar: index, moment } = cursor;
    const { symbol, bars } = series;
    const bar = bars[index]!;
    const now = plusMs(bar.at, MOMENTS[moment]!);
    this.#exchange.setTime(now);
    const { day } = newYorkClock(now);
    if (moment === 0) this.#applyActions(cursor, day, bar);
    const quantity = this.#profile.offered(bar.volume, MOMENTS.length);
    if (moment === 0) {
      const price = priceFromNumber(bar.open);
      this.#auctionAt(bar.at, "opening", series, price, quantity);
      this.#exchange.quote(symbol, this.#around(series, now, price, quantity, bar.openQuote), price);
      return;
    }
    const price = priceFromNumber(pathOf(bar, this.#path)[moment - 1]!);
    const isLast = moment === MOMENTS.length - 1;
    const left = this.#exchange.walk(symbol, price, quantity, (passed, rest) => this.#around(series, now, passed, rest, undefined));
    this.#exchange.quote(symbol, this.#around(series, now, price, left, isLast ? bar.closeQuote : undefined), price);
    if (isLast) this.#auctionAt(plusMs(bar.at, MINUTE_MS), "closing", series, price, quantity);
  }

  #auctionAt(at: Instant, auction: "opening" | "closing", { symbol }: MinuteSeries, price: Price, quantity: Quantity): void {
    const session = sessionOn(newYorkClock(at).day);
    if (at === (auction === "opening" ? session?.open : session?.close)) this.#exchange.auction(symbol, auction, { price, quantity });
  }

  #around(series: MinuteSeries, now: Instant, price: Price, quantity: Quantity, quoted: Sides | undefined): HouseQuote {
    return quoteAround(this.#profile, series, now, price, quantity, quoted);
  }

  #applyActions(cursor: Cursor, day: EpochDay, bar: MinuteBar): void {
    const { symbol, actions } = cursor.series;
    const first = cursor.action;
    passActions(cursor, day);
    const due = actions.slice(first, cursor.action);
    for (const action of due) if (action.type === "dividend") this.#exchange.accrueDividend(symbol, action.amount, action.payDay);
    for (const action of due) if (action.type === "split") this.#exchange.split(symbol, action.ratio, priceFromNumber(bar.open));
  }
}

/** The house's quote of a profile, around the data's own where it has two sides. */
export function quoteAround(profile: FillProfile, { statisticsOn }: MinuteSeries, now: Instant, price: Price, quantity: Quantity, quoted: Sides | undefined): HouseQuote {
  const { day } = newYorkClock(now);
  const minute = Math.floor((now - (sessionOn(day)?.open ?? now)) / MINUTE_MS);
  return profile.quote(price, quantity, minute, () => statisticsOn(day), isTwoSided(quoted) ? { bid: priceFromNumber(quoted.bid), ask: priceFromNumber(quoted.ask) } : undefined);
}

function isTwoSided(quoted: Sides | undefined): quoted is Sides {
  return quoted !== undefined && quoted.bid > 0 && quoted.ask >= quoted.bid;
}

function step(cursor: Cursor): void {
  cursor.moment = (cursor.moment + 1) % MOMENTS.length;
  if (cursor.moment === 0) cursor.bar += 1;
}

function skipTo(cursor: Cursor, restored: Instant): void {
  while (instantOfNext(cursor) <= restored) {
    if (cursor.moment === 0) passActions(cursor, newYorkClock(cursor.series.bars[cursor.bar]!.at).day);
    step(cursor);
  }
}

function passActions(cursor: Cursor, day: EpochDay): void {
  while ((cursor.series.actions[cursor.action]?.exDay ?? Infinity) <= day) cursor.action += 1;
}

/** The points that the market comes to after the open. */
export function pathOf({ open, high, low, close }: MinuteBar, path: MinutePath): readonly number[] {
  const isLowFirst = path === "pessimistic" || open - low <= high - open;
  return isLowFirst ? [low, high, close] : [high, low, close];
}

function instantOfNext({ series, bar, moment }: Cursor): number {
  const next = series.bars[bar];
  return next === undefined ? Infinity : next.at + MOMENTS[moment]!;
}
