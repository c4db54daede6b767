/**
 * The numbers that a run may not exceed. Amounts are the integers of money.ts; a limit that is absent is off.
 *
 * Ballast sells nothing short, so net exposure is gross exposure and one limit caps both.
 */
import type { Money, Weight } from "../money.ts";
import type { Symbol } from "../trade.ts";

export interface Limits {
  /** Of the strategy's equity, for one symbol. */
  readonly positionWeightMax: Weight;
  /** For one symbol, whatever the equity. */
  readonly positionNotionalMax?: Money;
  /** Of the strategy's equity, for all symbols together. */
  readonly grossExposureMax: Weight;
  /** Of the strategy's equity, for the symbols of a group together. In the order of their names; a symbol may be in several. */
  readonly groups?: readonly Group[];
  readonly correlation?: CorrelationLimits;
  /** Kept in cash when buying, of the strategy's equity. */
  readonly cashReserveMin: Weight;
  /** Smaller orders are not worth placing (Alpaca's own minimum is 1 USD); a full exit is exempt. */
  readonly orderNotionalMin: Money;
  readonly orderNotionalMax: Money;
  /** Of the average daily volume that the bars show: an order's shares. Bars that know closes only show none. */
  readonly volumeShareMax?: Weight;
  readonly ordersPerRunMax: number;
  /** Bought and sold by one run together, of the strategy's equity: 200 % is everything sold and bought anew. */
  readonly turnoverPerRunMax?: Weight;
  /** How far from the quote an order's price bound lies. */
  readonly collarBps: number;
  /** Older quotes are not traded on. */
  readonly quoteAgeMaxMs: number;
  /** How many sessions a symbol's newest bar may lie behind the newest session of the view. */
  readonly barAgeSessionsMax?: number;
  /** How far a quote may lie from the close before it, of that close. */
  readonly priceMoveMax?: Weight;
}

export interface Group {
  readonly name: string;
  readonly symbols: readonly Symbol[];
  readonly weightMax: Weight;
}

/** Fractions, measured as src/risk/correlation.ts says. */
export interface CorrelationLimits {
  /** Daily returns that are looked at. */
  readonly lookback: number;
  /** Of all pairs of targets. */
  readonly averageMax?: number;
  /** Of the portfolio's variation that one factor explains. */
  readonly eigenvalueShareMax?: number;
}
