/**
 * How the venue's time passes: the market plays from one instant to the next, and stops on the way where a session opens
 * or ends, a round of a season ends, or a fault is due, for what the venue does then.
 */
import { ZERO_MONEY, type Money } from "../money.ts";
import { currentOrNextSession, type Session } from "../rules/calendar.ts";
import { sessionEndOf } from "../simulator/order-hours.ts";
import { MINUTE_MS, plusMs, type Instant } from "../time.ts";
import type { ExchangeFollower } from "./exchange-follower.ts";
import type { Market } from "./market-source.ts";
import type { SeasonDesk } from "./season-desk.ts";
import type { VenueState } from "./venue-state.ts";

export class VenueClock {
  readonly #state: VenueState;
  readonly #market: Market;
  readonly #follower: ExchangeFollower;
  readonly #seasons: SeasonDesk;
  /** Under way, or the next. */
  #session: Session;

  constructor(state: VenueState, market: Market, follower: ExchangeFollower, seasons: SeasonDesk) {
    this.#state = state;
    this.#market = market;
    this.#follower = follower;
    this.#seasons = seasons;
    const { now } = state.exchange;
    this.#session = currentOrNextSession(now);
    if (sessionEndOf(this.#session.close) <= now) this.#session = currentOrNextSession(plusMs(this.#session.close, 1));
  }

  advanceTo(at: Instant): void {
    const { now } = this.#state.exchange;
    if (at < now) throw new Error(`the market cannot go back from ${now} to ${at}`);
    if (at === now) return;
    for (;;) {
      const { open, close } = this.#session;
      const end = sessionEndOf(close);
      const boundary = this.#state.exchange.now < open ? open : end;
      const seasonEnd = this.#state.seasons.nextEnd as Instant;
      const { nextAt } = this.#state.faults;
      if (nextAt < Math.min(boundary, seasonEnd) && nextAt <= at) {
        this.#letFaultsHappen(nextAt as Instant);
        continue;
      }
      if (seasonEnd < boundary && seasonEnd <= at) {
        if (this.#state.exchange.now < seasonEnd) this.#market.advanceTo(seasonEnd);
        this.#seasons.endDue(seasonEnd);
        continue;
      }
      if (boundary > at) break;
      this.#market.advanceTo(boundary);
      if (boundary === open) this.#openSession();
      else this.#endSession(end);
    }
    if (this.#state.exchange.now < at) this.#market.advanceTo(at);
    this.#state.tape.moveTo(at);
    if (Math.floor(at / MINUTE_MS) !== Math.floor(now / MINUTE_MS)) this.#sampleEquity(at);
    if (this.#market.hasMoved()) for (const { symbol, isActive } of this.#state.assets.all()) if (isActive) this.#state.noteQuote(symbol);
    const { announcements, settings: { market: { history } } } = this.#state;
    if (history && announcements.hasMarketListeners) for (const update of history.printed(now, at)) announcements.market(update);
  }

  #letFaultsHappen(at: Instant): void {
    const { exchange, faults } = this.#state;
    if (exchange.now < at) this.#market.advanceTo(at);
    for (const symbol of faults.happen(exchange)) this.#state.noteQuote(symbol);
  }

  #openSession(): void {
    this.#state.exchange.payDividendsDue(this.#session.day);
    this.#follower.payDividendsDue(this.#session.day);
  }

  #endSession(end: Instant): void {
    const { exchange, accounts, seasons } = this.#state;
    exchange.endSession();
    for (const account of accounts.values()) {
      const { equity, positions } = exchange.account(account.name);
      const fees = account.feesPending(exchange.feesPaid(account.name));
      if (fees !== ZERO_MONEY) {
        this.#state.book(account, "FEE", (0 - fees) as Money, "regulatory and other fees of the day");
        account.feesBooked = exchange.feesPaid(account.name);
      }
      if (!seasons.isOver(account.name)) account.equity.close(end, equity);
      account.basis.begin(positions);
    }
    for (const { symbol, isActive } of this.#state.assets.all()) {
      const { last } = isActive ? exchange.topOf(symbol) : { last: undefined };
      if (last !== undefined) this.#state.lastCloses.set(symbol, last);
    }
    this.#session = currentOrNextSession(plusMs(this.#session.close, 1));
  }

  #sampleEquity(at: Instant): void {
    const { exchange, accounts, seasons } = this.#state;
    for (const account of accounts.values()) if (!seasons.isOver(account.name)) account.equity.sample(at, exchange.account(account.name).equity);
  }
}
