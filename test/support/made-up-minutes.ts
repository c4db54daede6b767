/** Directories of minute bars, a line each. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** `rows` are `time,open,high,low,close,volume`; `quotes` are `time,bid_open,bid_close,bid_size,ask_open,ask_close,ask_size`. */
export function writeMinutes(directory: string, symbol: string, date: string, rows: readonly string[], quotes?: readonly string[]): void {
  const folder = join(directory, "minute", symbol);
  mkdirSync(folder, { recursive: true });
  const name = join(folder, date.replaceAll("-", ""));
  writeFileSync(`${name}_trade.csv`, `time,open,high,low,close,volume\n${rows.map((row) => `${row}\n`).join("")}`);
  if (quotes) writeFileSync(`${name}_quote.csv`, `time,bid_open,bid_close,bid_size,ask_open,ask_close,ask_size\n${quotes.map((row) => `${row}\n`).join("")}`);
}

/** A minute's close is the next one's open, a cent up or down, for each minute from 9:30 to 16:00. */
export function wanderingMinutes(start: number): readonly string[] {
  let cents = start * 100;
  return Array.from({ length: 390 }, (_, minute) => {
    const open = cents;
    cents += (minute * 7 + Math.floor(minute / 13)) % 3 - 1;
    const time = `${String(Math.floor((570 + minute) / 60)).padStart(2, "0")}:${String((570 + minute) % 60).padStart(2, "0")}`;
    return `${time},${open / 100},${(Math.max(open, cents) + 2) / 100},${(Math.min(open, cents) - 2) / 100},${cents / 100},40000`;
  });
}
