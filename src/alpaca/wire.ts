/**
 * One way out to Alpaca: a call of the SDK's raw API goes through `read` or `once`, and comes back parsed or as a failure.
 *
 * Answers are taken as text and parsed here, so the SDK's models (dates cut in UTC, fields renamed, nothing checked)
 * play no part. `read` repeats with growing, jittered pauses, waits as long as the venue asks, and stops at the breaker;
 * `once` sends one request and no second. Connections are kept alive by Node's fetch. The keys live in a closure that
 * serialising the SDK's objects does not reach.
 */
import type { marketData } from "@alpacahq/alpaca-trade-api/rest";
import pRetry from "p-retry";
import { z } from "zod";
import type { AlpacaKeys } from "../aws/secret.ts";
import { BrokerUnavailable } from "../ports.ts";
import { AlpacaFailure, failureOf, type Kind } from "./errors.ts";
import type { ReadBreaker } from "./read-breaker.ts";

export interface WireOptions {
  readonly keys: AlpacaKeys;
  /** Shared by what fails together: one for each host. */
  readonly breaker: ReadBreaker;
  /** For one request, from its start to the end of its answer. */
  readonly timeoutMs?: number;
  /** Pause before a read is repeated; doubles each time. */
  readonly retryDelayMs?: number;
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

  /** @throws BrokerUnavailable when no repetition gave an answer; its cause is an AlpacaFailure. */
  async read<T>(what: string, send: () => Promise<RawAnswer>, answer: z.ZodType<T>): Promise<T> {
    try {
      return await this.#options.breaker.read(() => this.#repeated(what, send, answer));
    } catch (error) {
      throw new BrokerUnavailable(error instanceof Error ? error.message : what, { cause: error });
    }
  }

  /** @throws AlpacaFailure */
  async once<T>(what: string, send: () => Promise<RawAnswer>, answer: z.ZodType<T>): Promise<T> {
    try {
      const { raw } = await send();
      // Masked before anything is read from it: an answer that gives the keys back has no way on.
      return parsed(what, raw.status, this.#mask(raw.headers.get("X-Request-ID") ?? ""), this.#mask(await raw.text()), answer);
    } catch (error) {
      throw failureOf(what, error, this.#mask);
    }
  }

  async #repeated<T>(what: string, send: () => Promise<RawAnswer>, answer: z.ZodType<T>): Promise<T> {
    return pRetry(() => this.once(what, send, answer), {
      retries: READ_RETRIES,
      minTimeout: this.#options.retryDelayMs ?? RETRY_DELAY_MS,
      maxRetryTime: RETRY_TIME_MAX_MS,
      randomize: true,
      shouldRetry: ({ error }) => error instanceof AlpacaFailure && error.meaning.read === "retry" && retryAfterOf(error) <= RETRY_TIME_MAX_MS,
      onFailedAttempt: async ({ error, retriesLeft }) => {
        const waitMs = error instanceof AlpacaFailure && retriesLeft > 0 ? retryAfterOf(error) : 0;
        if (waitMs > 0 && waitMs <= RETRY_TIME_MAX_MS) await new Promise((resolve) => setTimeout(resolve, waitMs));
      },
    });
  }

  readonly #mask = (text: string): string => {
    const { keyId, secretKey } = this.#options.keys;
    return secretKey.maskIn(keyId.maskIn(text));
  };
}

function retryAfterOf(failure: AlpacaFailure): number {
  return failure.facts.retryAfterMs ?? 0;
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
