/** `ballast calendar`: the sessions and closures of the New York exchanges between two dates. */
import type { Command } from "commander";
import { closuresBetween, sessionsBetween, type Closure, type Session } from "../../src/rules/calendar.ts";
import { epochDayOf, isoOf, newYorkClock, weekdayOf, type Instant, type SessionDate } from "../../src/time.ts";
import { dayOfArgument } from "../date-argument.ts";
import { longTable } from "../long-table.ts";
import { UsageError } from "../usage-error.ts";

export function register(program: Command): void {
  program
    .command("calendar")
    .description("Print the sessions of the New York exchanges and their closures, from 1990 to 2029.")
    .requiredOption("--from <date>", "first day, YYYY-MM-DD")
    .requiredOption("--to <date>", "last day, YYYY-MM-DD, included")
    .option("--json", "print one JSON object: { sessions, closures }; instants are in UTC")
    .addHelpText("after", "\nExamples:\n  $ ballast calendar --from 2026-11-23 --to 2026-12-31\n  $ ballast calendar --from 2001-09-10 --to 2001-09-17 --json")
    .action(printCalendar);
}

interface Options {
  readonly from: string;
  readonly to: string;
  readonly json?: true;
}

function printCalendar({ from, to, json }: Options): void {
  const first = dayOfArgument(from, "--from");
  const last = dayOfArgument(to, "--to");
  if (first > last) throw new UsageError(`--from ${from} lies after --to ${to}`);
  const sessions = sessionsBetween(first, last);
  const closures = closuresBetween(first, last);
  process.stdout.write(json ? `${JSON.stringify({ sessions: sessions.map((session) => toJson(session)), closures }, undefined, 2)}\n` : asText(sessions, closures));
}

function toJson({ date, open, close, earlyClose }: Session) {
  return { date, open: isoOf(open), close: isoOf(close), earlyClose, openNewYork: newYorkTime(open), closeNewYork: newYorkTime(close) };
}

function asText(sessions: readonly Session[], closures: readonly Closure[]): string {
  const days = sessions.map(({ date, open, close, earlyClose }) => [date, weekdayName(date), newYorkTime(open), newYorkTime(close), utcTime(open), utcTime(close), earlyClose ? "half day" : ""]);
  const closed = closures.map(({ date, reason }) => [date, weekdayName(date), reason]);
  const counts = `${sessions.length} ${sessions.length === 1 ? "session" : "sessions"}, ${closures.length} ${closures.length === 1 ? "closure" : "closures"} on weekdays; times are New York's unless UTC.\n`;
  return `${days.length > 0 ? `${longTable(["Session", "", "Open", "Close", "Open UTC", "Close UTC", ""], days)}\n` : ""}${closed.length > 0 ? `${longTable(["Closed", "", "Why"], closed)}\n` : ""}${counts}`;
}

function newYorkTime(at: Instant): string {
  const { minuteOfDay } = newYorkClock(at);
  return `${String(Math.floor(minuteOfDay / 60)).padStart(2, "0")}:${String(minuteOfDay % 60).padStart(2, "0")}`;
}

function utcTime(at: Instant): string {
  return isoOf(at).slice(11, 16);
}

function weekdayName(date: SessionDate): string {
  return ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][weekdayOf(epochDayOf(date))]!;
}
