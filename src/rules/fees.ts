/**
 * What a trade costs beside its price, by fee schedule and trade date.
 *
 * - `alpaca`: no commission; Section 31 (REG) and TAF on sells, CAT on both sides, on exact quantities, each summed by
 *   account and day and rounded up to the cent (Alpaca fee schedule of 2026-09-17). TAF has a cap for each fill.
 * - `ib`: 0.005 USD a share, at least 1 USD, at most 0.5 % of the value, of each order; the maximum wins. To the
 *   micro-dollar, as a fill's value is.
 * - `none`.
 *
 * `accrueFees` is a fold: it keeps what the fees of a day (or of an order) depend on and returns by how much the fill
 * raises them, so the charges of a day add up to the day's rounded total whenever one looks, with nothing left to round
 * in the evening. An accrual is JSON.
 */
import { addMoney, addQuantity, mulDiv, mulDivUp, NANOS, notional, remainderOf, subtractMoney, ZERO_MONEY, type Money, type Price, type Quantity } from "../money.ts";
import type { EpochDay } from "../time.ts";
import { catRateOn, section31RateOn, tafRateOn, type BehindTable } from "./fee-rates.ts";

export type FeeScheduleName = "alpaca" | "ib" | "none";

/** Alpaca's names of its fee activities, and a broker's commission. */
export type FeeType = "REG" | "TAF" | "CAT" | "commission";

interface Trade {
  readonly side: "buy" | "sell";
  readonly quantity: Quantity;
  readonly price: Price;
  readonly day: EpochDay;
}

/** `order` tells the orders of a day apart; fills of one order share it. */
export interface FilledTrade extends Trade {
  readonly order: string;
}

export type Fees = Readonly<Record<FeeType, Money>>;

const NO_FEES: Fees = { REG: ZERO_MONEY, TAF: ZERO_MONEY, CAT: ZERO_MONEY, commission: ZERO_MONEY };

/** What one account has traded on one day, as far as its fees depend on it. */
export interface FeeAccrual {
  readonly day: EpochDay;
  readonly soldValue: Money;
  /** Shares sold in fills below the cap, and the caps of the others. */
  readonly tafShares: ShareCount;
  readonly tafCaps: Money;
  readonly catShares: ShareCount;
  /** Oldest first; kept by `ib` only. */
  readonly orders: readonly OrderSoFar[];
}

export interface OrderSoFar {
  readonly order: string;
  readonly quantity: Quantity;
  readonly value: Money;
}

/** More shares than a `Quantity` can count: `nanos` is below one share. */
export interface ShareCount {
  readonly whole: number;
  readonly nanos: number;
}

/**
 * Adds a fill. `charged` is what it adds to the account's fees by type. A fill of another day starts a new accrual.
 * @throws FeesOutOfRange when the schedule has no rate for the day.
 */
export function accrueFees(schedule: FeeScheduleName, accrual: FeeAccrual | undefined, trade: FilledTrade, behind: BehindTable = "refuse"): { readonly accrual: FeeAccrual; readonly charged: Fees } {
  const before = accrual?.day === trade.day ? accrual : emptyAccrual(trade.day);
  const after = plusTrade(schedule, before, trade, behind);
  return { accrual: after, charged: chargedBetween(schedule, before, after, trade, behind) };
}

function chargedBetween(schedule: FeeScheduleName, before: FeeAccrual, after: FeeAccrual, { order, side }: FilledTrade, behind: BehindTable): Fees {
  switch (schedule) {
    case "none":
      return NO_FEES;
    case "ib":
      return { ...NO_FEES, commission: subtractMoney(commissionOf(after, order), commissionOf(before, order)) };
    case "alpaca": {
      const CAT = subtractMoney(catOf(after, behind), catOf(before, behind));
      if (side === "buy") return { REG: ZERO_MONEY, TAF: ZERO_MONEY, CAT, commission: ZERO_MONEY };
      return { REG: subtractMoney(regOf(after, behind), regOf(before, behind)), TAF: subtractMoney(tafOf(after, behind), tafOf(before, behind)), CAT, commission: ZERO_MONEY };
    }
  }
}

