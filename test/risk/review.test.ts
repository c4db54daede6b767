import { describe, expect, test } from "vitest";
import { limitsOf, type LimitsInput } from "../../src/config.ts";
import { moneyOf, priceOf, quantityOf } from "../../src/money.ts";
import { review, type Candidate, type ReviewContext } from "../../src/risk/review.ts";
import { instantOf } from "../../src/time.ts";
import type { ClientOrderId, Quote, Symbol } from "../../src/trade.ts";

const NOW = instantOf("2026-11-23T15:00:00Z");

interface OrderTexts {
  readonly symbol?: string;
  readonly side?: "buy" | "sell";
  readonly quantity?: string;
  readonly type?: "market" | "limit";
  readonly bound?: string;
  readonly reference?: string;
  readonly fees?: string;
  readonly closesPosition?: boolean;
}

/** A buy of ten shares at 100.10, unless it says otherwise. */
function order({ symbol = "AAA", side = "buy", quantity = "10", type = "market", bound, reference, fees = "0", closesPosition = false }: OrderTexts = {}): Candidate {
  const referencePrice = priceOf(reference ?? (side === "buy" ? "100.1" : "99.9"));
  return {
    clientOrderId: `order-${symbol}-${side}` as ClientOrderId,
    symbol: symbol as Symbol,
    side,
    quantity: quantityOf(quantity),
    type,
    priceBound: bound === undefined ? referencePrice : priceOf(bound),
    referencePrice,
    expectedFees: moneyOf(fees),
    closesPosition,
  };
}

function quote(bid: string, ask: string, ageMs = 0): Quote {
  return { bid: priceOf(bid), ask: priceOf(ask), at: instantOf(new Date(NOW - ageMs).toISOString()) };
}

interface ContextTexts {
  readonly limits?: LimitsInput;
  readonly equity?: string;
  readonly spendable?: string;
  readonly held?: Readonly<Record<string, string>>;
  readonly quotes?: Readonly<Record<string, Quote>>;
  readonly ordersBefore?: number;
}

/** AAA and BBB at 99.90 to 100.10, equity of 100,000 and as much to spend. */
function context({ limits = {}, equity = "100000", spendable = "100000", held = {}, quotes, ordersBefore = 0 }: ContextTexts = {}): ReviewContext {
  return {
    now: NOW,
    limits: limitsOf({ positionWeightMax: 1, ...limits }),
    equity: moneyOf(equity),
    spendable: moneyOf(spendable),
    held: new Map(Object.entries(held).map(([symbol, quantity]) => [symbol as Symbol, quantityOf(quantity)])),
    quotes: new Map(Object.entries(quotes ?? { AAA: quote("99.9", "100.1"), BBB: quote("99.9", "100.1") }).map(([symbol, one]) => [symbol as Symbol, one])),
    ordersBefore,
  };
}

/** The code that one order is refused with, or "approved". */
function verdict(candidate: Candidate, inputs: ReviewContext): string {
  const { approved, refused } = review([candidate], inputs);
  expect(approved.length + refused.length).toBe(1);
  return refused[0]?.code ?? "approved";
}

