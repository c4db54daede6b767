/** A market's past from elsewhere than the venue's own trades: as it was printed, and nothing that has not happened by `now`. */
import type { CorporateAction } from "../rules/corporate-actions.ts";
import type { Instant } from "../time.ts";
import type { Symbol } from "../trade.ts";
import type { TapeQuote, TapeTrade } from "./trade-tape.ts";
import type { MarketBar } from "./venue-replies.ts";

export interface BarHistory {
  /** That have closed by `now`, by time; none where it knows no bars of this timeframe. */
  bars(symbol: Symbol, timeframe: "minute" | "day", now: Instant): readonly MarketBar[];
  /** By time. */
  trades(symbol: Symbol, now: Instant): readonly TapeTrade[];
  quotes(symbol: Symbol, now: Instant): readonly TapeQuote[];
  /** All, by ex-date; it is for the reader not to look ahead. */
  actions(symbol: Symbol): readonly CorporateAction[];
}
