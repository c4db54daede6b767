/**
 * Margin of long and short stock positions: Regulation T, FINRA 4210(c) and the house table of Alpaca.
 *
 * Alpaca's table is applied to every date before its first row too: a backtest asks what this broker would have wanted.
 * Amounts are of the position's market value; what is short has a negative quantity.
 */
import { addMoney, maxOf, moneyOf, mulDiv, mulDivUp, NANOS, notional, priceOf, subtractMoney, subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from "../money.ts";
import { epochDayOf, sessionDateOf, type EpochDay } from "../time.ts";
import { nextSession } from "./calendar.ts";
import { dayTradeRuleOn, type DayTradeSettings } from "./day-trading.ts";

/** What a share is to whoever lends on it. */
export interface Collateral {
  /** The multiple of its index that an exchange-traded fund follows, up or down; 1 for everything else. */
  readonly leverage: 1 | 2 | 3;
  readonly marginable: boolean;
}

export const ORDINARY: Collateral = { leverage: 1, marginable: true };

/** Which shares are not ordinary. */
interface Extraordinary {
  /** Funds by the multiple of their index that they follow. */
  readonly leveraged?: Readonly<Record<string, 2 | 3>> | undefined;
  /** What is not lent on. */
  readonly notMarginable?: readonly string[] | undefined;
}

export function collateralOf(symbol: string, { leveraged = {}, notMarginable = [] }: Extraordinary): Collateral {
  return { leverage: leveraged[symbol] ?? 1, marginable: !notMarginable.includes(symbol) };
}

export interface MarginPosition extends Collateral {
  readonly symbol: string;
  readonly quantity: Quantity;
  readonly price: Price;
}

/** Regulation T, 12 CFR 220.12: half the value of a marginable position, long or short, all of another. A short sale's proceeds stay in the account besides. */
export function initialMargin(position: MarginPosition): Money {
  return percent(valueOf(position), position.marginable ? 50 : 100);
}

/** Of the whole account on a day, by position and with what a concentrated one adds. `debit` is what the account owes, 0 or more. */
export function maintenanceMargin(positions: readonly MarginPosition[], day: EpochDay, debit: Money): Money {
  const total = positions.reduce((sum, position) => addMoney(sum, valueOf(position)), ZERO_MONEY);
  return positions.reduce((sum, position) => {
    const required = positionMaintenance(position, day);
    const concentrated = debit >= CONCENTRATION_DEBIT && valueOf(position) >= mulDivUp(total, 70, 100);
    return addMoney(sum, concentrated ? maxOf(required, percent(valueOf(position), 50)) : required);
  }, ZERO_MONEY);
}

export function positionMaintenance(position: MarginPosition, day: EpochDay): Money {
  const value = valueOf(position);
  if (!position.marginable) return value;
  return position.quantity < 0 ? shortMaintenance(position, value) : percent(value, longPercent(position, day));
}

/** What a position of one share at this price needs, as per cent of its value, to two decimals. */
export function maintenancePercent(side: "long" | "short", { price, leverage, marginable }: Pick<MarginPosition, "price" | "leverage" | "marginable">, day: EpochDay): number {
  const share = NANOS as Quantity;
  const required = positionMaintenance({ symbol: "", quantity: side === "long" ? share : subtractQuantity(ZERO_QUANTITY, share), price, leverage, marginable }, day);
  return mulDiv(required, 10_000, price) / 100;
}

type Multiplier = 1 | 2 | 4;

/**
 * The multiplier an account may use: 1 below 2,000 USD of equity (FINRA 4210(b)); 4 needs 25,000 USD under the
 * pattern-day-trader rule, and may be had from 2,000 since (Alpaca, 2026-06-04).
 */
export function multiplierAllowed(wanted: Multiplier, equity: Money, day: EpochDay, settings?: DayTradeSettings): Multiplier {
  if (equity < MARGIN_EQUITY_MIN) return 1;
  const equityForFour = dayTradeRuleOn(day, settings) === "intraday-margin" ? MARGIN_EQUITY_MIN : PATTERN_DAY_TRADER_EQUITY;
  return wanted === 4 && equity < equityForFour ? 2 : wanted;
}

export interface MarginAccount {
  readonly cash: Money;
  readonly equity: Money;
  readonly initialMargin: Money;
  readonly maintenanceMargin: Money;
  /** Both at the last close. */
  readonly lastEquity: Money;
  readonly lastMaintenanceMargin: Money;
}

/**
 * What an account may buy, as Alpaca documents it. With multiplier 4 it is twice the Regulation T excess overnight; in
 * the session four times the excess over maintenance, at the last close under the pattern-day-trader rule and now since.
 */
export function buyingPower(account: MarginAccount, multiplier: Multiplier, day: EpochDay, period: "session" | "overnight", settings?: DayTradeSettings): Money {
  if (multiplier === 1) return maxOf(account.cash, ZERO_MONEY);
  if (multiplier === 2 || period === "overnight") return times(subtractMoney(account.equity, account.initialMargin), 2);
  const now = dayTradeRuleOn(day, settings) === "intraday-margin";
  return times(now ? subtractMoney(account.equity, account.maintenanceMargin) : subtractMoney(account.lastEquity, account.lastMaintenanceMargin), 4);
}

/** A position above six times equity may only be made smaller (Alpaca's user protection). */
export function isClosingOnly(position: MarginPosition, equity: Money): boolean {
  return valueOf(position) > times(equity, 6);
}

/**
 * The day at whose close a margin call of `day` must have been met: the second session after it, the time that Alpaca
 * gives for its intraday margin calls. For maintenance calls it publishes none.
 */
export function marginCallDueOn(day: EpochDay): EpochDay {
  return nextSession(nextSession(day).day).day;
}

/**
 * Interest for holding a settled debit from the close of the session on `day` to that of the next: actual days over
 * 360, so Friday counts three. Alpaca's pages of September 2026 print 6.50 % and 6.25 % (Elite 5.00 % and 4.75 %).
 */
export function debitInterest(debit: Money, annualBasisPoints: number, day: EpochDay): Money {
  return dailyCharge(debit, annualBasisPoints, day);
}

/** The fee for a hard-to-borrow short position, on its round lots of 100 shares, counted in days as interest is. */
export function borrowFee(position: MarginPosition, annualBasisPoints: number, day: EpochDay): Money {
  const short = maxOf(subtractQuantity(ZERO_QUANTITY, position.quantity), ZERO_QUANTITY);
  const roundLots = subtractQuantity(short, (short % ROUND_LOT) as Quantity);
  return dailyCharge(notional(position.price, roundLots), annualBasisPoints, day);
}

/** What opening a short position takes of the buying power: the higher of its limit and three per cent above the ask. A market order has no limit. */
export function shortOpeningValue(quantity: Quantity, ask: Price, limit: Price | undefined): Money {
  const aboveAsk = mulDiv(ask, 103, 100) as Price;
  return notional(limit === undefined ? aboveAsk : maxOf(limit, aboveAsk), quantity);
}

const PRICE_TEST_FROM = epochDayOf(sessionDateOf("2011-02-28"));

/**
 * Whether a stock whose price has fallen to `low` trips rule 201 of Regulation SHO (SEC Release 34-61595): ten per cent
 * or more below the last close, since 2011-02-28. It then holds for the rest of that day and the next. The tick test that
 * ended in 2007 is not modelled.
 */
export function tripsShortSaleTest(day: EpochDay, previousClose: Price, low: Price): boolean {
  return day >= PRICE_TEST_FROM && mulDiv(low, 10, 1) <= mulDiv(previousClose, 9, 1);
}

/** Under rule 201 a short sale must be priced above the national best bid. */
export function isShortSalePriced(price: Price, bestBid: Price): boolean {
  return price > bestBid;
}

const MARGIN_EQUITY_MIN = moneyOf("2000");
const CONCENTRATION_DEBIT = moneyOf("100000");
const ROUND_LOT = 100_000_000_000;
const PENNY_STOCK = priceOf("2.50");
const LOW_PRICED = priceOf("6");
const SHORT_LOW_PRICED = priceOf("5");
const PATTERN_DAY_TRADER_EQUITY = moneyOf("25000");

/** Alpaca's page on margin and short selling. Its earlier versions put 100 % on leveraged funds and had no middle step. */
const HOUSE_TABLE_OF_2026 = epochDayOf(sessionDateOf("2026-09-17"));

function longPercent({ price, leverage }: MarginPosition, day: EpochDay): number {
  if (price < PENNY_STOCK) return 100;
  if (day < HOUSE_TABLE_OF_2026) return leverage > 1 ? 100 : 30;
  if (leverage > 1) return leverage === 2 ? 50 : 75;
  return price <= LOW_PRICED ? 50 : 30;
}

/** FINRA 4210(c): below 5 USD the greater of 2.50 USD a share and the value, else the greater of 5 USD a share and 30 %. */
function shortMaintenance({ price, quantity }: MarginPosition, value: Money): Money {
  const short = subtractQuantity(ZERO_QUANTITY, quantity);
  return price < SHORT_LOW_PRICED ? maxOf(notional(PENNY_STOCK, short), value) : maxOf(notional(SHORT_LOW_PRICED, short), percent(value, 30));
}

function valueOf({ price, quantity }: MarginPosition): Money {
  return notional(price, Math.abs(quantity) as Quantity);
}

function percent(value: Money, part: number): Money {
  return mulDiv(value, part, 100) as Money;
}

function times(value: Money, factor: number): Money {
  return mulDiv(maxOf(value, ZERO_MONEY), factor, 1) as Money;
}

function dailyCharge(value: Money, annualBasisPoints: number, day: EpochDay): Money {
  const days = nextSession(day).day - day;
  return mulDiv(maxOf(value, ZERO_MONEY), annualBasisPoints * days, 3_600_000) as Money;
}
