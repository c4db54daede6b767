/** What a bench suite gives to run.ts: named figures, each measured several times. */

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Measurements behind the median. */
  readonly runs: number;
  readonly target?: Target;
}

/** What is promised of a figure's median. */
export type Target = { readonly atLeast: number } | { readonly below: number };

export interface BenchSuite {
  readonly title: string;
  /** Tells `progress` what is being measured next. */
  measure(progress: (what: string) => void): Promise<readonly Figure[]>;
  /** The same steps with numbers so small that the figures mean nothing, to see that they work. */
  rehearse?(progress: (what: string) => void): Promise<readonly Figure[]>;
}

export function figure(name: string, unit: string, values: readonly number[], target?: Target): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  return { name, unit, median: medianOf(values), low: sorted[0]!, high: sorted.at(-1)!, runs: sorted.length, ...(target && { target }) };
}

export function isMet({ median }: Pick<Figure, "median">, target: Target): boolean {
  return "below" in target ? median < target.below : median >= target.atLeast;
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