describe("one order", () => {
  test.each<[string, OrderTexts, ContextTexts, string]>([
    ["has no quote", {}, { quotes: { BBB: quote("99.9", "100.1") } }, "QUOTE_MISSING"],
    ["meets a quote of the maximum age", {}, { limits: { quoteAgeMaxMs: 60_000 }, quotes: { AAA: quote("99.9", "100.1", 60_000) } }, "approved"],
    ["meets a quote a millisecond older", {}, { limits: { quoteAgeMaxMs: 60_000 }, quotes: { AAA: quote("99.9", "100.1", 60_001) } }, "QUOTE_STALE"],

    ["sells all that is held", { side: "sell", quantity: "10" }, { held: { AAA: "10" } }, "approved"],
    ["sells a billionth of a share more", { side: "sell", quantity: "10.000000001" }, { held: { AAA: "10" } }, "SELL_EXCEEDS_POSITION"],
    ["sells what is not held", { side: "sell", quantity: "1" }, { held: { BBB: "10" } }, "SELL_EXCEEDS_POSITION"],

    // 1 % above 100.10 is 101.101; rounding may move a bound by a millionth
    ["buys up to the collar", { bound: "101.101" }, { limits: { collarBps: 100 } }, "approved"],
    ["buys up to the collar and a rounding", { bound: "101.101001" }, { limits: { collarBps: 100 } }, "approved"],
    ["buys beyond the collar", { bound: "101.101002" }, { limits: { collarBps: 100 } }, "PRICE_OUTSIDE_COLLAR"],
    ["bids below the quote", { bound: "50" }, { limits: { collarBps: 0 } }, "approved"],
    // 1 % below 99.90 is 98.901
    ["sells down to the collar", { side: "sell", bound: "98.901" }, { limits: { collarBps: 100 }, held: { AAA: "10" } }, "approved"],
    ["sells beyond the collar", { side: "sell", bound: "98.900998" }, { limits: { collarBps: 100 }, held: { AAA: "10" } }, "PRICE_OUTSIDE_COLLAR"],

    ["is worth the minimum", { quantity: "1", reference: "100" }, { limits: { orderNotionalMin: 100 } }, "approved"],
    ["is worth a millionth less", { quantity: "1", reference: "99.999999" }, { limits: { orderNotionalMin: 100 } }, "ORDER_NOTIONAL_BELOW_MIN"],
    ["is worth less and closes a position", { side: "sell", quantity: "0.000000001", closesPosition: true }, { limits: { orderNotionalMin: 100 }, held: { AAA: "0.000000001" } }, "approved"],

    ["is worth the maximum", { quantity: "10" }, { limits: { orderNotionalMax: 1001 } }, "approved"],
    ["is worth more than the maximum", { quantity: "10" }, { limits: { orderNotionalMax: 1000.99 } }, "ORDER_NOTIONAL_EXCEEDS_MAX"],
    ["sells more than the maximum", { side: "sell", quantity: "10", closesPosition: true }, { limits: { orderNotionalMax: 998.99 }, held: { AAA: "10" } }, "ORDER_NOTIONAL_EXCEEDS_MAX"],

    ["is the last that the run may place", {}, { limits: { ordersPerRunMax: 3 }, ordersBefore: 2 }, "approved"],
    ["is one too many", {}, { limits: { ordersPerRunMax: 3 }, ordersBefore: 3 }, "ORDERS_PER_RUN_EXCEED_MAX"],

    // at the middle of 100: ten shares are 1 % of 100,000
    ["fills the position cap", { quantity: "10" }, { limits: { positionWeightMax: 0.01 } }, "approved"],
    ["fills it together with what is held", { quantity: "4" }, { limits: { positionWeightMax: 0.01 }, held: { AAA: "6" } }, "approved"],
    ["goes over it", { quantity: "10.01" }, { limits: { positionWeightMax: 0.01 } }, "POSITION_WEIGHT_EXCEEDS_MAX"],
    ["goes over it together with what is held", { quantity: "4.01" }, { limits: { positionWeightMax: 0.01 }, held: { AAA: "6" } }, "POSITION_WEIGHT_EXCEEDS_MAX"],
    ["sells out of a position that is over the cap", { side: "sell", quantity: "1" }, { limits: { positionWeightMax: 0.01 }, held: { AAA: "50" } }, "approved"],

    ["costs all the money, fees included", { quantity: "10", fees: "1" }, { spendable: "1002" }, "approved"],
    ["costs a millionth more", { quantity: "10", fees: "1.000001" }, { spendable: "1002" }, "BUYING_POWER_INSUFFICIENT"],
    ["is a limit order, for which its limit is reserved", { type: "limit", quantity: "10", bound: "101" }, { spendable: "1010" }, "approved"],
    ["is a limit order whose limit the money does not cover", { type: "limit", quantity: "10", bound: "101" }, { spendable: "1009.99" }, "BUYING_POWER_INSUFFICIENT"],
    ["sells without money", { side: "sell", quantity: "10" }, { spendable: "0", held: { AAA: "10" } }, "approved"],
  ])("that %s", (_case, texts, inputs, expected) => {
    expect(verdict(order(texts), context(inputs))).toBe(expected);
  });
});

describe("a refusal says the numbers that decided", () => {
  test.each<[OrderTexts, ContextTexts, unknown]>([
    [{}, { quotes: {} }, { code: "QUOTE_MISSING", symbol: "AAA", side: "buy" }],
    [{}, { limits: { quoteAgeMaxMs: 500 }, quotes: { AAA: quote("99.9", "100.1", 501) } }, { code: "QUOTE_STALE", symbol: "AAA", side: "buy", ageMs: 501, maxMs: 500 }],
    [{ side: "sell", quantity: "2" }, { held: { AAA: "1.5" } }, { code: "SELL_EXCEEDS_POSITION", symbol: "AAA", quantity: 2_000_000_000, held: 1_500_000_000 }],
    [{ bound: "102" }, { limits: { collarBps: 100 } }, { code: "PRICE_OUTSIDE_COLLAR", symbol: "AAA", side: "buy", bound: 102_000_000, quoted: 100_100_000, collarBps: 100 }],
    [{ quantity: "0.5" }, { limits: { orderNotionalMin: 51 } }, { code: "ORDER_NOTIONAL_BELOW_MIN", symbol: "AAA", side: "buy", notional: 50_050_000, min: 51_000_000 }],
    [{}, { limits: { orderNotionalMax: 1000 } }, { code: "ORDER_NOTIONAL_EXCEEDS_MAX", symbol: "AAA", side: "buy", notional: 1_001_000_000, max: 1_000_000_000 }],
    [{}, { limits: { ordersPerRunMax: 1 }, ordersBefore: 1 }, { code: "ORDERS_PER_RUN_EXCEED_MAX", symbol: "AAA", side: "buy", max: 1 }],
    [{}, { limits: { positionWeightMax: 0.005 } }, { code: "POSITION_WEIGHT_EXCEEDS_MAX", symbol: "AAA", weight: 10_000, max: 5_000 }],
    [{ fees: "1" }, { spendable: "1000" }, { code: "BUYING_POWER_INSUFFICIENT", symbol: "AAA", cost: 1_002_000_000, available: 1_000_000_000 }],
  ])("%j", (texts, inputs, refusal) => {
    expect(review([order(texts)], context(inputs)).refused).toEqual([refusal]);
  });
});

