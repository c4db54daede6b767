import { describe, expect, test } from "vitest";
import { defineStrategy, keep, StrategyFailed, z, type MarketView, type StrategyDefinition, type Symbol } from "../src/strategy.ts";
import { instantOf, sessionDateOf } from "../src/time.ts";

const VIEW: MarketView = {
  asOf: instantOf("2026-11-23T14:35:00Z"),
  session: sessionDateOf("2026-11-20"),
  symbols: ["AAA", "BBB"] as Symbol[],
  source: "made up",
  adjustment: "raw",
  bars: () => ({ kind: "close-only", days: new Int32Array(), close: new Float64Array() }),
};

const params = z.object({ days: z.number().int().default(3) });
type Definition = StrategyDefinition<typeof params>;

/** What a user's file may hold, which no compiler has seen. */
function strategyOf(overrides: Readonly<Record<string, unknown>>): ReturnType<typeof defineStrategy> {
  const definition = { name: "own", description: "", params, schedule: "every session at open+5m", lookback: 1, signal: () => [], ...overrides };
  return defineStrategy(definition as unknown as Definition);
}

function decide(answer: unknown, overrides: Readonly<Record<string, unknown>> = {}): unknown {
  return strategyOf({ signal: () => answer, ...overrides }).configure({}).decide(VIEW, new Map(), undefined);
}

/** What StrategyFailed says. */
function failure(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(StrategyFailed);
    return (error as Error).message;
  }
  return "no failure";
}

const target = (symbol: unknown, weight: unknown, reason: unknown = "because"): unknown => ({ symbol, weight, reason });

describe("an answer", () => {
  test("is a list of targets, or keep with its reason", () => {
    expect(decide([target("AAA", 0.25), target("BBB", -0)])).toEqual({ targets: [target("AAA", 0.25), target("BBB", -0)] });
    expect(decide([])).toEqual({ targets: [] });
    expect(decide(keep("no drift"))).toEqual({ keep: "no drift" });
  });

  test.each<[string, unknown, string]>([
    ["nothing", undefined, "returned undefined, not a list of targets or keep(reason)"],
    ["null", null, "returned null, not a list"],
    ["a number", 1, "returned 1, not a list"],
    ["a word", "AAA", 'returned "AAA", not a list'],
    ["an object", { AAA: 0.5 }, "returned an object with the keys AAA, not a list"],
    ["a promise", Promise.resolve([]), "returned a promise (signal answers at once, without async), not a list"],
    ["a function", () => [], "returned a function, not a list"],
    ["a big integer", 1n, "returned 1, not a list"],
    ["keep without a reason", { keep: "" }, "returned an object with the keys keep, not a list"],
    ["no target in the list", [null], "listed null among its targets"],
    ["a symbol for a target", ["AAA"], 'listed "AAA" among its targets'],
    ["an unknown symbol", [target("ZZZ", 0.5)], 'set a target for "ZZZ", which is not in its universe'],
    ["no symbol", [{ weight: 0.5, reason: "because" }], "set a target for undefined, which is not in its universe"],
    ["a symbol that is no text", [target({ name: "AAA" }, 0.5)], "set a target for an object with the keys name, which is not in its universe"],
    ["a symbol twice", [target("AAA", 0.5), target("BBB", 0.1), target("AAA", 0.2)], "set two targets for AAA"],
    ["NaN", [target("AAA", Number.NaN)], "gave AAA the weight NaN; a weight is a share of equity, 0.25 is a quarter"],
    ["infinity", [target("AAA", 1 / 0)], "gave AAA the weight Infinity"],
    ["no weight", [target("AAA", undefined)], "gave AAA the weight undefined"],
    ["a weight in words", [target("AAA", "0.5")], 'gave AAA the weight "0.5"'],
    ["a weight that nobody means", [target("AAA", 1_000.5)], "gave AAA the weight 1000.5"],
    ["no reason", [{ symbol: "AAA", weight: 0.5 }], "gave no reason for its target of AAA"],
    ["an empty reason", [target("AAA", 0.5, "")], "gave no reason for its target of AAA"],
  ])("that is %s fails, by name and session", (_case, answer, message) => {
    const text = failure(() => decide(answer));
    expect(text.startsWith("own: at 2026-11-20 signal ")).toBe(true);
    expect(text).toContain(message);
  });

  test("that throws fails with its cause", () => {
    const cause = new TypeError("bars is not iterable");
    const attempt = (): unknown =>
      strategyOf({
        signal() {
          throw cause;
        },
      })
        .configure({})
        .decide(VIEW, new Map(), undefined);
    expect(failure(attempt)).toBe("own: signal failed at 2026-11-20: bars is not iterable");
    expect(attempt).toThrow(expect.objectContaining({ cause }));
  });
});

