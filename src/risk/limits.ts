/** The numbers that a run may not exceed. Amounts are the integers of money.ts. */
import type { Money, Weight } from "../money.ts";

export interface Limits {
  /** Of the strategy's equity, for one symbol. */
  readonly positionWeightMax: Weight;
  /** Of the strategy's equity, for all symbols together. */
  readonly grossExposureMax: Weight;
  /** Kept in cash when buying, of the strategy's equity. */
  readonly cashReserveMin: Weight;
  /** Smaller orders are not worth placing (Alpaca's own minimum is 1 USD); a full exit is exempt. */
  readonly orderNotionalMin: Money;
  readonly orderNotionalMax: Money;
  readonly ordersPerRunMax: number;
  /** How far from the quote an order's price bound lies. */
  readonly collarBps: number;
  /** Older quotes are not traded on. */
  readonly quoteAgeMaxMs: number;
}
