import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AlpacaFailure, type Kind } from "../../src/alpaca/errors.ts";
import { breakerKey, BreakerOpen, ReadBreaker, type BreakerState } from "../../src/alpaca/read-breaker.ts";
import type { Clock } from "../../src/ports.ts";
import { instantOf, type Instant } from "../../src/time.ts";
import { MemoryStateStore } from "../../src/state/memory.ts";

const START = instantOf("2024-03-01T15:00:00Z");
const clock: Clock = { now: () => Date.now() as Instant };
beforeEach(() => void vi.useFakeTimers({ now: START }));
afterEach(() => void vi.useRealTimers());

const fails = (kind: Kind) => () => Promise.reject(new AlpacaFailure("Alpaca account", { kind, detail: "x" }));
const works = () => Promise.resolve("answer");

async function afterReads(breaker: ReadBreaker, ...reads: (() => Promise<string>)[]): Promise<string[]> {
  const outcomes: string[] = [];
  for (const read of reads) outcomes.push(await breaker.read(read).catch((error: unknown) => (error as Error).name));
  return outcomes;
}

test("three reads that fail open it: the next is not tried", async () => {
  const breaker = new ReadBreaker("alpaca", clock);
  expect(await afterReads(breaker, fails("no-answer"), fails("server-error"), fails("rate-limited"), works)).toEqual(["AlpacaFailure", "AlpacaFailure", "AlpacaFailure", "BreakerOpen"]);
  expect(breaker.state()).toEqual({ kind: "open", since: START });
  await expect(breaker.read(works)).rejects.toThrow("reads from alpaca keep failing");
});

test("answers that say no keep it closed: the venue is there", async () => {
  const breaker = new ReadBreaker("alpaca", clock);
  const outcomes = await afterReads(breaker, ...Array.from({ length: 10 }, () => fails("forbidden")), fails("not-found"), works);
  expect(outcomes.at(-1)).toBe("answer");
  expect(breaker.state()).toEqual({ kind: "closed" });
});

test("failures among more successes leave it closed", async () => {
  const breaker = new ReadBreaker("alpaca", clock);
  expect((await afterReads(breaker, works, works, works, fails("no-answer"), fails("no-answer"), works)).at(-1)).toBe("answer");
});

test("half a minute later one read is tried: it closes the breaker when it works", async () => {
  const breaker = new ReadBreaker("alpaca", clock);
  await afterReads(breaker, fails("no-answer"), fails("no-answer"), fails("no-answer"));
  await vi.advanceTimersByTimeAsync(29_999);
  expect(await afterReads(breaker, works)).toEqual(["BreakerOpen"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(await afterReads(breaker, works)).toEqual(["answer"]);
  expect(breaker.state()).toEqual({ kind: "closed" });
});

test("half a minute later one read is tried: it opens the breaker for another when it fails", async () => {
  const breaker = new ReadBreaker("alpaca", clock);
  await afterReads(breaker, fails("no-answer"), fails("no-answer"), fails("no-answer"));
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await afterReads(breaker, fails("no-answer"), works)).toEqual(["AlpacaFailure", "BreakerOpen"]);
  expect(breaker.state()).toEqual({ kind: "open", since: START + 30_000 });
});

test("an open breaker stays open in the next process, dated by its opening, and lets a read through in time", async () => {
  const store = new MemoryStateStore();
  const key = breakerKey("alpaca");
  const first = new ReadBreaker("alpaca", clock);
  await afterReads(first, fails("no-answer"), fails("no-answer"), fails("no-answer"));
  await store.save(key, first.state(), 0);

  await vi.advanceTimersByTimeAsync(20_000);
  const second = new ReadBreaker("alpaca", clock, (await store.load(key))!.value);
  expect(await afterReads(second, works)).toEqual(["BreakerOpen"]);
  expect(second.state()).toEqual({ kind: "open", since: START });
  await store.save(key, second.state(), 1);

  await vi.advanceTimersByTimeAsync(20_000);
  const third = new ReadBreaker("alpaca", clock, (await store.load(key))!.value);
  expect(await afterReads(third, works)).toEqual(["answer"]);
  expect(third.state()).toEqual({ kind: "closed" });
});

test("reads that come while one is tried wait for what it shows", async () => {
  const restored = new ReadBreaker("alpaca", clock, { kind: "open", since: (START - 31_000) as Instant });
  expect(await Promise.all([restored.read(works), restored.read(works), restored.read(works)])).toEqual(["answer", "answer", "answer"]);
  expect(restored.state()).toEqual({ kind: "closed" });
  const again = new ReadBreaker("alpaca", clock, { kind: "open", since: (START - 31_000) as Instant });
  const outcomes = await Promise.allSettled([again.read(fails("no-answer")), again.read(works)]);
  expect(outcomes).toMatchObject([{ reason: { name: "AlpacaFailure" } }, { reason: { name: "BreakerOpen" } }]);
});

test("one failed read in each of three processes within a minute opens it, and a read that works between them does not let it", async () => {
  const oneRead = async (state: BreakerState, read: () => Promise<string>): Promise<BreakerState> => {
    const process = new ReadBreaker("alpaca", clock, breakerKey("alpaca").parse(state));
    await afterReads(process, read);
    await vi.advanceTimersByTimeAsync(20_000);
    return process.state();
  };
  const first = await oneRead({ kind: "closed" }, fails("no-answer"));
  expect(first).toEqual({ kind: "closed", failed: { count: 1, since: START } });
  const second = await oneRead(first, fails("no-answer"));
  expect(await oneRead(second, works)).toEqual({ kind: "closed" });
  expect(await oneRead(second, fails("forbidden"))).toEqual({ kind: "closed" });
  expect(await oneRead(second, fails("no-answer"))).toEqual({ kind: "closed", failed: { count: 1, since: START + 80_000 } });
  const within = { kind: "closed", failed: { count: 2, since: (START + 70_000) as Instant } } as const;
  expect(await oneRead(within, fails("no-answer"))).toEqual({ kind: "open", since: START + 100_000 });
});

test("a state that is none is refused", () => {
  expect(() => breakerKey("alpaca").parse({ kind: "open" })).toThrow();
  expect(() => breakerKey("alpaca").parse({ kind: "ajar" })).toThrow();
});

test("an open breaker is told by its name", async () => {
  const breaker = new ReadBreaker("alpaca", clock, { kind: "open", since: START });
  await expect(breaker.read(works)).rejects.toBeInstanceOf(BreakerOpen);
});

test("a breaker that is closed for good leaves no timer behind", async () => {
  const breaker = new ReadBreaker("alpaca", clock);
  await afterReads(breaker, fails("no-answer"), fails("no-answer"), fails("no-answer"));
  expect(vi.getTimerCount()).toBeGreaterThan(0);
  breaker.close();
  expect(vi.getTimerCount()).toBe(0);
});
