import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Dataset, Series } from "../../backtest/dataset.ts";
import { journalHashOf, journalLines, resultOf, type ReplayRecord } from "../../backtest/result.ts";
import { moneyOf, priceOf, shares, ZERO_QUANTITY } from "../../src/money.ts";
import type { JournalEntry } from "../../src/run/journal.ts";
import { epochDayOf, instantOf, sessionDateOf } from "../../src/time.ts";
import type { ClientOrderId, Symbol } from "../../src/trade.ts";

const [AAA, BBB, SPX] = ["AAA", "BBB", "SPX"] as Symbol[] as [Symbol, Symbol, Symbol];
const day = (text: string): number => epochDayOf(sessionDateOf(text));
const due = instantOf("2020-01-03T14:35:00Z");
const [first, second, third] = ["bal-1", "bal-2", "bal-3"] as ClientOrderId[] as [ClientOrderId, ClientOrderId, ClientOrderId];

const planned = (clientOrderId: ClientOrderId, symbol: Symbol, side: "buy" | "sell") => ({
  clientOrderId,
  symbol,
  side,
  quantity: shares(10),
  type: "market" as const,
  priceBound: priceOf("51"),
  referencePrice: priceOf("50"),
  expectedFees: moneyOf("0.01"),
  closesPosition: false,
  reason: `${side} ${symbol}`,
});
const account = { equity: moneyOf("100000"), cash: moneyOf("1000") };
const entries = [
  { type: "run-opened", account: "test", strategy: "made-up", scheduledAt: due, params: {}, symbols: [AAA, BBB], settings: {} },
  { type: "targets-set", targets: [], refused: [{ code: "SHORT_NOT_ALLOWED", symbol: BBB, weight: -1 }] },
  { type: "orders-planned", side: "sell", ...account, orders: [planned(first, AAA, "sell")], refused: [{ code: "ORDER_NOTIONAL_BELOW_MIN" }] },
  { type: "order-submitted", clientOrderId: first, outcome: { kind: "accepted" } },
  {
    type: "order-ended",
    clientOrderId: first,
    status: "filled",
    filledQuantity: shares(10),
    fills: [
      { id: "x-1", quantity: shares(4), price: priceOf("50.25"), at: due },
      { id: "x-2", quantity: shares(6), price: priceOf("50.5"), at: due },
    ],
  },
  { type: "orders-planned", side: "buy", ...account, orders: [planned(second, BBB, "buy"), planned(third, AAA, "buy")], refused: [] },
  { type: "order-submitted", clientOrderId: second, outcome: { kind: "rejected", code: "40310000", message: "insufficient" } },
  { type: "order-submitted", clientOrderId: third, outcome: { kind: "accepted" } },
  { type: "run-closed", outcome: "partial", refused: [], ...account, positions: [] },
];
const run = entries.map((entry, seq) => ({ seq, at: due, previous: "", ...(entry as unknown as JournalEntry) }));

function seriesOf(symbol: Symbol, dates: string[], closes: number[]): Series {
  return { symbol, adjustment: "raw", actions: [], bars: { kind: "close-only", days: Int32Array.from(dates, day), close: Float64Array.from(closes) } };
}

const tradedDates = ["2020-01-02", "2020-01-03", "2020-01-06"];
const record: ReplayRecord = {
  days: tradedDates.map(day),
  equity: [100_000, 101_000, 102_000],
  cash: [100_000, 1_000, 1_000],
  weights: [
    [0, 0],
    [0.5, 0.25],
    [0.5, 0.26],
  ],
  runs: [run],
  feesPaid: moneyOf("1.5"),
  costs: { spread: moneyOf("2"), impact: moneyOf("0.5") },
};
const asked = {
  strategy: "made-up",
  params: {},
  symbols: [AAA, BBB],
  from: sessionDateOf("2020-01-02"),
  to: sessionDateOf("2020-01-06"),
  startEquity: moneyOf("100000"),
  profile: "constant" as const,
  seed: 1,
  settings: {},
  seconds: 0.5,
};
const datasetWith = (benchmark?: Series): Dataset => {
  const listed = [seriesOf(AAA, ["2019-12-31", ...tradedDates], [1, 1, 1, 1]), seriesOf(BBB, tradedDates, [2, 2, 2]), ...(benchmark ? [benchmark] : [])];
  return { directory: "DIR", series: new Map(listed.map((one) => [one.symbol, one])), symbols: [AAA, BBB], ...(benchmark && { benchmark: SPX }), hash: "d0", notes: ["a note"] };
};

