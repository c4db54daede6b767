import { describe, expect, test } from "vitest";
import { executionCost, expectedImpactBps } from "../../src/execution/shortfall.ts";
import { moneyOf, priceOf, shares, ZERO_QUANTITY, type Quantity } from "../../src/money.ts";
import { instantOf } from "../../src/time.ts";
import type { Fill, Side, Symbol } from "../../src/trade.ts";

const AT = instantOf("2026-11-23T15:00:00Z");
const fill = (quantity: number, price: string): Fill => ({ id: `${quantity}@${price}`, quantity: shares(quantity), price: priceOf(price), at: AT });
const order = (side: Side, quantity: number, arrival: string, fees = "0") => ({ symbol: "AAA" as Symbol, side, quantity: shares(quantity), arrivalPrice: priceOf(arrival), expectedFees: moneyOf(fees) });

describe("implementation shortfall", () => {
  test.each<[string, Side, readonly Fill[], string, string]>([
    ["a buy above the price at which it was planned", "buy", [fill(60, "100.10"), fill(40, "100.20")], "100.14", "14"],
    ["a buy below it gains", "buy", [fill(100, "99.90")], "99.90", "-10"],
    ["a sell below it", "sell", [fill(100, "99.95")], "99.95", "5"],
    ["a sell above it gains", "sell", [fill(100, "100.03")], "100.03", "-3"],
  ])("%s", (_, side, fills, average, shortfall) => {
    expect(executionCost([{ order: order(side, 100, "100"), fills }])).toEqual({
      traded: moneyOf("10000"),
      shortfall: moneyOf(shortfall),
      orders: [{ symbol: "AAA", side, quantity: shares(100), arrivalPrice: priceOf("100"), averagePrice: priceOf(average), shortfall: moneyOf(shortfall) }],
    });
  });

  test("what was not filled is left out, and of the fees the same part", () => {
    expect(executionCost([{ order: order("buy", 100, "100", "2"), fills: [fill(25, "100.04")] }])).toMatchObject({ traded: moneyOf("2500"), shortfall: moneyOf("1.5") });
  });

  test("a run adds its orders up, and an order without a fill is not among them", () => {
    const run = [{ order: order("sell", 10, "50"), fills: [fill(10, "49.90")] }, { order: order("buy", 10, "100"), fills: [] }, { order: order("buy", 5, "100"), fills: [fill(5, "100.40")] }];
    expect(executionCost(run)).toMatchObject({ traded: moneyOf("1000"), shortfall: moneyOf("3"), orders: [{ side: "sell" }, { side: "buy" }] });
    expect(executionCost([{ order: order("buy", 10, "100"), fills: [] }])).toBeUndefined();
  });
});

test.each<[string, Quantity, { averageVolume?: number; volatility?: number }, number | undefined]>([
  // 0.84 x 2 % x sqrt(1 %) = 16.8 basis points
  ["a hundredth of a day's volume at 2 % a day", shares(10_000), { averageVolume: 1_000_000, volatility: 0.02 }, 16.8],
  ["a ten-thousandth of it", shares(100), { averageVolume: 1_000_000, volatility: 0.02 }, 1.68],
  ["nothing", ZERO_QUANTITY, { averageVolume: 1_000_000, volatility: 0.02 }, 0],
  ["an unknown volume", shares(100), { volatility: 0.02 }, undefined],
  ["a volume of zero", shares(100), { averageVolume: 0, volatility: 0.02 }, undefined],
  ["an unknown volatility", shares(100), { averageVolume: 1_000_000 }, undefined],
])("the expected impact of %s", (_, quantity, facts, impact) => {
  expect(expectedImpactBps(quantity, facts)).toBe(impact);
});
