/**
 * The files of the command log, read in order.
 *
 * `commands-<sequence of its first command>.log` holds records; the next file begins with the command behind the last
 * one's. Only the newest file may end in a torn record: a file is synced as a whole before the next is begun. Within it,
 * what is no whole record is torn if no whole record lies behind it, and damage if one does: a record is written only
 * when the one before it is.
 */
import fs from "node:fs";
import { join } from "node:path";
import { LogCorrupt } from "./log-errors.ts";
import { commandsIn, decodedRecord, nextRecord, type LogRecord } from "./log-record.ts";

export interface Segment {
  readonly first: number;
  readonly path: string;
}

/** The end of a file that was being written when everything stopped. */
export interface TornTail {
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface LogEnd {
  /** The last command, or the number before the first one there could be. */
  readonly lastSequence: number;
  readonly torn: TornTail | undefined;
}

export function segmentFile(first: number): string {
  return `commands-${String(first).padStart(16, "0")}.log`;
}

export function segmentsIn(directory: string): Segment[] {
  return fs.readdirSync(directory).flatMap((file) => {
    const [, first] = /^commands-(\d{16})\.log$/.exec(file) ?? [];
    return first === undefined ? [] : [{ first: Number(first), path: join(directory, file) }];
  }).sort((a, b) => a.first - b.first);
}

/**
 * Hands over every command behind `after`, in order, and says where the log ends. Reads a piece of a file at a time.
 * @throws LogCorrupt for damage and for commands that are missing.
 */
export function replayCommands(directory: string, after: number, take: (command: unknown, sequence: number) => void): LogEnd {
  const all = segmentsIn(directory);
  const from = all.findLastIndex(({ first }) => first <= after + 1);
  if (from === -1) {
    if (all.length === 0 && after === 0) return { lastSequence: 0, torn: undefined };
    throw new LogCorrupt(`the commands behind number ${after} are missing in ${directory}${all[0] ? `: its oldest file begins with ${all[0].first}` : ""}`, directory, 0);
  }
  let end: LogEnd = { lastSequence: all[from]!.first - 1, torn: undefined };
  for (let index = from; index < all.length; index += 1) {
    const segment = all[index]!;
    if (segment.first !== end.lastSequence + 1) throw new LogCorrupt(`${segment.path} begins with command ${segment.first}, but the file before it ends with ${end.lastSequence}`, segment.path, 0);
    end = replaySegment(segment, index === all.length - 1, after, take);
  }
  if (end.lastSequence < after) throw new LogCorrupt(`the log in ${directory} ends with command ${end.lastSequence}, before number ${after} that it should hold`, directory, 0);
  return end;
}

const PIECE_BYTES = 1 << 22;

function replaySegment({ path, first }: Segment, isNewest: boolean, after: number, take: (command: unknown, sequence: number) => void): LogEnd {
  const file = fs.openSync(path, "r");
  try {
    let lastSequence = first - 1;
    let bytes = Buffer.alloc(0);
    /** Of `bytes` in the file, and of the next record in `bytes`. */
    let base = 0;
    let at = 0;
    for (;;) {
      const record = at < bytes.length ? decodedRecord(bytes, at) : "unfinished";
      if (typeof record === "object" && record.first === lastSequence + 1) {
        lastSequence = takeRecord(record, after, take);
        at += record.bytes;
        continue;
      }
      if (record !== "unfinished") return endAt(path, isNewest, lastSequence, base + at);
      const more = readPiece(file, base + bytes.length, Math.max(PIECE_BYTES, bytes.length - at));
      if (more.length === 0) return at === bytes.length ? { lastSequence, torn: undefined } : endAt(path, isNewest, lastSequence, base + at);
      base += at;
      bytes = Buffer.concat([bytes.subarray(at), more]);
      at = 0;
    }
  } finally {
    fs.closeSync(file);
  }
}

function takeRecord(record: LogRecord, after: number, take: (command: unknown, sequence: number) => void): number {
  const last = record.first + record.commands - 1;
  if (last <= after) return last;
  let sequence = record.first;
  for (const command of commandsIn(record)) {
    if (sequence > after) take(command, sequence);
    sequence += 1;
  }
  return last;
}

/** There is no next record at `offset`. */
function endAt(path: string, isNewest: boolean, lastSequence: number, offset: number): LogEnd {
  const bytes = fs.readFileSync(path);
  const next = nextRecord(bytes, offset);
  if (!isNewest || next !== -1) {
    const behind = next === -1 ? "the log goes on in the next file" : `whole records go on at byte ${next}`;
    throw new LogCorrupt(`${path} is damaged at byte ${offset}, behind command ${lastSequence}, and ${behind}: restore a backup`, path, offset);
  }
  return { lastSequence, torn: { path, offset, bytes: bytes.length - offset } };
}

function readPiece(file: number, position: number, bytesMax: number): Buffer {
  const length = Math.min(bytesMax, fs.fstatSync(file).size - position);
  if (length <= 0) return Buffer.alloc(0);
  const piece = Buffer.allocUnsafe(length);
  return piece.subarray(0, fs.readSync(file, piece, 0, length, position));
}
