/** What a bench suite gives to run.ts: named figures, each measured several times. */

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Measurements behind the median. */
  readonly runs: number;
}

export interface BenchSuite {
  readonly title: string;
  /** Tells `progress` what is being measured next. */
  measure(progress: (what: string) => void): Promise<readonly Figure[]>;
}

export function figure(name: string, unit: string, values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  return { name, unit, median: medianOf(values), low: sorted[0]!, high: sorted.at(-1)!, runs: sorted.length };
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
