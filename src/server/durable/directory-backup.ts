/**
 * A copy of a server's directory that is known to be whole, also while the server runs, and the way back.
 *
 * Files of the log only grow, and snapshots never change, so a copy of each is a state that the server was in; what was
 * being written is cut from the copy. The manifest, written last, tells the files' SHA-256 and the last command.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import fs from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { makeDirectory } from "../../make-directory.ts";
import { BackupRefused } from "../../state/store-errors.ts";
import { syncDirectory, writeDurably } from "./durable-file.ts";
import { LogCorrupt } from "./log-errors.ts";
import { replayCommands } from "./log-segments.ts";
import { readSnapshot, snapshotFiles } from "./state-snapshot.ts";

const manifestSchema = z.strictObject({
  format: z.literal(1),
  createdAt: z.string(),
  lastSequence: z.int().min(0),
  files: z.array(z.strictObject({ name: z.string().regex(/^[\w.-]+$/), bytes: z.int(), sha256: z.hex().length(64) })),
});
export type DirectoryManifest = z.output<typeof manifestSchema>;

const MANIFEST = "manifest.json";
const ATTEMPTS = 5;
/** Snapshots before commands: whatever a later snapshot makes superfluous may be deleted meanwhile. */
const KEPT = /^(venue\.json|keys\.json|snapshot-\d{16}\.jsonl|commands-\d{16}\.log)$/;

/** @throws BackupRefused, LogCorrupt */
export async function backUpDirectory(directory: string, to: string, createdAt: string): Promise<DirectoryManifest> {
  if (!existsSync(join(directory, "venue.json"))) throw new BackupRefused(`${directory} is no server's directory: it has no venue.json`);
  makeEmpty(to);
  await copyFiles(directory, to);
  const lastSequence = await checked(to);
  const files = await Promise.all(keptIn(to).map((name) => described(to, name)));
  const manifest: DirectoryManifest = { format: 1, createdAt, lastSequence, files };
  for (const { name } of files) await syncFile(join(to, name));
  await writeDurably(join(to, MANIFEST), [`${JSON.stringify(manifest, undefined, 2)}\n`]);
  return manifest;
}

/** @throws BackupRefused, LogCorrupt */
export async function restoreDirectory(from: string, directory: string): Promise<DirectoryManifest> {
  const manifest = manifestOf(from);
  makeEmpty(directory);
  for (const { name, bytes, sha256 } of manifest.files) {
    const path = join(directory, name);
    await fs.copyFile(join(from, name), path);
    // A backup may be kept from being written; a server writes.
    await fs.chmod(path, 0o600);
    const copied = await described(directory, name);
    if (copied.sha256 !== sha256 || copied.bytes !== bytes) throw new LogCorrupt(`${join(from, name)} is not the file that was backed up: its SHA-256 is ${copied.sha256}, and the manifest says ${sha256}`, join(from, name), 0);
    await syncFile(path);
  }
  await syncDirectory(directory);
  const lastSequence = await checked(directory);
  if (lastSequence !== manifest.lastSequence) throw new LogCorrupt(`${from} ends with command ${lastSequence}, and its manifest says ${manifest.lastSequence}`, from, 0);
  return manifest;
}

function makeEmpty(directory: string): void {
  makeDirectory(directory, 0o700);
  if (readdirSync(directory).length > 0) throw new BackupRefused(`${directory} is not empty: name one that is, or that is not there`);
}

async function copyFiles(directory: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      for (const name of keptIn(directory)) await fs.copyFile(join(directory, name), join(to, name));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || attempt === ATTEMPTS) throw error;
      // A new snapshot has made a file superfluous: all from the beginning.
      for (const name of readdirSync(to)) await fs.rm(join(to, name));
    }
  }
}

function keptIn(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => KEPT.test(name)).sort();
  return [...names.filter((name) => name.startsWith("snapshot")), ...names.filter((name) => !name.startsWith("snapshot"))];
}

/** Reads every snapshot and every record; returns the last command. */
async function checked(directory: string): Promise<number> {
  const snapshots = await snapshotFiles(directory);
  for (const { file } of snapshots) await readSnapshot(directory, file);
  const { lastSequence, torn } = replayCommands(directory, snapshots[0]?.sequence ?? 0, () => undefined);
  if (torn) truncateSync(torn.path, torn.offset);
  const newest = snapshots.at(-1);
  if (newest && newest.sequence > lastSequence) throw new LogCorrupt(`${directory} ends with command ${lastSequence}, before its snapshot of command ${newest.sequence}`, directory, 0);
  return lastSequence;
}

async function described(directory: string, name: string): Promise<DirectoryManifest["files"][number]> {
  const digest = createHash("sha256");
  await pipeline(createReadStream(join(directory, name)), digest);
  const { size } = await fs.stat(join(directory, name));
  return { name, bytes: size, sha256: digest.digest("hex") };
}

async function syncFile(path: string): Promise<void> {
  const file = await fs.open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function manifestOf(from: string): DirectoryManifest {
  const path = join(from, MANIFEST);
  if (!existsSync(path)) throw new BackupRefused(`${from} is no backup of a server's directory: it has no ${MANIFEST}`);
  const parsed = manifestSchema.safeParse(jsonOf(readFileSync(path, "utf8")));
  if (!parsed.success) throw new BackupRefused(`${path} is not a manifest: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema's message says what is expected instead.
    return undefined;
  }
}
