import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  auctionCutoffsOf,
  CalendarOutOfRange,
  closuresBetween,
  currentOrNextSession,
  extendedHoursOf,
  FIRST_CALENDAR_DAY,
  firstSessionOf,
  isOpen,
  LAST_CALENDAR_DAY,
  lastClosedSession,
  lastSessionOf,
  nextSession,
  nthSessionOf,
  previousSession,
  sessionAtIndex,
  sessionOn,
  sessionsBefore,
  sessionsBetween,
} from "../../src/rules/calendar.ts";
import { epochDayOf, instantOf, isoOf, plusMs, sessionDateOf, type EpochDay, type Instant } from "../../src/time.ts";

const day = (text: string): EpochDay => epochDayOf(sessionDateOf(text));
const on = (text: string) => sessionOn(day(text))!;
const year = (number: number) => sessionsBetween(day(`${number}-01-01`), day(`${number}-12-31`));
const hours = (text: string) => [isoOf(on(text).open), isoOf(on(text).close)];
const all = sessionsBetween(FIRST_CALENDAR_DAY, LAST_CALENDAR_DAY);

describe("the sessions of a year", () => {
  const counts = [
    [253, 253, 254, 253, 252, 252, 254, 253, 252, 252],
    [252, 248, 252, 252, 252, 252, 251, 251, 253, 252],
    [252, 252, 250, 252, 252, 252, 252, 251, 251, 252],
    [253, 252, 251, 250, 252, 250, 251, 251, 251, 251],
  ].flat();
  test.each(counts.map((count, i) => [1990 + i, count]))("%i has %i sessions", (number, count) => {
    expect(year(number).length).toBe(count);
  });

  test.each([
    [2025, "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25", "07-03 11-28 12-24"],
    [2026, "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25", "11-27 12-24"],
    [2027, "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24", "11-26"],
    [2028, "01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25", "07-03 11-24"],
    [2029, "01-01 01-15 02-19 03-30 05-28 06-19 07-04 09-03 11-22 12-25", "07-03 11-23 12-24"],
    [2001, "01-01 01-15 02-19 04-13 05-28 07-04 09-03 09-11 09-12 09-13 09-14 11-22 12-25", "07-03 11-23 12-24"],
    [1990, "01-01 02-19 04-13 05-28 07-04 09-03 11-22 12-25", "12-24"],
  ])("%i is closed and closes early on the published days", (number, closed, early) => {
    const monthAndDay = (date: string) => date.slice(5);
    expect(closuresBetween(day(`${number}-01-01`), day(`${number}-12-31`)).map((c) => monthAndDay(c.date)).join(" ")).toBe(closed);
    expect(year(number).filter((s) => s.earlyClose).map((s) => monthAndDay(s.date)).join(" ")).toBe(early);
  });

  test("half days before 2025 are those of the exchange's history", () => {
    const before2025 = all.filter((s) => s.earlyClose && s.date < "2025").map((s) => s.date);
    expect(before2025).toEqual(
      `1990-12-24 1991-12-24 1992-11-27 1992-12-24 1993-11-26 1994-11-25 1995-07-03 1995-11-24 1996-07-05 1996-11-29 1996-12-24 1997-07-03
       1997-11-28 1997-12-24 1997-12-26 1998-11-27 1998-12-24 1999-11-26 1999-12-31 2000-07-03 2000-11-24 2001-07-03 2001-11-23 2001-12-24
       2002-07-05 2002-11-29 2002-12-24 2003-07-03 2003-11-28 2003-12-24 2003-12-26 2004-11-26 2005-11-25 2006-07-03 2006-11-24 2007-07-03
       2007-11-23 2007-12-24 2008-07-03 2008-11-28 2008-12-24 2009-11-27 2009-12-24 2010-11-26 2011-11-25 2012-07-03 2012-11-23 2012-12-24
       2013-07-03 2013-11-29 2013-12-24 2014-07-03 2014-11-28 2014-12-24 2015-11-27 2015-12-24 2016-11-25 2017-07-03 2017-11-24 2018-07-03
       2018-11-23 2018-12-24 2019-07-03 2019-11-29 2019-12-24 2020-11-27 2020-12-24 2021-11-26 2022-11-25 2023-07-03 2023-11-24 2024-07-03
       2024-11-29 2024-12-24`.split(/\s+/),
    );
  });
});

