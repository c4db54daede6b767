/**
 * What Ballast itself says no to, with the numbers that decided. A venue's no is a rejection, another word.
 *
 * Amounts are integers (money.ts). `REFUSALS` holds the meaning and the remedy of every code; the type keeps it complete.
 */
import type { ClientOrderId, SessionHours, Side, Symbol } from "../trade.ts";
import type { Money, Price, Quantity, Weight } from "../money.ts";
import type { Instant, SessionDate } from "../time.ts";
import { ACCOUNT_REFUSALS, type AccountRefusal } from "./account-refusals.ts";

export type Refusal =
  | AccountRefusal
  | { readonly code: "ACCOUNT_BLOCKED"; readonly reason: string }
  | { readonly code: "HALTED"; readonly why: string; readonly since: Instant }
  | { readonly code: "CALENDAR_DIFFERS"; readonly session: SessionDate; readonly ours: SessionHours; readonly venue: SessionHours | null }
  | { readonly code: "WINDOW_PASSED"; readonly closedAt: Instant; readonly now: Instant }
  | { readonly code: "AUCTION_CUTOFF_PASSED"; readonly auction: "at-open" | "at-close"; readonly cutoff: Instant; readonly now: Instant }
  | { readonly code: "QUOTE_MISSING"; readonly symbol: Symbol; readonly side: Side }
  | { readonly code: "QUOTE_STALE"; readonly symbol: Symbol; readonly side: Side; readonly ageMs: number; readonly maxMs: number }
  | { readonly code: "QUOTE_FROM_FUTURE"; readonly symbol: Symbol; readonly side: Side; readonly aheadMs: number; readonly maxMs: number }
  | { readonly code: "QUOTE_CROSSED"; readonly symbol: Symbol; readonly side: Side; readonly bid: Price; readonly ask: Price }
  | { readonly code: "BAR_MISSING"; readonly symbol: Symbol; readonly side: Side }
  | { readonly code: "BAR_STALE"; readonly symbol: Symbol; readonly side: Side; readonly day: SessionDate; readonly ageSessions: number; readonly max: number }
  | { readonly code: "BAR_FROM_FUTURE"; readonly symbol: Symbol; readonly side: Side; readonly day: SessionDate }
  | { readonly code: "PRICE_MOVE_EXCEEDS_MAX"; readonly symbol: Symbol; readonly side: Side; readonly quoted: Price; readonly close: Price; readonly move: Weight; readonly max: Weight }
  | { readonly code: "NOT_TRADABLE"; readonly symbol: Symbol; readonly side: Side }
  | { readonly code: "NOT_FRACTIONABLE"; readonly symbol: Symbol; readonly side: Side; readonly quantity: Quantity }
  | { readonly code: "QUANTITY_NOT_POSITIVE"; readonly symbol: Symbol; readonly side: Side; readonly quantity: Quantity }
  | { readonly code: "PRICE_OFF_TICK"; readonly symbol: Symbol; readonly side: Side; readonly bound: Price; readonly tick: Price }
  | { readonly code: "SHORT_NOT_ALLOWED"; readonly symbol: Symbol; readonly weight: Weight }
  | { readonly code: "SELL_EXCEEDS_POSITION"; readonly symbol: Symbol; readonly quantity: Quantity; readonly held: Quantity }
  | { readonly code: "POSITION_WEIGHT_EXCEEDS_MAX"; readonly symbol: Symbol; readonly weight: Weight; readonly max: Weight }
  | { readonly code: "POSITION_NOTIONAL_EXCEEDS_MAX"; readonly symbol: Symbol; readonly notional: Money; readonly max: Money }
  | { readonly code: "GROUP_WEIGHT_EXCEEDS_MAX"; readonly symbol: Symbol; readonly group: string; readonly weight: Weight; readonly max: Weight }
  | { readonly code: "GROSS_EXPOSURE_EXCEEDS_MAX"; readonly symbol: Symbol; readonly weight: Weight; readonly max: Weight }
  | { readonly code: "ORDER_NOTIONAL_EXCEEDS_MAX"; readonly symbol: Symbol; readonly side: Side; readonly notional: Money; readonly max: Money }
  | { readonly code: "ORDER_NOTIONAL_BELOW_MIN"; readonly symbol: Symbol; readonly side: Side; readonly notional: Money; readonly min: Money }
  | { readonly code: "VOLUME_SHARE_EXCEEDS_MAX"; readonly symbol: Symbol; readonly side: Side; readonly quantity: Quantity; readonly averageVolume: number; readonly max: Weight }
  | { readonly code: "ORDER_ALREADY_WORKING"; readonly symbol: Symbol; readonly side: Side; readonly working: string; readonly remaining: Quantity }
  | { readonly code: "OPPOSITE_ORDER_WORKING"; readonly symbol: Symbol; readonly side: Side; readonly working: string; readonly remaining: Quantity }
  | { readonly code: "ORDERS_PER_RUN_EXCEED_MAX"; readonly symbol: Symbol; readonly side: Side; readonly max: number }
  | { readonly code: "TURNOVER_PER_RUN_EXCEEDS_MAX"; readonly symbol: Symbol; readonly side: Side; readonly turnover: Weight; readonly max: Weight }
  | { readonly code: "PRICE_OUTSIDE_COLLAR"; readonly symbol: Symbol; readonly side: Side; readonly bound: Price; readonly quoted: Price; readonly collarBps: number }
  | { readonly code: "BUYING_POWER_INSUFFICIENT"; readonly symbol: Symbol; readonly cost: Money; readonly available: Money }
  | { readonly code: "ORDER_NOT_CONFIRMED"; readonly symbol: Symbol; readonly clientOrderId: ClientOrderId; readonly submissions: number };

