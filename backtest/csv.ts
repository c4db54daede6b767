/**
 * CSV bytes become typed columns, without a string for every cell.
 *
 * `readColumns` is for prices: one column of dates or times and any number of numeric ones, at some tens of megabytes a second. A
 * number is the double nearest to its text, exactly as `Number` would read it. `readRecords` is for small tables of
 * text. Both find columns by name whatever their case and order, take a byte order mark, CRLF, quotes and empty lines
 * at the end, and throw `DataInvalid` with file, line and column for everything else. Lines count from 1.
 */
import { DataInvalid } from "./dataset-invalid.ts";
import { epochDayOf, sessionDateOf } from "../src/time.ts";

interface Columns {
  /** Epoch days, or minutes of the day. */
  readonly keys: Int32Array;
  /** In the order in which they were asked for. An empty cell is NaN where empty cells are allowed. */
  readonly numbers: readonly Float64Array[];
}

/** The line of a row of `Columns`: the header is line 1, and no line between them is skipped. */
export function lineOfRow(row: number): number {
  return row + 2;
}

const COMMA = 44;
const QUOTE = 34;
const NEWLINE = 10;
const RETURN = 13;
const DOT = 46;
const MINUS = 45;
const ZERO = 48;

/** The names in the first line, as written. @throws DataInvalid for an empty file or a name that occurs twice. */
export function readHeader(bytes: Uint8Array, file: string): readonly string[] {
  const end = bytes.indexOf(NEWLINE);
  const line = new TextDecoder().decode(bytes.subarray(0, end < 0 ? bytes.length : end)).replace(/\r$/, "");
  if (line.trim() === "") throw new DataInvalid({ file, line: 1 }, "the file is empty; its first line must name the columns");
  const header = fieldsOf(line, file, 1);
  const repeated = header.find((name, i) => header.findIndex((other) => sameName(other, name)) !== i);
  if (repeated !== undefined) throw new DataInvalid({ file, line: 1, column: repeated }, "two columns have this name; remove one of them");
  return header;
}

/** @throws DataInvalid when a column is missing or a cell does not hold what its column must. */
export function readColumns(bytes: Uint8Array, file: string, key: "date" | "time", names: readonly string[], emptyCells: "forbidden" | "allowed"): Columns {
  const header = readHeader(bytes, file);
  const position = new Map([key, ...names].map((name) => [columnOf(header, name, file), name]));
  const rowsMax = countNewlines(bytes);
  const keys = new Int32Array(rowsMax);
  const byName = new Map(names.map((name) => [name, new Float64Array(rowsMax)]));
  const targets = header.map((_, i) => byName.get(position.get(i) ?? ""));
  const keyAt = columnOf(header, key, file);

  const cells = new Cells(bytes, file, header, emptyCells === "allowed");
  let row = 0;
  while (cells.nextLine()) {
    for (let i = 0; i < header.length; i += 1) {
      const target = targets[i];
      if (target) target[row] = cells.number(i);
      else if (i === keyAt) keys[row] = key === "date" ? cells.day(i) : cells.minuteOfDay(i);
      else cells.skip(i);
    }
    row += 1;
  }
  return { keys: keys.slice(0, row), numbers: names.map((name) => byName.get(name)!.slice(0, row)) };
}

export interface CsvRecord {
  readonly line: number;
  /** By column name in lower case. */
  readonly fields: ReadonlyMap<string, string>;
}

/** All rows as text. @throws DataInvalid when one of `required` is no column or a line has too few or too many fields. */
export function readRecords(bytes: Uint8Array, file: string, required: readonly string[]): readonly CsvRecord[] {
  const header = readHeader(bytes, file);
  for (const name of required) columnOf(header, name, file);
  const names = header.map((name) => name.toLowerCase());
  const records: CsvRecord[] = [];
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  for (let i = 1; i < lines.length; i += 1) {
    const fields = fieldsOf(lines[i]!, file, i + 1);
    if (fields.length !== names.length) throw wrongFieldCount(file, i + 1, fields.length, names.length);
    records.push({ line: i + 1, fields: new Map(fields.map((field, at) => [names[at]!, field])) });
  }
  return records;
}

