/**
 * The tables of the SQLite store and the steps by which an older file becomes a current one.
 *
 * `user_version` counts the steps that a file has had. Steps are only ever added: a released step is never changed, so
 * every file of the past has one way forward. Each step is a transaction together with its number; a file that stopped
 * between two steps goes on with the next.
 */
import type { DatabaseSync } from "node:sqlite";

/** "Blst": marks the file as ours in SQLite's header. */
const APPLICATION_ID = 0x426c7374;

const steps: readonly string[] = [
  `CREATE TABLE journal (
     id INTEGER PRIMARY KEY,
     run TEXT NOT NULL,
     seq INTEGER NOT NULL,
     event TEXT NOT NULL,
     UNIQUE (run, seq)
   ) STRICT;
   CREATE INDEX journal_openings ON journal (id) WHERE seq = 0;
   CREATE TABLE state (
     name TEXT PRIMARY KEY,
     version INTEGER NOT NULL,
     value TEXT NOT NULL
   ) STRICT;`,
  `CREATE INDEX journal_runs ON journal (event ->> '$.account', event ->> '$.scheduledAt', event ->> '$.strategy') WHERE seq = 0 AND event ->> '$.type' = 'run-opened';
   CREATE TABLE blob (
     hash TEXT PRIMARY KEY,
     encoding TEXT NOT NULL,
     bytes BLOB NOT NULL
   ) STRICT;`,
];

export const SCHEMA_VERSION = steps.length;

/** @throws Error for a file of a newer schema, of another program, or that is damaged. */
export function migrate(db: DatabaseSync): void {
  schemaVersionOf(db);
  requireSound(db);
  db.exec("PRAGMA journal_mode = WAL"); // kept in the file
  for (let version = schemaVersionOf(db); version < SCHEMA_VERSION; version = schemaVersionOf(db)) step(db);
}

/** For a file that cannot be migrated. @throws Error for one of an older schema too. */
export function requireCurrent(db: DatabaseSync): void {
  const version = schemaVersionOf(db);
  if (version < SCHEMA_VERSION) throw new Error(`the file has schema version ${version}, may only be read, and so cannot be brought to ${SCHEMA_VERSION}: restore a backup of it elsewhere`);
  requireSound(db);
}

/** Every page and every row can be read, and the indexes are in order. */
export function requireSound(db: DatabaseSync): void {
  const [finding] = db.prepare("PRAGMA quick_check(1)").all() as { quick_check: string }[];
  const found = finding?.quick_check.replace("*** in database main ***\n", "");
  if (found !== "ok") throw new Error(`the file is damaged (${found}): restore a backup of it`);
}

function step(db: DatabaseSync): void {
  // Two processes may open an old file at once: the second waits for the lock and looks again.
  db.exec("BEGIN IMMEDIATE");
  try {
    const version = schemaVersionOf(db);
    if (version < SCHEMA_VERSION) db.exec(`${steps[version]!}; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version + 1}`);
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

/** Of a file that is ours, or 0 of an empty one. @throws Error for any other. */
export function schemaVersionOf(db: DatabaseSync): number {
  const version = pragma(db, "user_version");
  const application = pragma(db, "application_id");
  const { tables } = db.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() as { tables: number };
  if (tables > 0 && application !== APPLICATION_ID) throw new Error("the file is a database of another program");
  if (version > SCHEMA_VERSION) {
    throw new Error(`the file has schema version ${version}, made by a newer Ballast; this one reads up to ${SCHEMA_VERSION}`);
  }
  return version;
}

function pragma(db: DatabaseSync, name: "user_version" | "application_id"): number {
  return (db.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[name]!;
}
