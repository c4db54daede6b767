import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CalendarOutOfRange, sessionOn } from "../../src/rules/calendar.ts";
import {
  eventBridgeExpressions,
  instantIn,
  isDue,
  nextInstants,
  parseSchedule,
  ScheduleInvalid,
  scheduledInstants,
  scheduleSchema,
  scheduleToText,
  type Schedule,
} from "../../src/rules/schedule.ts";
import { epochDayOf, instantOf, isoOf, newYorkClock, sessionDateOf } from "../../src/time.ts";

const between = (text: string, from: string, to: string) => scheduledInstants(parseSchedule(text), instantOf(from), instantOf(to)).map((at) => isoOf(at).slice(0, 16));
/** The New York clock time at which the schedule runs on a date. */
const clockOn = (text: string, date: string) => {
  const at = instantIn(parseSchedule(text), sessionOn(epochDayOf(sessionDateOf(date)))!);
  if (at === undefined) return undefined;
  const { minuteOfDay } = newYorkClock(at);
  return `${String(Math.floor(minuteOfDay / 60)).padStart(2, "0")}:${String(minuteOfDay % 60).padStart(2, "0")}`;
};

describe("the text of a schedule", () => {
  test.each<[string, Schedule]>([
    ["every session at open+5m", { every: "session", at: "open+5m" }],
    ["every 5 sessions at 10:00", { every: { sessions: 5 }, at: "10:00" }],
    ["every 1 session at close", { every: { sessions: 1 }, at: "close" }],
    ["every week at open", { every: "week", at: "open" }],
    ["first session of week at open-15m", { every: "week", on: "first", at: "open-15m" }],
    ["last session of month at close-15m", { every: "month", on: "last", at: "close-15m" }],
    ["3rd session of quarter at close+10m", { every: "quarter", on: { nth: 3 }, at: "close+10m" }],
    ["22nd session of month at 09:31", { every: "month", on: { nth: 22 }, at: "09:31" }],
    ["2nd last session of year at 15:45, half days skip", { every: "year", on: { nth: -2 }, at: "15:45", halfDays: "skip" }],
    ["11th session of month at 15:45, half days advance", { every: "month", on: { nth: 11 }, at: "15:45", halfDays: "advance" }],
    ["every session at 15:45, half days run", { every: "session", at: "15:45", halfDays: "run" }],
  ])("%s", (text, schedule) => {
    expect(parseSchedule(text)).toEqual(schedule);
    expect(scheduleToText(schedule)).toBe(text);
  });

  test("case, spaces and 'the' do not matter", () => {
    expect(parseSchedule("  Last session  of the month at close-15m ")).toEqual({ every: "month", on: "last", at: "close-15m" });
  });

  const schedules: fc.Arbitrary<Schedule> = fc
    .record(
      {
        every: fc.oneof(fc.constantFrom("session" as const, "week" as const, "month" as const, "quarter" as const, "year" as const), fc.record({ sessions: fc.integer({ min: 1, max: 254 }) })),
        on: fc.oneof(fc.constantFrom("first" as const, "last" as const), fc.record({ nth: fc.integer({ min: -254, max: 254 }) })),
        at: fc.oneof(
          fc.constantFrom("open", "close", "00:00", "09:05", "15:45", "23:59"),
          fc.tuple(fc.constantFrom("open", "close"), fc.constantFrom("+", "-"), fc.integer({ min: 1, max: 240 })).map(([edge, sign, minutes]) => `${edge}${sign}${minutes}m`),
        ),
        halfDays: fc.constantFrom("run" as const, "skip" as const, "advance" as const),
      },
      { requiredKeys: ["every", "at"] },
    )
    .filter((schedule) => scheduleSchema.safeParse(schedule).success);

  test("every schedule survives the way to text and back", () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        expect(parseSchedule(scheduleToText(schedule))).toEqual(schedule);
      }),
    );
  });

  test.each([
    ["every sunday at open", "is not understood"],
    ["open+5m", "is not understood"],
    ["every session", "is not understood"],
    ["every session at noon", 'at must be "open", "close"'],
    ["every session at open+241m", "at most 240 minutes"],
    ["every session at 24:00", "at must be"],
    ["every session at 9:45", "at must be"],
    ["every session at open+0m", "at must be"],
    ["every 0 sessions at open", "every.sessions must be a whole number from 1 to 254"],
    ["6th session of week at open", "no week has 6 sessions"],
    ["0th session of month at open", "on.nth must be a whole number that is not 0"],
    ["every session at open, half days move", 'halfDays must be "run", "skip" or "advance"'],
  ])("%s is refused: %s", (text, message) => {
    expect(() => parseSchedule(text)).toThrow(ScheduleInvalid);
    expect(() => parseSchedule(text)).toThrow(message);
  });

  test.each<[string, unknown, string]>([
    ["a misspelt field", { every: "session", at: "open", halfdays: "run" }, "halfdays"],
    ["`on` without a period", { every: "session", on: "first", at: "open" }, "week"],
    ["`on` with n sessions", { every: { sessions: 2 }, on: "first", at: "open" }, "week"],
    ["no time", { every: "session" }, "close-15m"],
  ])("the schema refuses %s", (_, value, message) => {
    expect(scheduleSchema.safeParse(value).error?.message).toContain(message);
  });
});

