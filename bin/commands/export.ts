/** `ballast export`: the whole history of an account as JSON lines, from a local store or a deployment. */
import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { finished } from "node:stream/promises";
import type { Command } from "commander";
import type { Journal, RunFilter, RunIndex } from "../../src/ports.ts";
import { dynamodbClient, dynamodbStore } from "../../src/state/dynamodb.ts";
import { exportedLines } from "../../src/state/export.ts";
import { S3BlobStore, s3Client } from "../../src/state/s3-blobs.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import { instantOf, type Instant } from "../../src/time.ts";
import type { AccountName } from "../../src/trade.ts";
import { DEFAULT_STORE } from "../default-store.ts";
import { UsageError } from "../usage-error.ts";

interface Options {
  readonly account: string;
  readonly store: string;
  readonly table?: string;
  readonly bucket?: string;
  readonly strategy?: string;
  readonly from?: string;
  readonly before?: string;
  readonly out?: string;
}

export function register(program: Command): void {
  program
    .command("export")
    .description("Print the history of an account as JSON lines: its runs by their scheduled instants, and the events of each. Every hash chain is verified.")
    .requiredOption("--account <name>", 'the account; that of a paper run is "simulated"')
    .option("--store <file>", "the local store (SQLite)", DEFAULT_STORE)
    .option("--table <name>", "the DynamoDB table of a deployment, instead of a local store")
    .option("--bucket <name>", "with --table: the deployment's bucket, where its largest events lie")
    .option("--strategy <name>", "runs of this strategy alone")
    .option("--from <instant>", "runs scheduled at this instant or later (RFC 3339)")
    .option("--before <instant>", "runs scheduled before this instant")
    .option("--out <file>", "write to this file, which must not exist, instead of printing")
    .addHelpText(
      "after",
      `
Each run begins with a line { type: "run", run, account, strategy, scheduledAt, events, head }. Its events follow as they
are stored: the SHA-256 of an event's line is the next one's "previous", and that of the last is the run's head. The last
line of all is { type: "end", account, runs, events }; an export without it is not whole. A journal that was changed ends
the export with exit code 1.

Examples:
  $ ballast export --account simulated --store paper.sqlite --out history.jsonl
  $ ballast export --account main --table ballast --bucket ballast-blobs --from 2026-01-01T00:00:00Z`,
    )
    .action(exportHistory);
}

async function exportHistory(options: Options): Promise<void> {
  const opened = openJournal(options);
  try {
    await requireRuns(opened, options.account);
    await write(exportedLines(opened.journal, filterOf(options)), options.out);
  } finally {
    opened.close();
  }
}

function filterOf({ account, strategy, from, before }: Options): RunFilter {
  return {
    account: account as AccountName,
    ...(strategy !== undefined && { strategy }),
    ...(from !== undefined && { from: instantArgument("--from", from) }),
    ...(before !== undefined && { before: instantArgument("--before", before) }),
  };
}

function instantArgument(option: string, text: string): Instant {
  try {
    return instantOf(text);
  } catch (cause) {
    throw new UsageError(`${option} ${JSON.stringify(text)} is not an instant such as 2016-12-30T21:00:00Z`, { cause });
  }
}

/** An export of nothing would look like one of everything; the name of the account is the likeliest thing to be wrong. */
async function requireRuns(opened: OpenedJournal, account: string): Promise<void> {
  for await (const _run of opened.journal.listRuns({ account: account as AccountName })) return;
  const known = opened.accounts();
  throw new UsageError(`${opened.name} holds no run of the account ${account}${known.length === 0 ? "" : `; it has runs of ${known.join(", ")}`}`);
}

interface OpenedJournal {
  readonly journal: Journal & RunIndex;
  readonly name: string;
  /** Those that a local store has runs of; a table is not searched for them. */
  accounts(): readonly string[];
  close(): void;
}

function openJournal({ store: file, table, bucket }: Options): OpenedJournal {
  if (table === undefined) {
    if (bucket !== undefined) throw new UsageError("--bucket goes with --table");
    if (!existsSync(file)) throw new UsageError(`there is no store ${file}`);
    const store = openSqliteStore(file, { toRead: true });
    return { journal: store.journal, name: file, accounts: () => [...new Set(store.journal.runs().map((run) => run.slice(0, run.indexOf("/"))))].sort(), close: () => store.close() };
  }
  const client = dynamodbClient();
  const blobs = bucket === undefined ? undefined : new S3BlobStore({ client: s3Client(), bucket });
  const { journal } = dynamodbStore({ client, tableName: table, clock: { now: () => Date.now() as Instant }, ...(blobs && { blobs }) });
  return { journal, name: `the table ${table}`, accounts: () => [], close: () => client.destroy() };
}

async function write(lines: AsyncIterable<string>, file: string | undefined): Promise<void> {
  if (file !== undefined && existsSync(file)) throw new UsageError(`${file} is there already, and is not written over`);
  const out = file === undefined ? process.stdout : createWriteStream(file, { flags: "wx" });
  for await (const line of lines) {
    if (!out.write(`${line}\n`)) await once(out, "drain");
  }
  if (out === process.stdout) return;
  out.end();
  await finished(out);
}