/** The fees of all that has been accrued; those of `alpaca` rounded up to the cent, each type for itself. */
export function roundUpPerDay(schedule: FeeScheduleName, accrual: FeeAccrual, behind: BehindTable = "refuse"): Fees {
  switch (schedule) {
    case "none":
      return NO_FEES;
    case "ib":
      return { ...NO_FEES, commission: accrual.orders.reduce((sum, { order }) => addMoney(sum, commissionOf(accrual, order)), ZERO_MONEY) };
    case "alpaca":
      return { REG: regOf(accrual, behind), TAF: tafOf(accrual, behind), CAT: catOf(accrual, behind), commission: ZERO_MONEY };
  }
}

function regOf({ soldValue, day }: FeeAccrual, behind: BehindTable): Money {
  const { numerator, denominator } = section31RateOn(day, behind);
  return upToCent(mulDivUp(soldValue, numerator, denominator));
}

function tafOf({ tafShares, tafCaps, day }: FeeAccrual, behind: BehindTable): Money {
  return upToCent(perShareUp(tafShares.whole, tafShares.nanos, tafRateOn(day, behind).nanoDollarsPerShare) + tafCaps);
}

function catOf({ catShares, day }: FeeAccrual, behind: BehindTable): Money {
  return upToCent(perShareUp(catShares.whole, catShares.nanos, catRateOn(day, behind).nanoDollarsPerShare));
}

/** What one fill would cost if it were the only one of its day and order; every type to the nearest micro-dollar. */
export function feesOfFill(schedule: FeeScheduleName, trade: Trade): Fees {
  if (schedule !== "alpaca") return roundUpPerDay(schedule, plusTrade(schedule, emptyAccrual(trade.day), { ...trade, order: "" }, "refuse"));
  const { numerator, denominator } = section31RateOn(trade.day);
  const { nanoDollarsPerShare, capPerTrade } = tafRateOn(trade.day);
  const taf = mulDiv(trade.quantity, nanoDollarsPerShare, NANOS * 1000) as Money;
  const sold = trade.side === "sell";
  return {
    REG: sold ? (mulDiv(notional(trade.price, trade.quantity), numerator, denominator) as Money) : ZERO_MONEY,
    TAF: !sold ? ZERO_MONEY : taf < capPerTrade ? taf : capPerTrade,
    CAT: mulDiv(trade.quantity, catRateOn(trade.day).nanoDollarsPerShare, NANOS * 1000) as Money,
    commission: ZERO_MONEY,
  };
}

/**
 * For planning: what an order would cost if it were filled at once and alone. Several orders of a day never cost more
 * than the sum. Behind a table's last day its newest rate stands in, because a plan is an estimate and a live run must
 * not stop trading on the first day of a year.
 */
export function expectedFees(schedule: FeeScheduleName, trade: Trade): Money {
  if (schedule === "none") return ZERO_MONEY;
  if (schedule === "alpaca" && trade.side === "buy") {
    const { nanoDollarsPerShare } = catRateOn(trade.day, "newest");
    const cents = (trade.quantity / NANOS) * (nanoDollarsPerShare / NANO_DOLLARS_PER_CENT);
    return surelyUpToCent(cents) ?? upToCent(perShareOf(trade.quantity, nanoDollarsPerShare));
  }
  return totalFees(roundUpPerDay(schedule, plusTrade(schedule, emptyAccrual(trade.day), { ...trade, order: "" }, "newest"), "newest"));
}

export function totalFees({ REG, TAF, CAT, commission }: Fees): Money {
  return addMoney(addMoney(REG, TAF), addMoney(CAT, commission));
}

/** Nano-dollars for each share times nano-shares, in one micro-dollar. */
export const PER_SHARE_UNITS = 1_000_000_000_000;
export const CENT = 10_000;
export const NANO_DOLLARS_PER_CENT = 10_000_000;
/** Nearer than this to a whole cent, or beyond so many cents, a double does not decide: it is off by a tenth of that at the most. */
const HAIR = 1e-6;
const CENTS_MAX = 1e8;
const NO_ORDERS: readonly OrderSoFar[] = [];
const NO_SHARES: ShareCount = { whole: 0, nanos: 0 };

