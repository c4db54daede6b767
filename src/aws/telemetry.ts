/**
 * Metrics as lines of the log: CloudWatch reads them out of standard output (its embedded metric format), so a metric
 * costs no call that could fail. The alarms of lib/ are set on these names.
 *
 * A metric is written at least once: a run that is delivered again reports its outcome again.
 */
import type { Instant } from "../time.ts";

export const METRIC_NAMESPACE = "Ballast";

/** Each is a count by account and strategy, also when it is 0, so that silence can be told from health. */
export type MetricName =
  /** 1 for a run that ended otherwise than completed or unchanged, or that could not go on. */
  | "RunFailures"
  /** Runs that should have started or ended by now and have not. */
  | "RunsOverdue";

/** What a metric is about; other fields are for the reader of the log. */
interface MetricSubject {
  readonly account: string;
  readonly strategy: string;
  readonly [fact: string]: string | number;
}

/** One JSON object for a line of its own. Format: "Embedded metric format specification" in the CloudWatch user guide. */
export function metricLine(name: MetricName, value: number, { account, strategy, ...facts }: MetricSubject, at: Instant): string {
  const directive = { Namespace: METRIC_NAMESPACE, Dimensions: [["Account", "Strategy"]], Metrics: [{ Name: name, Unit: "Count" }] };
  return JSON.stringify({ _aws: { Timestamp: at, CloudWatchMetrics: [directive] }, Account: account, Strategy: strategy, [name]: value, ...facts });
}
