/**
 * Daily bars as a market that moves forward.
 *
 * Each session has four moments: the open (corporate actions, then house quotes at the opening price), midday (the
 * house leaves and the market trades through the day's low and high), the close (house quotes at the closing price),
 * and one second later the end of the session (day orders expire, fees are settled, accounts are marked). So a market
 * order meets the opening price in the first half of the session and waits for the closing price in the second, and
 * a limit order fills on a gap at the open or close price, or at its limit if the day traded beyond it. Orders for an
 * auction meet its price alone, before the quotes come. Each moment
 * offers a third of `volumeShareMax` of the bar's volume. The house's half spread is a constant number of basis points.
 *
 * Data that know closes only have the close and the end alone, with liquidity without bound.
 *
 * The market is a function of the bars and of the instant it has been advanced to: it can be thrown away and rebuilt.
 */
import { NANOS, plusBasisPoints, priceFromNumber, type Quantity } from "../money.ts";
import { nextSession, sessionAtIndex, sessionOn, type Session } from "../rules/calendar.ts";
import type { CorporateAction } from "../rules/corporate-actions.ts";
import { plusMs, type EpochDay, type Instant } from "../time.ts";
import type { Bars, Symbol } from "../trade.ts";
import type { Exchange } from "./exchange.ts";

/** Above any order the simulator can hold: nine million shares. */
const UNBOUNDED = 9_000_000 * NANOS;

export interface ReplaySeries {
  readonly symbol: Symbol;
  readonly bars: Bars;
  /** By ex-date. Empty for series that are adjusted already. */
  readonly actions: readonly CorporateAction[];
}

export interface LiquidityRules {
  readonly halfSpreadBps: number;
  /** Of a bar's volume, for all orders together. */
  readonly volumeShareMax: number;
}

type Moment = "open" | "midday" | "close" | "end";

interface Cursor {
  readonly series: ReplaySeries;
  /** Index of the first bar that is not older than the session at hand. */
  bar: number;
  /** Index of the first action that is not applied. */
  action: number;
}

export class MarketReplay {
  readonly #exchange: Exchange;
  readonly #rules: LiquidityRules;
  readonly #cursors: readonly Cursor[];
  readonly #onSessionEnd: (session: Session) => void;
  #session: Session;
  #moment: Moment = "open";

  /** Starts before the open of `first`, the first session on or after that day. `restored` is an instant already advanced to. */
  constructor(exchange: Exchange, series: readonly ReplaySeries[], first: EpochDay, rules: LiquidityRules, onSessionEnd: (session: Session) => void, restored?: Instant) {
    this.#exchange = exchange;
    this.#rules = rules;
    this.#onSessionEnd = onSessionEnd;
    this.#session = sessionOn(first) ?? nextSession(first);
    const startDay = this.#session.day;
    this.#cursors = series.map((one) => ({ series: one, bar: 0, action: one.actions.findIndex(({ exDay }) => exDay >= startDay) })).map((cursor) => ({ ...cursor, action: cursor.action < 0 ? cursor.series.actions.length : cursor.action }));
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
      case "midday":
        return plusMs(open, (close - open) / 2);
      case "close":
        return close;
      case "end":
        return plusMs(close, 1_000);
    }
  }

  #step(): void {
    const following: Readonly<Record<Moment, Moment>> = { open: "midday", midday: "close", close: "end", end: "open" };
    if (this.#moment === "end") this.#session = sessionAtIndex(this.#session.index + 1);
    this.#moment = following[this.#moment];
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
      if (this.#moment === "close") this.#quote(symbol, bars.close[index]!, UNBOUNDED);
      return;
    }
    const third = Math.min(Math.floor((bars.volume[index]! * this.#rules.volumeShareMax) / 3) * NANOS, UNBOUNDED);
    if (this.#moment === "open") {
      this.#exchange.auction(symbol, "opening", { price: priceFromNumber(bars.open[index]!), quantity: third as Quantity });
      this.#quote(symbol, bars.open[index]!, third);
    }
    if (this.#moment === "midday") this.#exchange.sweep(symbol, priceFromNumber(bars.low[index]!), priceFromNumber(bars.high[index]!), third as Quantity);
    if (this.#moment === "close") {
      this.#exchange.auction(symbol, "closing", { price: priceFromNumber(bars.close[index]!), quantity: third as Quantity });
      this.#quote(symbol, bars.close[index]!, third);
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

  #quote(symbol: Symbol, price: number, quantity: number): void {
    const middle = priceFromNumber(price);
    const { halfSpreadBps } = this.#rules;
    const bid = halfSpreadBps === 0 ? middle : plusBasisPoints(middle, -halfSpreadBps);
    const ask = halfSpreadBps === 0 ? middle : plusBasisPoints(middle, halfSpreadBps);
    this.#exchange.quote(symbol, { bid, ask, quantity: quantity as Quantity }, middle);
  }

  /** The bar of the session at hand, if the symbol has one. */
  #barOf(cursor: Cursor): number | undefined {
    const { days } = cursor.series.bars;
    while (cursor.bar < days.length && days[cursor.bar]! < this.#session.day) cursor.bar += 1;
    return days[cursor.bar] === this.#session.day ? cursor.bar : undefined;
  }
}

