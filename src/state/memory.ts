/**
 * Journal and state in this process's memory: for backtests and tests, gone when the process ends.
 *
 * The journal keeps the events themselves, which are immutable by type, in an array a run: an append costs no
 * serialisation, because a backtest makes half a million of them. State values are kept as text, so that no structure
 * is shared with a caller.
 */
import type { BlobStore, ContentHash, Journal, ListedRun, RunFilter, RunIndex, StateKey, StateStore } from "../ports.ts";
import type { AccountName, RunId } from "../trade.ts";
import type { JournalEvent } from "../run/journal.ts";
import { journalConflict, stateConflict } from "./conflicts.ts";
import type { Instant } from "../time.ts";
import { packed, contentHashOf, unpacked, type PackedBlob } from "./packed-blob.ts";
import { textOfValue, valueOfText } from "./stored-text.ts";

const DONE = Promise.resolve();

export class MemoryJournal implements Journal, RunIndex {
  readonly #eventsOf = new Map<RunId, JournalEvent[]>();

  read(run: RunId): Promise<readonly JournalEvent[]> {
    return Promise.resolve(this.#eventsOf.get(run)?.slice() ?? []);
  }

  append(run: RunId, expectedLength: number, event: JournalEvent): Promise<void> {
    const events = this.#eventsOf.get(run);
    if ((events?.length ?? 0) !== expectedLength) return Promise.reject(journalConflict(run, expectedLength));
    if (events) events.push(event);
    else this.#eventsOf.set(run, [event]);
    return DONE;
  }

  /** In the order of their first events. */
  runs(): RunId[] {
    return [...this.#eventsOf.keys()];
  }

  async *listRuns({ account, strategy, from = -Infinity as Instant, before = Infinity as Instant, newestFirst }: RunFilter): AsyncIterable<ListedRun> {
    const found: ListedRun[] = [];
    for (const [run, [first]] of this.#eventsOf) {
      if (first?.type !== "run-opened" || first.account !== account) continue;
      const { scheduledAt } = first;
      if ((strategy ?? first.strategy) === first.strategy && scheduledAt >= from && scheduledAt < before) {
        found.push({ run, account: first.account as AccountName, strategy: first.strategy, scheduledAt });
      }
    }
    found.sort((a, b) => a.scheduledAt - b.scheduledAt || (a.strategy < b.strategy ? -1 : 1));
    yield* newestFirst ? found.reverse() : found;
  }
}

export class MemoryStateStore implements StateStore {
  readonly #stored = new Map<string, { readonly text: string; readonly version: number }>();

  async load<V>(key: StateKey<V>): Promise<{ readonly value: V; readonly version: number } | undefined> {
    const stored = this.#stored.get(key.name);
    return stored && { value: valueOfText(key, stored.text, stored.version), version: stored.version };
  }

  async save<V>(key: StateKey<V>, value: V, expectedVersion: number): Promise<void> {
    const text = textOfValue(key.name, value);
    if ((this.#stored.get(key.name)?.version ?? 0) !== expectedVersion) throw stateConflict(key.name, expectedVersion);
    this.#stored.set(key.name, { text, version: expectedVersion + 1 });
  }
}

export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<ContentHash, PackedBlob>();

  async put(bytes: Uint8Array): Promise<ContentHash> {
    const contentHash = contentHashOf(bytes);
    const { encoding, bytes: stored } = packed(bytes);
    this.#blobs.set(contentHash, { encoding, bytes: Uint8Array.from(stored) });
    return contentHash;
  }

  async get(contentHash: ContentHash): Promise<Uint8Array | undefined> {
    const found = this.#blobs.get(contentHash);
    return found && Uint8Array.from(unpacked(contentHash, found, "memory"));
  }
}
