/**
 * Chaos runs: node test/chaos/run.ts --seeds N [--first-seed S] [--json] [--help]
 *
 * Plays so many drawn days (drawn-day.ts) and counts what must never happen (violations.ts). Exit code 0 when nothing of
 * it did, 1 when something did or a day could not be played, 2 for options that are none.
 */
import { inspect, parseArgs } from "node:util";
import type { Clock } from "../../src/ports.ts";
import { dynamodbStore } from "../../src/state/dynamodb.ts";
import type { FencingStore } from "../../src/state/fence.ts";
import { startDynamodb, type DynamodbServer } from "../support/dynamodb-server.ts";
import { drawDay } from "./drawn-day.ts";
import { playDay, type PlayedDay } from "./play-day.ts";
import { KINDS, type Kind, type Violation } from "./violations.ts";

const USAGE = `Plays seeded market days against the simulator over HTTP while everything fails that can fail: answers and
requests are lost, the venue says 429 and 500 and HTML, the store refuses, clocks differ, processes die, triggers come
several times and at once. A fifth of the days go through the deployed function, some have two strategies on one
account, some have caps that the day's prices reach, some have a trading stream that wakes who waits, late, twice or not at
all. Counts what must never happen.

  npm run chaos -- --seeds 300                      three hundred days
  npm run chaos -- --seeds 1 --first-seed 4711      one of them again
  npm run chaos -- --seeds 300 --json               for programs

Exit code 0 when the last six counts are 0, else 1.
`;

/** Days at once in this process: while one waits for the network another goes on. */
const AT_ONCE = 6;

type Totals = { runs: number; crashesInjected: number; faultsInjected: number; unplayableDays: number } & Record<Kind, number>;

const asked = askedFor(process.argv.slice(2));
if (typeof asked === "string") {
  process.stderr.write(`${asked}\n\n${USAGE}`);
  process.exitCode = 2;
} else if (asked.help) process.stdout.write(USAGE);
else process.exitCode = (await run(asked.first, asked.seeds, asked.json)) ? 0 : 1;

function askedFor(args: string[]): { readonly seeds: number; readonly first: number; readonly json: boolean; readonly help: boolean } | string {
  let values: { readonly seeds?: string; readonly "first-seed"?: string; readonly json?: boolean; readonly help?: boolean };
  try {
    ({ values } = parseArgs({ args, options: { seeds: { type: "string" }, "first-seed": { type: "string" }, json: { type: "boolean" }, help: { type: "boolean", short: "h" } } }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const [seeds, first] = [Number(values.seeds ?? 100), Number(values["first-seed"] ?? 1)];
  if (!Number.isSafeInteger(seeds) || seeds < 1) return `--seeds is a number of days, not ${values.seeds}`;
  if (!Number.isSafeInteger(first) || first < 0) return `--first-seed is an integer, not ${values["first-seed"]}`;
  return { seeds, first, json: values.json ?? false, help: values.help ?? false };
}

async function run(first: number, seeds: number, asJson: boolean): Promise<boolean> {
  const totals: Totals = { runs: 0, crashesInjected: 0, faultsInjected: 0, unplayableDays: 0, duplicateOrders: 0, capBreaches: 0, lostFills: 0, unreconciledDifferences: 0, wrongSuccessReports: 0 };
  const facts = { orders: 0, fills: 0, deliveries: 0, woken: 0 };
  const failing: { readonly seed: number; readonly first: Violation }[] = [];
  const startedAt = performance.now();
  const dynamodb = dynamodbOnDemand();
  let next = first;
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let seed = next; seed < first + seeds; seed = next) {
      next = seed + 1;
      const played = await playedSeed(seed, dynamodb).catch((error: unknown) => {
        totals.unplayableDays += 1;
        process.stderr.write(`${progress.end()}seed ${seed} could not be played: ${inspect(error)}\n  again with: npm run chaos -- --seeds 1 --first-seed ${seed}\n`);
      });
      done += 1;
      progress.show(done, seeds);
      if (!played) continue;
      add(totals, played);
      facts.orders += played.orders;
      facts.fills += played.fills;
      facts.deliveries += played.deliveries;
      facts.woken += played.woken;
      const [violation] = played.violations;
      if (violation) {
        failing.push({ seed, first: violation });
        process.stderr.write(`${progress.end()}seed ${seed}: ${violation.kind}: ${violation.facts}\n  again with: npm run chaos -- --seeds 1 --first-seed ${seed}\n`);
      }
    }
  };
  const progress = progressBar();
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, seeds) }, worker));
  await dynamodb.close();
  process.stderr.write(progress.end());
  const seconds = (performance.now() - startedAt) / 1_000;
  const isClean = totals.unplayableDays === 0 && KINDS.every((kind) => totals[kind] === 0);
  if (asJson) process.stdout.write(`${JSON.stringify({ ...totals, seeds, firstSeed: first, ...facts, seconds: Math.round(seconds), failing: failing.map(({ seed, first: violation }) => ({ seed, ...violation })) }, undefined, 2)}\n`);
  else process.stdout.write(textOf(totals, facts, first, seeds, seconds, isClean));
  return isClean;
}

async function playedSeed(seed: number, dynamodb: Dynamodb): Promise<PlayedDay> {
  const day = drawDay(seed);
  const open = day.store === "dynamodb" ? await dynamodb.open() : undefined;
  return playDay(day, open ? { dynamodb: open } : {});
}

function add(totals: Totals, { runs, crashes, faults, violations }: PlayedDay): void {
  totals.runs += runs.length;
  totals.crashesInjected += crashes;
  totals.faultsInjected += faults;
  for (const { kind } of violations) totals[kind] += 1;
}

function textOf(totals: Totals, facts: { readonly orders: number; readonly fills: number; readonly deliveries: number; readonly woken: number }, first: number, seeds: number, seconds: number, isClean: boolean): string {
  const lines = Object.entries(totals).map(([name, count]) => `  ${name.padEnd(24)}${String(count).padStart(10)}`);
  return `Days of the seeds ${first} to ${first + seeds - 1}: ${facts.deliveries} deliveries, ${facts.woken} times woken by the stream, ${facts.orders} orders, ${facts.fills} fills in ${seconds.toFixed(0)} s\n${lines.join("\n")}\n${isClean ? "Nothing happened that must not happen." : "FAILED"}\n`;
}

interface ProgressBar {
  show(done: number, of: number): void;
  /** Clears the line. */
  end(): string;
}

function progressBar(): ProgressBar {
  if (!process.stderr.isTTY) return { show: () => undefined, end: () => "" };
  const WIDTH = 40;
  return {
    show(done, of) {
      const filled = Math.round((WIDTH * done) / of);
      process.stderr.write(`\r[${"#".repeat(filled)}${" ".repeat(WIDTH - filled)}] ${done} of ${of} days`);
    },
    end: () => "\r\u001b[K",
  };
}

interface Dynamodb {
  open(): Promise<(clock: Clock) => FencingStore>;
  close(): Promise<void>;
}

/** Started for the first day that asks for it. */
function dynamodbOnDemand(): Dynamodb {
  const tableName = "chaos";
  let server: Promise<DynamodbServer> | undefined;
  const started = async (): Promise<DynamodbServer> => {
    const starting = await startDynamodb();
    await starting.createTable(tableName);
    return starting;
  };
  return {
    async open() {
      server ??= started();
      const client = (await server).client(3);
      return (clock) => dynamodbStore({ client, tableName, clock });
    },
    close: async () => (await server)?.close(),
  };
}
