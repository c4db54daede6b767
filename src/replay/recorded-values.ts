/**
 * What ports answer, as JSON that loses nothing.
 *
 * Maps, market views and the numbers that JSON has no word for are objects with one key that begins with "$"; any other
 * object with such a key is written as a list of its entries, so that nothing can be mistaken. A field that is undefined
 * is left out. The columns of a view are not in the text: they are one blob of exact bytes, named by its hash, so runs
 * that saw the same bars share them.
 */
import type { Json } from "../json.ts";
import type { ContentHash } from "../ports.ts";
import { contentHashOf } from "../state/packed-blob.ts";
import type { Bars, MarketView, Symbol } from "../trade.ts";

/** Takes bytes that must be stored before the text is, and returns their name. */
export type KeepBytes = (bytes: Uint8Array) => string;
/** @throws RecordedBarsMissing */
export type BytesOf = (name: string) => Uint8Array;

/** The columns of a recorded view are not where the record says. */
export class RecordedBarsMissing extends Error {
  override readonly name = "RecordedBarsMissing";
}

export function encodeValue(value: unknown, keep: KeepBytes): Json {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: Object.is(value, -0) ? "-0" : String(value) };
  if (typeof value !== "object" || value === null) return value as Json;
  if (Array.isArray(value)) return value.map((one) => encodeValue(one, keep));
  if (value instanceof Map) return { $map: [...value].map(([key, one]) => [encodeValue(key, keep), encodeValue(one, keep)]) };
  if (isView(value)) return { $view: encodeView(value, keep) };
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  if (entries.some(([key]) => key.startsWith("$"))) return { $object: entries.map(([key, one]) => [key, encodeValue(one, keep)]) };
  return Object.fromEntries(entries.map(([key, one]) => [key, encodeValue(one, keep)]));
}

export function decodeValue(encoded: Json | undefined, bytesOf: BytesOf): unknown {
  if (typeof encoded !== "object" || encoded === null) return encoded;
  if (isList(encoded)) return encoded.map((one) => decodeValue(one, bytesOf));
  const { $number, $map, $view, $object } = encoded;
  if ($number !== undefined) return Number($number);
  if ($map !== undefined) return new Map(($map as readonly (readonly [Json, Json])[]).map(([key, one]) => [decodeValue(key, bytesOf), decodeValue(one, bytesOf)]));
  if ($view !== undefined) return decodeView($view as unknown as EncodedView, bytesOf);
  if ($object !== undefined) return Object.fromEntries(($object as readonly (readonly [string, Json])[]).map(([key, one]) => [key, decodeValue(one, bytesOf)]));
  return Object.fromEntries(Object.entries(encoded).map(([key, one]) => [key, decodeValue(one, bytesOf)]));
}

/** The names of the blobs that an encoded value needs. */
export function blobsOf(encoded: Json | undefined): readonly string[] {
  if (typeof encoded !== "object" || encoded === null) return [];
  if (isList(encoded)) return encoded.flatMap(blobsOf);
  if (encoded["$view"] !== undefined) return [(encoded["$view"] as unknown as EncodedView).bars];
  return Object.values(encoded).flatMap(blobsOf);
}

/** Of the JSON that a store would hold. */
export function nameOfValue(value: unknown): ContentHash {
  return contentHashOf(Buffer.from(JSON.stringify(value)));
}

type EncodedView = Omit<MarketView, "bars"> & { readonly bars: string };

interface Layout {
  readonly symbol: Symbol;
  readonly kind: Bars["kind"];
  readonly rows: number;
}

const COLUMNS = { "close-only": ["close"], ohlcv: ["open", "high", "low", "close", "volume"] } as const;

function encodeView(view: MarketView, keep: KeepBytes): Json {
  const { asOf, session, symbols, source, adjustment } = view;
  return { asOf, session, symbols, source, adjustment, bars: keep(bytesOfBars(view)) };
}

/** A line of JSON that says what follows, then the bytes of the columns as they are in memory: little-endian on every machine that runs Node. */
function bytesOfBars(view: MarketView): Uint8Array {
  const listed = view.symbols.map((symbol) => ({ symbol, bars: view.bars(symbol) }));
  const layout: Layout[] = listed.map(({ symbol, bars }) => ({ symbol, kind: bars.kind, rows: bars.days.length }));
  const columns = listed.flatMap(({ bars }) => [bars.days, ...(bars.kind === "ohlcv" ? [bars.open, bars.high, bars.low, bars.close, bars.volume] : [bars.close])]);
  return Buffer.concat([Buffer.from(`${JSON.stringify(layout)}\n`), ...columns.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength))]);
}

function decodeView({ bars: name, ...rest }: EncodedView, bytesOf: BytesOf): MarketView {
  const bytes = bytesOf(name);
  const end = bytes.indexOf(0x0a);
  const layout = JSON.parse(Buffer.from(bytes.subarray(0, end)).toString()) as readonly Layout[];
  const bars = new Map<Symbol, Bars>();
  let at = end + 1;
  const take = (length: number): ArrayBuffer => new Uint8Array(bytes.subarray(at, (at += length))).buffer;
  for (const { symbol, kind, rows } of layout) {
    const days = new Int32Array(take(4 * rows));
    const columns = Object.fromEntries(COLUMNS[kind].map((column) => [column, new Float64Array(take(8 * rows))]));
    bars.set(symbol, { kind, days, ...columns } as Bars);
  }
  return {
    ...rest,
    bars(symbol) {
      const found = bars.get(symbol);
      if (!found) throw new RangeError(`the view was not asked for ${symbol}`);
      return found;
    },
  };
}

function isView(value: object): value is MarketView {
  return "bars" in value && typeof value.bars === "function" && "asOf" in value && "symbols" in value;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
