/** What holds for an account across its runs. Each rule is off where it is absent; amounts are the integers of money.ts. */
import { z } from "zod";
import type { Weight } from "../money.ts";
import type { Symbol } from "../trade.ts";
import { cashAccountPolicySchema } from "../rules/settled-cash.ts";

/** Policy of the broker, the settlement cycle to force, and whether sales that break a rule are let through and counted. */
export const cashAccountSchema = cashAccountPolicySchema.extend({
  forceCycle: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(5)]).optional(),
  allowViolations: z.boolean().default(false),
});

export type CashAccountRules = z.infer<typeof cashAccountSchema>;

export const marginAccountSchema = z.strictObject({
  /** The day on which the broker took up intraday margin, within the phase-in; Alpaca did on the first, 2026-06-04. */
  intradayMarginFrom: z.iso.date().optional(),
  /** Funds by the multiple of their index that they follow. */
  leveraged: z.record(z.string(), z.literal([2, 3])).optional(),
  /** What the broker does not lend on. */
  notMarginable: z.array(z.string()).optional(),
});

export type MarginAccountRules = z.infer<typeof marginAccountSchema>;

/** Counts that open the trading breaker. The numbers are ours; no broker publishes any. */
export const breakerThresholdsSchema = z.strictObject({
  /** Consecutive losing days, of the days on which runs closed. */
  losingDaysMax: z.int().min(1).default(5),
  /** Runs that ended beyond the daily loss limit or the drawdown limit. */
  lossBreachesMax: z.int().min(1).default(1),
  /** Of a day's submissions, once there have been as many as `submissionsMin`. */
  rejectRateMax: z.number().min(0).max(1).default(0.5),
  submissionsMin: z.int().min(1).default(4),
  /** Submissions of a day that were answered with doubt. */
  unknownMax: z.int().min(1).default(3),
  /** Orders that were never confirmed and positions that differ from the fills: these halt. */
  differencesMax: z.int().min(1).default(1),
  coolingHours: z.number().min(0).max(8_760).default(24),
});

export type BreakerThresholds = z.infer<typeof breakerThresholdsSchema>;

export interface UnknownOriginRule {
  readonly then: "alarm" | "halt";
  /** What the account's strategies trade between them. */
  readonly symbols: readonly Symbol[];
}

export interface AccountRules {
  readonly cashAccount?: CashAccountRules;
  readonly marginAccount?: MarginAccountRules;
  /** Of all runs of a session together. */
  readonly ordersPerDayMax?: number;
  /** Bought and sold by all runs of a session together, of the account's equity. */
  readonly turnoverPerDayMax?: Weight;
  /** Of the equity at the last close. */
  readonly dailyLossMax?: Weight;
  /** Of the highest equity that runs have seen. */
  readonly drawdownMax?: Weight;
  readonly tradingBreaker?: BreakerThresholds;
  /** What becomes of orders and positions that no run of the account placed or bought; absent where they are ignored. */
  readonly unknownOrigin?: UnknownOriginRule;
  /** Runs trade nothing but a plan that a person approved for them. */
  readonly approval?: "required";
}

/** When a position is sold whatever the strategy says: fractions of the average entry price, or of the highest price seen since. */
export interface ExitRules {
  readonly stopLoss?: Weight;
  readonly takeProfit?: Weight;
  readonly trailingStop?: Weight;
  /** Sessions after an exit in which the symbol is not bought again. */
  readonly reentryPauseSessions?: number;
}
