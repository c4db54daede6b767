/**
 * Daily bars as a market that moves forward.
 *
 * Each session has four moments: the open (corporate actions, then house quotes at the opening price), midday (the
 * house leaves and the market trades through the day's low and high), the close (house quotes at the closing price),
 * and one second later the end of the session (day orders expire, fees are settled, accounts are marked). A profile
 * whose spread is another one after the open has a fifth, at which the opening price is quoted again. So a market
 * order meets the opening price in the first half of the session and waits for the closing price in the second, and
 * a limit order fills on a gap at the open or close price, or at its limit if the day traded beyond it. Orders for an
 * auction meet its price alone, before the quotes come. Each moment but the end offers an equal part of what the
 * profile takes of the bar's volume. What the profile goes by is known before the day (symbol-statistics.ts).
 *
 * Data that know closes only have the close and the end alone, with liquidity without bound.
 *
 * The market is a function of the bars and of the instant it has been advanced to: it can be thrown away and rebuilt.
 */
import { priceFromNumber, type Price, type Quantity } from "../money.ts";
import { nextSession, sessionAtIndex, sessionOn, type Session } from "../rules/calendar.ts";
import { countKnown, type CorporateAction } from "../rules/corporate-actions.ts";
import { MINUTE_MS, plusMs, type EpochDay, type Instant } from "../time.ts";
import type { Bars, Symbol } from "../trade.ts";
import type { Exchange } from "./exchange.ts";
import { UNBOUNDED, type FillProfile, type SymbolStatistics } from "./fill-profiles.ts";
import type { HouseQuote } from "./house.ts";
import { statisticsBefore } from "./symbol-statistics.ts";

export interface ReplaySeries {
  readonly symbol: Symbol;
  readonly bars: Bars;
  /** By ex-date. Empty for series that are adjusted already. */
  readonly actions: readonly CorporateAction[];
}

type Moment = "open" | "settled" | "midday" | "close" | "end";

interface Cursor {
  readonly series: ReplaySeries;
  /** Index of the first bar that is not older than the session at hand. */
  bar: number;
  /** Index of the first action that is not applied. */
  action: number;
  /** Before the session of the bar `of`. */
  statistics: { readonly of: number; readonly value: SymbolStatistics } | undefined;
}

export class MarketReplay {
  readonly #exchange: Exchange;
  readonly #profile: FillProfile;
  /** Of a session, in order. */
  readonly #moments: readonly Moment[];
  readonly #cursors: readonly Cursor[];
  readonly #onSessionEnd: (session: Session) => void;
  #session: Session;
  #moment: Moment = "open";

  /** Starts before the open of `first`, the first session on or after that day. `restored` is an instant already advanced to. */
  constructor(exchange: Exchange, series: readonly ReplaySeries[], first: EpochDay, profile: FillProfile, onSessionEnd: (session: Session) => void, restored?: Instant) {
    this.#exchange = exchange;
    this.#profile = profile;
    this.#moments = profile.openingMinutes > 0 ? ["open", "settled", "midday", "close", "end"] : ["open", "midday", "close", "end"];
    this.#onSessionEnd = onSessionEnd;
    this.#session = sessionOn(first) ?? nextSession(first);
    const startDay = this.#session.day;
    this.#cursors = series.map((one) => ({ series: one, bar: 0, action: countKnown(one.actions, (startDay - 1) as EpochDay), statistics: undefined }));
    if (restored !== undefined) this.#skipTo(restored);
  }

  /** Plays every moment up to and including `at`. */
  advanceTo(at: Instant): void {
    while (this.#instantOf() <= at) {
      this.#play();
      this.#step();
    }
    this.#exchange.setTime(at);
  }

  #skipTo(restored: Instant): void {
    while (this.#instantOf() <= restored) {
      if (this.#moment === "open") {
        for (const cursor of this.#cursors) {
          this.#barOf(cursor);
          while ((cursor.series.actions[cursor.action]?.exDay ?? Infinity) <= this.#session.day) cursor.action += 1;
        }
      }
      this.#step();
    }
  }

