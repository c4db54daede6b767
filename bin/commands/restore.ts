/** `ballast restore`: a local store from its backup, verified before it has its name. */
import type { Command } from "commander";
import { restoreDirectory } from "../../src/server/durable/directory-backup.ts";
import { restoreStore } from "../../src/state/sqlite-backup.ts";
import { DEFAULT_STORE } from "../default-store.ts";
import { UsageError } from "../usage-error.ts";

interface Options {
  readonly store?: string;
  readonly dir?: string;
  readonly from: string;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command("restore")
    .description("Make a local store, or a server's directory, from a backup. The backup is compared with its manifest, and every journal's hash chain is verified.")
    .requiredOption("--from <path>", "the backup; its manifest lies beside or in it")
    .option("--store <file>", `the store to make; one that is there is not written over (default: ${DEFAULT_STORE})`)
    .option("--dir <directory>", "the server's directory to make instead; it must be empty or not there")
    .option("--json", "print the manifest as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ ballast restore --from backups/2016-12-30.sqlite
  $ ballast restore --from backups/2016-12-30.sqlite --store recovered.sqlite
  $ ballast restore --from /mnt/backup/venue --dir recovered`,
    )
    .action(async ({ store: named, dir, from, json }: Options) => {
      if (dir !== undefined) {
        if (named !== undefined) throw new UsageError("--store and --dir name two different things to make: leave one out");
        const manifest = await restoreDirectory(from, dir);
        process.stdout.write(json ? `${JSON.stringify(manifest)}\n` : `${dir}: ${manifest.files.length} files up to command ${manifest.lastSequence} as of ${manifest.createdAt}, verified\n`);
        return;
      }
      const store = named ?? DEFAULT_STORE;
      const manifest = await restoreStore(from, store);
      const { runs, events, blobs, createdAt } = manifest;
      process.stdout.write(json ? `${JSON.stringify(manifest)}\n` : `${store}: ${runs} runs, ${events} events, ${blobs} blobs as of ${createdAt}, verified\n`);
    });
}
