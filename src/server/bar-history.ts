/** Bars of the past from elsewhere than the venue's own trades, as they were printed and only once they have closed. */
import type { CorporateAction } from "../rules/corporate-actions.ts";
import type { Instant } from "../time.ts";
import type { Symbol } from "../trade.ts";
import type { MarketBar } from "./venue-replies.ts";

export interface BarHistory {
  /** With a start in `from` to `to`, both included, that have closed by `now`; by time. */
  bars(symbol: Symbol, timeframe: "minute" | "day", from: Instant, to: Instant, now: Instant): readonly MarketBar[];
  /** By ex-date. */
  actions(symbol: Symbol): readonly CorporateAction[];
}
