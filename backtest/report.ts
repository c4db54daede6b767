/**
 * What a backtest leaves in a folder: orders.csv, fills.csv, equity.csv, journal.jsonl, summary.json and report.html.
 *
 * Amounts in the CSV files are exact decimals, instants are UTC, fields are quoted as RFC 4180 says. The files of an
 * earlier backtest in the folder are replaced. `sha256sum journal.jsonl` gives the journal hash.
 */
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "../src/make-directory.ts";
import { moneyToNumber, moneyToText, quantityToText } from "../src/money.ts";
import type { JournalEvent } from "../src/run/journal.ts";
import { dateOfEpochDay, isoOf, type EpochDay } from "../src/time.ts";
import { reportPage } from "./report-page.ts";
import { journalLines, type BacktestResult } from "./result.ts";
import { drawdownsOf, statisticsOf } from "./statistics.ts";
import { summaryOf } from "./summary.ts";

export async function writeOutputs(directory: string, result: BacktestResult, runs: readonly (readonly JournalEvent[])[]): Promise<void> {
  const statistics = statisticsOf(result);
  makeDirectory(directory);
  await writeLines(join(directory, "orders.csv"), orderLines(result));
  await writeLines(join(directory, "fills.csv"), fillLines(result));
  await writeLines(join(directory, "equity.csv"), equityLines(result));
  await writeLines(join(directory, "journal.jsonl"), journalLines(runs));
  await writeFile(join(directory, "summary.json"), `${JSON.stringify(summaryOf(result, statistics), null, 2)}\n`);
  await writeFile(join(directory, "report.html"), await reportPage(result, statistics));
}

function* orderLines({ orders }: BacktestResult): Generator<string> {
  yield csvLine(["scheduled_at", "planned_at", "client_order_id", "symbol", "side", "type", "quantity", "reference_price", "price_bound", "expected_fees", "status", "filled_quantity", "reason"]);
  for (const order of orders) {
    yield csvLine([
      isoOf(order.scheduledAt),
      isoOf(order.plannedAt),
      order.clientOrderId,
      order.symbol,
      order.side,
      order.type,
      quantityToText(order.quantity),
      moneyToText(order.referencePrice),
      moneyToText(order.priceBound),
      moneyToText(order.expectedFees),
      order.status,
      quantityToText(order.filledQuantity),
      order.reason,
    ]);
  }
}

function* fillLines({ fills }: BacktestResult): Generator<string> {
  yield csvLine(["at", "fill_id", "client_order_id", "symbol", "side", "quantity", "price", "notional", "reason"]);
  for (const { at, id, clientOrderId, symbol, side, quantity, price, notional, reason } of fills) {
    yield csvLine([isoOf(at), id, clientOrderId, symbol, side, quantityToText(quantity), moneyToText(price), moneyToText(notional), reason]);
  }
}

function* equityLines({ days, equity, cash, benchmark, symbols, weights, startEquity }: BacktestResult): Generator<string> {
  const drawdowns = drawdownsOf(moneyToNumber(startEquity), equity);
  yield csvLine(["date", "equity", "cash", "drawdown", benchmark ? `benchmark_${benchmark.symbol}` : "benchmark", ...symbols.map((symbol) => `weight_${symbol}`)]);
  for (let i = 0; i < days.length; i += 1) {
    const beside = benchmark?.equity[i] ?? Number.NaN;
    yield csvLine([
      dateOfEpochDay(days[i] as EpochDay),
      String(equity[i]),
      String(cash[i]),
      rounded(drawdowns[i]!),
      Number.isNaN(beside) ? "" : beside.toFixed(2),
      ...weights.map((column) => rounded(column[i]!)),
    ]);
  }
}

/** Quotes a field that holds a comma, a quote or a line break. */
export function csvLine(fields: readonly string[]): string {
  return fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}

function rounded(fraction: number): string {
  return String(Number(fraction.toFixed(6)));
}

/** A journal may be larger than one string can be, so lines go out in portions. */
async function writeLines(path: string, lines: Iterable<string>): Promise<void> {
  const file = await open(path, "w");
  try {
    let portion = "";
    for (const line of lines) {
      portion += `${line}\n`;
      if (portion.length < 1 << 20) continue;
      await file.write(portion);
      portion = "";
    }
    await file.write(portion);
  } finally {
    await file.close();
  }
}