export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function columnOf(header: readonly string[], name: string, file: string): number {
  const found = header.findIndex((other) => sameName(other, name));
  if (found < 0) throw new DataInvalid({ file, line: 1, column: name }, `the column is missing; the file has ${header.join(", ")}`);
  return found;
}

/** A cursor over the data lines. `nextLine` must be followed by one read for each column, in order. */
class Cells {
  private readonly bytes: Uint8Array;
  private readonly file: string;
  private readonly header: readonly string[];
  private readonly allowsEmpty: boolean;
  private readonly end: number;
  private at: number;
  private line = 1;

  constructor(bytes: Uint8Array, file: string, header: readonly string[], allowsEmpty: boolean) {
    this.bytes = bytes;
    this.file = file;
    this.header = header;
    this.allowsEmpty = allowsEmpty;
    let end = bytes.length;
    while (end > 0 && (bytes[end - 1] === NEWLINE || bytes[end - 1] === RETURN)) end -= 1;
    this.end = end;
    const newline = bytes.indexOf(NEWLINE);
    this.at = newline < 0 ? end : newline + 1;
  }

  nextLine(): boolean {
    if (this.at >= this.end) return false;
    this.line += 1;
    return true;
  }

  number(column: number): number {
    const { bytes, end } = this;
    const start = this.at;
    let at = start;
    const negative = bytes[at] === MINUS;
    if (negative) at += 1;
    let digits = 0;
    let mantissa = 0;
    let decimals = 0;
    let digit = bytes[at]! - ZERO;
    while (at < end && digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      digits += 1;
      at += 1;
      digit = bytes[at]! - ZERO;
    }
    if (bytes[at] === DOT) {
      at += 1;
      digit = bytes[at]! - ZERO;
      while (at < end && digit >= 0 && digit <= 9) {
        mantissa = mantissa * 10 + digit;
        digits += 1;
        decimals += 1;
        at += 1;
        digit = bytes[at]! - ZERO;
      }
    }
    // Up to 15 digits the integer and the power of ten are exact, and so is the rounding of their quotient.
    if (digits > 0 && digits <= 15 && this.atDelimiter(at)) {
      this.finish(at, column);
      const value = mantissa / POWERS_OF_TEN[decimals]!;
      return negative ? -value : value;
    }
    return this.slowNumber(column);
  }

  day(column: number): number {
    const { bytes, at } = this;
    const year = digitsAt(bytes, at, 4);
    const month = digitsAt(bytes, at + 5, 2);
    const dayOfMonth = digitsAt(bytes, at + 8, 2);
    if (bytes[at + 4] === MINUS && bytes[at + 7] === MINUS && this.atDelimiter(at + 10) && isDate(year, month, dayOfMonth)) {
      this.finish(at + 10, column);
      return daysFromCivil(year, month, dayOfMonth);
    }
    const text = this.text(column);
    try {
      return epochDayOf(sessionDateOf(text));
    } catch (cause) {
      throw new DataInvalid(this.place(column), `${JSON.stringify(text)} is no date; dates are written YYYY-MM-DD`, { cause });
    }
  }

