/**
 * What a curve of equity says about itself. All figures are plain fractions (0.1 is 10 %) unless named otherwise.
 *
 * - Returns are simple returns from one session's close to the next; the first is measured from the start equity.
 * - A year is 252 sessions for volatility, Sharpe and Sortino, and 365.25 calendar days for growth and turnover.
 * - Volatility is the sample standard deviation of the returns (n - 1) x sqrt(252).
 * - Sharpe is the mean return over that deviation x sqrt(252), with a risk-free rate of zero. Sortino takes the root of
 *   the mean squared negative return (over all sessions) instead of the deviation.
 * - Drawdown is measured from the highest equity so far, the start equity included; it is zero or negative.
 * - Calmar is CAGR over the size of the largest drawdown.
 * - Turnover is half of all traded value, over the average equity, a year: 1 means that everything was replaced once.
 * - Exposure is the average share of equity that was invested.
 *
 * A figure that is not defined (no variation, no drawdown, no time) is null, never NaN or infinity.
 */
import { dateOfEpochDay, type EpochDay, type SessionDate } from "../src/time.ts";
import { moneyToNumber } from "../src/money.ts";
import type { BacktestResult } from "./result.ts";

const SESSIONS_A_YEAR = 252;
const DAYS_A_YEAR = 365.25;

export interface Drawdown {
  /** Zero or negative. */
  readonly depth: number;
  /** Null when there was no drawdown. */
  readonly peak: SessionDate | null;
  readonly trough: SessionDate | null;
  /** Null as long as the peak has not been reached again. */
  readonly recovery: SessionDate | null;
}

export interface DayReturn {
  readonly date: SessionDate;
  readonly value: number;
}

export interface PeriodReturn {
  /** "2020" or "2020-03". */
  readonly period: string;
  readonly value: number;
}

export interface CurveStatistics {
  readonly sessions: number;
  readonly years: number;
  readonly startEquity: number;
  readonly endEquity: number;
  readonly totalReturn: number;
  readonly cagr: number | null;
  readonly volatility: number | null;
  readonly sharpe: number | null;
  readonly sortino: number | null;
  readonly maxDrawdown: Drawdown;
  readonly calmar: number | null;
  readonly bestDay: DayReturn | null;
  readonly worstDay: DayReturn | null;
  readonly monthly: readonly PeriodReturn[];
  readonly yearly: readonly PeriodReturn[];
}

export interface Statistics extends CurveStatistics {
  readonly orders: number;
  readonly fills: number;
  readonly turnover: number | null;
  readonly exposure: number | null;
  /** What trading cost: spread, impact and fees, in USD. */
  readonly tradingCost: number;
  /** That, as a share of the value traded. */
  readonly tradingCostShare: number | null;
  /** Of the benchmark over the sessions that it covers. */
  readonly benchmark: CurveStatistics | null;
}

export function statisticsOf(result: BacktestResult): Statistics {
  const curve = curveStatistics(result.days, moneyToNumber(result.startEquity), result.equity);
  const traded = result.fills.reduce((sum, fill) => sum + moneyToNumber(fill.notional), 0);
  const tradingCost = moneyToNumber(result.costs.spread) + moneyToNumber(result.costs.impact) + moneyToNumber(result.fees);
  return {
    ...curve,
    tradingCost,
    tradingCostShare: finite(tradingCost / traded),
    orders: result.orders.length,
    fills: result.fills.length,
    turnover: finite(traded / 2 / meanOf(result.equity) / curve.years),
    exposure: finite(meanOf(Float64Array.from(result.days, (_, i) => result.weights.reduce((sum, column) => sum + Math.abs(column[i]!), 0)))),
    benchmark: result.benchmark ? benchmarkStatistics(result, result.benchmark.equity) : null,
  };
}

