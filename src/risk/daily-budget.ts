/**
 * Orders and turnover that the runs of an account may use up in one session, kept in the store so that two runs at once
 * cannot spend the same budget.
 *
 * A run reserves for each side before its orders are journaled. A run that is resumed reserves in the place of its own
 * earlier reservation; the larger of the two stays, because the earlier may have been journaled by another invocation.
 * What was reserved and not used stays reserved for the session. Orders are let through in their order until the budget
 * is spent.
 */
import { z } from "zod";
import { addMoney, maxOf, notional, ZERO_MONEY, weightOf, type Money } from "../money.ts";
import type { SessionDate } from "../time.ts";
import type { AccountName, RunId, Side } from "../trade.ts";
import type { StateKey } from "../ports.ts";
import type { AccountRules } from "./account-rules.ts";
import type { Refusal } from "./refusals.ts";
import type { Candidate, Review } from "./review.ts";

export interface DailyBudget {
  readonly session: SessionDate;
  readonly reservations: readonly Reservation[];
}

interface Reservation {
  readonly run: RunId;
  readonly side: Side;
  readonly orders: number;
  readonly turnover: Money;
}

export interface BudgetRequest<C> {
  readonly session: SessionDate;
  readonly run: RunId;
  readonly side: Side;
  readonly orders: readonly C[];
  /** Of the whole account. */
  readonly equity: Money;
}

export function hasDailyBudget({ ordersPerDayMax, turnoverPerDayMax }: AccountRules): boolean {
  return ordersPerDayMax !== undefined || turnoverPerDayMax !== undefined;
}

export function reserveBudget<C extends Candidate>(budget: DailyBudget | undefined, request: BudgetRequest<C>, rules: AccountRules): Review<C> & { readonly budget: DailyBudget } {
  const { session, run, side } = request;
  const today = budget?.session === session ? budget.reservations : [];
  const own = today.find((one) => one.run === run && one.side === side);
  const others = today.filter((one) => one !== own);
  const turnoverMax = rules.turnoverPerDayMax === undefined ? undefined : weightOf(request.equity, rules.turnoverPerDayMax);
  let orders = 0;
  let turnover = ZERO_MONEY;
  const usedOrders = others.reduce((sum, one) => sum + one.orders, 0);
  const usedTurnover = others.reduce((sum, one) => addMoney(sum, one.turnover), ZERO_MONEY);
  const approved: Review<C>["approved"][number][] = [];
  const refused: Refusal[] = [];
  for (const order of request.orders as Review<C>["approved"]) {
    const { symbol } = order;
    const value = notional(order.referencePrice, order.quantity);
    const used = addMoney(addMoney(usedTurnover, turnover), value);
    if (rules.ordersPerDayMax !== undefined && usedOrders + orders >= rules.ordersPerDayMax) {
      refused.push({ code: "ORDERS_PER_DAY_EXCEED_MAX", symbol, side, used: usedOrders + orders, max: rules.ordersPerDayMax });
    } else if (turnoverMax !== undefined && used > turnoverMax) {
      refused.push({ code: "TURNOVER_PER_DAY_EXCEEDS_MAX", symbol, side, turnover: used, max: turnoverMax });
    } else {
      approved.push(order);
      orders += 1;
      turnover = addMoney(turnover, value);
    }
  }
  const reservation = { run, side, orders: Math.max(orders, own?.orders ?? 0), turnover: maxOf(turnover, own?.turnover ?? ZERO_MONEY) };
  return { approved, refused, budget: { session, reservations: [...others, reservation] } };
}

const budgetSchema = z.object({
  session: z.string(),
  reservations: z.array(z.object({ run: z.string(), side: z.enum(["buy", "sell"]), orders: z.int(), turnover: z.int() })),
});

export function dailyBudgetKey(account: AccountName): StateKey<DailyBudget> {
  return { name: `daily-budget/${account}`, parse: (stored) => budgetSchema.parse(stored) as unknown as DailyBudget };
}
