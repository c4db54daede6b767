/**
 * What must never happen, found by comparing the venue's own records with the journals after a day.
 *
 * The venue's truth is its list of orders, its list of executions and its ledger. Nothing here asks the adapter or folds
 * events with the code under test.
 */
import { addMoney, moneyToText, notional, quantityToText, subtractMoney, type Money, type Quantity } from "../../src/money.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import type { FillActivity } from "../../src/server/activities.ts";
import { hasEnded, type VenueOrder } from "../../src/server/venue-order.ts";
import type { Venue } from "../../src/server/venue.ts";
import type { Trigger } from "../../src/run/deployment.ts";
import { isoOf } from "../../src/time.ts";
import type { ApprovedOrder, Fill, RunId, Symbol } from "../../src/trade.ts";
import { activitiesOf, ordersOf } from "../support/account-history.ts";
import type { Told } from "./roads.ts";
import type { DrawnDay } from "./drawn-day.ts";
import type { Cancel } from "./venue-with-faults.ts";

export const KINDS = ["duplicateOrders", "capBreaches", "lostFills", "unreconciledDifferences", "wrongSuccessReports"] as const;
export type Kind = (typeof KINDS)[number];

export interface Violation {
  readonly kind: Kind;
  readonly facts: string;
}

export interface PlayedRun {
  readonly id: RunId;
  readonly trigger: Trigger;
  readonly events: readonly JournalEvent[];
  /** What callers were told, and what was reported of it. */
  readonly told: readonly Told[];
}

type EventOf<T extends JournalEvent["type"]> = Extract<JournalEvent, { type: T }>;
type Planned = EventOf<"orders-planned">["orders"][number];

interface JournaledOrder {
  readonly run: PlayedRun;
  readonly order: ApprovedOrder;
  /** The planned order that it is, or that it is a child of. */
  readonly intent: Planned;
  readonly fills: readonly Fill[];
}

export function violationsOf(day: DrawnDay, venue: Venue, runs: readonly PlayedRun[], cancels: readonly Cancel[]): readonly Violation[] {
  const account = venue.accounts.get(day.account)!;
  const orders = ordersOf(account);
  const executions = activitiesOf(account).filter((activity): activity is FillActivity => activity.type === "FILL");
  const journaled = journaledOrders(runs);
  return [
    ...duplicateOrders(orders, journaled),
    ...lostFills(orders, executions, journaled),
    ...unreconciled(day, venue, runs, orders, journaled),
    ...strangers(runs, orders, journaled, cancels),
    ...runs.flatMap((run) => wrongSuccess(run, orders, journaled)),
  ];
}

function journaledOrders(runs: readonly PlayedRun[]): ReadonlyMap<string, JournaledOrder> {
  const found = new Map<string, JournaledOrder>();
  for (const run of runs) {
    for (const event of run.events) {
      if (event.type === "orders-planned") for (const order of event.orders) found.set(order.clientOrderId, { run, order, intent: order, fills: [] });
      if (event.type === "child-planned") found.set(event.order.clientOrderId, { run, order: event.order, intent: found.get(event.intent)!.intent, fills: [] });
      if (event.type === "order-ended") found.set(event.clientOrderId, { ...found.get(event.clientOrderId)!, fills: event.fills });
    }
  }
  return found;
}