  #instantOf(): Instant {
    const { open, close } = this.#session;
    switch (this.#moment) {
      case "open":
        return open;
      case "settled":
        return plusMs(open, this.#profile.openingMinutes * MINUTE_MS);
      case "midday":
        return plusMs(open, (close - open) / 2);
      case "close":
        return close;
      case "end":
        return plusMs(close, 1_000);
    }
  }

  #step(): void {
    if (this.#moment === "end") this.#session = sessionAtIndex(this.#session.index + 1);
    this.#moment = this.#moments[(this.#moments.indexOf(this.#moment) + 1) % this.#moments.length]!;
  }

  #play(): void {
    const at = this.#instantOf();
    this.#exchange.setTime(at);
    if (this.#moment === "open") this.#exchange.payDividendsDue(this.#session.day);
    if (this.#moment === "end") {
      this.#exchange.endSession();
      this.#onSessionEnd(this.#session);
      return;
    }
    for (const cursor of this.#cursors) this.#playSymbol(cursor);
  }

  #playSymbol(cursor: Cursor): void {
    const { symbol, bars } = cursor.series;
    const index = this.#barOf(cursor);
    if (this.#moment === "open") this.#applyActions(cursor, index);
    if (index === undefined) return;
    if (bars.kind === "close-only") {
      if (this.#moment === "close") this.#quote(cursor, index, bars.close[index]!, UNBOUNDED);
      return;
    }
    const offered = this.#profile.offered(bars.volume[index]!, this.#moments.length - 1);
    if (this.#moment === "open") {
      this.#exchange.auction(symbol, "opening", { price: priceFromNumber(bars.open[index]!), quantity: offered });
      this.#quote(cursor, index, bars.open[index]!, offered);
    }
    if (this.#moment === "settled") this.#exchange.quote(symbol, this.#around(cursor, index, priceFromNumber(bars.open[index]!), offered));
    if (this.#moment === "midday") {
      this.#exchange.sweep(symbol, priceFromNumber(bars.low[index]!), priceFromNumber(bars.high[index]!), offered, (price, left) => this.#around(cursor, index, price, left));
    }
    if (this.#moment === "close") {
      this.#exchange.auction(symbol, "closing", { price: priceFromNumber(bars.close[index]!), quantity: offered });
      this.#quote(cursor, index, bars.close[index]!, offered);
    }
  }

  /** Dividends first: their amounts are for shares from before a split of the same day. */
  #applyActions(cursor: Cursor, index: number | undefined): void {
    const { symbol, bars, actions } = cursor.series;
    const first = cursor.action;
    while ((actions[cursor.action]?.exDay ?? Infinity) <= this.#session.day) cursor.action += 1;
    if (cursor.action === first) return;
    const due = actions.slice(first, cursor.action);
    for (const action of due) {
      if (action.type === "dividend") this.#exchange.accrueDividend(symbol, action.amount, action.payDay);
    }
    const opening = index === undefined ? undefined : bars.kind === "ohlcv" ? bars.open[index] : bars.close[index];
    for (const action of due) {
      if (action.type === "split") this.#exchange.split(symbol, action.ratio, opening === undefined ? undefined : priceFromNumber(opening));
    }
  }

  /** The market trades at `price` and is quoted around it. */
  #quote(cursor: Cursor, index: number, price: number, quantity: Quantity): void {
    const middle = priceFromNumber(price);
    this.#exchange.quote(cursor.series.symbol, this.#around(cursor, index, middle, quantity), middle);
  }

  #around(cursor: Cursor, index: number, price: Price, quantity: Quantity): HouseQuote {
    const minute = (this.#instantOf() - this.#session.open) / MINUTE_MS;
    return this.#profile.quote(price, quantity, minute, () => this.#statisticsOf(cursor, index));
  }

  #statisticsOf(cursor: Cursor, index: number): SymbolStatistics {
    if (cursor.statistics?.of !== index) cursor.statistics = { of: index, value: statisticsBefore(cursor.series.bars, cursor.series.actions, index, this.#session.day) };
    return cursor.statistics.value;
  }

  /** The bar of the session at hand, if the symbol has one. */
  #barOf(cursor: Cursor): number | undefined {
    const { days } = cursor.series.bars;
    while (cursor.bar < days.length && days[cursor.bar]! < this.#session.day) cursor.bar += 1;
    return days[cursor.bar] === this.#session.day ? cursor.bar : undefined;
  }
}

