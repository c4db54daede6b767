/**
 * One way out to Alpaca: a call of the SDK's raw API goes through `read` or `once`, and comes back parsed or as a failure.
 *
 * Answers are taken as text and parsed here, so the SDK's models (dates cut in UTC, fields renamed, nothing checked)
 * play no part. `read` repeats with growing, jittered pauses, waits as long as the venue asks, and stops at the breaker;
 * `once` sends one request and no second. Each request first takes a permit of the budget: a read waits for the next
 * minute's, `once` throws before it has sent anything, so that a submission for want of a permit leaves no doubt.
 * Connections are kept alive by Node's fetch. The keys live in a closure that serialising the SDK's objects does not
 * reach.
 */
import type { marketData } from "@alpacahq/alpaca-trade-api/rest";
import pRetry from "p-retry";
import { z } from "zod";
import type { AlpacaKeys } from "../aws/secret.ts";
import { BrokerUnavailable } from "../ports.ts";
import { AlpacaFailure, failureOf, type Kind } from "./errors.ts";
import { RateBudgetSpent, type RateBudget } from "./rate-budget.ts";
import { BreakerOpen, type ReadBreaker } from "./read-breaker.ts";

export interface WireOptions {
  readonly keys: AlpacaKeys;
  /** Shared by what fails together: one for each host. */
  readonly breaker: ReadBreaker;
  /** Shared by all requests that the venue counts together; without one, none are counted. */
  readonly budget?: RateBudget;
  /** For one request, from its start to the end of its answer. */
  readonly timeoutMs?: number;
  /** Pause before a read is repeated; doubles each time. */
  readonly retryDelayMs?: number;
  /** After which a read is not repeated any more, and does not wait for a permit either. */
  readonly retryTimeMaxMs?: number;
}

/** What the SDK's raw methods answer with. */
interface RawAnswer {
  readonly raw: Response;
}

const TIMEOUT_MS = 15_000;
const READ_RETRIES = 4;
const RETRY_DELAY_MS = 250;
/** Alpaca's limits count by the minute. */
const RETRY_TIME_MAX_MS = 60_000;

export class Wire {
  readonly #options: WireOptions;

  constructor(options: WireOptions) {
    this.#options = options;
  }

  /** For the SDK's `Configuration`. Its own retries and rate limiter stay off. */
  configuration(basePath: string): marketData.ConfigurationParameters {
    const { keyId, secretKey } = this.#options.keys;
    return {
      basePath,
      timeoutMs: this.#options.timeoutMs ?? TIMEOUT_MS,
      apiKey: (header: string) => (header === "APCA-API-KEY-ID" ? keyId : secretKey).reveal(),
    };
  }

  /** @throws BrokerUnavailable when no repetition gave an answer, its cause an AlpacaFailure; RateBudgetSpent; what the budget's store throws. */
  async read<T>(what: string, send: () => Promise<RawAnswer>, answer: z.ZodType<T>): Promise<T> {
    try {
      return await this.#options.breaker.read(() => this.#repeated(what, send, answer));
    } catch (error) {
      if (error instanceof AlpacaFailure || error instanceof BreakerOpen) throw new BrokerUnavailable(error.message, { cause: error });
      throw error;
    }
  }

  /** @throws AlpacaFailure; before anything was sent, RateBudgetSpent and what the budget's store throws. */
  async once<T>(what: string, send: () => Promise<RawAnswer>, answer: z.ZodType<T>): Promise<T> {
    const { budget } = this.#options;
    const spent = await budget?.take();
    if (budget && spent) throw new RateBudgetSpent(what, budget, spent);
    try {
      const { raw } = await send();
      // Masked before anything is read from it: an answer that gives the keys back has no way on.
      return parsed(what, raw.status, this.#mask(raw.headers.get("X-Request-ID") ?? ""), this.#mask(await raw.text()), answer);
    } catch (error) {
      throw failureOf(what, error, this.#mask);
    }
  }

  async #repeated<T>(what: string, send: () => Promise<RawAnswer>, answer: z.ZodType<T>): Promise<T> {
    const { retryDelayMs = RETRY_DELAY_MS, retryTimeMaxMs = RETRY_TIME_MAX_MS } = this.#options;
    const giveUpAt = performance.now() + retryTimeMaxMs;
    return pRetry(() => this.once(what, send, answer), {
      retries: READ_RETRIES,
      minTimeout: retryDelayMs,
      maxRetryTime: retryTimeMaxMs,
      randomize: true,
      shouldRetry: async ({ error }) => {
        const waitMs = waitBeforeRetry(error);
        if (waitMs === undefined || performance.now() + waitMs > giveUpAt) return false;
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        return true;
      },
    });
  }

  readonly #mask = (text: string): string => {
    const { keyId, secretKey } = this.#options.keys;
    return secretKey.maskIn(keyId.maskIn(text));
  };
}

/** Undefined for what a repetition does not mend. */
function waitBeforeRetry(error: Error): number | undefined {
  if (error instanceof RateBudgetSpent) return error.waitMs;
  return error instanceof AlpacaFailure && error.meaning.read === "retry" ? (error.facts.retryAfterMs ?? 0) : undefined;
}

function parsed<T>(what: string, status: number, requestId: string, text: string, answer: z.ZodType<T>): T {
  const failed = (kind: Kind, detail: string): AlpacaFailure => new AlpacaFailure(what, { kind, detail, status, requestId: requestId || undefined });
  const json = jsonOf(text);
  if (json === undefined) throw failed("not-json", `the answer is no JSON: ${text.slice(0, 100)}`);
  const result = answer.safeParse(json);
  if (!result.success) throw failed("not-understood", z.prettifyError(result.error).replaceAll("\n", " "));
  return result.data;
}

/** An empty answer, such as that to a cancel, is null. */
function jsonOf(text: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
