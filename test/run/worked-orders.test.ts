import { describe, expect, test } from "vitest";
import { simulatedWorld } from "../../backtest/simulated-world.ts";
import type { WorkedStyle } from "../../src/execution/execution.ts";
import type { Broker } from "../../src/ports.ts";
import { parseSchedule, scheduledInstants } from "../../src/rules/schedule.ts";
import { advanceRun } from "../../src/run/advance-run.ts";
import type { Deployment } from "../../src/run/deployment.ts";
import { drive } from "../../src/run/drive.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import { MemoryJournal, MemoryStateStore } from "../../src/state/memory.ts";
import type { ConfiguredStrategy } from "../../src/strategy.ts";
import { instantOf, plusMs } from "../../src/time.ts";
import type { ClientOrderId } from "../../src/trade.ts";
import fixedWeights from "../../strategies/fixed-weights.ts";
import inverseVolatility from "../../strategies/inverse-volatility.ts";
import momentum from "../../strategies/momentum.ts";
import trend from "../../strategies/trend.ts";
import { datasetOf, deploymentOf, wanderingBars, worldSettings } from "../support/made-up-market.ts";
import { Crash, mortal } from "../support/mortal-ports.ts";

const FROM = "2020-01-02";
const START = instantOf("2020-04-01T00:00:00-04:00");
const END = instantOf("2020-04-01T23:59:00-04:00");
const DATA = datasetOf({ AAA: wanderingBars(FROM, 80, 1), BBB: wanderingBars(FROM, 80, 2) });

type EventOf<T extends JournalEvent["type"]> = Extract<JournalEvent, { type: T }>;

interface Outcome {
  readonly effects: number;
  readonly journal: readonly (readonly JournalEvent[])[];
  readonly account: ReturnType<ReturnType<typeof simulatedWorld>["exchange"]["account"]>;
  /** What the venue has filled, by client order id. */
  readonly venue: ReadonlyMap<string, number>;
}

/** A session in which a quote is ten basis points wide and offers a few hundred shares. */
async function live(deployment: Deployment, dieAt: number, when: "before" | "after", redeliverAfterMs = 0): Promise<Outcome> {
  const journal = new MemoryJournal();
  const settings = worldSettings(DATA, deployment, FROM, 100_000, 5);
  const world = simulatedWorld({ ...settings, liquidity: { halfSpreadBps: 5, volumeShareMax: 0.001 } }, { journal, state: new MemoryStateStore() }, () => undefined);
  world.market.advanceTo(START);
  const { ports, effects } = mortal(world.ports, dieAt, when);
  const submitted = new Set<string>();
  const submit: Broker["submit"] = (order) => {
    submitted.add(order.clientOrderId);
    return ports.broker.submit(order);
  };
  const watched = { ...ports, broker: { ...ports.broker, submit } };
  await drive(scheduledInstants(deployment.strategy.schedule, START, END), END, { triggeredTo: START, waiting: [] }, {
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
  return { effects: effects(), journal: await Promise.all(journal.runs().map((run) => journal.read(run))), account: world.exchange.account(deployment.account), venue };
}

function eventsOf<T extends JournalEvent["type"]>(journal: Outcome["journal"], type: T): readonly EventOf<T>[] {
  return journal.flatMap((events) => events.filter((event): event is EventOf<T> => event.type === type));
}

/** What happened, without when it was written down and how often it was asked for. */
function decisions(journal: Outcome["journal"]): unknown {
  return journal.map((events) => events.filter(({ type }) => type !== "view-recorded" && type !== "order-submitted").map(({ seq: _seq, at: _at, previous: _previous, ...entry }) => entry));
}

/** What must hold however a run went. */
function expectSound({ journal, venue, account }: Outcome, label: string): void {
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

const strategies: readonly (readonly [string, ConfiguredStrategy])[] = [
  ["fixed-weights", fixedWeights.configure({ band: 0 })],
  ["inverse-volatility", inverseVolatility.configure({ days: 20 })],
  ["momentum", momentum.configure({ top: 1, days: 3, skip: 0 })],
  ["trend", trend.configure({ days: 10 })],
];
const sliced = { minutes: 9, slices: 3, capBps: 10, participationMax: 0.5 };
const styles: readonly (readonly [WorkedStyle, string])[] = [
  [{ style: "walk-the-book", steps: 3, capBps: 10, patienceMinMs: 5_000, patienceMaxMs: 10_000 }, "every session at open+5m"],
  [{ style: "twap", ...sliced }, "every session at open+5m"],
  [{ style: "vwap", ...sliced }, "every session at open+5m"],
  [{ style: "at-open" }, "every session at open-60m"],
  [{ style: "at-close" }, "every session at close-30m"],
];
const cases = styles.flatMap(([style, schedule]) => strategies.map(([name, strategy]) => [style.style, name, style, schedule, strategy] as const));

describe.each(cases)("%s for %s, killed at each of its effects in turn", (_style, _name, style, schedule, strategy) => {
  const scheduled = { ...strategy, schedule: parseSchedule(schedule) };
  const deployment = deploymentOf(scheduled, ["AAA", "BBB"], { executionStyle: style, limits: { collarBps: 200 } });

  test.each(["before", "after"] as const)("%s the effect, and redelivered at once, leaves the world as it would have been", async (when) => {
    const unharmed = await live(deployment, 0, when);
    expectSound(unharmed, "unharmed");
    expect(eventsOf(unharmed.journal, "child-planned").length).toBeGreaterThan(0);
    for (let n = 1; n <= unharmed.effects; n += 1) {
      const harmed = await live(deployment, n, when);
      expect(harmed.account, `effect ${n}`).toEqual(unharmed.account);
      expect(decisions(harmed.journal), `effect ${n}`).toEqual(decisions(unharmed.journal));
    }
  });

  test("and redelivered four minutes later, loses no fill and places no order twice", async () => {
    const { effects } = await live(deployment, 0, "after");
    for (let n = 1; n <= effects; n += 1) expectSound(await live(deployment, n, "after", 240_000), `effect ${n}`);
  });
});
