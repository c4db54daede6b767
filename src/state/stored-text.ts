/**
 * Journal events and state values as the text that the stores hold: the bytes of JSON.stringify, kept as they were.
 *
 * A value read back shares nothing with the one that was written, and what cannot be read names where it lies.
 */
import type { StateKey } from "../ports.ts";
import type { JournalEvent } from "../run/journal.ts";
import { messageOf, StoreCorrupt } from "./store-errors.ts";

/** @throws TypeError for a value that JSON has no text for, such as undefined or a function. */
export function textOfValue(name: string, value: unknown): string {
  // The declared type of JSON.stringify hides that it answers undefined for what JSON cannot hold.
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`the value for state "${name}" is not JSON`);
  return text;
}

export function valueOfText<V>(key: StateKey<V>, text: string, version: number): V {
  try {
    return key.parse(JSON.parse(text));
  } catch (error) {
    throw new StoreCorrupt(`state "${key.name}", version ${version}, is not what this program stores there: ${messageOf(error)}`, { cause: error });
  }
}

export function eventOfText(run: string, seq: number, text: string): JournalEvent {
  try {
    return JSON.parse(text) as JournalEvent;
  } catch (error) {
    throw new StoreCorrupt(`event ${seq} of run ${run} is not JSON: ${messageOf(error)}`, { cause: error });
  }
}
