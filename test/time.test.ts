import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dateOfEpochDay, epochDayOf, instantOf, isoOf, newYorkClock, newYorkInstant, newYorkOffsetMinutes, plusMs, sessionDateOf, weekdayOf, type EpochDay, type Instant } from "../src/time.ts";

const day = (text: string): EpochDay => epochDayOf(sessionDateOf(text));

/** The machine's time zone data, which the product does not ask. */
const newYork = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
function intlClock(at: Instant): { date: string; minuteOfDay: number } {
  const parts = Object.fromEntries(newYork.formatToParts(at).map(({ type, value }) => [type, value]));
  return { date: `${parts["year"]}-${parts["month"]}-${parts["day"]}`, minuteOfDay: Number(parts["hour"]) * 60 + Number(parts["minute"]) };
}

describe("New York's clock", () => {
  test.each([
    // at, minutes behind UTC: the changes of 2026 and of a year under the rule before 2007
    ["2026-03-08T06:59:59.999Z", 300],
    ["2026-03-08T07:00:00.000Z", 240],
    ["2026-11-01T05:59:59.999Z", 240],
    ["2026-11-01T06:00:00.000Z", 300],
    ["2027-03-14T07:00:00.000Z", 240],
    ["2027-11-07T06:00:00.000Z", 300],
    ["2028-03-12T06:59:59.999Z", 300],
    ["2028-11-05T05:59:59.999Z", 240],
    ["1998-04-05T06:59:59.999Z", 300],
    ["1998-04-05T07:00:00.000Z", 240],
    ["1998-10-25T05:59:59.999Z", 240],
    ["1998-10-25T06:00:00.000Z", 300],
    ["2026-01-01T04:59:59.999Z", 300],
    ["2026-12-31T23:59:59.999Z", 300],
  ])("at %s it is %i minutes behind UTC", (at, minutes) => {
    expect(newYorkOffsetMinutes(instantOf(at))).toBe(minutes);
  });

  test("agrees with the time zone data at every hour around every change from 1987 to 2037", () => {
    for (let year = 1987; year <= 2037; year += 1) {
      for (const month of [2, 3, 9, 10]) {
        for (let hour = 0; hour < 15 * 24; hour += 1) {
          const at = (Date.UTC(year, month, 1) + hour * 3_600_000) as Instant;
          const { day: onDay, minuteOfDay } = newYorkClock(at);
          const expected = intlClock(at);
          if (dateOfEpochDay(onDay) !== expected.date || minuteOfDay !== expected.minuteOfDay) expect.fail(`${isoOf(at)}: ${dateOfEpochDay(onDay)} ${minuteOfDay}, not ${expected.date} ${expected.minuteOfDay}`);
        }
      }
    }
  });

  test("agrees with the time zone data at any minute", () => {
    const minutes = fc.integer({ min: Date.UTC(1987, 0, 1) / 60_000, max: Date.UTC(2037, 11, 31) / 60_000 });
    fc.assert(
      fc.property(minutes, (minute) => {
        const at = (minute * 60_000) as Instant;
        const { day: onDay, minuteOfDay } = newYorkClock(at);
        expect({ date: dateOfEpochDay(onDay), minuteOfDay }).toEqual(intlClock(at));
      }),
    );
  });

  test("an instant by New York's clock is read back as the same date and minute, but for the hour that the clock skips", () => {
    const dates = fc.integer({ min: day("1987-01-01"), max: day("2037-12-31") });
    fc.assert(
      fc.property(dates, fc.integer({ min: 0, max: 1439 }), (date, minuteOfDay) => {
        fc.pre(!(weekdayOf(date as EpochDay) === 0 && minuteOfDay >= 60 && minuteOfDay < 180));
        expect(newYorkClock(newYorkInstant(date as EpochDay, minuteOfDay))).toEqual({ day: date, minuteOfDay });
      }),
    );
  });

  test.each([
    ["2026-03-06", 570, "2026-03-06T14:30:00.000Z"],
    ["2026-03-09", 570, "2026-03-09T13:30:00.000Z"],
    ["2026-03-08", 60, "2026-03-08T06:00:00.000Z"],
    ["2026-03-08", 180, "2026-03-08T07:00:00.000Z"],
    ["2026-11-01", 0, "2026-11-01T04:00:00.000Z"],
    ["2026-11-01", 120, "2026-11-01T07:00:00.000Z"],
    ["2026-12-31", 1439, "2027-01-01T04:59:00.000Z"],
  ])("%s at minute %i is %s", (date, minuteOfDay, at) => {
    expect(isoOf(newYorkInstant(day(date), minuteOfDay))).toBe(at);
  });
});

describe("dates", () => {
  test.each(["1970-01-01", "1969-12-31", "2000-02-29", "1900-03-01", "2026-11-23"])("%s survives as whole days", (date) => {
    expect(dateOfEpochDay(day(date))).toBe(date);
  });

  test.each([
    ["1970-01-01", 4],
    ["1969-12-28", 0],
    ["2026-11-23", 1],
    ["2026-11-28", 6],
  ])("%s is weekday %i", (date, weekday) => {
    expect(weekdayOf(day(date))).toBe(weekday);
  });

  test.each(["2026-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "2026-1-01", "2026-11-23T00:00:00Z", "", "20261123"])("%j is no date", (text) => {
    expect(() => sessionDateOf(text)).toThrow(RangeError);
  });
});

describe("instants", () => {
  test.each([
    ["2026-11-23T14:30:00Z", "2026-11-23T14:30:00.000Z"],
    ["2026-11-23T09:30:00-05:00", "2026-11-23T14:30:00.000Z"],
    ["2026-11-23T14:30Z", "2026-11-23T14:30:00.000Z"],
    ["2026-11-23T14:30:00.25Z", "2026-11-23T14:30:00.250Z"],
  ])("%s is %s", (text, iso) => {
    expect(isoOf(instantOf(text))).toBe(iso);
  });

  test.each([
    "2026-11-23T14:30:00",
    "2026-11-23",
    "2026-11-23 14:30:00Z",
    "2026-13-23T14:30:00Z",
    "2026-02-30T14:30:00Z",
    "2026-02-29T14:30:00Z",
    "2026-11-23T24:00:00Z",
    "2026-11-23T23:59:60Z",
    "2026-11-23T14:60:00Z",
    "2026-11-23T14:30:00+24:00",
    "now",
    "",
  ])("%j is no instant with a zone", (text) => {
    expect(() => instantOf(text)).toThrow(RangeError);
  });

  test("milliseconds add up", () => {
    expect(isoOf(plusMs(instantOf("2026-12-31T23:59:59Z"), 1_000))).toBe("2027-01-01T00:00:00.000Z");
  });
});