describe("why the exchange was closed", () => {
  test.each([
    ["2007-01-02", "Mourning for President Ford"],
    ["2012-10-29", "Hurricane Sandy"],
    ["2025-01-09", "Mourning for President Carter"],
    ["2023-01-02", "New Year's Day (observed)"],
    ["2026-07-03", "Independence Day (observed)"],
    ["2027-06-18", "Juneteenth (observed)"],
    ["2022-06-20", "Juneteenth (observed)"],
    ["2024-03-29", "Good Friday"],
    ["1999-12-24", "Christmas Day (observed)"],
  ])("%s: %s", (date, reason) => {
    expect(closuresBetween(day(date), day(date))).toEqual([{ date, reason }]);
  });

  test.each(["1997-01-20", "2021-06-18", "2021-12-31", "2027-12-31", "2024-10-14", "2024-11-11", "2024-11-05", "2001-09-10", "2012-10-31"])("%s is a session", (date) => {
    expect(sessionOn(day(date))?.date).toBe(date);
  });

  test("a weekend is neither a session nor a closure", () => {
    expect(sessionOn(day("2026-11-21"))).toBeUndefined();
    expect(closuresBetween(day("2026-11-21"), day("2026-11-22"))).toEqual([]);
  });
});

describe("hours", () => {
  test.each([
    ["2026-03-06", "2026-03-06T14:30:00.000Z", "2026-03-06T21:00:00.000Z"],
    ["2026-03-09", "2026-03-09T13:30:00.000Z", "2026-03-09T20:00:00.000Z"],
    ["2026-10-30", "2026-10-30T13:30:00.000Z", "2026-10-30T20:00:00.000Z"],
    ["2026-11-02", "2026-11-02T14:30:00.000Z", "2026-11-02T21:00:00.000Z"],
    ["2006-03-13", "2006-03-13T14:30:00.000Z", "2006-03-13T21:00:00.000Z"],
    ["2026-11-27", "2026-11-27T14:30:00.000Z", "2026-11-27T18:00:00.000Z"],
    ["1992-11-27", "1992-11-27T14:30:00.000Z", "1992-11-27T19:00:00.000Z"],
    ["1993-11-26", "1993-11-26T14:30:00.000Z", "1993-11-26T18:00:00.000Z"],
    ["1996-01-08", "1996-01-08T16:00:00.000Z", "1996-01-08T19:00:00.000Z"],
    ["1997-10-27", "1997-10-27T14:30:00.000Z", "1997-10-27T20:30:00.000Z"],
    ["2001-09-17", "2001-09-17T13:33:00.000Z", "2001-09-17T20:00:00.000Z"],
    ["2002-09-11", "2002-09-11T16:00:00.000Z", "2002-09-11T20:00:00.000Z"],
    ["2009-07-02", "2009-07-02T13:30:00.000Z", "2009-07-02T20:15:00.000Z"],
  ])("%s trades from %s to %s", (date, open, close) => {
    expect(hours(date)).toEqual([open, close]);
  });

  test("a close moved by a halt is not called a half day", () => {
    expect(on("1997-10-27").earlyClose).toBe(false);
  });

  test("auction cut-offs move with a half day", () => {
    const cutoffs = (date: string) => Object.values(auctionCutoffsOf(on(date))).map((at) => isoOf(at));
    expect(cutoffs("2026-11-23")).toEqual(["2026-11-23T14:28:00.000Z", "2026-11-23T20:50:00.000Z"]);
    expect(cutoffs("2026-11-27")).toEqual(["2026-11-27T14:28:00.000Z", "2026-11-27T17:50:00.000Z"]);
  });

  test("extended hours end at 20:00 New York, at 17:00 on a half day", () => {
    const extended = (date: string) => Object.values(extendedHoursOf(on(date))).map((at) => isoOf(at));
    expect(extended("2026-11-23")).toEqual(["2026-11-23T09:00:00.000Z", "2026-11-24T01:00:00.000Z"]);
    expect(extended("2026-11-27")).toEqual(["2026-11-27T09:00:00.000Z", "2026-11-27T22:00:00.000Z"]);
  });
});

