/** `ballast schedule`: the coming instants at which a strategy is due, and the EventBridge schedules that meet them. */
import Table from "cli-table3";
import { InvalidArgumentError, type Command } from "commander";
import { currentOrNextSession, lastClosedSession } from "../../src/rules/calendar.ts";
import { eventBridgeExpressions, nextInstants, parseSchedule, scheduleToText, type Schedule } from "../../src/rules/schedule.ts";
import { instantOf, isoOf, newYorkClock, type Instant } from "../../src/time.ts";
import { loadStrategy } from "../load-strategy.ts";
import { UsageError } from "../usage-error.ts";

interface Options {
  readonly next: number;
  readonly after?: string;
  readonly schedule?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command("schedule")
    .description("Print the coming instants at which a strategy is due.")
    .argument("<strategy>", "a name from strategies/, or a strategy file")
    .option("--next <n>", "how many instants", count, 10)
    .option("--after <instant>", "count from here, RFC 3339 (default: now)")
    .option("--schedule <text>", "another schedule than the strategy's own")
    .option("--json", "print one JSON object: { schedule, instants, eventBridge }; instants are in UTC")
    .addHelpText("after", '\nExamples:\n  $ ballast schedule momentum --next 20\n  $ ballast schedule trend --schedule "last session of month at close-15m" --after 2026-11-20T00:00:00Z --json')
    .action(printSchedule);
}

async function printSchedule(nameOrFile: string, { next, after, schedule: text, json }: Options): Promise<void> {
  const strategy = await loadStrategy(nameOrFile);
  const schedule = text === undefined ? strategy.schedule : scheduleOf(text);
  const instants = nextInstants(schedule, after === undefined ? (Date.now() as Instant) : instantArgument(after), next);
  if (json) {
    process.stdout.write(`${JSON.stringify({ schedule: scheduleToText(schedule), instants: instants.map(isoOf), eventBridge: eventBridgeExpressions(schedule) })}\n`);
    return;
  }
  const table = new Table({ head: ["New York", "UTC", "Session"], style: { head: [], border: [], compact: true } });
  for (const at of instants) table.push([newYorkText(at), isoOf(at), halfDayText(at)]);
  process.stdout.write(`${strategy.name}: ${scheduleToText(schedule)}\n${table.toString()}\n`);
}

function scheduleOf(text: string): Schedule {
  try {
    return parseSchedule(text);
  } catch (cause) {
    throw new UsageError(`--schedule: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function instantArgument(text: string): Instant {
  try {
    return instantOf(text);
  } catch (cause) {
    throw new UsageError(`--after ${JSON.stringify(text)} is not an instant such as 2026-11-20T15:00:00Z`, { cause });
  }
}

function newYorkText(at: Instant): string {
  const { day, minuteOfDay } = newYorkClock(at);
  const weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][(day + 4) % 7]!;
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${weekday} ${isoOf((day * 86_400_000) as Instant).slice(0, 10)} ${two(Math.floor(minuteOfDay / 60))}:${two(minuteOfDay % 60)}`;
}

/** Of the session that the instant lies in, or just before it when the instant lies after its close. */
function halfDayText(at: Instant): string {
  const { day } = newYorkClock(at);
  const session = [currentOrNextSession(at), lastClosedSession(at)].find((one) => one.day === day);
  return session?.earlyClose ? "half day" : "";
}

function count(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 1_000) throw new InvalidArgumentError("a whole number from 1 to 1000");
  return value;
}
