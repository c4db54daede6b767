import { describe, expect, test } from "vitest";
import { moneyOf, priceOf, quantityOf } from "../../src/money.ts";
import type { MarginAccountRules } from "../../src/risk/account-rules.ts";
import { afterOrder, recordFills, refuseDayTrade, refuseMarginDeficit, type DayFill, type DayTradeRecord, type MarginSituation } from "../../src/risk/day-trade-guard.ts";
import { epochDayOf, sessionDateOf, type EpochDay } from "../../src/time.ts";
import type { Symbol } from "../../src/trade.ts";

const day = (date: string): EpochDay => epochDayOf(sessionDateOf(date));
const fill = (side: "buy" | "sell", quantity = "10"): DayFill => ({ symbol: "AAA" as Symbol, side, quantity: quantityOf(quantity) });
const holding = (quantity: string) => new Map([["AAA" as Symbol, quantityOf(quantity)]]);

/** A round trip of ten shares on each of the dates. */
function roundTrips(dates: readonly string[]): DayTradeRecord | undefined {
  return dates.reduce<DayTradeRecord | undefined>((record, date) => recordFills(record, day(date), [fill("buy"), fill("sell")], new Map()), undefined);
}

/** What becomes of selling on `date` what was bought that day. */
function closing(date: string, earlier: readonly string[], { lastEquity = "24999.99", intradayMarginFrom = undefined as string | undefined, overnight = "0" } = {}): unknown {
  const situation = { record: roundTrips(earlier), day: day(date), fills: [fill("buy")], positions: holding(String(10 + Number(overnight))), lastEquity: moneyOf(lastEquity) };
  return refuseDayTrade(fill("sell"), situation, intradayMarginFrom === undefined ? {} : { intradayMarginFrom });
}

describe("the order that would complete a fourth day trade within five sessions", () => {
  const three = ["2026-05-29", "2026-06-01", "2026-06-02"];

  test("is refused with its numbers until the last day of the rule, and not from the next on", () => {
    expect(closing("2026-06-03", three)).toEqual({ code: "DAY_TRADES_EXCEED_MAX", symbol: "AAA", side: "sell", dayTrades: 4, dayTradesMax: 3, equity: 24_999_990_000, equityMin: 25_000_000_000 });
    expect(closing("2026-06-04", three)).toBeUndefined();
  });

  test("is refused for longer at a broker that changes later", () => {
    expect(closing("2026-06-04", three, { intradayMarginFrom: "2026-06-05" })).toMatchObject({ code: "DAY_TRADES_EXCEED_MAX" });
    expect(closing("2026-06-05", three, { intradayMarginFrom: "2026-06-05" })).toBeUndefined();
  });

  test("passes with 25,000 USD at the last close", () => {
    expect(closing("2026-06-03", three, { lastEquity: "25000" })).toBeUndefined();
  });

  test("is a third when an earlier one has left the window", () => {
    expect(closing("2026-06-03", ["2026-05-27", "2026-06-01", "2026-06-02"])).toBeUndefined();
    expect(closing("2026-06-03", ["2026-05-28", "2026-06-01", "2026-06-02"])).toMatchObject({ dayTrades: 4 });
  });

  test("is none when it opens, and none when it sells what was held overnight", () => {
    const situation = { record: roundTrips(three), day: day("2026-06-03"), fills: [], positions: holding("10"), lastEquity: moneyOf("1000") };
    expect(refuseDayTrade(fill("buy"), situation, {})).toBeUndefined();
    expect(refuseDayTrade(fill("sell"), situation, {})).toBeUndefined();
  });
});

describe("a buy on margin", () => {
  /** 10,000 USD of equity in cash. */
  const before: MarginSituation = { equity: moneyOf("10000"), cash: moneyOf("10000"), positions: [] };
  // Maintenance is 30 % of a share at 100 USD: 333.33 shares need 9,999.90.
  const buying = (quantity: string, date: string, rules: MarginAccountRules = {}): unknown => {
    const order = fill("buy", quantity);
    return refuseMarginDeficit(order, before, afterOrder(before, order, priceOf("100"), moneyOf("0")), day(date), rules);
  };

  test("may need all of equity as maintenance, and not a cent more", () => {
    expect(buying("333.33", "2026-06-04")).toBeUndefined();
    expect(buying("333.34", "2026-06-04")).toEqual({ code: "INTRADAY_MARGIN_DEFICIT", symbol: "AAA", side: "buy", deficit: 200_000, equity: 10_000_000_000, maintenance: 10_000_200_000 });
  });

  test.each<[string, MarginAccountRules, string, string, number]>([
    ["a fund of three times its index, 75 %", { leveraged: { AAA: 3 } }, "133.33", "133.34", 10_000_500_000],
    ["a fund of twice its index, 50 %", { leveraged: { AAA: 2 } }, "200", "200.01", 10_000_500_000],
    ["what the broker does not lend on, all of it", { notMarginable: ["AAA"] }, "100", "100.01", 10_001_000_000],
  ])("needs more as maintenance for %s", (_, rules, most, more, maintenance) => {
    expect(buying(most, "2026-11-24", rules)).toBeUndefined();
    expect(buying(more, "2026-11-24", rules)).toMatchObject({ code: "INTRADAY_MARGIN_DEFICIT", maintenance });
  });

  test("is no matter of this rule before 2026-06-04", () => {
    expect(buying("333.34", "2026-06-03")).toBeUndefined();
  });
});
