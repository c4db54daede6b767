/**
 * At the open and at the close: one order for the auction, with the reviewed bound as its limit.
 *
 * It goes out before the exchange's cut-off or not at all, in whole shares, because no auction takes fractions. What the
 * auction leaves is given up. Sells and buys meet the same auction, so buys have only the money that is there before it.
 */
import { auctionCutoffsOf, currentOrNextSession } from "../rules/calendar.ts";
import { subtractQuantity, wholeSharesDown } from "../money.ts";
import { MINUTE_MS, plusMs, type Instant } from "../time.ts";
import type { Action, Situation } from "./situation.ts";

export interface Auction {
  readonly style: "at-open" | "at-close";
}

/** The venue says within seconds what the auction gave; after this long it is asked to cancel what it still holds. */
const RESULT_WITHIN_MS = 10 * MINUTE_MS;

export function joinAuction({ style }: Auction, { intent, now, opensAt, closesAt, working, ended, filled }: Situation): Action {
  const auctionAt = style === "at-open" ? opensAt : closesAt;
  if (working) {
    if (now < auctionAt) return { kind: "wait", until: auctionAt };
    const until = plusMs(auctionAt, RESULT_WITHIN_MS);
    return now < until ? { kind: "wait", until } : { kind: "cancel" };
  }
  if (ended.length > 0) return { kind: "done", why: "the auction left the rest" };
  const quantity = wholeSharesDown(subtractQuantity(intent.quantity, filled));
  if (quantity === 0) return { kind: "done", why: "an auction takes no fraction of a share" };
  if (now >= cutoffOf(style, opensAt)) return { kind: "done", why: "the cut-off for orders has passed" };
  return { kind: "submit", step: 0, quantity, limit: intent.priceBound, timeInForce: style === "at-open" ? "opg" : "cls", why: style === "at-open" ? "for the opening auction" : "for the closing auction" };
}

/** No order for the auction is taken from then on. */
export function cutoffOf(style: Auction["style"], opensAt: Instant): Instant {
  const { onOpen, onClose } = auctionCutoffsOf(currentOrNextSession(opensAt));
  return style === "at-open" ? onOpen : onClose;
}
