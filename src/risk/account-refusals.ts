/** The refusals of rules that hold for an account across its runs. Part of the union and the table of refusals.ts. */
import type { Money, Price, Quantity, Weight } from "../money.ts";
import type { Instant, SessionDate } from "../time.ts";
import type { RunId, Side, Symbol } from "../trade.ts";

/** Something that moved further than a plan tolerates; basis points of what it was, cash of equity. */
export type PlanMove =
  | { readonly what: "age"; readonly madeAt: Instant; readonly validUntil: Instant; readonly now: Instant }
  | { readonly what: "target"; readonly symbol: Symbol; readonly planned: Weight; readonly found: Weight; readonly toleranceBps: number }
  | { readonly what: "quote"; readonly symbol: Symbol; readonly planned: Price; readonly found: Price | null; readonly movedBps: number | null; readonly toleranceBps: number }
  | { readonly what: "position"; readonly symbol: Symbol; readonly planned: Quantity; readonly found: Quantity; readonly toleranceBps: number }
  | { readonly what: "cash"; readonly planned: Money; readonly found: Money; readonly movedBps: number; readonly toleranceBps: number };

export type AccountRefusal =
  | { readonly code: "COOLING"; readonly why: string; readonly until: Instant }
  | { readonly code: "CASH_ACCOUNT_VIOLATION"; readonly symbol: Symbol; readonly kind: "good-faith" | "freeriding" | "liquidation"; readonly quantity: Quantity; readonly settledCash: Money; readonly count: number; readonly max: number }
  | { readonly code: "DAY_TRADES_EXCEED_MAX"; readonly symbol: Symbol; readonly side: Side; readonly dayTrades: number; readonly dayTradesMax: number; readonly equity: Money; readonly equityMin: Money }
  | { readonly code: "INTRADAY_MARGIN_DEFICIT"; readonly symbol: Symbol; readonly side: Side; readonly deficit: Money; readonly equity: Money; readonly maintenance: Money }
  | { readonly code: "LAST_EQUITY_UNKNOWN"; readonly symbol: Symbol }
  | { readonly code: "DAILY_LOSS_EXCEEDS_MAX"; readonly symbol: Symbol; readonly loss: Money; readonly max: Money; readonly lastEquity: Money }
  | { readonly code: "DRAWDOWN_EXCEEDS_MAX"; readonly symbol: Symbol; readonly drawdown: Money; readonly max: Money; readonly highWater: Money }
  | { readonly code: "ORDERS_PER_DAY_EXCEED_MAX"; readonly symbol: Symbol; readonly side: Side; readonly used: number; readonly max: number }
  | { readonly code: "TURNOVER_PER_DAY_EXCEEDS_MAX"; readonly symbol: Symbol; readonly side: Side; readonly turnover: Money; readonly max: Money }
  | { readonly code: "ORDER_OF_UNKNOWN_ORIGIN"; readonly symbol: Symbol; readonly side: Side; readonly working: string; readonly remaining: Quantity }
  | { readonly code: "POSITION_OF_UNKNOWN_ORIGIN"; readonly symbol: Symbol; readonly held: Quantity }
  | { readonly code: "HOLDING_CHANGED"; readonly symbol: Symbol; readonly since: RunId; readonly left: Quantity; readonly expected: Quantity; readonly held: Quantity }
  | { readonly code: "SPLIT_NOT_APPLIED"; readonly symbol: Symbol; readonly exDate: SessionDate; readonly held: Quantity; readonly expected: Quantity }
  | { readonly code: "APPROVAL_MISSING"; readonly run: RunId; readonly plan?: string }
  | { readonly code: "PLAN_STALE"; readonly plan: string; readonly moved: readonly PlanMove[] }
  | { readonly code: "ENTRY_PRICE_UNKNOWN"; readonly symbol: Symbol }
  | { readonly code: "RECONCILIATION_DIFFERENCE"; readonly symbol: Symbol; readonly expected: Quantity; readonly held: Quantity };

export const ACCOUNT_REFUSALS: Readonly<Record<AccountRefusal["code"], { readonly meaning: string; readonly remedy: string }>> = {
  COOLING: { meaning: "the trading breaker of this account opened for a while", remedy: "find out why; it closes by itself at the stated time, or by resuming the account" },
  CASH_ACCOUNT_VIOLATION: { meaning: "in a cash account the sale would break a rule: its shares or an earlier purchase were paid for with money that has not settled", remedy: "sell once the money has settled, or set allowViolations and have them counted" },
  DAY_TRADES_EXCEED_MAX: { meaning: "the order could complete a fourth day trade within five sessions, with less equity than pattern day traders need", remedy: "wait for the next session, or bring the account to 25,000 USD" },
  INTRADAY_MARGIN_DEFICIT: { meaning: "after the order the account would be short of its maintenance margin", remedy: "lower the targets or bring in cash" },
  LAST_EQUITY_UNKNOWN: { meaning: "dailyLossMax is set, and the venue does not say what the account was worth at the last close", remedy: "look at the venue's answer, or leave dailyLossMax out" },
  DAILY_LOSS_EXCEEDS_MAX: { meaning: "since the last close the account has lost more than dailyLossMax of its equity", remedy: "find out why; buying goes on in the next session" },
  DRAWDOWN_EXCEEDS_MAX: { meaning: "the account stands further below its highest equity than drawdownMax", remedy: "find out why; resuming the account starts a new high-water mark" },
  ORDERS_PER_DAY_EXCEED_MAX: { meaning: "the runs of this session have already planned ordersPerDayMax orders", remedy: "raise the cap, or trade less often" },
  TURNOVER_PER_DAY_EXCEEDS_MAX: { meaning: "with the order, the runs of this session would turn over more than turnoverPerDayMax of equity", remedy: "raise the cap, or rebalance in smaller steps" },
  ORDER_OF_UNKNOWN_ORIGIN: { meaning: "at the end of the run an order was open that no run of the account placed", remedy: "find out who placed it; unknownOrigin says whether that is ignored, an alarm or a halt" },
  POSITION_OF_UNKNOWN_ORIGIN: { meaning: "the account holds a symbol that none of its strategies trades", remedy: "find out where it came from; unknownOrigin says whether that is ignored, an alarm or a halt" },
  HOLDING_CHANGED: { meaning: "since the account's last run the holding changed, and neither a run nor a corporate action says why", remedy: "find out who traded or moved the shares; unknownOrigin says whether that is ignored, an alarm or a halt" },
  SPLIT_NOT_APPLIED: { meaning: "a split has taken effect and the account still holds the shares from before it, so quantities and prices do not belong together", remedy: "wait until the broker has carried the split out; if there was none, resume the account to have its holdings taken as they are" },
  APPROVAL_MISSING: { meaning: "the account trades approved plans only, and none is approved for this run", remedy: "make a plan and have it approved: for a run to come before its instant, else with --at now" },
  PLAN_STALE: { meaning: "since the plan was made its time has passed, or targets, quotes, positions or cash moved further than it tolerates", remedy: "look at the numbers and make a new plan" },
  ENTRY_PRICE_UNKNOWN: { meaning: "exits are set, and the venue does not say what the position cost", remedy: "look at the venue's answer, or watch the position yourself" },
  RECONCILIATION_DIFFERENCE: { meaning: "after the run the account holds something else than before plus what was filled", remedy: "compare the journal with the broker's record of the day before the next run" },
};