export type RefusalCode = Refusal["code"];

export const REFUSALS: Readonly<Record<RefusalCode, { readonly meaning: string; readonly remedy: string }>> = {
  ACCOUNT_BLOCKED: { meaning: "the broker lets this account place no orders", remedy: "resolve the block with the broker" },
  HALTED: { meaning: "a person halted trading on this account", remedy: "find out why, then resume the account" },
  CALENDAR_DIFFERS: { meaning: "the venue's calendar has other hours for the session, or no session", remedy: "believe the venue: trade by hand that day if need be, and update the calendar's special closures" },
  WINDOW_PASSED: { meaning: "the run was called for the first time after its session had closed", remedy: "find out what delayed it; the next scheduled run trades as usual" },
  AUCTION_CUTOFF_PASSED: { meaning: "the run could plan only after the exchange's last instant for orders of that auction: 9:28 for the open, ten minutes before the close", remedy: "schedule the run earlier, or choose another style of execution" },
  QUOTE_MISSING: { meaning: "the market data have no two-sided quote for the symbol", remedy: "check that the symbol trades and is not halted" },
  QUOTE_STALE: { meaning: "the newest quote is older than quoteAgeMaxMs", remedy: "check the data feed, or raise the limit for thin symbols" },
  QUOTE_FROM_FUTURE: { meaning: "the quote is dated more than five seconds after the clock", remedy: "check the clock of the machine and the data feed" },
  QUOTE_CROSSED: { meaning: "the quote's bid is above its ask, or no price at all", remedy: "check the data feed; the next run asks again" },
  BAR_MISSING: { meaning: "barAgeSessionsMax is set, and there is no bar of the symbol", remedy: "check the symbol and the data feed" },
  BAR_STALE: { meaning: "the symbol's newest bar lies more than barAgeSessionsMax sessions back", remedy: "check that the symbol still trades and that the bars are complete" },
  BAR_FROM_FUTURE: { meaning: "the symbol's newest bar is of a day after the last session that had closed", remedy: "check the data feed: a strategy must not see a day before it has ended" },
  PRICE_MOVE_EXCEEDS_MAX: { meaning: "the quote lies further from the last close than priceMoveMax", remedy: "look for a split or news of the day; if the price is right, raise the limit for this run" },
  NOT_TRADABLE: { meaning: "the venue does not know the symbol, or does not let it be traded", remedy: "take the symbol out of the strategy, or wait until it trades again" },
  NOT_FRACTIONABLE: { meaning: "the venue trades the symbol in whole shares only", remedy: "a defect in planning: report it with the journal" },
  QUANTITY_NOT_POSITIVE: { meaning: "the order is for no shares", remedy: "a defect in planning: report it with the journal" },
  PRICE_OFF_TICK: { meaning: "the limit lies between two ticks and not on the quote", remedy: "a defect in planning: report it with the journal" },
  SHORT_NOT_ALLOWED: { meaning: "the strategy asked for a negative weight", remedy: "ask for weights of 0 and above" },
  SELL_EXCEEDS_POSITION: { meaning: "the order would sell more than the account holds", remedy: "a defect in planning: report it with the journal" },
  POSITION_WEIGHT_EXCEEDS_MAX: { meaning: "the position would be a larger share of equity than positionWeightMax", remedy: "lower the target or raise the cap" },
  POSITION_NOTIONAL_EXCEEDS_MAX: { meaning: "the position would be worth more than positionNotionalMax", remedy: "lower the target or raise the cap" },
  GROUP_WEIGHT_EXCEEDS_MAX: { meaning: "the symbols of a group would together be a larger share of equity than its weightMax", remedy: "see why their sells did not fill, lower the targets, or raise the cap" },
  GROSS_EXPOSURE_EXCEEDS_MAX: { meaning: "all positions together would be a larger share of equity than grossExposureMax; nothing is sold short, so net exposure is the same", remedy: "see why the sells did not fill, lower the targets, or raise the cap" },
  ORDER_NOTIONAL_EXCEEDS_MAX: { meaning: "the order is worth more than orderNotionalMax", remedy: "raise the cap, or rebalance in smaller steps" },
  ORDER_NOTIONAL_BELOW_MIN: { meaning: "the order is worth less than orderNotionalMin", remedy: "nothing to do: the difference is too small to trade" },
  VOLUME_SHARE_EXCEEDS_MAX: { meaning: "the order is a larger share of the average daily volume than volumeShareMax", remedy: "hold less of the symbol, rebalance in smaller steps, or raise the cap" },
  ORDER_ALREADY_WORKING: { meaning: "an order of the same symbol and side that this run did not place is open", remedy: "find out who placed it; cancel it, or wait until it has ended" },
  OPPOSITE_ORDER_WORKING: { meaning: "an order of the same symbol on the other side is open, and the two could trade with each other (a wash trade)", remedy: "cancel it, or wait until it has ended" },
  ORDERS_PER_RUN_EXCEED_MAX: { meaning: "the run already has ordersPerRunMax orders", remedy: "raise the cap, or hold fewer symbols" },
  TURNOVER_PER_RUN_EXCEEDS_MAX: { meaning: "with the order, the run would turn over more than turnoverPerRunMax of equity", remedy: "raise the cap, or rebalance in smaller steps" },
  PRICE_OUTSIDE_COLLAR: { meaning: "the order's price bound lies further from the quote than collarBps", remedy: "a defect in planning: report it with the journal" },
  BUYING_POWER_INSUFFICIENT: { meaning: "the money left does not cover the order", remedy: "wait for the sells to fill, or lower the targets" },
  ORDER_NOT_CONFIRMED: { meaning: "the venue never confirmed the order, under the one id it was sent with", remedy: "look the id up at the broker before the next run" },
  ...ACCOUNT_REFUSALS,
};

/** Differences too small to trade are no failure of a run. */
export function isFailure(refusal: Refusal): boolean {
  return refusal.code !== "ORDER_NOTIONAL_BELOW_MIN";
}
