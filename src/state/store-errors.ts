/** What can be wrong with a store itself. A lost race is no fault of the store: JournalConflict and StateConflict, in ports.ts. */

/** The store cannot be reached, opened or used; after this error from a write, the write may or may not have happened. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}

/** What was asked for would write over something, or name what is no store or no backup. Nothing was done. */
export class BackupRefused extends Error {
  override readonly name = "BackupRefused";
}

/** The store answered, with something that this program did not write or cannot read. */
export class StoreCorrupt extends Error {
  override readonly name: string = "StoreCorrupt";
}

/** Bytes were found under a content hash that is not theirs. */
export class BlobCorrupt extends StoreCorrupt {
  override readonly name = "BlobCorrupt";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
