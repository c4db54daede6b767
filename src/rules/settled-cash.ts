/**
 * What a cash account may spend, and which of its sales break the rules of Regulation T (12 CFR 220.8).
 *
 * A fold over trades and cash movements in the order in which they happened; the value is JSON. A purchase takes settled
 * cash first, then the proceeds that settle next; what is left is owed. Shares are sold first in, first out. One sale
 * breaks at most one rule, the gravest:
 * - `freeriding`: shares are sold that were bought without money and are still not paid for.
 * - `liquidation`: the proceeds of other shares pay for an earlier purchase, and settle after it.
 * - `good-faith`: shares are sold before the proceeds that paid for them have settled. Selling a part of such a
 *   purchase counts, though settled cash paid for another part of it.
 *
 * Brokers differ in how many they tolerate: the counts are a setting. Proceeds may be spent as settled from the start of
 * their settlement day.
 */
import { z } from "zod";
import { addMoney, addQuantity, maxOf, minOf, subtractMoney, subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Money, type Quantity } from "../money.ts";
import { DAY_MS, type EpochDay } from "../time.ts";
import { settlementDate, type SettlementSettings } from "./settlement.ts";

type ViolationKind = "good-faith" | "freeriding" | "liquidation";

export interface Violation {
  readonly kind: ViolationKind;
  readonly symbol: string;
  readonly day: EpochDay;
}

export interface SettledCash {
  readonly settled: Money;
  /** Proceeds on their way, soonest first. */
  readonly pending: readonly { readonly settles: EpochDay; readonly amount: Money }[];
  /** Purchases beyond the money, oldest first, each due when the purchase settles. */
  readonly unpaid: readonly { readonly symbol: string; readonly due: EpochDay; readonly amount: Money }[];
  readonly lots: readonly Lot[];
  readonly violations: readonly Violation[];
}

/** A purchase made with money that had not settled, or one made after it of the same symbol. */
interface Lot {
  readonly symbol: string;
  readonly quantity: Quantity;
  /** The day on which the money that paid for it settles. */
  readonly clears: EpochDay;
  /** Bought without money; paid for once `unpaid` holds nothing of its symbol. */
  readonly unpaid: boolean;
}

export interface CashTrade {
  readonly side: "buy" | "sell";
  readonly symbol: string;
  readonly quantity: Quantity;
  readonly value: Money;
  readonly day: EpochDay;
  /** Shares of the symbol before the trade. */
  readonly held: Quantity;
}

/** The number of violations within twelve months that restricts the account, and for how many calendar days. */
export const cashAccountPolicySchema = z.strictObject({
  goodFaithMax: z.int().min(1).default(3), // Fidelity: the third; Firstrade and Public: the fourth
  freeridingMax: z.int().min(1).default(1), // 12 CFR 220.8(c)
  liquidationMax: z.int().min(1).default(3), // Fidelity
  restrictionDays: z.int().min(1).default(90), // 12 CFR 220.8(c)
});

type CashAccountPolicy = z.infer<typeof cashAccountPolicySchema>;

export function openSettledCash(settled: Money): SettledCash {
  return { settled, pending: [], unpaid: [], lots: [], violations: [] };
}

/** The account at the start of `day`. */
export function settleThrough(cash: SettledCash, day: EpochDay): SettledCash {
  const settling = cash.pending.filter(({ settles }) => settles <= day);
  const lots = withoutClearedLots(cash.lots, day);
  if (settling.length === 0 && lots.length === cash.lots.length) return cash;
  const settled = settling.reduce((sum, { amount }) => addMoney(sum, amount), cash.settled);
  return { ...cash, settled, pending: cash.pending.slice(settling.length), lots };
}

export function applyTrade(cash: SettledCash, trade: CashTrade, settings?: SettlementSettings): SettledCash {
  const today = settleThrough(cash, trade.day);
  const settles = settlementDate(trade.day, settings);
  return trade.side === "buy" ? afterPurchase(today, trade, settles) : afterSale(today, trade, settles);
}

