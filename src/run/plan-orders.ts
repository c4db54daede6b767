/**
 * From targets to the orders of one side.
 *
 * Sizing: a target is its weight of the strategy's equity at the middle of the quote, rounded down to the unit that may
 * be traded; the order is the difference to what is held. Sells are planned for whatever is above its target, buys for
 * what is below, and buys are scaled down together until they and their fees fit the money (the strategy's own cash,
 * less its reserve) and the room that groups and gross exposure leave, which sells that did not fill may have made less.
 * A target of 0 sells all that is held, down to the last fraction. Orders come in the order of their symbols.
 */
import { expectedImpactBps } from "../execution/shortfall.ts";
import {
  addMoney,
  FULL_WEIGHT,
  maxOf,
  minOf,
  mulDivDown,
  notional,
  plusBasisPoints,
  quantityFor,
  subtractMoney,
  subtractQuantity,
  weightFrom,
  weightOf,
  weightToNumber,
  wholeSharesDown,
  ZERO_MONEY,
  ZERO_QUANTITY,
  type Money,
  type Price,
  type Quantity,
} from "../money.ts";
import type { Limits } from "../risk/limits.ts";
import type { Refusal } from "../risk/refusals.ts";
import { costOf, middleOf, reservePriceOf, type MarketFacts, type VenueFacts } from "../risk/candidate.ts";
import { sumOf } from "../risk/cap-checks.ts";
import { review, type Review } from "../risk/review.ts";
import { roundLimit, tickSizeOn } from "../rules/tick-sizes.ts";
import { newYorkClock, type Instant } from "../time.ts";
import type { Account, Quote, RunId, Side, Symbol } from "../trade.ts";
import { isForAuction } from "../execution/execution.ts";
import type { Deployment } from "./deployment.ts";
import type { PlannedOrder, PlannedTarget } from "./journal.ts";
import { clientOrderIdOf } from "./run-identity.ts";
import type { AgreedOrder } from "./stored-plan.ts";

export interface PlanInputs {
  readonly run: RunId;
  readonly now: Instant;
  readonly deployment: Deployment;
  readonly targets: readonly PlannedTarget[];
  readonly account: Account;
  readonly quotes: ReadonlyMap<Symbol, Quote>;
  /** From the bars; undefined where no limit asks for them. */
  readonly facts: ReadonlyMap<Symbol, MarketFacts> | undefined;
  /** Where a plan was agreed on: the orders of this side, in place of those that the targets ask for. */
  readonly agreed?: readonly AgreedOrder[];
  /** Undefined where no venue is asked. */
  readonly venue: VenueFacts | undefined;
  /** Orders of this run that are already planned, and what they buy and sell. */
  readonly ordersBefore: number;
  readonly turnoverBefore: Money;
  readonly expectedFees: (side: Side, quantity: Quantity, price: Price) => Money;
}

export interface SidePlan extends Review<PlannedOrder> {
  /** The strategy's share of the account's equity. */
  readonly equity: Money;
  readonly cash: Money;
}

export function planSide(side: Side, inputs: PlanInputs): SidePlan {
  const { account, deployment } = inputs;
  const { allocation, limits } = deployment.settings;
  const equity = weightOf(account.equity, allocation);
  const held = holdingsOf(account, deployment.symbols);
  const spendable = spendableOf(inputs, equity);
  const { agreed } = inputs;
  const { wanted, unquoted } = agreed ? agreedOrders(agreed, held, inputs) : side === "sell" ? sells(inputs, equity, held) : buys(inputs, equity, held);
  const worth = worthOf(account, held);
  const paid = side === "sell" || agreed ? wanted : fitToMoney(wanted, spendable, inputs);
  const sized = side === "sell" || agreed ? wanted : fitToRoom(paid, equity, worth, inputs);
  const { now, quotes, facts, venue, ordersBefore, turnoverBefore } = inputs;
  const { approved, refused } = review(sized, { now, limits, equity, spendable, held, worth, quotes, facts, venue, ordersBefore, turnoverBefore });
  return { equity, cash: account.cash, approved, refused: [...unquoted, ...unpaid(wanted, paid, spendable, limits), ...refused] };
}

