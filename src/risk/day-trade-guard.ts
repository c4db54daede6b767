/**
 * The day-trade rule of the date for a margin account: until the broker changed, no order that would complete a fourth
 * day trade within five sessions with less than 25,000 USD; from then on no order that would leave the account short of
 * its maintenance margin.
 *
 * An order counts as if it were filled. The record of an account's fills holds today's and the totals of the sessions
 * before; positions at the open are worked back from the fills.
 */
import { addMoney, addQuantity, maxOf, notional, subtractMoney, subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from "../money.ts";
import { countDayTrades, dayTradeRuleOn, refuseFourthDayTrade, type DayTradeSettings, type TradingDay } from "../rules/day-trading.ts";
import { deficitOfDay, intradayMarginLevel } from "../rules/intraday-margin.ts";
import { collateralOf, maintenanceMargin, type MarginPosition } from "../rules/margin.ts";
import { epochDayOf, sessionDateOf, type EpochDay } from "../time.ts";
import type { Side, Symbol } from "../trade.ts";
import type { MarginAccountRules } from "./account-rules.ts";
import type { Refusal } from "./refusals.ts";

export interface DayFill {
  readonly symbol: Symbol;
  readonly side: Side;
  readonly quantity: Quantity;
}

export interface DayTradeRecord {
  /** The newest session with fills. */
  readonly today: { readonly day: EpochDay; readonly fills: readonly DayFill[]; readonly overnight: Readonly<Record<Symbol, Quantity>> } | undefined;
  /** The sessions before it, oldest first. */
  readonly days: readonly TradingDay[];
}

type Positions = ReadonlyMap<Symbol, Quantity>;

/** The rule looks back over five sessions; a few more days do no harm. */
const DAYS_KEPT = 10;

/** The record after `fills` of `day`; `positionsAfter` is what the account holds after them. */
export function recordFills(record: DayTradeRecord | undefined, day: EpochDay, fills: readonly DayFill[], positionsAfter: Positions): DayTradeRecord {
  if (fills.length === 0) return record ?? { today: undefined, days: [] };
  const earlier = upTo(record, day);
  const all = [...(earlier.today?.fills ?? []), ...fills.map(({ symbol, side, quantity }) => ({ symbol, side, quantity }))];
  return { today: { day, fills: all, overnight: Object.fromEntries(overnightOf(all, positionsAfter)) }, days: earlier.days };
}

interface Situation {
  readonly record: DayTradeRecord | undefined;
  readonly day: EpochDay;
  /** Fills of today that the record does not have yet, and orders that are approved, in their order. */
  readonly fills: readonly DayFill[];
  /** As `fills` leave them. */
  readonly positions: Positions;
  /** At the last close. */
  readonly lastEquity: Money;
}

export function refuseDayTrade(order: DayFill, { record, day, fills, positions, lastEquity }: Situation, rules: MarginAccountRules): Refusal | undefined {
  if (dayTradeRuleOn(day, settingsOf(rules)) !== "pattern-day-trader") return undefined;
  const { today, days } = upTo(record, day);
  const before = [...(today?.fills ?? []), ...fills];
  const overnight = overnightOf(before, positions);
  if (!overnight.has(order.symbol)) overnight.set(order.symbol, positions.get(order.symbol) ?? ZERO_QUANTITY);
  const counted = countDayTrades([...before, order], overnight);
  if (counted === countDayTrades(before, overnight)) return undefined;
  const refusal = refuseFourthDayTrade(days, day, counted, lastEquity);
  return refusal && { code: "DAY_TRADES_EXCEED_MAX", symbol: order.symbol, side: order.side, ...refusal };
}

export interface MarginSituation {
  readonly equity: Money;
  readonly cash: Money;
  readonly positions: readonly { readonly symbol: Symbol; readonly quantity: Quantity; readonly price: Price }[];
}

/** Refuses an order that would create an intraday margin deficit. Symbols are ordinary shares unless the rules say otherwise. */
export function refuseMarginDeficit(order: DayFill, before: MarginSituation, after: MarginSituation, day: EpochDay, rules: MarginAccountRules): Refusal | undefined {
  if (dayTradeRuleOn(day, settingsOf(rules)) !== "intraday-margin") return undefined;
  const deficit = deficitOfDay([{ before: levelOf(before, day, rules), after: levelOf(after, day, rules) }]);
  return deficit > 0 ? { code: "INTRADAY_MARGIN_DEFICIT", symbol: order.symbol, side: order.side, deficit, equity: after.equity, maintenance: requiredOf(after, day, rules) } : undefined;
}

/** A situation after an order filled at `price`. Fees lower equity. */
export function afterOrder(before: MarginSituation, { symbol, side, quantity }: DayFill, price: Price, fees: Money): MarginSituation {
  const value = notional(price, quantity);
  const found = before.positions.find((position) => position.symbol === symbol);
  const owned = found?.quantity ?? ZERO_QUANTITY;
  const position = { symbol, price: found?.price ?? price, quantity: side === "buy" ? addQuantity(owned, quantity) : subtractQuantity(owned, quantity) };
  return {
    equity: subtractMoney(before.equity, fees),
    cash: subtractMoney(side === "buy" ? subtractMoney(before.cash, value) : addMoney(before.cash, value), fees),
    positions: [...before.positions.filter((one) => one !== found), position],
  };
}

function levelOf(situation: MarginSituation, day: EpochDay, rules: MarginAccountRules): Money {
  return intradayMarginLevel(situation.equity, requiredOf(situation, day, rules));
}

function requiredOf({ cash, positions }: MarginSituation, day: EpochDay, rules: MarginAccountRules): Money {
  const held: MarginPosition[] = positions.map((position) => ({ ...position, ...collateralOf(position.symbol, rules) }));
  return maintenanceMargin(held, day, maxOf(subtractMoney(ZERO_MONEY, cash), ZERO_MONEY));
}

/** The record with its newest session moved to the sessions before, where that is another day. */
function upTo(record: DayTradeRecord | undefined, day: EpochDay): DayTradeRecord {
  if (!record?.today || record.today.day === day) return record ?? { today: undefined, days: [] };
  const { today, days } = record;
  const dayTrades = countDayTrades(today.fills, new Map(Object.entries(today.overnight)));
  return { today: undefined, days: [...days, { day: today.day, dayTrades, trades: today.fills.length }].slice(-DAYS_KEPT) };
}

/** What was held at the open of the symbols that were traded. */
function overnightOf(fills: readonly DayFill[], positionsAfter: Positions): Map<Symbol, Quantity> {
  const held = new Map<Symbol, Quantity>();
  for (const { symbol, side, quantity } of fills) {
    const after = held.get(symbol) ?? positionsAfter.get(symbol) ?? ZERO_QUANTITY;
    held.set(symbol, side === "buy" ? subtractQuantity(after, quantity) : addQuantity(after, quantity));
  }
  return held;
}

function settingsOf({ intradayMarginFrom }: MarginAccountRules): DayTradeSettings {
  return intradayMarginFrom === undefined ? {} : { changedOn: epochDayOf(sessionDateOf(intradayMarginFrom)) };
}
