/**
 * What an account was worth over time.
 *
 * A sample is kept when the value has changed since the last one, at most one for each minute of the market's time, and
 * one at each session's end. Samples within a session are kept for thirty days.
 */
import type { Money } from "../money.ts";
import { DAY_MS, MINUTE_MS, type Instant } from "../time.ts";

export interface EquitySample {
  readonly at: Instant;
  readonly equity: Money;
}

export interface EquityHistorySnapshot {
  readonly minutes: readonly EquitySample[];
  readonly closes: readonly EquitySample[];
}

const MINUTES_KEPT_MS = 30 * DAY_MS;
const THIN_OUT_EVERY = 4_096;

export class EquityHistory {
  #minutes: EquitySample[];
  readonly #closes: EquitySample[];

  constructor(stored: EquityHistorySnapshot = { minutes: [], closes: [] }) {
    this.#minutes = [...stored.minutes];
    this.#closes = [...stored.closes];
  }

  snapshot(): EquityHistorySnapshot {
    return { minutes: [...this.#minutes], closes: [...this.#closes] };
  }

  /** `at` never goes back. */
  sample(at: Instant, equity: Money): void {
    const last = this.#minutes.at(-1);
    if (last?.equity === equity) return;
    if (last && Math.floor(last.at / MINUTE_MS) === Math.floor(at / MINUTE_MS)) this.#minutes.pop();
    this.#minutes.push({ at, equity });
    if (this.#minutes.length % THIN_OUT_EVERY === 0) this.#minutes = this.#minutes.filter((sample) => sample.at >= at - MINUTES_KEPT_MS);
  }

  close(at: Instant, equity: Money): void {
    this.#closes.push({ at, equity });
    this.sample(at, equity);
  }

  /** The last value that was kept at or before `at`; undefined before the first. */
  at(at: Instant): EquitySample | undefined {
    const minute = lastAt(this.#minutes, at);
    const close = lastAt(this.#closes, at);
    return minute && (!close || minute.at >= close.at) ? minute : close;
  }

  /** At the sessions' ends, oldest first. */
  get closes(): readonly EquitySample[] {
    return this.#closes;
  }

  first(): EquitySample | undefined {
    const [minute] = this.#minutes;
    const [close] = this.#closes;
    return close && (!minute || close.at < minute.at) ? close : minute;
  }
}

function lastAt(samples: readonly EquitySample[], at: Instant): EquitySample | undefined {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (samples[middle]!.at <= at) low = middle + 1;
    else high = middle;
  }
  return samples[low - 1];
}
