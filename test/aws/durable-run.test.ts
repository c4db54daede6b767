import { withDurableExecution, type DurableContext } from "@aws/durable-execution-sdk-js";
import { LocalDurableTestRunner, type TestResult } from "@aws/durable-execution-sdk-js-testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { untilClosed, type CallAgain } from "../../src/aws/durable-run.ts";
import { KeysUnavailable } from "../../src/aws/secrets.ts";
import { BrokerUnavailable, MarketDataMissing, StateConflict } from "../../src/ports.ts";
import { StoreUnavailable } from "../../src/state/store-errors.ts";
import { StrategyFailed } from "../../src/strategy.ts";

beforeAll(() => LocalDurableTestRunner.setupTestEnvironment({ skipTime: true }));
afterAll(() => LocalDurableTestRunner.teardownTestEnvironment());

type Act = Error | { readonly status: "closed" } | CallAgain;

const closed = { status: "closed" } as const;
const inSeconds = (waitSeconds: number): CallAgain => ({ status: "call-again", at: "2026-11-18T15:00:00Z", waitSeconds });

/** One act a call; the last one for every further call. */
function run(...acts: Act[]): Promise<TestResult> {
  let calls = 0;
  const handlerFunction = withDurableExecution((_, context) =>
    untilClosed<{ readonly status: "closed" }>(context, async () => {
      const act = acts[Math.min(calls, acts.length - 1)]!;
      calls += 1;
      if (act instanceof Error) throw act;
      return act;
    }),
  );
  return new LocalDurableTestRunner({ handlerFunction }).run();
}

const namesOf = (execution: TestResult): unknown[] => execution.getOperations().map((operation) => operation.getName());

test("each call is a step and each pause a wait of the seconds that were asked for", async () => {
  const execution = await run(inSeconds(1), inSeconds(23_400), closed);
  expect(execution.getResult()).toEqual(closed);
  expect(namesOf(execution)).toEqual(["advance", "until called again", "advance", "until called again", "advance"]);
  const waits = execution.getOperations().filter((operation) => operation.getName() === "until called again");
  expect(waits.map((operation) => operation.getWaitDetails()?.waitSeconds)).toEqual([1, 23_400]);
  expect(execution.getInvocations()).toHaveLength(3);
});

test.each([new BrokerUnavailable("away"), new MarketDataMissing("late"), new StoreUnavailable("away"), new StateConflict("lost a race"), new KeysUnavailable("throttled")])(
  "a call that fails with %s is made again",
  async (error) => {
    const execution = await run(error, error, closed);
    expect(execution.getResult()).toEqual(closed);
    expect(execution.getOperations()[0]?.getStepDetails()?.attempt).toBe(3);
  },
);

test("a call that keeps failing is given up after the eighth time, with its message", async () => {
  const execution = await run(new BrokerUnavailable("still away"));
  expect(execution.getStatus()).toBe("FAILED");
  expect(execution.getError().errorMessage).toContain("still away");
  expect(execution.getOperations()[0]?.getStepDetails()?.attempt).toBe(8);
});

test.each([new StrategyFailed("signal failed"), new TypeError("a defect")])("a call that fails with %s is not made again", async (error) => {
  const execution = await run(error, closed);
  expect(execution.getStatus()).toBe("FAILED");
  expect(execution.getError().errorMessage).toContain(error.message);
  expect(execution.getInvocations()).toHaveLength(1);
});

test("a run that does not come to an end is given up before the service's limit of 3,000 operations", async () => {
  let operations = 0;
  const count = async <T>(result: T): Promise<T> => {
    operations += 1;
    return result;
  };
  const context = { step: () => count(inSeconds(1)), wait: () => count(undefined) } as unknown as DurableContext;
  await expect(untilClosed(context, async () => closed)).rejects.toThrow("the run asked to be called again 1400 times");
  expect(operations).toBe(2_800);
});
