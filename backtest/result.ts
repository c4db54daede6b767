/**
 * A finished backtest as one value: what was asked, what came out, and enough to check both.
 *
 * Orders and fills are read from the journal of the runs, so what a report shows is what the journal proves. The journal
 * hash is the SHA-256 of journal.jsonl as it is written: one event a line, runs in the order in which they were opened.
 */
import { createHash } from "node:crypto";
import type { Json } from "../src/json.ts";
import { moneyToNumber, notional, type Money, type Price, type Quantity } from "../src/money.ts";
import { isFailure, type RefusalCode } from "../src/risk/refusals.ts";
import { epochDayOf, type EpochDay, type Instant, type SessionDate } from "../src/time.ts";
import type { JournalEvent, RunOutcome } from "../src/run/journal.ts";
import type { FillProfileName } from "../src/simulator/fill-profiles.ts";
import type { ClientOrderId, OrderStatus, Side, Symbol } from "../src/trade.ts";
import { adjustedSeries, type Dataset, type Series } from "./dataset.ts";
import type { Costs } from "./trading-costs.ts";

export interface OrderRow {
  /** When the run that placed it was due. */
  readonly scheduledAt: Instant;
  readonly plannedAt: Instant;
  readonly clientOrderId: ClientOrderId;
  readonly symbol: Symbol;
  readonly side: Side;
  readonly type: "market" | "limit";
  readonly quantity: Quantity;
  readonly referencePrice: Price;
  readonly priceBound: Price;
  readonly expectedFees: Money;
  /** `open` while the journal has no end of it. */
  readonly status: OrderStatus | "not-received";
  readonly filledQuantity: Quantity;
  readonly reason: string;
}

export interface FillRow {
  readonly id: string;
  readonly at: Instant;
  readonly clientOrderId: ClientOrderId;
  readonly symbol: Symbol;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly price: Price;
  readonly notional: Money;
  /** Of the order. */
  readonly reason: string;
}

export interface BacktestResult {
  readonly strategy: string;
  readonly params: Json;
  readonly symbols: readonly Symbol[];
  readonly from: SessionDate;
  readonly to: SessionDate;
  readonly startEquity: Money;
  /** The sessions, as days since 1970-01-01; every column below has a value for each. */
  readonly days: Int32Array;
  /** USD at each session's close. */
  readonly equity: Float64Array;
  readonly cash: Float64Array;
  /** In the order of `symbols`: shares of equity. */
  readonly weights: readonly Float64Array[];
  /** Dividends put back, scaled to the equity it starts beside; NaN before its first bar. */
  readonly benchmark?: { readonly symbol: Symbol; readonly equity: Float64Array };
  readonly orders: readonly OrderRow[];
  readonly fills: readonly FillRow[];
  /** How many runs ended in which way. */
  readonly outcomes: Readonly<Partial<Record<RunOutcome, number>>>;
  /** How often something was refused, differences too small to trade left out. */
  readonly refusals: Readonly<Partial<Record<RefusalCode, number>>>;
  /** How the simulated market filled. */
  readonly profile: FillProfileName | "constant";
  readonly fees: Money;
  /** What trading cost beside the fees, as far as the market was quoted. */
  readonly costs: Costs;
  readonly dataHash: string;
  readonly journalHash: string;
  readonly seed: number;
  /** Everything else that the result depends on, to be shown. */
  readonly settings: Readonly<Record<string, Json>>;
  readonly notes: readonly string[];
  readonly seconds: number;
  /** Bars of traded symbols in the range, for each second. */
  readonly barsPerSecond: number;
}

/** What a replay of the market leaves behind. Rows of `weights` are sessions, in the order of the symbols. */
export interface ReplayRecord {
  readonly days: readonly number[];
  readonly equity: readonly number[];
  readonly cash: readonly number[];
  readonly weights: readonly (readonly number[])[];
  readonly runs: readonly (readonly JournalEvent[])[];
  readonly feesPaid: Money;
  readonly costs: Costs;
}

type Asked = Pick<BacktestResult, "strategy" | "params" | "symbols" | "from" | "to" | "startEquity" | "profile" | "seed" | "settings" | "seconds">;

/** `barsPlayed` where they are not the days of the data set. */
export function resultOf(record: ReplayRecord, asked: Asked, dataset: Dataset, barsPlayed?: number): BacktestResult {
  const { symbols, from, to, startEquity, seconds } = asked;
  const days = Int32Array.from(record.days);
  const equity = Float64Array.from(record.equity);
  const benchmark = dataset.benchmark === undefined ? undefined : benchmarkEquity(dataset.series.get(dataset.benchmark)!, days, moneyToNumber(startEquity), equity);
  return {
    ...asked,
    days,
    equity,
    cash: Float64Array.from(record.cash),
    weights: symbols.map((_, column) => Float64Array.from(record.weights, (row) => row[column]!)),
    ...(benchmark && { benchmark: { symbol: dataset.benchmark!, equity: benchmark } }),
    ...tradesOf(record.runs),
    fees: record.feesPaid,
    costs: record.costs,
    dataHash: dataset.hash,
    journalHash: journalHashOf(record.runs),
    notes: [...dataset.notes, ...cutNotes(record.runs)],
    barsPerSecond: Math.round((barsPlayed ?? barsBetween(dataset, symbols, epochDayOf(from), epochDayOf(to))) / seconds),
  };
}

/** The lines of journal.jsonl, without their newlines. */
export function* journalLines(runs: readonly (readonly JournalEvent[])[]): Generator<string> {
  for (const events of runs) for (const event of events) yield JSON.stringify(event);
}

export function journalHashOf(runs: readonly (readonly JournalEvent[])[]): string {
  const digest = createHash("sha256");
  for (const line of journalLines(runs)) digest.update(`${line}\n`);
  return digest.digest("hex");
}

