/** The newest runs of an account with their journals: what the commands that look at an account begin with. */
import type { JournaledRun } from "../src/run/account-book.ts";
import type { AccountName } from "../src/trade.ts";
import type { DeskStore } from "./desk.ts";

/** Newest first; of one strategy, or of all. */
export async function recentRuns({ journal }: DeskStore, account: AccountName, count: number, strategy?: string): Promise<readonly JournaledRun[]> {
  const found: JournaledRun[] = [];
  for await (const { run } of journal.listRuns({ account, newestFirst: true, ...(strategy !== undefined && { strategy }) })) {
    found.push({ run, events: await journal.read(run) });
    if (found.length === count) break;
  }
  return found;
}
