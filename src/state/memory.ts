/**
 * Journal and state in this process's memory: for backtests and tests, gone when the process ends.
 *
 * The journal keeps the events themselves, which are immutable by type, in an array a run: an append costs no
 * serialisation, because a backtest makes half a million of them. State values are kept as text, so that no structure
 * is shared with a caller.
 */
import type { Journal, StateKey, StateStore } from "../ports.ts";
import type { RunId } from "../trade.ts";
import type { JournalEvent } from "../run/journal.ts";
import { journalConflict, stateConflict } from "./conflicts.ts";
import { textOfValue, valueOfText } from "./stored-text.ts";

const DONE = Promise.resolve();

export class MemoryJournal implements Journal {
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
