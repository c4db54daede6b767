/** `ballast explain`: which rule decided for each order of a run, and for each that was not placed. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { explainRun, explanationText } from "../../src/run/explain.ts";
import { verifyChain, type JournalEvent } from "../../src/run/journal.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import type { RunId } from "../../src/trade.ts";
import { journalFileRun, oneOf } from "../stored-runs.ts";
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
  const events = state === undefined ? journalFileRun(journal!, asked).events : await fromStore(state, asked);
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
