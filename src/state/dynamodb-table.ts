/**
 * The shape of the one DynamoDB table, shared by the store and by the stack that creates it. Imports nothing.
 *
 * | item          | pk                 | sk                          | other attributes                              |
 * |---------------|--------------------|-----------------------------|-----------------------------------------------|
 * | journal event | `run#<run id>`     | place in the run, 8 digits  | text or deflated, writer                      |
 * | state value   | `state#<key name>` | `value`                     | text or deflated, writer, version, expiresAt? |
 *
 * `expiresAt` (epoch seconds) is the table's time-to-live attribute. Only state under an expiring key has it; a journal
 * event never does.
 */
export const PARTITION_KEY = "pk";
export const SORT_KEY = "sk";
export const EXPIRY_ATTRIBUTE = "expiresAt";

export const STATE_SORT_KEY = "value";

export function journalPartition(run: string): string {
  return `run#${run}`;
}

export function journalSortKey(seq: number): string {
  return String(seq).padStart(8, "0");
}

export function statePartition(name: string): string {
  return `state#${name}`;
}
