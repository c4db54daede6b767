/** corporate_actions.csv becomes splits and dividends by symbol: `symbol,ex_date,type,value` and optionally `prev_close`, `pay_date`. */
import type { Symbol } from "../src/trade.ts";
import type { CorporateAction } from "../src/rules/corporate-actions.ts";
import { epochDayOf, sessionDateOf, type EpochDay } from "../src/time.ts";
import { readRecords, type CsvRecord } from "./csv.ts";
import { symbolOf } from "./dataset-files.ts";
import { DataInvalid } from "./dataset-invalid.ts";

/** An action as its line has it. The close before a dividend is known only once it is held against the bars. */
export type PrintedAction =
  | { readonly type: "split"; readonly exDay: EpochDay; readonly ratio: number; readonly line: number }
  | {
      readonly type: "dividend";
      readonly exDay: EpochDay;
      readonly amount: number;
      readonly statedClose: number | undefined;
      readonly payDay: EpochDay | undefined;
      readonly line: number;
    };

/** By symbol, then by ex-date; a dividend stands before a split of the same day, being paid on the old shares. */
export function readActions(bytes: Uint8Array, file: string): ReadonlyMap<Symbol, readonly PrintedAction[]> {
  const bySymbol = new Map<Symbol, PrintedAction[]>();
  const seen = new Map<string, number>();
  for (const record of readRecords(bytes, file, ["symbol", "ex_date", "type", "value"])) {
    const identity = ["symbol", "ex_date", "type", "value"].map((name) => record.fields.get(name)).join();
    const earlier = seen.get(identity);
    if (earlier !== undefined) throw new DataInvalid({ file, line: record.line }, `the line repeats line ${earlier}; remove one of them`);
    seen.set(identity, record.line);
    const symbol = symbolOf(record.fields.get("symbol")!, file);
    const actions = bySymbol.get(symbol) ?? [];
    actions.push(actionOf(record, file));
    bySymbol.set(symbol, actions);
  }
  for (const actions of bySymbol.values()) actions.sort((a, b) => a.exDay - b.exDay || (a.type < b.type ? -1 : a.type > b.type ? 1 : a.line - b.line));
  return bySymbol;
}

function actionOf(record: CsvRecord, file: string): PrintedAction {
  const { line } = record;
  const type = record.fields.get("type")!.toLowerCase();
  const exDay = dayIn(record, "ex_date", file);
  const value = positiveIn(record, "value", file);
  if (type === "split") return { type, exDay, ratio: value, line };
  if (type !== "dividend") throw new DataInvalid({ file, line, column: "type" }, `${JSON.stringify(type)} is neither "split" nor "dividend"`);
  const statedClose = record.fields.get("prev_close") ? positiveIn(record, "prev_close", file) : undefined;
  if (statedClose !== undefined && value >= statedClose) {
    throw new DataInvalid({ file, line, column: "value" }, `a dividend of ${value} is not below the close before it, ${statedClose}; is the amount a total instead of an amount per share?`);
  }
  const payDay = record.fields.get("pay_date") ? dayIn(record, "pay_date", file) : undefined;
  if (payDay !== undefined && payDay < exDay) throw new DataInvalid({ file, line, column: "pay_date" }, "the dividend is paid before its ex-date");
  return { type, exDay, amount: value, statedClose, payDay, line };
}

function positiveIn(record: CsvRecord, column: string, file: string): number {
  const text = record.fields.get(column)!;
  const value = text === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new DataInvalid({ file, line: record.line, column }, `${JSON.stringify(text)} is no number above 0`);
}

function dayIn(record: CsvRecord, column: string, file: string): EpochDay {
  const text = record.fields.get(column)!;
  try {
    return epochDayOf(sessionDateOf(text));
  } catch (cause) {
    throw new DataInvalid({ file, line: record.line, column }, `${JSON.stringify(text)} is no date; dates are written YYYY-MM-DD`, { cause });
  }
}

/** What a run works with: the close before each dividend as the bars print it. */
export function settledAction(action: PrintedAction, previousClose: number, file: string): CorporateAction {
  if (action.type === "split") return { type: "split", exDay: action.exDay, ratio: action.ratio };
  if (action.amount >= previousClose) {
    throw new DataInvalid({ file, line: action.line, column: "value" }, `a dividend of ${action.amount} is not below the close before it, ${previousClose} in the bars`);
  }
  const { type, exDay, amount, payDay } = action;
  return payDay === undefined ? { type, exDay, amount, previousClose } : { type, exDay, amount, previousClose, payDay };
}
