/** `ballast paper`: a strategy on the simulated exchange, with its state in a file that outlives the process. */
import { dirname } from "node:path";
import type { Command } from "commander";
import { continuePaper } from "../../backtest/paper.ts";
import { journalHashOf, journalLines } from "../../backtest/result.ts";
import { endOf } from "../../backtest/simulated-world.ts";
import { makeDirectory } from "../../src/make-directory.ts";
import { moneyToText, quantityToText } from "../../src/money.ts";
import type { JournalEvent, RunOutcome } from "../../src/run/journal.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import { instantOf, isoOf, type Instant } from "../../src/time.ts";
import { journalsOf, runEachInstantAlone } from "../fresh-processes.ts";
import { underLocalLease } from "../local-lease.ts";
import { localRecording } from "../local-recording.ts";
import { addRunOptions, resolveRun, type ResolvedRun, type RunOptions } from "../run-options.ts";
import { DEFAULT_STORE } from "../default-store.ts";
import { UsageError } from "../usage-error.ts";

interface PaperOptions extends RunOptions {
  readonly state: string;
  readonly replay?: true;
  readonly freshProcess?: true;
  readonly once?: true;
  readonly pollSeconds: string;
  readonly until?: string;
  readonly journal?: true;
  readonly json?: true;
}

export function register(program: Command): void {
  addRunOptions(program.command("paper").description("Run a strategy on the simulated exchange, with its state in a file; any process can go on where the last one stopped."))
    .option("--state <file>", "the state file (SQLite) of this strategy alone, made when it is not there", DEFAULT_STORE)
    .option("--replay", "play the bars of the range as if they were arriving, then stop")
    .option("--fresh-process", "with --replay: run each scheduled instant in a new process")
    .option("--once", "without --replay: catch up with the data, then stop")
    .option("--poll-seconds <n>", "without --replay: how often to look for new bars", "60")
    .option("--until <instant>", "with --replay: stop after this instant (RFC 3339)")
    .option("--journal", "print the journal as JSON lines instead of a summary")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Without --replay the command follows the data directory: whenever new bars have been added it runs what has fallen due.

Examples:
  $ ballast paper momentum --replay --from 2015-01-01 --to 2016-12-31 --state paper.sqlite
  $ ballast paper momentum --replay --fresh-process --from 2015-01-01 --to 2016-12-31 --state fresh.sqlite
  $ ballast paper momentum --replay --profile alpaca-paper --seed 7 --state alpaca.sqlite
  $ ballast paper trend --data ~/bars --symbols SPY --state paper.sqlite`,
    )
    .action(paper);
}

async function paper(strategy: string, options: PaperOptions): Promise<void> {
  if (options.freshProcess && !options.replay) throw new UsageError("--fresh-process goes with --replay");
  if (options.until !== undefined && !options.replay) throw new UsageError("--until goes with --replay");
  if (options.replay) {
    const run = await resolveRun(strategy, options);
    const until = options.until === undefined ? endOf(run.to) : instantArgument(options.until);
    if (options.freshProcess) runEachInstantAlone(run.world, until, ownArguments());
    await advance(strategy, run, options, until);
    return;
  }
  for (let done: string | undefined; ; ) {
    const run = await resolveRun(strategy, options);
    if (run.to !== done) await advance(strategy, run, options, endOf(run.to));
    done = run.to;
    if (options.once) return;
    await new Promise((resolve) => setTimeout(resolve, 1_000 * Math.max(1, Number(options.pollSeconds) || 60)));
  }
}

function ownArguments(): readonly string[] {
  return process.argv.slice(2).filter((argument) => argument !== "--fresh-process" && argument !== "--journal" && argument !== "--json");
}

function instantArgument(text: string): Instant {
  try {
    return instantOf(text);
  } catch (cause) {
    throw new UsageError(`--until ${JSON.stringify(text)} is not an instant such as 2016-12-30T21:00:00Z`, { cause });
  }
}

async function advance(strategy: string, run: ResolvedRun, options: PaperOptions, until: Instant): Promise<void> {
  makeDirectory(dirname(options.state));
  const store = openSqliteStore(options.state);
  try {
    const { account, waiting } = await underLocalLease(store, run.deployment.account, (held) =>
      continuePaper(
        run.world,
        held,
        until,
        (closed, at) => {
          if (!options.json && !options.journal) process.stderr.write(`${isoOf(at)}  ${closed.outcome.padEnd(9)}  ${closed.run}\n`);
        },
        localRecording(store, strategy),
      ),
    );
    const runs = await journalsOf(store);
    if (options.journal) {
      for (const line of journalLines(runs)) process.stdout.write(`${line}\n`);
      return;
    }
    const summary = {
      strategy: run.deployment.strategy.name,
      profile: run.deployment.settings.fillProfile ?? "constant",
      until: isoOf(until),
      runs: runs.length,
      outcomes: outcomesOf(runs),
      waiting,
      equity: moneyToText(account.equity),
      cash: moneyToText(account.cash),
      positions: account.positions.map(({ symbol, quantity }) => ({ symbol, quantity: quantityToText(quantity) })),
      journalHash: journalHashOf(runs),
    };
    process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : textOf(summary));
  } finally {
    store.close();
  }
}

function outcomesOf(runs: readonly (readonly JournalEvent[])[]): Partial<Record<RunOutcome, number>> {
  const counts: Partial<Record<RunOutcome, number>> = {};
  for (const events of runs) {
    const last = events.at(-1);
    if (last?.type === "run-closed") counts[last.outcome] = (counts[last.outcome] ?? 0) + 1;
  }
  return counts;
}

function textOf(summary: { profile: string; until: string; runs: number; outcomes: object; waiting: number; equity: string; cash: string; positions: readonly { symbol: string; quantity: string }[]; journalHash: string }): string {
  const outcomes = Object.entries(summary.outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  const positions = summary.positions.map(({ symbol, quantity }) => `${symbol} ${quantity}`);
  return [
    `profile      ${summary.profile}`,
    `up to        ${summary.until}`,
    `runs         ${summary.runs} (${[...outcomes, ...(summary.waiting > 0 ? [`${summary.waiting} waiting`] : [])].join(", ") || "none"})`,
    `equity       ${summary.equity} USD, of which cash ${summary.cash}`,
    `positions    ${positions.join(", ") || "none"}`,
    `journalHash  ${summary.journalHash}`,
    "",
  ].join("\n");
}
