import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RateBudget, rateBudgetKey } from "../../src/alpaca/rate-budget.ts";
import type { StateStore } from "../../src/ports.ts";
import { dynamodbStore } from "../../src/state/dynamodb.ts";
import { MemoryStateStore } from "../../src/state/memory.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import { StoreUnavailable } from "../../src/state/store-errors.ts";
import { instantOf, plusMs, type Instant } from "../../src/time.ts";
import { startDynamodb, type DynamodbServer } from "../support/dynamodb-server.ts";

const NAME = "alpaca-trading/main";
const START = instantOf("2024-03-01T15:00:10Z");
/** Minutes from 1970 to 2024-03-01 15:00 UTC. */
const MINUTE = 28_488_420;

function steppedClock(now: Instant = START) {
  return {
    now: () => now,
    step: (ms: number) => void (now = plusMs(now, ms)),
  };
}

function processOf(state: StateStore, clock = steppedClock(), requestsPerMinute = 180): RateBudget {
  return new RateBudget({ name: NAME, requestsPerMinute, state, clock });
}

/** Takes until nothing is left; how often it was granted. */
async function drain(budget: RateBudget): Promise<number> {
  for (let granted = 0; ; granted += 1) {
    if (await budget.take()) return granted;
  }
}

const stored = async (state: StateStore) => (await state.load(rateBudgetKey(NAME)))?.value;

test.each([
  [1, 1],
  [7, 7],
  [10, 10],
  [180, 180],
  [10_000, 10_000],
])("a budget of %i requests a minute grants %i, then none until the minute ends, then as many again", async (requestsPerMinute, granted) => {
  const clock = steppedClock();
  const budget = processOf(new MemoryStateStore(), clock, requestsPerMinute);
  expect(await drain(budget)).toBe(granted);
  expect(await budget.take()).toEqual({ waitMs: 50_000 });
  clock.step(49_999);
  expect(await budget.take()).toEqual({ waitMs: 1 });
  clock.step(1);
  expect(await drain(budget)).toBe(granted);
});

test("a process reserves a tenth of the minute at a time, and asks the store no more often", async () => {
  const state = new MemoryStateStore();
  const budget = processOf(state);
  for (let taken = 0; taken < 18; taken += 1) await budget.take();
  expect(await stored(state)).toEqual({ minute: MINUTE, reserved: 18 });
  await budget.take();
  expect(await stored(state)).toEqual({ minute: MINUTE, reserved: 36 });
});

test("what ended processes had reserved is lost for the minute and for no longer", async () => {
  const state = new MemoryStateStore();
  const clock = steppedClock();
  for (let ended = 0; ended < 10; ended += 1) expect(await processOf(state, clock).take()).toBeUndefined();
  const next = processOf(state, clock);
  expect(await next.take()).toEqual({ waitMs: 50_000 });
  clock.step(50_000);
  expect(await drain(next)).toBe(180);
});

test("permits that a process has left are not carried into the next minute", async () => {
  const state = new MemoryStateStore();
  const clock = steppedClock();
  const slow = processOf(state, clock);
  await slow.take();
  clock.step(60_000);
  expect(await drain(processOf(state, clock))).toBe(180);
  expect(await slow.take()).toEqual({ waitMs: 50_000 });
});

test("a reservation that the store takes until the next minute to make grants nothing there", async () => {
  const state = new MemoryStateStore();
  const clock = steppedClock();
  let pauseMs = 60_000;
  const slowState: StateStore = {
    load: (key) => state.load(key),
    async save(key, value, expectedVersion) {
      await state.save(key, value, expectedVersion);
      clock.step(pauseMs);
      pauseMs = 0;
    },
  };
  expect(await drain(processOf(slowState, clock))).toBe(180);
  expect(await stored(state)).toEqual({ minute: MINUTE + 1, reserved: 180 });
});

test.each([
  ["of the minute before is past", { minute: MINUTE - 1, reserved: 180 }, 180, 50_000],
  ["of this minute leaves the rest", { minute: MINUTE, reserved: 175 }, 5, 50_000],
  ["above the budget, which was lowered, leaves nothing", { minute: MINUTE, reserved: 200 }, 0, 50_000],
  ["of a clock that is already in the next minute is joined there", { minute: MINUTE + 1, reserved: 175 }, 5, 110_000],
  ["of a clock that is two minutes ahead is ignored", { minute: MINUTE + 2, reserved: 180 }, 180, 50_000],
])("a count %s", async (_, before, granted, waitMs) => {
  const state = new MemoryStateStore();
  await state.save(rateBudgetKey(NAME), before, 0);
  const budget = processOf(state);
  expect(await drain(budget)).toBe(granted);
  expect(await budget.take()).toEqual({ waitMs });
});

