/** `ballast journal`: what a run wrote down, and whether it is all there. */
import type { Command } from "commander";
import { verifyChain } from "../../src/run/journal.ts";
import { addStoreOptions, openStore, type StoreOptions } from "../desk.ts";
import { findRun, type FindOptions } from "../find-run.ts";
import { eventLines } from "../journal-text.ts";

interface Options extends StoreOptions, FindOptions {
  readonly json?: true;
}

export function register(program: Command): void {
  addStoreOptions(program.command("journal").description("Print the journal of a run, and verify that each event follows from the one before it.").argument("<run>", 'the run\'s id, how it begins or ends, or "last"'))
    .option("--account <name>", "look through the runs of this account only (default: all of --config)")
    .option("--config <file>", "the configuration that names the accounts of a table", "ballast.yaml")
    .option("--json", "print the events as they are stored, a JSON object each line")
    .addHelpText(
      "after",
      `
With --json the numbers are micro-dollars, nano-shares and millionths, and the lines are those of a backtest's journal.jsonl.
Exit codes: 0 the chain holds, 1 it is broken or the store failed, 2 wrong input.

Examples:
  $ ballast journal last --account paper
  $ ballast journal paper/momentum/2026-11-02T14:35:00.000Z --table ballast --json`,
    )
    .action(journal);
}

async function journal(asked: string, { json, ...options }: Options): Promise<void> {
  const store = openStore(options, { toRead: true });
  try {
    const events = await findRun(asked, store, options);
    const lines = json ? events.map((event) => JSON.stringify(event)) : events.flatMap(eventLines);
    process.stdout.write(`${lines.join("\n")}\n`);
    const { brokenAt, head } = verifyChain(events);
    process.stderr.write(brokenAt === undefined ? `the chain holds: ${events.length} events, head ${head}\n` : `the journal was changed: event ${brokenAt} does not follow from the one before it\n`);
    if (brokenAt !== undefined) process.exitCode = 1;
  } finally {
    store.close();
  }
}
