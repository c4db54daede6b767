/**
 * What a failed call to Alpaca means: one table.
 *
 * A read is repeated or fails. A submission is *rejected*, when the venue certainly did not take the order, or
 * *unknown*, when it may have or when the same order may be sent again later. 429 is unknown on purpose: the order was
 * not taken, and it must not be dropped for it; the run asks for its id and then submits it again under the same one.
 *
 * The SDK's errors hold the answer they came from, and an answer may echo what was sent. So none of them leaves this
 * folder: `failureOf` builds a new error from status, code, request id and text, with the keys masked in the text.
 */
import { ApiError, FetchError } from "@alpacahq/alpaca-trade-api/rest";

export type Kind =
  | "invalid"
  | "unauthorized"
  | "forbidden"
  | "not-found"
  | "timeout-at-venue"
  | "refused"
  | "rate-limited"
  | "server-error"
  | "redirect"
  | "not-json"
  | "not-understood"
  | "no-answer"
  | "unclassified";

interface Meaning {
  readonly read: "retry" | "fail";
  readonly submit: "rejected" | "unknown";
}

const MEANINGS: Readonly<Record<Kind, Meaning>> = {
  /** 400, 422: parameters. A client order id that is taken is among them; the broker asks before it believes a rejection. */
  invalid: { read: "fail", submit: "rejected" },
  /** 401. */
  unauthorized: { read: "fail", submit: "rejected" },
  /** 403: buying power, held shares, wash trade, permission, subscription. */
  forbidden: { read: "fail", submit: "rejected" },
  /** 404. */
  "not-found": { read: "fail", submit: "rejected" },
  /** 408, 425. */
  "timeout-at-venue": { read: "retry", submit: "unknown" },
  /** Any other 4xx. */
  refused: { read: "fail", submit: "rejected" },
  /** 429. */
  "rate-limited": { read: "retry", submit: "unknown" },
  /** 5xx: a gateway answers so for an order that went through. */
  "server-error": { read: "retry", submit: "unknown" },
  /** 3xx: Alpaca never redirects, and following would carry the keys elsewhere. */
  redirect: { read: "fail", submit: "unknown" },
  /** 2xx with HTML or cut JSON: something between us and the venue answered. */
  "not-json": { read: "retry", submit: "unknown" },
  /** 2xx with JSON of another shape. */
  "not-understood": { read: "fail", submit: "unknown" },
  /** Timed out, reset, refused, no such host: nobody knows how far it came. */
  "no-answer": { read: "retry", submit: "unknown" },
  /** An error nobody foresaw: on a submission, doubt. */
  unclassified: { read: "fail", submit: "unknown" },
};

interface FailureFacts {
  readonly kind: Kind;
  readonly detail: string;
  readonly status?: number | undefined;
  /** Alpaca's own number, such as 40310000. */
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
  /** How long the venue asks to be left alone. */
  readonly retryAfterMs?: number | undefined;
}

export class AlpacaFailure extends Error {
  override readonly name = "AlpacaFailure";
  readonly facts: FailureFacts;

  constructor(what: string, facts: FailureFacts) {
    super(describe(what, facts));
    this.facts = facts;
  }

  get meaning(): Meaning {
    return MEANINGS[this.facts.kind];
  }
}

function kindOfStatus(status: number): Kind {
  switch (status) {
    case 400:
    case 422:
      return "invalid";
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      return "not-found";
    case 408:
    case 425:
      return "timeout-at-venue";
    case 429:
      return "rate-limited";
    default:
      if (status >= 500) return "server-error";
      if (status >= 400) return "refused";
      return status >= 300 ? "redirect" : "unclassified";
  }
}

/** `mask` takes the keys out of a text. */
export function failureOf(what: string, error: unknown, mask: (text: string) => string): AlpacaFailure {
  if (error instanceof AlpacaFailure) return error;
  if (error instanceof ApiError) {
    const { status, code, requestId } = error;
    return new AlpacaFailure(what, {
      kind: kindOfStatus(status),
      detail: shortened(mask(error.message)),
      status,
      code: code === undefined ? undefined : shortened(mask(String(code))),
      requestId: requestId === undefined ? undefined : shortened(mask(requestId)),
      retryAfterMs: retryAfterOf(error),
    });
  }
  if (error instanceof FetchError || isTransport(error)) return new AlpacaFailure(what, { kind: "no-answer", detail: shortened(mask(causesOf(error))) });
  return new AlpacaFailure(what, { kind: "unclassified", detail: shortened(mask(causesOf(error))) });
}

/**
 * The SDK fills `retryAfterMs` on every error from the rate limit's reset, also where the limit has nothing to do with
 * it. It counts on a 429, and elsewhere only where the venue sent the header.
 */
function retryAfterOf(error: ApiError): number | undefined {
  const asked = error.status === 429 || error.response.headers.has("Retry-After");
  return asked ? error.retryAfterMs : undefined;
}

/** What fetch throws itself, also while a body is read. A TypeError without a cause is a defect of ours. */
function isTransport(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === "AbortError" || error.name === "TimeoutError" || (error instanceof TypeError && (error.cause !== undefined || error.message === "terminated"));
}

function causesOf(error: unknown): string {
  const texts: string[] = [];
  for (let cause = error; cause instanceof Error && texts.length < 4; cause = cause.cause) {
    const code = "code" in cause && typeof cause.code === "string" ? `${cause.code} ` : "";
    texts.push(`${code}${cause.message || cause.name}`);
  }
  return texts.length > 0 ? texts.join(": ") : String(error);
}

const DETAIL_MAX = 300;

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > DETAIL_MAX ? `${line.slice(0, DETAIL_MAX)}…` : line;
}

function describe(what: string, { kind, detail, status, code, requestId }: FailureFacts): string {
  const numbers = [status === undefined ? undefined : `HTTP ${status}`, code === undefined ? undefined : `code ${code}`].filter((text) => text !== undefined);
  const request = requestId === undefined ? "" : ` (request id ${requestId})`;
  return `${what}: ${[kind, ...numbers].join(", ")}: ${detail}${request}`;
}
