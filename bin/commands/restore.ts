/** `ballast restore`: a local store from its backup, verified before it has its name. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Command } from "commander";
import { restoreStore } from "../../src/state/sqlite-backup.ts";

interface Options {
  readonly store: string;
  readonly from: string;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command("restore")
    .description("Make a local store from a backup. The backup is compared with its manifest, and every journal's hash chain is verified.")
    .requiredOption("--from <file>", "the backup; its manifest lies beside it")
    .option("--store <file>", "the store to make; one that is there is not written over", ".ballast/paper.sqlite")
    .option("--json", "print the manifest as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ ballast restore --from backups/2016-12-30.sqlite
  $ ballast restore --from backups/2016-12-30.sqlite --store recovered.sqlite`,
    )
    .action(async ({ store, from, json }: Options) => {
      mkdirSync(dirname(store), { recursive: true });
      const manifest = await restoreStore(from, store);
      const { runs, events, blobs, createdAt } = manifest;
      process.stdout.write(json ? `${JSON.stringify(manifest)}\n` : `${store}: ${runs} runs, ${events} events, ${blobs} blobs as of ${createdAt}, verified\n`);
    });
}
