/**
 * The words of the order book as small integers, so that a command passes through it without a string or an object.
 *
 * Three kinds of answer are kept apart. A command's *status* says how its order stands when the command is over. A
 * *reason* says why an order was rejected or canceled by the book. An *event* is one line of the log (order-book-events).
 */

export const BUY = 0;
export const SELL = 1;

export const MARKET = 0;
export const LIMIT = 1;
/** Becomes a market order when its stop price is reached. */
export const STOP = 2;
/** Becomes a limit order when its stop price is reached. */
export const STOP_LIMIT = 3;
/** A stop that follows the best price at a distance in price units. */
export const TRAILING_STOP = 4;
/** A stop that follows the best price at a distance in parts per million of that price. */
export const TRAILING_STOP_PPM = 5;

/** What is not filled at once rests. DAY, GTC and GTD are the same to the book: who submits, cancels at expiry. */
export const REST = 0;
/** What is not filled at once is canceled. */
export const IOC = 1;
/** Filled in full at once, or canceled without a fill. */
export const FOK = 2;

/** Self-trade prevention: what happens when an order meets one of its own owner. One of the four, in `flags`. */
export const ALLOW_SELF_TRADE = 0;
export const CANCEL_NEWEST = 1;
export const CANCEL_OLDEST = 2;
export const CANCEL_BOTH = 3;
/** Added to `flags`: the order is rejected rather than filled on entry. */
export const POST_ONLY = 4;

/** Orders without an owner are never each other's. */
export const NO_OWNER = 0;

export const OPEN = 0;
export const FILLED = 1;
export const CANCELED = 2;
export const REJECTED = 3;
/** A stop that waits for its price. */
export const PENDING = 4;

export const NO_REASON = 0;
export const DUPLICATE_ID = 1;
export const UNKNOWN_ID = 2;
export const INVALID_QUANTITY = 3;
export const INVALID_PRICE = 4;
export const INVALID_STOP_PRICE = 5;
export const POST_ONLY_NEEDS_RESTING_LIMIT = 6;
export const POST_ONLY_WOULD_CROSS = 7;
/** The rest of an IOC or market order found nothing more to trade with. */
export const NO_LIQUIDITY = 8;
export const FOK_NOT_FILLABLE = 9;
export const SELF_TRADE = 10;
/** Only a limit or stop-limit order has a price to replace. */
export const NO_LIMIT_PRICE = 11;

/** `maker` and `taker` traded `quantity` at `price`, the maker's. */
export const FILL = 0;
/** A pending stop became a market or limit order; its fills follow. */
export const TRIGGERED = 1;
/** The book ended an order that nobody asked it to end; `quantity` was still open. */
export const ENDED = 2;

const REASON_TEXTS = [
  "",
  "duplicate id",
  "unknown id",
  "quantity must be a positive integer",
  "price must be a positive integer",
  "stop must be a positive integer",
  "post-only needs a limit order that may rest",
  "post-only order would cross",
  "no liquidity",
  "fill-or-kill not fillable",
  "self-trade prevented",
  "order has no limit price",
];

export function reasonText(reason: number): string {
  const text = REASON_TEXTS[reason];
  if (text === undefined) throw new RangeError(`not a reason: ${reason}`);
  return text;
}
