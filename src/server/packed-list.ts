/**
 * A long list of records that change no more, kept as bytes outside of the heap: the collector of garbage walks every
 * object that there is, and of these it sees none.
 *
 * A record is its length, a bit for each field that it has, and their values. It is read by making an object of it
 * again: cheap for a page of records, dear for all.
 */
import { LongList } from "./long-list.ts";
import { NumberColumn } from "./number-column.ts";

/** A word is one of few texts. */
export type FieldKind = "number" | "flag" | "word" | "text" | "json";

/** JSON. */
export interface PackedSnapshot {
  readonly words: readonly string[];
  /** In base 64, several in a text. */
  readonly records: Iterable<string>;
}

/** Of the first chunk; each is twice as large as the one before it, up to the most. */
const CHUNK_BYTES = 1 << 10;
const CHUNK_BYTES_MAX = 1 << 22;
/** Of places: the chunk's number, then the offset in it. */
const CHUNK_PLACES = 2 ** 32;
const LENGTH_BYTES = 4;
/** A record's length, and a bit for each field. */
const HEADER_BYTES = LENGTH_BYTES + 4;
const FIELDS_MAX = 32;
/** Of what is no text and no JSON. */
const VALUE_BYTES_MAX = 8;
const UTF8_BYTES_MAX = 3;

export class PackedList<T extends object> {
  readonly #fields: readonly { readonly name: keyof T & string; readonly kind: FieldKind }[];
  readonly #valueBytesMax: number;
  readonly #chunks: Buffer[] = [];
  /** Of each record, in the chunks. */
  readonly #places = new NumberColumn();
  /** The newest chunk, and where the next record begins in it. */
  #chunk = Buffer.alloc(0);
  #view = viewOf(this.#chunk);
  #used = 0;
  readonly #words: string[];
  readonly #codes: Map<string, number>;

