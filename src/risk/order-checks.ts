/**
 * Checks of one order against the market and the venue: what it is, what it trades on, what is already working.
 *
 * Each returns its refusal with the numbers that decided, or undefined. Their order is that of src/risk/review.ts.
 */
import { NANOS, notional, quantityToNumber, weightToNumber, ZERO_QUANTITY, type Weight } from "../money.ts";
import { tickSizeOn } from "../rules/tick-sizes.ts";
import { newYorkClock } from "../time.ts";
import { middleOf, type Candidate, type ReviewContext } from "./candidate.ts";
import type { Refusal } from "./refusals.ts";

/** What two clocks that are kept by network time may differ by. */
const QUOTE_AHEAD_MAX_MS = 5_000;

export function checkQuote({ symbol, side }: Candidate, { quotes, now, limits }: ReviewContext): Refusal | undefined {
  const quote = quotes.get(symbol);
  if (!quote) return { code: "QUOTE_MISSING", symbol, side };
  const ageMs = now - quote.at;
  if (ageMs > limits.quoteAgeMaxMs) return { code: "QUOTE_STALE", symbol, side, ageMs, maxMs: limits.quoteAgeMaxMs };
  if (-ageMs > QUOTE_AHEAD_MAX_MS) return { code: "QUOTE_FROM_FUTURE", symbol, side, aheadMs: -ageMs, maxMs: QUOTE_AHEAD_MAX_MS };
  const { bid, ask } = quote;
  return bid <= 0 || bid > ask ? { code: "QUOTE_CROSSED", symbol, side, bid, ask } : undefined;
}

export function checkBar({ symbol, side }: Candidate, { facts, limits: { barAgeSessionsMax: max } }: ReviewContext): Refusal | undefined {
  if (max === undefined) return undefined;
  const known = facts?.get(symbol);
  if (!known) return { code: "BAR_MISSING", symbol, side };
  const { day, ageSessions } = known;
  if (ageSessions < 0) return { code: "BAR_FROM_FUTURE", symbol, side, day };
  return ageSessions > max ? { code: "BAR_STALE", symbol, side, day, ageSessions, max } : undefined;
}

/** Bars and quotes come from different feeds: each vouches for the other. */
export function checkPriceMove({ symbol, side }: Candidate, { quotes, facts, limits: { priceMoveMax: max } }: ReviewContext): Refusal | undefined {
  const close = facts?.get(symbol)?.close;
  if (max === undefined || close === undefined) return undefined;
  const quoted = middleOf(quotes.get(symbol)!);
  const move = (close > 0 ? Math.round((Math.abs(quoted - close) / close) * 1_000_000) : Number.MAX_SAFE_INTEGER) as Weight;
  return move > max ? { code: "PRICE_MOVE_EXCEEDS_MAX", symbol, side, quoted, close, move, max } : undefined;
}

export function checkAsset({ symbol, side, quantity, closesPosition }: Candidate, { venue }: ReviewContext): Refusal | undefined {
  if (!venue) return undefined;
  const asset = venue.assets.get(symbol);
  if (!asset?.tradable) return { code: "NOT_TRADABLE", symbol, side };
  // A fraction that a split left behind can only be sold as it is.
  return !asset.fractionable && quantity % NANOS !== 0 && !closesPosition ? { code: "NOT_FRACTIONABLE", symbol, side, quantity } : undefined;
}

export function checkQuantity({ symbol, side, quantity }: Candidate): Refusal | undefined {
  return quantity > 0 ? undefined : { code: "QUANTITY_NOT_POSITIVE", symbol, side, quantity };
}

export function checkSellsOnlyWhatIsHeld({ symbol, side, quantity }: Candidate, { held }: ReviewContext): Refusal | undefined {
  const owned = held.get(symbol) ?? ZERO_QUANTITY;
  return side === "sell" && quantity > owned ? { code: "SELL_EXCEEDS_POSITION", symbol, quantity, held: owned } : undefined;
}

/** A limit at the quote itself is where the market is, whatever the tick: prices adjusted for dividends lie between ticks. */
export function checkTick({ symbol, side, type, priceBound }: Candidate, { quotes, now }: ReviewContext): Refusal | undefined {
  const { bid, ask } = quotes.get(symbol)!;
  if (type === "market" || priceBound === (side === "buy" ? ask : bid)) return undefined;
  const tick = tickSizeOn(newYorkClock(now).day, priceBound);
  return priceBound % tick !== 0 ? { code: "PRICE_OFF_TICK", symbol, side, bound: priceBound, tick } : undefined;
}

export function checkCollar({ symbol, side, priceBound }: Candidate, { quotes, limits }: ReviewContext): Refusal | undefined {
  const quote = quotes.get(symbol)!;
  const quoted = side === "buy" ? quote.ask : quote.bid;
  const worse = side === "buy" ? priceBound - quoted : quoted - priceBound;
  // Rounding a bound to the micro may move it by one.
  return worse - 1 > (quoted * limits.collarBps) / 10_000
    ? { code: "PRICE_OUTSIDE_COLLAR", symbol, side, bound: priceBound, quoted, collarBps: limits.collarBps }
    : undefined;
}

export function checkNotionalMin(order: Candidate, { limits }: ReviewContext): Refusal | undefined {
  const value = notional(order.referencePrice, order.quantity);
  return value < limits.orderNotionalMin && !order.closesPosition
    ? { code: "ORDER_NOTIONAL_BELOW_MIN", symbol: order.symbol, side: order.side, notional: value, min: limits.orderNotionalMin }
    : undefined;
}

export function checkNotionalMax(order: Candidate, { limits }: ReviewContext): Refusal | undefined {
  const value = notional(order.referencePrice, order.quantity);
  return value > limits.orderNotionalMax
    ? { code: "ORDER_NOTIONAL_EXCEEDS_MAX", symbol: order.symbol, side: order.side, notional: value, max: limits.orderNotionalMax }
    : undefined;
}

export function checkVolumeShare({ symbol, side, quantity }: Candidate, { facts, limits: { volumeShareMax: max } }: ReviewContext): Refusal | undefined {
  const averageVolume = facts?.get(symbol)?.averageVolume;
  if (max === undefined || averageVolume === undefined) return undefined;
  return quantityToNumber(quantity) > averageVolume * weightToNumber(max) ? { code: "VOLUME_SHARE_EXCEEDS_MAX", symbol, side, quantity, averageVolume, max } : undefined;
}

/**
 * Alpaca rejects an order that could meet another of the same account from the other side, with exceptions by order
 * type; here no order is placed against a working one, whatever its type, and none beside one of its own side.
 */
export function checkWorkingOrders({ symbol, side, clientOrderId }: Candidate, { venue }: ReviewContext): Refusal | undefined {
  for (const working of venue?.working ?? []) {
    if (working.symbol !== symbol || working.clientOrderId === clientOrderId) continue;
    const code = working.side === side ? "ORDER_ALREADY_WORKING" : "OPPOSITE_ORDER_WORKING";
    return { code, symbol, side, working: working.clientOrderId, remaining: working.remaining };
  }
  return undefined;
}
