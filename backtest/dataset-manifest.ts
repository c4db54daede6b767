/**
 * dataset.json: what a data set says of itself where file names and headers cannot: whether prices are adjusted, where
 * they come from, which symbol is only a yardstick. Without it every file is taken as raw prices, and that is said.
 */
import { z } from "zod";
import { DataInvalid } from "./dataset-invalid.ts";

const relativePath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith("/") && !path.split(/[/\\]/).includes(".."), "a path inside the data set's folder");

const symbolText = z.string().regex(/^[A-Z0-9][A-Z0-9.^=-]{0,15}$/, "a symbol in capitals");

const fileSchema = z.strictObject({
  /** A CSV file, or a folder of SYMBOL.csv files; .csv.gz is read as well. */
  path: relativePath,
  kind: z.enum(["ohlcv", "close-only"]),
  adjustment: z.enum(["raw", "split-and-dividend"]),
  /** The symbol of a file that is not called after it, or whose only column of closes has another name. */
  symbol: symbolText.optional(),
  /** Drawn beside a result and never traded. */
  benchmarkOnly: z.boolean().default(false),
});

const manifestSchema = z.strictObject({
  name: z.string().min(1),
  source: z.string().min(1),
  licence: z.string().min(1),
  files: z.array(fileSchema).min(1),
  corporateActions: relativePath.optional(),
  /** Said to the user with every backtest on these data. */
  caveats: z.array(z.string().min(1)).default([]),
  /** Overnight moves that look like a missing split and are none. */
  acceptedMoves: z.array(z.strictObject({ symbol: symbolText, date: z.iso.date(), reason: z.string().min(1) })).default([]),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestFile = z.infer<typeof fileSchema>;

/** @throws DataInvalid when the text is no JSON or does not fit the schema. */
export function parseManifest(text: string, file: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DataInvalid({ file }, `no valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) throw new DataInvalid({ file }, z.prettifyError(parsed.error), { cause: parsed.error });
  const benchmarks = parsed.data.files.filter((entry) => entry.benchmarkOnly);
  if (benchmarks.length > 1) throw new DataInvalid({ file }, `only one file may be benchmarkOnly, and ${benchmarks.map((entry) => entry.path).join(", ")} are`);
  const unnamed = benchmarks.find((entry) => entry.symbol === undefined);
  if (unnamed) throw new DataInvalid({ file }, `${unnamed.path} is benchmarkOnly and needs a "symbol"`);
  return parsed.data;
}