describe("memory", () => {
  const memory = { schema: z.object({ count: z.number() }), initial: { count: 0 } };

  test("is checked and handed on with the answer", () => {
    expect(decide({ answer: keep("done"), memory: { count: 2 } }, { memory })).toEqual({ keep: "done", memory: { count: 2 } });
    expect(decide({ answer: [], memory: { count: 2 } }, { memory })).toEqual({ targets: [], memory: { count: 2 } });
  });

  test("is what the run before it left, or the initial value", () => {
    const configured = strategyOf({ memory, signal: (_view: unknown, _params: unknown, held: { memory: unknown }) => ({ answer: [], memory: held.memory }) }).configure({});
    expect(configured.initialMemory).toEqual({ count: 0 });
    expect(configured.decide(VIEW, new Map(), { count: 7 })).toEqual({ targets: [], memory: { count: 7 } });
    expect(configured.parseMemory!({ count: 3 })).toEqual({ count: 3 });
  });

  test.each<[string, unknown, string]>([
    ["is forgotten", [], "returned a list; a strategy with memory returns { answer, memory }"],
    ["comes without an answer", { memory: { count: 1 } }, "returned an object with the keys memory; a strategy with memory returns { answer, memory }"],
    ["has another shape", { answer: [], memory: { count: "one" } }, "returned a memory that does not fit its memory's schema"],
    ["comes with a wrong answer", { answer: 5, memory: { count: 1 } }, "returned 5, not a list of targets or keep(reason)"],
  ])("that %s fails", (_case, answer, message) => {
    expect(failure(() => decide(answer, { memory }))).toContain(message);
  });

  test("that no longer fits what an older version of the strategy stored fails", () => {
    expect(failure(() => strategyOf({ memory }).configure({}).parseMemory!({ counter: 1 }))).toContain("own: what it remembered before does not fit its memory's schema");
  });

  test("is nothing for a strategy that declares none", () => {
    const { parseMemory, initialMemory } = strategyOf({}).configure({});
    expect([parseMemory, initialMemory]).toEqual([undefined, undefined]);
  });
});

describe("a definition", () => {
  test.each(["Own", "1st", "own strategy", "", "a".repeat(33), "own/two"])("named %j is refused", (name) => {
    expect(failure(() => strategyOf({ name }))).toContain("is not 1 to 32 lower case letters, digits and dashes");
  });

  test.each([0, -1, 1.5, Number.NaN])("that looks back %d bars is refused", (lookback) => {
    expect(failure(() => strategyOf({ lookback }).configure({}))).toBe(`own: lookback is ${lookback}, not a whole number of bars above 0`);
    expect(failure(() => strategyOf({ lookback: () => lookback }).configure({}))).toContain("own: lookback is");
  });

  test.each(["lookback", "universe"])("whose %s throws fails by name", (part) => {
    const broken = (): never => {
      throw new Error("no such file");
    };
    expect(failure(() => strategyOf({ [part]: broken }).configure({}))).toBe(`own: ${part} failed: no such file`);
  });

  test.each<[string, unknown, string]>([
    ["lookback", undefined, "own: lookback is missing; it has to be a number of daily bars, or a function of the parameters"],
    ["lookback", "20", 'own: lookback is "20"; it has to be a number of daily bars, or a function of the parameters'],
    ["signal", undefined, "own: signal is missing; it has to be the function signal(view, params)"],
    ["schedule", undefined, 'own: schedule is missing; it has to be text such as "every session at open+5m"'],
    ["params", undefined, "own: params is missing; it has to be z.object({ … }), which may be empty"],
    ["name", undefined, "strategy name undefined is not 1 to 32 lower case letters, digits and dashes"],
  ])("whose %s is %j is refused by its name", (part, value, message) => {
    expect(failure(() => strategyOf({ [part]: value }))).toBe(message);
  });

  test.each<[unknown, string]>([
    [["SPY", "spy"], 'own: universe has "spy", which is no symbol in capitals'],
    [["SPY", 7], "own: universe has 7, which is no symbol in capitals"],
    ["SPY", 'own: universe gave "SPY", not a list of symbols'],
  ])("with the universe %j is refused", (universe, message) => {
    expect(failure(() => strategyOf({ universe: () => universe }).configure({}))).toBe(message);
  });

  test("with a schedule that cannot be read is refused", () => {
    expect(() => strategyOf({ schedule: "now and then" })).toThrow(expect.objectContaining({ name: "ScheduleInvalid" }));
  });

  test("takes its parameters with their defaults, and no others", () => {
    const own = strategyOf({ lookback: ({ days }: { days: number }) => days + 1, universe: ({ days }: { days: number }) => (days > 5 ? ["AAA"] : undefined) });
    expect(own.configure({})).toMatchObject({ params: { days: 3 }, lookback: 4, universe: undefined });
    expect(own.configure({ days: 9 })).toMatchObject({ params: { days: 9 }, lookback: 10, universe: ["AAA"] });
    expect(() => own.configure({ dyas: 9 })).toThrow(z.ZodError);
    expect(() => own.configure({ days: "9" })).toThrow(z.ZodError);
  });
});
