/**
 * The record of a run: everything that its decisions were made from.
 *
 * Each invocation of `advanceRun` that wrote to the journal has one: what it was called with, and every answer of its
 * ports in the order of the calls, with its appends to the journal between them. It lies in segments, blobs that are
 * named by their content; the index under `recordKey`, one small value a run, lists them. An answer is stored before the
 * event that was decided from it is written. What the venue said of an order (`order-submitted`, `order-ended`) is the
 * event itself: such answers may be stored later, and an invocation that dies before has lost nothing but them.
 */
import { z } from "zod";
import type { Json } from "../json.ts";
import type { StateKey } from "../ports.ts";
import type { JournalEvent } from "../run/journal.ts";
import type { Instant } from "../time.ts";
import type { RunId } from "../trade.ts";

/** Which code decided. None of it is in the journal, so that a comment does not change a golden hash. */
export interface CodeVersion {
  /** Of the package. */
  readonly ballast: string;
  /** SHA-256 over the project's sources. */
  readonly sources: string;
  /** SHA-256 of a strategy file that is not among them. */
  readonly strategyFile?: string | undefined;
}

export interface InvocationHeader {
  readonly run: RunId;
  readonly code: CodeVersion;
  readonly trigger: {
    readonly account: string;
    readonly strategy: string;
    readonly scheduledAt: Instant;
    readonly params: Json;
    readonly symbols: readonly string[];
    readonly settings: Json;
    readonly lookback: number;
  };
  /** How many events the journal had when the invocation read it. */
  readonly journalLength: number;
}

export interface RecordedCall {
  /** Port and method: "broker.account". */
  readonly call: string;
  readonly args: readonly Json[];
  /** Absent where the answer was undefined. */
  readonly answer?: Json | undefined;
  readonly threw?: { readonly name: string; readonly message: string } | undefined;
}

interface RecordedAppend {
  /** The place in the journal. */
  readonly append: number;
  readonly outcome: "written" | "conflict" | "failed";
}

export type RecordedStep = RecordedCall | RecordedAppend;

export interface Segment {
  readonly format: 1;
  /** In the first of an invocation. */
  readonly invocation?: InvocationHeader | undefined;
  readonly steps: readonly RecordedStep[];
}

export interface RecordIndex {
  readonly format: 1;
  /** The segments of each invocation in their order. */
  readonly invocations: readonly { readonly segments: readonly string[] }[];
}

const indexSchema = z.object({ format: z.literal(1), invocations: z.array(z.object({ segments: z.array(z.string()) })) });

export function recordKey(run: RunId): StateKey<RecordIndex> {
  return { name: `record/${run}`, parse: (stored) => indexSchema.parse(stored) };
}

const callSchema = z.object({ call: z.string(), args: z.array(z.json()), answer: z.json().optional(), threw: z.object({ name: z.string(), message: z.string() }).optional() });
const appendSchema = z.object({ append: z.int(), outcome: z.enum(["written", "conflict", "failed"]) });
const headerSchema = z.object({
  run: z.string(),
  code: z.object({ ballast: z.string(), sources: z.string(), strategyFile: z.string().optional() }),
  trigger: z.object({ account: z.string(), strategy: z.string(), scheduledAt: z.int(), params: z.json(), symbols: z.array(z.string()), settings: z.json(), lookback: z.int() }),
  journalLength: z.int(),
});
const segmentSchema = z.object({ format: z.literal(1), invocation: headerSchema.optional(), steps: z.array(z.union([callSchema, appendSchema])) });

/** `mask` takes out of the text what must not be stored. */
export function bytesOfSegment(segment: Segment, mask: (text: string) => string): Uint8Array {
  return Buffer.from(mask(JSON.stringify(segment)));
}

/** @throws Error for bytes that are no segment. */
export function segmentOf(bytes: Uint8Array): Segment {
  return segmentSchema.parse(JSON.parse(Buffer.from(bytes).toString())) as unknown as Segment;
}

/** Whether the event is nothing but what the venue answered. */
export function statesItsInput({ type }: Pick<JournalEvent, "type">): boolean {
  return type === "order-submitted" || type === "order-ended";
}
