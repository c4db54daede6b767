import { describe, expect, test } from "vitest";
import { priceOf, shares, type Quantity } from "../../src/money.ts";
import { Surveillance, SURVEILLANCE_RULES, type Finding, type SurveillanceRules } from "../../src/server/surveillance.ts";
import { instantOf, plusMs, type Instant } from "../../src/time.ts";
import type { AccountName, ClientOrderId, Symbol } from "../../src/trade.ts";

const SPY = "SPY" as Symbol;
const START = instantOf("2024-02-21T15:00:00Z");
const after = (seconds: number): Instant => plusMs(START, seconds * 1_000);

/** Trades as [second, seller, buyer, shares, price]. */
type Row = readonly [second: number, seller: string, buyer: string, quantity: number, price: string];

function watching(rules: Partial<SurveillanceRules> = {}): Surveillance {
  return new Surveillance({ ...SURVEILLANCE_RULES, ...rules });
}

function findingsOf(rows: readonly Row[], rules: Partial<SurveillanceRules> = {}): readonly Finding[] {
  const surveillance = watching(rules);
  rows.forEach(([second, seller, buyer, quantity, price], index) =>
    surveillance.trade({ at: after(second), symbol: SPY, seller: seller as AccountName, buyer: buyer as AccountName, quantity: shares(quantity), price: priceOf(price), execution: `x${index + 1}` }),
  );
  return surveillance.report().findings;
}

const circles = (findings: readonly Finding[]): string[] => findings.flatMap((finding) => (finding.kind === "circular" ? [`${finding.accounts.join(" > ")} by ${finding.executions.join(" ")}`] : []));

