/**
 * A circuit breaker around reads: when most of them fail, the next ones fail at once, until a probe succeeds.
 *
 * Only failures of the connection count; an answer, be it a 403 or a 404, shows that the venue is there. (opossum counts
 * filtered errors as successes, which is what is meant here.) A read that found no permit to be sent, or no store to ask
 * for one, is no failure of the connection either.
 *
 * The state is carried from one process to the next: a call of a run ends with its first failed read, so what counts is
 * how many failed in a row, whoever made them. opossum's own export dates the opening by the construction of the object,
 * so that a process started every few seconds would hold an opened breaker open for ever; here the instant of the opening
 * itself is kept. The breaker guards the transport; when to stop trading is no question for it.
 */
import CircuitBreaker from "opossum";
import { z } from "zod";
import type { Clock } from "../ports.ts";
import type { ExpiringKey } from "../state/expiring-key.ts";
import type { Instant } from "../time.ts";
import { AlpacaFailure } from "./errors.ts";

export type BreakerState = { readonly kind: "closed"; readonly failed?: FailedReads } | { readonly kind: "open"; readonly since: Instant };

/** In a row, the first of them at `since`. */
interface FailedReads {
  readonly count: number;
  readonly since: Instant;
}

const RESET_AFTER_MS = 30_000;
const WINDOW_MS = 60_000;
/** Reads in the window below which nothing is concluded. Each has been repeated several times before it counts. */
const READS_MIN = 3;

export class BreakerOpen extends Error {
  override readonly name = "BreakerOpen";
}

export class ReadBreaker {
  readonly #breaker: CircuitBreaker<[() => Promise<unknown>]>;
  readonly #clock: Clock;
  #openSince: Instant | undefined;
  #failed: FailedReads | undefined;
  /** The one read that is tried. Those that come meanwhile wait for what it shows: refused, they would end the process before it is known. */
  #probe: Promise<unknown> | undefined;

  constructor(name: string, clock: Clock, restored: BreakerState = { kind: "closed" }) {
    this.#clock = clock;
    this.#openSince = restored.kind === "open" ? restored.since : undefined;
    this.#failed = restored.kind === "closed" ? restored.failed : undefined;
    this.#breaker = new CircuitBreaker(async (read: () => Promise<unknown>) => read(), {
      name,
      timeout: false, // the request has its own, and opossum's would not stop it
      errorThresholdPercentage: 50,
      volumeThreshold: READS_MIN,
      rollingCountTimeout: WINDOW_MS,
      resetTimeout: RESET_AFTER_MS,
      enableSnapshots: false,
      errorFilter: (error: unknown) => !isOfConnection(error),
      ...(restored.kind === "open" && { state: restoredState(name, clock.now() - restored.since) }),
    });
    this.#breaker.on("open", () => (this.#openSince = clock.now()));
    this.#breaker.on("close", () => (this.#openSince = undefined));
  }

  /** @throws BreakerOpen without reading while the breaker is open. */
  async read<T>(read: () => Promise<T>): Promise<T> {
    while (this.#probe) await this.#probe;
    if (!this.#breaker.halfOpen) return this.#fire(read);
    const probing = this.#fire(read);
    this.#probe = Promise.allSettled([probing]).finally(() => (this.#probe = undefined));
    return probing;
  }

  async #fire<T>(read: () => Promise<T>): Promise<T> {
    try {
      const answer = (await this.#breaker.fire(read)) as T;
      this.#failed = undefined;
      return answer;
    } catch (error) {
      if (isOfConnection(error)) this.#countFailed();
      else if (error instanceof AlpacaFailure) this.#failed = undefined;
      if (error instanceof Error && "code" in error && error.code === "EOPENBREAKER") throw new BreakerOpen(`reads from ${this.#breaker.name} keep failing; none is tried for ${RESET_AFTER_MS / 1000} s`);
      throw error;
    }
  }

  /** Ends its timers. A process that makes one for each invocation keeps them all otherwise. Nothing is read after it. */
  close(): void {
    this.#breaker.shutdown();
  }

  state(): BreakerState {
    if (this.#openSince !== undefined) return { kind: "open", since: this.#openSince };
    return { kind: "closed", ...(this.#failed && { failed: this.#failed }) };
  }

  /** A call of a run ends with its first failed read, so reads in a row are counted from one process to the next. */
  #countFailed(): void {
    const now = this.#clock.now();
    const before = this.#failed && now - this.#failed.since <= WINDOW_MS ? this.#failed : { count: 0, since: now };
    this.#failed = { count: before.count + 1, since: before.since };
    if (this.#failed.count < READS_MIN) return;
    this.#failed = undefined;
    this.#breaker.open();
  }
}

const storedBreaker = z.discriminatedUnion("kind", [z.strictObject({ kind: z.literal("closed"), failed: z.strictObject({ count: z.int(), since: z.int() }).optional() }), z.strictObject({ kind: z.literal("open"), since: z.int() })]);

/** Under which a deployment keeps the state between invocations. Worth nothing after a day. */
export function breakerKey(name: string): ExpiringKey<BreakerState> {
  return { name: `breaker/${name}`, keepForMs: 86_400_000, parse: (stored) => storedBreaker.parse(stored) as BreakerState };
}

function isOfConnection(error: unknown): boolean {
  return error instanceof AlpacaFailure && error.meaning.read === "retry";
}

/** How long it has been open is for the clock of its state to say; opossum would ask the machine's. */
function restoredState(name: string, openMs: number): CircuitBreaker.State {
  const halfOpen = openMs > RESET_AFTER_MS;
  return { name, enabled: true, closed: false, open: !halfOpen, halfOpen, warmUp: false, shutdown: false, lastTimerAt: undefined as unknown as symbol };
}