  constructor(fields: Readonly<Record<keyof T & string, FieldKind>>, stored: PackedSnapshot = { words: [], records: [] }) {
    this.#fields = Object.entries(fields).map(([name, kind]) => ({ name: name as keyof T & string, kind: kind as FieldKind }));
    if (this.#fields.length > FIELDS_MAX) throw new RangeError(`a record of ${this.#fields.length} fields; a packed list takes ${FIELDS_MAX}`);
    this.#valueBytesMax = this.#fields.length * VALUE_BYTES_MAX;
    this.#words = [...stored.words];
    this.#codes = new Map(this.#words.map((word, code) => [word, code]));
    for (const text of stored.records) this.#appendAll(Buffer.from(text, "base64"));
  }

  get length(): number {
    return this.#places.length;
  }

  /**
   * Returns its index. What is undefined, and a list of nothing, is left out. Properties come in the order of the list's
   * fields: a walk over those of an object takes half the time of asking it for each.
   */
  push(record: T): number {
    let at = this.#withRoom(this.#used + HEADER_BYTES, this.#valueBytesMax);
    let present = 0;
    let index = -1;
    for (const name in record) {
      do index += 1;
      while (index < this.#fields.length && this.#fields[index]!.name !== name);
      const field = this.#fields[index];
      if (!field) throw new TypeError(`${name} is no field of the list, or not in its order`);
      const value: unknown = record[name];
      if (value === undefined || (field.kind === "json" && Array.isArray(value) && value.length === 0)) continue;
      present |= 1 << index;
      at = this.#write(value, field.kind, at);
    }
    this.#view.setInt32(this.#used + LENGTH_BYTES, present, true);
    return this.#end(at - this.#used);
  }

  /** The fields that the record has, or those of them that are wanted. */
  at(index: number, wanted?: ReadonlySet<keyof T>): Partial<T> {
    const bytes = this.#bytesAt(index);
    const present = bytes.readInt32LE(LENGTH_BYTES);
    const record: Partial<Record<string, unknown>> = {};
    let at = HEADER_BYTES;
    for (let place = 0; place < this.#fields.length; place += 1) {
      if ((present & (1 << place)) === 0) continue;
      const { name, kind } = this.#fields[place]!;
      const end = endOf(kind, bytes, at);
      if (!wanted || wanted.has(name)) record[name] = this.#read(kind, bytes, at, end);
      at = end;
    }
    return record as Partial<T>;
  }

  #read(kind: FieldKind, bytes: Buffer, at: number, end: number): unknown {
    switch (kind) {
      case "number":
        return bytes.readDoubleLE(at);
      case "flag":
        return bytes[at] === 1;
      case "word":
        return this.#words[bytes.readUInt32LE(at)]!;
      case "text":
        return bytes.toString("utf8", at + LENGTH_BYTES, end);
      case "json":
        return JSON.parse(bytes.toString("utf8", at + LENGTH_BYTES, end));
    }
  }

  /** As it is now, whatever comes behind. */
  snapshot(): PackedSnapshot {
    return { words: [...this.#words], records: new LongList(this.length, (from, to) => [this.#text(from, to)]) };
  }

  /** The records from one index to before another, in one text wherever they lie. */
  #text(from: number, to: number): string {
    const pieces: Buffer[] = [];
    for (let first = from, next = from; first < to; first = next) {
      const chunk = this.#chunkOf(first);
      while (next < to && this.#chunkOf(next) === chunk) next += 1;
      const last = this.#bytesAt(next - 1);
      pieces.push(chunk.subarray(this.#places.at(first) % CHUNK_PLACES, last.byteOffset - chunk.byteOffset + last.length));
    }
    return Buffer.concat(pieces).toString("base64");
  }

  #write(value: unknown, kind: FieldKind, at: number): number {
    switch (kind) {
      case "number":
        this.#view.setFloat64(at, value as number, true);
        return at + 8;
      case "flag":
        this.#chunk[at] = value === true ? 1 : 0;
        return at + 1;
      case "word":
        this.#view.setUint32(at, this.#codeOf(value as string), true);
        return at + 4;
      default: {
        const text = kind === "text" ? (value as string) : JSON.stringify(value);
        const start = this.#withRoom(at, LENGTH_BYTES + text.length * UTF8_BYTES_MAX + this.#valueBytesMax);
        const length = this.#chunk.write(text, start + LENGTH_BYTES);
        this.#view.setUint32(start, length, true);
        return start + LENGTH_BYTES + length;
      }
    }
  }

  #codeOf(word: string): number {
    let code = this.#codes.get(word);
    if (code === undefined) {
      code = this.#words.push(word) - 1;
      this.#codes.set(word, code);
    }
    return code;
  }

  /** Where to go on writing at `at`, with room for `bytes` more: a record that was begun moves to the next chunk if its own is too small. */
  #withRoom(at: number, bytes: number): number {
    if (at + bytes <= this.#chunk.length) return at;
    const begun = this.#chunk.subarray(this.#used, at);
    const offset = at - this.#used;
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(Math.min(CHUNK_BYTES * 2 ** this.#chunks.length, CHUNK_BYTES_MAX), offset + bytes));
    this.#view = viewOf(this.#chunk);
    this.#chunks.push(this.#chunk);
    this.#used = 0;
    begun.copy(this.#chunk);
    return offset;
  }

  /** The record has been written and is so long. */
  #end(length: number): number {
    this.#view.setUint32(this.#used, length, true);
    this.#places.push((this.#chunks.length - 1) * CHUNK_PLACES + this.#used);
    this.#used += length;
    return this.#places.length - 1;
  }

  #appendAll(records: Buffer): void {
    for (let at = 0; at < records.length; ) {
      const length = records.readUInt32LE(at);
      this.#withRoom(this.#used, length);
      records.copy(this.#chunk, this.#used, at, at + length);
      this.#end(length);
      at += length;
    }
  }

  #chunkOf(index: number): Buffer {
    return this.#chunks[Math.floor(this.#places.at(index) / CHUNK_PLACES)]!;
  }

  #bytesAt(index: number): Buffer {
    const chunk = this.#chunkOf(index);
    const from = this.#places.at(index) % CHUNK_PLACES;
    return chunk.subarray(from, from + chunk.readUInt32LE(from));
  }
}

function endOf(kind: FieldKind, bytes: Buffer, at: number): number {
  switch (kind) {
    case "number":
      return at + 8;
    case "flag":
      return at + 1;
    case "word":
      return at + 4;
    default:
      return at + LENGTH_BYTES + bytes.readUInt32LE(at);
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}
