/**
 * How many requests a minute an account may send, shared by every process that sends for it.
 *
 * The count of the clock's minute is one value in the store, changed conditionally. A process reserves a tenth of the
 * budget at a time and spends its permits from memory, so no two spend the same one; what a process did not use in the
 * minute, because it ended or was slow, is lost and never carried over. A clock that is a little behind counts in the
 * minute that the others are in already; a count further ahead was made by a clock that was wrong, and is ignored.
 *
 * The windows are the clock's, not the venue's: around the turn of a minute two budgets can fall into one of the venue's
 * windows. That, and clients that do not ask here, end in a 429, which the wire bears. A store that cannot be reached
 * gives no permits and its error propagates: the journal is in the same store, so nothing could be traded without it.
 */
import { z } from "zod";
import { BrokerUnavailable, type Clock, type StateStore } from "../ports.ts";
import { changeState, type Change } from "../run/change-state.ts";
import type { ExpiringKey } from "../state/expiring-key.ts";
import { DAY_MS, MINUTE_MS } from "../time.ts";

export interface RateBudgetOptions {
  /** Of what is limited: one for each account and host. */
  readonly name: string;
  readonly requestsPerMinute: number;
  readonly state: StateStore;
  readonly clock: Clock;
}

/** No permit is left in the minute; the next one begins in `waitMs`. */
export interface Spent {
  readonly waitMs: number;
}

/** Nothing was sent. */
export class RateBudgetSpent extends BrokerUnavailable {
  readonly waitMs: number;

  constructor(what: string, budget: RateBudget, { waitMs }: Spent) {
    super(`${what}: not sent, the ${budget.requestsPerMinute} requests a minute of ${budget.name} are spent for another ${Math.ceil(waitMs / 1000)} s`);
    this.waitMs = waitMs;
  }
}

/** What all processes together have reserved in a minute since 1970. */
interface Reserved {
  readonly minute: number;
  readonly reserved: number;
}

interface Permits {
  readonly minute: number;
  readonly granted: number;
}

export class RateBudget {
  readonly name: string;
  readonly requestsPerMinute: number;
  readonly #state: StateStore;
  readonly #clock: Clock;
  readonly #key: ExpiringKey<Reserved>;
  #held: Permits = { minute: 0, granted: 0 };
  #used = 0;
  /** One reservation at a time: those who wait for it share what it brings. */
  #reserving: Promise<void> | undefined;

  constructor({ name, requestsPerMinute, state, clock }: RateBudgetOptions) {
    this.name = name;
    this.requestsPerMinute = requestsPerMinute;
    this.#state = state;
    this.#clock = clock;
    this.#key = rateBudgetKey(name);
  }

  /** Undefined when one request may be sent in this minute. @throws StoreUnavailable, StateConflict */
  async take(): Promise<Spent | undefined> {
    // Ends: each turn either answers or follows a reservation, and a minute has only so many permits to reserve.
    for (;;) {
      const now = this.#clock.now();
      const { minute, granted } = this.#held;
      if (isCurrent(minute, minuteOf(now))) {
        if (this.#used < granted) {
          this.#used += 1;
          return undefined;
        }
        if (granted === 0) return { waitMs: (minute + 1) * MINUTE_MS - now };
      }
      await (this.#reserving ??= this.#reserve().finally(() => (this.#reserving = undefined)));
    }
  }

  async #reserve(): Promise<void> {
    this.#held = await changeState(this.#state, this.#key, (before) => reservation(before, minuteOf(this.#clock.now()), this.requestsPerMinute));
    this.#used = 0;
  }
}

const storedReserved = z.strictObject({ minute: z.int(), reserved: z.int().min(0) });

/** Worth nothing once its minute has passed. */
export function rateBudgetKey(name: string): ExpiringKey<Reserved> {
  return { name: `rate-budget/${name}`, keepForMs: DAY_MS, parse: (stored) => storedReserved.parse(stored) };
}

function reservation(before: Reserved | undefined, now: number, requestsPerMinute: number): Change<Reserved, Permits> {
  const counted = before && isCurrent(before.minute, now) ? before : { minute: now, reserved: 0 };
  const granted = Math.max(0, Math.min(Math.ceil(requestsPerMinute / 10), requestsPerMinute - counted.reserved));
  const after = granted === 0 ? counted : { minute: counted.minute, reserved: counted.reserved + granted };
  return { after, answer: { minute: counted.minute, granted } };
}

/** The clocks of two processes may lie on both sides of the turn of a minute, no further. */
function isCurrent(minute: number, now: number): boolean {
  return minute === now || minute === now + 1;
}

function minuteOf(now: number): number {
  return Math.floor(now / MINUTE_MS);
}
