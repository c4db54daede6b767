/**
 * The last part of the gate: checks that know the account's runs before this one.
 *
 * A fold over orders that the order checks have approved; it only takes away, so what was checked before stays true. An
 * order that is let through counts for the next. Order of the checks: cash account, intraday margin, day trades, daily
 * loss, drawdown. The daily budget comes after, where it is reserved (daily-budget.ts).
 */
import { addQuantity, subtractQuantity, ZERO_QUANTITY, type Money, type Quantity } from "../money.ts";
import type { SettledCash } from "../rules/settled-cash.ts";
import type { EpochDay, SessionDate } from "../time.ts";
import type { Account, Symbol } from "../trade.ts";
import type { AccountRules } from "./account-rules.ts";
import { afterSale, refuseCashViolation } from "./cash-account.ts";
import { afterOrder, refuseDayTrade, refuseMarginDeficit, type DayFill, type DayTradeRecord, type MarginSituation } from "./day-trade-guard.ts";
import { refuseForLosses, type EquityFacts } from "./loss-limits.ts";
import type { Refusal } from "./refusals.ts";
import type { Candidate, Review } from "./review.ts";

export interface AccountContext {
  readonly rules: AccountRules;
  readonly day: EpochDay;
  readonly account: Account;
  readonly equity: EquityFacts;
  /** Of a cash account, with this run's fills in it. */
  readonly cash: SettledCash | undefined;
  /** Of a margin account, without this run's fills. */
  readonly dayTrades: DayTradeRecord | undefined;
  /** This run's fills, in the order in which they happened. */
  readonly fills: readonly DayFill[];
}

/** What the account rules knew when a side was planned; each field is there when the rule that needs it is set. */
export interface AccountFacts {
  readonly settledCash?: Money;
  /** Proceeds on their way, soonest first. */
  readonly unsettled?: readonly { readonly settles: SessionDate; readonly amount: Money }[];
  readonly lastEquity?: Money;
  readonly highWater?: Money;
  /** Before the run's orders, of the run's symbols. */
  readonly held?: Readonly<Record<Symbol, Quantity>>;
}

/** The account as the orders that were let through will leave it. */
interface Situation {
  readonly cash: SettledCash | undefined;
  readonly margin: MarginSituation;
  readonly fills: readonly DayFill[];
  readonly held: ReadonlyMap<Symbol, Quantity>;
}

export function reviewForAccount<C extends Candidate>(orders: Review<C>["approved"], context: AccountContext): Review<C> {
  const approved: Review<C>["approved"][number][] = [];
  const refused: Refusal[] = [];
  let situation = startOf(context);
  for (const order of orders) {
    const after = afterOne(order, situation, context);
    const refusal = judge(order, situation, after, context);
    if (refusal) {
      refused.push(refusal);
      continue;
    }
    approved.push(order);
    situation = after;
  }
  return { approved, refused };
}

function startOf({ account, cash, fills }: AccountContext): Situation {
  return {
    cash,
    margin: { equity: account.equity, cash: account.cash, positions: account.positions.map(({ symbol, quantity, marketPrice }) => ({ symbol, quantity, price: marketPrice })) },
    fills,
    held: new Map(account.positions.map(({ symbol, quantity }) => [symbol, quantity])),
  };
}

function judge(order: Candidate, before: Situation, after: Situation, { rules, day, dayTrades, equity }: AccountContext): Refusal | undefined {
  const { cashAccount, marginAccount } = rules;
  const held = before.held.get(order.symbol) ?? ZERO_QUANTITY;
  if (cashAccount && before.cash && order.side === "sell") {
    const refusal = refuseCashViolation(before.cash, order, held, day, cashAccount);
    if (refusal) return refusal;
  }
  if (marginAccount) {
    const lastEquity = equity.lastEquity ?? equity.equity;
    const refusal =
      refuseMarginDeficit(order, before.margin, after.margin, day, marginAccount) ??
      refuseDayTrade(order, { record: dayTrades, day, fills: before.fills, positions: before.held, lastEquity }, marginAccount);
    if (refusal) return refusal;
  }
  return order.side === "buy" ? refuseForLosses(order.symbol, equity, rules) : undefined;
}

function afterOne(order: Candidate, { cash, margin, fills, held }: Situation, { rules, day }: AccountContext): Situation {
  const owned = held.get(order.symbol) ?? ZERO_QUANTITY;
  return {
    // What buys may spend was decided before; only sales can break a rule.
    cash: cash && rules.cashAccount && order.side === "sell" ? afterSale(cash, order, owned, day, rules.cashAccount) : cash,
    margin: rules.marginAccount ? afterOrder(margin, order, order.referencePrice, order.expectedFees) : margin,
    fills: rules.marginAccount ? [...fills, { symbol: order.symbol, side: order.side, quantity: order.quantity }] : fills,
    held: new Map(held).set(order.symbol, order.side === "buy" ? addQuantity(owned, order.quantity) : subtractQuantity(owned, order.quantity)),
  };
}
