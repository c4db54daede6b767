/**
 * Opens a store's file that may perhaps only be read: by its own mode, in its directory, or on its file system.
 *
 * SQLite keeps the newest writes of a file in a log beside it, and makes that log anew even to read. Where it cannot, and
 * there is no log, the file is all there is, and is read as one that nobody changes. Whoever reads it verifies what it
 * reads: a program with more rights could begin to write meanwhile.
 */
import { DatabaseSync } from "node:sqlite";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { schemaVersionOf } from "./sqlite-schema.ts";

/** The file must exist. @throws Error of SQLite's */
export function openToRead(path: string, busyTimeoutMs: number): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    schemaVersionOf(db);
    return db;
  } catch (error) {
    db.close();
    if (!isReadOnly(error) || existsSync(`${path}-wal`)) throw error;
    const unchanging = pathToFileURL(path);
    unchanging.searchParams.set("immutable", "1");
    return new DatabaseSync(unchanging, { readOnly: true });
  }
}

/** SQLite would have had to write. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" && (error.errcode & PRIMARY) === SQLITE_READONLY;
}

const SQLITE_READONLY = 8;
/** The bits of a result code that say which error it is; those above say why. */
const PRIMARY = 0xff;