interface Wanted {
  readonly wanted: readonly PlannedOrder[];
  readonly unquoted: readonly Refusal[];
}

/** The quantities as they were agreed on, at prices of now and within the bounds of then. */
function agreedOrders(agreed: readonly AgreedOrder[], held: ReadonlyMap<Symbol, Quantity>, inputs: PlanInputs): Wanted {
  const unquoted = agreed.filter(({ symbol }) => !inputs.quotes.has(symbol)).map(({ symbol, side }) => ({ code: "QUOTE_MISSING" as const, symbol, side }));
  const wanted = agreed.flatMap(({ side, symbol, quantity, priceBound, reason }) => {
    const quote = inputs.quotes.get(symbol);
    if (!quote) return [];
    const order = orderOf(side, symbol, quantity, quote, side === "sell" && held.get(symbol) === quantity, reason, inputs);
    return [{ ...order, priceBound: side === "buy" ? minOf(order.priceBound, priceBound) : maxOf(order.priceBound, priceBound) }];
  });
  return { wanted, unquoted };
}

function sells(inputs: PlanInputs, equity: Money, held: ReadonlyMap<Symbol, Quantity>): Wanted {
  const targetOf = new Map(inputs.targets.map((target) => [target.symbol, target]));
  const wanted: PlannedOrder[] = [];
  const unquoted: Refusal[] = [];
  for (const [symbol, owned] of held) {
    const target = targetOf.get(symbol);
    const quote = inputs.quotes.get(symbol);
    if (!quote) {
      if (!target || target.weight === 0) unquoted.push({ code: "QUOTE_MISSING", symbol, side: "sell" });
      continue;
    }
    const aim = target ? sizeOf(symbol, weightOf(equity, target.weight), quote, inputs) : ZERO_QUANTITY;
    if (aim >= owned) continue;
    const closesPosition = !target || target.weight === 0;
    const surplus = subtractQuantity(owned, aim);
    const quantity = closesPosition && !isForAuction(inputs.deployment.settings.executionStyle) ? surplus : tradable(symbol, surplus, inputs);
    if (quantity > 0) wanted.push(orderOf("sell", symbol, quantity, quote, closesPosition, target?.reason ?? "no longer a target", inputs));
  }
  return { wanted, unquoted };
}

function buys(inputs: PlanInputs, equity: Money, held: ReadonlyMap<Symbol, Quantity>): Wanted {
  const wanted: PlannedOrder[] = [];
  const unquoted: Refusal[] = [];
  for (const { symbol, weight, reason } of inputs.targets) {
    if (weight === 0) continue;
    const quote = inputs.quotes.get(symbol);
    if (!quote) {
      unquoted.push({ code: "QUOTE_MISSING", symbol, side: "buy" });
      continue;
    }
    const missing = subtractQuantity(sizeOf(symbol, weightOf(equity, weight), quote, inputs), held.get(symbol) ?? ZERO_QUANTITY);
    const quantity = missing > 0 ? tradable(symbol, missing, inputs) : ZERO_QUANTITY;
    if (quantity > 0) wanted.push(orderOf("buy", symbol, quantity, quote, false, reason, inputs));
  }
  return { wanted, unquoted };
}

/** Shares of the strategy's equity, marked at the account's prices: what a strategy is shown of its own positions. */
export function heldWeights(account: Account, { symbols, settings }: Deployment): ReadonlyMap<Symbol, number> {
  const ours = new Set(symbols);
  const equity = weightOf(account.equity, settings.allocation);
  const held = account.positions.filter(({ symbol, quantity }) => ours.has(symbol) && quantity !== 0);
  return new Map(held.map(({ symbol, quantity, marketPrice }) => [symbol, weightToNumber(weightFrom(notional(marketPrice, quantity), equity))]));
}

