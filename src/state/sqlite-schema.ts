/**
 * The tables of the SQLite store and the steps by which an older file becomes a current one.
 *
 * `user_version` counts the steps that a file has had. Steps are only ever added: a released step is never changed, so
 * every file of the past has one way forward. All steps that a file lacks are one transaction.
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

/** @throws Error for a file of a newer schema or of another program. */
export function migrate(db: DatabaseSync): void {
  const found = requireOurs(db);
  if (found === SCHEMA_VERSION) return;
  db.exec("PRAGMA journal_mode = WAL"); // kept in the file
  // Two processes may open a new file at once: the second waits for the lock and looks again.
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const step of steps.slice(requireOurs(db))) db.exec(step);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

/** The schema version of a file that is ours or empty. */
function requireOurs(db: DatabaseSync): number {
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
