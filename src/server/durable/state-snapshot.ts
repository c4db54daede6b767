/**
 * Snapshots of a state: JSON in lines, under a digest.
 *
 * The first line tells format, sequence number, digest and size; each further line holds a field of the state, or a part
 * of a long list, wherever in the state it is, so that no state is too large for one string and no line takes long. The
 * digest (SHA-256 over all lines behind the first) is the state's identity: the same state has the same digest.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import fs from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { makeDurably } from "./durable-file.ts";
import { LongList } from "../long-list.ts";
import { LogCorrupt } from "./log-errors.ts";

export type SnapshotState = Readonly<Record<string, unknown>>;

export interface StoredSnapshot {
  /** The last command that the state has taken in. */
  readonly sequence: number;
  readonly digest: string;
  readonly state: SnapshotState;
}

/** Names of fields and places in lists, from the state down. */
type Path = readonly (string | number)[];

const FORMAT = 1;
const ITEMS_A_LINE = 512;
const HEADER_BYTES = 192;
const headerSchema = z.strictObject({ format: z.literal(FORMAT), sequence: z.int().min(0), digest: z.string().length(64), bytes: z.int().min(0) });
/** A field of the state is named alone. */
const pathSchema = z.union([z.string().transform((field): Path => [field]), z.array(z.union([z.string(), z.int()])).min(2)]);
const lineSchema = z.union([z.tuple([pathSchema, z.unknown()]), z.tuple([pathSchema, z.literal("more"), z.array(z.unknown())])]);

export function digestOf(state: SnapshotState): string {
  const digest = createHash("sha256");
  for (const line of linesOf(state)) digest.update(line);
  return digest.digest("hex");
}

/** Writes a line at a time, and lets other work be done in between. Nothing of `state` may change meanwhile, down to the last item. */
export async function writeSnapshot(directory: string, sequence: number, state: SnapshotState): Promise<{ readonly digest: string }> {
  const sum = createHash("sha256");
  let digest = "";
  await makeDurably(join(directory, snapshotFile(sequence)), async (file) => {
    await file.writeFile(" ".repeat(HEADER_BYTES));
    let bytes = 0;
    for (const text of linesOf(state)) {
      const line = Buffer.from(text);
      sum.update(line);
      bytes += line.length;
      await file.writeFile(line);
    }
    digest = sum.digest("hex");
    // The digest is known last and stands first.
    await file.write(`${JSON.stringify({ format: FORMAT, sequence, digest, bytes }).padEnd(HEADER_BYTES - 1)}\n`, 0);
  });
  return { digest };
}

/** Sorted by sequence, the newest last; whether they are whole is not known. */
export async function snapshotFiles(directory: string): Promise<{ readonly sequence: number; readonly file: string }[]> {
  const names = await fs.readdir(directory);
  return names.flatMap((file) => {
    const [, sequence] = /^snapshot-(\d{16})\.jsonl$/.exec(file) ?? [];
    return sequence === undefined ? [] : [{ sequence: Number(sequence), file }];
  }).sort((a, b) => a.sequence - b.sequence);
}

function snapshotFile(sequence: number): string {
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
    const [path, content, items] = lineSchema.safeParse(value).data ?? [];
    if (path === undefined || !(items ? extend(state, path, items) : put(state, path, content))) throw damaged("a line is no field of a state");
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
  for (const [key, value] of Object.entries(state)) if (value !== undefined) yield* linesAt([key], value);
}

function* linesAt(path: Path, value: unknown): Generator<string> {
  const long: Apart[] = [];
  const name = path.length === 1 ? path[0] : path;
  if (!isLong(value)) yield `${JSON.stringify([name, withoutLong(value, path, long)])}\n`;
  else {
    yield `${JSON.stringify([name, []])}\n`;
    for (let at = 0; at < value.length; at += ITEMS_A_LINE) yield `${JSON.stringify([name, "more", value.slice(at, at + ITEMS_A_LINE).map((item, index) => withoutLong(item, [...path, at + index], long))])}\n`;
  }
  for (const [where, list] of long) yield* linesAt(where, list);
}

/** A list that goes into lines of its own, and where it belongs. */
type Apart = readonly [Path, readonly unknown[] | LongList<unknown>];

function isLong(value: unknown): value is readonly unknown[] | LongList<unknown> {
  return (Array.isArray(value) || value instanceof LongList) && value.length > ITEMS_A_LINE;
}

/** The same, with an empty list for each long one in it, which goes to `long`. What has none is not copied. */
function withoutLong(value: unknown, path: Path, long: Apart[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isLong(value)) {
    long.push([path, value]);
    return [];
  }
  let copy: Record<string | number, unknown> | undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  for (const key in fields) {
    const field = fields[key];
    if (typeof field !== "object" || field === null) continue;
    const short = withoutLong(field, [...path, Array.isArray(value) ? Number(key) : key], long);
    if (short === field) continue;
    copy ??= (Array.isArray(value) ? [...(value as unknown[])] : { ...fields }) as Record<string | number, unknown>;
    copy[key] = short;
  }
  return copy ?? value;
}

function put(state: Record<string, unknown>, path: Path, content: unknown): boolean {
  const parent = path.length === 1 ? state : valueAt(state, path.slice(0, -1));
  if (typeof parent !== "object" || parent === null) return false;
  (parent as Record<string | number, unknown>)[path.at(-1)!] = content;
  return true;
}

function extend(state: Record<string, unknown>, path: Path, items: readonly unknown[]): boolean {
  const list = valueAt(state, path);
  if (!Array.isArray(list)) return false;
  for (const item of items) list.push(item);
  return true;
}

function valueAt(state: Record<string, unknown>, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (typeof value === "object" && value !== null && Object.hasOwn(value, key) ? (value as Record<string | number, unknown>)[key] : undefined), state);
}

function parsedJson(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString());
  } catch {
    // Not JSON is not what was written; the caller says so with the file's name.
    return undefined;
  }
}
