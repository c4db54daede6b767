/**
 * The shape of the one DynamoDB table and of the bucket beside it, shared by the stores and by the stack that creates
 * both. Imports nothing.
 *
 * | item          | pk                 | sk                                   | other attributes                                  |
 * |---------------|--------------------|--------------------------------------|---------------------------------------------------|
 * | journal event | `run#<run id>`     | place in the run, 8 digits           | text, deflated or blob; writer                    |
 * | claimed place | `run#<run id>`     | the first free place of the run      | claimed: a fencing token; writer                  |
 * | listed run    | `runs#<account>`   | `<scheduled instant>#<strategy>`     | text: the run's id; writer                        |
 * | state value   | `state#<key name>` | `value`                              | text or deflated, writer, version, expiresAt?     |
 *
 * A listed run is written before the run's first event, so every run is listed; one that is listed and has no event was
 * interrupted between the two. A claimed place becomes the event that is appended there.
 *
 * `expiresAt` (epoch seconds) is the table's time-to-live attribute. Only state under an expiring key has it; nothing of
 * a journal or of its index ever does.
 */
export const PARTITION_KEY = "pk";
export const SORT_KEY = "sk";
export const EXPIRY_ATTRIBUTE = "expiresAt";

/** The keys of all objects in the bucket begin so; the content hash follows. */
export const BLOB_PREFIX = "blobs/";

export const STATE_SORT_KEY = "value";

export function journalPartition(run: string): string {
  return `run#${run}`;
}

export function journalSortKey(seq: number): string {
  return String(seq).padStart(8, "0");
}

export function listPartition(account: string): string {
  return `runs#${account}`;
}

/** Sorts by the instant, in RFC 3339 with milliseconds, and then by the strategy. */
export function listSortKey(scheduledAt: string, strategy: string): string {
  return `${scheduledAt}#${strategy}`;
}

export function statePartition(name: string): string {
  return `state#${name}`;
}
