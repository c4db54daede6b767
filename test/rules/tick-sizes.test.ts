import { describe, expect, test } from "vitest";
import { moneyToText, priceOf } from "../../src/money.ts";
import { roundLimit, TickSizeOutOfRange, tickSizeOn } from "../../src/rules/tick-sizes.ts";
import { epochDayOf, sessionDateOf, type EpochDay } from "../../src/time.ts";

const day = (text: string): EpochDay => epochDayOf(sessionDateOf(text));

test.each([
  ["1990-01-02", "50", "0.125"],
  ["1997-06-23", "50", "0.125"],
  ["1997-06-24", "50", "0.0625"],
  ["1997-06-24", "0.5", "0.03125"],
  ["2001-01-26", "50", "0.0625"],
  ["2001-01-29", "50", "0.01"],
  ["2006-01-30", "0.5", "0.01"],
  ["2006-01-31", "0.5", "0.0001"],
  ["2006-01-31", "0.999999", "0.0001"],
  ["2006-01-31", "1", "0.01"],
  ["2027-10-29", "5000", "0.01"],
])("on %s a stock at %s USD moves in steps of %s", (date, price, tick) => {
  expect(moneyToText(tickSizeOn(day(date), priceOf(price)))).toBe(tick);
});

describe("a limit is rounded to the safe side", () => {
  test.each([
    ["2026-11-23", "buy", "100.019999", "100.01"],
    ["2026-11-23", "buy", "100.01", "100.01"],
    ["2026-11-23", "sell", "100.010001", "100.02"],
    ["2026-11-23", "sell", "100.01", "100.01"],
    ["2026-11-23", "buy", "0.12349", "0.1234"],
    ["2026-11-23", "sell", "0.12341", "0.1235"],
    ["2026-11-23", "buy", "1.009", "1"],
    ["2026-11-23", "sell", "0.99999", "1"],
    ["2026-11-23", "sell", "1.000001", "1.01"],
    ["1998-06-01", "buy", "50.1", "50.0625"],
    ["1998-06-01", "sell", "50.1", "50.125"],
    ["1996-06-03", "buy", "50.1", "50"],
  ] as const)("%s: a %s at %s becomes %s", (date, side, limit, rounded) => {
    expect(moneyToText(roundLimit(side, priceOf(limit), day(date)))).toBe(rounded);
  });

  test("a buy below the smallest tick has no limit", () => {
    expect(() => roundLimit("buy", priceOf("0.00009"), day("2026-11-23"))).toThrow("a buy limit of 0.00009 USD lies below the tick of 0.0001 USD");
    expect(moneyToText(roundLimit("sell", priceOf("0.00009"), day("2026-11-23")))).toBe("0.0001");
  });
});

test.each(["1989-12-29", "2027-11-01"])("no tick size is known for %s", (date) => {
  expect(() => tickSizeOn(day(date), priceOf("10"))).toThrow(TickSizeOutOfRange);
  expect(() => tickSizeOn(day(date), priceOf("10"))).toThrow(`no tick size is known for ${date}, the table of src/rules/tick-sizes.ts covers 1990-01-01 to 2027-10-31: a limit order needs one`);
});
