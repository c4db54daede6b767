/**
 * Snapshots of a state: JSON in lines, under a digest.
 *
 * The first line tells format, sequence number, digest and size; each further line holds a field of the state, or a part
 * of a long list, so that no state is too large for one string. The digest (SHA-256 over all lines behind the first) is
 * the state's identity: the same state at the same command has the same digest.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import fs from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { LogCorrupt } from "./log-errors.ts";

export type SnapshotState = Readonly<Record<string, unknown>>;

export interface StoredSnapshot {
  /** The last command that the state has taken in. */
  readonly sequence: number;
  readonly digest: string;
  readonly state: SnapshotState;
}

export interface EncodedSnapshot {
  readonly digest: string;
  readonly lines: readonly string[];
}

const FORMAT = 1;
const ITEMS_A_LINE = 512;
const headerSchema = z.strictObject({ format: z.literal(FORMAT), sequence: z.int().min(0), digest: z.string().length(64), bytes: z.int().min(0) });
const lineSchema = z.union([z.tuple([z.string(), z.unknown()]), z.tuple([z.string(), z.literal("more"), z.array(z.unknown())])]);

export function encodedSnapshot(sequence: number, state: SnapshotState): EncodedSnapshot {
  const digest = createHash("sha256");
  const lines: string[] = [];
  let bytes = 0;
  for (const line of linesOf(state)) {
    digest.update(line);
    bytes += Buffer.byteLength(line);
    lines.push(line);
  }
  const header = { format: FORMAT, sequence, digest: digest.digest("hex"), bytes };
  return { digest: header.digest, lines: [`${JSON.stringify(header)}\n`, ...lines] };
}

/** Sorted by sequence, the newest last; whether they are whole is not known. */
export async function snapshotFiles(directory: string): Promise<{ readonly sequence: number; readonly file: string }[]> {
  const names = await fs.readdir(directory);
  return names.flatMap((file) => {
    const [, sequence] = /^snapshot-(\d{16})\.jsonl$/.exec(file) ?? [];
    return sequence === undefined ? [] : [{ sequence: Number(sequence), file }];
  }).sort((a, b) => a.sequence - b.sequence);
}

export function snapshotFile(sequence: number): string {
  return `snapshot-${String(sequence).padStart(16, "0")}.jsonl`;
}

/** @throws LogCorrupt */
export async function readSnapshot(directory: string, file: string): Promise<StoredSnapshot> {
  const path = join(directory, file);
  const damaged = (what: string): LogCorrupt => new LogCorrupt(`${path} is damaged: ${what}`, path, 0);
  const digest = createHash("sha256");
  const state: Record<string, unknown> = {};
  let header: z.output<typeof headerSchema> | undefined;
  let bytes = 0;
  for await (const line of linesOfFile(path)) {
    const value = parsedJson(line);
    if (!header) {
      const parsed = headerSchema.safeParse(value);
      if (!parsed.success) throw damaged("its first line tells no format, sequence, digest and size");
      header = parsed.data;
      continue;
    }
    digest.update(line);
    bytes += line.length;
    const [key, content, items] = lineSchema.safeParse(value).data ?? [];
    const list = key === undefined ? undefined : state[key];
    if (key === undefined || (items && !Array.isArray(list))) throw damaged("a line is no field of a state");
    if (items) (list as unknown[]).push(...items);
    else state[key] = content;
  }
  if (!header) throw damaged("it is empty");
  if (snapshotFile(header.sequence) !== file) throw damaged(`it says that it is of command ${header.sequence}`);
  if (digest.digest("hex") !== header.digest || bytes !== header.bytes) throw damaged("its digest is of something else");
  return { sequence: header.sequence, digest: header.digest, state };
}

/** With their ends. JSON may hold what other readers of lines take for an end. */
async function* linesOfFile(path: string): AsyncGenerator<Buffer> {
  let unfinished: Buffer[] = [];
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = piece.indexOf(10); end !== -1; end = piece.indexOf(10, start)) {
      yield Buffer.concat([...unfinished, piece.subarray(start, end + 1)]);
      unfinished = [];
      start = end + 1;
    }
    if (start < piece.length) unfinished.push(piece.subarray(start));
  }
  if (unfinished.length > 0) yield Buffer.concat(unfinished);
}

function* linesOf(state: SnapshotState): Generator<string> {
  for (const [key, value] of Object.entries(state)) {
    if (!Array.isArray(value) || value.length <= ITEMS_A_LINE) {
      if (value !== undefined) yield `${JSON.stringify([key, value])}\n`;
      continue;
    }
    yield `${JSON.stringify([key, []])}\n`;
    for (let at = 0; at < value.length; at += ITEMS_A_LINE) yield `${JSON.stringify([key, "more", value.slice(at, at + ITEMS_A_LINE)])}\n`;
  }
}

function parsedJson(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString());
  } catch {
    // Not JSON is not what was written; the caller says so with the file's name.
    return undefined;
  }
}
