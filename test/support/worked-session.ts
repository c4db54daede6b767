/** A session in which a deployment's orders are worked, in processes that die, over any store. */
import { expect } from "vitest";
import { simulatedWorld } from "../../backtest/simulated-world.ts";
import type { Broker, Journal, StateStore } from "../../src/ports.ts";
import { scheduledInstants } from "../../src/rules/schedule.ts";
import { advanceRun } from "../../src/run/advance-run.ts";
import type { Deployment } from "../../src/run/deployment.ts";
import { drive } from "../../src/run/drive.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import { runIdOf } from "../../src/run/run-identity.ts";
import { MemoryJournal, MemoryStateStore } from "../../src/state/memory.ts";
import { instantOf, plusMs } from "../../src/time.ts";
import type { ClientOrderId } from "../../src/trade.ts";
import { datasetOf, wanderingBars, worldSettings } from "./made-up-market.ts";
import { Crash, mortal } from "./mortal-ports.ts";

const FROM = "2020-01-02";
const START = instantOf("2020-04-01T00:00:00-04:00");
const END = instantOf("2020-04-01T23:59:00-04:00");
const DATA = datasetOf({ AAA: wanderingBars(FROM, 80, 1), BBB: wanderingBars(FROM, 80, 2) });

type EventOf<T extends JournalEvent["type"]> = Extract<JournalEvent, { type: T }>;

export interface Stores {
  readonly journal: Journal;
  readonly state: StateStore;
}

interface Outcome {
  readonly effects: number;
  readonly journal: readonly (readonly JournalEvent[])[];
  readonly account: ReturnType<ReturnType<typeof simulatedWorld>["exchange"]["account"]>;
  /** What the venue has filled, by client order id. */
  readonly venue: ReadonlyMap<string, number>;
}

/** A session in which a quote is ten basis points wide and offers a few hundred shares. */
export async function live(deployment: Deployment, dieAt: number, when: "before" | "after", redeliverAfterMs = 0, { journal, state }: Stores = { journal: new MemoryJournal(), state: new MemoryStateStore() }): Promise<Outcome> {
  const settings = worldSettings(DATA, deployment, FROM, 100_000, 5);
  const world = simulatedWorld({ ...settings, liquidity: { halfSpreadBps: 5, volumeShareMax: 0.001 } }, { journal, state }, () => undefined);
  world.market.advanceTo(START);
  const { ports, effects } = mortal(world.ports, dieAt, when);
  const submitted = new Set<string>();
  const submit: Broker["submit"] = (order) => {
    submitted.add(order.clientOrderId);
    return ports.broker.submit(order);
  };
  const watched = { ...ports, broker: { ...ports.broker, submit } };
  const due = scheduledInstants(deployment.strategy.schedule, START, END);
  await drive(due, END, { triggeredTo: START, waiting: [] }, {
    moveTo: (at) => world.market.advanceTo(at > world.exchange.now ? at : world.exchange.now),
    async advance(scheduledAt) {
      try {
        return await advanceRun({ deployment, scheduledAt }, watched);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        if (redeliverAfterMs === 0) return advanceRun({ deployment, scheduledAt }, watched);
        return { kind: "call-again", at: plusMs(world.exchange.now, redeliverAfterMs) };
      }
    },
  });
  world.market.advanceTo(END);
  const venue = new Map([...submitted].flatMap((id) => [[id, world.exchange.find(deployment.account, id as ClientOrderId)?.filledQuantity ?? 0] as const]));
  return { effects: effects(), journal: await Promise.all(due.map((at) => journal.read(runIdOf(deployment.account, deployment.strategy.name, at)))), account: world.exchange.account(deployment.account), venue };
}

export function eventsOf<T extends JournalEvent["type"]>(journal: Outcome["journal"], type: T): readonly EventOf<T>[] {
  return journal.flatMap((events) => events.filter((event): event is EventOf<T> => event.type === type));
}

/** What happened, without when it was written down and how often it was asked for. */
export function decisions(journal: Outcome["journal"]): unknown {
  return journal.map((events) => events.filter(({ type }) => type !== "view-recorded" && type !== "order-submitted").map(({ seq: _seq, at: _at, previous: _previous, ...entry }) => entry));
}

/** What must hold however a run went. */
export function expectSound({ journal, venue, account }: Outcome, label: string): void {
  const planned = new Map(eventsOf(journal, "orders-planned").flatMap(({ orders }) => orders.map((order) => [order.clientOrderId as string, order] as const)));
  const children = eventsOf(journal, "child-planned");
  const ended = new Map(eventsOf(journal, "order-ended").map((event) => [event.clientOrderId as string, event]));
  expect(new Set(children.map(({ order }) => order.clientOrderId)).size, label).toBe(children.length);
  for (const [id, filled] of venue) {
    expect(children.some(({ order }) => order.clientOrderId === id), `${label}: ${id} was planned`).toBe(true);
    expect(ended.get(id)?.filledQuantity ?? 0, `${label}: the journal has all fills of ${id}`).toBe(filled);
  }
  for (const [id, intent] of planned) {
    const own = children.filter((child) => child.intent === id);
    const filled = own.reduce((sum, { order }) => sum + (venue.get(order.clientOrderId) ?? 0), 0);
    expect(filled, `${label}: ${id} is filled up to its quantity`).toBeLessThanOrEqual(intent.quantity);
    expect(own.length, label).toBeLessThanOrEqual(3);
    for (const { order } of own) expect(intent.side === "buy" ? order.priceBound <= intent.priceBound : order.priceBound >= intent.priceBound, `${label}: the bound holds`).toBe(true);
  }
  const held = new Map<string, number>();
  for (const { order } of children) held.set(order.symbol, (held.get(order.symbol) ?? 0) + (order.side === "buy" ? 1 : -1) * (venue.get(order.clientOrderId) ?? 0));
  for (const { symbol, quantity } of account.positions) expect(quantity, `${label}: ${symbol}`).toBe(held.get(symbol));
}

