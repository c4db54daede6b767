/**
 * When an order may come, when it may trade, and when it ends, by the calendar of its day.
 *
 * The day has four phases: pre from 4:00, core from the open to the close, post to 20:00 (17:00 on half days), closed
 * otherwise. Core ends a second after the close. Source of the rules: Alpaca's order
 * documentation of 2026 (reference: on-open orders are taken until 9:28 and on-close orders until 15:50, and both again
 * from 19:00 for the next session; a GTC order ends at 16:15 of its ninetieth day).
 */
import { auctionCutoffsOf, currentOrNextSession, extendedHoursOf, sessionAtIndex, type Session } from "../rules/calendar.ts";
import { newYorkClock, newYorkInstant, plusMs, type EpochDay, type Instant } from "../time.ts";
import type { ClientOrder } from "./client-order.ts";
import type { Phase } from "./exchange-events.ts";

const GTC_DAYS = 90;
const GTC_ENDS_MINUTE = 16 * 60 + 15;
const EXTENDED_ENDS_MINUTE = 20 * 60;
const AUCTION_ORDERS_AGAIN_MINUTE = 19 * 60;

export interface Hours {
  readonly session: Session;
  readonly pre: Instant;
  readonly open: Instant;
  readonly close: Instant;
  readonly post: Instant;
}

/** Most orders of a day ask for the same hours as the one before. */
let last: { readonly after: number; readonly hours: Hours } | undefined;

/** Of the session whose extended hours have not ended at `at`. */
export function hoursAt(at: Instant): Hours {
  if (last && at > last.after && at <= last.hours.post) return last.hours;
  const upcoming = currentOrNextSession(at);
  const before = upcoming.index > 0 ? sessionAtIndex(upcoming.index - 1) : upcoming;
  const session = at <= extendedHoursOf(before).close ? before : upcoming;
  const { open: pre, close: post } = extendedHoursOf(session);
  const hours = { session, pre, open: session.open, close: session.close, post };
  last = { after: session.index > 0 ? extendedHoursOf(sessionAtIndex(session.index - 1)).close : -Infinity, hours };
  return hours;
}

export function phaseAt(at: Instant, { pre, open, close, post }: Hours): Phase {
  if (at < pre || at > post) return "closed";
  return at < open ? "pre" : at < sessionEndOf(close) ? "core" : "post";
}

/** A second after the close, so that what the close brings is of the session. */
export function sessionEndOf(close: Instant): Instant {
  return plusMs(close, 1_000);
}

/** Whether an order for an auction is refused at `at`. */
export function isAfterCutoff(timeInForce: "opg" | "cls", at: Instant, { session }: Hours): boolean {
  const { onOpen, onClose } = auctionCutoffsOf(session);
  const cutoff = timeInForce === "opg" ? onOpen : onClose;
  return at >= cutoff && at < newYorkInstant(session.day, AUCTION_ORDERS_AGAIN_MINUTE);
}

/** Whether an order may trade in this phase, auctions apart. */
export function tradesIn(phase: Phase, { timeInForce, extendedHours }: Pick<ClientOrder, "timeInForce" | "extendedHours">): boolean {
  if (timeInForce === "opg" || timeInForce === "cls") return false;
  return phase === "core" || (extendedHours && phase !== "closed");
}

/** The last day of a GTC order. */
export function gtcExpiry(at: Instant): EpochDay {
  return (newYorkClock(at).day + GTC_DAYS) as EpochDay;
}

/** The instant at which an order ends by itself; undefined for one that ends with a session. */
export function endsAt({ timeInForce, expiresOn, extendedHours, submittedAt }: Pick<ClientOrder, "timeInForce" | "expiresOn" | "extendedHours" | "submittedAt">): Instant | undefined {
  if (expiresOn !== undefined) return newYorkInstant(expiresOn, timeInForce === "gtd" && extendedHours ? EXTENDED_ENDS_MINUTE : GTC_ENDS_MINUTE);
  return timeInForce === "day" && extendedHours ? hoursAt(submittedAt).post : undefined;
}
