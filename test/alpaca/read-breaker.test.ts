import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AlpacaFailure, type Kind } from "../../src/alpaca/errors.ts";
import { breakerKey, BreakerOpen, ReadBreaker } from "../../src/alpaca/read-breaker.ts";
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