/** A deposit, dividend, fee or withdrawal: settled at once. Money that comes in pays what is owed first. */
export function applyCash(cash: SettledCash, amount: Money, day: EpochDay): SettledCash {
  const today = settleThrough(cash, day);
  if (amount < 0) return { ...today, settled: addMoney(today.settled, amount) };
  const { unpaid, left } = payOff(today.unpaid, amount);
  return withPaidLots({ ...today, unpaid, settled: addMoney(today.settled, left) });
}

/** The rule that a sale would break, for an account brought to its day by `settleThrough`. */
export function violationOfSale(cash: SettledCash, sale: CashTrade, settings?: SettlementSettings): ViolationKind | undefined {
  return violationOf(cash, sale, settlementDate(sale.day, settings));
}

export function totalCash({ settled, pending, unpaid }: SettledCash): Money {
  const received = pending.reduce((sum, { amount }) => addMoney(sum, amount), settled);
  return unpaid.reduce((sum, { amount }) => subtractMoney(sum, amount), received);
}

/** What may be spent on `day`: all cash, or the settled cash alone while the account is restricted. Never below zero. */
export function spendableCash(cash: SettledCash, day: EpochDay, policy: CashAccountPolicy): Money {
  const today = settleThrough(cash, day);
  return maxOf(restrictedUntil(cash, day, policy) === undefined ? totalCash(today) : today.settled, ZERO_MONEY);
}

/** The last day of the restriction that holds on `day`. */
export function restrictedUntil({ violations }: SettledCash, day: EpochDay, policy: CashAccountPolicy): EpochDay | undefined {
  const max = { "good-faith": policy.goodFaithMax, freeriding: policy.freeridingMax, liquidation: policy.liquidationMax };
  const last = violations.findLast((v) => v.day <= day && countViolations(violations, v.kind, v.day) >= max[v.kind]);
  return last && last.day + policy.restrictionDays >= day ? ((last.day + policy.restrictionDays) as EpochDay) : undefined;
}

/** In the twelve months that end with `day`. */
export function countViolations(violations: readonly Violation[], kind: ViolationKind, day: EpochDay): number {
  const yearAgo = twelveMonthsBefore(day);
  return violations.filter((v) => v.kind === kind && v.day > yearAgo && v.day <= day).length;
}

function afterPurchase(cash: SettledCash, { symbol, quantity, value, day }: CashTrade, settles: EpochDay): SettledCash {
  const fromSettled = minOf(value, maxOf(cash.settled, ZERO_MONEY));
  const { pending, missing, clears } = takePending(cash.pending, subtractMoney(value, fromSettled), day);
  const unpaid = missing > 0 ? [...cash.unpaid, { symbol, due: settles, amount: missing }] : cash.unpaid;
  const tracked = missing > 0 || clears > day || cash.lots.some((lot) => lot.symbol === symbol);
  const lots = tracked ? [...cash.lots, { symbol, quantity, clears, unpaid: missing > 0 }] : cash.lots;
  return { ...cash, settled: subtractMoney(cash.settled, fromSettled), pending, unpaid, lots };
}

function afterSale(cash: SettledCash, sale: CashTrade, settles: EpochDay): SettledCash {
  const kind = violationOf(cash, sale, settles);
  const { unpaid, left } = payOff(cash.unpaid, sale.value);
  return withPaidLots({
    settled: cash.settled,
    pending: plusPending(cash.pending, settles, left),
    unpaid,
    lots: splitLots(cash.lots, sale).kept,
    violations: kind === undefined ? cash.violations : [...cash.violations, { kind, symbol: sale.symbol, day: sale.day }],
  });
}

