/**
 * What a run would do, without doing it: the same decisions as the path, over an account and quotes that are handed in.
 *
 * Sells are assumed to fill at the bid before the buys are planned. Nothing is journaled and no order can leave here.
 */
import { addMoney, notional, subtractMoney, subtractQuantity, weightOf, weightToNumber, ZERO_MONEY, type Money, type Price, type Quantity } from "../money.ts";
import type { Refusal } from "../risk/refusals.ts";
import { expectedFees } from "../rules/fees.ts";
import type { Json } from "../json.ts";
import { newYorkClock, type Instant } from "../time.ts";
import type { Account, MarketView, Quote, RunId, Side, Symbol } from "../trade.ts";
import type { Deployment } from "./deployment.ts";
import type { PlannedOrder, PlannedTarget } from "./journal.ts";
import { heldWeights, planSide } from "./plan-orders.ts";
import { shapeTargets } from "./targets.ts";

export interface PreviewInputs {
  readonly deployment: Deployment;
  readonly account: Account;
  readonly view: MarketView;
  readonly quotes: ReadonlyMap<Symbol, Quote>;
  readonly memory: Json | undefined;
  /** When the orders would be placed. */
  readonly now: Instant;
  readonly run: RunId;
}

export interface PreviewRow {
  readonly symbol: Symbol;
  /** Shares of equity, before the orders. */
  readonly weight: number;
  readonly target: number;
  readonly drift: number;
  readonly quantity: Quantity;
  readonly reason: string;
  /** What the strategy asked for, where a cap made it less. */
  readonly clampedFrom: number | undefined;
}

export interface Preview {
  readonly equity: Money;
  readonly cash: Money;
  /** The strategy's reason for trading nothing. */
  readonly keep: string | undefined;
  readonly rows: readonly PreviewRow[];
  /** Sells, then buys. */
  readonly orders: readonly PlannedOrder[];
  readonly refused: readonly Refusal[];
  readonly expectedFees: Money;
  /** After all orders. */
  readonly cashAfter: Money;
}

export function previewRun({ deployment, account, view, quotes, memory, now, run }: PreviewInputs): Preview {
  const equity = weightOf(account.equity, deployment.settings.allocation);
  const weights = heldWeights(account, deployment);
  const decision = deployment.strategy.decide(view, weights, memory);
  const keep = "keep" in decision ? decision.keep : undefined;
  const shaped = "keep" in decision ? { targets: [], refused: [] } : shapeTargets(decision.targets, deployment.settings.limits);
  const { day } = newYorkClock(now);
  const inputs = {
    run,
    now,
    deployment,
    targets: shaped.targets,
    quotes,
    expectedFees: (side: Side, quantity: Quantity, price: Price) => expectedFees(deployment.settings.fees, { side, quantity, price, day }),
  };
  const sells = keep === undefined ? planSide("sell", { ...inputs, account, ordersBefore: 0 }) : undefined;
  const afterSells = sells ? accountAfter(account, sells.approved) : account;
  const buys = keep === undefined ? planSide("buy", { ...inputs, account: afterSells, ordersBefore: sells?.approved.length ?? 0 }) : undefined;
  const orders = [...(sells?.approved ?? []), ...(buys?.approved ?? [])];
  return {
    equity,
    cash: account.cash,
    keep,
    rows: rowsOf(deployment.symbols, shaped.targets, weights, new Map(account.positions.map(({ symbol, quantity }) => [symbol, quantity])), keep),
    orders,
    refused: [...shaped.refused, ...(sells?.refused ?? []), ...(buys?.refused ?? [])],
    expectedFees: orders.reduce((sum, order) => addMoney(sum, order.expectedFees), 0 as Money),
    cashAfter: accountAfter(afterSells, buys?.approved ?? []).cash,
  };
}

/** The symbols that are held or wanted. */
function rowsOf(
  symbols: readonly Symbol[],
  targets: readonly PlannedTarget[],
  weights: ReadonlyMap<Symbol, number>,
  quantities: ReadonlyMap<Symbol, Quantity>,
  keep: string | undefined,
): readonly PreviewRow[] {
  const targetOf = new Map(targets.map((target) => [target.symbol, target]));
  return symbols.flatMap((symbol) => {
    const wanted = targetOf.get(symbol);
    const weight = weights.get(symbol) ?? 0;
    if (!wanted && weight === 0) return [];
    const target = keep === undefined ? (wanted ? weightToNumber(wanted.weight) : 0) : weight;
    const clampedFrom = wanted?.clampedFrom === undefined ? undefined : weightToNumber(wanted.clampedFrom);
    return [{ symbol, weight, target, drift: weight - target, quantity: quantities.get(symbol) ?? (0 as Quantity), reason: wanted?.reason ?? keep ?? "no longer a target", clampedFrom }];
  });
}

function accountAfter(account: Account, orders: readonly PlannedOrder[]): Account {
  let { cash, buyingPower } = account;
  const held = new Map(account.positions.map((position) => [position.symbol, position]));
  for (const { side, symbol, quantity, referencePrice, expectedFees: fees } of orders) {
    const value = notional(referencePrice, quantity);
    const flow = side === "sell" ? subtractMoney(value, fees) : subtractMoney(ZERO_MONEY, addMoney(value, fees));
    cash = addMoney(cash, flow);
    buyingPower = addMoney(buyingPower, flow);
    const before = held.get(symbol);
    if (side === "sell" && before) held.set(symbol, { ...before, quantity: subtractQuantity(before.quantity, quantity) });
  }
  const positions = [...held.values()].filter(({ quantity }) => quantity !== 0);
  return { ...account, cash, buyingPower, positions };
}
