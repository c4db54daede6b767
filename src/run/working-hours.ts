/** When a run plans, and until when it works its orders: the session, and more of it around the auctions. */
import type { ExecutionStyle } from "../execution/execution.ts";
import { MINUTE_MS, plusMs, type Instant } from "../time.ts";
import type { TradingWindow } from "./deployment.ts";

/** Orders for the open are planned from quotes before it, and long enough before the cut-off two minutes to the open. */
const BEFORE_OPEN_MS = 30 * MINUTE_MS;
/** The closing auction's prints come after the close. */
const AFTER_CLOSE_MS = 15 * MINUTE_MS;

export function plansFrom(style: ExecutionStyle, { opensAt }: TradingWindow): Instant {
  return typeof style !== "string" && style.style === "at-open" ? plusMs(opensAt, -BEFORE_OPEN_MS) : opensAt;
}

export function worksUntil(style: ExecutionStyle, { closesAt }: TradingWindow): Instant {
  return typeof style !== "string" && style.style === "at-close" ? plusMs(closesAt, AFTER_CLOSE_MS) : closesAt;
}
