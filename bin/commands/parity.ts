/** `ballast parity`: whether a strategy does the same in a backtest, on paper, and on paper in fresh processes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { continuePaper } from "../../backtest/paper.ts";
import { journalHashOf } from "../../backtest/result.ts";
import { runBacktest } from "../../backtest/run-backtest.ts";
import { endOf } from "../../backtest/simulated-world.ts";
import { diffRuns, type RunDiff } from "../../src/replay/diff-runs.ts";
import { readRecord } from "../../src/replay/read-record.ts";
import { runIdOf } from "../../src/run/run-identity.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import { openSqliteStore, type SqliteStore } from "../../src/state/sqlite.ts";
import type { AccountName, RunId } from "../../src/trade.ts";
import { journalsOf, runEachInstantAlone } from "../fresh-processes.ts";
import { localRecording } from "../local-recording.ts";
import { diffText } from "../replay-text.ts";
import { addRunOptions, resolveRun, type ResolvedRun, type RunOptions } from "../run-options.ts";

interface ParityOptions extends RunOptions {
  readonly json?: true;
}

export function register(program: Command): void {
  addRunOptions(program.command("parity").description("Run a strategy in a backtest, on paper in one process and on paper in a fresh process for each instant, and compare the journals byte for byte."))
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
A process is started for each scheduled instant: choose a range. A difference is named with the input that caused it.

Exit codes: 0 the same, 1 different, 2 wrong input.

Examples:
  $ ballast parity momentum --from 2015-01-01 --to 2015-06-30
  $ ballast parity ./my-strategy.ts --data ~/bars --symbols SPY,IEF --from 2024-01-02 --to 2024-01-31`,
    )
    .action(parity);
}

/** One way in which the strategy was run, and what it left. */
interface Way {
  readonly name: "backtest" | "paper" | "freshProcesses";
  readonly journals: readonly (readonly JournalEvent[])[];
  readonly store: SqliteStore;
}

async function parity(strategy: string, options: ParityOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ballast-parity-"));
  const stores: SqliteStore[] = [];
  const open = (name: Way["name"]): SqliteStore => {
    const store = openSqliteStore(fileOf(folder, name), { synchronous: "off" });
    stores.push(store);
    return store;
  };
  try {
    const run = await resolveRun(strategy, options);
    const ways = [await inBacktest(strategy, run, open), await onPaper(strategy, run, "paper", open), await inFreshProcesses(strategy, run, folder, open)];
    await print(ways, run, options);
  } finally {
    for (const store of stores) store.close();
    rmSync(folder, { recursive: true });
  }
}

async function inBacktest(strategy: string, { world, to }: ResolvedRun, open: (name: Way["name"]) => SqliteStore): Promise<Way> {
  const store = open("backtest");
  const { runs } = await runBacktest({ ...world, to, recording: localRecording(store, strategy) });
  return { name: "backtest", journals: runs, store };
}

async function onPaper(strategy: string, { world, to }: ResolvedRun, name: Way["name"], open: (name: Way["name"]) => SqliteStore): Promise<Way> {
  const store = open(name);
  await continuePaper(world, store, endOf(to), () => undefined, localRecording(store, strategy));
  return { name, journals: await journalsOf(store), store };
}

/** What the last instant left to do is done here. */
async function inFreshProcesses(strategy: string, run: ResolvedRun, folder: string, open: (name: Way["name"]) => SqliteStore): Promise<Way> {
  const own = process.argv.slice(3).filter((argument) => argument !== "--json");
  runEachInstantAlone(run.world, endOf(run.to), ["paper", ...own, "--replay", "--state", fileOf(folder, "freshProcesses")]);
  return onPaper(strategy, run, "freshProcesses", open);
}

function fileOf(folder: string, name: Way["name"]): string {
  return join(folder, `${name}.sqlite`);
}

const NAMES: Readonly<Record<Way["name"], string>> = { backtest: "backtest", paper: "paper, one process", freshProcesses: "paper, fresh processes" };

async function print(ways: readonly Way[], { deployment, from, to }: ResolvedRun, { json }: ParityOptions): Promise<void> {
  const [first, ...others] = ways as readonly [Way, ...Way[]];
  const hashes = ways.map(({ name, journals }) => ({ name, hash: journalHashOf(journals) }));
  const other = others.find((_, index) => hashes[index + 1]!.hash !== hashes[0]!.hash);
  const difference = other && (await firstDifferent(first, other));
  const events = first.journals.flat();
  const counts = { runs: first.journals.length, events: events.length, orders: events.filter(({ type }) => type === "order-ended").length };
  if (json) {
    const summary = { strategy: deployment.strategy.name, from, to, ...counts, same: !other, hashes: Object.fromEntries(hashes.map(({ name, hash }) => [name, hash])), ...(other && { between: [first.name, other.name], ...difference }) };
    process.stdout.write(`${JSON.stringify(summary)}\n`);
  } else {
    process.stdout.write(`${deployment.strategy.name} ${from} to ${to}: ${counts.runs} runs, ${counts.events} events, ${counts.orders} orders\n`);
    for (const { name, hash } of hashes) process.stdout.write(`${NAMES[name].padEnd(24)}${hash}\n`);
    process.stdout.write(difference ? diffText([`${difference.run} (${NAMES[first.name]})`, `${difference.run} (${NAMES[other.name]})`], difference.diff) : "the same\n");
  }
  process.exitCode = other ? 1 : 0;
}

async function firstDifferent(left: Way, right: Way): Promise<{ readonly run: RunId; readonly diff: RunDiff } | undefined> {
  const ofRight = new Map(right.journals.map((events) => [runOf(events), events]));
  for (const run of new Set([...left.journals.map(runOf), ...ofRight.keys()])) {
    const events = left.journals.find((one) => runOf(one) === run) ?? [];
    const diff = diffRuns({ events, record: await recordOf(run, left) }, { events: ofRight.get(run) ?? [], record: await recordOf(run, right) }, "everything");
    if (diff.kind === "different") return { run, diff };
  }
  return undefined;
}

async function recordOf(run: RunId, { store }: Way): ReturnType<typeof readRecord> {
  return readRecord(run, { index: store.state, blobs: store.blobs });
}

function runOf([opened]: readonly JournalEvent[]): RunId {
  if (opened?.type !== "run-opened") throw new Error("a journal does not begin with the opening of its run");
  return runIdOf(opened.account as AccountName, opened.strategy, opened.scheduledAt);
}
