/**
 * What a run would do, without doing it: the same decisions as the path, over an account and quotes that are handed in.
 *
 * Sells are assumed to fill at the bid, and to pay their fees, before the buys are planned. Nothing is journaled and no
 * order can leave here.
 */
import { addMoney, addQuantity, notional, subtractMoney, subtractQuantity, weightOf, weightToNumber, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from "../money.ts";
import type { MarketFacts, VenueFacts } from "../risk/candidate.ts";
import type { Refusal } from "../risk/refusals.ts";
import { expectedFees } from "../rules/fees.ts";
import type { Json } from "../json.ts";
import type { Decision } from "../strategy.ts";
import { newYorkClock, type Instant, type SessionDate } from "../time.ts";
import type { Account, MarketView, Position, Quote, RunId, Side, Symbol } from "../trade.ts";
import { planForAccount } from "./account-gate.ts";
import { NO_MEMORY, withRunOpened, type AccountMemory } from "./account-memory.ts";
import { tradingWindowOf, type Deployment } from "./deployment.ts";
import { withExits } from "./exit-targets.ts";
import type { PlannedOrder, PlannedTarget } from "./journal.ts";
import { barsNeeded, marketFacts } from "./market-facts.ts";
import { heldWeights, planSide } from "./plan-orders.ts";
import { shapeTargets, type ShapedTargets } from "./targets.ts";

export interface PreviewInputs {
  readonly deployment: Deployment;
  readonly account: Account;
  readonly view: MarketView;
  /** The same with as many bars as `barsNeeded` says. */
  readonly gateView: MarketView;
  readonly quotes: ReadonlyMap<Symbol, Quote>;
  readonly memory: Json | undefined;
  /** What the account remembers of its runs; a new account remembers nothing. */
  readonly accountMemory?: AccountMemory;
  /** Absent where no venue is asked. */
  readonly venue?: VenueFacts;
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
  readonly targets: readonly PlannedTarget[];
  readonly rows: readonly PreviewRow[];
  /** Sells, then buys. */
  readonly orders: readonly PlannedOrder[];
  readonly refused: readonly Refusal[];
  readonly expectedFees: Money;
  /** After all orders. */
  readonly cashAfter: Money;
}

export function previewRun({ deployment: configured, account, view, gateView, quotes, memory, accountMemory, venue, now, run }: PreviewInputs): Preview {
  const equity = weightOf(account.equity, configured.settings.allocation);
  const weights = heldWeights(account, configured);
  const decision = configured.strategy.decide(view, weights, memory);
  const keep = "keep" in decision ? decision.keep : undefined;
  const { day } = newYorkClock(now);
  const { session } = tradingWindowOf(now, configured.settings.tradingHours);
  const before = accountMemory ?? NO_MEMORY;
  const remembered = configured.settings.accountRules?.cashAccount ? withRunOpened(before, run, session, account.cash, day) : before;
  const shaped = shapedTargets(decision, account, gateView, remembered, session, configured);
  // Where the strategy keeps everything, exits alone are traded.
  const deployment = keep === undefined ? configured : { ...configured, symbols: shaped.targets.map(({ symbol }) => symbol) };
  const bars = barsNeeded(configured.settings.limits, configured.settings.executionStyle);
  const facts = bars > 0 ? new Map(Object.entries(marketFacts(configured.symbols, gateView)) as [Symbol, MarketFacts][]) : undefined;
  const inputs = {
    run,
    now,
    deployment,
    targets: shaped.targets,
    quotes,
    facts,
    venue,
    expectedFees: (side: Side, quantity: Quantity, price: Price) => expectedFees(deployment.settings.fees, { side, quantity, price, day }),
  };
  const trades = keep === undefined || shaped.targets.length > 0;
  const gate = { deployment, memory: remembered, now };
  const sells = trades ? planForAccount({ ...gate, account, fills: [] }, (limited) => planSide("sell", { ...inputs, account: limited, ordersBefore: 0, turnoverBefore: ZERO_MONEY })) : undefined;
  const sold = sells?.approved ?? [];
  const turnoverBefore = sold.reduce((sum, { referencePrice, quantity }) => addMoney(sum, notional(referencePrice, quantity)), ZERO_MONEY);
  const afterSells = accountAfter(account, sold);
  const fills = sold.map(({ symbol, side, quantity, referencePrice }) => ({ symbol, side, quantity, price: referencePrice, at: now }));
  const buys = trades ? planForAccount({ ...gate, account: afterSells, fills }, (limited) => planSide("buy", { ...inputs, account: limited, ordersBefore: sold.length, turnoverBefore })) : undefined;
  const orders = [...(sells?.approved ?? []), ...(buys?.approved ?? [])];
  return {
    equity,
    cash: account.cash,
    keep,
    targets: shaped.targets,
    rows: rowsOf(configured.symbols, shaped.targets, weights, new Map(account.positions.map(({ symbol, quantity }) => [symbol, quantity])), keep),
    orders,
    refused: [...shaped.refused, ...(sells?.refused ?? []), ...(buys?.refused ?? [])],
    expectedFees: orders.reduce((sum, order) => addMoney(sum, order.expectedFees), 0 as Money),
    cashAfter: accountAfter(afterSells, buys?.approved ?? []).cash,
  };
}

function shapedTargets(decision: Decision, account: Account, view: MarketView, memory: AccountMemory, session: SessionDate, { settings, symbols }: Deployment): ShapedTargets {
  const shaped = "keep" in decision ? undefined : shapeTargets(decision.targets, settings.limits, { equity: weightOf(account.equity, settings.allocation), view });
  if (!settings.exits) return shaped ?? { targets: [], refused: [] };
  const ours = new Set(symbols);
  return withExits(shaped, account.positions.filter(({ symbol }) => ours.has(symbol)), memory, session, settings.exits);
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
    const target = wanted ? weightToNumber(wanted.weight) : keep === undefined ? 0 : weight;
    const clampedFrom = wanted?.clampedFrom === undefined ? undefined : weightToNumber(wanted.clampedFrom);
    return [{ symbol, weight, target, drift: weight - target, quantity: quantities.get(symbol) ?? (0 as Quantity), reason: wanted?.reason ?? keep ?? "no longer a target", clampedFrom }];
  });
}

function accountAfter(account: Account, orders: readonly PlannedOrder[]): Account {
  let { cash, buyingPower, equity } = account;
  const held = new Map(account.positions.map((position) => [position.symbol, position]));
  for (const { side, symbol, quantity, referencePrice, expectedFees: fees } of orders) {
    const value = notional(referencePrice, quantity);
    const flow = side === "sell" ? subtractMoney(value, fees) : subtractMoney(ZERO_MONEY, addMoney(value, fees));
    const before: Position = held.get(symbol) ?? { symbol, quantity: ZERO_QUANTITY, marketPrice: referencePrice, averageEntryPrice: undefined };
    const after = { ...before, quantity: side === "sell" ? subtractQuantity(before.quantity, quantity) : addQuantity(before.quantity, quantity) };
    cash = addMoney(cash, flow);
    buyingPower = addMoney(buyingPower, flow);
    equity = addMoney(subtractMoney(addMoney(equity, flow), notional(before.marketPrice, before.quantity)), notional(after.marketPrice, after.quantity));
    held.set(symbol, after);
  }
  const positions = [...held.values()].filter(({ quantity }) => quantity !== 0).sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  return { ...account, cash, buyingPower, equity, positions };
}
