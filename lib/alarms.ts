/** An alarm goes off at one occurrence, tells the topic, and says in its description what to do. */
import { Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData, type IMetric } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { METRIC_NAMESPACE, type MetricName } from "../src/aws/telemetry.ts";

interface AlarmOptions {
  readonly metric: IMetric;
  readonly topic: ITopic;
  /** What has happened and what to do. */
  readonly description: string;
  /** No data is as bad as an occurrence. */
  readonly silenceIsTrouble?: true;
}

export function alarmOnOccurrence(scope: Construct, id: string, { metric, topic, description, silenceIsTrouble }: AlarmOptions): Alarm {
  const alarm = new Alarm(scope, id, {
    metric,
    alarmDescription: description,
    threshold: 1,
    evaluationPeriods: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: silenceIsTrouble ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
  });
  alarm.addAlarmAction(new SnsAction(topic));
  return alarm;
}

/** A metric that the handlers write for one strategy, summed over half an hour. */
export function strategyMetric(name: MetricName, account: string, strategy: string): Metric {
  return new Metric({ namespace: METRIC_NAMESPACE, metricName: name, dimensionsMap: { Account: account, Strategy: strategy }, statistic: Stats.SUM, period: Duration.minutes(30) });
}
