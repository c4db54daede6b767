/**
 * NYSE sessions from 1990-01-01 to 2029-12-31, computed once from the rules of trading-days.ts.
 *
 * Sessions are numbered from zero (1990-01-02), so "n sessions before" is a subtraction. A question by day or by
 * instant is answered without a search. Every question that the table cannot answer throws `CalendarOutOfRange`: the
 * calendar never guesses. It knows what was announced when it was written; live, the broker's calendar of the day is
 * the authority and is compared with this one.
 */
import { DAY_MS, dateOfEpochDay, epochDayOf, isoOf, MINUTE_MS, newYorkInstant, plusMs, sessionDateOf, weekdayOf } from "../time.ts";
import type { EpochDay, Instant, SessionDate } from "../time.ts";
import { closureReason, hoursOf, isWeekday } from "./trading-days.ts";

export interface Session {
  readonly date: SessionDate;
  readonly day: EpochDay;
  /** Sessions since the first of 1990. */
  readonly index: number;
  readonly open: Instant;
  readonly close: Instant;
  /** A half day announced beforehand; a close moved by weather, a halt or a fault shows in `close` alone. */
  readonly earlyClose: boolean;
}

export interface Closure {
  readonly date: SessionDate;
  readonly reason: string;
}

type Period = "week" | "month" | "quarter" | "year";

export class CalendarOutOfRange extends RangeError {
  override readonly name = "CalendarOutOfRange";
}

export const FIRST_CALENDAR_DAY = epochDayOf(sessionDateOf("1990-01-01"));
export const LAST_CALENDAR_DAY = epochDayOf(sessionDateOf("2029-12-31"));

const START = newYorkInstant(FIRST_CALENDAR_DAY, 0);
const END = newYorkInstant((LAST_CALENDAR_DAY + 1) as EpochDay, 0);

export function sessionOn(day: EpochDay): Session | undefined {
  const index = lastIndexAtOrBefore(day);
  const session = table().sessions[index];
  return session?.day === day ? session : undefined;
}

/** Both ends included; empty when `from` lies after `to`. */
export function sessionsBetween(from: EpochDay, to: EpochDay): readonly Session[] {
  const first = firstIndexAtOrAfter(from);
  return table().sessions.slice(first, Math.max(first, lastIndexAtOrBefore(to) + 1));
}

export function sessionAtIndex(index: number): Session {
  const session = table().sessions[index];
  if (!session) throw new CalendarOutOfRange(`there is no session ${index < 0 ? "before" : "after"} those of the session calendar, ${COVERED}`);
  return session;
}

/** The first session strictly after a day. */
export function nextSession(after: EpochDay): Session {
  return sessionAtIndex(lastIndexAtOrBefore(after) + 1);
}

/** The last session strictly before a day. */
export function previousSession(before: EpochDay): Session {
  return sessionAtIndex(firstIndexAtOrAfter(before) - 1);
}

/** The session `count` sessions before `session`; after it when `count` is negative. */
export function sessionsBefore(session: Session, count: number): Session {
  return sessionAtIndex(session.index - count);
}

/** The latest session whose close is not after `at`. */
export function lastClosedSession(at: Instant): Session {
  const index = lastIndexStartedBy(at);
  const session = table().sessions[index];
  return session && session.close <= at ? session : sessionAtIndex(index - 1);
}

/** The first session whose close is not before `at`: the one under way, or else the next. */
export function currentOrNextSession(at: Instant): Session {
  const index = lastIndexStartedBy(at);
  const session = table().sessions[index];
  return session && session.close >= at ? session : sessionAtIndex(index + 1);
}

/** From the opening instant to just before the closing one. */
export function isOpen(at: Instant): boolean {
  const session = table().sessions[lastIndexStartedBy(at)];
  return session !== undefined && session.open <= at && at < session.close;
}

/**
 * The n-th session of the week (Monday to Friday), month, quarter or year that contains `day`; a negative n counts from
 * the end. Undefined when the period has fewer sessions.
 * @throws CalendarOutOfRange when the end that n counts from lies outside the table.
 */
export function nthSessionOf(period: Period, day: EpochDay, n: number): Session | undefined {
  const { first, last } = boundsOf(period, day);
  const session = n > 0 ? sessionAtIndex(firstIndexAtOrAfter(first) + n - 1) : sessionAtIndex(lastIndexAtOrBefore(last) + 1 + n);
  return session.day >= first && session.day <= last ? session : undefined;
}

export function firstSessionOf(period: Period, day: EpochDay): Session {
  return nthSessionOf(period, day, 1)!; // no week of the table is without a session: 2001-09-10 traded
}

export function lastSessionOf(period: Period, day: EpochDay): Session {
  return nthSessionOf(period, day, -1)!;
}

