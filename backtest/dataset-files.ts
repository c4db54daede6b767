/**
 * Which file of a data set holds which symbols, and their columns as printed.
 *
 * With a manifest, exactly the files it names are read. Without one, every .csv or .csv.gz in DIR/daily, or in DIR where
 * there is no such folder, and DIR/corporate_actions.csv. A file whose header has open, high, low, close and volume holds
 * the bars of the symbol it is called after; one with date and close holds its closes; one with a date and other names
 * holds the closes of the symbols that head its columns.
 */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Adjustment, Bars, Symbol } from "../src/trade.ts";
import { lineOfRow, readColumns, readHeader, sameName } from "./csv.ts";
import { DataInvalid } from "./dataset-invalid.ts";
import { parseManifest, type Manifest, type ManifestFile } from "./dataset-manifest.ts";

/** A symbol's bars as its file has them: numbers parsed, nothing checked yet. */
export interface PrintedSeries {
  readonly symbol: Symbol;
  readonly file: string;
  readonly adjustment: Adjustment;
  readonly bars: Bars;
  lineOf(bar: number): number;
  /** The column that holds a close; for a wide file the symbol's own. */
  readonly closeColumn: string;
}

export interface Catalog {
  readonly directory: string;
  readonly manifest: Manifest | undefined;
  readonly files: readonly CatalogFile[];
  readonly corporateActions: string | undefined;
  readonly benchmark: Symbol | undefined;
}

interface CatalogFile {
  readonly path: string;
  readonly declared: ManifestFile | undefined;
}

const PRICE_COLUMNS = ["open", "high", "low", "close", "volume"] as const;
const ACTIONS_FILE = "corporate_actions.csv";
const gunzipBytes = promisify(gunzip);

/** @throws DataInvalid for anything that is no symbol. */
export function symbolOf(text: string, file: string): Symbol {
  const symbol = text.trim().toUpperCase();
  if (!/^[A-Z0-9][A-Z0-9.^=-]{0,15}$/.test(symbol)) throw new DataInvalid({ file }, `${JSON.stringify(text)} is no symbol: letters, digits and . - ^ = are`);
  return symbol as Symbol;
}

/** @throws DataInvalid when the directory holds no data set. */
export async function readCatalog(directory: string): Promise<Catalog> {
  const names = await namesIn(directory);
  if (names.includes("dataset.json")) return declaredCatalog(directory);
  const folder = names.includes("daily") ? join(directory, "daily") : directory;
  const files = (folder === directory ? names : await namesIn(folder)).filter(isCsv).filter((name) => stem(name) !== stem(ACTIONS_FILE));
  if (files.length === 0) throw new DataInvalid({ file: folder }, "the folder holds no .csv or .csv.gz file; one file a symbol is expected, called SYMBOL.csv");
  const actions = names.find((name) => isCsv(name) && stem(name) === stem(ACTIONS_FILE));
  return {
    directory,
    manifest: undefined,
    files: files.map((name) => ({ path: join(folder, name), declared: undefined })),
    corporateActions: actions === undefined ? undefined : join(directory, actions),
    benchmark: undefined,
  };
}

/** Every series of the catalog, or those of `wanted` that it has, by symbol. Files that cannot hold a wanted symbol are not opened. */
export async function readSeries(catalog: Catalog, wanted: ReadonlySet<Symbol> | undefined): Promise<ReadonlyMap<Symbol, PrintedSeries>> {
  const found = new Map<Symbol, PrintedSeries>();
  const byName = (file: CatalogFile): boolean => wanted === undefined || wanted.has(nameOf(file) as Symbol);
  for (const file of [...catalog.files.filter(byName), ...catalog.files.filter((other) => !byName(other))]) {
    if (wanted && found.size === wanted.size) break;
    for (const series of await seriesIn(file, wanted)) {
      const other = found.get(series.symbol);
      if (other) throw new DataInvalid({ file: series.file }, `${series.symbol} is also in ${other.file}; keep one of the two`);
      found.set(series.symbol, series);
    }
  }
  return found;
}