describe("which session belongs to an instant", () => {
  test.each([
    // at, last closed, current or next, open
    ["2026-11-25T14:29:59.999Z", "2026-11-24", "2026-11-25", false],
    ["2026-11-25T14:30:00.000Z", "2026-11-24", "2026-11-25", true],
    ["2026-11-25T20:59:59.999Z", "2026-11-24", "2026-11-25", true],
    ["2026-11-25T21:00:00.000Z", "2026-11-25", "2026-11-25", false],
    ["2026-11-25T21:00:00.001Z", "2026-11-25", "2026-11-27", false],
    ["2026-11-26T16:00:00.000Z", "2026-11-25", "2026-11-27", false],
    ["2026-11-27T02:00:00.000Z", "2026-11-25", "2026-11-27", false],
    ["2026-11-27T17:59:59.999Z", "2026-11-25", "2026-11-27", true],
    ["2026-11-27T18:00:00.000Z", "2026-11-27", "2026-11-27", false],
    ["2026-11-29T18:00:00.000Z", "2026-11-27", "2026-11-30", false],
    ["2001-09-14T18:00:00.000Z", "2001-09-10", "2001-09-17", false],
  ] as const)("%s", (text, lastClosed, currentOrNext, open) => {
    const at = instantOf(text);
    expect([lastClosedSession(at).date, currentOrNextSession(at).date, isOpen(at)]).toEqual([lastClosed, currentOrNext, open]);
  });

  test("the look-ups agree with a walk over all sessions, at closes and beside them", () => {
    const near = fc.tuple(fc.integer({ min: 1, max: all.length - 2 }), fc.constantFrom("open", "close"), fc.integer({ min: -100, max: 100 }), fc.constantFrom(1, 3_600_000));
    fc.assert(
      fc.property(near, ([index, edge, steps, stepMs]) => {
        const at = plusMs(all[index]![edge], steps * stepMs);
        if (at < all[0]!.close || at > all.at(-1)!.close) return;
        expect(lastClosedSession(at)).toBe(all.findLast((s) => s.close <= at));
        expect(currentOrNextSession(at)).toBe(all.find((s) => s.close >= at));
        expect(isOpen(at)).toBe(all.some((s) => s.open <= at && at < s.close));
      }),
      { numRuns: 300 },
    );
  });
});

describe("session arithmetic", () => {
  test("sessions are numbered without gaps from 1990-01-02", () => {
    expect(all[0]!.date).toBe("1990-01-02");
    expect(all.every((s, i) => s.index === i && sessionAtIndex(i) === s)).toBe(true);
  });

  test("next and previous are strict and cross the closed week of September 2001", () => {
    expect(nextSession(day("2001-09-10")).date).toBe("2001-09-17");
    expect(previousSession(day("2001-09-17")).date).toBe("2001-09-10");
    expect(nextSession(day("2001-09-12")).date).toBe("2001-09-17");
    expect(previousSession(day("2001-09-12")).date).toBe("2001-09-10");
  });

  test("n sessions before skips weekends and holidays", () => {
    expect(sessionsBefore(on("2026-11-30"), 3).date).toBe("2026-11-24");
    expect(sessionsBefore(on("2026-11-24"), -3).date).toBe("2026-11-30");
  });

  test("a range includes both ends and is empty backwards", () => {
    expect(sessionsBetween(day("2026-11-25"), day("2026-11-28")).map((s) => s.date)).toEqual(["2026-11-25", "2026-11-27"]);
    expect(sessionsBetween(day("2026-11-28"), day("2026-11-29"))).toEqual([]);
    expect(sessionsBetween(day("2026-11-27"), day("2026-11-25"))).toEqual([]);
  });

  test.each([
    ["week", "2026-11-26", "2026-11-23", "2026-11-27"],
    ["week", "2026-11-29", "2026-11-23", "2026-11-27"],
    ["week", "2001-09-13", "2001-09-10", "2001-09-10"],
    ["week", "2026-09-09", "2026-09-08", "2026-09-11"],
    ["month", "2027-12-12", "2027-12-01", "2027-12-31"],
    ["month", "2026-01-01", "2026-01-02", "2026-01-30"],
    ["quarter", "2026-05-05", "2026-04-01", "2026-06-30"],
    ["quarter", "2026-12-31", "2026-10-01", "2026-12-31"],
    ["year", "2028-02-02", "2028-01-03", "2028-12-29"],
  ] as const)("the %s of %s runs from %s to %s", (period, date, first, last) => {
    expect([firstSessionOf(period, day(date)).date, lastSessionOf(period, day(date)).date]).toEqual([first, last]);
  });

  test.each([
    ["week", 2, "2026-11-24"],
    ["week", 4, "2026-11-27"],
    ["week", 5, undefined],
    ["week", -4, "2026-11-23"],
    ["week", -5, undefined],
    ["month", 1, "2026-11-02"],
    ["month", -2, "2026-11-27"],
    ["quarter", -1, "2026-12-31"],
    ["year", 251, "2026-12-31"],
    ["year", 252, undefined],
  ] as const)("session %2$i of the %1$s of 2026-11-25 is %3$s", (period, n, date) => {
    expect(nthSessionOf(period, day("2026-11-25"), n)?.date).toBe(date);
  });
});

