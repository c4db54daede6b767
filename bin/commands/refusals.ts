/** `ballast refusals`: every reason for which Ballast places no order. */
import type { Command } from "commander";
import { REFUSALS, type RefusalCode } from "../../src/risk/refusals.ts";

interface Options {
  readonly json?: true;
  readonly markdown?: true;
}

export function register(program: Command): void {
  program
    .command("refusals")
    .description("Print every refusal: its code, what it means, and what to do.")
    .option("--json", "print a list of { code, meaning, remedy }")
    .option("--markdown", "print the table that stands in README.md")
    .addHelpText("after", "\nA refusal is Ballast's own no, with its numbers in the journal (ballast explain); the venue's is called a rejection.\n\nExamples:\n  $ ballast refusals\n  $ ballast refusals --json")
    .action(print);
}

function print({ json, markdown }: Options): void {
  const rows = (Object.keys(REFUSALS) as RefusalCode[]).sort().map((code) => ({ code, ...REFUSALS[code] }));
  if (json) process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
  else if (markdown) process.stdout.write(["| code | meaning | what to do |", "|---|---|---|", ...rows.map(({ code, meaning, remedy }) => `| \`${code}\` | ${meaning} | ${remedy} |`), ""].join("\n"));
  else process.stdout.write(rows.map(({ code, meaning, remedy }) => `${code}\n  ${meaning}\n  -> ${remedy}\n`).join("\n"));
}