export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const bytes = await readFile(path);
    return path.endsWith(".gz") ? await gunzipBytes(bytes) : bytes;
  } catch (cause) {
    throw new DataInvalid({ file: path }, `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

async function declaredCatalog(directory: string): Promise<Catalog> {
  const path = join(directory, "dataset.json");
  const manifest = parseManifest(new TextDecoder().decode(await readBytes(path)), path);
  const files: CatalogFile[] = [];
  for (const declared of manifest.files) {
    if (isCsv(declared.path)) files.push({ path: join(directory, declared.path), declared });
    else for (const name of (await namesIn(join(directory, declared.path))).filter(isCsv)) files.push({ path: join(directory, declared.path, name), declared });
  }
  const benchmark = manifest.files.find((file) => file.benchmarkOnly)?.symbol as Symbol | undefined;
  return { directory, manifest, files, corporateActions: manifest.corporateActions && join(directory, manifest.corporateActions), benchmark };
}

async function seriesIn(file: CatalogFile, wanted: ReadonlySet<Symbol> | undefined): Promise<readonly PrintedSeries[]> {
  const { path, declared } = file;
  const isWanted = (symbol: Symbol): boolean => !wanted || wanted.has(symbol);
  if (declared?.symbol !== undefined && !isWanted(declared.symbol as Symbol)) return [];
  const bytes = await readBytes(path);
  const header = readHeader(bytes, path);
  const others = header.filter((name) => !sameName(name, "date"));
  const known = PRICE_COLUMNS.filter((name) => others.some((other) => sameName(other, name)));
  const kind = known.length > 0 && !(known.length === 1 && known[0] === "close" && others.length === 1) ? "ohlcv" : "close-only";
  if (declared && declared.kind !== kind) {
    throw new DataInvalid({ file: path, line: 1 }, `dataset.json declares ${declared.kind}, and the columns are ${header.join(", ")}: that is ${kind}`);
  }
  const adjustment = declared?.adjustment ?? "raw";
  if (known.length === 0) return wideSeries(bytes, path, others, declared, adjustment, isWanted);

  const symbol = symbolOf(nameOf(file), path);
  if (!isWanted(symbol)) return [];
  const names = kind === "ohlcv" ? PRICE_COLUMNS : (["close"] as const);
  const { keys: days, numbers } = readColumns(bytes, path, "date", names, "forbidden");
  const bars: Bars =
    kind === "ohlcv"
      ? { kind, days, open: numbers[0]!, high: numbers[1]!, low: numbers[2]!, close: numbers[3]!, volume: numbers[4]! }
      : { kind, days, close: numbers[0]! };
  return [{ symbol, file: path, adjustment, bars, lineOf: lineOfRow, closeColumn: "close" }];
}

/** A column may be empty before a symbol's listing and after its end; a gap between is for the checks to find. */
function wideSeries(
  bytes: Uint8Array,
  path: string,
  columns: readonly string[],
  declared: ManifestFile | undefined,
  adjustment: Adjustment,
  isWanted: (symbol: Symbol) => boolean,
): readonly PrintedSeries[] {
  if (declared?.symbol !== undefined && columns.length !== 1) {
    throw new DataInvalid({ file: path, line: 1 }, `dataset.json names one symbol, ${declared.symbol}, and the file has ${columns.length} columns of closes`);
  }
  const symbols = columns.map((column) => symbolOf(declared?.symbol ?? column, path));
  const picked = columns.filter((_, i) => isWanted(symbols[i]!));
  if (picked.length === 0) return [];
  const { keys: days, numbers } = readColumns(bytes, path, "date", picked, "allowed");
  return picked.map((column, i) => {
    const rows = rowsWithValue(numbers[i]!);
    const isFull = rows.length === days.length;
    return {
      symbol: symbols[columns.indexOf(column)]!,
      file: path,
      adjustment,
      bars: { kind: "close-only", days: isFull ? days : rows.map((row) => days[row]!), close: isFull ? numbers[i]! : Float64Array.from(rows, (row) => numbers[i]![row]!) },
      lineOf: (bar) => lineOfRow(rows[bar]!),
      closeColumn: column,
    };
  });
}

function rowsWithValue(column: Float64Array): Int32Array {
  const rows = new Int32Array(column.length);
  let count = 0;
  for (let row = 0; row < column.length; row += 1) if (!Number.isNaN(column[row])) rows[count++] = row;
  return rows.slice(0, count);
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (cause) {
    throw new DataInvalid({ file: directory }, `the folder cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function isCsv(name: string): boolean {
  return /\.csv(\.gz)?$/i.test(name);
}

function stem(path: string): string {
  return basename(path).replace(/\.csv(\.gz)?$/i, "");
}

function nameOf({ path, declared }: CatalogFile): string {
  return declared?.symbol ?? stem(path).toUpperCase();
}
