/** Alpaca's error bodies: an HTTP status, a code that begins with it, a message, and the numbers of the case. */
import type { VenueRejection } from "./venue-replies.ts";

export class WireError extends Error {
  override readonly name = "WireError";
  readonly status: number;
  readonly code: number;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(status: number, code: number, message: string, facts: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.facts = facts;
  }

  get body(): Readonly<Record<string, unknown>> {
    return { code: this.code, message: this.message, ...this.facts };
  }
}

export const invalidRequest = (message: string): WireError => new WireError(422, 40010001, message);
export const badRequest = (message: string): WireError => new WireError(400, 40010000, message);
export const notFound = (message: string): WireError => new WireError(404, 40410000, message);

export function wireErrorOf({ code, message, facts }: VenueRejection): WireError {
  const [status, wireCode] = WIRE_CODES[code] ?? UNPROCESSABLE;
  return new WireError(status, wireCode, message, facts);
}

const FORBIDDEN = [403, 40310000] as const;
const INVALID = [422, 40010001] as const;
const UNPROCESSABLE = [422, 42210000] as const;
const NOT_FOUND = [404, 40410000] as const;

/** Of the exchange's and the venue's words; every other is a parameter that cannot be processed. */
const WIRE_CODES: Readonly<Record<string, readonly [status: number, code: number]>> = {
  insufficient_buying_power: FORBIDDEN,
  insufficient_quantity: FORBIDDEN,
  wash_trade: FORBIDDEN,
  below_minimum: FORBIDDEN,
  not_fractionable: FORBIDDEN,
  shorting_not_allowed: FORBIDDEN,
  short_sale_restricted: FORBIDDEN,
  fractional_short: FORBIDDEN,
  trade_suspended: FORBIDDEN,
  market_closed: FORBIDDEN,
  oco_without_position: FORBIDDEN,
  season_over: FORBIDDEN,
  season_not_begun: FORBIDDEN,
  season_symbol: FORBIDDEN,
  season_shorting: FORBIDDEN,
  season_orders_spent: FORBIDDEN,
  season_account: FORBIDDEN,
  season_not_found: NOT_FOUND,
  season_rules: INVALID,
  season_taken: INVALID,
  season_joined: INVALID,
  entry_taken: INVALID,
  client_order_id_taken: INVALID,
  no_price: INVALID,
  invalid_quantity: UNPROCESSABLE,
  order_not_found: NOT_FOUND,
  position_not_found: NOT_FOUND,
  account_not_found: NOT_FOUND,
  watchlist_not_found: NOT_FOUND,
  watchlist_taken: INVALID,
};
