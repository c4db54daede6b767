/**
 * The history of an account as lines of JSON: for each run one line about it, then its events as they are stored, byte
 * for byte, so that the SHA-256 of an event's line is the `previous` of the next; at the end one line that counts them.
 */
import type { Journal, RunFilter, RunIndex } from "../ports.ts";
import { verifyChain } from "../run/journal.ts";
import { isoOf } from "../time.ts";
import { StoreCorrupt } from "./store-errors.ts";

/** Lines without their ends. @throws StoreCorrupt at a journal that was changed. */
export async function* exportedLines(journal: Journal & RunIndex, filter: RunFilter): AsyncIterable<string> {
  let runs = 0;
  let count = 0;
  for await (const { run, account, strategy, scheduledAt } of journal.listRuns(filter)) {
    const events = await journal.read(run);
    const { brokenAt, head } = verifyChain(events);
    if (brokenAt !== undefined) throw new StoreCorrupt(`event ${brokenAt} of run ${run} does not follow from the one before it: the journal was changed`);
    yield JSON.stringify({ type: "run", run, account, strategy, scheduledAt: isoOf(scheduledAt), events: events.length, head });
    for (const event of events) yield JSON.stringify(event);
    runs += 1;
    count += events.length;
  }
  yield JSON.stringify({ type: "end", account: filter.account, runs, events: count });
}
