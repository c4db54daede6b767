/**
 * A circuit breaker around reads: when most of them fail, the next ones fail at once, until a probe succeeds.
 *
 * Only failures of the connection count; an answer, be it a 403 or a 404, shows that the venue is there. (opossum counts
 * filtered errors as successes, which is what is meant here.) A read that found no permit to be sent, or no store to ask
 * for one, is no failure of the connection either. The state can be carried from one process to the next.
 * opossum's own export dates the opening by the construction of the object, so that a process started every few seconds
 * would hold an opened breaker open for ever; here the instant of the opening itself is kept. The breaker guards the
 * transport; when to stop trading is no question for it.
 */
import CircuitBreaker from "opossum";
import { z } from "zod";
import type { Clock } from "../ports.ts";
import type { ExpiringKey } from "../state/expiring-key.ts";
import type { Instant } from "../time.ts";
import { AlpacaFailure } from "./errors.ts";

export type BreakerState = { readonly kind: "closed" } | { readonly kind: "open"; readonly since: Instant };

const RESET_AFTER_MS = 30_000;
const WINDOW_MS = 60_000;
/** Reads in the window below which nothing is concluded. Each has been repeated several times before it counts. */
const READS_MIN = 3;

export class BreakerOpen extends Error {
  override readonly name = "BreakerOpen";
}

export class ReadBreaker {
  readonly #breaker: CircuitBreaker<[() => Promise<unknown>]>;
  #openSince: Instant | undefined;

  constructor(name: string, clock: Clock, restored: BreakerState = { kind: "closed" }) {
    this.#openSince = restored.kind === "open" ? restored.since : undefined;
    this.#breaker = new CircuitBreaker(async (read: () => Promise<unknown>) => read(), {
      name,
      timeout: false, // the request has its own, and opossum's would not stop it
      errorThresholdPercentage: 50,
      volumeThreshold: READS_MIN,
      rollingCountTimeout: WINDOW_MS,
      resetTimeout: RESET_AFTER_MS,
      enableSnapshots: false,
      errorFilter: (error: unknown) => !(error instanceof AlpacaFailure && error.meaning.read === "retry"),
      ...(restored.kind === "open" && { state: openedAt(name, restored.since) }),
    });
    this.#breaker.on("open", () => (this.#openSince = clock.now()));
    this.#breaker.on("close", () => (this.#openSince = undefined));
  }

  /** @throws BreakerOpen without reading while the breaker is open. */
  async read<T>(read: () => Promise<T>): Promise<T> {
    try {
      return (await this.#breaker.fire(read)) as T;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EOPENBREAKER") throw new BreakerOpen(`reads from ${this.#breaker.name} keep failing; none is tried for ${RESET_AFTER_MS / 1000} s`);
      throw error;
    }
  }

  /** Ends its timers. A process that makes one for each invocation keeps them all otherwise. Nothing is read after it. */
  close(): void {
    this.#breaker.shutdown();
  }

  state(): BreakerState {
    return this.#openSince === undefined ? { kind: "closed" } : { kind: "open", since: this.#openSince };
  }
}

const storedBreaker = z.discriminatedUnion("kind", [z.strictObject({ kind: z.literal("closed") }), z.strictObject({ kind: z.literal("open"), since: z.int() })]);

/** Under which a deployment keeps the state between invocations. Worth nothing after a day. */
export function breakerKey(name: string): ExpiringKey<BreakerState> {
  return { name: `breaker/${name}`, keepForMs: 86_400_000, parse: (stored) => storedBreaker.parse(stored) as BreakerState };
}

function openedAt(name: string, since: Instant): CircuitBreaker.State {
  const lastTimerAt = since as unknown as symbol; // a number in the program, a symbol in its declarations
  return { name, enabled: true, closed: false, open: true, halfOpen: false, warmUp: false, shutdown: false, lastTimerAt };
}
