/**
 * What Ballast itself says no to, with the numbers that decided. A venue's no is a rejection, another word.
 *
 * Amounts are integers (money.ts). `REFUSALS` holds the meaning and the remedy of every code; the type keeps it complete.
 */
import type { ClientOrderId, Side, Symbol } from "../trade.ts";
import type { Money, Price, Quantity, Weight } from "../money.ts";
import type { Instant } from "../time.ts";

export type Refusal =
  | { readonly code: "ACCOUNT_BLOCKED"; readonly reason: string }
  | { readonly code: "HALTED"; readonly why: string; readonly since: Instant }
  | { readonly code: "WINDOW_PASSED"; readonly closedAt: Instant; readonly now: Instant }
  | { readonly code: "QUOTE_MISSING"; readonly symbol: Symbol; readonly side: Side }
  | { readonly code: "QUOTE_STALE"; readonly symbol: Symbol; readonly side: Side; readonly ageMs: number; readonly maxMs: number }
  | { readonly code: "SHORT_NOT_ALLOWED"; readonly symbol: Symbol; readonly weight: Weight }
  | { readonly code: "SELL_EXCEEDS_POSITION"; readonly symbol: Symbol; readonly quantity: Quantity; readonly held: Quantity }
  | { readonly code: "POSITION_WEIGHT_EXCEEDS_MAX"; readonly symbol: Symbol; readonly weight: Weight; readonly max: Weight }
  | { readonly code: "ORDER_NOTIONAL_EXCEEDS_MAX"; readonly symbol: Symbol; readonly side: Side; readonly notional: Money; readonly max: Money }
  | { readonly code: "ORDER_NOTIONAL_BELOW_MIN"; readonly symbol: Symbol; readonly side: Side; readonly notional: Money; readonly min: Money }
  | { readonly code: "ORDERS_PER_RUN_EXCEED_MAX"; readonly symbol: Symbol; readonly side: Side; readonly max: number }
  | { readonly code: "PRICE_OUTSIDE_COLLAR"; readonly symbol: Symbol; readonly side: Side; readonly bound: Price; readonly quoted: Price; readonly collarBps: number }
  | { readonly code: "BUYING_POWER_INSUFFICIENT"; readonly symbol: Symbol; readonly cost: Money; readonly available: Money }
  | { readonly code: "ORDER_NOT_CONFIRMED"; readonly symbol: Symbol; readonly clientOrderId: ClientOrderId; readonly submissions: number };

export type RefusalCode = Refusal["code"];

export const REFUSALS: Readonly<Record<RefusalCode, { readonly meaning: string; readonly remedy: string }>> = {
  ACCOUNT_BLOCKED: { meaning: "the broker lets this account place no orders", remedy: "resolve the block with the broker" },
  HALTED: { meaning: "a person halted trading on this account", remedy: "find out why, then resume the account" },
  WINDOW_PASSED: { meaning: "the run was called for the first time after its session had closed", remedy: "find out what delayed it; the next scheduled run trades as usual" },
  QUOTE_MISSING: { meaning: "the market data have no two-sided quote for the symbol", remedy: "check that the symbol trades and is not halted" },
  QUOTE_STALE: { meaning: "the newest quote is older than quoteAgeMaxMs", remedy: "check the data feed, or raise the limit for thin symbols" },
  SHORT_NOT_ALLOWED: { meaning: "the strategy asked for a negative weight", remedy: "ask for weights of 0 and above" },
  SELL_EXCEEDS_POSITION: { meaning: "the order would sell more than the account holds", remedy: "a defect in planning: report it with the journal" },
  POSITION_WEIGHT_EXCEEDS_MAX: { meaning: "the position would be a larger share of equity than positionWeightMax", remedy: "lower the target or raise the cap" },
  ORDER_NOTIONAL_EXCEEDS_MAX: { meaning: "the order is worth more than orderNotionalMax", remedy: "raise the cap, or rebalance in smaller steps" },
  ORDER_NOTIONAL_BELOW_MIN: { meaning: "the order is worth less than orderNotionalMin", remedy: "nothing to do: the difference is too small to trade" },
  ORDERS_PER_RUN_EXCEED_MAX: { meaning: "the run already has ordersPerRunMax orders", remedy: "raise the cap, or hold fewer symbols" },
  PRICE_OUTSIDE_COLLAR: { meaning: "the order's price bound lies further from the quote than collarBps", remedy: "a defect in planning: report it with the journal" },
  BUYING_POWER_INSUFFICIENT: { meaning: "the money left does not cover the order", remedy: "wait for the sells to fill, or lower the targets" },
  ORDER_NOT_CONFIRMED: { meaning: "the venue never confirmed the order, under the one id it was sent with", remedy: "look the id up at the broker before the next run" },
};

/** Differences too small to trade are no failure of a run. */
export function isFailure(refusal: Refusal): boolean {
  return refusal.code !== "ORDER_NOTIONAL_BELOW_MIN";
}