describe("trades between accounts", () => {
  test("an account that trades with itself is found at once", () => {
    expect(findingsOf([[0, "ann", "ann", 100, "500"]])).toEqual([{ kind: "wash", at: START, symbol: "SPY", account: "ann", execution: "x1", quantity: shares(100), price: priceOf("500") }]);
  });

  test.each<[string, readonly Row[], readonly string[]]>([
    ["there and back", [[0, "ann", "bob", 100, "500"], [60, "bob", "ann", 100, "500.01"]], ["ann > bob by x1 x2"]],
    ["through three", [[0, "ann", "bob", 100, "500"], [10, "bob", "cy", 95, "500"], [20, "cy", "ann", 100, "500"]], ["ann > bob > cy by x1 x2 x3"]],
    ["through five", [[0, "a", "b", 10, "50"], [1, "b", "c", 10, "50"], [2, "c", "d", 10, "50"], [3, "d", "e", 10, "50"], [4, "e", "a", 10, "50"]], ["a > b > c > d > e by x1 x2 x3 x4 x5"]],
    ["through six is too long a way", [[0, "a", "b", 10, "50"], [1, "b", "c", 10, "50"], [2, "c", "d", 10, "50"], [3, "d", "e", 10, "50"], [4, "e", "f", 10, "50"], [5, "f", "a", 10, "50"]], []],
    ["of another quantity", [[0, "ann", "bob", 100, "500"], [60, "bob", "ann", 80, "500"]], []],
    ["at another price", [[0, "ann", "bob", 100, "500"], [60, "bob", "ann", 100, "510"]], []],
    ["after the window", [[0, "ann", "bob", 100, "500"], [601, "bob", "ann", 100, "500"]], []],
    ["against the order of time", [[0, "bob", "cy", 100, "500"], [10, "ann", "bob", 100, "500"], [20, "cy", "ann", 100, "500"]], []],
    ["on one way only", [[0, "ann", "bob", 100, "500"], [10, "ann", "bob", 100, "500"]], []],
    ["among other trades", [[0, "ann", "bob", 100, "500"], [1, "dee", "bob", 7, "500"], [2, "bob", "eve", 50, "500"], [3, "bob", "ann", 100, "500"]], ["ann > bob by x1 x4"]],
  ])("%s", (_, rows, found) => {
    expect(circles(findingsOf(rows))).toEqual(found);
  });

  test("a search ends, however many trades there are", () => {
    const rows = Array.from({ length: 3_000 }, (_, index): Row => [0, `s${index % 50}`, `s${(index * 7 + 1) % 50}`, 100, "500"]);
    const surveillance = watching();
    for (const [index, [, seller, buyer]] of rows.entries()) surveillance.trade({ at: START, symbol: SPY, seller: seller as AccountName, buyer: buyer as AccountName, quantity: shares(100), price: priceOf("500"), execution: `x${index}` });
    expect(surveillance.report().findings.length).toBeLessThanOrEqual(1_000);
    expect(Object.values(surveillance.report().counts).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(1_000);
  });
});

describe("orders", () => {
  const order = (second: number, id: string, side: "buy" | "sell", quantity: Quantity) => ({ at: after(second), account: "ann" as AccountName, symbol: SPY, order: id as ClientOrderId, side, quantity });

  test("many orders and hardly a trade are found once a window", () => {
    const surveillance = watching({ ordersMin: 10, orderToTradeMax: 4 });
    for (let index = 0; index < 30; index += 1) surveillance.placed(order(index, `o${index}`, "buy", shares(1)));
    expect(surveillance.report().findings).toEqual([{ kind: "order-to-trade", at: after(9), symbol: "SPY", account: "ann", orders: 10, traded: 0, max: 4 }]);
  });

  test("many orders of which enough trade are not", () => {
    const surveillance = watching({ ordersMin: 10, orderToTradeMax: 4 });
    for (let index = 0; index < 30; index += 1) {
      surveillance.placed(order(index, `o${index}`, "buy", shares(1)));
      if (index % 3 === 0) surveillance.filled(order(index, `o${index}`, "buy", shares(0)), shares(1));
    }
    expect(surveillance.report().findings).toEqual([]);
  });

  test("of an account with more orders in the window than are kept, the newest are counted, with those of them that traded", () => {
    const surveillance = watching();
    for (let index = 0; index < 20_000; index += 1) {
      surveillance.placed(order(0, `o${index}`, "buy", shares(1)));
      surveillance.filled(order(0, `o${index}`, "buy", shares(0)), shares(1));
    }
    for (let index = 0; index < 10_000; index += 1) surveillance.placed(order(2, `p${index}`, "buy", shares(1)));
    expect(surveillance.report().findings).toEqual([{ kind: "order-to-trade", at: after(2), symbol: "SPY", account: "ann", orders: 10_000, traded: 0, max: 50 }]);
  });

  test("a buy while five times as much rests for sale, gone ten seconds after, is layering", () => {
    const surveillance = watching();
    for (const id of ["s1", "s2", "s3"]) surveillance.placed(order(0, id, "sell", shares(200)));
    surveillance.placed(order(1, "b1", "buy", shares(100)));
    surveillance.filled(order(2, "b1", "buy", shares(0)), shares(100));
    for (const [second, id] of [[3, "s1"], [4, "s2"], [5, "s3"]] as const) surveillance.canceled(order(second, id, "sell", shares(200)));
    expect(surveillance.report().findings).toEqual([{ kind: "layering", at: after(5), symbol: "SPY", account: "ann", traded: shares(100), layered: shares(600), canceledAfterMs: 3_000 }]);
  });

  test.each([
    ["is canceled later", 20, 200],
    ["is smaller", 5, 150],
  ])("it is none when what rested %s", (_, canceledAt, size) => {
    const surveillance = watching();
    for (const id of ["s1", "s2", "s3"]) surveillance.placed(order(0, id, "sell", shares(size)));
    surveillance.filled(order(2, "b1", "buy", shares(0)), shares(100));
    for (const id of ["s1", "s2", "s3"]) surveillance.canceled(order(canceledAt, id, "sell", shares(size)));
    expect(surveillance.report().findings).toEqual([]);
  });

  test("an account of which order after order is rejected is found", () => {
    const surveillance = watching({ rejectionsMax: 3 });
    for (let index = 0; index < 8; index += 1) surveillance.rejected({ at: after(index), account: "ann" as AccountName, symbol: SPY });
    expect(surveillance.report()).toEqual({ counts: { "limit-breaches": 1 }, findings: [{ kind: "limit-breaches", at: after(3), symbol: "SPY", account: "ann", rejections: 4, max: 3 }] });
  });

  test("what is older than the window is forgotten", () => {
    const surveillance = watching({ rejectionsMax: 3, windowMs: 10_000 });
    for (let index = 0; index < 8; index += 1) surveillance.rejected({ at: after(index * 5), account: "ann" as AccountName, symbol: SPY });
    expect(surveillance.report().findings).toEqual([]);
  });
});
