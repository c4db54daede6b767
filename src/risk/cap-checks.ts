/**
 * Checks of what the account would be after an order: caps of the run, of the position, of groups and of the whole.
 *
 * A position is weighed at the middle of its quote, as it was sized: a target at the cap is not over it by the spread.
 * Exposure and groups count what is held at the account's own prices, as its equity does, and what is bought at the
 * middle of its quote. Weights are rounded to the millionth. What only sells is never over a cap on what is held.
 */
import { addMoney, addQuantity, maxOf, notional, weightFrom, ZERO_MONEY, ZERO_QUANTITY, type Money } from "../money.ts";
import type { Symbol } from "../trade.ts";
import { costOf, middleOf, type Candidate, type ReviewContext } from "./candidate.ts";
import type { Refusal } from "./refusals.ts";

/** The context with the orders approved before counted. */
export interface ReviewState extends ReviewContext {
  /** The sum of `worth`. */
  readonly exposure: Money;
}

export function checkOrdersPerRun({ symbol, side }: Candidate, { limits, ordersBefore }: ReviewContext): Refusal | undefined {
  return ordersBefore >= limits.ordersPerRunMax ? { code: "ORDERS_PER_RUN_EXCEED_MAX", symbol, side, max: limits.ordersPerRunMax } : undefined;
}

export function checkTurnoverPerRun(order: Candidate, { limits: { turnoverPerRunMax: max }, equity, turnoverBefore }: ReviewContext): Refusal | undefined {
  if (max === undefined) return undefined;
  const turnover = weightFrom(addMoney(turnoverBefore, notional(order.referencePrice, order.quantity)), equity);
  return turnover > max ? { code: "TURNOVER_PER_RUN_EXCEEDS_MAX", symbol: order.symbol, side: order.side, turnover, max } : undefined;
}

export function checkPosition(order: Candidate, { equity, held, limits, quotes }: ReviewContext): Refusal | undefined {
  if (order.side === "sell") return undefined;
  const { symbol } = order;
  const value = notional(middleOf(quotes.get(symbol)!), addQuantity(held.get(symbol) ?? ZERO_QUANTITY, order.quantity));
  const { positionWeightMax, positionNotionalMax } = limits;
  const weight = weightFrom(value, equity);
  if (weight > positionWeightMax) return { code: "POSITION_WEIGHT_EXCEEDS_MAX", symbol, weight, max: positionWeightMax };
  return positionNotionalMax !== undefined && value > positionNotionalMax ? { code: "POSITION_NOTIONAL_EXCEEDS_MAX", symbol, notional: value, max: positionNotionalMax } : undefined;
}

export function checkGroups(order: Candidate, { equity, worth, limits, quotes }: ReviewContext): Refusal | undefined {
  if (order.side === "sell") return undefined;
  for (const { name, symbols, weightMax } of limits.groups ?? []) {
    if (!symbols.includes(order.symbol)) continue;
    const weight = weightFrom(addMoney(sumOf(symbols, worth), notional(middleOf(quotes.get(order.symbol)!), order.quantity)), equity);
    if (weight > weightMax) return { code: "GROUP_WEIGHT_EXCEEDS_MAX", symbol: order.symbol, group: name, weight, max: weightMax };
  }
  return undefined;
}

export function checkGrossExposure(order: Candidate, { equity, exposure, limits: { grossExposureMax: max }, quotes }: ReviewState): Refusal | undefined {
  if (order.side === "sell") return undefined;
  const weight = weightFrom(addMoney(exposure, notional(middleOf(quotes.get(order.symbol)!), order.quantity)), equity);
  return weight > max ? { code: "GROSS_EXPOSURE_EXCEEDS_MAX", symbol: order.symbol, weight, max } : undefined;
}

export function checkBuyingPower(order: Candidate, { spendable }: ReviewContext): Refusal | undefined {
  if (order.side === "sell") return undefined;
  const cost = costOf(order);
  return cost > spendable ? { code: "BUYING_POWER_INSUFFICIENT", symbol: order.symbol, cost, available: maxOf(spendable, ZERO_MONEY) } : undefined;
}

export function sumOf(symbols: Iterable<Symbol>, worth: ReadonlyMap<Symbol, Money>): Money {
  let sum = ZERO_MONEY;
  for (const symbol of symbols) sum = addMoney(sum, worth.get(symbol) ?? ZERO_MONEY);
  return sum;
}
