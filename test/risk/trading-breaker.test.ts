import { describe, expect, test } from "vitest";
import { breakerThresholdsSchema } from "../../src/risk/account-rules.ts";
import { moneyFromNumber } from "../../src/money.ts";
import { afterRun, CLOSED_BREAKER, haltedBy, positionAt, resumedBy, type RunFacts, type TradingBreaker } from "../../src/risk/trading-breaker.ts";
import { instantOf, plusMs, sessionDateOf } from "../../src/time.ts";
import type { RunId } from "../../src/trade.ts";

const HOUR = 3_600_000;

/** A run that ended well on the n-th of March 2026 with 100 USD, unless it says otherwise. */
function run(dayOfMonth: number, overrides: Partial<Omit<RunFacts, "equity">> & { readonly equity?: number } = {}): RunFacts {
  const date = `2026-03-${String(dayOfMonth).padStart(2, "0")}`;
  const { equity = 100, ...rest } = overrides;
  return {
    run: `run of ${date}` as RunId,
    session: sessionDateOf(date),
    closedAt: instantOf(`${date}T20:00:00Z`),
    beyondLossLimits: false,
    submissions: 0,
    rejected: 0,
    unknown: 0,
    differences: 0,
    ...rest,
    equity: moneyFromNumber(equity),
  };
}

function after(runs: readonly RunFacts[], thresholds: Parameters<typeof breakerThresholdsSchema.parse>[0] = {}): TradingBreaker {
  return runs.reduce((breaker, facts) => afterRun(breaker, facts, breakerThresholdsSchema.parse(thresholds)), CLOSED_BREAKER);
}

test.each<[string, readonly RunFacts[], object, string]>([
  ["four losing days in a row", [run(2), run(3, { equity: 99 }), run(4, { equity: 98 }), run(5, { equity: 97 }), run(6, { equity: 96 })], {}, "closed"],
  ["five", [run(2), run(3, { equity: 99 }), run(4, { equity: 98 }), run(5, { equity: 97 }), run(6, { equity: 96 }), run(9, { equity: 95 })], {}, "cooling"],
  ["a day between that lost nothing", [run(2), run(3, { equity: 99 }), run(4, { equity: 98 }), run(5, { equity: 98 }), run(6, { equity: 97 }), run(9, { equity: 96 }), run(10, { equity: 95 })], {}, "closed"],
  ["a run beyond a loss limit", [run(2, { beyondLossLimits: true })], {}, "cooling"],
  ["one of two that are tolerated", [run(2, { beyondLossLimits: true })], { lossBreachesMax: 2 }, "closed"],
  ["half of four submissions rejected", [run(2, { submissions: 4, rejected: 2 })], {}, "closed"],
  ["more than half of them", [run(2, { submissions: 4, rejected: 3 })], {}, "cooling"],
  ["all of three, which are too few to judge", [run(2, { submissions: 3, rejected: 3 })], {}, "closed"],
  ["two answers without a word", [run(2, { submissions: 9, unknown: 2 })], {}, "closed"],
  ["three, over two runs of a day", [run(2, { submissions: 9, unknown: 2 }), run(2, { run: "another" as RunId, submissions: 9, unknown: 1 })], {}, "cooling"],
  ["three, over two days", [run(2, { submissions: 9, unknown: 2 }), run(3, { submissions: 9, unknown: 1 })], {}, "closed"],
  ["a position that differs from the fills", [run(2, { differences: 1 })], {}, "halted"],
  ["one of two that are tolerated per run", [run(2, { differences: 1 })], { differencesMax: 2 }, "closed"],
])("after %s", (_case, runs, thresholds, expected) => {
  expect(after(runs, thresholds).position.kind).toBe(expected);
});

test("a run is counted once", () => {
  const once = after([run(2, { submissions: 9, unknown: 2 })]);
  expect(afterRun(once, run(2, { submissions: 9, unknown: 2 }), breakerThresholdsSchema.parse({}))).toBe(once);
});

describe("cooling", () => {
  const cooling = after([run(2, { beyondLossLimits: true })], { coolingHours: 10 });
  const start = instantOf("2026-03-02T20:00:00Z");

  test("ends by time", () => {
    expect(positionAt(cooling, plusMs(start, 10 * HOUR - 1)).kind).toBe("cooling");
    expect(positionAt(cooling, plusMs(start, 10 * HOUR)).kind).toBe("closed");
  });

  test("starts to count anew", () => {
    expect(afterRun(cooling, run(3), breakerThresholdsSchema.parse({})).position).toEqual({ kind: "closed" });
  });
});

describe("halted", () => {
  const at = instantOf("2026-03-02T12:00:00Z");
  const halted = haltedBy(CLOSED_BREAKER, "kim", "prices look wrong", at);

  test("never ends by time, and runs do not change it", () => {
    expect(positionAt(halted, instantOf("2036-03-02T12:00:00Z")).kind).toBe("halted");
    expect(afterRun(halted, run(3, { beyondLossLimits: true }), breakerThresholdsSchema.parse({})).position).toEqual(halted.position);
  });

  test("is ended by a person; who, when and why are kept", () => {
    const resumed = resumedBy(halted, "lee", "prices checked", plusMs(at, HOUR));
    expect(resumed.position).toEqual({ kind: "closed" });
    expect(resumed.history).toEqual([
      { at, to: "halted", by: "kim", why: "prices look wrong" },
      { at: plusMs(at, HOUR), to: "closed", by: "lee", why: "prices checked" },
    ]);
  });

  test("of many changes the newest hundred are kept", () => {
    let breaker = CLOSED_BREAKER;
    for (let n = 0; n < 130; n += 1) breaker = haltedBy(breaker, "kim", `reason ${n}`, plusMs(at, n));
    expect(breaker.history).toHaveLength(100);
    expect(breaker.history[0]!.why).toBe("reason 30");
  });
});