describe("an approved order counts against the next", () => {
  test("in money", () => {
    const { approved, refused } = review([order({ symbol: "AAA" }), order({ symbol: "BBB" })], context({ spendable: "2001.99" }));
    expect(approved.map(({ symbol }) => symbol)).toEqual(["AAA"]);
    expect(refused).toEqual([{ code: "BUYING_POWER_INSUFFICIENT", symbol: "BBB", cost: 1_001_000_000, available: 1_000_990_000 }]);
    expect(review([order({ symbol: "AAA" }), order({ symbol: "BBB" })], context({ spendable: "2002" })).refused).toEqual([]);
  });

  test("in shares: what is held can be sold once", () => {
    const half = order({ side: "sell", quantity: "5" });
    expect(review([half, half], context({ held: { AAA: "10" } })).refused).toEqual([]);
    const { approved, refused } = review([half, half, half], context({ held: { AAA: "10" } }));
    expect(approved).toHaveLength(2);
    expect(refused).toEqual([{ code: "SELL_EXCEEDS_POSITION", symbol: "AAA", quantity: 5_000_000_000, held: 0 }]);
  });

  test("in the weight of the position", () => {
    const limits = { positionWeightMax: 0.01 };
    expect(review([order({ quantity: "5" }), order({ quantity: "5" })], context({ limits })).refused).toEqual([]);
    expect(review([order({ quantity: "5" }), order({ quantity: "5.01" })], context({ limits })).refused).toEqual([
      { code: "POSITION_WEIGHT_EXCEEDS_MAX", symbol: "AAA", weight: 10_010, max: 10_000 },
    ]);
  });

  test("in the number of orders", () => {
    const three = [order(), order({ symbol: "BBB" }), order()];
    const { approved, refused } = review(three, context({ limits: { ordersPerRunMax: 4 }, ordersBefore: 2 }));
    expect(approved).toHaveLength(2);
    expect(refused.map(({ code }) => code)).toEqual(["ORDERS_PER_RUN_EXCEED_MAX"]);
  });

  test("and a refused one does not", () => {
    const tooLarge = order({ symbol: "AAA", quantity: "50" });
    const { approved, refused } = review([tooLarge, order({ symbol: "BBB" })], context({ spendable: "1001", limits: { ordersPerRunMax: 1 } }));
    expect(approved.map(({ symbol }) => symbol)).toEqual(["BBB"]);
    expect(refused.map(({ code }) => code)).toEqual(["BUYING_POWER_INSUFFICIENT"]);
  });
});

test("the first check that says no decides", () => {
  const wrongInEveryWay = order({ side: "sell", quantity: "9", bound: "1" });
  const inputs: ContextTexts = { limits: { orderNotionalMax: 1, ordersPerRunMax: 1, quoteAgeMaxMs: 0 }, ordersBefore: 9 };
  expect(verdict(wrongInEveryWay, context({ ...inputs, quotes: {} }))).toBe("QUOTE_MISSING");
  expect(verdict(wrongInEveryWay, context({ ...inputs, quotes: { AAA: quote("99.9", "100.1", 1) } }))).toBe("QUOTE_STALE");
  expect(verdict(wrongInEveryWay, context(inputs))).toBe("SELL_EXCEEDS_POSITION");
  expect(verdict(wrongInEveryWay, context({ ...inputs, held: { AAA: "9" } }))).toBe("PRICE_OUTSIDE_COLLAR");
  expect(verdict({ ...wrongInEveryWay, priceBound: priceOf("99.9") }, context({ ...inputs, held: { AAA: "9" } }))).toBe("ORDER_NOTIONAL_EXCEEDS_MAX");
});

test("an approved order is the candidate itself, unchanged", () => {
  const candidate = order();
  expect(review([candidate], context()).approved[0]).toBe(candidate);
});
