import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { countKnown, factorsFor, priceFactorOf, volumeFactorOf, type CorporateAction } from "../../src/rules/corporate-actions.ts";
import { epochDayOf, sessionDateOf, type EpochDay } from "../../src/time.ts";

const day = (text: string): EpochDay => epochDayOf(sessionDateOf(text));
const split = (date: string, ratio: number): CorporateAction => ({ type: "split", exDay: day(date), ratio });
const dividend = (date: string, amount: number, previousClose: number): CorporateAction => ({ type: "dividend", exDay: day(date), amount, previousClose });

/** Apple's four splits to 2020. */
const apple = [split("2000-06-21", 2), split("2005-02-28", 2), split("2014-06-09", 7), split("2020-08-31", 4)];

describe("one action", () => {
  test("a 2-for-1 split halves earlier prices and doubles earlier volumes", () => {
    expect(priceFactorOf(split("2005-02-28", 2))).toBe(0.5);
    expect(volumeFactorOf(split("2005-02-28", 2))).toBe(2);
  });
  test("a 1-for-20 reverse split multiplies earlier prices by twenty", () => {
    expect(priceFactorOf(split("2009-07-01", 0.05))).toBe(20);
    expect(volumeFactorOf(split("2009-07-01", 0.05))).toBe(0.05);
  });
  test("a dividend of 0.51 after a close of 51 takes one percent off earlier prices and leaves volumes", () => {
    expect(priceFactorOf(dividend("2020-01-08", 0.51, 51))).toBe(0.99);
    expect(volumeFactorOf(dividend("2020-01-08", 0.51, 51))).toBe(1);
  });
});

describe("the worked example of the module", () => {
  const actions = [split("2020-01-07", 2), dividend("2020-01-08", 0.51, 51)];
  test.each([
    ["2020-01-06", 100, 49.5],
    ["2020-01-07", 51, 50.49],
    ["2020-01-08", 50.49, 50.49],
  ])("the close of %s, printed as %d, is adjusted to %d", (date, printed, adjusted) => {
    expect(printed * factorsFor(actions, day(date), day("2020-01-08")).price).toBeCloseTo(adjusted, 12);
  });
});

describe("what is known when", () => {
  test.each([
    ["2000-06-20", "2000-06-20", 1],
    ["2000-06-20", "2000-06-21", 1 / 2],
    ["2000-06-21", "2000-06-21", 1],
    ["2000-06-20", "2005-02-27", 1 / 2],
    ["2000-06-20", "2005-02-28", 1 / 4],
    ["2000-06-20", "2014-06-09", 1 / 28],
    ["2000-06-20", "2020-08-30", 1 / 28],
    ["2000-06-20", "2020-08-31", 1 / 112],
    ["2014-06-06", "2020-08-31", 1 / 28],
    ["2014-06-09", "2020-08-31", 1 / 4],
    ["2020-08-31", "2020-08-31", 1],
  ])("Apple's price of %s seen on %s has the factor %d", (bar, asOf, factor) => {
    expect(factorsFor(apple, day(bar), day(asOf)).price).toBeCloseTo(factor, 15);
    expect(factorsFor(apple, day(bar), day(asOf)).volume).toBeCloseTo(1 / factor, 12);
  });
  test("an action is known on its ex-date and not the day before", () => {
    expect(countKnown(apple, day("2005-02-27"))).toBe(1);
    expect(countKnown(apple, day("2005-02-28"))).toBe(2);
    expect(countKnown([], day("2005-02-28"))).toBe(0);
  });
});

const shared = new URL("../../../shared/data/", import.meta.url);
const isThere = existsSync(shared) || process.env["CI"] === "true";

describe.skipIf(!isThere)("against Lean's factor files", () => {
  const printed = (symbol: string): CorporateAction[] =>
    readFileSync(new URL("corporate_actions.csv", shared), "utf8")
      .split("\n")
      .map((line) => line.split(","))
      .filter((fields) => fields[0] === symbol)
      .map(([, date, type, value, close]) => (type === "split" ? split(date!, Number(value)) : dividend(date!, Number(value), Number(close))));

  /** Lines are `yyyymmdd,price factor,split factor,close`: the factors of bars up to and including that day. */
  const lean = (symbol: string) =>
    readFileSync(new URL(`lean_factor_files/${symbol.toLowerCase()}.csv`, shared), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(","))
      .map(([date, price, split]) => ({ day: day(date!.replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3")), factor: Number(price) * Number(split) }))
      .filter((row) => row.day < day("2021-04-01"));

  // The table has dividends to the cent and Lean's factors seven digits, so each of up to 94 actions may differ by
  // 0.005 USD over its close. Over all of them that comes to less than 1 part in 1,000.
  test.each([
    ["AAPL", 40],
    ["IBM", 95],
    ["BAC", 95],
    ["SPY", 95],
  ])("%s has Lean's factor on all %i lines, to 1 part in 1,000", (symbol, lines) => {
    const actions = printed(symbol);
    const rows = lean(symbol);
    for (const row of rows) expect(Math.abs(factorsFor(actions, row.day, day("2021-03-31")).price / row.factor - 1)).toBeLessThan(1e-3);
    expect(rows.length).toBe(lines);
  });
});
