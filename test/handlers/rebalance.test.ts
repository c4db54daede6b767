import type { DurableLambdaHandler } from "@aws/durable-execution-sdk-js";
import { LocalDurableTestRunner } from "@aws/durable-execution-sdk-js-testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ConfigInvalid } from "../../src/config.ts";
import { rebalanceHandler, type RebalanceHandler } from "../../src/handlers/rebalance.ts";
import { acquireLease, releaseLease } from "../../src/state/lease.ts";
import { plusMs } from "../../src/time.ts";
import type { AccountName, RunId } from "../../src/trade.ts";
import { CANARY_SECRET, CONFIG, startLocalWorld, TRIGGER, type LocalWorld } from "./local-world.ts";

const RUN = "paper/fixed-weights/2026-11-18T14:35:00.000Z" as RunId;
const CODE = { ballast: "0.0.0", sources: "made up" };

let world: LocalWorld;
let handler: RebalanceHandler;
let printed: string[];

beforeEach(async () => {
  world = await startLocalWorld();
  for (const [name, value] of Object.entries(world.env)) vi.stubEnv(name, value);
  printed = [];
  handler = start();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await world.close();
});

const start = (): RebalanceHandler => rebalanceHandler({ config: CONFIG, env: world.env, clock: world.clock, output: { write: (line) => void printed.push(line) }, code: CODE });
const metrics = (): unknown[] => printed.filter((line) => line.includes("_aws")).map((line) => JSON.parse(line) as unknown);

describe("invoked without a durable execution", () => {
  test("a trigger that is due places its orders and says how the run ended", async () => {
    expect(await handler(TRIGGER, {})).toEqual({ status: "closed", run: RUN, outcome: "completed" });
    expect(world.broker.orders.map(({ symbol, side }) => `${side} ${symbol}`)).toEqual(["buy IEF", "buy SPY"]);
    expect((await world.journal.read(RUN)).map(({ type }) => type)).toEqual([
      "run-opened",
      "view-recorded",
      "targets-set",
      "orders-planned",
      "orders-planned",
      "order-submitted",
      "order-submitted",
      "order-ended",
      "order-ended",
      "run-closed",
    ]);
  });

  test("the same trigger again, in another process, places no second order", async () => {
    await handler(TRIGGER, {});
    const second = start();
    expect(await second(TRIGGER, {})).toEqual({ status: "closed", run: RUN, outcome: "completed" });
    expect(world.broker.submissions).toBe(2);
  });

  test.each([2, 10, 50])("%d deliveries at once place one set of orders, and each in the end finds the run closed or is overtaken", async (deliveries) => {
    const processes = Array.from({ length: deliveries }, start);
    const ends: unknown[] = [];
    for (let waiting = processes; waiting.length > 0; ) {
      const answers = (await Promise.all(waiting.map((process) => process(TRIGGER, {})))) as { status: string }[];
      ends.push(...answers.filter(({ status }) => status !== "call-again"));
      waiting = waiting.filter((_, n) => answers[n]!.status === "call-again");
    }
    expect(ends).toHaveLength(deliveries);
    expect(ends).toContainEqual({ status: "closed", run: RUN, outcome: "completed" });
    for (const end of ends) expect([{ status: "closed", run: RUN, outcome: "completed" }, { status: "overtaken", run: RUN }]).toContainEqual(end);
    expect(world.broker.orders.map(({ symbol, side }) => `${side} ${symbol}`)).toEqual(["buy IEF", "buy SPY"]);
    expect(world.broker.submissions).toBe(2);
    expect((await world.journal.read(RUN)).filter(({ type }) => type === "run-closed")).toHaveLength(1);
  });

  test("a run whose account another run works on asks again soon, and does nothing until then", async () => {
    const other = await acquireLease(world.state, "paper" as AccountName, "paper/trend/2026-11-18T14:35:00.000Z a", world.clock.now(), 60_000);
    expect(await handler(TRIGGER, {})).toMatchObject({ status: "call-again", waitSeconds: 5 });
    expect(await world.journal.read(RUN)).toEqual([]);
    if (other.kind === "acquired") await releaseLease(world.state, other.lease, world.clock.now());
    expect(await handler(TRIGGER, {})).toMatchObject({ status: "closed" });
  });

  test.each([
    ["another delivery of the run", `${RUN} b`, { status: "overtaken", run: RUN }],
    ["another run of the account", "paper/trend/2026-11-18T14:35:00.000Z b", { status: "call-again", waitSeconds: 5 }],
  ])("a run that stood still until %s took the lease over places no order and stops quietly", async (_, holder, answer) => {
    let now = world.clock.now();
    const late = rebalanceHandler({ config: CONFIG, env: world.env, clock: { now: () => now }, output: { write: (line) => void printed.push(line) }, code: CODE });
    world.broker.beforeAnswer = async (route) => {
      if (route !== "GET /v2/stocks/quotes/latest") return;
      world.broker.beforeAnswer = undefined;
      now = plusMs(now, 61_000);
      expect(await acquireLease(world.state, "paper" as AccountName, holder, now, 60_000)).toMatchObject({ kind: "acquired", lease: { token: 2 } });
    };
    expect(await late(TRIGGER, {})).toMatchObject(answer);
    expect(world.broker.submissions).toBe(0);
    expect((await world.journal.read(RUN)).map(({ type }) => type)).toEqual(["run-opened", "view-recorded", "targets-set", "orders-planned"]);
    expect(printed.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ level: "info", run: RUN, to: holder, msg: "the account's lease went to another" }]);
  });

  test("a run whose orders are open says when it wants to be called again", async () => {
    world.broker.openAnswers = 1;
    const answer = (await handler(TRIGGER, {})) as { status: string; at: string; waitSeconds: number };
    expect(answer.status).toBe("call-again");
    expect(answer.waitSeconds).toBe(1);
    expect(await handler(TRIGGER, {})).toEqual({ status: "closed", run: RUN, outcome: "completed" });
  });

  test.each([
    ["a Saturday", "2026-11-21T14:35:00Z"],
    ["Thanksgiving", "2026-11-26T14:35:00Z"],
    ["another minute of a session", "2026-11-18T14:36:00Z"],
  ])("a trigger on %s is dropped with a line in the log", async (_, scheduledAt) => {
    expect(await handler({ ...TRIGGER, scheduledAt }, {})).toEqual({ status: "not-due" });
    expect(world.broker.submissions).toBe(0);
    expect(await world.journal.read(RUN)).toEqual([]);
    expect(printed.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ level: "info", strategy: "fixed-weights", msg: "the calendar has no run at this instant" }]);
  });

  test.each([
    ["of an unknown strategy", { ...TRIGGER, strategy: "momentum" }, "ballast.yaml runs no strategy momentum on account paper"],
    ["with a field too many", { ...TRIGGER, scheduleAt: "2026-11-18T14:35:00Z" }, 'Unrecognized key: "scheduleAt"'],
    ["without an instant", { account: "paper", strategy: "fixed-weights" }, "scheduledAt"],
  ])("an event %s is refused", async (_, event, message) => {
    await expect(handler(event, {})).rejects.toThrow(message);
    await expect(handler(event, {})).rejects.toThrow(ConfigInvalid);
  });

  test("a closed run is one metric: 0 for success", async () => {
    await handler(TRIGGER, {});
    expect(metrics()).toEqual([
      {
        _aws: { Timestamp: expect.any(Number) as number, CloudWatchMetrics: [{ Namespace: "Ballast", Dimensions: [["Account", "Strategy"]], Metrics: [{ Name: "RunFailures", Unit: "Count" }] }] },
        Account: "paper",
        Strategy: "fixed-weights",
        RunFailures: 0,
        run: RUN,
        outcome: "completed",
      },
    ]);
  });

  test("a run that trades nothing because the account is blocked is a failure, with its reason in the log", async () => {
    world.broker.blocked = true;
    expect(await handler(TRIGGER, {})).toEqual({ status: "closed", run: RUN, outcome: "refused" });
    expect(printed.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: "error", run: RUN, outcome: "refused", orders: 0, filled: 0, refusals: ["ACCOUNT_BLOCKED"], equity: "100000", msg: "the run has closed" },
      { RunFailures: 1, outcome: "refused" },
    ]);
  });

  test("a broker that is away fails the invocation, is counted, and leaves the run to be resumed", async () => {
    world.broker.failure = 403;
    await expect(handler(TRIGGER, {})).rejects.toThrow("forbidden");
    expect(printed.join("")).not.toContain(CANARY_SECRET);
    expect(metrics()).toMatchObject([{ RunFailures: 1, outcome: "failed" }]);
    world.broker.failure = undefined;
    expect(await handler(TRIGGER, {})).toMatchObject({ status: "closed", outcome: "completed" });
  });
});

