/**
 * Journal and state in one SQLite file: the local default.
 *
 * Every append and every save is one statement, so it is there wholly or not at all, and it is on the disk when the call
 * returns (`synchronous: "full"`; "off" is for replays that can be started again). The conditions are part of the
 * statements: of several connections or processes that append at the same place, one wins. A process that finds the
 * file locked waits up to five seconds. The calls block: writes are short, and one process has one run at a time.
 *
 * The file carries an application id and a schema version. An older schema is migrated when it is opened; a newer one,
 * another program's database, or a file that is none is refused and not touched.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { BlobStore, Journal, ListedRun, RunFilter, RunIndex, StateKey, StateStore } from "../ports.ts";
import type { RunId } from "../trade.ts";
import type { Instant } from "../time.ts";
import type { JournalEvent } from "../run/journal.ts";
import { journalConflict, stateConflict } from "./conflicts.ts";
import { leaseKey, LeaseLost, type Fence, type FencingStore } from "./fence.ts";
import { SqliteBlobStore } from "./sqlite-blobs.ts";
import { isReadOnly, openToRead } from "./sqlite-reading.ts";
import { migrate, requireCurrent } from "./sqlite-schema.ts";
import { messageOf, StoreUnavailable } from "./store-errors.ts";
import { eventOfText, textOfValue, valueOfText } from "./stored-text.ts";

export interface SqliteStore extends FencingStore {
  readonly journal: SqliteJournal;
  readonly state: SqliteStateStore;
  readonly blobs: BlobStore;
  close(): void;
}

export interface SqliteOptions {
  /** How far a write has come when its call returns: "full" survives a loss of power, "off" only the end of the process. */
  readonly synchronous?: "full" | "off";
  /** Nothing will be written: a file that may only be read will do. */
  readonly toRead?: true;
}

export const BUSY_TIMEOUT_MS = 5_000;

