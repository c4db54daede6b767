/** `ballast backup`: a verified copy of a local store, also while it is in use. */
import type { Command } from "commander";
import { backUpDirectory } from "../../src/server/durable/directory-backup.ts";
import { backUpStore, manifestPathOf } from "../../src/state/sqlite-backup.ts";
import { isoOf, type Instant } from "../../src/time.ts";
import { DEFAULT_STORE } from "../default-store.ts";
import { UsageError } from "../usage-error.ts";

interface Options {
  readonly store?: string;
  readonly dir?: string;
  readonly to: string;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command("backup")
    .description("Copy a local store into one file, or a server's directory into another, also while it is in use, and verify the copy.")
    .option("--store <file>", `the store (SQLite; default: ${DEFAULT_STORE})`)
    .option("--dir <directory>", "a server's directory instead (ballast serve)")
    .requiredOption("--to <path>", "the copy; what is there is not written over")
    .option("--json", "print the manifest as one JSON object")
    .addHelpText(
      "after",
      `
Beside the copy lies FILE.manifest.json, with its SHA-256 and its numbers of runs, events and blobs. Keep both.

Examples:
  $ ballast backup --to backups/2016-12-30.sqlite
  $ ballast backup --store paper.sqlite --to /mnt/backup/paper.sqlite --json
  $ ballast backup --dir .ballast/venue --to /mnt/backup/venue`,
    )
    .action(async ({ store, dir, to, json }: Options) => {
      if (dir !== undefined) {
        if (store !== undefined) throw new UsageError("--store and --dir name two different things to copy: leave one out");
        const manifest = await backUpDirectory(dir, to, isoOf(Date.now() as Instant));
        process.stdout.write(json ? `${JSON.stringify(manifest)}\n` : `${to}: ${manifest.files.length} files up to command ${manifest.lastSequence}, verified\n`);
        return;
      }
      const manifest = await backUpStore(store ?? DEFAULT_STORE, to, Date.now() as Instant);
      const { runs, events, blobs, bytes } = manifest;
      process.stdout.write(json ? `${JSON.stringify(manifest)}\n` : `${to}: ${runs} runs, ${events} events, ${blobs} blobs, ${bytes} bytes, verified; its manifest is ${manifestPathOf(to)}\n`);
    });
}