/** Weekdays without a session, both ends included. */
export function closuresBetween(from: EpochDay, to: EpochDay): Closure[] {
  requireDay(from);
  requireDay(to);
  const closures: Closure[] = [];
  for (let day = from; day <= to; day = (day + 1) as EpochDay) {
    const reason = isWeekday(day) ? closureReason(day) : undefined;
    if (reason !== undefined) closures.push({ date: dateOfEpochDay(day), reason });
  }
  return closures;
}

/**
 * The last instants at which an order for the opening or the closing auction is taken: two minutes before the open
 * (9:28) and ten before the close (15:50, 12:50 on a half day). Source: Alpaca's order documentation of 2026; NYSE and
 * Nasdaq's own cut-offs are not earlier.
 */
export function auctionCutoffsOf(session: Session): { readonly onOpen: Instant; readonly onClose: Instant } {
  return { onOpen: plusMs(session.open, -2 * MINUTE_MS), onClose: plusMs(session.close, -10 * MINUTE_MS) };
}

/** Extended hours around a session: from 4:00 to 20:00 New York, to 17:00 on a half day. */
export function extendedHoursOf(session: Session): { readonly open: Instant; readonly close: Instant } {
  return { open: newYorkInstant(session.day, 4 * 60), close: newYorkInstant(session.day, (session.earlyClose ? 17 : 20) * 60) };
}

interface Table {
  readonly sessions: readonly Session[];
  /** For each day since FIRST_CALENDAR_DAY the number of the last session at or before it, -1 before the first. */
  readonly lastIndex: Int32Array;
}

const COVERED = `which covers ${dateOfEpochDay(FIRST_CALENDAR_DAY)} to ${dateOfEpochDay(LAST_CALENDAR_DAY)}`;

let built: Table | undefined;

function table(): Table {
  return (built ??= buildTable());
}

function buildTable(): Table {
  const sessions: Session[] = [];
  const lastIndex = new Int32Array(LAST_CALENDAR_DAY - FIRST_CALENDAR_DAY + 1);
  for (let day = FIRST_CALENDAR_DAY; day <= LAST_CALENDAR_DAY; day = (day + 1) as EpochDay) {
    if (isWeekday(day) && closureReason(day) === undefined) {
      const { open, close, earlyClose } = hoursOf(day);
      sessions.push({ date: dateOfEpochDay(day), day, index: sessions.length, open: newYorkInstant(day, open), close: newYorkInstant(day, close), earlyClose });
    }
    lastIndex[day - FIRST_CALENDAR_DAY] = sessions.length - 1;
  }
  return { sessions, lastIndex };
}

function lastIndexAtOrBefore(day: EpochDay): number {
  requireDay(day);
  return table().lastIndex[day - FIRST_CALENDAR_DAY]!;
}

function firstIndexAtOrAfter(day: EpochDay): number {
  const index = lastIndexAtOrBefore(day);
  return table().sessions[index]?.day === day ? index : index + 1;
}

/**
 * The number of the last session whose UTC day has begun by `at`, -1 before the first. A session opens and closes
 * within one UTC day that bears New York's date, so no zone arithmetic is needed.
 */
function lastIndexStartedBy(at: Instant): number {
  if (!(at >= START && at < END)) throw new CalendarOutOfRange(`${describe(at)} is outside the session calendar, ${COVERED}`);
  const day = Math.min(Math.floor(at / DAY_MS), LAST_CALENDAR_DAY);
  return table().lastIndex[day - FIRST_CALENDAR_DAY]!;
}

function requireDay(day: EpochDay): void {
  if (day >= FIRST_CALENDAR_DAY && day <= LAST_CALENDAR_DAY) return;
  throw new CalendarOutOfRange(`${describe((day * DAY_MS) as Instant).slice(0, 10)} is outside the session calendar, ${COVERED}`);
}

function describe(at: Instant): string {
  return Math.abs(at) <= 8.64e15 ? isoOf(at) : String(at);
}

function boundsOf(period: Period, day: EpochDay): { readonly first: EpochDay; readonly last: EpochDay } {
  if (period === "week") {
    const monday = (day - ((weekdayOf(day) + 6) % 7)) as EpochDay;
    return { first: monday, last: (monday + 4) as EpochDay };
  }
  const date = new Date(day * DAY_MS);
  const months = period === "month" ? 1 : period === "quarter" ? 3 : 12;
  const firstMonth = date.getUTCMonth() - (date.getUTCMonth() % months);
  const first = (Date.UTC(date.getUTCFullYear(), firstMonth, 1) / DAY_MS) as EpochDay;
  return { first, last: (Date.UTC(date.getUTCFullYear(), firstMonth + months, 1) / DAY_MS - 1) as EpochDay };
}
