/** `ballast backup`: a verified copy of a local store, also while it is in use. */
import type { Command } from "commander";
import { backUpStore, manifestPathOf } from "../../src/state/sqlite-backup.ts";
import type { Instant } from "../../src/time.ts";

interface Options {
  readonly store: string;
  readonly to: string;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command("backup")
    .description("Copy a local store into one file, also while it is in use, and verify the copy.")
    .option("--store <file>", "the store (SQLite)", ".ballast/paper.sqlite")
    .requiredOption("--to <file>", "the copy; a file that is there is not written over")
    .option("--json", "print the manifest as one JSON object")
    .addHelpText(
      "after",
      `
Beside the copy lies FILE.manifest.json, with its SHA-256 and its numbers of runs, events and blobs. Keep both.

Examples:
  $ ballast backup --to backups/2016-12-30.sqlite
  $ ballast backup --store paper.sqlite --to /mnt/backup/paper.sqlite --json`,
    )
    .action(async ({ store, to, json }: Options) => {
      const manifest = await backUpStore(store, to, Date.now() as Instant);
      const { runs, events, blobs, bytes } = manifest;
      process.stdout.write(json ? `${JSON.stringify(manifest)}\n` : `${to}: ${runs} runs, ${events} events, ${blobs} blobs, ${bytes} bytes, verified; its manifest is ${manifestPathOf(to)}\n`);
    });
}
