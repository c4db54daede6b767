/**
 * How the exchange's time goes on, and what happens at the instants on its way: phases begin and end by the New York
 * calendar, orders expire, and what clients have asked for a while ago is taken up. Of two at one instant what was asked for
 * comes first and expiries last.
 *
 * Orders leave the book when their hours end, and trade when they begin; the auctions that the exchange holds itself are at
 * the open and, with the session still going on, at the close (call-auctions.ts). At the end of a core session
 * orders expire, accounts are charged and marked, the house leaves and margin is called, in this order. Without the
 * calendar's hours the market is always open, and its owner ends its days.
 */
import { addMoney, maxOf, subtractMoney, ZERO_MONEY } from "../money.ts";
import { borrowFee, debitInterest } from "../rules/margin.ts";
import type { EpochDay, Instant } from "../time.ts";
import { beginTrading, closeTrading } from "./call-auctions.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { callMargin } from "./margin-calls.ts";
import type { OrderDesk } from "./order-desk.ts";
import { hoursAt, phaseAt, sessionEndOf } from "./order-hours.ts";
import type { OrderLife } from "./order-life.ts";
import type { TradingAccount } from "./trading-account.ts";

export class ExchangeTime {
  readonly #state: ExchangeState;
  readonly #life: OrderLife;
  readonly #desk: OrderDesk;

  constructor(state: ExchangeState, life: OrderLife, desk: OrderDesk) {
    this.#state = state;
    this.#life = life;
    this.#desk = desk;
  }

  /** Takes up everything due until `now`, each at its own instant. @throws when time would go back. */
  advanceTo(now: Instant): void {
    const state = this.#state;
    if (now < state.now) throw new Error(`the market cannot go back from ${state.now} to ${now}`);
    for (;;) {
      const boundary = state.settings.hours === "calendar" ? this.#nextBoundary() : Infinity;
      const due = state.requests.nextDue;
      const next = Math.min(boundary, this.#life.nextExpiry, due);
      if (next > now) break;
      state.now = maxOf(next as Instant, state.now);
      if (next === due) this.#desk.takeUpDue();
      else if (next === boundary) this.#crossBoundary();
      else this.#life.expireDue();
    }
    state.now = now;
  }

  /** A core session, or a day of a market without hours. */
  endSession(): void {
    const state = this.#state;
    this.#life.endSession();
    const { day } = state;
    for (const account of state.accounts.values()) {
      this.#charge(account, day);
      account.lastEquity = account.equity(state, day);
      if (account.terms.multiplier !== 1) account.lastMaintenance = account.maintenance(state, day);
    }
    for (const listing of state.listings.values()) {
      listing.house.leave();
      listing.quotedToday = false;
      listing.previousClose = listing.lastPrice;
    }
    callMargin(state, this.#life, ({ name }, ticket) => this.#desk.place(name, ticket), day);
  }

  #nextBoundary(): number {
    const { now, hours: { pre, open, close, post }, settings } = this.#state;
    const end = sessionEndOf(close);
    for (const at of settings.ownAuctions ? [pre, open, close, end, post + 1] : [pre, open, end, post + 1]) if (at > now) return at;
    return hoursAt((post + 1) as Instant).pre;
  }

  #crossBoundary(): void {
    const state = this.#state;
    if (state.settings.ownAuctions && state.now === state.hours.close) {
      for (const symbol of state.listings.keys()) closeTrading(state, this.#life, symbol);
      return;
    }
    state.hours = hoursAt(state.now);
    const before = state.phase;
    state.phase = phaseAt(state.now, state.hours);
    state.emit({ type: "session", phase: state.phase });
    if (before === "core") this.endSession();
    for (const [symbol, listing] of state.listings) {
      listing.shelve();
      if (state.phase !== "closed") beginTrading(state, this.#life, symbol);
    }
  }

  #charge(account: TradingAccount, day: EpochDay): void {
    const { debitInterestBps, borrowFeeBps } = account.terms;
    const debit = maxOf(subtractMoney(ZERO_MONEY, account.ledger.cash), ZERO_MONEY);
    const interest = debitInterestBps > 0 ? debitInterest(debit, debitInterestBps, day) : ZERO_MONEY;
    const borrow = borrowFeeBps > 0 ? account.marginPositions(this.#state).reduce((sum, position) => addMoney(sum, borrowFee(position, borrowFeeBps, day)), ZERO_MONEY) : ZERO_MONEY;
    for (const [charge, amount] of [["interest", interest], ["borrow", borrow]] as const) {
      if (amount === 0) continue;
      account.ledger.chargeInterest(amount);
      this.#state.emit({ type: "charged", account: account.name, charge, amount });
    }
  }
}
