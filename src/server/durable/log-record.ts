/**
 * A record of the command log: one write, with one or more commands, as text that a person can read.
 *
 *     B1 <sequence of the first command, 13 hex> <commands, 8 hex> <bytes of payload, 8 hex> <CRC32, 8 hex>\n
 *     <one command as JSON>\n …
 *
 * The checksum covers the header before it and the payload. A record of no command is a seal: it says that all before
 * it was written on purpose. JSON has no raw newline, so nothing inside of a command can look like a header.
 */
import { crc32 } from "node:zlib";

export interface LogRecord {
  /** The sequence number of the first command; of a seal, the one that comes next. */
  readonly first: number;
  readonly commands: number;
  /** A view of the bytes that it was read from. */
  readonly payload: Buffer;
  /** Header and payload. */
  readonly bytes: number;
}

const RECORD_HEADER_BYTES = 44;
/** Far above any batch; what claims more is damaged. */
const RECORD_BYTES_MAX = 1 << 26;

export function encodedRecord(first: number, commands: readonly string[]): Buffer {
  const payload = commands.length === 0 ? "" : `${commands.join("\n")}\n`;
  const payloadBytes = Buffer.byteLength(payload);
  const record = Buffer.allocUnsafe(RECORD_HEADER_BYTES + payloadBytes);
  record.write(payload, RECORD_HEADER_BYTES);
  const described = describing(first, commands.length, payloadBytes);
  record.write(`${described}${checksum(described, record.subarray(RECORD_HEADER_BYTES))}\n`, "latin1");
  return record;
}

/** What stands at `offset`: a whole record, the beginning of something longer, or no record. */
export function decodedRecord(bytes: Buffer, offset: number): LogRecord | "unfinished" | "bad" {
  if (bytes.length - offset < RECORD_HEADER_BYTES) return "unfinished";
  const header = bytes.toString("latin1", offset, offset + RECORD_HEADER_BYTES);
  const first = parseInt(header.slice(3, 16), 16);
  const commands = parseInt(header.slice(17, 25), 16);
  const payloadBytes = parseInt(header.slice(26, 34), 16);
  if (!(payloadBytes <= RECORD_BYTES_MAX)) return "bad";
  // Written again and compared, so that no spelling but our own is taken for a header.
  const described = describing(first, commands, payloadBytes);
  if (header.slice(0, described.length) !== described) return "bad";
  const start = offset + RECORD_HEADER_BYTES;
  if (bytes.length < start + payloadBytes) return "unfinished";
  const payload = bytes.subarray(start, start + payloadBytes);
  if (header.slice(described.length) !== `${checksum(described, payload)}\n`) return "bad";
  return { first, commands, payload, bytes: RECORD_HEADER_BYTES + payloadBytes };
}

/** Where the next whole record begins, here or behind, or -1. */
export function nextRecord(bytes: Buffer, from: number): number {
  if (isRecordAt(bytes, from)) return from;
  const claimed = parseInt(bytes.toString("latin1", from + 26, from + 34), 16);
  if (isRecordAt(bytes, from + RECORD_HEADER_BYTES + claimed)) return from + RECORD_HEADER_BYTES + claimed;
  for (let at = bytes.indexOf(LINE_OF_RECORD, from); at !== -1; at = bytes.indexOf(LINE_OF_RECORD, at + 1)) {
    if (isRecordAt(bytes, at + 1)) return at + 1;
  }
  return -1;
}

/** All at once: of short texts the parser's beginning is the longest part. */
export function commandsIn({ payload }: LogRecord): readonly unknown[] {
  return JSON.parse(`[${payload.toString("utf8", 0, payload.length - 1).replaceAll("\n", ",")}]`) as unknown[];
}

const LINE_OF_RECORD = "\nB1 ";

function isRecordAt(bytes: Buffer, offset: number): boolean {
  return offset < bytes.length && typeof decodedRecord(bytes, offset) === "object";
}

function describing(first: number, commands: number, payloadBytes: number): string {
  return `B1 ${hex(first, 13)} ${hex(commands, 8)} ${hex(payloadBytes, 8)} `;
}

function checksum(described: string, payload: Buffer): string {
  return hex(crc32(payload, crc32(described)), 8);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
