import { describe, expect, test } from "vitest";
import { simulatedWorld, type SimulatedWorld } from "../../backtest/simulated-world.ts";
import { accountRulesOf, exitRulesOf } from "../../src/account-settings.ts";
import { scheduledInstants } from "../../src/rules/schedule.ts";
import { advanceRun } from "../../src/run/advance-run.ts";
import type { Deployment } from "../../src/run/deployment.ts";
import { drive } from "../../src/run/drive.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import { MemoryJournal, MemoryStateStore } from "../../src/state/memory.ts";
import type { ConfiguredStrategy } from "../../src/strategy.ts";
import { instantOf, plusMs, type Instant } from "../../src/time.ts";
import fixedWeights from "../../strategies/fixed-weights.ts";
import inverseVolatility from "../../strategies/inverse-volatility.ts";
import momentum from "../../strategies/momentum.ts";
import trend from "../../strategies/trend.ts";
import { datasetOf, deploymentOf, wanderingBars, worldSettings } from "../support/made-up-market.ts";
import { churning } from "../support/churning.ts";
import { Crash, mortal } from "../support/mortal-ports.ts";

interface Outcome {
  readonly effects: number;
  readonly journal: readonly (readonly JournalEvent[])[];
  readonly account: unknown;
}

const FROM = "2020-01-02";
const START = instantOf("2020-03-30T00:00:00-04:00");
const END = instantOf("2020-04-03T23:59:00-04:00");
const DATA = datasetOf({ AAA: wanderingBars(FROM, 80, 1), BBB: wanderingBars(FROM, 80, 2), CCC: wanderingBars(FROM, 80, 3) });

async function live(deployment: Deployment, dieAt: number, when: "before" | "after", redeliverAfterMs = 0): Promise<Outcome> {
  const journal = new MemoryJournal();
  const world: SimulatedWorld = simulatedWorld(worldSettings(DATA, deployment, FROM), { journal, state: new MemoryStateStore() }, () => undefined);
  world.market.advanceTo(START);
  const { ports, effects } = mortal(world.ports, dieAt, when);
  const due = scheduledInstants(deployment.strategy.schedule, START, END);
  await drive(due, END, { triggeredTo: START, waiting: [] }, {
    moveTo: (at) => world.market.advanceTo(at > world.exchange.now ? at : world.exchange.now),
    async advance(scheduledAt) {
      try {
        return await advanceRun({ deployment, scheduledAt }, ports);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        if (redeliverAfterMs === 0) return advanceRun({ deployment, scheduledAt }, ports);
        return { kind: "call-again", at: plusMs(world.exchange.now, redeliverAfterMs) };
      }
    },
  });
  world.market.advanceTo(END);
  return { effects: effects(), journal: await Promise.all(journal.runs().map((run) => journal.read(run))), account: world.exchange.account(deployment.account) };
}

/** What happened, without when it was written down and how often it was asked for. */
function decisions(journal: Outcome["journal"]): unknown {
  return journal.map((events) => events.filter(({ type }) => type !== "view-recorded" && type !== "order-submitted").map(({ seq: _seq, at: _at, previous: _previous, ...entry }) => entry));
}

function orderIds(journal: Outcome["journal"]): readonly string[] {
  return journal.flatMap((events) => events.flatMap((event) => (event.type === "order-ended" ? [event.clientOrderId] : [])));
}

/** Everything that an account remembers, at once; the stops are narrow enough to be hit. */
const remembering = {
  accountRules: accountRulesOf({ cashAccount: {}, ordersPerDayMax: 3, turnoverPerDayMax: 5, dailyLossMax: 0.2, drawdownMax: 0.5, tradingBreaker: {} }),
  exits: exitRulesOf({ stopLoss: 0.01, trailingStop: 0.01, takeProfit: 0.02, reentryPauseSessions: 1 }),
};
const inMargin = { accountRules: accountRulesOf({ marginAccount: {}, drawdownMax: 0.01, tradingBreaker: { coolingHours: 20 } }) };

const cases: readonly (readonly [string, ConfiguredStrategy, Parameters<typeof deploymentOf>[2]])[] = [
  ["churning", churning.configure({}), {}],
  ["fixed-weights", fixedWeights.configure({ band: 0 }), {}],
  ["inverse-volatility", { ...inverseVolatility.configure({ days: 20 }), schedule: trend.schedule }, {}],
  ["momentum", { ...momentum.configure({ top: 1, days: 10, skip: 1 }), schedule: trend.schedule }, {}],
  ["trend", trend.configure({ days: 10 }), {}],
  ["fixed-weights in a cash account with exits and budgets", fixedWeights.configure({ band: 0.2 }), remembering],
  ["churning in a cash account with exits and budgets", churning.configure({}), remembering],
  ["fixed-weights in a margin account with a breaker", fixedWeights.configure({ band: 0 }), inMargin],
];

describe.each(cases)("%s, killed at each of its effects in turn", (_name, strategy, settings) => {
  const deployment = deploymentOf(strategy, ["AAA", "BBB", "CCC"], settings);

  test.each(["before", "after"] as const)("%s the effect, and redelivered at once, leaves the world as it would have been", async (when) => {
    const unharmed = await live(deployment, 0, when);
    expect(orderIds(unharmed.journal).length).toBeGreaterThan(2);
    for (let n = 1; n <= unharmed.effects; n += 1) {
      const harmed = await live(deployment, n, when);
      expect(harmed.account, `effect ${n}`).toEqual(unharmed.account);
      expect(decisions(harmed.journal), `effect ${n}`).toEqual(decisions(unharmed.journal));
    }
  });

  test("and redelivered four minutes later, places each order once and ends with the same positions", async () => {
    const unharmed = await live(deployment, 0, "after");
    for (let n = 1; n <= unharmed.effects; n += 1) {
      const harmed = await live(deployment, n, "after", 240_000);
      expect(orderIds(harmed.journal), `effect ${n}`).toEqual(orderIds(unharmed.journal));
      expect(new Set(orderIds(harmed.journal)).size).toBe(orderIds(harmed.journal).length);
      expect(harmed.account, `effect ${n}`).toEqual(unharmed.account);
    }
  });
});

test("two deliveries of one trigger at the same time place one set of orders", async () => {
  const deployment = deploymentOf(churning.configure({}), ["AAA", "BBB", "CCC"]);
  for (const deliveries of [2, 10, 50]) {
    const journal = new MemoryJournal();
    const world = simulatedWorld(worldSettings(DATA, deployment, FROM), { journal, state: new MemoryStateStore() }, () => undefined);
    const scheduledAt: Instant = scheduledInstants(deployment.strategy.schedule, START, END)[0]!;
    world.market.advanceTo(scheduledAt);
    const results = await Promise.allSettled(Array.from({ length: deliveries }, () => advanceRun({ deployment, scheduledAt }, world.ports)));
    const failures = results.flatMap((result) => (result.status === "rejected" ? [(result.reason as Error).name] : []));
    expect(new Set(failures)).toEqual(new Set(["JournalConflict"]));
    expect(results.length - failures.length).toBeGreaterThanOrEqual(1);
    const events = await journal.read(journal.runs()[0]!);
    expect(events.filter(({ type }) => type === "order-ended")).toHaveLength(1);
    expect(world.exchange.account(deployment.account).positions).toHaveLength(1);
  }
});