function emptyAccrual(day: EpochDay): FeeAccrual {
  return { day, soldValue: ZERO_MONEY, tafShares: NO_SHARES, tafCaps: ZERO_MONEY, catShares: NO_SHARES, orders: NO_ORDERS };
}

function plusTrade(schedule: FeeScheduleName, accrual: FeeAccrual, trade: FilledTrade, behind: BehindTable): FeeAccrual {
  switch (schedule) {
    case "none":
      return accrual;
    case "ib":
      return { ...accrual, orders: plusOrderFill(accrual.orders, trade) };
    case "alpaca": {
      const catShares = plusShares(accrual.catShares, trade.quantity);
      if (trade.side === "buy") return { day: accrual.day, orders: accrual.orders, catShares, soldValue: accrual.soldValue, tafShares: accrual.tafShares, tafCaps: accrual.tafCaps };
      const { nanoDollarsPerShare, capPerTrade } = tafRateOn(trade.day, behind);
      const capped = perShareOf(trade.quantity, nanoDollarsPerShare) > capPerTrade;
      return {
        day: accrual.day,
        orders: accrual.orders,
        catShares,
        soldValue: addMoney(accrual.soldValue, notional(trade.price, trade.quantity)),
        tafShares: capped ? accrual.tafShares : plusShares(accrual.tafShares, trade.quantity),
        tafCaps: capped ? addMoney(accrual.tafCaps, capPerTrade) : accrual.tafCaps,
      };
    }
  }
}

function plusOrderFill(orders: readonly OrderSoFar[], { order, quantity, price }: FilledTrade): readonly OrderSoFar[] {
  const value = notional(price, quantity);
  const known = orders.find((so) => so.order === order);
  if (!known) return [...orders, { order, quantity, value }];
  return orders.map((so) => (so === known ? { order, quantity: addQuantity(so.quantity, quantity), value: addMoney(so.value, value) } : so));
}

/** IB's commission on what an order has filled so far. It never falls as more is filled. */
function commissionOf({ orders }: FeeAccrual, order: string): Money {
  const filled = orders.find((so) => so.order === order);
  if (!filled) return ZERO_MONEY;
  const byShares = Math.max(mulDiv(filled.quantity, 5_000, NANOS), 1_000_000);
  return Math.min(byShares, mulDiv(filled.value, 5, 1_000)) as Money;
}

function plusShares({ whole, nanos }: ShareCount, quantity: Quantity): ShareCount {
  const part = remainderOf(quantity, NANOS);
  const sum = nanos + part;
  const carry = sum >= NANOS ? 1 : 0;
  return { whole: whole + (quantity - part) / NANOS + carry, nanos: sum - carry * NANOS };
}

/** In micro-dollars, rounded up. The whole shares' fee is cut at a micro-dollar first, so that every step is exact up to 45 billion shares. */
export function perShareUp(whole: number, nanos: number, nanoDollarsPerShare: number): number {
  const ofWhole = whole * nanoDollarsPerShare;
  const beyond = remainderOf(ofWhole, 1_000);
  const cut = (ofWhole - beyond) / 1_000;
  return nanos === 0 ? (beyond > 0 ? cut + 1 : cut) : cut + mulDivUp(beyond * NANOS + nanos * nanoDollarsPerShare, 1, PER_SHARE_UNITS);
}

function perShareOf(quantity: Quantity, nanoDollarsPerShare: number): number {
  const nanos = remainderOf(quantity, NANOS);
  return perShareUp((quantity - nanos) / NANOS, nanos, nanoDollarsPerShare);
}

/** Rounding up twice gives what rounding up once gives. */
export function upToCent(micros: number): Money {
  const beyond = remainderOf(micros, CENT);
  return (beyond > 0 ? micros - beyond + CENT : micros) as Money;
}

/** A fee of so many `cents`, computed in doubles, rounded up; undefined where they are too near to a whole cent for that to be exact. */
export function surelyUpToCent(cents: number): Money | undefined {
  const beyond = cents - Math.floor(cents);
  return beyond > HAIR && beyond < 1 - HAIR && cents < CENTS_MAX ? ((Math.ceil(cents) * CENT) as Money) : undefined;
}
