/**
 * What a cash account lets a run do: which money its buys may spend and which of its sells would break a rule.
 *
 * The account's own cash is the authority on the amount; the fold of settled-cash.ts knows how much of it has settled.
 * What the two differ by (dividends, deposits, fees) is taken as settled at once. Limit: a split between a purchase and
 * its settlement leaves the shares of that purchase counted as before it.
 */
import { notional, subtractMoney, subtractQuantity, addQuantity, ZERO_QUANTITY, type Money, type Price, type Quantity } from "../money.ts";
import { applyCash, applyTrade, countViolations, openSettledCash, settleThrough, totalCash, violationOfSale, type CashTrade, type SettledCash } from "../rules/settled-cash.ts";
import { newYorkClock, type EpochDay, type Instant } from "../time.ts";
import type { Side, Symbol } from "../trade.ts";
import type { CashAccountRules } from "./account-rules.ts";
import type { Refusal } from "./refusals.ts";

export interface AccountFill {
  readonly symbol: Symbol;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly price: Price;
  readonly at: Instant;
}

type Positions = ReadonlyMap<Symbol, Quantity>;

/** The fold at the start of `day`, with as much cash as the account has. */
export function reconcileCash(cash: SettledCash | undefined, accountCash: Money, day: EpochDay): SettledCash {
  if (!cash) return openSettledCash(accountCash);
  const today = settleThrough(cash, day);
  const difference = subtractMoney(accountCash, totalCash(today));
  return difference === 0 ? today : applyCash(today, difference, day);
}

/** `fills` in the order in which they happened; `positionsAfter` is what the account holds after the last of them. */
export function cashAfterFills(cash: SettledCash, fills: readonly AccountFill[], positionsAfter: Positions, rules: CashAccountRules): SettledCash {
  const held = positionsBefore(fills, positionsAfter);
  return fills.reduce((before, fill) => {
    const owned = held.get(fill.symbol) ?? ZERO_QUANTITY;
    held.set(fill.symbol, fill.side === "buy" ? addQuantity(owned, fill.quantity) : subtractQuantity(owned, fill.quantity));
    return applyTrade(before, tradeOf(fill, owned, newYorkClock(fill.at).day), settlementOf(rules));
  }, cash);
}

/** What the account held before `fills`. */
export function positionsBefore(fills: readonly AccountFill[], positionsAfter: Positions): Map<Symbol, Quantity> {
  const held = new Map(positionsAfter);
  for (const { symbol, side, quantity } of fills) {
    const after = held.get(symbol) ?? ZERO_QUANTITY;
    held.set(symbol, side === "buy" ? subtractQuantity(after, quantity) : addQuantity(after, quantity));
  }
  return held;
}

interface Sale {
  readonly symbol: Symbol;
  readonly quantity: Quantity;
  readonly referencePrice: Price;
}

/** The sale as the fold would see it; `held` is what the account holds before it. */
export function afterSale(cash: SettledCash, sale: Sale, held: Quantity, day: EpochDay, rules: CashAccountRules): SettledCash {
  return applyTrade(cash, saleOf(sale, held, day), settlementOf(rules));
}

/** Refuses a sale that breaks a rule of cash accounts, unless the policy lets such sales through. */
export function refuseCashViolation(cash: SettledCash, sale: Sale, held: Quantity, day: EpochDay, rules: CashAccountRules): Refusal | undefined {
  if (rules.allowViolations) return undefined;
  const today = settleThrough(cash, day);
  const kind = violationOfSale(today, saleOf(sale, held, day), settlementOf(rules));
  if (kind === undefined) return undefined;
  const max = { "good-faith": rules.goodFaithMax, freeriding: rules.freeridingMax, liquidation: rules.liquidationMax }[kind];
  return { code: "CASH_ACCOUNT_VIOLATION", symbol: sale.symbol, kind, quantity: sale.quantity, settledCash: today.settled, count: countViolations(today.violations, kind, day) + 1, max };
}

function saleOf({ symbol, quantity, referencePrice }: Sale, held: Quantity, day: EpochDay): CashTrade {
  return { side: "sell", symbol, quantity, value: notional(referencePrice, quantity), day, held };
}

function tradeOf({ symbol, side, quantity, price }: AccountFill, held: Quantity, day: EpochDay): CashTrade {
  return { side, symbol, quantity, value: notional(price, quantity), day, held };
}

function settlementOf({ forceCycle }: CashAccountRules): { forceCycle?: NonNullable<CashAccountRules["forceCycle"]> } {
  return forceCycle === undefined ? {} : { forceCycle };
}
