/** `ballast diff`: where two runs part, and the input that did it. */
import type { Command } from "commander";
import { diffRuns } from "../../src/replay/diff-runs.ts";
import { diffText } from "../replay-text.ts";
import { addWhereOptions, storedRun, type WhereOptions } from "../stored-runs.ts";

interface DiffOptions extends WhereOptions {
  readonly decisions?: true;
  readonly json?: true;
}

export function register(program: Command): void {
  addWhereOptions(program.command("diff").description("Name the first event and field in which two runs differ, and the inputs that differed before it."))
    .argument("<run>", 'a run\'s id, how it begins or ends, or "last"; FILE#run for one in another state file or journal.jsonl')
    .argument("<other>", "the run to compare it with, named in the same way")
    .option("--decisions", "compare targets, planned orders and refusals alone, without instants, ids and fills")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Exit codes: 0 the same, 1 different, 2 wrong input.

Examples:
  $ ballast diff one.sqlite#last two.sqlite#last
  $ ballast diff 2016-12-01T14:35:00.000Z report/journal.jsonl#2016-12-01T14:35:00.000Z --state paper.sqlite
  $ ballast diff paper/momentum/2026-11-02T14:35:00.000Z backtest.sqlite#2026-11-02T14:35:00.000Z --table Ballast-Table --bucket ballast-records --decisions`,
    )
    .action(diff);
}

async function diff(asked: string, other: string, options: DiffOptions): Promise<void> {
  const [left, right] = [await storedRun(asked, options), await storedRun(other, options)];
  const found = diffRuns(left, right, options.decisions ? "decisions" : "everything");
  process.stdout.write(options.json ? `${JSON.stringify({ left: left.run, right: right.run, ...found })}\n` : diffText([left.run, right.run], found));
  process.exitCode = found.kind === "same" ? 0 : 1;
}
