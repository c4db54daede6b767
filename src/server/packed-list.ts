/**
 * A long list of records that change no more, kept as bytes outside of the heap: the collector of garbage walks every
 * object that there is, and of these it sees none.
 *
 * A record is its length, a bit for each field that it has, and their values. It is read by making an object of it
 * again: cheap for a page of records, dear for all.
 */

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
/** Of what is no text and no JSON. */
const VALUE_BYTES_MAX = 8;
const UTF8_BYTES_MAX = 3;

export class PackedList<T extends object> {
  readonly #fields: readonly (readonly [name: keyof T & string, kind: FieldKind])[];
  readonly #bitBytes: number;
  readonly #chunks: Buffer[] = [];
  /** Of each record, in the chunks. */
  readonly #places: number[] = [];
  /** Of the newest chunk. */
  #used = 0;
  readonly #words: string[];
  readonly #codes: Map<string, number>;
  /** Where a record is put together. */
  #bytes = Buffer.alloc(1 << 10);
  #view = viewOf(this.#bytes);

  constructor(fields: Readonly<Record<keyof T & string, FieldKind>>, stored: PackedSnapshot = { words: [], records: [] }) {
    this.#fields = Object.entries(fields) as [keyof T & string, FieldKind][];
    this.#bitBytes = Math.ceil(this.#fields.length / 8);
    this.#words = [...stored.words];
    this.#codes = new Map(this.#words.map((word, code) => [word, code]));
    for (const text of stored.records) this.#appendAll(Buffer.from(text, "base64"));
  }

  get length(): number {
    return this.#places.length;
  }

  /** Returns its index. What is undefined, and a list of nothing, is left out. */
  push(record: T): number {
    let at = LENGTH_BYTES + this.#bitBytes;
    this.#makeRoom(at + this.#fields.length * VALUE_BYTES_MAX);
    this.#bytes.fill(0, LENGTH_BYTES, at);
    for (let index = 0; index < this.#fields.length; index += 1) {
      const [name, kind] = this.#fields[index]!;
      const value: unknown = record[name];
      if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
      this.#bytes[LENGTH_BYTES + (index >> 3)]! |= 1 << (index & 7);
      at = this.#write(value, kind, at);
    }
    this.#view.setUint32(0, at, true);
    return this.#append(this.#bytes, 0, at);
  }

  /** The fields that the record has, or those of them that are wanted. */
  at(index: number, wanted?: ReadonlySet<keyof T>): Partial<T> {
    const bytes = this.#bytesAt(index);
    const record: Partial<Record<string, unknown>> = {};
    let at = LENGTH_BYTES + this.#bitBytes;
    for (let place = 0; place < this.#fields.length; place += 1) {
      if ((bytes[LENGTH_BYTES + (place >> 3)]! & (1 << (place & 7))) === 0) continue;
      const [name, kind] = this.#fields[place]!;
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
    return { words: [...this.#words], records: new PackedRecords((from, to) => this.#texts(from, to), this.length) };
  }

  /** Of the records from one index to before another, a text for each chunk that they lie in. */
  #texts(from: number, to: number): readonly string[] {
    const texts: string[] = [];
    for (let first = from, next = from; first < to; first = next) {
      const chunk = this.#chunkOf(first);
      while (next < to && this.#chunkOf(next) === chunk) next += 1;
      const last = this.#bytesAt(next - 1);
      texts.push(chunk.toString("base64", this.#places[first]! % CHUNK_PLACES, last.byteOffset - chunk.byteOffset + last.length));
    }
    return texts;
  }

  #write(value: unknown, kind: FieldKind, at: number): number {
    switch (kind) {
      case "number":
        this.#view.setFloat64(at, value as number, true);
        return at + 8;
      case "flag":
        this.#bytes[at] = value === true ? 1 : 0;
        return at + 1;
      case "word":
        this.#view.setUint32(at, this.#codeOf(value as string), true);
        return at + 4;
      default: {
        const text = kind === "text" ? (value as string) : JSON.stringify(value);
        this.#makeRoom(at + LENGTH_BYTES + text.length * UTF8_BYTES_MAX + this.#fields.length * VALUE_BYTES_MAX);
        const length = this.#bytes.write(text, at + LENGTH_BYTES);
        this.#view.setUint32(at, length, true);
        return at + LENGTH_BYTES + length;
      }
    }
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    const before = this.#bytes;
    this.#bytes = Buffer.alloc(bytes * 2);
    this.#view = viewOf(this.#bytes);
    before.copy(this.#bytes);
  }

  #codeOf(word: string): number {
    let code = this.#codes.get(word);
    if (code === undefined) {
      code = this.#words.push(word) - 1;
      this.#codes.set(word, code);
    }
    return code;
  }

  /** The record that lies in `bytes`. */
  #append(bytes: Buffer, from: number, length: number): number {
    let chunk = this.#chunks.at(-1);
    if (!chunk || this.#used + length > chunk.length) {
      chunk = Buffer.allocUnsafeSlow(Math.max(Math.min(CHUNK_BYTES * 2 ** this.#chunks.length, CHUNK_BYTES_MAX), length));
      this.#chunks.push(chunk);
      this.#used = 0;
    }
    this.#places.push((this.#chunks.length - 1) * CHUNK_PLACES + this.#used);
    bytes.copy(chunk, this.#used, from, from + length);
    this.#used += length;
    return this.#places.length - 1;
  }

  #appendAll(records: Buffer): void {
    for (let at = 0; at < records.length; ) {
      const length = records.readUInt32LE(at);
      this.#append(records, at, length);
      at += length;
    }
  }

  #chunkOf(index: number): Buffer {
    return this.#chunks[Math.floor(this.#places[index]! / CHUNK_PLACES)]!;
  }

  #bytesAt(index: number): Buffer {
    const chunk = this.#chunkOf(index);
    const from = this.#places[index]! % CHUNK_PLACES;
    return chunk.subarray(from, from + chunk.readUInt32LE(from));
  }
}

/** The first records of a list, as texts that are made when they are asked for. */
export class PackedRecords {
  readonly length: number;
  readonly #texts: (from: number, to: number) => readonly string[];

  constructor(texts: (from: number, to: number) => readonly string[], length: number) {
    this.#texts = texts;
    this.length = length;
  }

  slice(from: number, to: number): readonly string[] {
    return this.#texts(from, Math.min(to, this.length));
  }

  *[Symbol.iterator](): Generator<string> {
    yield* this.toJSON();
  }

  toJSON(): readonly string[] {
    return this.slice(0, this.length);
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