describe("the rows of a result come from the journal", () => {
  const result = resultOf(record, asked, datasetWith());
  test("orders with their ends", () => {
    expect(result.orders.map(({ clientOrderId, symbol, side, status, filledQuantity, reason }) => [clientOrderId, symbol, side, status, filledQuantity, reason])).toEqual([
      ["bal-1", "AAA", "sell", "filled", shares(10), "sell AAA"],
      ["bal-2", "BBB", "buy", "rejected", ZERO_QUANTITY, "buy BBB"],
      ["bal-3", "AAA", "buy", "open", ZERO_QUANTITY, "buy AAA"],
    ]);
  });
  test("fills with the words of their orders", () => {
    expect(result.fills.map(({ id, symbol, side, notional, reason }) => [id, symbol, side, notional, reason])).toEqual([
      ["x-1", "AAA", "sell", moneyOf("201"), "sell AAA"],
      ["x-2", "AAA", "sell", moneyOf("303"), "sell AAA"],
    ]);
  });
  test("outcomes, and refusals without those too small to matter", () => {
    expect(result.outcomes).toEqual({ partial: 1 });
    expect(result.refusals).toEqual({ SHORT_NOT_ALLOWED: 1 });
  });
  test("weights by symbol, bars counted in the range", () => {
    expect(result.weights).toEqual([Float64Array.of(0, 0.5, 0.5), Float64Array.of(0, 0.25, 0.26)]);
    expect(result.barsPerSecond).toBe(12); // 2 symbols x 3 sessions in half a second
    expect([result.dataHash, result.notes, result.fees]).toEqual(["d0", ["a note"], moneyOf("1.5")]);
  });
});

describe("the journal hash", () => {
  test("is the SHA-256 of the lines as they are written", () => {
    const text = `${[...journalLines([run, run])].join("\n")}\n`;
    expect(text.split("\n").length).toBe(19);
    expect(journalHashOf([run, run])).toBe(createHash("sha256").update(text).digest("hex"));
  });
});

describe("the benchmark", () => {
  const equityOf = (dates: string[], closes: number[], actions: Series["actions"] = []): Float64Array | undefined =>
    resultOf(record, asked, datasetWith({ ...seriesOf(SPX, dates, closes), actions })).benchmark?.equity;
  test("starts with the same money at the close before the first session", () => {
    expect(equityOf(["2019-12-30", "2019-12-31", ...tradedDates], [70, 80, 84, 88, 92])).toEqual(Float64Array.of(105_000, 110_000, 115_000));
  });
  test("joins at the equity of its first day when it starts later, and keeps its close over a gap", () => {
    expect(equityOf(["2020-01-03"], [50])).toEqual(Float64Array.of(Number.NaN, 101_000, 101_000));
    expect(equityOf(tradedDates, [50, 51, 52])).toEqual(Float64Array.of(100_000, 102_000, 104_000));
  });
  test("has its dividends put back", () => {
    const dividend = { type: "dividend", exDay: epochDayOf(sessionDateOf("2020-01-03")), amount: 1, previousClose: 100 } as const;
    const equity = equityOf(tradedDates, [100, 99, 99], [dividend])!;
    for (const value of equity) expect(value).toBeCloseTo(100_000, 6);
  });
  test("is none when it has no bar in the range", () => expect(equityOf(["2020-01-07"], [50])).toBeUndefined());
});
