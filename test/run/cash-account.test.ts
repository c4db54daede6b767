import { describe, expect, test } from "vitest";
import { loadDataset, type Dataset } from "../../backtest/dataset.ts";
import { runBacktest } from "../../backtest/run-backtest.ts";
import { accountRulesOf } from "../../src/account-settings.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import { defineStrategy, z } from "../../src/strategy.ts";
import { dateOfEpochDay, newYorkClock, sessionDateOf } from "../../src/time.ts";
import { barsOf, datasetOf, deploymentOf, worldSettings } from "../support/made-up-market.ts";
import { SHARED_DATA, sharedDataIsAbsent } from "../support/shared-data.ts";

/** Sells on the days that it is told to, a tenth of what it started with each time, and buys nothing back. */
function sellingOn(days: readonly string[]) {
  return defineStrategy({
    name: "selling",
    description: "sells a part on given days",
    params: z.object({}),
    schedule: "every session at open+5m",
    lookback: 1,
    memory: { schema: z.object({ left: z.number() }), initial: { left: 0 } },
    signal(view, _params, { memory }) {
      const { day } = newYorkClock(view.asOf);
      const sells = days.includes(dateOfEpochDay(day));
      if (memory.left > 0 && !sells) return { answer: { keep: "not today" }, memory };
      const left = memory.left === 0 ? 9 : memory.left - 1;
      return { answer: [{ symbol: view.symbols[0]!, weight: left / 10, reason: "as told" }], memory: { left } };
    },
  }).configure({});
}

type Planned = Extract<JournalEvent, { type: "orders-planned" }>;

/** What the plans of the given days knew of the settled cash: the sells' plan, then the buys'. */
function settledOn(runs: readonly (readonly JournalEvent[])[], days: readonly string[]): readonly string[] {
  return runs.flat().flatMap((event) => {
    if (event.type !== "orders-planned") return [];
    const date = dateOfEpochDay(newYorkClock(event.at).day);
    return days.includes(date) ? [`${date} ${event.side} ${textOf(event)}`] : [];
  });
}

function textOf({ accountFacts }: Planned): string {
  const { settledCash, unsettled } = accountFacts!;
  return [Math.round(settledCash! / 1e6), ...unsettled!.map(({ settles, amount }) => `${Math.round(amount / 1e6)} on ${settles}`)].join(" + ");
}

async function backtest(dataset: Dataset, symbol: string, days: readonly string[], from: string, to: string): Promise<readonly (readonly JournalEvent[])[]> {
  const deployment = deploymentOf(sellingOn(days), [symbol], { accountRules: accountRulesOf({ cashAccount: {} }) });
  return (await runBacktest({ ...worldSettings(dataset, deployment, from), to: sessionDateOf(to) })).runs;
}

/** A price that stands still, so that each sale brings 10,000. */
function steady(from: string, sessions: number): Dataset {
  return datasetOf({ AAA: barsOf(from, Array.from({ length: sessions }, () => [100, 100, 100, 100] as const)) });
}

describe("a backtest in a cash account knows what has settled", () => {
  test("across 2017-09-05: sales of the Thursday and Friday before settle in three days, that Tuesday's in two", async () => {
    const days = ["2017-08-31", "2017-09-01", "2017-09-05", "2017-09-06", "2017-09-07", "2017-09-08"];
    const runs = await backtest(steady("2017-08-28", 15), "AAA", days, "2017-08-29", "2017-09-12");
    expect(settledOn(runs, days)).toEqual([
      "2017-08-31 sell 10000",
      "2017-08-31 buy 10000 + 10000 on 2017-09-06",
      "2017-09-01 sell 10000 + 10000 on 2017-09-06",
      "2017-09-01 buy 10000 + 10000 on 2017-09-06 + 10000 on 2017-09-07",
      "2017-09-05 sell 10000 + 10000 on 2017-09-06 + 10000 on 2017-09-07",
      "2017-09-05 buy 10000 + 10000 on 2017-09-06 + 20000 on 2017-09-07",
      "2017-09-06 sell 20000 + 20000 on 2017-09-07",
      "2017-09-06 buy 20000 + 20000 on 2017-09-07 + 10000 on 2017-09-08",
      "2017-09-07 sell 40000 + 10000 on 2017-09-08",
      "2017-09-07 buy 40000 + 10000 on 2017-09-08 + 10000 on 2017-09-11",
      "2017-09-08 sell 50000 + 10000 on 2017-09-11",
      "2017-09-08 buy 50000 + 10000 on 2017-09-11 + 10000 on 2017-09-12",
    ]);
  });

  test("across 2024-05-28: Friday's sale settles on Wednesday together with Tuesday's", async () => {
    const days = ["2024-05-23", "2024-05-24", "2024-05-28", "2024-05-29", "2024-05-30"];
    const runs = await backtest(steady("2024-05-20", 15), "AAA", days, "2024-05-21", "2024-06-03");
    expect(settledOn(runs, days)).toEqual([
      "2024-05-23 sell 10000",
      "2024-05-23 buy 10000 + 10000 on 2024-05-28",
      "2024-05-24 sell 10000 + 10000 on 2024-05-28",
      "2024-05-24 buy 10000 + 10000 on 2024-05-28 + 10000 on 2024-05-29",
      "2024-05-28 sell 20000 + 10000 on 2024-05-29",
      "2024-05-28 buy 20000 + 20000 on 2024-05-29",
      "2024-05-29 sell 40000",
      "2024-05-29 buy 40000 + 10000 on 2024-05-30",
      "2024-05-30 sell 50000",
      "2024-05-30 buy 50000 + 10000 on 2024-05-31",
    ]);
  });
});

