/** Window statistics over the newest values of a column. Each returns NaN when the column is shorter than it needs. */

/** Mean of the last `count` values. */
export function averageOf(values: Float64Array, count: number): number {
  const start = values.length - count;
  if (start < 0 || count < 1) return Number.NaN;
  let sum = 0;
  for (let i = start; i < values.length; i += 1) sum += values[i]!;
  return sum / count;
}

/** Simple return over `count` bars, ending `skip` bars before the newest: 0.1 is +10 %. */
export function returnOver(closes: Float64Array, count: number, skip = 0): number {
  const end = closes.length - 1 - skip;
  const start = end - count;
  if (start < 0 || end < 0) return Number.NaN;
  return closes[end]! / closes[start]! - 1;
}

/** Sample standard deviation of the last `count` daily simple returns, a day, not annualised. */
export function volatilityOf(closes: Float64Array, count: number): number {
  const first = closes.length - count;
  if (first < 1 || count < 2) return Number.NaN;
  let mean = 0;
  for (let i = first; i < closes.length; i += 1) mean += closes[i]! / closes[i - 1]! - 1;
  mean /= count;
  let squares = 0;
  for (let i = first; i < closes.length; i += 1) {
    const deviation = closes[i]! / closes[i - 1]! - 1 - mean;
    squares += deviation * deviation;
  }
  return Math.sqrt(squares / (count - 1));
}
