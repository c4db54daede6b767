/**
 * The pattern-day-trader rule (NASD rule 2520, later FINRA 4210(f)(8)(B)), in force from 2001-09-28 to 2026-06-03, and
 * which rule holds when.
 *
 * A day trade opens and closes the same symbol on one day in a margin account. They are counted by changes of
 * direction (FINRA Regulatory Notice 21-13): a run of opening trades and the closing trades that follow it are one,
 * however many fills either has. Closing what was held overnight is none. Four day trades within five sessions that
 * are more than six per cent of the trades of those sessions make a pattern day trader.
 */
import { addQuantity, maxOf, moneyOf, mulDiv, subtractMoney, subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Money, type Quantity } from "../money.ts";
import { dateOfEpochDay, epochDayOf, sessionDateOf, type EpochDay } from "../time.ts";
import { sessionOn } from "./calendar.ts";

type DayTradeRule = "none" | "pattern-day-trader" | "intraday-margin";

/** The first and the last day on which a broker may have changed to intraday margin (FINRA Regulatory Notice 26-10). */
const INTRADAY_MARGIN_FROM = dayOf("2026-06-04");
const PHASE_IN_ENDS = dayOf("2027-10-20");
/** NASD rule 2520 as amended in 2001 (traderstatus.com/faq.htm). */
const PATTERN_RULE_FROM = dayOf("2001-09-28");

/** `changedOn` is the day the broker took the new rule up; Alpaca did on the first. */
export interface DayTradeSettings {
  readonly changedOn?: EpochDay;
}

/** @throws RangeError when `changedOn` lies outside the phase-in. */
export function dayTradeRuleOn(day: EpochDay, { changedOn = INTRADAY_MARGIN_FROM }: DayTradeSettings = {}): DayTradeRule {
  if (!(changedOn >= INTRADAY_MARGIN_FROM && changedOn <= PHASE_IN_ENDS)) {
    throw new RangeError(`a broker changes to intraday margin between ${dateOfEpochDay(INTRADAY_MARGIN_FROM)} and ${dateOfEpochDay(PHASE_IN_ENDS)}, not on ${dateOfEpochDay(changedOn)}`);
  }
  if (day >= changedOn) return "intraday-margin";
  return day >= PATTERN_RULE_FROM ? "pattern-day-trader" : "none";
}

interface DayTradeFill {
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly quantity: Quantity;
}

/** The day trades among one day's fills, in their order. `heldOvernight` is the position of each symbol at the open, negative when short. */
export function countDayTrades(fills: readonly DayTradeFill[], heldOvernight: ReadonlyMap<string, Quantity>): number {
  const symbols = new Map<string, { position: Quantity; openedToday: boolean }>();
  let count = 0;
  for (const { symbol, side, quantity } of fills) {
    const { position, openedToday } = symbols.get(symbol) ?? { position: heldOvernight.get(symbol) ?? ZERO_QUANTITY, openedToday: false };
    const after = side === "buy" ? addQuantity(position, quantity) : subtractQuantity(position, quantity);
    const closes = side === "buy" ? position < 0 : position > 0;
    if (closes && openedToday) count += 1;
    const opensBeyond = closes && after !== 0 && Math.sign(after) !== Math.sign(position);
    symbols.set(symbol, { position: after, openedToday: !closes || opensBeyond });
  }
  return count;
}

/** One session of an account: its day trades and all its trades. */
export interface TradingDay {
  readonly day: EpochDay;
  readonly dayTrades: number;
  readonly trades: number;
}

const WINDOW_SESSIONS = 5;
const PATTERN_COUNT = 4;
const MINIMUM_EQUITY = moneyOf("25000");

/** Day trades and trades of the five sessions that end with `day`. */
export function windowTotals(days: readonly TradingDay[], day: EpochDay): { readonly dayTrades: number; readonly trades: number } {
  const last = sessionIndex(day);
  const inWindow = days.filter((one) => one.day <= day && sessionIndex(one.day) > last - WINDOW_SESSIONS);
  return { dayTrades: inWindow.reduce((sum, one) => sum + one.dayTrades, 0), trades: inWindow.reduce((sum, one) => sum + one.trades, 0) };
}

export function isPatternDayTrader(days: readonly TradingDay[], day: EpochDay): boolean {
  const { dayTrades, trades } = windowTotals(days, day);
  return dayTrades >= PATTERN_COUNT && dayTrades * 100 > trades * 6;
}

/** Why an order would be refused, with the numbers. */
interface DayTradeRefusal {
  readonly dayTrades: number;
  readonly dayTradesMax: number;
  readonly equity: Money;
  readonly equityMin: Money;
}

/**
 * Alpaca's guard of those years: with less than 25,000 USD at the last close, an order that could complete a fourth day
 * trade within five sessions is refused. It did not ask for the six per cent, so this does not either. `dayTradesNow`
 * counts today's with every working order as if it were filled.
 */
export function refuseFourthDayTrade(days: readonly TradingDay[], day: EpochDay, dayTradesNow: number, lastEquity: Money): DayTradeRefusal | undefined {
  const earlier = windowTotals(days.filter((one) => one.day < day), day).dayTrades;
  const dayTrades = earlier + dayTradesNow;
  if (lastEquity >= MINIMUM_EQUITY || dayTrades < PATTERN_COUNT) return undefined;
  return { dayTrades, dayTradesMax: PATTERN_COUNT - 1, equity: lastEquity, equityMin: MINIMUM_EQUITY };
}

/** Day-trading buying power: four times the excess over maintenance margin at the last close. */
export function dayTradingBuyingPower(lastEquity: Money, lastMaintenanceMargin: Money): Money {
  return mulDiv(maxOf(subtractMoney(lastEquity, lastMaintenanceMargin), ZERO_MONEY), 4, 1) as Money;
}

function sessionIndex(day: EpochDay): number {
  const session = sessionOn(day);
  if (!session) throw new RangeError(`${dateOfEpochDay(day)} is not a session, so no trade was made on it`);
  return session.index;
}

function dayOf(date: string): EpochDay {
  return epochDayOf(sessionDateOf(date));
}
