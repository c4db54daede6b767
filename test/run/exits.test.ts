import { describe, expect, test } from "vitest";
import { exitRulesOf } from "../../src/account-settings.ts";
import { priceOf, quantityOf } from "../../src/money.ts";
import { findExits, isPaused, type Peak } from "../../src/risk/exits.ts";
import { runBacktest } from "../../backtest/run-backtest.ts";
import { defineStrategy, z } from "../../src/strategy.ts";
import { dateOfEpochDay, epochDayOf, newYorkClock, sessionDateOf } from "../../src/time.ts";
import type { Position, Symbol } from "../../src/trade.ts";
import { barsOf, datasetOf, deploymentOf, worldSettings } from "../support/made-up-market.ts";

function position(price: string, entry: string | undefined, quantity = "10"): Position {
  return { symbol: "AAA" as Symbol, quantity: quantityOf(quantity), marketPrice: priceOf(price), averageEntryPrice: entry === undefined ? undefined : priceOf(entry) };
}

const peak = (price: string, entry = "100", quantity = "10"): Record<Symbol, Peak> => ({ ["AAA" as Symbol]: { price: priceOf(price), quantity: quantityOf(quantity), entryPrice: priceOf(entry) } });

describe("a position", () => {
  test.each<[string, Position, Parameters<typeof exitRulesOf>[0], Record<Symbol, Peak>, readonly string[]]>([
    ["a cent above its stop-loss", position("90.01", "100"), { stopLoss: 0.1 }, {}, []],
    ["at its stop-loss", position("90", "100"), { stopLoss: 0.1 }, {}, ["stop-loss: 90.00 is 10.00 % below the average entry of 100.00"]],
    ["a cent below its take-profit", position("119.99", "100"), { takeProfit: 0.2 }, {}, []],
    ["at its take-profit", position("120", "100"), { takeProfit: 0.2 }, {}, ["take-profit: 120.00 is 20.00 % above the average entry of 100.00"]],
    ["a cent above its trailing stop", position("135.01", "100"), { trailingStop: 0.1 }, peak("150"), []],
    ["at its trailing stop", position("135", "100"), { trailingStop: 0.1 }, peak("150"), ["trailing-stop: 135.00 is 10.00 % below 150.00, the highest since entry"]],
    ["new, whose highest price is its entry", position("90", "100"), { trailingStop: 0.1 }, {}, ["trailing-stop: 90.00 is 10.00 % below 100.00, the highest since entry"]],
    // 2 for 1: the highest price of 150 was one of 75 in today's shares
    ["split since, above its trailing stop", position("68", "50", "20"), { trailingStop: 0.1 }, peak("150"), []],
    ["split since, at its trailing stop", position("67.5", "50", "20"), { trailingStop: 0.1 }, peak("150"), ["trailing-stop: 67.50 is 10.00 % below 75.00, the highest since entry"]],
    ["that was added to keeps its highest price", position("135", "120", "20"), { trailingStop: 0.1 }, peak("150"), ["trailing-stop: 135.00 is 10.00 % below 150.00, the highest since entry"]],
  ])("%s", (_case, held, rules, known, expected) => {
    expect(findExits([held], known, exitRulesOf(rules)).exits.map(({ reason }) => reason)).toEqual(expected);
  });

  test("of which the venue does not say what it cost cannot be watched, and that is said", () => {
    expect(findExits([position("1", undefined)], {}, exitRulesOf({ stopLoss: 0.1 })).refused).toEqual([{ code: "ENTRY_PRICE_UNKNOWN", symbol: "AAA" }]);
  });
});

test("a pause of two sessions ends with the third, over a weekend too", () => {
  const exited = sessionDateOf("2026-03-05"); // a Thursday
  expect(["2026-03-05", "2026-03-06", "2026-03-09", "2026-03-10"].map((date) => isPaused(exited, sessionDateOf(date), 2))).toEqual([true, true, true, false]);
});

describe("a backtest", () => {
  const closes = [100, 100, 110, 120, 107, 107, 107, 107, 107, 107];
  const dataset = datasetOf({ AAA: barsOf("2026-03-02", closes.map((price) => [price, price, price, price] as const)), BBB: barsOf("2026-03-02", closes.map(() => [50, 50, 50, 50] as const)) });

  function holding(keeps: boolean) {
    return defineStrategy({
      name: "holding",
      description: "wants half in each, and keeps them or asks again",
      params: z.object({}),
      schedule: "every session at open+5m",
      lookback: 1,
      memory: { schema: z.object({ bought: z.boolean() }), initial: { bought: false } },
      signal: (view, _params, { memory }) => ({ answer: memory.bought && keeps ? { keep: "bought already" } : view.symbols.map((symbol) => ({ symbol, weight: 0.5, reason: "half" })), memory: { bought: true } }),
    }).configure({});
  }

  async function filled(keeps: boolean, exits: Parameters<typeof exitRulesOf>[0]): Promise<readonly string[]> {
    const deployment = deploymentOf(holding(keeps), ["AAA", "BBB"], { exits: exitRulesOf(exits), limits: { orderNotionalMin: 1_000 } });
    const { runs } = await runBacktest({ ...worldSettings(dataset, deployment, "2026-03-03"), to: sessionDateOf("2026-03-13") });
    return runs.flatMap((events) => {
      const ended = new Map(events.flatMap((event) => (event.type === "order-ended" && event.status === "filled" ? [[event.clientOrderId, event]] : [])));
      return events.flatMap((event) =>
        event.type === "orders-planned"
          ? event.orders.filter(({ clientOrderId }) => ended.has(clientOrderId)).map(({ side, symbol, reason }) => `${dateOfEpochDay(newYorkClock(event.at).day)} ${side} ${symbol}: ${reason}`)
          : [],
      );
    });
  }

  test("sells a breached position alone though the strategy keeps everything", async () => {
    expect(epochDayOf(sessionDateOf("2026-03-06")) - epochDayOf(sessionDateOf("2026-03-02"))).toBe(4);
    expect(await filled(true, { trailingStop: 0.1 })).toEqual([
      "2026-03-03 buy AAA: half",
      "2026-03-03 buy BBB: half",
      "2026-03-06 sell AAA: trailing-stop: 107.00 is 10.83 % below 120.00, the highest since entry",
    ]);
  });

  test("buys again what a strategy goes on wanting, after the pause", async () => {
    const bought = (lines: readonly string[]): readonly string[] => lines.filter((line) => line.includes("buy AAA") && line > "2026-03-06");
    expect(bought(await filled(false, { trailingStop: 0.1 }))).toEqual(["2026-03-09 buy AAA: half"]);
    expect(bought(await filled(false, { trailingStop: 0.1, reentryPauseSessions: 2 }))).toEqual(["2026-03-11 buy AAA: half"]);
  });
});
