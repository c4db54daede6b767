/** `ballast explain`: which rule decided for each order of a run, and for each that was not placed. */
import type { Command } from "commander";
import { explainRun, explanationText } from "../../src/run/explain.ts";
import { verifyChain, type JournalEvent } from "../../src/run/journal.ts";
import { addStoreOptions, openStore, type StoreOptions } from "../desk.ts";
import { findRun, type FindOptions } from "../find-run.ts";
import { journalFileRun } from "../stored-runs.ts";
import { UsageError } from "../usage-error.ts";

interface Options extends StoreOptions, FindOptions {
  readonly journal?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  addStoreOptions(program.command("explain").description("Tell from its journal why a run placed the orders it did, and why it did not place others.").argument("<run>", 'the run\'s id, how it begins or ends, or "last"'))
    .option("--journal <file>", "the journal.jsonl that a backtest wrote")
    .option("--account <name>", "look through the runs of this account only (default: all of --config)")
    .option("--config <file>", "the configuration that names the accounts of a table", "ballast.yaml")
    .option("--json", "print one JSON object: { run, outcome, overall, symbols, refused }; numbers in refused are micro-dollars, nano-shares and millionths")
    .addHelpText(
      "after",
      `
A run's id is account/strategy/instant. Amounts are USD, weights are of the strategy's equity.

Examples:
  $ ballast explain last --state paper.sqlite
  $ ballast explain last --table ballast --account main
  $ ballast explain 2016-12-01T14:35:00.000Z --journal report/journal.jsonl`,
    )
    .action(explain);
}

async function explain(asked: string, { journal, json, ...options }: Options): Promise<void> {
  if (journal !== undefined && (options.store !== undefined || options.table !== undefined)) throw new UsageError("explain takes --journal or a store, and not both");
  const events = journal === undefined ? await fromStore(asked, options) : journalFileRun(journal, asked).events;
  const { brokenAt } = verifyChain(events);
  if (brokenAt !== undefined) throw new UsageError(`the journal was changed: event ${brokenAt} of the run does not follow from the one before it`);
  const explanation = explainRun(events);
  process.stdout.write(json ? `${JSON.stringify(explanation, undefined, 2)}\n` : explanationText(explanation));
}

async function fromStore(asked: string, options: Options): Promise<readonly JournalEvent[]> {
  const store = openStore(options, { toRead: true });
  try {
    return await findRun(asked, store, options);
  } finally {
    store.close();
  }
}
