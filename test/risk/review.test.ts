import { describe, expect, test } from "vitest";
import { limitsOf, type LimitsInput } from "../../src/config.ts";
import { moneyOf, priceOf, quantityOf } from "../../src/money.ts";
import type { MarketFacts, VenueFacts } from "../../src/risk/candidate.ts";
import { review, type Candidate, type ReviewContext } from "../../src/risk/review.ts";
import { instantOf, sessionDateOf } from "../../src/time.ts";
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
  readonly turnoverBefore?: string;
  /** Positions at the account's prices. */
  readonly worth?: Readonly<Record<string, string>>;
  /** A bar of the last session, which closed at 100, unless it says otherwise. */
  readonly facts?: Readonly<Record<string, Partial<MarketFacts>>>;
  readonly venue?: VenueFacts;
}

/** AAA and BBB at 99.90 to 100.10, equity of 100,000 and as much to spend. */
function context({ limits = {}, equity = "100000", spendable = "100000", held = {}, quotes, ordersBefore = 0, turnoverBefore = "0", worth = {}, facts, venue }: ContextTexts = {}): ReviewContext {
  return {
    now: NOW,
    limits: limitsOf({ positionWeightMax: 1, ...limits }),
    equity: moneyOf(equity),
    spendable: moneyOf(spendable),
    held: new Map(Object.entries(held).map(([symbol, quantity]) => [symbol as Symbol, quantityOf(quantity)])),
    quotes: new Map(Object.entries(quotes ?? { AAA: quote("99.9", "100.1"), BBB: quote("99.9", "100.1") }).map(([symbol, one]) => [symbol as Symbol, one])),
    worth: new Map(Object.entries(worth).map(([symbol, value]) => [symbol as Symbol, moneyOf(value)])),
    facts: facts && new Map(Object.entries(facts).map(([symbol, known]) => [symbol as Symbol, { day: sessionDateOf("2026-11-20"), ageSessions: 0, close: priceOf("100"), ...known }])),
    venue,
    ordersBefore,
    turnoverBefore: moneyOf(turnoverBefore),
  };
}

const GROUP: LimitsInput["groups"] = { both: { symbols: ["AAA", "BBB"], weightMax: 0.02 } };

