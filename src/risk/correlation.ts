/**
 * How much the targets of a run are one bet.
 *
 * Measured over daily returns (close to close) of the targets with a positive weight, on the newest `lookback` pairs of
 * days that follow each other in all of their bars. `average` is the mean correlation of all pairs, each weighed by the
 * product of its two targets. `eigenvalueShare` is the largest eigenvalue of the correlation matrix whose rows and
 * columns are weighed by the roots of the targets, which add up to 1: the share of variation that one factor explains.
 * One target alone has no pairs and is not measured. With fewer than MIN_RETURNS common returns nothing is known, and
 * both count as 1: the most concentrated that targets can be. A price that never moves is correlated with nothing.
 * Floating point with +, -, x, / and square roots only, in the order of the symbols: the same everywhere.
 */
import type { MarketView, Symbol } from "../trade.ts";

const MIN_RETURNS = 20;
const ITERATIONS_MAX = 500;

export interface CorrelationMeasure {
  readonly average: number;
  readonly eigenvalueShare: number;
}

/** Weights in any unit; undefined for fewer than two targets above 0. */
export function measureCorrelation(targets: readonly { readonly symbol: Symbol; readonly weight: number }[], view: Pick<MarketView, "bars">, lookback: number): CorrelationMeasure | undefined {
  const held = targets.filter(({ weight }) => weight > 0);
  if (held.length < 2) return undefined;
  const sum = held.reduce((total, { weight }) => total + weight, 0);
  const weights = held.map(({ weight }) => weight / sum);
  const returns = commonReturns(held.map(({ symbol }) => symbol), view, lookback);
  if (returns[0]!.length < MIN_RETURNS) return { average: 1, eigenvalueShare: 1 };
  const standard = returns.map(standardised);
  const matrix = standard.map((row) => standard.map((column) => dot(row, column)));
  return { average: averageOf(matrix, weights), eigenvalueShare: eigenvalueShareOf(matrix, weights) };
}

function commonReturns(symbols: readonly Symbol[], view: Pick<MarketView, "bars">, lookback: number): readonly (readonly number[])[] {
  const series = symbols.map((symbol) => view.bars(symbol));
  const counts = new Map<number, number>();
  for (const { days } of series) for (const day of days) counts.set(day, (counts.get(day) ?? 0) + 1);
  const common = new Set([...counts].filter(([, count]) => count === series.length).map(([day]) => day));
  return series.map(({ days, close }) => {
    const closes = [...close].filter((_, i) => common.has(days[i]!)).slice(-lookback - 1);
    return closes.slice(1).map((price, i) => price / closes[i]! - 1);
  });
}

/** Mean 0 and length 1, so that a correlation is a product; all zeros for a series that never moves. */
function standardised(values: readonly number[]): readonly number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const centred = values.map((value) => value - mean);
  const length = Math.sqrt(dot(centred, centred));
  return centred.map((value) => (length > 1e-12 ? value / length : 0));
}

function averageOf(matrix: readonly (readonly number[])[], weights: readonly number[]): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < weights.length; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const weight = weights[i]! * weights[j]!;
      sum += weight * matrix[i]![j]!;
      total += weight;
    }
  }
  return sum / total;
}

/** By power iteration from a start that leans toward no eigenvector; each round can only come closer, from below. */
function eigenvalueShareOf(matrix: readonly (readonly number[])[], weights: readonly number[]): number {
  const weighed = matrix.map((row, i) => row.map((value, j) => (i === j ? 1 : value) * Math.sqrt(weights[i]! * weights[j]!)));
  let vector = unit(weights.map((weight, i) => Math.sqrt(weight) * (1 + (((i + 1) * 0.618_033_988_75) % 1))));
  let share = 0;
  for (let round = 0; round < ITERATIONS_MAX; round += 1) {
    const next = weighed.map((row) => dot(row, vector));
    const before = share;
    share = dot(next, vector);
    if (Math.abs(share - before) < 1e-10) return share;
    vector = unit(next);
  }
  return share;
}

function unit(vector: readonly number[]): readonly number[] {
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / length);
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}
