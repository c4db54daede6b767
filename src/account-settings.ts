/** The parts of ballast.yaml that hold for an account across its runs: fractions of equity there, integers inside. */
import { z } from "zod";
import { weightFromFraction, type Weight } from "./money.ts";
import { breakerThresholdsSchema, cashAccountSchema, marginAccountSchema, type AccountRules, type ExitRules } from "./risk/account-rules.ts";
import { dayTradeRuleOn } from "./rules/day-trading.ts";
import { epochDayOf, sessionDateOf } from "./time.ts";

const fraction = z.number().min(0).max(1);
/** An exit of nothing would sell everything at once. */
const exitFraction = z.number().gt(0).max(1);

const marginSchema = marginAccountSchema.refine(({ intradayMarginFrom }) => intradayMarginFrom === undefined || isWithinPhaseIn(intradayMarginFrom), {
  path: ["intradayMarginFrom"],
  message: "a broker changes to intraday margin between 2026-06-04 and 2027-10-20",
});

const ruleFields = z.strictObject({
  cashAccount: cashAccountSchema.optional(),
  marginAccount: marginSchema.optional(),
  ordersPerDayMax: z.int().min(1).max(100_000).optional(),
  /** Both sides together: to sell everything and buy anew is 2. */
  turnoverPerDayMax: z.number().min(0).max(100).optional(),
  dailyLossMax: fraction.optional(),
  drawdownMax: fraction.optional(),
  tradingBreaker: breakerThresholdsSchema.optional(),
});

/** What is deployed has them unless it says otherwise. */
export const accountRulesSchema = ruleFields
  .extend({
    ordersPerDayMax: ruleFields.shape.ordersPerDayMax.default(400),
    turnoverPerDayMax: ruleFields.shape.turnoverPerDayMax.default(2),
    dailyLossMax: fraction.default(0.1),
    tradingBreaker: breakerThresholdsSchema.prefault({}),
  })
  .refine(({ cashAccount, marginAccount }) => !cashAccount || !marginAccount, { path: ["marginAccount"], message: "an account is a cash account or a margin account, not both" });

export const exitsSchema = z.strictObject({
  stopLoss: exitFraction.optional(),
  takeProfit: z.number().gt(0).max(100).optional(),
  trailingStop: exitFraction.optional(),
  reentryPauseSessions: z.int().min(0).max(250).optional(),
});

export function accountRulesOf(input: z.input<typeof ruleFields>): AccountRules {
  const { cashAccount, marginAccount, ordersPerDayMax, turnoverPerDayMax, dailyLossMax, drawdownMax, tradingBreaker } = ruleFields.parse(input);
  return {
    ...(cashAccount && { cashAccount }),
    ...(marginAccount && { marginAccount }),
    ...(ordersPerDayMax !== undefined && { ordersPerDayMax }),
    ...weights({ turnoverPerDayMax, dailyLossMax, drawdownMax }),
    ...(tradingBreaker && { tradingBreaker }),
  };
}

export function exitRulesOf(input: z.input<typeof exitsSchema>): ExitRules {
  const { reentryPauseSessions, stopLoss, takeProfit, trailingStop } = exitsSchema.parse(input);
  return { ...weights({ stopLoss, takeProfit, trailingStop }), ...(reentryPauseSessions !== undefined && { reentryPauseSessions }) };
}

function weights<K extends string>(fractions: Readonly<Record<K, number | undefined>>): Partial<Record<K, Weight>> {
  const set = Object.entries(fractions).filter((entry): entry is [string, number] => entry[1] !== undefined);
  return Object.fromEntries(set.map(([name, value]) => [name, weightFromFraction(value)])) as Partial<Record<K, Weight>>;
}

function isWithinPhaseIn(date: string): boolean {
  const changedOn = epochDayOf(sessionDateOf(date));
  try {
    return dayTradeRuleOn(changedOn, { changedOn }) === "intraday-margin";
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
