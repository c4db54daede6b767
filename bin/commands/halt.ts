/** `ballast halt`: stop an account by a person's word. What a run has open is canceled at its next step. */
import type { Command } from "commander";
import { haltAccount } from "../../src/run/halt-account.ts";
import { addWordOptions, sayWord } from "../account-word.ts";

export function register(program: Command): void {
  addWordOptions(program.command("halt").description("Halt an account: its runs cancel what is open and place nothing, until it is resumed."))
    .addHelpText("after", '\nExamples:\n  $ ballast halt --state paper.sqlite --why "prices look wrong"\n  $ ballast halt --table ballast --account main --why "broker incident"')
    .action((options: Parameters<typeof sayWord>[0]) => sayWord(options, haltAccount));
}
