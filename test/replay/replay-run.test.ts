import { describe, expect, test } from "vitest";
import { simulatedWorld } from "../../backtest/simulated-world.ts";
import { accountRulesOf, exitRulesOf } from "../../src/account-settings.ts";
import { readRecord } from "../../src/replay/read-record.ts";
import { advanceRecorded } from "../../src/replay/recording.ts";
import { replayRun, type Replay } from "../../src/replay/replay-run.ts";
import { MemoryBlobStore, MemoryJournal, MemoryStateStore } from "../../src/state/memory.ts";
import type { ConfiguredStrategy } from "../../src/strategy.ts";
import { instantOf } from "../../src/time.ts";
import type { RunId } from "../../src/trade.ts";
import fixedWeights from "../../strategies/fixed-weights.ts";
import inverseVolatility from "../../strategies/inverse-volatility.ts";
import momentum from "../../strategies/momentum.ts";
import trend from "../../strategies/trend.ts";
import { deploymentOf, worldSettings } from "../support/made-up-market.ts";
import { churning } from "../support/churning.ts";
import { CODE, recordWeek, threeSymbols, triggerOf, type Recorded } from "../support/recorded-market.ts";

const remembering = {
  accountRules: accountRulesOf({ cashAccount: {}, ordersPerDayMax: 3, turnoverPerDayMax: 5, dailyLossMax: 0.2, drawdownMax: 0.5, tradingBreaker: {} }),
  exits: exitRulesOf({ stopLoss: 0.01, trailingStop: 0.01, takeProfit: 0.02, reentryPauseSessions: 1 }),
};

const cases: readonly (readonly [string, ConfiguredStrategy, Parameters<typeof deploymentOf>[2]])[] = [
  ["fixed-weights", fixedWeights.configure({ band: 0 }), { limits: { volumeShareMax: 0.9, priceMoveMax: 0.9 } }],
  ["inverse-volatility", { ...inverseVolatility.configure({ days: 20 }), schedule: trend.schedule }, { executionStyle: "marketable-limit" }],
  ["momentum", { ...momentum.configure({ top: 1, days: 10, skip: 1 }), schedule: trend.schedule }, {}],
  ["trend", trend.configure({ days: 4 }), {}],
  ["churning in a cash account with exits and budgets", churning.configure({}), remembering],
];

/** Every run of the week, decided again. */
async function replayed(recorded: Recorded): Promise<readonly Replay[]> {
  const replays: Replay[] = [];
  for (const run of recorded.runs) replays.push(await replayRun(await recorded.events(run), await recorded.record(run), triggerOf(recorded)));
  return replays;
}

describe.each(cases)("%s", (_name, strategy, settings) => {
  const deployment = deploymentOf(strategy, ["AAA", "BBB", "CCC"], settings);

  test.each([1, 20, 300])("replays byte for byte what it did in the market of seed %i", async (seed) => {
    const recorded = await recordWeek(deployment, threeSymbols(seed));
    expect(recorded.runs.length).toBeGreaterThan(3);
    expect(recorded.troubles).toEqual([]);
    for (const replay of await replayed(recorded)) expect(replay).toMatchObject({ kind: "identical", stated: [] });
  });

  test.each([
    ["before", 0],
    ["after", 0],
    ["after", 240_000],
  ] as const)("replays what it did when its process dies %s any effect and another goes on %i ms later", async (when, redeliverAfterMs) => {
    const { effects } = await recordWeek(deployment, threeSymbols(1), { to: "2020-03-31" });
    let stated = 0;
    for (let dieAt = 1; dieAt <= effects; dieAt += 1) {
      const recorded = await recordWeek(deployment, threeSymbols(1), { dieAt, when, redeliverAfterMs, to: "2020-03-31" });
      for (const replay of await replayed(recorded)) {
        expect(replay.kind, `effect ${dieAt}: ${JSON.stringify(replay)}`).toBe("identical");
        if (replay.kind === "identical") stated += replay.stated.length;
      }
    }
    // Some died between an order's event and the storing of what the venue had said of it.
    expect(stated).toBeGreaterThan(0);
  });
});

test("ten deliveries at once leave a record of each, and the one that came through is decided again", async () => {
  const deployment = deploymentOf(churning.configure({}), ["AAA", "BBB", "CCC"]);
  const scheduledAt = instantOf("2020-03-30T09:35:00-04:00");
  const journal = new MemoryJournal();
  const state = new MemoryStateStore();
  const blobs = new MemoryBlobStore();
  const troubles: string[] = [];
  const world = simulatedWorld(worldSettings(threeSymbols(1), deployment, "2020-01-02"), { journal, state }, () => undefined);
  world.market.advanceTo(scheduledAt);
  const recording = { blobs, index: state, code: CODE, onTrouble: (_run: RunId, why: string) => void troubles.push(why) };
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => advanceRecorded({ deployment, scheduledAt }, world.ports, recording)));
  expect(results.filter(({ status }) => status === "fulfilled").length).toBeGreaterThanOrEqual(1);
  expect(troubles).toEqual([]);
  const [run] = journal.runs();
  const record = await readRecord(run!, { index: state, blobs });
  expect(record!.invocations.length).toBeGreaterThan(1);
  expect(await replayRun(await journal.read(run!), record, triggerOf({ deployment }))).toMatchObject({ kind: "identical" });
});
