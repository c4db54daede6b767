/**
 * The gate. `review` is the only maker of an `ApprovedOrder`.
 *
 * It is a fold in the order of the candidates: each order is judged with those approved before it already counted
 * against the money, the positions and the number of orders. Checks run in the stated order and the first no decides.
 * A position is weighed at the middle of its quote, as it was sized: a target at the cap is not over it by the spread.
 * Review changes no order; shaping targets and sizing buys to the money happen before, in src/run.
 */
import { addMoney, addQuantity, maxOf, notional, subtractMoney, subtractQuantity, weightFrom, ZERO_QUANTITY, type Money, type Price, type Quantity } from "../money.ts";
import type { ApprovedOrder, OrderRequest, Quote, Symbol } from "../trade.ts";
import type { Instant } from "../time.ts";
import type { Limits } from "./limits.ts";
import type { Refusal } from "./refusals.ts";

export interface Candidate extends OrderRequest {
  readonly referencePrice: Price;
  readonly expectedFees: Money;
  /** The order leaves no position: exempt from the minimum. */
  readonly closesPosition: boolean;
}

export interface ReviewContext {
  readonly now: Instant;
  readonly limits: Limits;
  /** The strategy's share of the account's equity. */
  readonly equity: Money;
  /** What buys may spend, fees included. */
  readonly spendable: Money;
  readonly held: ReadonlyMap<Symbol, Quantity>;
  readonly quotes: ReadonlyMap<Symbol, Quote>;
  /** Orders of this run that are already approved. */
  readonly ordersBefore: number;
}

export interface Review<C> {
  readonly approved: readonly (C & ApprovedOrder)[];
  readonly refused: readonly Refusal[];
}

export function review<C extends Candidate>(candidates: readonly C[], context: ReviewContext): Review<C> {
  const approved: (C & ApprovedOrder)[] = [];
  const refused: Refusal[] = [];
  const held = new Map(context.held);
  let spendable = context.spendable;
  for (const order of candidates) {
    const refusal = judge(order, { ...context, held, spendable, ordersBefore: context.ordersBefore + approved.length });
    if (refusal) {
      refused.push(refusal);
      continue;
    }
    const owned = held.get(order.symbol) ?? ZERO_QUANTITY;
    held.set(order.symbol, order.side === "buy" ? addQuantity(owned, order.quantity) : subtractQuantity(owned, order.quantity));
    if (order.side === "buy") spendable = subtractMoney(spendable, costOf(order));
    approved.push(order as C & ApprovedOrder);
  }
  return { approved, refused };
}

type Check = (order: Candidate, context: ReviewContext) => Refusal | undefined;

const CHECKS: readonly Check[] = [
  checkQuote,
  checkSellsOnlyWhatIsHeld,
  checkCollar,
  checkNotionalMin,
  checkNotionalMax,
  checkOrdersPerRun,
  checkPositionWeight,
  checkBuyingPower,
];

function judge(order: Candidate, context: ReviewContext): Refusal | undefined {
  for (const check of CHECKS) {
    const refusal = check(order, context);
    if (refusal) return refusal;
  }
  return undefined;
}

function checkQuote({ symbol, side }: Candidate, { quotes, now, limits }: ReviewContext): Refusal | undefined {
  const quote = quotes.get(symbol);
  if (!quote) return { code: "QUOTE_MISSING", symbol, side };
  const ageMs = now - quote.at;
  return ageMs > limits.quoteAgeMaxMs ? { code: "QUOTE_STALE", symbol, side, ageMs, maxMs: limits.quoteAgeMaxMs } : undefined;
}

function checkSellsOnlyWhatIsHeld({ symbol, side, quantity }: Candidate, { held }: ReviewContext): Refusal | undefined {
  const owned = held.get(symbol) ?? ZERO_QUANTITY;
  return side === "sell" && quantity > owned ? { code: "SELL_EXCEEDS_POSITION", symbol, quantity, held: owned } : undefined;
}

function checkCollar({ symbol, side, priceBound }: Candidate, { quotes, limits }: ReviewContext): Refusal | undefined {
  const quote = quotes.get(symbol)!;
  const quoted = side === "buy" ? quote.ask : quote.bid;
  const worse = side === "buy" ? priceBound - quoted : quoted - priceBound;
  // Rounding a bound to the micro may move it by one.
  return worse - 1 > (quoted * limits.collarBps) / 10_000
    ? { code: "PRICE_OUTSIDE_COLLAR", symbol, side, bound: priceBound, quoted, collarBps: limits.collarBps }
    : undefined;
}

function checkNotionalMin(order: Candidate, { limits }: ReviewContext): Refusal | undefined {
  const value = notional(order.referencePrice, order.quantity);
  return value < limits.orderNotionalMin && !order.closesPosition
    ? { code: "ORDER_NOTIONAL_BELOW_MIN", symbol: order.symbol, side: order.side, notional: value, min: limits.orderNotionalMin }
    : undefined;
}

function checkNotionalMax(order: Candidate, { limits }: ReviewContext): Refusal | undefined {
  const value = notional(order.referencePrice, order.quantity);
  return value > limits.orderNotionalMax
    ? { code: "ORDER_NOTIONAL_EXCEEDS_MAX", symbol: order.symbol, side: order.side, notional: value, max: limits.orderNotionalMax }
    : undefined;
}

function checkOrdersPerRun({ symbol, side }: Candidate, { limits, ordersBefore }: ReviewContext): Refusal | undefined {
  return ordersBefore >= limits.ordersPerRunMax ? { code: "ORDERS_PER_RUN_EXCEED_MAX", symbol, side, max: limits.ordersPerRunMax } : undefined;
}

function checkPositionWeight(order: Candidate, { equity, held, limits, quotes }: ReviewContext): Refusal | undefined {
  if (order.side === "sell") return undefined;
  const after = addQuantity(held.get(order.symbol) ?? ZERO_QUANTITY, order.quantity);
  const weight = weightFrom(notional(middleOf(quotes.get(order.symbol)!), after), equity);
  return weight > limits.positionWeightMax ? { code: "POSITION_WEIGHT_EXCEEDS_MAX", symbol: order.symbol, weight, max: limits.positionWeightMax } : undefined;
}

function checkBuyingPower(order: Candidate, { spendable }: ReviewContext): Refusal | undefined {
  if (order.side === "sell") return undefined;
  const cost = costOf(order);
  return cost > spendable ? { code: "BUYING_POWER_INSUFFICIENT", symbol: order.symbol, cost, available: maxOf(spendable, 0 as Money) } : undefined;
}

/** What a buy takes from the money that may be spent: a venue reserves a limit order at its limit. */
export function costOf({ type, priceBound, referencePrice, quantity, expectedFees }: Pick<Candidate, "type" | "priceBound" | "referencePrice" | "quantity" | "expectedFees">): Money {
  return addMoney(notional(type === "limit" ? priceBound : referencePrice, quantity), expectedFees);
}

/** The price at which positions are sized and weighed. */
export function middleOf({ bid, ask }: Quote): Price {
  return Math.round((bid + ask) / 2) as Price;
}
