/**
 * When a strategy runs: a small grammar over sessions, the instants it means, and the EventBridge schedules that meet
 * every one of them. The backtest, `ballast schedule` and the deployed stack ask the same functions.
 *
 * A schedule picks sessions and a time of the session.
 * - `every: "session"` is all of them, `{ sessions: n }` those whose number since 1990-01-02 is a multiple of n (so the
 *   choice does not depend on when one starts to count), a period is one session of each week (from Monday), month,
 *   quarter or year: the first, the last, or the nth, where a negative nth counts from the end. A period with too few
 *   sessions for its nth has no run.
 * - `at` is minutes from the session's open or close, or a time on New York's clock.
 * - `halfDays` says what becomes of half days. `skip`: no run. `run`: a time from the close moves with the close, any
 *   other stays as it is, even if the market has closed by then. `advance` (the default): as `run`, but a time that
 *   would come at or after the early close is moved to keep its distance to 16:00: 15:45 becomes 12:45.
 *
 * Closes that were moved on the day itself (weather, halts) move `close-15m` too, though nobody knew in the morning.
 */
import { z } from "zod";
import { MINUTE_MS, newYorkClock, newYorkInstant, plusMs, type Instant } from "../time.ts";
import { nextSession, nthSessionOf, sessionOn, sessionsBetween, type Session } from "./calendar.ts";
import { REGULAR_CLOSE, REGULAR_OPEN } from "./trading-days.ts";

/** Keeps every run on its session's own date. */
const OFFSET_MINUTES_MAX = 240;

const SESSIONS_MAX = { week: 5, month: 23, quarter: 66, year: 254 } as const;

const EVERY = `must be "session", "week", "month", "quarter", "year" or { sessions: n } with n from 1 to ${SESSIONS_MAX.year}`;
const ON = `must be "first", "last" or { nth: n } with a whole n that is not 0; negative n count from the end`;
const AT = `must be "open", "close", "open+5m", "close-15m" (at most ${OFFSET_MINUTES_MAX} minutes) or a New York time such as "15:45"`;
const SESSIONS = `must be a whole number from 1 to ${SESSIONS_MAX.year}`;
const NTH = "must be a whole number that is not 0";
const HALF_DAYS = `must be "run", "skip" or "advance"`;

export const scheduleSchema = z
  .strictObject({
    every: z.union([z.enum(["session", "week", "month", "quarter", "year"]), z.strictObject({ sessions: z.int(SESSIONS).min(1, SESSIONS).max(SESSIONS_MAX.year, SESSIONS) })], EVERY),
    on: z.union([z.enum(["first", "last"]), z.strictObject({ nth: z.int(NTH).refine((nth) => nth !== 0, NTH) })], ON).optional(),
    at: z.string(AT).refine((at) => timeOf(at) !== undefined, AT),
    halfDays: z.enum(["run", "skip", "advance"], HALF_DAYS).optional(),
  })
  .superRefine(({ every, on }, context) => {
    if (on === undefined) return;
    if (every === "session" || typeof every === "object") {
      context.addIssue({ code: "custom", path: ["on"], message: `goes with "week", "month", "quarter" or "year" only` });
    } else if (typeof on === "object" && Math.abs(on.nth) > SESSIONS_MAX[every]) {
      context.addIssue({ code: "custom", path: ["on", "nth"], message: `no ${every} has ${Math.abs(on.nth)} sessions` });
    }
  })
  .readonly();

export type Schedule = z.infer<typeof scheduleSchema>;

export class ScheduleInvalid extends Error {
  override readonly name = "ScheduleInvalid";
}

/** All instants of the schedule, in order, both ends included. @throws CalendarOutOfRange when an end lies outside the calendar. */
export function scheduledInstants(schedule: Schedule, from: Instant, to: Instant): Instant[] {
  const sessions = sessionsBetween(newYorkClock(from).day, newYorkClock(to).day);
  return sessions.flatMap((session) => {
    const at = instantIn(schedule, session);
    return at !== undefined && at >= from && at <= to ? [at] : [];
  });
}

/** Whether `at` is one of the schedule's instants, to the millisecond. */
export function isDue(schedule: Schedule, at: Instant): boolean {
  const session = sessionOn(newYorkClock(at).day);
  return session !== undefined && instantIn(schedule, session) === at;
}

/** The next `count` instants strictly after `after`. @throws CalendarOutOfRange when the calendar ends before. */
export function nextInstants(schedule: Schedule, after: Instant, count: number): Instant[] {
  const found: Instant[] = [];
  const { day } = newYorkClock(after);
  for (let session = sessionOn(day) ?? nextSession(day); found.length < count; session = nextSession(session.day)) {
    const at = instantIn(schedule, session);
    if (at !== undefined && at > after) found.push(at);
    if (found.length === count) return found;
  }
  return found;
}

