/**
 * Which weekdays the New York exchanges trade, between which hours, and why not on the others: the rules from which the
 * session table of calendar.ts is computed. Pure functions of a date, right for 1988 to 2029.
 *
 * Sources: NYSE rule 7.2 and the exchange's published holiday lists to 2028; the open-source calendars
 * exchange_calendars @5308ce2 (XNYS: holidays, half days, special closures) and pandas_market_calendars @966ffb3
 * (unusual hours). 2029 follows from the rules alone.
 */
import { dateOfEpochDay, weekdayOf, type EpochDay } from "../time.ts";

/** Minutes after midnight on New York's clock. */
export const REGULAR_OPEN = 9 * 60 + 30;
export const REGULAR_CLOSE = 16 * 60;

interface Hours {
  readonly open: number;
  readonly close: number;
  /** A half day announced beforehand. A close moved by weather, a halt or a fault is no half day. */
  readonly earlyClose: boolean;
}

export function isWeekday(day: EpochDay): boolean {
  const weekday = weekdayOf(day);
  return weekday >= MONDAY && weekday <= FRIDAY;
}

/** Why there is no session on a weekday; undefined when there is one. Weekends are nobody's question. */
export function closureReason(day: EpochDay): string | undefined {
  const date = civilOf(day);
  return holidayName(date) ?? specialClosures.get(date.text);
}

/** Whether nothing settles on a weekday because of a holiday of the exchanges or of the banks, known years ahead. */
export function isSettlementHoliday(day: EpochDay): boolean {
  const date = civilOf(day);
  return holidayName(date) !== undefined || bankHolidayWithTrading(date) !== undefined;
}

/** The hours of a day that is a session. */
export function hoursOf(day: EpochDay): Hours {
  const date = civilOf(day);
  const earlyClose = isHalfDay(date);
  const close = earlyClose ? (date.year >= 1993 ? 13 * 60 : 14 * 60) : REGULAR_CLOSE;
  return { open: REGULAR_OPEN, close, ...unusualHours.get(date.text), earlyClose };
}

/** A federal bank holiday on which the exchanges trade. */
function bankHolidayWithTrading({ year, month, dayOfMonth, weekday }: Civil): string | undefined {
  // The banks took Martin Luther King Day up in 1986, the exchanges in 1998 (NASD Notices to Members 88-99 and 96-90).
  if (month === 1 && weekday === MONDAY && isNth(3, dayOfMonth) && year < 1998) return "Martin Luther King Jr. Day";
  if (month === 10 && weekday === MONDAY && isNth(2, dayOfMonth)) return "Columbus Day";
  // A Sunday holiday is kept on Monday; on a Saturday the Federal Reserve stays open on Friday.
  if (month === 11 && (dayOfMonth === 11 || (dayOfMonth === 12 && weekday === MONDAY))) return "Veterans Day";
  return undefined;
}

interface Civil {
  readonly text: string;
  readonly day: EpochDay;
  readonly year: number;
  readonly month: number;
  readonly dayOfMonth: number;
  readonly weekday: number;
}

const MONDAY = 1;
const WEDNESDAY = 3;
const THURSDAY = 4;
const FRIDAY = 5;

function civilOf(day: EpochDay): Civil {
  const text = dateOfEpochDay(day);
  return { text, day, year: Number(text.slice(0, 4)), month: Number(text.slice(5, 7)), dayOfMonth: Number(text.slice(8)), weekday: weekdayOf(day) };
}

function holidayName(date: Civil): string | undefined {
  const { year, month, dayOfMonth, weekday, day } = date;
  // Alone among the fixed dates New Year's Day is not kept on the Friday before: that Friday ends an accounting year.
  if (month === 1 && dayOfMonth === 1) return "New Year's Day";
  if (month === 1 && dayOfMonth === 2 && weekday === MONDAY) return "New Year's Day (observed)";
  if (month === 1 && weekday === MONDAY && isNth(3, dayOfMonth) && year >= 1998) return "Martin Luther King Jr. Day";
  if (month === 2 && weekday === MONDAY && isNth(3, dayOfMonth)) return "Washington's Birthday";
  if (weekday === FRIDAY && (month === 3 || month === 4) && day === easterSunday(year) - 2) return "Good Friday";
  if (month === 5 && weekday === MONDAY && dayOfMonth >= 25) return "Memorial Day";
  if (month === 9 && weekday === MONDAY && isNth(1, dayOfMonth)) return "Labor Day";
  if (month === 11 && weekday === THURSDAY && isNth(4, dayOfMonth)) return "Thanksgiving Day";
  return (
    (year >= 2022 ? keptOn(date, 6, 19, "Juneteenth") : undefined) ?? keptOn(date, 7, 4, "Independence Day") ?? keptOn(date, 12, 25, "Christmas Day")
  );
}

