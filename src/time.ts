/**
 * Instants, dates and the New York clock.
 *
 * An `Instant` is milliseconds since 1970-01-01T00:00Z. A `SessionDate` is a calendar date "YYYY-MM-DD" in New York;
 * it is never derived from a UTC timestamp by cutting the string. An `EpochDay` is the same date as whole days since
 * 1970-01-01, for columns and arithmetic. Daylight saving follows the US rules in force since 1987 (changed in 2007);
 * no locale or time zone database of the machine is asked.
 */
declare const brand: unique symbol;

export type Instant = number & { readonly [brand]: "Instant" };
export type SessionDate = string & { readonly [brand]: "SessionDate" };
export type EpochDay = number & { readonly [brand]: "EpochDay" };

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** @throws RangeError when `text` is not RFC 3339 with a zone. `Date.parse` alone takes 30 February for 2 March and 24:00 for the next day. */
export function instantOf(text: string): Instant {
  const written = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.exec(text);
  const ms = written && isDate(written[1]!) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new RangeError(`not an RFC 3339 instant with a zone: ${JSON.stringify(text)}`);
  return ms as Instant;
}

export function isoOf(at: Instant): string {
  return new Date(at).toISOString();
}

export function plusMs(at: Instant, ms: number): Instant {
  return (at + ms) as Instant;
}

/** @throws RangeError when `text` is not a real date written YYYY-MM-DD. */
export function sessionDateOf(text: string): SessionDate {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || !isDate(text)) throw new RangeError(`not a date YYYY-MM-DD: ${JSON.stringify(text)}`);
  return text as SessionDate;
}

/** Whether the calendar has this day; `text` has the form YYYY-MM-DD. */
function isDate(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 10) === text;
}

export function epochDayOf(date: SessionDate): EpochDay {
  return (Date.parse(`${date}T00:00:00Z`) / DAY_MS) as EpochDay;
}

export function dateOfEpochDay(day: EpochDay): SessionDate {
  return new Date(day * DAY_MS).toISOString().slice(0, 10) as SessionDate;
}

/** 0 is Sunday. */
export function weekdayOf(day: EpochDay): number {
  return (((day + 4) % 7) + 7) % 7;
}

/** Minutes that New York is behind UTC at `at`: 240 in summer, 300 in winter. Valid from 1987. */
export function newYorkOffsetMinutes(at: Instant): number {
  const year = new Date(at - 5 * 3_600_000).getUTCFullYear();
  const { startDay, endDay } = daylightSavingOf(year);
  const start = startDay * DAY_MS + 7 * 3_600_000; // 02:00 EST
  const end = endDay * DAY_MS + 6 * 3_600_000; // 02:00 EDT
  return at >= start && at < end ? 240 : 300;
}

/** The instant at which New York's clock shows `minuteOfDay` on `date`. Not for 02:00-03:00 on the days the clock changes. */
export function newYorkInstant(date: EpochDay, minuteOfDay: number): Instant {
  const guess = (date * DAY_MS + (minuteOfDay + 300) * MINUTE_MS) as Instant;
  return (guess - (300 - newYorkOffsetMinutes(guess)) * MINUTE_MS) as Instant;
}

/** The date and the minute of the day that New York's clock shows at `at`. */
export function newYorkClock(at: Instant): { day: EpochDay; minuteOfDay: number } {
  const local = at - newYorkOffsetMinutes(at) * MINUTE_MS;
  const day = Math.floor(local / DAY_MS) as EpochDay;
  return { day, minuteOfDay: Math.floor((local - day * DAY_MS) / MINUTE_MS) };
}

const daylightSavingByYear = new Map<number, { startDay: number; endDay: number }>();

// Energy Policy Act of 2005: second Sunday of March to first Sunday of November from 2007;
// before, 1987-2006: first Sunday of April to last Sunday of October (Pub. L. 99-359).
function daylightSavingOf(year: number): { startDay: number; endDay: number } {
  let found = daylightSavingByYear.get(year);
  if (!found) {
    found =
      year >= 2007
        ? { startDay: sundayOnOrAfter(year, 2, 8), endDay: sundayOnOrAfter(year, 10, 1) }
        : { startDay: sundayOnOrAfter(year, 3, 1), endDay: sundayOnOrAfter(year, 9, 25) };
    daylightSavingByYear.set(year, found);
  }
  return found;
}

function sundayOnOrAfter(year: number, month: number, dayOfMonth: number): number {
  const day = (Date.UTC(year, month, dayOfMonth) / DAY_MS) as EpochDay;
  return day + ((7 - weekdayOf(day)) % 7);
}