/** The instant at which the schedule runs in a session, if it does. */
export function instantIn(schedule: Schedule, session: Session): Instant | undefined {
  if (!picks(schedule, session)) return undefined;
  const halfDays = schedule.halfDays ?? "advance";
  if (session.earlyClose && halfDays === "skip") return undefined;
  const time = timeOf(schedule.at)!;
  const at =
    time.from === "midnight" ? newYorkInstant(session.day, time.minutes) : plusMs(time.from === "open" ? session.open : session.close, time.minutes * MINUTE_MS);
  const tooLate = session.earlyClose && halfDays === "advance" && time.from !== "close" && at >= session.close;
  return tooLate ? plusMs(at, session.close - newYorkInstant(session.day, REGULAR_CLOSE)) : at;
}

interface EventBridgeExpression {
  readonly expression: string;
  readonly timezone: "America/New_York";
}

/**
 * Cron expressions of EventBridge Scheduler that together fire at each instant of the schedule, and on other days too:
 * the handler drops what `isDue` does not know. Half days close at 13:00 and fall in July, November and December.
 */
export function eventBridgeExpressions(schedule: Schedule): EventBridgeExpression[] {
  const time = timeOf(schedule.at)!;
  const halfDays = schedule.halfDays ?? "advance";
  const regular = { midnight: 0, open: REGULAR_OPEN, close: REGULAR_CLOSE }[time.from] + time.minutes;
  const moves = halfDays !== "skip" && (time.from === "close" || (halfDays === "advance" && regular >= HALF_DAY_CLOSE));
  return [cron(regular, "*"), ...(moves ? [cron(regular - (REGULAR_CLOSE - HALF_DAY_CLOSE), "JUL,NOV,DEC")] : [])];
}

/**
 * One line: "every session at open+5m", "every 5 sessions at 10:00", "every week at close-15m", "last session of month
 * at close-15m", "3rd session of quarter at open", "2nd last session of year at 15:45, half days skip".
 * @throws ScheduleInvalid
 */
export function parseSchedule(text: string): Schedule {
  const [, which = "", at, halfDays] = /^(.+?) at (\S+?)(?:, half days (\S+))?$/.exec(text.trim().toLowerCase().replace(/\s+/g, " ")) ?? [];
  const picked = pickOf(which);
  if (picked === undefined) {
    throw new ScheduleInvalid(
      `schedule ${JSON.stringify(text)} is not understood; write for instance "every session at open+5m", "every 5 sessions at 10:00", "last session of month at close-15m" or "first session of week at 15:45, half days skip"`,
    );
  }
  const parsed = scheduleSchema.safeParse({ ...picked, at, ...(halfDays === undefined ? {} : { halfDays }) });
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  throw new ScheduleInvalid(`schedule ${JSON.stringify(text)}: ${issues.join("; ")}`);
}

/** The line that `parseSchedule` reads back to the same schedule. */
export function scheduleToText({ every, on, at, halfDays }: Schedule): string {
  return `${pickToText(every, on)} at ${at}${halfDays === undefined ? "" : `, half days ${halfDays}`}`;
}

const HALF_DAY_CLOSE = 13 * 60;

interface TimeOfSession {
  readonly from: "open" | "close" | "midnight";
  readonly minutes: number;
}

function timeOf(text: string): TimeOfSession | undefined {
  const clock = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (clock) return { from: "midnight", minutes: Number(clock[1]) * 60 + Number(clock[2]) };
  const relative = /^(open|close)(?:([+-])([1-9]\d{0,2})m)?$/.exec(text);
  const minutes = Number(relative?.[3] ?? 0);
  if (!relative || minutes > OFFSET_MINUTES_MAX) return undefined;
  return { from: relative[1] as "open" | "close", minutes: relative[2] === "-" ? -minutes : minutes };
}

function picks({ every, on }: Schedule, session: Session): boolean {
  if (every === "session") return true;
  if (typeof every === "object") return session.index % every.sessions === 0;
  const nth = typeof on === "object" ? on.nth : on === "last" ? -1 : 1;
  return nthSessionOf(every, session.day, nth) === session;
}

function cron(minuteOfDay: number, months: string): EventBridgeExpression {
  return { expression: `cron(${minuteOfDay % 60} ${Math.floor(minuteOfDay / 60)} ? ${months} MON-FRI *)`, timezone: "America/New_York" };
}

function pickOf(text: string): { readonly every: unknown; readonly on?: unknown } | undefined {
  const every = /^every (?:(session|week|month|quarter|year)|(\d+) sessions?)$/.exec(text);
  if (every) return { every: every[1] ?? { sessions: Number(every[2]) } };
  const one = /^(?:(first|last)|(\d+)(?:st|nd|rd|th)( last)?) session of (?:the )?(week|month|quarter|year)$/.exec(text);
  if (!one) return undefined;
  return { every: one[4], on: one[1] ?? { nth: one[3] === undefined ? Number(one[2]) : -Number(one[2]) } };
}

function pickToText(every: Schedule["every"], on: Schedule["on"]): string {
  if (typeof every === "object") return `every ${every.sessions} ${every.sessions === 1 ? "session" : "sessions"}`;
  if (on === undefined) return `every ${every}`;
  return `${typeof on === "string" ? on : `${ordinal(Math.abs(on.nth))}${on.nth < 0 ? " last" : ""}`} session of ${every}`;
}

function ordinal(n: number): string {
  const teen = n % 100 >= 11 && n % 100 <= 13;
  return `${n}${teen ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th")}`;
}
