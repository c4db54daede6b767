/**
 * A market's past from elsewhere than the venue's own trades: as it was printed, and nothing that has not happened by `now`.
 *
 * Trades and bars are then the market's own alone: clients take their part of its volume.
 */
import type { CorporateAction } from "../rules/corporate-actions.ts";
import type { Instant } from "../time.ts";
import type { Symbol } from "../trade.ts";
import type { TapeQuote, TapeTrade } from "./trade-tape.ts";
import type { MarketBar, MarketUpdate } from "./venue-replies.ts";

export interface BarHistory {
  /** Whether the quotes that are told are the history's as well; otherwise they are what the house and the clients offer at the venue. */
  readonly hasQuotes: boolean;
  /** That have closed by `now`, by time; none where it knows no bars of this timeframe. */
  bars(symbol: Symbol, timeframe: "minute" | "day", now: Instant): readonly MarketBar[];
  /** By time. */
  trades(symbol: Symbol, now: Instant): readonly TapeTrade[];
  quotes(symbol: Symbol, now: Instant): readonly TapeQuote[];
  /** All, by ex-date; it is for the reader not to look ahead. */
  actions(symbol: Symbol): readonly CorporateAction[];
  /** What everybody hears of the time after `after` up to `upTo`, by time: trades, bars as they close, and quotes where `hasQuotes`. */
  printed(after: Instant, upTo: Instant): readonly MarketUpdate[];
}