  /** Of a whole minute: HH:MM or HH:MM:00. */
  minuteOfDay(column: number): number {
    const text = this.text(column);
    const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)(?::00)?$/.exec(text) ?? [];
    if (hour === undefined) throw new DataInvalid(this.place(column), `${JSON.stringify(text)} is no minute of the day; minutes are written HH:MM or HH:MM:00`);
    return Number(hour) * 60 + Number(minute);
  }

  skip(column: number): void {
    if (this.bytes[this.at] === QUOTE) {
      this.text(column);
      return;
    }
    let at = this.at;
    while (!this.atDelimiter(at)) at += 1;
    this.finish(at, column);
  }

  private slowNumber(column: number): number {
    const text = this.text(column);
    if (text === "" && this.allowsEmpty) return Number.NaN;
    const value = text === "" || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) {
      const what = text === "" ? "the cell is empty" : `${JSON.stringify(text)} is no number`;
      throw new DataInvalid(this.place(column), `${what}; correct the row or remove it`);
    }
    return value;
  }

  /** The cell as trimmed text; quotes may hold commas and, doubled, quotes. */
  private text(column: number): string {
    const start = this.at;
    let at = start;
    if (this.bytes[at] === QUOTE) {
      at += 1;
      while (at < this.end && !(this.bytes[at] === QUOTE && this.bytes[at + 1] !== QUOTE)) at += this.bytes[at] === QUOTE ? 2 : 1;
    }
    while (!this.atDelimiter(at)) at += 1;
    const raw = new TextDecoder().decode(this.bytes.subarray(start, at)).trim();
    this.finish(at, column);
    return raw.startsWith('"') ? raw.slice(1, raw.endsWith('"') ? -1 : undefined).replaceAll('""', '"').trim() : raw;
  }

  private atDelimiter(at: number): boolean {
    if (at >= this.end) return true;
    const byte = this.bytes[at];
    return byte === COMMA || byte === NEWLINE || (byte === RETURN && this.bytes[at + 1] === NEWLINE);
  }

  /** Steps over the delimiter at `at`, which must be a comma between columns and a line's end after the last. */
  private finish(at: number, column: number): void {
    const isLast = column === this.header.length - 1;
    const isComma = at < this.end && this.bytes[at] === COMMA;
    if (isComma === isLast) throw wrongFieldCount(this.file, this.line, this.fieldCount(column, at), this.header.length);
    this.at = at + (this.bytes[at] === RETURN ? 2 : 1);
  }

  private fieldCount(column: number, at: number): number {
    let count = column + 1;
    for (let i = at; i < this.end && this.bytes[i] !== NEWLINE; i += 1) if (this.bytes[i] === COMMA) count += 1;
    return count;
  }

  private place(column: number): { file: string; line: number; column: string | undefined } {
    return { file: this.file, line: this.line, column: this.header[column] };
  }
}

const POWERS_OF_TEN = Float64Array.from({ length: 16 }, (_, power) => Number(`1e${power}`));

const DAYS_BEFORE_MONTH = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_IN_MONTH = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function isDate(year: number, month: number, dayOfMonth: number): boolean {
  const length = month === 2 && isLeap(year) ? 29 : (DAYS_IN_MONTH[month] ?? 0);
  return year >= 0 && dayOfMonth >= 1 && dayOfMonth <= length;
}

/** Whole days since 1970-01-01 in the Gregorian calendar. */
function daysFromCivil(year: number, month: number, dayOfMonth: number): number {
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) - 477;
  return (year - 1970) * 365 + leapDays + DAYS_BEFORE_MONTH[month]! + (month > 2 && isLeap(year) ? 1 : 0) + dayOfMonth - 1;
}

/** NaN unless `count` digits stand at `at`. */
function digitsAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i += 1) {
    const digit = (bytes[i] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

function fieldsOf(line: string, file: string, lineNumber: number): string[] {
  const fields: string[] = [];
  let rest = line;
  for (;;) {
    const match = /^\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(,|$)/.exec(rest);
    if (!match) throw new DataInvalid({ file, line: lineNumber }, `the quotes do not match in ${JSON.stringify(line.slice(0, 80))}`);
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2]!.trim());
    if (match[3] === "") return fields;
    rest = rest.slice(match[0].length);
  }
}

function wrongFieldCount(file: string, line: number, found: number, expected: number): DataInvalid {
  return new DataInvalid({ file, line }, `the line has ${found} fields, the header has ${expected}; correct the line or remove it`);
}
