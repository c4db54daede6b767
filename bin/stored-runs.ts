/** Finds a run where it is kept: in a state file, in the table of a deployment, or in a file of exported journal lines. */
import { existsSync, readFileSync } from "node:fs";
import type { Command } from "commander";
import type { BlobStore, Journal, StateStore } from "../src/ports.ts";
import { readRecord, type RunRecord } from "../src/replay/read-record.ts";
import { runsMeant, splitRuns } from "../src/run/explain.ts";
import type { JournalEvent } from "../src/run/journal.ts";
import { dynamodbClient, dynamodbStore } from "../src/state/dynamodb.ts";
import { S3BlobStore, s3Client } from "../src/state/s3-blobs.ts";
import { openSqliteStore } from "../src/state/sqlite.ts";
import type { Instant } from "../src/time.ts";
import type { RunId } from "../src/trade.ts";
import { DEFAULT_STORE } from "./default-store.ts";
import { UsageError } from "./usage-error.ts";

export interface WhereOptions {
  readonly state: string;
  readonly table?: string;
  readonly bucket?: string;
}

export interface StoredRun {
  readonly run: RunId;
  readonly events: readonly JournalEvent[];
  readonly record: RunRecord | undefined;
}

export function addWhereOptions(command: Command): Command {
  return command
    .option("--state <file>", "the state file of a paper run or of a recorded backtest", DEFAULT_STORE)
    .option("--table <name>", "the DynamoDB table of a deployment, instead of a state file; it wants the whole id of a run")
    .option("--bucket <name>", "with --table: the deployment's bucket, which holds the records");
}

/**
 * `asked` is a run's id, how it begins or ends, or "last"; before a "#", the state file or the file of journal lines
 * that it is in, where that is not the one of the options.
 */
export async function storedRun(asked: string, { state, table, bucket }: WhereOptions): Promise<StoredRun> {
  const at = asked.lastIndexOf("#");
  const [file, name] = at < 0 ? [undefined, asked] : [asked.slice(0, at), asked.slice(at + 1)];
  if (file === undefined && table !== undefined) return fromTable(name, table, bucket);
  const where = file ?? state;
  if (where.endsWith(".jsonl")) return { ...journalFileRun(where, name), record: undefined };
  if (!existsSync(where)) throw new UsageError(`there is no state file ${where}: ballast paper and ballast run make it; --state names another`);
  const store = openSqliteStore(where, { toRead: true });
  try {
    const run = oneOf(name, store.journal.runs(), where) as RunId;
    return await readRun(run, { ...store, index: store.state });
  } finally {
    store.close();
  }
}

/** The run of a journal.jsonl, or of lines that `journal` printed. */
export function journalFileRun(file: string, asked: string): { readonly run: RunId; readonly events: readonly JournalEvent[] } {
  const runs = splitRuns(linesOf(file).map((line, index) => eventOf(line, `${file}:${index + 1}`)));
  const run = oneOf(asked, [...runs.keys()], file) as RunId;
  return { run, events: runs.get(run)! };
}

export function oneOf(asked: string, runs: readonly string[], file: string): string {
  const meant = runsMeant(asked, runs);
  if (meant.length === 1) return meant[0]!;
  if (meant.length > 1) throw new UsageError(`${asked} can be ${meant.length} runs of ${file}: ${meant.slice(0, 3).join(", ")}${meant.length > 3 ? ", …" : ""}`);
  throw new UsageError(runs.length === 0 ? `${file} holds no runs` : `${file} holds no run ${asked}; it has ${runs.length}, from ${runs[0]} to ${runs.at(-1)}`);
}

async function fromTable(run: string, tableName: string, bucket: string | undefined): Promise<StoredRun> {
  const client = dynamodbClient();
  const blobs = bucket === undefined ? undefined : new S3BlobStore({ client: s3Client(), bucket });
  try {
    const { journal, state } = dynamodbStore({ client, tableName, clock: { now: () => Date.now() as Instant }, ...(blobs && { blobs }) });
    const found = await readRun(run as RunId, { journal, index: state, blobs });
    if (found.events.length === 0) throw new UsageError(`the table ${tableName} holds no run ${run}; a whole id is account/strategy/instant, such as paper/momentum/2026-11-02T14:35:00.000Z`);
    return found;
  } finally {
    client.destroy();
  }
}

async function readRun(run: RunId, { journal, index, blobs }: { readonly journal: Journal; readonly index: StateStore; readonly blobs: BlobStore | undefined }): Promise<StoredRun> {
  return { run, events: await journal.read(run), record: blobs && (await readRecord(run, { index, blobs })) };
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n").filter((line) => line !== "");
  } catch (cause) {
    throw new UsageError(`the journal ${file} could not be read`, { cause });
  }
}

function eventOf(line: string, where: string): JournalEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (cause) {
    throw new UsageError(`${where} is no journal event: it is not JSON`, { cause });
  }
  if (typeof event !== "object" || event === null || !("type" in event)) throw new UsageError(`${where} is no journal event`);
  return event as JournalEvent;
}
