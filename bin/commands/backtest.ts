/** `ballast backtest`: a strategy over history, as a table and a curve, as JSON, and as a report. */
import { existsSync } from "node:fs";
import { Option, type Command } from "commander";
import { resultOf, type ReplayRecord } from "../../backtest/result.ts";
import { runBacktest } from "../../backtest/run-backtest.ts";
import { statisticsOf } from "../../backtest/statistics.ts";
import { summaryOf } from "../../backtest/summary.ts";
import { progressLine, renderResult } from "../../backtest/terminal.ts";
import type { Recording } from "../../src/replay/record-writer.ts";
import type { Json } from "../../src/json.ts";
import { scheduleToText } from "../../src/rules/schedule.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import { runIdOf } from "../../src/run/run-identity.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import type { AccountName } from "../../src/trade.ts";
import { localRecording } from "../local-recording.ts";
import { addRunOptions, resolveRun, type ResolvedRun, type RunOptions } from "../run-options.ts";
import { UsageError } from "../usage-error.ts";

interface BacktestOptions extends RunOptions {
  readonly out?: string;
  readonly record?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  addRunOptions(program.command("backtest").description("Run a strategy over history, through the same path that trades live."))
    .addOption(new Option("--bars <kind>", "what is played; minute: the directory's minute bars and quotes, from --from to --to").choices(["daily", "minute"]).default("daily"))
    .option("--benchmark <symbol>", "symbol to compare with (default: the data set's own)")
    .option("--out <dir>", "write orders.csv, fills.csv, equity.csv, journal.jsonl, summary.json and report.html")
    .option("--record <file>", "keep the journal and all that the runs were told in this new file (SQLite), for replay and diff")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
A run decides on bars that have closed. With daily bars, orders placed in the first half of a session fill at its open
and later ones at its close; orders placed after the close fill at the next open. With minute bars an order meets the
minute in which it is placed; strategies see daily bars all the same.

Examples:
  $ ballast backtest momentum --out report
  $ ballast backtest trend --data ~/bars --symbols SPY --from 2000-01-01 --param days=150
  $ ballast backtest fixed-weights --data ~/bars --param weights.SPY=0.6 --param weights.IEF=0.4 --fees ib
  $ ballast backtest trend --data ~/bars --symbols SPY --profile realistic
  $ ballast backtest trend --data ~/bars --symbols SPY --bars minute --from 2013-10-07 --to 2013-10-11 --schedule "every session at 10:30"
  $ ballast backtest ./my-strategy.ts --data ~/bars --prices adjusted --json`,
    )
    .action(backtest);
}

async function backtest(strategy: string, options: BacktestOptions): Promise<void> {
  const run = await resolveRun(strategy, options);
  const started = performance.now();
  const progress = progressOn(process.stderr, `${run.deployment.strategy.name} ${run.from} to ${run.to}`, started);
  const record = await recorded(strategy, options, (recording) => runBacktest({ ...run.world, to: run.to, onProgress: progress.show, ...(recording && { recording }) }));
  progress.clear();
  const seconds = (performance.now() - started) / 1_000;
  const result = resultOf(record, { ...asked(run), settings: shownSettings(run, options), seconds }, run.dataset, run.world.minutes?.reduce((sum, { bars }) => sum + bars.length, 0));
  const statistics = statisticsOf(result);
  if (options.out !== undefined) {
    const { writeOutputs } = await import("../../backtest/report.ts");
    await writeOutputs(options.out, result, record.runs);
  }
  if (options.json) process.stdout.write(`${JSON.stringify(summaryOf(result, statistics))}\n`);
  else process.stdout.write(renderResult(result, statistics, { width: process.stdout.columns || 100, color: process.stdout.isTTY && process.env["NO_COLOR"] === undefined }));
  if (options.out !== undefined) process.stderr.write(`Report: ${options.out}/report.html\n`);
}

/** The journal is written behind the runs: a backtest that is cut short leaves records without one. */
async function recorded(strategy: string, { record: file }: BacktestOptions, replay: (recording?: Recording) => Promise<ReplayRecord>): Promise<ReplayRecord> {
  if (file === undefined) return replay();
  if (existsSync(file)) throw new UsageError(`--record ${file} is there already; give a new file`);
  const store = openSqliteStore(file, { synchronous: "off" });
  try {
    const replayed = await replay(localRecording(store, strategy));
    for (const events of replayed.runs) {
      const [opened] = events as readonly [Extract<JournalEvent, { type: "run-opened" }>];
      const run = runIdOf(opened.account as AccountName, opened.strategy, opened.scheduledAt);
      for (const event of events) await store.journal.append(run, event.seq, event);
    }
    return replayed;
  } finally {
    store.close();
  }
}

function asked({ deployment, from, to, world }: ResolvedRun) {
  const { strategy, symbols, settings } = deployment;
  return { strategy: strategy.name, params: strategy.params, symbols, from, to, startEquity: world.cash, profile: settings.fillProfile ?? "constant" as const, seed: settings.seed };
}

/** Everything else that changes the result. */
function shownSettings({ deployment, world }: ResolvedRun, { prices }: BacktestOptions) {
  const { strategy, settings } = deployment;
  const { collarBps, positionWeightMax, grossExposureMax, cashReserveMin } = settings.limits;
  return {
    schedule: scheduleToText(strategy.schedule),
    prices,
    ...(world.minutes && { bars: "minute" }),
    fees: settings.fees,
    ...(settings.fillProfile === undefined && { slippageBps: world.liquidity.halfSpreadBps, volumeShareMax: world.liquidity.volumeShareMax }),
    shares: settings.shares,
    execution: settings.executionStyle as unknown as Json,
    collarBps,
    tradingHours: settings.tradingHours,
    positionWeightMax: positionWeightMax / 1e6,
    grossExposureMax: grossExposureMax / 1e6,
    cashReserveMin: cashReserveMin / 1e6,
    allocation: settings.allocation / 1e6,
  };
}

/** A line that is written over, on a terminal only. */
function progressOn(stream: NodeJS.WriteStream, label: string, started: number): { show: (fraction: number) => void; clear: () => void } {
  if (!stream.isTTY) return { show: () => undefined, clear: () => undefined };
  let shownAt = 0;
  return {
    show(fraction) {
      const now = performance.now();
      if (now - shownAt < 100) return;
      shownAt = now;
      stream.write(`\r${progressLine({ label, fraction, elapsedSeconds: (now - started) / 1_000 }, stream.columns)}`);
    },
    clear: () => void stream.write("\r\u001b[2K"),
  };
}
