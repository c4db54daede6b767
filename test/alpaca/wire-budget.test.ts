import nock from "nock";
import { afterEach, expect, test } from "vitest";
import { RateBudget } from "../../src/alpaca/rate-budget.ts";
import { mayPass } from "../../src/aws/durable-run.ts";
import { BrokerUnavailable, type Clock, type StateStore } from "../../src/ports.ts";
import { MemoryStateStore } from "../../src/state/memory.ts";
import { StoreUnavailable } from "../../src/state/store-errors.ts";
import { instantOf, plusMs, type Instant } from "../../src/time.ts";
import { brokerAt, ID, limitOrder, onOrderById, SERVER, wireOptions, wireOrder } from "./alpaca-world.ts";

afterEach(() => nock.cleanAll());

const START = instantOf("2024-03-01T15:00:00Z");
const SPENT = "not sent, the 1 requests a minute of alpaca-trading/main are spent for another 60 s";

function world(clock: Clock = { now: () => START }, state: StateStore = new MemoryStateStore()) {
  const budget = new RateBudget({ name: "alpaca-trading/main", requestsPerMinute: 1, state, clock });
  const options = { ...wireOptions(), budget };
  return { budget, options, broker: brokerAt(SERVER, options) };
}

const failureOf = (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined, (error: unknown) => error);

test("a submission without a permit does not leave: it is no doubt and may be made later", async () => {
  let now: Instant = START;
  const { broker, budget } = world({ now: () => now });
  const submission = nock(SERVER).post("/v2/orders").reply(200, wireOrder());
  await budget.take();
  const failure = await failureOf(broker.submit(limitOrder));
  expect(failure).toBeInstanceOf(BrokerUnavailable);
  expect((failure as Error).message).toBe(`Alpaca order ${ID}: ${SPENT}`);
  expect(mayPass(failure)).toBe(true);
  expect(submission.isDone()).toBe(false);
  now = plusMs(now, 60_000);
  expect(await broker.submit(limitOrder)).toEqual({ kind: "accepted" });
  expect(submission.isDone()).toBe(true);
});

test("a submission takes its permit once: the budget is spent by one request, not by its answer", async () => {
  const { broker, budget } = world();
  nock(SERVER).post("/v2/orders").reply(200, wireOrder());
  expect(await broker.submit(limitOrder)).toEqual({ kind: "accepted" });
  expect(await budget.take()).toEqual({ waitMs: 60_000 });
});

test("a rejection that cannot be asked about for want of a permit is in doubt", async () => {
  const { broker } = world();
  const asked = onOrderById().reply(200, wireOrder());
  nock(SERVER).post("/v2/orders").reply(403, { code: 40310000, message: "insufficient buying power" });
  expect(await broker.submit(limitOrder)).toMatchObject({ kind: "unknown", cause: expect.stringContaining(SPENT) as string });
  expect(asked.isDone()).toBe(false);
});

test("a read without a permit is sent when the next minute begins", async () => {
  const before = performance.now();
  const { broker, budget } = world({ now: () => plusMs(START, 59_800 + performance.now() - before) });
  onOrderById().reply(200, wireOrder());
  await budget.take();
  expect(await broker.find(ID)).toMatchObject({ status: "open" });
  expect(performance.now() - before).toBeGreaterThanOrEqual(200);
});

test("each repetition of a read takes a permit of its own", async () => {
  const { broker } = world();
  onOrderById().reply(502, {});
  const repetition = onOrderById().reply(200, wireOrder());
  await expect(broker.find(ID)).rejects.toThrow(SPENT);
  expect(repetition.isDone()).toBe(false);
});

test("reads that would wait longer than they are repeated fail at once and do not open the breaker", async () => {
  const { broker, budget, options } = world();
  const request = onOrderById().reply(200, wireOrder());
  await budget.take();
  for (let reads = 0; reads < 5; reads += 1) {
    const failure = await failureOf(broker.find(ID));
    expect(failure).toBeInstanceOf(BrokerUnavailable);
    expect((failure as Error).message).toBe(`Alpaca order ${ID}: ${SPENT}`);
  }
  expect(request.isDone()).toBe(false);
  expect(options.breaker.state()).toEqual({ kind: "closed" });
});

test("a store that gives no permits is named as what is away, and nothing leaves", async () => {
  const away = (): Promise<never> => Promise.reject(new StoreUnavailable("the table is away"));
  const { broker, options } = world({ now: () => START }, { load: away, save: away });
  const request = onOrderById().reply(200, wireOrder());
  const submission = nock(SERVER).post("/v2/orders").reply(200, wireOrder());
  for (let calls = 0; calls < 5; calls += 1) {
    expect(await failureOf(broker.find(ID))).toEqual(new StoreUnavailable("the table is away"));
    expect(await failureOf(broker.submit(limitOrder))).toEqual(new StoreUnavailable("the table is away"));
  }
  expect([request.isDone(), submission.isDone()]).toEqual([false, false]);
  expect(options.breaker.state()).toEqual({ kind: "closed" });
});