function violationOf(cash: SettledCash, sale: CashTrade, settles: EpochDay): ViolationKind | undefined {
  const { sold } = splitLots(cash.lots, sale);
  if (sold.some((lot) => lot.unpaid)) return "freeriding";
  if (cash.unpaid.some(({ due }) => due < settles)) return "liquidation";
  return sold.some(({ clears }) => clears > sale.day) ? "good-faith" : undefined;
}

/** Lots of the symbol are sold oldest first, after the shares that no lot stands for: those are older. */
function splitLots(lots: readonly Lot[], { symbol, quantity, held }: CashTrade): { readonly kept: readonly Lot[]; readonly sold: readonly Lot[] } {
  const inLots = lots.reduce((sum, lot) => (lot.symbol === symbol ? addQuantity(sum, lot.quantity) : sum), ZERO_QUANTITY);
  let left = maxOf(subtractQuantity(quantity, maxOf(subtractQuantity(held, inLots), ZERO_QUANTITY)), ZERO_QUANTITY);
  const sold: Lot[] = [];
  const kept = lots.flatMap((lot) => {
    if (lot.symbol !== symbol || left === 0) return [lot];
    const taken = minOf(left, lot.quantity);
    left = subtractQuantity(left, taken);
    sold.push(lot);
    return taken === lot.quantity ? [] : [{ ...lot, quantity: subtractQuantity(lot.quantity, taken) }];
  });
  return { kept, sold };
}

/** Drops lots that are paid for with settled money and have no older lot of their symbol before them. */
function withoutClearedLots(lots: readonly Lot[], day: EpochDay): readonly Lot[] {
  const waiting = new Set<string>();
  return lots.filter(({ symbol, clears, unpaid }) => {
    const keep = unpaid || clears > day || waiting.has(symbol);
    if (keep) waiting.add(symbol);
    return keep;
  });
}

function withPaidLots(cash: SettledCash): SettledCash {
  const owed = new Set(cash.unpaid.map(({ symbol }) => symbol));
  return { ...cash, lots: cash.lots.map((lot) => (lot.unpaid && !owed.has(lot.symbol) ? { ...lot, unpaid: false } : lot)) };
}

function takePending(pending: SettledCash["pending"], wanted: Money, day: EpochDay): { readonly pending: SettledCash["pending"]; readonly missing: Money; readonly clears: EpochDay } {
  let missing = wanted;
  let clears = day;
  const rest = pending.flatMap(({ settles, amount }) => {
    const taken = minOf(missing, amount);
    if (taken > 0) clears = settles;
    missing = subtractMoney(missing, taken);
    return taken === amount ? [] : [{ settles, amount: subtractMoney(amount, taken) }];
  });
  return { pending: rest, missing, clears };
}

/** Sorted, because a shorter cycle lets later sales settle first: those of 1995-06-07 before those of 1995-06-06. */
function plusPending(pending: SettledCash["pending"], settles: EpochDay, amount: Money): SettledCash["pending"] {
  if (amount === 0) return pending;
  const same = pending.find((one) => one.settles === settles);
  if (same) return pending.map((one) => (one === same ? { settles, amount: addMoney(one.amount, amount) } : one));
  return [...pending, { settles, amount }].sort((a, b) => a.settles - b.settles);
}

function payOff(unpaid: SettledCash["unpaid"], amount: Money): { readonly unpaid: SettledCash["unpaid"]; readonly left: Money } {
  let left = amount;
  const rest = unpaid.flatMap((purchase) => {
    const paid = minOf(left, purchase.amount);
    left = subtractMoney(left, paid);
    return paid === purchase.amount ? [] : [{ ...purchase, amount: subtractMoney(purchase.amount, paid) }];
  });
  return { unpaid: rest, left };
}

function twelveMonthsBefore(day: EpochDay): EpochDay {
  const date = new Date(day * DAY_MS);
  return (Date.UTC(date.getUTCFullYear() - 1, date.getUTCMonth(), date.getUTCDate()) / DAY_MS) as EpochDay;
}
