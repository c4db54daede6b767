/**
 * One deployed strategy: its durable function, the schedules that start it in New York time, and its alarms.
 *
 * The schedules fire on every weekday at which a run might be due; the handler drops the others. The payload names the
 * account and the strategy and carries the scheduled instant, which is the run's identity.
 */
import { Duration, TimeZone } from "aws-cdk-lib";
import { ContextAttribute, ScheduleExpression, type ScheduleGroup } from "aws-cdk-lib/aws-scheduler";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { AccountConfig } from "../src/config.ts";
import type { Deployment } from "../src/run/deployment.ts";
import { eventBridgeExpressions, scheduleToText } from "../src/rules/schedule.ts";
import { alarmOnOccurrence, strategyMetric } from "./alarms.ts";
import { BallastFunction, type Foundation } from "./ballast-function.ts";
import { AliasSchedules } from "./schedule-alias.ts";

interface StrategyFunctionProps extends Foundation {
  readonly deployment: Deployment;
  readonly account: AccountConfig;
  readonly group: ScheduleGroup;
  readonly undelivered: IQueue;
  readonly alarms: ITopic;
}

export class StrategyFunction extends Construct {
  readonly aliasArn: string;

  constructor(scope: Construct, id: string, { deployment, account, group, undelivered, alarms, ...foundation }: StrategyFunctionProps) {
    super(scope, id);
    const { strategy } = deployment;
    const what = `${strategy.name} on account ${account.name}`;
    const rebalance = new BallastFunction(this, "Rebalance", {
      ...foundation,
      handler: "rebalance",
      description: `Rebalances ${what}`,
      // One call of the run: hundreds of orders at the pace that the broker allows. What is cut short is resumed.
      timeout: Duration.minutes(15),
      secret: account.secret,
      ...(account.venue === "alpaca-live" && { confirmLive: account.name }),
      // From a schedule after Thursday's close to the end of Tuesday's session, and half a day to confirm what is open.
      durable: { executionTimeout: Duration.days(7), retentionPeriod: Duration.days(30) },
    });
    this.aliasArn = rebalance.alias.functionArn;

    const [regular, halfDays] = eventBridgeExpressions(strategy.schedule).map(({ expression, timezone }) => ScheduleExpression.expression(expression, TimeZone.of(timezone)));
    new AliasSchedules(this, "Schedules", {
      alias: rebalance.alias,
      group,
      undelivered,
      description: `${what}: ${scheduleToText(strategy.schedule)}`,
      expressions: { ...(regular && { Regular: regular }), ...(halfDays && { HalfDays: halfDays }) },
      input: { account: account.name, strategy: strategy.name, scheduledAt: ContextAttribute.scheduledTime },
    });

    alarmOnOccurrence(this, "Errors", {
      metric: rebalance.function.metricErrors({ period: Duration.minutes(5) }),
      topic: alarms,
      description: `The function of ${what} failed or ran out of time. Read its log; the run is resumed where it was when the trigger is delivered again.`,
    });
    alarmOnOccurrence(this, "RunFailed", {
      metric: strategyMetric("RunFailures", account.name, strategy.name),
      topic: alarms,
      description: `A run of ${what} ended otherwise than completed or unchanged. Its log line "the run has closed" has the outcome and the refusals.`,
    });
    alarmOnOccurrence(this, "RunOverdue", {
      metric: strategyMetric("RunsOverdue", account.name, strategy.name),
      topic: alarms,
      silenceIsTrouble: true,
      description: `A run of ${what} did not start within ten minutes or did not end within an hour of its session's close; or the watch itself is silent. Its log names the run.`,
    });
  }
}
