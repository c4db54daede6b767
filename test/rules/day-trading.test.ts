import { describe, expect, test } from "vitest";
import { moneyOf, moneyToText, shares, type Quantity } from "../../src/money.ts";
import { countDayTrades, dayTradeRuleOn, dayTradingBuyingPower, isPatternDayTrader, refuseFourthDayTrade, windowTotals, type TradingDay } from "../../src/rules/day-trading.ts";
import { epochDayOf, sessionDateOf, type EpochDay } from "../../src/time.ts";

const day = (text: string): EpochDay => epochDayOf(sessionDateOf(text));

/** "B250 S500:X" buys 250 A and sells 500 X. */
function count(text: string, held: Record<string, number> = {}): number {
  const fills = text.split(" ").map((word) => {
    const [, side, quantity, symbol = "A"] = /^([BS])(\d+)(?::(\w+))?$/.exec(word)!;
    return { symbol, side: side === "B" ? ("buy" as const) : ("sell" as const), quantity: shares(Number(quantity)) };
  });
  return countDayTrades(fills, new Map(Object.entries(held).map(([symbol, quantity]) => [symbol, shares(quantity)] as [string, Quantity])));
}

describe("day trades are counted by changes of direction", () => {
  test.each([
    ["A", "B250 B250 S500", 1],
    ["B", "B100 S100 B100 S100", 2],
    ["C", "B500 S100 S100 S300", 1],
    ["D", "B100 B100 B100 S150 S150", 1],
    ["E", "B199 B142 S1 B45 S100 S200", 2],
    ["F", "B100 S100 B50:X S50:X", 2],
    ["interleaved symbols", "B100 B50:X S100 S50:X", 2],
    ["only bought", "B100 B100", 0],
    ["sold short and covered", "S100 B100", 1],
    ["sold short in parts, covered in parts, twice", "S50 S50 B100 S100 B60 B40", 2],
    ["sold through zero and covered", "B100 S200 B100", 2],
  ])("%s: %s", (_, fills, expected) => {
    expect(count(fills)).toBe(expected);
  });

  test.each([
    ["a long from yesterday sold first, then bought again", { A: 100 }, "S100 B100", 0],
    ["and sold once more", { A: 100 }, "S100 B100 S100", 1],
    ["a long from yesterday, added to before it is sold", { A: 100 }, "B100 S100", 1],
    ["a long from yesterday sold in parts", { A: 100 }, "S50 S50", 0],
    ["a short from yesterday covered, then sold again", { A: -100 }, "B100 S100", 0],
    ["a long from yesterday sold into a short that is covered", { A: 100 }, "S150 B50", 1],
    ["another symbol held", { X: 100 }, "B100 S100", 1],
  ])("%s: %j %s is %i", (_, held, fills, expected) => {
    expect(count(fills, held)).toBe(expected);
  });
});

describe("four in five sessions", () => {
  const days = (...counts: [string, number, number][]): TradingDay[] => counts.map(([date, dayTrades, trades]) => ({ day: day(date), dayTrades, trades }));
  test.each([
    ["four in five sessions across a weekend", days(["2026-03-05", 1, 2], ["2026-03-06", 1, 2], ["2026-03-09", 1, 2], ["2026-03-11", 1, 2]), true],
    ["the first lies a sixth session back", days(["2026-03-04", 1, 2], ["2026-03-06", 1, 2], ["2026-03-09", 1, 2], ["2026-03-11", 1, 2]), false],
    ["three", days(["2026-03-11", 3, 6]), false],
    ["four on one day", days(["2026-03-11", 4, 8]), true],
    ["four are more than six per cent of 66", days(["2026-03-11", 4, 66]), true],
    ["four are not more than six per cent of 67", days(["2026-03-11", 4, 67]), false],
    ["six of a hundred are not more than six per cent", days(["2026-03-11", 6, 100]), false],
    ["later days do not count yet", days(["2026-03-11", 3, 6], ["2026-03-12", 1, 2]), false],
  ])("%s", (_, record, expected) => {
    expect(isPatternDayTrader(record, day("2026-03-11"))).toBe(expected);
  });

  test("a holiday is no session of the five", () => {
    // 2026-02-16 is Washington's Birthday: the five sessions to 2026-02-19 begin on 2026-02-12
    const record = days(["2026-02-11", 8, 8], ["2026-02-12", 2, 5], ["2026-02-19", 1, 1]);
    expect(windowTotals(record, day("2026-02-19"))).toEqual({ dayTrades: 3, trades: 6 });
  });

  test("a record with a day that was no session is a mistake", () => {
    expect(() => windowTotals(days(["2026-02-16", 1, 1]), day("2026-02-19"))).toThrow("2026-02-16 is not a session");
  });

  const three = days(["2026-03-09", 1, 2], ["2026-03-10", 2, 4]);
  test("below 25,000 USD the fourth day trade is refused with its numbers", () => {
    expect(refuseFourthDayTrade(three, day("2026-03-11"), 1, moneyOf("24999.99"))).toEqual({ dayTrades: 4, dayTradesMax: 3, equity: moneyOf("24999.99"), equityMin: moneyOf("25000") });
    expect(refuseFourthDayTrade([], day("2026-03-11"), 4, moneyOf("24999.99"))?.dayTrades).toBe(4);
  });

  test.each([
    ["with 25,000 USD", 1, "25000"],
    ["an order that completes no day trade", 0, "24999.99"],
  ])("%s nothing is refused", (_, now, equity) => {
    expect(refuseFourthDayTrade(three, day("2026-03-11"), now, moneyOf(equity))).toBeUndefined();
  });

  test("today's own record is not counted beside today's count", () => {
    expect(refuseFourthDayTrade(days(["2026-03-10", 2, 4], ["2026-03-11", 1, 2]), day("2026-03-11"), 1, moneyOf("1000"))).toBeUndefined();
  });
});

test.each([
  ["30000", "10000", "80000"],
  ["30000", "30000", "0"],
  ["30000", "40000", "0"],
])("day-trading buying power of equity %s over maintenance %s is %s", (equity, maintenance, power) => {
  expect(moneyToText(dayTradingBuyingPower(moneyOf(equity), moneyOf(maintenance)))).toBe(power);
});

describe("which rule holds", () => {
  test.each([
    ["1998-01-02", undefined, "none"],
    ["2001-09-27", undefined, "none"],
    ["2001-09-28", undefined, "pattern-day-trader"],
    ["2026-06-03", undefined, "pattern-day-trader"],
    ["2026-06-04", undefined, "intraday-margin"],
    ["2026-06-04", "2027-10-20", "pattern-day-trader"],
    ["2027-10-19", "2027-10-20", "pattern-day-trader"],
    ["2027-10-20", "2027-10-20", "intraday-margin"],
  ])("on %s, the broker having changed on %s: %s", (date, changedOn, rule) => {
    expect(dayTradeRuleOn(day(date), changedOn === undefined ? {} : { changedOn: day(changedOn) })).toBe(rule);
  });

  test.each(["2026-06-03", "2027-10-21"])("no broker changes on %s", (changedOn) => {
    expect(() => dayTradeRuleOn(day("2026-06-04"), { changedOn: day(changedOn) })).toThrow(`between 2026-06-04 and 2027-10-20, not on ${changedOn}`);
  });
});