describe("the instants of a schedule", () => {
  test("each session at the open plus five minutes follows New York through the change of the clock", () => {
    expect(between("every session at open+5m", "2026-10-29T00:00:00Z", "2026-11-03T23:00:00Z")).toEqual(["2026-10-29T13:35", "2026-10-30T13:35", "2026-11-02T14:35", "2026-11-03T14:35"]);
  });

  test("the close minus fifteen minutes comes early on half days and not at all on holidays", () => {
    expect(between("every session at close-15m", "2026-11-25T00:00:00Z", "2026-11-30T23:00:00Z")).toEqual(["2026-11-25T20:45", "2026-11-27T17:45", "2026-11-30T20:45"]);
  });

  test.each([
    ["first session of week at open", "2026-08-31", "2026-09-15", ["2026-08-31T13:30", "2026-09-08T13:30", "2026-09-14T13:30"]],
    ["every week at open", "2026-09-05", "2026-09-15", ["2026-09-08T13:30", "2026-09-14T13:30"]],
    ["last session of month at close", "2027-11-01", "2028-02-01", ["2027-11-30T21:00", "2027-12-31T21:00", "2028-01-31T21:00"]],
    ["2nd last session of month at 10:00", "2026-11-01", "2026-12-01", ["2026-11-27T15:00"]],
    ["first session of quarter at open", "2026-01-01", "2026-12-31", ["2026-01-02T14:30", "2026-04-01T13:30", "2026-07-01T13:30", "2026-10-01T13:30"]],
    ["last session of year at close-15m", "2025-01-01", "2028-12-31", ["2025-12-31T20:45", "2026-12-31T20:45", "2027-12-31T20:45", "2028-12-29T20:45"]],
    ["5th session of week at open", "2026-11-16", "2026-12-05", ["2026-11-20T14:30", "2026-12-04T14:30"]],
  ])("%s", (text, from, to, expected) => {
    expect(between(text, `${from}T00:00:00Z`, `${to}T23:59:00Z`)).toEqual(expected);
  });

  test("every five sessions counts sessions since 1990, wherever the asking starts", () => {
    const instants = between("every 5 sessions at open", "1990-01-01T12:00:00Z", "1990-01-20T00:00:00Z");
    expect(instants).toEqual(["1990-01-02T14:30", "1990-01-09T14:30", "1990-01-16T14:30"]);
    expect(between("every 5 sessions at open", "1990-01-05T12:00:00Z", "1990-01-20T00:00:00Z")).toEqual(instants.slice(1));
  });

  test("both ends of the range are included", () => {
    expect(between("every session at open", "2026-11-24T14:30:00Z", "2026-11-25T14:30:00Z")).toEqual(["2026-11-24T14:30", "2026-11-25T14:30"]);
    expect(between("every session at open", "2026-11-24T14:30:00.001Z", "2026-11-25T14:29:59.999Z")).toEqual([]);
  });

  test("an instant is due to the millisecond", () => {
    const schedule = parseSchedule("last session of month at close-15m");
    expect(isDue(schedule, instantOf("2026-11-30T20:45:00Z"))).toBe(true);
    expect(isDue(schedule, instantOf("2026-11-30T20:45:00.001Z"))).toBe(false);
    expect(isDue(schedule, instantOf("2026-11-27T17:45:00Z"))).toBe(false);
    expect(isDue(schedule, instantOf("2026-11-29T20:45:00Z"))).toBe(false);
  });

  test("the next instants start strictly after", () => {
    const next = (after: string, count: number) => nextInstants(parseSchedule("every session at open"), instantOf(after), count).map((at) => isoOf(at).slice(0, 16));
    expect(next("2026-11-25T14:29:59Z", 2)).toEqual(["2026-11-25T14:30", "2026-11-27T14:30"]);
    expect(next("2026-11-25T14:30:00Z", 2)).toEqual(["2026-11-27T14:30", "2026-11-30T14:30"]);
    expect(next("2026-11-26T14:30:00Z", 0)).toEqual([]);
  });

  test("where the calendar ends the schedule throws", () => {
    expect(() => nextInstants(parseSchedule("first session of year at open"), instantOf("2026-11-21T00:00:00Z"), 4)).toThrow(CalendarOutOfRange);
    expect(nextInstants(parseSchedule("first session of year at open"), instantOf("2026-11-21T00:00:00Z"), 3).map((at) => isoOf(at).slice(0, 10))).toEqual(["2027-01-04", "2028-01-03", "2029-01-02"]);
  });
});

