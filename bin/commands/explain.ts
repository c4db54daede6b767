/** `ballast explain`: which rule decided for each order of a run, and for each that was not placed. */
import { existsSync, readFileSync } from "node:fs";
import type { Command } from "commander";
import { explainRun, explanationText, runsMeant, splitRuns } from "../../src/run/explain.ts";
import { verifyChain, type JournalEvent } from "../../src/run/journal.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import type { RunId } from "../../src/trade.ts";
import { UsageError } from "../usage-error.ts";

interface Options {
  readonly state?: string;
  readonly journal?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command("explain")
    .description("Tell from its journal why a run placed the orders it did, and why it did not place others.")
    .argument("<run>", 'the run\'s id, how it begins or ends, or "last"')
    .option("--state <file>", "the state file of a paper run")
    .option("--journal <file>", "the journal.jsonl that a backtest wrote")
    .option("--json", "print one JSON object: { run, outcome, overall, symbols, refused }; numbers in refused are micro-dollars, nano-shares and millionths")
    .addHelpText(
      "after",
      `
A run's id is account/strategy/instant. Amounts are USD, weights are of the strategy's equity.

Examples:
  $ ballast explain last --state paper.sqlite
  $ ballast explain 2016-12-01T14:35:00.000Z --journal report/journal.jsonl`,
    )
    .action(explain);
}

async function explain(asked: string, { state, journal, json }: Options): Promise<void> {
  if ((state === undefined) === (journal === undefined)) throw new UsageError("explain needs --state or --journal, and not both");
  const events = state === undefined ? fromFile(journal!, asked) : await fromStore(state, asked);
  const { brokenAt } = verifyChain(events);
  if (brokenAt !== undefined) throw new UsageError(`the journal was changed: event ${brokenAt} of the run does not follow from the one before it`);
  const explanation = explainRun(events);
  process.stdout.write(json ? `${JSON.stringify(explanation, undefined, 2)}\n` : explanationText(explanation));
}

async function fromStore(file: string, asked: string): Promise<readonly JournalEvent[]> {
  if (!existsSync(file)) throw new UsageError(`there is no state file ${file}`);
  const store = openSqliteStore(file);
  try {
    return await store.journal.read(oneOf(asked, store.journal.runs(), file) as RunId);
  } finally {
    store.close();
  }
}

function fromFile(file: string, asked: string): readonly JournalEvent[] {
  const runs = splitRuns(linesOf(file).map((line, index) => eventOf(line, `${file}:${index + 1}`)));
  return runs.get(oneOf(asked, [...runs.keys()], file))!;
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n").filter((line) => line !== "");
  } catch (cause) {
    throw new UsageError(`the journal ${file} could not be read`, { cause });
  }
}

function eventOf(line: string, where: string): JournalEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (cause) {
    throw new UsageError(`${where} is no journal event: it is not JSON`, { cause });
  }
  if (typeof event !== "object" || event === null || !("type" in event)) throw new UsageError(`${where} is no journal event`);
  return event as JournalEvent;
}

function oneOf(asked: string, runs: readonly string[], file: string): string {
  const meant = runsMeant(asked, runs);
  if (meant.length === 1) return meant[0]!;
  if (meant.length > 1) throw new UsageError(`${asked} can be ${meant.length} runs of ${file}: ${meant.slice(0, 3).join(", ")}${meant.length > 3 ? ", …" : ""}`);
  throw new UsageError(runs.length === 0 ? `${file} holds no runs` : `${file} holds no run ${asked}; it has ${runs.length}, from ${runs[0]} to ${runs.at(-1)}`);
}
