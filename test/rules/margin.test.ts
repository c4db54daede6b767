import { describe, expect, test } from "vitest";
import { moneyOf, moneyToText, priceOf, quantityOf, shares, type Quantity } from "../../src/money.ts";
import {
  borrowFee,
  buyingPower,
  debitInterest,
  initialMargin,
  isClosingOnly,
  isShortSalePriced,
  maintenanceMargin,
  multiplierAllowed,
  positionMaintenance,
  shortOpeningValue,
  tripsShortSaleTest,
  type MarginAccount,
  type MarginPosition,
} from "../../src/rules/margin.ts";
import { epochDayOf, sessionDateOf, type EpochDay } from "../../src/time.ts";

const day = (text: string): EpochDay => epochDayOf(sessionDateOf(text));
const NOW = day("2026-11-23");
const position = (count: number, price: string, changes: Partial<MarginPosition> = {}): MarginPosition => ({
  symbol: "A",
  quantity: shares(count),
  price: priceOf(price),
  leverage: 1,
  marginable: true,
  ...changes,
});

describe("maintenance by Alpaca's table", () => {
  test.each([
    ["a long below 2.50", 100, "2.49", {}, "249"],
    ["a long at 2.50", 100, "2.50", {}, "125"],
    ["a long at 6", 100, "6", {}, "300"],
    ["a long above 6", 100, "6.01", {}, "180.3"],
    ["a twofold fund", 100, "50", { leverage: 2 }, "2500"],
    ["a threefold fund", 100, "50", { leverage: 3 }, "3750"],
    ["a threefold fund below 2.50", 100, "2", { leverage: 3 }, "200"],
    ["what is not marginable", 100, "50", { marginable: false }, "5000"],
    ["a short at 1", -100, "1", {}, "250"],
    ["a short at 2.50", -100, "2.50", {}, "250"],
    ["a short at 4.99", -100, "4.99", {}, "499"],
    ["a short at 5", -100, "5", {}, "500"],
    ["a short at 16.66", -100, "16.66", {}, "500"],
    ["a short at 16.67", -100, "16.67", {}, "500.1"],
    ["a short at 100", -100, "100", {}, "3000"],
  ] as const)("%s", (_, count, price, changes, required) => {
    expect(moneyToText(positionMaintenance(position(count, price, changes), NOW))).toBe(required);
  });

  test.each([
    ["2026-09-16", "5", 1, "150"],
    ["2026-09-17", "5", 1, "250"],
    ["2026-09-16", "50", 2, "5000"],
    ["2026-09-17", "50", 2, "2500"],
    ["2026-09-16", "50", 3, "5000"],
    ["1998-01-02", "50", 1, "1500"],
  ] as const)("on %s a long at %s of leverage %i", (date, price, leverage, required) => {
    expect(moneyToText(positionMaintenance(position(100, price, { leverage }), day(date)))).toBe(required);
  });

  test.each([
    ["70 % of the value with a debit of 100,000", 7_000, 3_000, "100000", "440000"],
    ["just below 70 %", 6_999, 3_001, "100000", "300000"],
    ["70 % with a smaller debit", 7_000, 3_000, "99999.99", "300000"],
  ])("a concentrated position: %s", (_, large, small, debit, required) => {
    const positions = [position(large, "100"), position(small, "100", { symbol: "B" })];
    expect(moneyToText(maintenanceMargin(positions, NOW, moneyOf(debit)))).toBe(required);
  });

  test("a concentrated position of three billion is counted like a small one", () => {
    expect(moneyToText(maintenanceMargin([position(3_000_000, "1000")], NOW, moneyOf("2000000000")))).toBe("1500000000");
  });

  test("a concentrated position that needs more already keeps its own", () => {
    expect(moneyToText(maintenanceMargin([position(10_000, "50", { leverage: 3 })], NOW, moneyOf("100000")))).toBe("375000");
  });

  test("an account without positions needs nothing", () => {
    expect(maintenanceMargin([], NOW, moneyOf("0"))).toBe(0);
  });
});

test.each([
  ["a long", position(100, "50"), "2500"],
  ["a short, besides its proceeds", position(-100, "50"), "2500"],
  ["what is not marginable", position(100, "50", { marginable: false }), "5000"],
])("initial margin of %s", (_, held, required) => {
  expect(moneyToText(initialMargin(held))).toBe(required);
});

