/** `ballast resume`: let a halted or cooling account trade again, by a person's word. */
import type { Command } from "commander";
import { resumeAccount } from "../../src/run/halt-account.ts";
import { addWordOptions, sayWord } from "../account-word.ts";

export function register(program: Command): void {
  addWordOptions(program.command("resume").description("Resume an account that was halted or is cooling; drawdowns count from its equity at the next run."))
    .addHelpText("after", '\nExamples:\n  $ ballast resume --state paper.sqlite --why "prices checked"\n  $ ballast resume --table ballast --account main --why "incident over"')
    .action((options: Parameters<typeof sayWord>[0]) => sayWord(options, resumeAccount));
}
