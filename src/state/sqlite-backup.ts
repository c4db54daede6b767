/**
 * A copy of a local store that is known to be whole, and the way back.
 *
 * A backup is taken while the store is in use, by SQLite's own copying of pages. Before it gets its name it is read in
 * full: every journal's hash chain, every blob's hash. Beside it lies a manifest with its SHA-256 and the heads of its
 * journals, so that a restore knows the file for the one that was made. Neither ever writes over a file.
 */
import { createHash, hash } from "node:crypto";
import { chmodSync, closeSync, constants, copyFileSync, createReadStream, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { ContentHash } from "../ports.ts";
import { makeDirectory } from "../make-directory.ts";
import { verifyChain } from "../run/journal.ts";
import { isoOf, type Instant } from "../time.ts";
import { unpacked } from "./packed-blob.ts";
import { BUSY_TIMEOUT_MS } from "./sqlite.ts";
import { requireSound, schemaVersionOf } from "./sqlite-schema.ts";
import { openToRead } from "./sqlite-reading.ts";
import { BackupRefused, messageOf, StoreCorrupt, StoreUnavailable } from "./store-errors.ts";
import { eventOfText } from "./stored-text.ts";

const manifestSchema = z.strictObject({
  format: z.literal(1),
  createdAt: z.string(),
  schema: z.int(),
  bytes: z.int(),
  sha256: z.string(),
  runs: z.int(),
  events: z.int(),
  blobs: z.int(),
  /** SHA-256 over the lines "run head" of all runs in the order of their names. */
  journals: z.string(),
});

export type BackupManifest = z.infer<typeof manifestSchema>;

export function manifestPathOf(file: string): string {
  return `${file}.manifest.json`;
}

/** The directory of the copy is made where there is none. @throws BackupRefused, StoreUnavailable, and StoreCorrupt when the store is not whole. */
export async function backUpStore(store: string, to: string, now: Instant): Promise<BackupManifest> {
  if (!existsSync(store)) throw new BackupRefused(`there is no store ${store}`);
  refuseToOverwrite(to);
  refuseToOverwrite(manifestPathOf(to));
  const partial = `${to}.partial`;
  makeDirectory(dirname(to));
  try {
    await copyPages(store, partial);
    const content = verified(partial);
    const manifest = { format: 1 as const, createdAt: isoOf(now), bytes: statSync(partial).size, sha256: await sha256Of(partial), ...content };
    flush(partial);
    writeFileSync(manifestPathOf(to), `${JSON.stringify(manifest, undefined, 2)}\n`, { flag: "wx", flush: true });
    renameSync(partial, to);
    return manifest;
  } finally {
    rmSync(partial, { force: true });
  }
}

/** The directory of the store is made where there is none. @throws BackupRefused, StoreUnavailable, and StoreCorrupt when the backup is not the one that was made. */
export async function restoreStore(from: string, store: string): Promise<BackupManifest> {
  for (const path of [store, `${store}-wal`, `${store}-shm`]) refuseToOverwrite(path);
  const manifest = manifestOf(from);
  const partial = `${store}.partial`;
  makeDirectory(dirname(store));
  try {
    copyFileSync(from, partial, constants.COPYFILE_EXCL);
    // A backup may be kept from being written; the store is to be.
    chmodSync(partial, statSync(partial).mode | 0o600);
    const sha256 = await sha256Of(partial);
    if (sha256 !== manifest.sha256) throw new StoreCorrupt(`${from} is not the file that was backed up: its SHA-256 is ${sha256}, the manifest has ${manifest.sha256}`);
    const { journals } = verified(partial);
    if (journals !== manifest.journals) throw new StoreCorrupt(`the journals in ${from} are not those of its manifest`);
    flush(partial);
    renameSync(partial, store);
    return manifest;
  } finally {
    rmSync(partial, { force: true });
  }
}

function refuseToOverwrite(path: string): void {
  if (existsSync(path)) throw new BackupRefused(`${path} is there already, and is not written over: give another name or move it away`);
}

async function copyPages(store: string, to: string): Promise<void> {
  const source = opened(store, openToRead);
  try {
    await backup(source, to);
  } catch (error) {
    throw new StoreUnavailable(`the store ${store} could not be copied: ${messageOf(error)}`, { cause: error });
  } finally {
    source.close();
  }
  const copy = opened(to, (path, timeout) => new DatabaseSync(path, { timeout }));
  try {
    // One file, without a log beside it.
    copy.exec("PRAGMA journal_mode = DELETE");
  } finally {
    copy.close();
  }
}

function verified(file: string): Pick<BackupManifest, "schema" | "runs" | "events" | "blobs" | "journals"> {
  const db = opened(file, (path, timeout) => new DatabaseSync(path, { timeout, readOnly: true }));
  try {
    const schema = schemaVersionOf(db);
    requireSound(db);
    return { schema, ...verifiedJournals(db), blobs: schema < BLOBS_SINCE ? 0 : verifiedBlobs(db, file) };
  } catch (error) {
    if (error instanceof StoreCorrupt) throw error;
    throw new StoreCorrupt(`${file} is no sound store: ${messageOf(error)}`, { cause: error });
  } finally {
    db.close();
  }
}

/** The schema that has the table. */
const BLOBS_SINCE = 2;

function verifiedJournals(db: DatabaseSync): Pick<BackupManifest, "runs" | "events" | "journals"> {
  const runs = db.prepare("SELECT DISTINCT run FROM journal ORDER BY run").all() as { run: string }[];
  const read = db.prepare("SELECT seq, event FROM journal WHERE run = ? ORDER BY seq");
  let count = 0;
  const heads = runs.map(({ run }) => {
    const events = (read.all(run) as { seq: number; event: string }[]).map(({ seq, event }) => eventOfText(run, seq, event));
    const { brokenAt, head } = verifyChain(events);
    if (brokenAt !== undefined) throw new StoreCorrupt(`event ${brokenAt} of run ${run} does not follow from the one before it: the journal was changed`);
    count += events.length;
    return `${run} ${head}\n`;
  });
  return { runs: runs.length, events: count, journals: hash("sha256", heads.join("")) };
}

function verifiedBlobs(db: DatabaseSync, file: string): number {
  let count = 0;
  for (const row of db.prepare("SELECT hash, encoding, bytes FROM blob").iterate()) {
    const { hash: contentHash, encoding, bytes } = row as unknown as { hash: ContentHash; encoding: string; bytes: Uint8Array };
    unpacked(contentHash, { encoding, bytes }, file);
    count += 1;
  }
  return count;
}

function manifestOf(file: string): BackupManifest {
  const path = manifestPathOf(file);
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    throw new BackupRefused(`the backup's manifest ${path} cannot be used: ${messageOf(error)}`, { cause: error });
  }
}

function opened(path: string, open: typeof openToRead): DatabaseSync {
  try {
    return open(path, BUSY_TIMEOUT_MS);
  } catch (error) {
    throw new StoreUnavailable(`${path} cannot be used: ${messageOf(error)}`, { cause: error });
  }
}

async function sha256Of(file: string): Promise<string> {
  const digest = createHash("sha256");
  await pipeline(createReadStream(file), digest);
  return digest.digest("hex");
}

function flush(file: string): void {
  const descriptor = openSync(file, "r+");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