/** The name of a holiday of fixed date that `date` keeps: on Friday when it falls on a Saturday, on Monday for a Sunday. */
function keptOn(date: Civil, month: number, dayOfMonth: number, name: string): string | undefined {
  if (date.month !== month) return undefined;
  if (date.dayOfMonth === dayOfMonth) return name;
  const moved = (date.weekday === FRIDAY && date.dayOfMonth === dayOfMonth - 1) || (date.weekday === MONDAY && date.dayOfMonth === dayOfMonth + 1);
  return moved ? `${name} (observed)` : undefined;
}

function isHalfDay({ text, year, month, dayOfMonth, weekday }: Civil): boolean {
  if (month === 11 && weekday === FRIDAY && dayOfMonth >= 23 && dayOfMonth <= 29) return year >= 1992;
  if (month === 12 && dayOfMonth === 24) return weekday <= THURSDAY;
  if (month === 7 && dayOfMonth === 3) return weekday === WEDNESDAY ? year >= 2013 : weekday !== FRIDAY && year >= 1995;
  if (month === 7 && dayOfMonth === 5 && weekday === FRIDAY) return year >= 1995 && year <= 2012;
  return text === "1997-12-26" || text === "1999-12-31" || text === "2003-12-26";
}

/** Whether a date is the n-th of its weekday in its month. */
function isNth(n: number, dayOfMonth: number): boolean {
  return Math.ceil(dayOfMonth / 7) === n;
}

/** Western Easter as an epoch day: the Gregorian computus in the form of Meeus, Jones and Butcher. */
function easterSunday(year: number): number {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const yearOfCentury = year % 100;
  const moonShift = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3);
  const epact = (19 * golden + century - Math.floor(century / 4) - moonShift + 15) % 30;
  const weekdayShift = (32 + 2 * (century % 4) + 2 * Math.floor(yearOfCentury / 4) - epact - (yearOfCentury % 4)) % 7;
  const lateMoon = Math.floor((golden + 11 * epact + 22 * weekdayShift) / 451);
  const march22 = Date.UTC(year, 2, 22) / 86_400_000;
  return march22 + epact + weekdayShift - 7 * lateMoon;
}

const specialClosures: ReadonlyMap<string, string> = new Map([
  ["1994-04-27", "Mourning for President Nixon"],
  ["2001-09-11", "Attacks of 11 September 2001"],
  ["2001-09-12", "Attacks of 11 September 2001"],
  ["2001-09-13", "Attacks of 11 September 2001"],
  ["2001-09-14", "Attacks of 11 September 2001"],
  ["2004-06-11", "Mourning for President Reagan"],
  ["2007-01-02", "Mourning for President Ford"],
  ["2012-10-29", "Hurricane Sandy"],
  ["2012-10-30", "Hurricane Sandy"],
  ["2018-12-05", "Mourning for President George H. W. Bush"],
  ["2025-01-09", "Mourning for President Carter"],
]);

const at = (hour: number, minute: number): number => hour * 60 + minute;

/** pandas_market_calendars @966ffb3, calendars/nyse.py. */
const unusualHours: ReadonlyMap<string, { readonly open?: number; readonly close?: number }> = new Map([
  ["1990-12-27", { open: at(11, 0) }],
  ["1991-01-17", { open: at(9, 31) }], // minutes of silence, here and wherever the open moves by one to three minutes
  ["1991-02-25", { open: at(9, 31) }],
  ["1994-02-11", { close: at(14, 30) }],
  ["1995-12-18", { open: at(10, 30) }],
  ["1996-01-08", { open: at(11, 0), close: at(14, 0) }],
  ["1997-10-27", { close: at(15, 30) }], // circuit breaker
  ["2001-09-17", { open: at(9, 33) }],
  ["2001-10-08", { open: at(9, 31) }],
  ["2002-09-11", { open: at(12, 0) }],
  ["2003-03-20", { open: at(9, 32) }],
  ["2004-06-07", { open: at(9, 32) }],
  ["2005-06-01", { close: at(15, 56) }],
  ["2006-12-27", { open: at(9, 32) }],
  ["2009-07-02", { close: at(16, 15) }],
]);