test("a store that cannot be reached grants nothing, and its error is the answer until it is back", async () => {
  const state = new MemoryStateStore();
  let away = true;
  const failing: StateStore = { load: (key) => (away ? Promise.reject(new StoreUnavailable("away")) : state.load(key)), save: (key, value, version) => state.save(key, value, version) };
  const budget = processOf(failing);
  const outcomes = await Promise.allSettled([budget.take(), budget.take()]);
  expect(outcomes).toEqual([{ status: "rejected", reason: new StoreUnavailable("away") }, { status: "rejected", reason: new StoreUnavailable("away") }]);
  away = false;
  expect(await drain(budget)).toBe(180);
});

test("budgets of different names do not touch each other", async () => {
  const state = new MemoryStateStore();
  await drain(processOf(state));
  const other = new RateBudget({ name: "alpaca-data/main", requestsPerMinute: 3, state, clock: steppedClock() });
  expect(await drain(other)).toBe(3);
});

test("whatever the order in which processes take and the clock moves, no minute grants more than the budget", async () => {
  const act = fc.record({ process: fc.nat(3), takes: fc.integer({ min: 1, max: 12 }), thenMs: fc.constantFrom(0, 0, 0, 9_000, 31_000, 60_000) });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), fc.integer({ min: 1, max: 25 }), async (acts, requestsPerMinute) => {
      const state = new MemoryStateStore();
      const clock = steppedClock();
      const processes = Array.from({ length: 4 }, () => processOf(state, clock, requestsPerMinute));
      const grantedIn = new Map<number, number>();
      for (const { process, takes, thenMs } of acts) {
        const answers = await Promise.all(Array.from({ length: takes }, () => processes[process]!.take()));
        const minute = Math.floor(clock.now() / 60_000);
        grantedIn.set(minute, (grantedIn.get(minute) ?? 0) + answers.filter((answer) => answer === undefined).length);
        clock.step(thenMs);
      }
      for (const granted of grantedIn.values()) expect(granted).toBeLessThanOrEqual(requestsPerMinute);
    }),
    { numRuns: 200 },
  );
});

describe("forty who take at once spend the budget once", () => {
  async function fortyProcesses(stateOf: (n: number) => StateStore): Promise<void> {
    const clock = steppedClock();
    const processes = Array.from({ length: 40 }, (_, n) => processOf(stateOf(n), clock));
    for (const minute of [MINUTE, MINUTE + 1]) {
      const granted = await Promise.all(processes.map(drain));
      expect(granted.reduce((all, one) => all + one, 0)).toBe(180);
      expect(await stored(stateOf(0))).toEqual({ minute, reserved: 180 });
      clock.step(60_000);
    }
  }

  test("in one process", async () => {
    const budget = processOf(new MemoryStateStore());
    const granted = await Promise.all(Array.from({ length: 40 }, () => drain(budget)));
    expect(granted.reduce((all, one) => all + one, 0)).toBe(180);
  });

  test("as processes over memory", async () => {
    const state = new MemoryStateStore();
    await fortyProcesses(() => state);
  });

  test("as processes over SQLite", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ballast-budget-"));
    const stores = [0, 1].map(() => openSqliteStore(join(folder, "store.sqlite"), { synchronous: "off" }));
    try {
      await fortyProcesses((n) => stores[n % 2]!.state);
    } finally {
      for (const store of stores) store.close();
      rmSync(folder, { recursive: true });
    }
  });

  test("as processes over DynamoDB", async () => {
    await withDynamodb(fortyProcesses);
  });

  test("and no more than that over a DynamoDB of whose answers some are lost", async () => {
    await withDynamodb(async (stateOf, server) => {
      let puts = 0;
      server.fateOf = (operation) => (operation === "PutItem" && (puts += 1) % 7 === 0 ? "lose-answer" : "serve");
      const granted = await Promise.all(Array.from({ length: 40 }, (_, n) => drain(processOf(stateOf(n)))));
      const total = granted.reduce((all, one) => all + one, 0);
      // A batch is lost with its answer when another process has written since.
      expect(total).toBeGreaterThan(0);
      expect(total).toBeLessThanOrEqual(180);
      expect(await stored(stateOf(0))).toEqual({ minute: MINUTE, reserved: 180 });
    });
  });
});

async function withDynamodb(work: (stateOf: (n: number) => StateStore, server: DynamodbServer) => Promise<void>): Promise<void> {
  const server = await startDynamodb();
  try {
    await server.createTable("ballast");
    const stores = [0, 1].map(() => dynamodbStore({ client: server.client(3), tableName: "ballast", clock: steppedClock() }));
    await work((n) => stores[n % 2]!.state, server);
  } finally {
    await server.close();
  }
}