describe("half days", () => {
  // 2026-11-25 closes at 16:00, 2026-11-27 at 13:00, 1992-11-27 at 14:00
  test.each([
    ["every session at 15:45", "2026-11-25", "15:45"],
    ["every session at 15:45", "2026-11-27", "12:45"],
    ["every session at 15:45, half days advance", "2026-11-27", "12:45"],
    ["every session at 15:45, half days run", "2026-11-27", "15:45"],
    ["every session at 15:45, half days skip", "2026-11-27", undefined],
    ["every session at 15:45, half days skip", "2026-11-25", "15:45"],
    ["every session at 15:45", "1992-11-27", "13:45"],
    ["every session at 12:59", "2026-11-27", "12:59"],
    ["every session at 13:00", "2026-11-27", "10:00"],
    ["every session at 18:00", "2026-11-27", "15:00"],
    ["every session at close-15m", "2026-11-27", "12:45"],
    ["every session at close-15m, half days run", "2026-11-27", "12:45"],
    ["every session at close-15m, half days skip", "2026-11-27", undefined],
    ["every session at close+10m", "2026-11-27", "13:10"],
    ["every session at open+5m", "2026-11-27", "09:35"],
    ["every session at open+5m, half days skip", "2026-11-27", undefined],
    ["every session at open+240m", "2026-11-25", "13:30"],
    ["every session at open+240m", "2026-11-27", "10:30"],
    ["every session at open+240m, half days run", "2026-11-27", "13:30"],
    ["last session of year at 15:45", "1999-12-31", "12:45"],
  ])("%s runs on %s at %s", (text, date, clock) => {
    expect(clockOn(text, date)).toBe(clock);
  });
});

describe("the EventBridge schedules of a schedule", () => {
  const expressions = (text: string) => eventBridgeExpressions(parseSchedule(text)).map((e) => e.expression);
  test.each([
    ["every session at open+5m", ["cron(35 9 ? * MON-FRI *)"]],
    ["every session at close-15m", ["cron(45 15 ? * MON-FRI *)", "cron(45 12 ? JUL,NOV,DEC MON-FRI *)"]],
    ["last session of month at close, half days skip", ["cron(0 16 ? * MON-FRI *)"]],
    ["every session at 15:45", ["cron(45 15 ? * MON-FRI *)", "cron(45 12 ? JUL,NOV,DEC MON-FRI *)"]],
    ["every session at 15:45, half days run", ["cron(45 15 ? * MON-FRI *)"]],
    ["every session at 12:30", ["cron(30 12 ? * MON-FRI *)"]],
  ])("%s", (text, expected) => {
    expect(expressions(text)).toEqual(expected);
  });

  test("are in New York time", () => {
    expect(eventBridgeExpressions(parseSchedule("every session at close"))[1]?.timezone).toBe("America/New_York");
  });

  // A reader of the two forms that occur, on purpose not the code that writes them.
  const fires = (expression: string, date: string, minuteOfDay: number) => {
    const [minute, hour, , months] = expression.slice(5, -1).split(" ");
    const monthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    return Number(hour) * 60 + Number(minute) === minuteOfDay && (months === "*" || months!.split(",").includes(monthNames[Number(date.slice(5, 7)) - 1]!));
  };
  test.each(["every session at close-15m", "every session at close+240m", "every session at open-240m", "every session at 15:45", "every session at open+240m", "every session at 18:00, half days run", "last session of month at close-1m, half days skip"])(
    "fire at every instant of 2025 to 2029: %s",
    (text) => {
      const missed = scheduledInstants(parseSchedule(text), instantOf("2025-01-01T12:00:00Z"), instantOf("2029-12-28T12:00:00Z")).filter((at) => {
        const { minuteOfDay } = newYorkClock(at);
        return !expressions(text).some((expression) => fires(expression, isoOf(at), minuteOfDay));
      });
      expect(missed.map((at) => isoOf(at))).toEqual([]);
    },
  );
});