describe("outside 1990 to 2029 the calendar throws", () => {
  test.each([
    ["the day before", () => sessionOn(day("1989-12-31"))],
    ["the day after", () => sessionOn(day("2030-01-01"))],
    ["a range that starts too early", () => sessionsBetween(day("1989-12-31"), day("1990-01-05"))],
    ["closures that end too late", () => closuresBetween(day("2029-12-31"), day("2030-01-01"))],
    ["the session after the last", () => nextSession(day("2029-12-31"))],
    ["the session before the first", () => previousSession(day("1990-01-02"))],
    ["a session number below zero", () => sessionAtIndex(-1)],
    ["nothing has closed yet", () => lastClosedSession(instantOf("1990-01-02T20:59:59Z"))],
    ["nothing follows the last close", () => currentOrNextSession(instantOf("2029-12-31T21:00:01Z"))],
    ["an instant of 2030 in New York", () => isOpen(instantOf("2030-01-01T05:00:00Z"))],
    ["no instant at all", () => isOpen(Number.NaN as Instant)],
    ["no day at all", () => sessionOn(Number.NaN as EpochDay)],
    ["the end of a week that the table cuts", () => lastSessionOf("week", day("2029-12-31"))],
  ])("%s", (_, ask) => {
    expect(ask).toThrow(CalendarOutOfRange);
  });

  test("the message names the date and the range", () => {
    expect(() => sessionOn(day("2030-01-01"))).toThrow("2030-01-01 is outside the session calendar, which covers 1990-01-01 to 2029-12-31");
  });

  test("the edges themselves are answered", () => {
    expect(lastClosedSession(instantOf("1990-01-02T21:00:00Z")).date).toBe("1990-01-02");
    expect(lastClosedSession(instantOf("2030-01-01T04:59:59Z")).date).toBe("2029-12-31");
    expect(currentOrNextSession(instantOf("2029-12-31T21:00:00Z")).date).toBe("2029-12-31");
    expect(currentOrNextSession(instantOf("1990-01-01T05:00:00Z")).date).toBe("1990-01-02");
    expect(firstSessionOf("week", day("2029-12-31")).date).toBe("2029-12-31");
  });
});

const dailyFolder = new URL("../../../shared/data/daily/", import.meta.url);
const dataIsThere = existsSync(dailyFolder);
describe.skipIf(!dataIsThere && process.env.CI !== "true")("against the dates of real daily bars", () => {
  const daysOf = (file: string) => readFileSync(new URL(file, dailyFolder), "utf8").trimEnd().split("\n").slice(1).map((line) => line.slice(0, 10));

  test.each(["SPY", "AAPL", "IBM", "BAC", "AIG"])("%s has a bar on every session of 1998-01-02 to 2021-03-31 and on no other day", (symbol) => {
    const sessions = sessionsBetween(day("1998-01-02"), day("2021-03-31")).map((s) => s.date);
    expect(daysOf(`${symbol}.csv`)).toEqual(sessions);
  });

  test("no symbol has a bar on a day without a session", () => {
    for (const file of readdirSync(dailyFolder)) expect(daysOf(file).filter((date) => !sessionOn(day(date)))).toEqual([]);
  });
});