/** Creates the file when it is absent. @throws StoreUnavailable when it cannot be used. */
export function openSqliteStore(path: string, options: SqliteOptions = {}): SqliteStore {
  const db = options.toRead ? readable(path) : opened(path);
  try {
    if (!options.toRead) migrate(db);
    db.exec(`PRAGMA synchronous = ${options.synchronous ?? "full"}`);
    return {
      journal: new SqliteJournal(path, db),
      state: new SqliteStateStore(path, db),
      blobs: new SqliteBlobStore(path, db, (work) => guarded(path, work)),
      fencedBy: (fence) => ({ journal: new SqliteJournal(path, db, fence), state: new SqliteStateStore(path, db, fence) }),
      close: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw unusable(path, error);
  }
}

class SqliteJournal implements Journal, RunIndex {
  readonly #path: string;
  readonly #fence: StatementFence;
  readonly #read: StatementSync;
  readonly #append: StatementSync;
  readonly #runs: StatementSync;
  readonly #list: { readonly oldestFirst: StatementSync; readonly newestFirst: StatementSync };

  constructor(path: string, db: DatabaseSync, fence?: Fence) {
    this.#path = path;
    this.#fence = new StatementFence(path, db, fence);
    this.#read = db.prepare("SELECT seq, event FROM journal WHERE run = ? ORDER BY seq");
    // The length and the place are judged by the statement that writes: nothing can come between.
    this.#append = db.prepare(
      `INSERT INTO journal (run, seq, event) SELECT :run, :seq, :event WHERE (SELECT coalesce(max(seq) + 1, 0) FROM journal WHERE run = :run) = :seq ${this.#fence.condition}`,
    );
    this.#runs = db.prepare("SELECT run FROM journal WHERE seq = 0 ORDER BY id");
    this.#list = { oldestFirst: db.prepare(listing("ASC")), newestFirst: db.prepare(listing("DESC")) };
  }

  async read(run: RunId): Promise<readonly JournalEvent[]> {
    const rows = guarded(this.#path, () => this.#read.all(run)) as { seq: number; event: string }[];
    return rows.map(({ seq, event }) => eventOfText(run, seq, event));
  }

  async append(run: RunId, expectedLength: number, event: JournalEvent): Promise<void> {
    const { changes } = guarded(this.#path, () => this.#append.run({ run, seq: expectedLength, event: JSON.stringify(event), ...this.#fence.values }));
    if (changes === 0) throw this.#fence.lost() ?? journalConflict(run, expectedLength);
  }

  /** In the order of their first events. */
  runs(): RunId[] {
    return guarded(this.#path, () => this.#runs.all()).map((row) => row["run"] as RunId);
  }

  async *listRuns({ account, strategy, from, before, newestFirst }: RunFilter): AsyncIterable<ListedRun> {
    const statement = newestFirst ? this.#list.newestFirst : this.#list.oldestFirst;
    const asked = { account, strategy: strategy ?? null, from: from ?? Number.MIN_SAFE_INTEGER, before: before ?? Number.MAX_SAFE_INTEGER };
    const rows = guarded(this.#path, () => statement.all(asked)) as { run: string; strategy: string; scheduledAt: number }[];
    for (const row of rows) yield { run: row.run as RunId, account, strategy: row.strategy, scheduledAt: row.scheduledAt as Instant };
  }
}

class SqliteStateStore implements StateStore {
  readonly #path: string;
  readonly #fence: StatementFence;
  readonly #load: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;

  constructor(path: string, db: DatabaseSync, fence?: Fence) {
    this.#path = path;
    this.#fence = new StatementFence(path, db, fence);
    this.#load = db.prepare("SELECT version, value FROM state WHERE name = ?");
    this.#insert = db.prepare(`INSERT INTO state (name, version, value) SELECT :name, 1, :value WHERE true ${this.#fence.condition} ON CONFLICT DO NOTHING`);
    this.#update = db.prepare(`UPDATE state SET version = version + 1, value = :value WHERE name = :name AND version = :version ${this.#fence.condition}`);
  }

  async load<V>(key: StateKey<V>): Promise<{ readonly value: V; readonly version: number } | undefined> {
    const row = guarded(this.#path, () => this.#load.get(key.name)) as { version: number; value: string } | undefined;
    return row && { value: valueOfText(key, row.value, row.version), version: row.version };
  }

  async save<V>(key: StateKey<V>, value: V, expectedVersion: number): Promise<void> {
    const named = { name: key.name, value: textOfValue(key.name, value), ...this.#fence.values };
    const { changes } = guarded(this.#path, () => (expectedVersion === 0 ? this.#insert.run(named) : this.#update.run({ ...named, version: expectedVersion })));
    if (changes === 0) throw this.#fence.lost() ?? stateConflict(key.name, expectedVersion);
  }
}

/** The part of a writing statement that holds only while no later token of the account's lease exists. */
class StatementFence {
  readonly condition: string;
  readonly values: { readonly lease?: string; readonly token?: number };
  readonly #path: string;
  readonly #fence: Fence | undefined;
  readonly #newest: StatementSync;

  constructor(path: string, db: DatabaseSync, fence: Fence | undefined) {
    this.#path = path;
    this.#fence = fence;
    this.condition = fence ? "AND NOT EXISTS (SELECT 1 FROM state AS leases WHERE leases.name = :lease AND leases.value ->> '$.token' > :token)" : "";
    this.values = fence ? { lease: leaseKey(fence.account).name, token: fence.token } : {};
    this.#newest = db.prepare("SELECT version, value FROM state WHERE name = ?");
  }

  /** Why a statement changed nothing, where that is the fence. */
  lost(): LeaseLost | undefined {
    if (!this.#fence) return undefined;
    const key = leaseKey(this.#fence.account);
    const row = guarded(this.#path, () => this.#newest.get(key.name)) as { version: number; value: string } | undefined;
    const newest = row && valueOfText(key, row.value, row.version);
    return newest && newest.token > this.#fence.token ? new LeaseLost(this.#fence, newest) : undefined;
  }
}

/** The expressions are those of the index `journal_runs`. */
function listing(order: "ASC" | "DESC"): string {
  return `SELECT run, event ->> '$.strategy' AS strategy, event ->> '$.scheduledAt' AS scheduledAt FROM journal
    WHERE seq = 0 AND event ->> '$.type' = 'run-opened' AND event ->> '$.account' = :account
      AND event ->> '$.scheduledAt' >= :from AND event ->> '$.scheduledAt' < :before AND event ->> '$.strategy' = coalesce(:strategy, event ->> '$.strategy')
    ORDER BY event ->> '$.scheduledAt' ${order}, event ->> '$.strategy' ${order}`;
}

function opened(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    throw unusable(path, error);
  }
}

/** An older file is brought up to date where it may be written. */
function readable(path: string): DatabaseSync {
  const db = opened(path);
  try {
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    if (!isReadOnly(error)) throw unusable(path, error);
  }
  return guarded(path, () => {
    const unwritable = openToRead(path, BUSY_TIMEOUT_MS);
    try {
      requireCurrent(unwritable);
      return unwritable;
    } catch (error) {
      unwritable.close();
      throw error;
    }
  });
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): StoreUnavailable {
  return new StoreUnavailable(`the store file ${path} cannot be used: ${messageOf(error)}`, { cause: error });
}