/** `equity` at the close of each of `days`, in USD; `startEquity` before the first. */
export function curveStatistics(days: Int32Array, startEquity: number, equity: Float64Array): CurveStatistics {
  const returns = returnsOf(startEquity, equity);
  const years = days.length === 0 ? 0 : (days.at(-1)! - days[0]!) / DAYS_A_YEAR;
  const endEquity = equity.at(-1) ?? startEquity;
  const mean = meanOf(returns);
  const deviation = Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (returns.length - 1));
  const downside = Math.sqrt(returns.reduce((sum, value) => sum + Math.min(value, 0) ** 2, 0) / returns.length);
  const cagr = finite((endEquity / startEquity) ** (1 / years) - 1);
  const maxDrawdown = maxDrawdownOf(days, startEquity, equity);
  return {
    sessions: days.length,
    years,
    startEquity,
    endEquity,
    totalReturn: endEquity / startEquity - 1,
    cagr,
    volatility: finite(deviation * Math.sqrt(SESSIONS_A_YEAR)),
    sharpe: ratio(mean * Math.sqrt(SESSIONS_A_YEAR), deviation),
    sortino: ratio(mean * Math.sqrt(SESSIONS_A_YEAR), downside),
    maxDrawdown,
    calmar: cagr === null ? null : ratio(cagr, -maxDrawdown.depth),
    bestDay: extremeOf(days, returns, (a, b) => a > b),
    worstDay: extremeOf(days, returns, (a, b) => a < b),
    monthly: periodReturns(days, startEquity, equity, 7),
    yearly: periodReturns(days, startEquity, equity, 4),
  };
}

/** How far below its highest value so far the equity is, session by session: zero or negative. */
export function drawdownsOf(startEquity: number, equity: Float64Array): Float64Array {
  let peak = startEquity;
  return equity.map((value) => {
    peak = Math.max(peak, value);
    return value / peak - 1;
  });
}

function returnsOf(startEquity: number, equity: Float64Array): Float64Array {
  return equity.map((value, i) => value / (i === 0 ? startEquity : equity[i - 1]!) - 1);
}

/** Sessions before the benchmark's first are left out; its first value is then its start. */
function benchmarkStatistics({ days, startEquity }: BacktestResult, equity: Float64Array): CurveStatistics | null {
  const first = equity.findIndex((value) => !Number.isNaN(value));
  if (first < 0) return null;
  if (first === 0) return curveStatistics(days, moneyToNumber(startEquity), equity);
  return curveStatistics(days.subarray(first), equity[first]!, equity.subarray(first));
}

function maxDrawdownOf(days: Int32Array, startEquity: number, equity: Float64Array): Drawdown {
  const depths = drawdownsOf(startEquity, equity);
  const trough = depths.reduce((lowest, depth, i) => (depth < (depths[lowest] ?? 0) ? i : lowest), 0);
  const depth = depths[trough] ?? 0;
  if (depth >= 0) return { depth: 0, peak: null, trough: null, recovery: null };
  const peak = depths.subarray(0, trough).lastIndexOf(0);
  const recovery = depths.findIndex((value, i) => i > trough && value >= 0);
  // A curve that never exceeded its start has its peak there: on the first day.
  return { depth, peak: dateAt(days, Math.max(peak, 0)), trough: dateAt(days, trough), recovery: recovery < 0 ? null : dateAt(days, recovery) };
}

function extremeOf(days: Int32Array, returns: Float64Array, isMore: (a: number, b: number) => boolean): DayReturn | null {
  if (returns.length === 0) return null;
  const at = returns.reduce((found, value, i) => (isMore(value, returns[found]!) ? i : found), 0);
  return { date: dateAt(days, at), value: returns[at]! };
}

/** Returns by calendar month (7 characters of the date) or year (4), each from the end of the one before. */
function periodReturns(days: Int32Array, startEquity: number, equity: Float64Array, characters: number): PeriodReturn[] {
  const ends = new Map<string, number>();
  days.forEach((day, i) => ends.set(dateOfEpochDay(day as EpochDay).slice(0, characters), equity[i]!));
  let before = startEquity;
  return [...ends].map(([period, end]) => {
    const value = end / before - 1;
    before = end;
    return { period, value };
  });
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Differences that are nothing but rounding are no variation: a curve that stands still has no Sharpe ratio. */
function ratio(part: number, whole: number): number | null {
  return whole > 1e-12 ? finite(part / whole) : null;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function dateAt(days: Int32Array, i: number): SessionDate {
  return dateOfEpochDay(days[i] as EpochDay);
}