describe("multipliers", () => {
  test.each([
    [4, "1999.99", "2026-11-23", 1],
    [4, "2000", "2026-11-23", 4],
    [4, "2000", "2026-06-04", 4],
    [4, "24999.99", "2026-06-03", 2],
    [4, "25000", "2026-06-03", 4],
    [2, "2000", "2026-06-03", 2],
    [2, "1999.99", "2026-06-03", 1],
    [1, "50000", "2026-06-03", 1],
  ] as const)("%i wanted with %s on %s gives %i", (wanted, equity, date, allowed) => {
    expect(multiplierAllowed(wanted, moneyOf(equity), day(date))).toBe(allowed);
  });

  test("a broker in the phase-in keeps asking for 25,000 USD", () => {
    expect(multiplierAllowed(4, moneyOf("2000"), day("2026-06-04"), { changedOn: day("2027-10-20") })).toBe(2);
  });

  const account: MarginAccount = {
    cash: moneyOf("4000"),
    equity: moneyOf("10000"),
    initialMargin: moneyOf("3000"),
    maintenanceMargin: moneyOf("1800"),
    lastEquity: moneyOf("9000"),
    lastMaintenanceMargin: moneyOf("1500"),
  };
  test.each([
    [1, "2026-11-23", "session", "4000"],
    [2, "2026-11-23", "session", "14000"],
    [4, "2026-11-23", "overnight", "14000"],
    [4, "2026-11-23", "session", "32800"],
    [4, "2026-06-03", "session", "30000"],
  ] as const)("multiplier %i on %s, %s: buying power %s", (multiplier, date, period, power) => {
    expect(moneyToText(buyingPower(account, multiplier, day(date), period))).toBe(power);
  });

  test("buying power is never below zero", () => {
    const under = { ...account, cash: moneyOf("-1"), equity: moneyOf("1000"), lastEquity: moneyOf("1000") };
    expect([1, 2, 4].map((multiplier) => buyingPower(under, multiplier as 1 | 2 | 4, NOW, "session"))).toEqual([0, 0, 0]);
  });

  test.each([
    [600, false],
    [601, true],
    [-601, true],
  ])("%i shares at 100 with equity of 10,000 are closing-only: %s", (count, expected) => {
    expect(isClosingOnly(position(count, "100"), moneyOf("10000"))).toBe(expected);
  });
});

describe("interest", () => {
  test.each([
    ["a Monday counts one day", "2026-11-23", "1.805556"],
    ["a Friday counts three", "2026-11-20", "5.416667"],
    ["the day before Thanksgiving counts two", "2026-11-25", "3.611111"],
  ])("of 10,000 USD at 6.50 %%: %s", (_, date, interest) => {
    expect(moneyToText(debitInterest(moneyOf("10000"), 650, day(date)))).toBe(interest);
  });

  test("no debit, no interest", () => {
    expect(debitInterest(moneyOf("-5"), 650, NOW)).toBe(0);
  });
});

describe("short sales", () => {
  test.each([
    ["round lots only", -250, "10", "0.555556"],
    ["less than a round lot", -99, "10", "0"],
    ["a long pays none", 250, "10", "0"],
  ])("the borrow fee at 10 %%: %s", (_, count, price, fee) => {
    expect(moneyToText(borrowFee(position(count, price), 1_000, NOW))).toBe(fee);
  });

  test("the borrow fee of a fractional short is of its round lots", () => {
    expect(moneyToText(borrowFee(position(0, "10", { quantity: (0 - quantityOf("199.999999999")) as Quantity }), 1_000, day("2026-11-20")))).toBe("0.833333");
  });

  test.each([
    ["a market order: 3 % above the ask", "100", undefined, "1030"],
    ["a limit above that", "100", "104", "1040"],
    ["a limit below that", "100", "101", "1030"],
  ])("opening takes %s", (_, ask, limit, value) => {
    expect(moneyToText(shortOpeningValue(shares(10), priceOf(ask), limit === undefined ? undefined : priceOf(limit)))).toBe(value);
  });

  test.each([
    ["2026-11-23", "100", "90", true],
    ["2026-11-23", "100", "90.000001", false],
    ["2011-02-28", "100", "90", true],
    ["2011-02-25", "100", "50", false],
  ])("on %s a fall from %s to %s trips rule 201: %s", (date, close, low, expected) => {
    expect(tripsShortSaleTest(day(date), priceOf(close), priceOf(low))).toBe(expected);
  });

  test("under rule 201 a short sale is priced above the bid", () => {
    expect([isShortSalePriced(priceOf("10.01"), priceOf("10")), isShortSalePriced(priceOf("10"), priceOf("10"))]).toEqual([true, false]);
  });
});