/** Whether each asset can be traded, and in fractions; and one order that is open there. */
function venue(assets: Readonly<Record<string, readonly [tradable: boolean, fractionable: boolean]>>, working?: readonly [symbol: string, side: "buy" | "sell"]): VenueFacts {
  return {
    assets: new Map(Object.entries(assets).map(([symbol, [tradable, fractionable]]) => [symbol as Symbol, { tradable, fractionable }])),
    working: working ? [{ clientOrderId: "by-hand", symbol: working[0] as Symbol, side: working[1], remaining: quantityOf("7") }] : [],
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

    ["meets a quote of as far ahead as clocks differ", {}, { quotes: { AAA: quote("99.9", "100.1", -5_000) } }, "approved"],
    ["meets a quote a millisecond further ahead", {}, { quotes: { AAA: quote("99.9", "100.1", -5_001) } }, "QUOTE_FROM_FUTURE"],
    ["meets a locked quote", {}, { quotes: { AAA: quote("100.1", "100.1") } }, "approved"],
    ["meets a crossed quote", {}, { quotes: { AAA: quote("100.100001", "100.1") } }, "QUOTE_CROSSED"],
    ["meets a quote without a bid", {}, { quotes: { AAA: quote("0", "100.1") } }, "QUOTE_CROSSED"],

    ["has a bar of the greatest age", {}, { limits: { barAgeSessionsMax: 1 }, facts: { AAA: { ageSessions: 1 } } }, "approved"],
    ["has a bar a session older", {}, { limits: { barAgeSessionsMax: 1 }, facts: { AAA: { ageSessions: 2 } } }, "BAR_STALE"],
    ["has a bar of a day that has not closed", {}, { limits: { barAgeSessionsMax: 1 }, facts: { AAA: { ageSessions: -1 } } }, "BAR_FROM_FUTURE"],
    ["has no bar", {}, { limits: { barAgeSessionsMax: 1 }, facts: { BBB: {} } }, "BAR_MISSING"],
    ["has an old bar that nobody asks about", {}, { facts: { AAA: { ageSessions: 500 } } }, "approved"],

    // the middle is 100
    ["meets a quote as far from the close as it may be", {}, { limits: { priceMoveMax: 0.25 }, facts: { AAA: { close: priceOf("80") } } }, "approved"],
    ["meets a quote further above", {}, { limits: { priceMoveMax: 0.25 }, facts: { AAA: { close: priceOf("79.999") } } }, "PRICE_MOVE_EXCEEDS_MAX"],
    ["meets a quote as far below as it may be", {}, { limits: { priceMoveMax: 0.25 }, facts: { AAA: { close: priceOf("133.333333") } } }, "approved"],
    ["meets a quote at half the close: a split nobody knew", {}, { limits: { priceMoveMax: 0.4 }, facts: { AAA: { close: priceOf("200") } } }, "PRICE_MOVE_EXCEEDS_MAX"],

    ["is of what the venue trades", { quantity: "0.5" }, { venue: venue({ AAA: [true, true] }) }, "approved"],
    ["is of what the venue does not trade now", {}, { venue: venue({ AAA: [false, true] }) }, "NOT_TRADABLE"],
    ["is of what the venue does not know", {}, { venue: venue({}) }, "NOT_TRADABLE"],
    ["is of whole shares where there are no fractions", { quantity: "3" }, { venue: venue({ AAA: [true, false] }) }, "approved"],
    ["is of a fraction where there are none", { quantity: "3.5" }, { venue: venue({ AAA: [true, false] }) }, "NOT_FRACTIONABLE"],
    ["sells the fraction that a split left, with all the rest", { side: "sell", quantity: "3.5", closesPosition: true }, { held: { AAA: "3.5" }, venue: venue({ AAA: [true, false] }) }, "approved"],

    ["is for a billionth of a share", { quantity: "0.000000001" }, { limits: { orderNotionalMin: 0 } }, "approved"],
    ["is for nothing", { quantity: "0" }, { limits: { orderNotionalMin: 0 } }, "QUANTITY_NOT_POSITIVE"],

    ["has its limit on a tick", { type: "limit", bound: "100.2" }, {}, "approved"],
    ["has its limit between ticks", { type: "limit", bound: "100.205" }, {}, "PRICE_OFF_TICK"],
    ["has its limit on the quote, between ticks", { type: "limit", bound: "100.105" }, { quotes: { AAA: quote("99.905", "100.105") } }, "approved"],
    ["has its limit on the other side of the quote, between ticks", { type: "limit", bound: "99.905" }, { quotes: { AAA: quote("99.905", "100.105") } }, "PRICE_OFF_TICK"],
    ["has a limit of ten thousandths below a dollar", { type: "limit", bound: "0.5001", reference: "0.5" }, { quotes: { AAA: quote("0.5", "0.5") } }, "approved"],

    ["is as large a share of the day's volume as it may be", { quantity: "10" }, { limits: { volumeShareMax: 0.05 }, facts: { AAA: { averageVolume: 200 } } }, "approved"],
    ["is larger", { quantity: "10.000000001" }, { limits: { volumeShareMax: 0.05 }, facts: { AAA: { averageVolume: 200 } } }, "VOLUME_SHARE_EXCEEDS_MAX"],
    ["is of what never trades", {}, { limits: { volumeShareMax: 0.05 }, facts: { AAA: { averageVolume: 0 } } }, "VOLUME_SHARE_EXCEEDS_MAX"],
    ["is of what has closes only", {}, { limits: { volumeShareMax: 0.05 }, facts: { AAA: {} } }, "approved"],

    ["is alone at the venue", {}, { venue: venue({ AAA: [true, true] }, ["BBB", "buy"]) }, "approved"],
    ["stands beside a working order of its side", {}, { venue: venue({ AAA: [true, true] }, ["AAA", "buy"]) }, "ORDER_ALREADY_WORKING"],
    ["stands against a working order of the other side", {}, { venue: venue({ AAA: [true, true] }, ["AAA", "sell"]) }, "OPPOSITE_ORDER_WORKING"],
    ["sells against a working buy", { side: "sell" }, { held: { AAA: "10" }, venue: venue({ AAA: [true, true] }, ["AAA", "buy"]) }, "OPPOSITE_ORDER_WORKING"],

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

    // ten shares at 100.10 are 1.001 % of 100,000
    ["fills the turnover of the run", {}, { limits: { turnoverPerRunMax: 0.5 }, turnoverBefore: "48999" }, "approved"],
    ["turns over more", {}, { limits: { turnoverPerRunMax: 0.5 }, turnoverBefore: "48999.1" }, "TURNOVER_PER_RUN_EXCEEDS_MAX"],
    ["turns over more by a sale", { side: "sell", quantity: "10" }, { held: { AAA: "10" }, limits: { turnoverPerRunMax: 0.5 }, turnoverBefore: "49999.1" }, "TURNOVER_PER_RUN_EXCEEDS_MAX"],

    ["fills the position cap in USD", { quantity: "10" }, { limits: { positionNotionalMax: 1000 } }, "approved"],
    ["goes over it by a millionth", { quantity: "10" }, { limits: { positionNotionalMax: 999.999999 } }, "POSITION_NOTIONAL_EXCEEDS_MAX"],
    ["fills the cap of its group", { quantity: "10" }, { limits: { groups: GROUP }, worth: { BBB: "1000" } }, "approved"],
    ["goes over it", { quantity: "10" }, { limits: { groups: GROUP }, worth: { BBB: "1000.1" } }, "GROUP_WEIGHT_EXCEEDS_MAX"],
    ["is in no group that is full", { quantity: "10" }, { limits: { groups: { other: { symbols: ["BBB"], weightMax: 0.02 } } }, worth: { BBB: "5000" } }, "approved"],
    ["sells out of a group that is over its cap", { side: "sell", quantity: "10" }, { limits: { groups: GROUP }, held: { AAA: "10" }, worth: { AAA: "1000", BBB: "5000" } }, "approved"],
    ["fills the gross exposure", { quantity: "10" }, { limits: { grossExposureMax: 0.5 }, worth: { CCC: "49000" } }, "approved"],
    ["goes over it with what is held", { quantity: "10" }, { limits: { grossExposureMax: 0.5 }, worth: { CCC: "49000.1" } }, "GROSS_EXPOSURE_EXCEEDS_MAX"],
    ["sells while exposure is over its cap", { side: "sell", quantity: "10" }, { limits: { grossExposureMax: 0.5 }, held: { AAA: "10" }, worth: { AAA: "1000", CCC: "90000" } }, "approved"],

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
    [{}, { quotes: { AAA: quote("99.9", "100.1", -6_000) } }, { code: "QUOTE_FROM_FUTURE", symbol: "AAA", side: "buy", aheadMs: 6_000, maxMs: 5_000 }],
    [{}, { limits: { barAgeSessionsMax: 1 }, facts: { AAA: { ageSessions: 3 } } }, { code: "BAR_STALE", symbol: "AAA", side: "buy", day: "2026-11-20", ageSessions: 3, max: 1 }],
    [{}, { limits: { priceMoveMax: 0.4 }, facts: { AAA: { close: priceOf("200") } } }, { code: "PRICE_MOVE_EXCEEDS_MAX", symbol: "AAA", side: "buy", quoted: 100_000_000, close: 200_000_000, move: 500_000, max: 400_000 }],
    [{ type: "limit", bound: "100.205" }, {}, { code: "PRICE_OFF_TICK", symbol: "AAA", side: "buy", bound: 100_205_000, tick: 10_000 }],
    [{}, { limits: { volumeShareMax: 0.01 }, facts: { AAA: { averageVolume: 900 } } }, { code: "VOLUME_SHARE_EXCEEDS_MAX", symbol: "AAA", side: "buy", quantity: 10_000_000_000, averageVolume: 900, max: 10_000 }],
    [{}, { venue: venue({ AAA: [true, true] }, ["AAA", "sell"]) }, { code: "OPPOSITE_ORDER_WORKING", symbol: "AAA", side: "buy", working: "by-hand", remaining: 7_000_000_000 }],
    [{}, { limits: { turnoverPerRunMax: 0.01 } }, { code: "TURNOVER_PER_RUN_EXCEEDS_MAX", symbol: "AAA", side: "buy", turnover: 10_010, max: 10_000 }],
    [{}, { limits: { groups: GROUP }, worth: { BBB: "1500" } }, { code: "GROUP_WEIGHT_EXCEEDS_MAX", symbol: "AAA", group: "both", weight: 25_000, max: 20_000 }],
    [{}, { limits: { grossExposureMax: 0.5 }, worth: { CCC: "50000" } }, { code: "GROSS_EXPOSURE_EXCEEDS_MAX", symbol: "AAA", weight: 510_000, max: 500_000 }],
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

  test("in its group, in the exposure and in the turnover of the run", () => {
    const both = [order({ symbol: "AAA" }), order({ symbol: "BBB" })];
    const codes = (limits: LimitsInput): readonly string[] => review(both, context({ limits })).refused.map((refusal) => `${"symbol" in refusal ? refusal.symbol : ""} ${refusal.code}`);
    expect(codes({ groups: GROUP })).toEqual([]);
    expect(codes({ groups: { both: { symbols: ["AAA", "BBB"], weightMax: 0.0199 } } })).toEqual(["BBB GROUP_WEIGHT_EXCEEDS_MAX"]);
    expect(codes({ grossExposureMax: 0.02 })).toEqual([]);
    expect(codes({ grossExposureMax: 0.0199 })).toEqual(["BBB GROSS_EXPOSURE_EXCEEDS_MAX"]);
    expect(codes({ turnoverPerRunMax: 0.02002 })).toEqual([]);
    expect(codes({ turnoverPerRunMax: 0.02 })).toEqual(["BBB TURNOVER_PER_RUN_EXCEEDS_MAX"]);
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
