/**
 * What an execution was expected to cost, and what it cost: impact before, implementation shortfall after.
 *
 * Expected impact, in basis points, is market-impact.ts's for the whole order.
 *
 * Shortfall is measured from the middle of the quote by which the order was planned: for a buy what was paid above it,
 * for a sell what was got below it, and the expected fees for the part that was filled. Negative is a gain. What was not
 * filled has no price here and is left out.
 */
import { addMoney, mulDiv, NANOS, notional, subtractMoney, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from "../money.ts";
import { impactBps } from "./market-impact.ts";
import type { Fill, Side, Symbol } from "../trade.ts";

/** Rounded to a hundredth of a basis point. */
export function expectedImpactBps(quantity: Quantity, { averageVolume, volatility }: { readonly averageVolume?: number; readonly volatility?: number }): number | undefined {
  if (averageVolume === undefined || averageVolume <= 0 || volatility === undefined) return undefined;
  return Math.round(100 * impactBps(quantity, { dailyVolume: averageVolume, dailyVolatility: volatility })) / 100;
}

/** An order that was filled at least in part. */
export interface Executed {
  readonly symbol: Symbol;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly arrivalPrice: Price;
  readonly averagePrice: Price;
  readonly shortfall: Money;
}

export interface ExecutionCost {
  /** At arrival prices. */
  readonly traded: Money;
  readonly shortfall: Money;
  readonly orders: readonly Executed[];
}

interface Ordered {
  readonly symbol: Symbol;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly arrivalPrice: Price;
  readonly expectedFees: Money;
}

/** Undefined where nothing was filled. */
export function executionCost(orders: readonly { readonly order: Ordered; readonly fills: readonly Fill[] }[]): ExecutionCost | undefined {
  let traded = ZERO_MONEY;
  let shortfall = ZERO_MONEY;
  const executed: Executed[] = [];
  for (const { order, fills } of orders) {
    const quantity = fills.reduce<number>((sum, fill) => sum + fill.quantity, ZERO_QUANTITY) as Quantity;
    if (quantity === 0) continue;
    const value = fills.reduce((sum, fill) => addMoney(sum, notional(fill.price, fill.quantity)), ZERO_MONEY);
    const atArrival = notional(order.arrivalPrice, quantity);
    const worse = order.side === "buy" ? subtractMoney(value, atArrival) : subtractMoney(atArrival, value);
    const own = addMoney(worse, mulDiv(order.expectedFees, quantity, order.quantity) as Money);
    traded = addMoney(traded, atArrival);
    shortfall = addMoney(shortfall, own);
    executed.push({ symbol: order.symbol, side: order.side, quantity, arrivalPrice: order.arrivalPrice, averagePrice: mulDiv(value, NANOS, quantity) as Price, shortfall: own });
  }
  return executed.length === 0 ? undefined : { traded, shortfall, orders: executed };
}