const OUTCOMES: readonly RunOutcome[] = ["completed", "unchanged", "partial", "refused", "missed"];

function tradesOf(runs: ReplayRecord["runs"]): Pick<BacktestResult, "orders" | "fills" | "outcomes" | "refusals"> {
  const orders: OrderRow[] = [];
  const fills: FillRow[] = [];
  const outcomes = new Map<RunOutcome, number>(OUTCOMES.map((outcome) => [outcome, 0]));
  const refusals: Partial<Record<RefusalCode, number>> = {};
  for (const events of runs) {
    const ofRun = ordersOf(events);
    const intents = intentsOf(events);
    orders.push(...ofRun.values());
    for (const event of events) {
      if (event.type === "order-ended") fills.push(...fillsOf(event, ofRun.get(intents.get(event.clientOrderId) ?? event.clientOrderId)!));
      else if (event.type === "run-closed") outcomes.set(event.outcome, outcomes.get(event.outcome)! + 1);
      const refused = event.type === "targets-set" || event.type === "orders-planned" || event.type === "run-closed" ? event.refused : [];
      for (const refusal of refused) if (isFailure(refusal)) refusals[refusal.code] = (refusals[refusal.code] ?? 0) + 1;
    }
  }
  return { orders, fills, outcomes: Object.fromEntries([...outcomes].filter(([, count]) => count > 0)), refusals };
}

/** A cut that is smaller leaves a strategy what it is: the default cap under `realistic` takes a quarter of a percent. */
const CUT_TOLD = 0.01;

/** A study in which the caps decided more than the strategy says so. */
function cutNotes(runs: ReplayRecord["runs"]): readonly string[] {
  const decided = runs.flatMap((events) => events.filter((event) => event.type === "targets-set"));
  const limits = decided.map(({ targets }) => new Set(targets.flatMap(({ weight, clampedFrom, clampedBy = [] }) => (clampedFrom !== undefined && weight < clampedFrom * (1 - CUT_TOLD) ? clampedBy.map(({ limit }) => limit) : []))));
  const cut = limits.filter(({ size }) => size > 0);
  if (cut.length === 0) return [];
  const names = [...new Set(cut.flatMap((one) => [...one]))].sort().map((name) => `${name} in ${cut.filter((one) => one.has(name)).length}`);
  return [`In ${cut.length} of ${decided.length} runs targets were cut to a cap: ${names.join(", ")}. Less was held than the strategy asked for.`];
}

function ordersOf(events: readonly JournalEvent[]): Map<ClientOrderId, OrderRow> {
  const rows = new Map<ClientOrderId, OrderRow>();
  const opened = events.find((event) => event.type === "run-opened");
  for (const event of events) {
    if (event.type === "orders-planned") {
      for (const { clientOrderId, symbol, side, type, quantity, referencePrice, priceBound, expectedFees, reason } of event.orders) {
        const row = { clientOrderId, symbol, side, type, quantity, referencePrice, priceBound, expectedFees, reason };
        rows.set(clientOrderId, { scheduledAt: opened!.scheduledAt, plannedAt: event.at, ...row, status: "open", filledQuantity: 0 as Quantity });
      }
    } else if (event.type === "order-submitted" && event.outcome.kind === "rejected") {
      const row = rows.get(event.clientOrderId);
      if (row) rows.set(event.clientOrderId, { ...row, status: "rejected" });
    } else if (event.type === "order-ended" || event.type === "execution-ended") {
      const { clientOrderId, status, filledQuantity } = event;
      const row = rows.get(clientOrderId);
      if (row) rows.set(clientOrderId, { ...row, status, filledQuantity });
    }
  }
  return rows;
}

/** Of each order that a style of execution made, the planned order that it came of: rows are planned orders. */
function intentsOf(events: readonly JournalEvent[]): ReadonlyMap<ClientOrderId, ClientOrderId> {
  return new Map(events.flatMap((event) => (event.type === "child-planned" ? [[event.order.clientOrderId, event.intent] as const] : [])));
}

function fillsOf(event: Extract<JournalEvent, { type: "order-ended" }>, { clientOrderId, symbol, side, reason }: OrderRow): FillRow[] {
  return event.fills.map(({ id, at, quantity, price }) => ({ id, at, clientOrderId, symbol, side, quantity, price, notional: notional(price, quantity), reason }));
}

/** The benchmark at each session's close; a session without its bar keeps the close before. Undefined when it has no bar. */
function benchmarkEquity(series: Series, days: Int32Array, startEquity: number, equity: Float64Array): Float64Array | undefined {
  const { days: barDays, close } = adjustedSeries(series).bars;
  const result = new Float64Array(days.length).fill(Number.NaN);
  let bar = -1;
  let scale = Number.NaN;
  days.forEach((day, i) => {
    // A bar before the first session is what both start from; otherwise the benchmark joins at the equity of its first day.
    if (i === 0) while (bar + 1 < barDays.length && barDays[bar + 1]! < day) bar += 1;
    if (i === 0 && bar >= 0) scale = startEquity / close[bar]!;
    while (bar + 1 < barDays.length && barDays[bar + 1]! <= day) bar += 1;
    if (bar >= 0 && Number.isNaN(scale)) scale = equity[i]! / close[bar]!;
    if (bar >= 0) result[i] = close[bar]! * scale;
  });
  return bar < 0 ? undefined : result;
}

function barsBetween(dataset: Dataset, symbols: readonly Symbol[], from: EpochDay, to: EpochDay): number {
  return symbols.reduce((sum, symbol) => sum + dataset.series.get(symbol)!.bars.days.filter((day) => day >= from && day <= to).length, 0);
}
