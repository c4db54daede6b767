/**
 * Starts a function by the clock.
 *
 * The scheduler delivers at least once and at the instant itself, with no window to spread over. What it cannot deliver
 * within five minutes goes to the queue instead: a rebalance that starts hours late is worse than none. Its role may
 * invoke the one alias and write to the one queue.
 */
import { Duration, Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement, Role, ServicePrincipal, PolicyDocument } from "aws-cdk-lib/aws-iam";
import type { Alias, IFunction } from "aws-cdk-lib/aws-lambda";
import { Schedule, ScheduleTargetInput, TimeWindow, type ScheduleExpression, type ScheduleGroup } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

interface AliasSchedulesProps {
  readonly alias: Alias;
  readonly group: ScheduleGroup;
  /** Receives what could not be delivered. */
  readonly undelivered: IQueue;
  readonly description: string;
  /** By the construct's id. */
  readonly expressions: Readonly<Record<string, ScheduleExpression>>;
  readonly input: Readonly<Record<string, string>>;
}

export class AliasSchedules extends Construct {
  constructor(scope: Construct, id: string, { alias, group, undelivered, description, expressions, input }: AliasSchedulesProps) {
    super(scope, id);
    const role = new Role(this, "Role", {
      // Only for this group's schedules: another's schedule cannot borrow the role.
      assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account, "aws:SourceArn": group.scheduleGroupArn } },
      }),
      inlinePolicies: {
        Deliver: new PolicyDocument({
          statements: [
            new PolicyStatement({ effect: Effect.ALLOW, actions: ["lambda:InvokeFunction"], resources: [alias.functionArn] }),
            new PolicyStatement({ effect: Effect.ALLOW, actions: ["sqs:SendMessage"], resources: [undelivered.queueArn] }),
          ],
        }),
      },
    });
    const target = new LambdaInvoke(alias as IFunction, {
      // As it is: the target would add every qualifier of the alias to the policy.
      role: role.withoutPolicyUpdates(),
      input: ScheduleTargetInput.fromObject(input),
      retryAttempts: 2,
      maxEventAge: Duration.minutes(5),
      deadLetterQueue: undelivered,
    });
    for (const [name, schedule] of Object.entries(expressions)) {
      new Schedule(this, name, { schedule, target, scheduleGroup: group, description, timeWindow: TimeWindow.off() });
    }
  }
}