function duplicateOrders(orders: readonly VenueOrder[], journaled: ReadonlyMap<string, JournaledOrder>): Violation[] {
  const found: Violation[] = [];
  const say = (facts: string): unknown => found.push({ kind: "duplicateOrders", facts });
  const seen = new Set<string>();
  const ofIntent = new Map<Planned, VenueOrder[]>();
  for (const order of orders) {
    const { clientOrderId: id, symbol, side, quantity } = order;
    const known = journaled.get(id);
    if (!known) {
      say(`the venue has ${described(order)}, which no journal planned`);
      continue;
    }
    if (seen.has(id)) say(`the venue has ${described(order)} twice`);
    seen.add(id);
    if (known.order.symbol !== symbol || known.order.side !== side || known.order.quantity !== quantity) say(`the venue has ${described(order)}, and planned was ${known.order.side} ${quantityToText(known.order.quantity)} ${known.order.symbol}`);
    ofIntent.set(known.intent, [...(ofIntent.get(known.intent) ?? []), order]);
  }
  for (const [intent, made] of ofIntent) {
    const filled = sumOf(made.map((order) => order.filled));
    if (filled > intent.quantity) say(`of ${intent.side} ${quantityToText(intent.quantity)} ${intent.symbol} ${quantityToText(filled)} were filled, by ${made.map(described).join(" and ")}`);
    made.forEach((order, place) => {
      const before = made[place - 1];
      if (before && endOf(before) > order.createdAt) say(`${described(order)} came while ${described(before)} was open, for one intent`);
    });
  }
  return found;
}

function sumOf(quantities: readonly Quantity[]): Quantity {
  return quantities.reduce<number>((sum, quantity) => sum + quantity, 0) as Quantity;
}

function endOf({ filledAt, canceledAt, expiredAt, failedAt }: VenueOrder): number {
  return filledAt ?? canceledAt ?? expiredAt ?? failedAt ?? Infinity;
}

function lostFills(orders: readonly VenueOrder[], executions: readonly FillActivity[], journaled: ReadonlyMap<string, JournaledOrder>): Violation[] {
  const byOrder = new Map<string, FillActivity[]>();
  for (const execution of executions) byOrder.set(execution.order, [...(byOrder.get(execution.order) ?? []), execution]);
  return orders.flatMap((order) => {
    const there = (byOrder.get(order.id) ?? []).map(({ quantity, price, at }) => `${quantityToText(quantity)} @ ${moneyToText(price)} at ${isoOf(at)}`).sort();
    const here = (journaled.get(order.clientOrderId)?.fills ?? []).map(({ quantity, price, at }) => `${quantityToText(quantity)} @ ${moneyToText(price)} at ${isoOf(at)}`).sort();
    return there.join() === here.join() ? [] : [{ kind: "lostFills" as const, facts: `${described(order)}: the venue filled [${there.join("; ")}], the journal has [${here.join("; ")}]` }];
  });
}

function unreconciled(day: DrawnDay, venue: Venue, runs: readonly PlayedRun[], orders: readonly VenueOrder[], journaled: ReadonlyMap<string, JournaledOrder>): Violation[] {
  const found: Violation[] = [];
  const say = (facts: string): unknown => found.push({ kind: "unreconciledDifferences", facts });
  for (const { id, events } of runs) if (!events.some(({ type }) => type === "run-closed")) say(`run ${id} never closed`);
  for (const order of orders) if (!hasEnded(order)) say(`${described(order)} is still open`);
  const { cash, positions } = venue.exchange.account(day.account);
  const ours = holdingsBy([...journaled.values()], day);
  if (!day.wholeSharesVenue && ours.cash !== cash) say(`cash by the journals is ${moneyToText(ours.cash)}, at the venue ${moneyToText(cash)}`);
  for (const symbol of day.market.symbols) {
    const there = positions.find((position) => position.symbol === symbol)?.quantity ?? 0;
    const here = ours.held.get(symbol) ?? 0;
    if (Math.abs(there - here) > (day.wholeSharesVenue && day.market.split ? 1e9 : 1)) say(`${symbol} by the journals is ${here / 1e9}, at the venue ${there / 1e9}`);
  }
  return found;
}

/** Nobody but the account's runs trades: what one of them finds is never of unknown origin, and none ends what is another strategy's. */
function strangers(runs: readonly PlayedRun[], orders: readonly VenueOrder[], journaled: ReadonlyMap<string, JournaledOrder>, cancels: readonly Cancel[]): Violation[] {
  const found: Violation[] = [];
  const say = (facts: string): unknown => found.push({ kind: "unreconciledDifferences", facts });
  for (const { id, events } of runs) {
    for (const event of events) {
      if (event.type !== "run-closed") continue;
      for (const refusal of event.refused) if (refusal.code === "ORDER_OF_UNKNOWN_ORIGIN" || refusal.code === "POSITION_OF_UNKNOWN_ORIGIN") say(`run ${id} takes ${JSON.stringify(refusal)} for another hand's`);
    }
  }
  for (const { order: canceled, strategy } of cancels) {
    const order = orders.find(({ id }) => id === canceled);
    const owner = order && journaled.get(order.clientOrderId)?.run.trigger.deployment.strategy.name;
    if (order && owner !== strategy) say(`${strategy} canceled ${described(order)} of ${owner ?? "nobody"}`);
  }
  return found;
}

