/** The record of a run as its store has it, and what of it cannot be read. */
import type { BlobStore, ContentHash, StateStore } from "../ports.ts";
import { BlobCorrupt } from "../state/store-errors.ts";
import type { RunId } from "../trade.ts";
import { blobsOf, RecordedBarsMissing, type BytesOf } from "./recorded-values.ts";
import { recordKey, segmentOf, type InvocationHeader, type RecordedStep } from "./run-record.ts";

export interface RecordedInvocation extends InvocationHeader {
  readonly steps: readonly RecordedStep[];
}

export interface RunRecord {
  readonly invocations: readonly RecordedInvocation[];
  readonly bytesOf: BytesOf;
  /** One line for each part that is missing or damaged. */
  readonly lost: readonly string[];
}

/** Undefined for a run that was not recorded. */
export async function readRecord(run: RunId, { index: indices, blobs }: { readonly index: StateStore; readonly blobs: BlobStore }): Promise<RunRecord | undefined> {
  const index = await indices.load(recordKey(run));
  if (!index) return undefined;
  const bytes = new Map<string, Uint8Array>();
  const lost: string[] = [];
  const fetch = async (name: string, what: string): Promise<Uint8Array | undefined> => {
    const known = bytes.get(name);
    if (known) return known;
    const found = await storedBytes(blobs, name);
    if (typeof found === "string") lost.push(`${what} (${name.slice(0, 12)}…) ${found}`);
    else bytes.set(name, found);
    return bytes.get(name);
  };
  const invocations: RecordedInvocation[] = [];
  for (const [place, { segments }] of index.value.invocations.entries()) {
    const read: RecordedInvocation | undefined = await invocationOf(segments, (name) => fetch(name, `a part of invocation ${place + 1}`));
    if (read) invocations.push(read);
  }
  for (const name of new Set(invocations.flatMap(({ steps }) => steps.flatMap((step) => ("answer" in step ? blobsOf(step.answer) : []))))) await fetch(name, "the bars of a view");
  const bytesOf = (name: string): Uint8Array => {
    const found = bytes.get(name);
    if (!found) throw new RecordedBarsMissing(`the bars of a view (${name.slice(0, 12)}…) are missing from the record`);
    return found;
  };
  return { invocations, bytesOf, lost };
}

/** As far as its segments can be read: what follows a lost one cannot be placed. */
async function invocationOf(segments: readonly string[], fetch: (name: string) => Promise<Uint8Array | undefined>): Promise<RecordedInvocation | undefined> {
  let header: InvocationHeader | undefined;
  const steps: RecordedStep[] = [];
  for (const name of segments) {
    const bytes = await fetch(name);
    if (!bytes) break;
    const segment = segmentOf(bytes);
    header ??= segment.invocation;
    steps.push(...segment.steps);
  }
  return header && { ...header, steps };
}

/** The bytes, or what is wrong with them. */
async function storedBytes(blobs: BlobStore, name: string): Promise<Uint8Array | string> {
  try {
    return (await blobs.get(name as ContentHash)) ?? "is not in the store";
  } catch (error) {
    // What can be read is still worth replaying; a store that is away is not.
    if (error instanceof BlobCorrupt) return "was changed: its content is not what it is named by";
    throw error;
  }
}