/** At the account's own prices. */
function worthOf({ positions }: Account, held: ReadonlyMap<Symbol, Quantity>): ReadonlyMap<Symbol, Money> {
  return new Map(positions.filter(({ symbol }) => held.has(symbol)).map(({ symbol, quantity, marketPrice }) => [symbol, notional(marketPrice, quantity)]));
}

/** Long holdings of the symbols this strategy trades, in the order of the symbols. */
function holdingsOf(account: Account, symbols: readonly Symbol[]): ReadonlyMap<Symbol, Quantity> {
  const ours = new Set(symbols);
  return new Map(account.positions.filter(({ symbol, quantity }) => ours.has(symbol) && quantity > 0).map(({ symbol, quantity }) => [symbol, quantity]));
}

/** The strategy's own cash, less the reserve; neither another strategy's nor, where the broker would lend, the broker's. */
function spendableOf({ account, deployment }: PlanInputs, equity: Money): Money {
  const ours = new Set(deployment.symbols);
  let invested = ZERO_MONEY;
  for (const { symbol, quantity, marketPrice } of account.positions) {
    if (ours.has(symbol)) invested = addMoney(invested, notional(marketPrice, quantity));
  }
  const { allocation, limits } = deployment.settings;
  const free = minOf(account.buyingPower, account.cash);
  const own = allocation === FULL_WEIGHT ? free : minOf(free, subtractMoney(equity, invested));
  return maxOf(subtractMoney(own, weightOf(equity, limits.cashReserveMin)), ZERO_MONEY);
}

/** Each round shrinks all buys by the same ratio; fees with a minimum may need a second or third. */
function fitToMoney(orders: readonly PlannedOrder[], spendable: Money, inputs: PlanInputs): readonly PlannedOrder[] {
  let fitted = orders;
  for (let round = 0; round < 4; round += 1) {
    let cost = ZERO_MONEY;
    let fees = ZERO_MONEY;
    for (const order of fitted) {
      cost = addMoney(cost, costOf(order));
      fees = addMoney(fees, order.expectedFees);
    }
    if (cost <= spendable) return fitted;
    const affordable = maxOf(subtractMoney(spendable, fees), ZERO_MONEY);
    const value = subtractMoney(cost, fees);
    if (value <= 0) return [];
    fitted = fitted.flatMap((order) => {
      const quantity = tradable(order.symbol, mulDivDown(order.quantity, affordable, value) as Quantity, inputs);
      return quantity > 0 ? [resized(order, quantity, inputs)] : [];
    });
  }
  return fitted;
}

/** Where there is no room at all, the orders stay as they are and review says which cap refuses them. */
function fitToRoom(orders: readonly PlannedOrder[], equity: Money, worth: ReadonlyMap<Symbol, Money>, inputs: PlanInputs): readonly PlannedOrder[] {
  const { grossExposureMax, groups = [] } = inputs.deployment.settings.limits;
  const caps = [...groups.map(({ symbols, weightMax }) => ({ symbols: new Set(symbols), weightMax })), { symbols: undefined, weightMax: grossExposureMax }];
  let fitted = orders;
  for (const { symbols, weightMax } of caps) {
    const held = sumOf(symbols ?? worth.keys(), worth);
    const wanted = fitted.filter(({ symbol }) => symbols?.has(symbol) ?? true).reduce((sum, { symbol, quantity }) => addMoney(sum, notional(middleOf(inputs.quotes.get(symbol)!), quantity)), ZERO_MONEY);
    const room = maxOf(subtractMoney(weightOf(equity, weightMax), held), ZERO_MONEY);
    if (wanted === 0 || weightFrom(addMoney(held, wanted), equity) <= weightMax) continue;
    fitted = fitted.map((order) => {
      if (symbols && !symbols.has(order.symbol)) return order;
      const quantity = tradable(order.symbol, mulDivDown(order.quantity, room, wanted) as Quantity, inputs);
      return quantity > 0 ? resized(order, quantity, inputs) : order;
    });
  }
  return fitted;
}