describe("invoked as a durable execution", () => {
  beforeAll(() => LocalDurableTestRunner.setupTestEnvironment());
  afterAll(() => LocalDurableTestRunner.teardownTestEnvironment());

  const runner = (): LocalDurableTestRunner => new LocalDurableTestRunner({ handlerFunction: handler as DurableLambdaHandler });

  test("a run that fills at once is one step", async () => {
    const execution = await runner().run({ payload: TRIGGER });
    expect(execution.getStatus()).toBe("SUCCEEDED");
    expect(execution.getResult()).toEqual({ status: "closed", run: RUN, outcome: "completed" });
    expect(execution.getOperations().map((operation) => operation.getName())).toEqual(["advance"]);
  });

  test("a run that has to wait is stopped and woken, and its orders are placed once", async () => {
    world.broker.openAnswers = 1;
    const execution = await runner().run({ payload: TRIGGER });
    expect(execution.getResult()).toEqual({ status: "closed", run: RUN, outcome: "completed" });
    expect(execution.getOperations().map((operation) => operation.getName())).toEqual(["advance", "until called again", "advance"]);
    expect(execution.getInvocations()).toHaveLength(2);
    expect(world.broker.submissions).toBe(2);
    expect(metrics()).toHaveLength(1);
  });

  test("a failure that cannot pass by itself ends the execution as failed and is counted", async () => {
    const execution = await runner().run({ payload: { ...TRIGGER, account: "unknown" as AccountName } });
    expect(execution.getStatus()).toBe("FAILED");
    expect(execution.getError().errorMessage).toContain("ballast.yaml runs no strategy fixed-weights on account unknown");
  });
});
