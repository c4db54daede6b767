import { describe, expect, test } from "vitest";
import { DatasetViews } from "../../backtest/views.ts";
import { moneyOf, quantityOf } from "../../src/money.ts";
import { previewRun, type Preview } from "../../src/run/preview.ts";
import { runIdOf } from "../../src/run/run-identity.ts";
import { defineStrategy, keep, z, type ConfiguredStrategy } from "../../src/strategy.ts";
import { instantOf } from "../../src/time.ts";
import type { Account } from "../../src/trade.ts";
import { accountOf, barsOf, datasetOf, deploymentOf, holding, quotesOf } from "../support/made-up-market.ts";
import { RunOnMarket } from "../support/run-on-market.ts";

const FROM = "2026-11-16";
const flat = (price: number): ReturnType<typeof barsOf> => barsOf(FROM, Array.from({ length: 10 }, () => [price, price + 1, price - 1, price] as const));
const DATA = datasetOf({ AAA: flat(100), BBB: flat(50) });
const AT = instantOf("2026-11-24T14:35:00Z");

function preview(strategy: ConfiguredStrategy, account: Account, overrides: Parameters<typeof deploymentOf>[2] = {}): Preview {
  const deployment = deploymentOf(strategy, DATA.symbols, overrides);
  const view = new DatasetViews(DATA).view(deployment.symbols, strategy.lookback, AT);
  return previewRun({ deployment, account, view, gateView: view, quotes: quotesOf(AT, { AAA: "100", BBB: "50" }), memory: undefined, now: AT, run: runIdOf(deployment.account, strategy.name, AT) });
}

describe("a preview", () => {
  test("shows weights, drift, orders, fees and the cash that would be left", () => {
    // 100,000: AAA 60 %, BBB 20 %, wanted the other way round
    const shown = preview(holding({ AAA: 0.2, BBB: 0.6 }), accountOf("20000", { AAA: ["600", "100"], BBB: ["400", "50"] }), { fees: "ib" });
    expect(shown).toMatchObject({ equity: moneyOf("100000"), cash: moneyOf("20000"), keep: undefined, refused: [] });
    expect(shown.rows).toMatchObject([
      { symbol: "AAA", weight: 0.6, target: 0.2, quantity: quantityOf("600"), reason: "0.2 of equity", clampedFrom: undefined },
      { symbol: "BBB", weight: 0.2, target: 0.6, quantity: quantityOf("400"), reason: "0.6 of equity", clampedFrom: undefined },
    ]);
    expect(shown.rows.map(({ drift }) => drift.toFixed(6))).toEqual(["0.400000", "-0.400000"]);
    expect(shown.orders.map(({ side, symbol, quantity }) => [side, symbol, quantity])).toEqual([
      ["sell", "AAA", quantityOf("400")],
      ["buy", "BBB", quantityOf("799.976")], // 60 % of the 99,998 that the sale leaves are 1,199.976 shares
    ]);
    // half a cent a share: 2 for the sale, 3.99988 for the purchase of 39,998.80
    expect([shown.expectedFees, shown.cashAfter]).toEqual([moneyOf("5.99988"), moneyOf("19995.20012")]);
  });

  test("shows what is sold off, and caps that made a target less", () => {
    const shown = preview(holding({ BBB: 0.9 }), accountOf("90000", { AAA: ["100", "100"] }), { limits: { positionWeightMax: 0.5 } });
    expect(shown.rows).toMatchObject([
      { symbol: "AAA", weight: 0.1, target: 0, reason: "no longer a target" },
      { symbol: "BBB", weight: 0, target: 0.5, clampedFrom: 0.9 },
    ]);
  });

  test("of a strategy that keeps everything shows its reason and no order", () => {
    const keeping = defineStrategy({ name: "keeping", description: "", params: z.object({}), schedule: "every session at open+5m", lookback: 1, signal: () => keep("no drift") }).configure({});
    const shown = preview(keeping, accountOf("40000", { AAA: ["600", "100"] }));
    expect(shown).toMatchObject({ keep: "no drift", orders: [], cashAfter: moneyOf("40000") });
    expect(shown.rows).toMatchObject([{ symbol: "AAA", weight: 0.6, target: 0.6, drift: 0, reason: "no drift" }]);
  });

  test.each<[string, Readonly<Record<string, number>>, Parameters<typeof deploymentOf>[2]]>([
    ["a swap", { BBB: 1 }, {}],
    ["a part", { AAA: 0.3, BBB: 0.3 }, { fees: "alpaca" }],
    ["limits", { AAA: 0.3, BBB: 0.7 }, { fees: "ib", executionStyle: "marketable-limit" }],
    ["refusals", { AAA: 0.3, BBB: 0.7 }, { limits: { orderNotionalMax: 30_000 } }],
  ])("of %s shows the orders and refusals of the run itself", async (_case, weights, overrides) => {
    const world = new RunOnMarket(deploymentOf(holding({ AAA: 0.8 }), DATA.symbols, overrides), DATA, { from: FROM });
    world.deployment = deploymentOf(holding({ AAA: 0.8 }), DATA.symbols);
    await world.call("2026-11-23T14:35:00.000Z");
    const account = world.world.exchange.account(world.deployment.account);
    const strategy = holding(weights);
    world.deployment = deploymentOf(strategy, DATA.symbols, overrides);
    await world.call("2026-11-24T14:35:00.000Z");
    const plans = await world.eventsOf("2026-11-24T14:35:00.000Z", "orders-planned");
    const shown = preview(strategy, account, overrides);
    expect(shown.orders).toEqual(plans.flatMap(({ orders }) => orders));
    expect(shown.refused).toEqual(plans.flatMap(({ refused }) => refused));
    expect(shown.orders.length).toBeGreaterThan(0);
  });
});