/** A buy of another quantity, with what depends on it. */
function resized(order: PlannedOrder, quantity: Quantity, inputs: PlanInputs): PlannedOrder {
  const { expectedImpactBps: _, ...rest } = order;
  return { ...rest, quantity, expectedFees: inputs.expectedFees("buy", quantity, reservePriceOf(order)), ...impactOf(order.symbol, quantity, inputs) };
}

function impactOf(symbol: Symbol, quantity: Quantity, { facts }: PlanInputs): Pick<PlannedOrder, "expectedImpactBps"> {
  const impact = expectedImpactBps(quantity, facts?.get(symbol) ?? {});
  return impact === undefined ? {} : { expectedImpactBps: impact };
}

/** Buys that the money does not reach for at all. What was not worth an order before is still that. */
function unpaid(wanted: readonly PlannedOrder[], sized: readonly PlannedOrder[], available: Money, { orderNotionalMin }: Limits): readonly Refusal[] {
  const kept = new Set(sized.map(({ symbol }) => symbol));
  return wanted
    .filter(({ symbol }) => !kept.has(symbol))
    .map((order) => {
      const { symbol, side } = order;
      const value = notional(order.referencePrice, order.quantity);
      return value < orderNotionalMin
        ? { code: "ORDER_NOTIONAL_BELOW_MIN", symbol, side, notional: value, min: orderNotionalMin }
        : { code: "BUYING_POWER_INSUFFICIENT", symbol, cost: costOf(order), available };
    });
}

function sizeOf(symbol: Symbol, value: Money, quote: Quote, inputs: PlanInputs): Quantity {
  const { positionNotionalMax } = inputs.deployment.settings.limits;
  return tradable(symbol, quantityFor(positionNotionalMax === undefined ? value : minOf(value, positionNotionalMax), middleOf(quote)), inputs);
}

function tradable(symbol: Symbol, quantity: Quantity, { deployment, venue }: PlanInputs): Quantity {
  const whole = deployment.settings.shares === "whole" || isForAuction(deployment.settings.executionStyle) || venue?.assets.get(symbol)?.fractionable === false;
  return whole ? wholeSharesDown(quantity) : quantity;
}

function orderOf(side: Side, symbol: Symbol, quantity: Quantity, quote: Quote, closesPosition: boolean, reason: string, inputs: PlanInputs): PlannedOrder {
  const { executionStyle, limits } = inputs.deployment.settings;
  const referencePrice = side === "buy" ? quote.ask : quote.bid;
  const bound = plusBasisPoints(referencePrice, side === "buy" ? limits.collarBps : -limits.collarBps);
  const isLimit = executionStyle !== "market";
  const prices = { type: isLimit ? "limit" : "market", priceBound: isLimit ? limitNear(side, bound, quote, inputs.now) : bound, referencePrice } as const;
  return {
    clientOrderId: clientOrderIdOf(inputs.run, symbol, side, 0),
    symbol,
    side,
    quantity,
    ...prices,
    expectedFees: inputs.expectedFees(side, quantity, side === "buy" ? reservePriceOf(prices) : referencePrice),
    closesPosition,
    reason,
    arrivalPrice: middleOf(quote),
    ...impactOf(symbol, quantity, inputs),
  };
}

/** On a tick and within the collar, but never short of the quote: where a tick is wider than the collar, or prices were adjusted and lie between ticks, the quote is the limit. */
function limitNear(side: Side, collar: Price, { bid, ask }: Quote, now: Instant): Price {
  const { day } = newYorkClock(now);
  if (side === "sell") return minOf(roundLimit(side, collar, day), bid);
  return collar < tickSizeOn(day, collar) ? ask : maxOf(roundLimit(side, collar, day), ask);
}
