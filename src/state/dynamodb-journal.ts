/**
 * The journal in DynamoDB, the index of its runs, and the fence around both.
 *
 * An append is one conditional put on a free place, and the place before it is known to be taken: from this object's
 * own last append or read of the run, or by asking. Events are never deleted, so what was taken stays taken. An event
 * too large for an item lies in the blob store, put there before the item that names its hash.
 *
 * What the fence of a lease keeps true is stated in fence.ts.
 */
import type { BlobStore, Journal, ListedRun, RunFilter, RunIndex } from "../ports.ts";
import type { JournalEvent } from "../run/journal.ts";
import { instantOf, isoOf } from "../time.ts";
import type { RunId } from "../trade.ts";
import { journalConflict } from "./conflicts.ts";
import { ITEM_BYTES_MAX, itemText, textOfItem, type StoredItem, type Table } from "./dynamodb-items.ts";
import { journalPartition, journalSortKey, listPartition, listSortKey } from "./dynamodb-table.ts";
import type { FenceCheck } from "./fence.ts";
import { StoreCorrupt, StoreUnavailable } from "./store-errors.ts";
import { eventOfText } from "./stored-text.ts";

const KNOWN_RUNS_MAX = 1_000;
/** How many runs of a page are looked for at once. */
const LOOKUPS_AT_ONCE = 25;

export class DynamodbJournal implements Journal, RunIndex {
  readonly #table: Table;
  readonly #blobs: BlobStore | undefined;
  readonly #fence: FenceCheck | undefined;
  /** A run's number of events when this object last saw it; it can only have grown since. */
  readonly #knownLengths = new Map<RunId, number>();

  constructor(table: Table, blobs: BlobStore | undefined, fence?: FenceCheck) {
    this.#table = table;
    this.#blobs = blobs;
    this.#fence = fence;
  }

  async read(run: RunId): Promise<readonly JournalEvent[]> {
    for (;;) {
      const events = await this.#events(run);
      this.#know(run, events.length);
      if (await this.#claim(run, events)) return events;
    }
  }

  async append(run: RunId, expectedLength: number, event: JournalEvent): Promise<void> {
    await this.#fence?.check();
    if (!(await this.#has(run, expectedLength))) throw journalConflict(run, expectedLength);
    const key = { pk: journalPartition(run), sk: journalSortKey(expectedLength) };
    const held = await this.#held(JSON.stringify(event), run, expectedLength);
    if (event.type === "run-opened") await this.#list(run, event);
    const put = await this.#table.put({ ...key, ...held }, this.#freePlace());
    if (!put.written) {
      this.#fence?.requireNoLaterThan(put.found?.claimed);
      throw journalConflict(run, expectedLength);
    }
    this.#know(run, expectedLength + 1);
  }

  async *listRuns({ account, strategy, from, before, newestFirst }: RunFilter): AsyncIterable<ListedRun> {
    const range = [from === undefined ? "0" : isoOf(from), before === undefined ? "~" : isoOf(before)] as const;
    if (range[0] > range[1]) return;
    for await (const items of this.#table.pages(listPartition(account), { range, newestFirst: newestFirst === true })) {
      const listed = items.map((item) => listedRun(item, account)).filter((one) => strategy === undefined || one.strategy === strategy);
      for (let first = 0; first < listed.length; first += LOOKUPS_AT_ONCE) {
        const some = listed.slice(first, first + LOOKUPS_AT_ONCE);
        const opened = await Promise.all(some.map(({ run }) => this.#hasEvent(run, 0)));
        yield* some.filter((_, n) => opened[n]);
      }
    }
  }

  async #events(run: RunId): Promise<readonly JournalEvent[]> {
    const items: StoredItem[] = [];
    for await (const page of this.#table.pages(journalPartition(run))) items.push(...page);
    if (items.at(-1)?.claimed !== undefined) items.pop();
    const events: JournalEvent[] = [];
    for (const [seq, item] of items.entries()) {
      if (item.sk !== journalSortKey(seq)) throw new StoreCorrupt(`run ${run} has no event ${seq}, but later ones`);
      events.push(eventOfText(run, seq, await this.#textOf(item)));
    }
    return events;
  }

  /** Keeps earlier holders from the next place of a run that goes on. False when another has just filled it. */
  async #claim(run: RunId, events: readonly JournalEvent[]): Promise<boolean> {
    if (!this.#fence || events.at(-1)?.type === "run-closed") return true;
    await this.#fence.check();
    const place = { pk: journalPartition(run), sk: journalSortKey(events.length) };
    const put = await this.#table.put({ ...place, claimed: this.#fence.token }, this.#freePlace());
    if (!put.written) this.#fence.requireNoLaterThan(put.found?.claimed);
    return put.written;
  }

  #freePlace(): { readonly kind: "free-place"; readonly token?: number } {
    return { kind: "free-place", ...(this.#fence && { token: this.#fence.token }) };
  }

  async #held(text: string, run: RunId, seq: number): Promise<Pick<StoredItem, "text" | "deflated" | "blob">> {
    const held = itemText(text);
    if (held) return held;
    const bytes = Buffer.from(text);
    if (!this.#blobs) throw new StoreUnavailable(`event ${seq} of run ${run} has ${bytes.length} bytes, a DynamoDB item holds ${ITEM_BYTES_MAX}, and the store was given no bucket for larger ones`);
    return { blob: await this.#blobs.put(bytes) };
  }

  async #textOf(item: StoredItem): Promise<string> {
    if (item.blob === undefined) return textOfItem(item);
    if (!this.#blobs) throw new StoreUnavailable(`the event ${item.pk} ${item.sk} lies in a bucket under ${item.blob}, and the store was given none`);
    const bytes = await this.#blobs.get(item.blob);
    if (!bytes) throw new StoreCorrupt(`the event ${item.pk} ${item.sk} is to lie in the bucket under ${item.blob}, and does not`);
    return Buffer.from(bytes).toString();
  }

  async #list(run: RunId, { account, strategy, scheduledAt }: Extract<JournalEvent, { type: "run-opened" }>): Promise<void> {
    // Listed already by another delivery of the same trigger: as it should be.
    await this.#table.put({ pk: listPartition(account), sk: listSortKey(isoOf(scheduledAt), strategy), text: run }, { kind: "nothing" });
  }

  /** Whether at least `length` events are there. */
  async #has(run: RunId, length: number): Promise<boolean> {
    return (this.#knownLengths.get(run) ?? 0) >= length || this.#hasEvent(run, length - 1);
  }

  async #hasEvent(run: RunId, seq: number): Promise<boolean> {
    const found = await this.#table.get({ pk: journalPartition(run), sk: journalSortKey(seq) });
    return found !== undefined && found.claimed === undefined;
  }

  #know(run: RunId, length: number): void {
    if (this.#knownLengths.size >= KNOWN_RUNS_MAX) this.#knownLengths.clear();
    this.#knownLengths.set(run, length);
  }
}

function listedRun(item: StoredItem, account: RunFilter["account"]): ListedRun {
  const split = item.sk.indexOf("#");
  return { run: textOfItem(item) as RunId, account, strategy: item.sk.slice(split + 1), scheduledAt: instantOf(item.sk.slice(0, split)) };
}