/** Money and shares after all fills that the journals know, and the split at its instant. */
function holdingsBy(journaled: readonly JournaledOrder[], { cash: starting, market: { split } }: DrawnDay): { readonly cash: Money; readonly held: ReadonlyMap<Symbol, number> } {
  const fills = journaled.flatMap(({ order: { symbol, side }, fills: made }) => made.map((fill) => ({ symbol, side, ...fill }))).sort((a, b) => a.at - b.at);
  const held = new Map<Symbol, number>();
  let cash = starting;
  let isSplit = false;
  const splitOnce = (): void => {
    if (!split || isSplit) return;
    isSplit = true;
    held.set(split.symbol, Math.round((held.get(split.symbol) ?? 0) * split.ratio));
  };
  for (const { symbol, side, quantity, price, at } of fills) {
    if (split && at >= split.at) splitOnce();
    held.set(symbol, (held.get(symbol) ?? 0) + (side === "buy" ? 1 : -1) * quantity);
    cash = side === "buy" ? subtractMoney(cash, notional(price, quantity)) : addMoney(cash, notional(price, quantity));
  }
  splitOnce();
  return { cash, held };
}

function wrongSuccess({ id, events, told }: PlayedRun, orders: readonly VenueOrder[], journaled: ReadonlyMap<string, JournaledOrder>): Violation[] {
  const found: Violation[] = [];
  const say = (facts: string): unknown => found.push({ kind: "wrongSuccessReports", facts: `run ${id} ${facts}` });
  const closed = events.filter((event): event is EventOf<"run-closed"> => event.type === "run-closed");
  if (closed.length > 1) say("closed more than once");
  const outcome = closed[0]?.outcome;
  for (const word of told) {
    if (word.kind === "closed" && word.outcome !== outcome) say(`was reported ${word.outcome}, and its journal says ${outcome ?? "nothing"}`);
    if (word.kind === "not-due") say("was dropped as not due");
    if (word.kind === "metric" && word.isSuccess !== (outcome === "completed" || outcome === "unchanged")) say(`was counted as a ${word.isSuccess ? "success" : "failure"}, and its journal says ${outcome ?? "nothing"}`);
    if (word.kind === "left-to-another") say("was left to another by each execution, and none closed it");
  }
  const theirs = orders.filter(({ clientOrderId }) => journaled.get(clientOrderId)?.run.id === id);
  const planned = [...journaled.values()].filter(({ run, order, intent }) => run.id === id && order === intent).map(({ intent }) => intent);
  if (outcome === "completed") {
    if (planned.length === 0) say("is completed without an order");
    for (const intent of planned) {
      const made = theirs.filter(({ clientOrderId }) => journaled.get(clientOrderId)?.intent === intent);
      if (sumOf(made.map(({ filled }) => filled)) < intent.quantity) say(`is completed, and of ${intent.side} ${quantityToText(intent.quantity)} ${intent.symbol} the venue has ${made.map(described).join(" and ") || "nothing"}`);
    }
  }
  if ((outcome === "unchanged" || outcome === "missed" || outcome === "refused") && theirs.length > 0) say(`is ${outcome}, and the venue has ${theirs.map(described).join(", ")}`);
  return found;
}

function described({ clientOrderId, side, quantity, symbol, status, filled }: VenueOrder): string {
  return `${clientOrderId} (${side} ${quantityToText(quantity)} ${symbol}, ${status}, ${quantityToText(filled)} filled)`;
}

