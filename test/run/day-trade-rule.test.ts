import { expect, test } from "vitest";
import { simulatedWorld } from "../../backtest/simulated-world.ts";
import { accountRulesOf } from "../../src/account-settings.ts";
import { scheduledInstants } from "../../src/rules/schedule.ts";
import { advanceRun } from "../../src/run/advance-run.ts";
import { runIdOf } from "../../src/run/run-identity.ts";
import { MemoryJournal, MemoryStateStore } from "../../src/state/memory.ts";
import { isoOf, instantOf, type Instant } from "../../src/time.ts";
import fixedWeights from "../../strategies/fixed-weights.ts";
import { datasetOf, deploymentOf, wanderingBars, worldSettings } from "../support/made-up-market.ts";
import { parseSchedule } from "../../src/rules/schedule.ts";

/** Buys half an account in the morning and sells it in the afternoon of each session; what became of the sales. */
async function afternoons(from: string, to: string, intradayMarginFrom?: string): Promise<readonly string[]> {
  const settings = { accountRules: accountRulesOf({ marginAccount: intradayMarginFrom === undefined ? {} : { intradayMarginFrom } }) };
  const morning = deploymentOf({ ...fixedWeights.configure({ weights: { AAA: 0.5 }, band: 0.4 }), schedule: parseSchedule("every session at open+5m") }, ["AAA"], settings);
  const afternoon = deploymentOf({ ...fixedWeights.configure({ weights: { AAA: 0 }, band: 0 }), name: "out", schedule: parseSchedule("every session at close-10m") }, ["AAA"], settings);
  const journal = new MemoryJournal();
  const world = simulatedWorld(worldSettings(datasetOf({ AAA: wanderingBars("2026-05-01", 60, 7) }), morning, from, 20_000), { journal, state: new MemoryStateStore() }, () => undefined);
  const range = [instantOf(`${from}T00:00:00-04:00`), instantOf(`${to}T23:00:00-04:00`)] as const;
  const due = [morning, afternoon].flatMap((deployment) => scheduledInstants(deployment.strategy.schedule, ...range).map((scheduledAt) => ({ deployment, scheduledAt })));
  const lines: string[] = [];
  for (const trigger of due.sort((a, b) => a.scheduledAt - b.scheduledAt)) {
    for (let at: Instant | undefined = trigger.scheduledAt; at !== undefined; ) {
      world.market.advanceTo(at);
      const answer = await advanceRun(trigger, world.ports);
      at = answer.kind === "call-again" ? answer.at : undefined;
    }
    if (trigger.deployment === morning) continue;
    const events = await journal.read(runIdOf(afternoon.account, "out", trigger.scheduledAt));
    const sells = events.find((event) => event.type === "orders-planned");
    lines.push(`${isoOf(trigger.scheduledAt).slice(0, 10)} ${sells?.type === "orders-planned" ? (sells.refused[0]?.code ?? `sold ${sells.orders.length}`) : "nothing"}`);
  }
  return lines;
}

test("the fourth day trade within five sessions is refused on 2026-06-03, the day before the rule ends", async () => {
  expect(await afternoons("2026-05-29", "2026-06-04")).toEqual(["2026-05-29 sold 1", "2026-06-01 sold 1", "2026-06-02 sold 1", "2026-06-03 DAY_TRADES_EXCEED_MAX", "2026-06-04 sold 1"]);
});

test("one that would be due on 2026-06-04 is let through, and so are those after it", async () => {
  expect(await afternoons("2026-06-01", "2026-06-05")).toEqual(["2026-06-01 sold 1", "2026-06-02 sold 1", "2026-06-03 sold 1", "2026-06-04 sold 1", "2026-06-05 sold 1"]);
});

test("a broker that changes on 2026-06-05 refuses it on the day before", async () => {
  expect((await afternoons("2026-06-01", "2026-06-05", "2026-06-05")).at(-2)).toBe("2026-06-04 DAY_TRADES_EXCEED_MAX");
});
