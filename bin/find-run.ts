/** From what a person types for a run to its events: a whole id, its beginning or end, or "last". */
import type { JournalEvent } from "../src/run/journal.ts";
import type { AccountName, RunId } from "../src/trade.ts";
import { readConfig, type DeskStore } from "./desk.ts";
import { oneOf } from "./stored-runs.ts";

export interface FindOptions {
  readonly account?: string;
  readonly config: string;
}

/** @throws UsageError for none and for several. */
export async function findRun(asked: string, store: DeskStore, { account, config }: FindOptions): Promise<readonly JournalEvent[]> {
  const exact = await store.journal.read(asked as RunId);
  if (exact.length > 0) return exact;
  const runs = await store.runIds(() => (account === undefined ? [...readConfig(config).accounts.keys()] : [account as AccountName]));
  const meant = account === undefined ? runs : runs.filter((run) => run.startsWith(`${account}/`));
  return store.journal.read(oneOf(asked, meant, store.name) as RunId);
}