test("shares bought with money that has not settled are not sold before it has, and the refusal says so", async () => {
  const swapping = defineStrategy({
    name: "swapping",
    description: "holds one symbol, another each session",
    params: z.object({}),
    schedule: "every session at open+5m",
    lookback: 1,
    memory: { schema: z.object({ turn: z.number() }), initial: { turn: 0 } },
    signal: (view, _params, { memory }) => ({ answer: [{ symbol: view.symbols[memory.turn % 3]!, weight: 1, reason: "turn" }], memory: { turn: memory.turn + 1 } }),
  }).configure({});
  const flat = barsOf("2017-03-01", Array.from({ length: 10 }, () => [100, 100, 100, 100] as const));
  const dataset = datasetOf({ AAA: flat, BBB: flat, CCC: flat });
  const run = async (allowViolations: boolean) => {
    const deployment = deploymentOf(swapping, ["AAA", "BBB", "CCC"], { accountRules: accountRulesOf({ cashAccount: { allowViolations } }) });
    const { runs, cash } = await runBacktest({ ...worldSettings(dataset, deployment, "2017-03-02"), to: sessionDateOf("2017-03-10") });
    expect(Math.min(...cash)).toBeGreaterThanOrEqual(0);
    return runs.flat().flatMap((event) => (event.type === "orders-planned" && event.side === "sell" ? event.refused : []));
  };
  expect((await run(false))[0]).toEqual({ code: "CASH_ACCOUNT_VIOLATION", symbol: "BBB", kind: "good-faith", quantity: 1_000_000_000_000, settledCash: 0, count: 1, max: 3 });
  expect(await run(true)).toEqual([]);
});

describe.skipIf(sharedDataIsAbsent)("on real prices from 1998 to 2021", () => {
  test("a cash account crosses 2017-09-05 with its settlement dates, and sells nothing that it may not", async () => {
    const days = ["2017-09-01", "2017-09-05", "2017-09-06", "2017-09-07"];
    const range = { from: sessionDateOf("1998-01-02"), to: sessionDateOf("2021-03-31") };
    const dataset = await loadDataset(SHARED_DATA, { symbols: ["SPY"], lookbackSessions: 1, ...range });
    const runs = await backtest(dataset, "SPY", days, range.from, range.to);
    const settling = settledOn(runs, days).map((line) => line.replaceAll(/ \d+(?= on)/g, "").replace(/(sell|buy) \d+/, "$1"));
    expect(settling).toEqual([
      "2017-09-01 sell",
      "2017-09-01 buy + on 2017-09-07",
      "2017-09-05 sell + on 2017-09-07",
      "2017-09-05 buy + on 2017-09-07",
      "2017-09-06 sell + on 2017-09-07",
      "2017-09-06 buy + on 2017-09-07 + on 2017-09-08",
      "2017-09-07 sell + on 2017-09-08",
      "2017-09-07 buy + on 2017-09-08 + on 2017-09-11",
    ]);
    expect(runs.flat().filter((event) => event.type === "orders-planned" && event.refused.some(({ code }) => code === "CASH_ACCOUNT_VIOLATION"))).toEqual([]);
  }, 20_000);
});
