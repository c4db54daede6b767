import { describe, expect, test } from "vitest";
import { NotATradingDay, settlementCycleOn, settlementDate, SettlementOutOfRange, type SettlementCycle } from "../../src/rules/settlement.ts";
import { dateOfEpochDay, epochDayOf, sessionDateOf, type EpochDay } from "../../src/time.ts";

const day = (text: string): EpochDay => epochDayOf(sessionDateOf(text));
const settles = (trade: string, forceCycle?: SettlementCycle) => dateOfEpochDay(settlementDate(day(trade), forceCycle === undefined ? {} : { forceCycle }));

describe("the settlement dates that NASD printed", () => {
  test.each([
    // Notice 88-82: Veterans Day and Thanksgiving 1988
    ["1988-11-03", "1988-11-10"],
    ["1988-11-04", "1988-11-14"],
    ["1988-11-09", "1988-11-17"],
    ["1988-11-10", "1988-11-18"],
    ["1988-11-11", "1988-11-18"],
    ["1988-11-14", "1988-11-21"],
    ["1988-11-17", "1988-11-25"],
    ["1988-11-25", "1988-12-02"],
    // Notice 88-99: Martin Luther King Day 1989, when the exchanges still traded
    ["1989-01-06", "1989-01-13"],
    ["1989-01-09", "1989-01-17"],
    ["1989-01-13", "1989-01-23"],
    ["1989-01-16", "1989-01-23"],
    ["1989-01-17", "1989-01-24"],
    // Notice 94-49: Independence Day 1994
    ["1994-06-24", "1994-07-01"],
    ["1994-06-27", "1994-07-05"],
    ["1994-07-01", "1994-07-11"],
    ["1994-07-05", "1994-07-12"],
    // Notice 95-77: Columbus Day 1995
    ["1995-10-02", "1995-10-05"],
    ["1995-10-03", "1995-10-06"],
    ["1995-10-04", "1995-10-10"],
    ["1995-10-05", "1995-10-11"],
    ["1995-10-06", "1995-10-12"],
    ["1995-10-09", "1995-10-12"],
    ["1995-10-10", "1995-10-13"],
    // Notice 97-93: Martin Luther King Day, Presidents' Day and Good Friday 1998
    ["1998-01-13", "1998-01-16"],
    ["1998-01-14", "1998-01-20"],
    ["1998-01-16", "1998-01-22"],
    ["1998-02-11", "1998-02-17"],
    ["1998-02-13", "1998-02-19"],
    ["1998-04-07", "1998-04-13"],
    ["1998-04-09", "1998-04-15"],
    // Notice 99-83: Columbus Day 1999
    ["1999-10-05", "1999-10-08"],
    ["1999-10-06", "1999-10-12"],
    ["1999-10-08", "1999-10-14"],
    ["1999-10-11", "1999-10-14"],
    ["1999-10-12", "1999-10-15"],
    // Notice 00-82: the turn of the year 2000
    ["2000-12-20", "2000-12-26"],
    ["2000-12-27", "2001-01-02"],
    ["2000-12-29", "2001-01-04"],
  ])("a trade of %s settles on %s", (trade, settlement) => {
    expect(settles(trade)).toBe(settlement);
  });
});

describe("the settlement dates that follow from the rule", () => {
  test.each([
    // the changes of 2017 and 2024: two trade dates share a settlement date
    ["2017-09-01", "2017-09-07"],
    ["2017-09-05", "2017-09-07"],
    ["2024-05-24", "2024-05-29"],
    ["2024-05-28", "2024-05-29"],
    ["2026-10-09", "2026-10-13"],
    ["2026-10-12", "2026-10-13"],
    ["2026-11-10", "2026-11-12"],
    ["2026-11-11", "2026-11-12"],
    ["2026-11-25", "2026-11-27"],
    ["2026-11-27", "2026-11-30"],
    ["2026-12-24", "2026-12-28"],
    ["2026-12-31", "2027-01-04"],
    ["2028-11-10", "2028-11-13"], // Veterans Day on a Saturday is not moved
    ["2018-11-09", "2018-11-14"], // on a Sunday it is kept on Monday
    ["2018-11-12", "2018-11-14"],
    // an unexpected closure moves nothing
    ["2025-01-08", "2025-01-09"],
    ["2006-12-28", "2007-01-03"],
    ["2029-12-28", "2029-12-31"],
  ])("a trade of %s settles on %s", (trade, settlement) => {
    expect(settles(trade)).toBe(settlement);
  });
});

test.each([
  ["1988-01-04", 5],
  ["1995-06-06", 5],
  ["1995-06-07", 3],
  ["2017-09-01", 3],
  ["2017-09-05", 2],
  ["2024-05-24", 2],
  ["2024-05-28", 1],
  ["2029-12-31", 1],
])("the cycle on %s is T+%i", (date, cycle) => {
  expect(settlementCycleOn(day(date))).toBe(cycle);
});

test.each([
  ["2026-11-25", 2, "2026-11-30"],
  ["2026-11-09", 2, "2026-11-12"],
  ["2026-11-25", 1, "2026-11-27"],
  ["2016-03-01", 1, "2016-03-02"],
  ["2026-03-02", 5, "2026-03-09"],
  ["2026-03-02", 3, "2026-03-05"],
] as const)("a trade of %s with the cycle forced to T+%i settles on %s", (trade, cycle, settlement) => {
  expect(settles(trade, cycle)).toBe(settlement);
});

test.each([
  ["2026-11-26", "2026-11-26 is not a trading day: Thanksgiving Day"],
  ["2026-11-21", "2026-11-21 is not a trading day: a weekend"],
  ["2025-01-09", "2025-01-09 is not a trading day: Mourning for President Carter"],
])("no trade is made on %s", (date, message) => {
  expect(() => settles(date)).toThrow(NotATradingDay);
  expect(() => settles(date)).toThrow(message);
});

test.each([
  ["1987-12-31", "settlement dates are known for trades from 1988-01-01 to 2029-12-31"],
  ["2030-01-02", "settlement dates are known for trades from 1988-01-01 to 2029-12-31"],
  ["2029-12-31", "a trade of 2029-12-31 settles after 2029-12-31, where the calendar ends"],
])("a trade of %s is outside the table", (date, message) => {
  expect(() => settles(date)).toThrow(SettlementOutOfRange);
  expect(() => settles(date)).toThrow(message);
});
