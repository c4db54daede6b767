/**
 * Minute bars as a market of sessions: what is earned is paid before each open, and the account is looked at when the last
 * minute of a session is over, before anything after it.
 *
 * The market is a function of the bars and of the instant it has been advanced to.
 */
import { nextSession, sessionOn, type Session } from "../rules/calendar.ts";
import { plusMs, type EpochDay, type Instant } from "../time.ts";
import type { Exchange } from "./exchange.ts";
import type { FillProfile } from "./fill-profiles.ts";
import { MinuteReplay, type MinuteSeries } from "./minute-replay.ts";

export class MinuteSessions {
  readonly #exchange: Exchange;
  readonly #replay: MinuteReplay;
  readonly #onSessionEnd: (session: Session) => void;
  /** The one that opens or closes next. */
  #session: Session;
  #isOpen = false;

  /** `first` is the day on which the exchange begins, or a day before its first session. */
  constructor(exchange: Exchange, series: readonly MinuteSeries[], first: EpochDay, profile: FillProfile, onSessionEnd: (session: Session) => void) {
    this.#exchange = exchange;
    this.#replay = new MinuteReplay(exchange, series, profile);
    this.#onSessionEnd = onSessionEnd;
    this.#session = sessionOn(first) ?? nextSession(first);
  }

  advanceTo(at: Instant): void {
    for (let next = this.#next(); next <= at; next = this.#next()) {
      this.#replay.advanceTo(next);
      if (this.#isOpen) {
        this.#onSessionEnd(this.#session);
        this.#session = nextSession(this.#session.day);
      } else this.#exchange.payDividendsDue(this.#session.day);
      this.#isOpen = !this.#isOpen;
    }
    this.#replay.advanceTo(at);
  }

  /** The last millisecond before the session opens, or of its last minute. */
  #next(): Instant {
    const { open, close } = this.#session;
    return plusMs(this.#isOpen ? close : open, -1);
  }
}
