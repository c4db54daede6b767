/**
 * Everything that ballast.yaml asks AWS to build: one table, one bucket, two dead-letter queues, one topic for alarms, one
 * function with its schedules for each strategy, and the watch over all of them.
 *
 * The table holds the only copy of what was traded, so it is kept when the stack goes, cannot be deleted by accident
 * and can be restored to any second of the last 35 days. The bucket holds what the runs were told and events that no
 * item can hold, under content hashes, and is kept too. Secrets are referenced by name: they exist before the stack.
 */
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { AttributeType, Billing, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { ServicePrincipal, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Code } from "aws-cdk-lib/aws-lambda";
import { ScheduleExpression, ScheduleGroup } from "aws-cdk-lib/aws-scheduler";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { Config } from "../src/config.ts";
import { EXPIRY_ATTRIBUTE, PARTITION_KEY, SORT_KEY } from "../src/state/dynamodb-table.ts";
import { alarmOnOccurrence } from "./alarms.ts";
import { BallastFunction } from "./ballast-function.ts";
import { refuseUnconfirmedLive } from "./live-confirmation.ts";
import { AliasSchedules } from "./schedule-alias.ts";
import { StrategyFunction } from "./strategy-function.ts";

interface BallastStackProps extends StackProps {
  readonly config: Config;
  /** The folder of bundle-handlers.ts. */
  readonly code: Code;
  /** Accounts of real money that the operator confirmed, by name. */
  readonly confirmedLive: readonly string[];
}

export class BallastStack extends Stack {
  /** @throws ConfigInvalid when an account of real money is not confirmed. */
  constructor(scope: Construct, id: string, { config, code, confirmedLive, ...props }: BallastStackProps) {
    refuseUnconfirmedLive(config, confirmedLive);
    super(scope, id, { description: "Ballast: scheduled rebalancing of portfolios", ...props });
    const table = new TableV2(this, "Table", {
      partitionKey: { name: PARTITION_KEY, type: AttributeType.STRING },
      sortKey: { name: SORT_KEY, type: AttributeType.STRING },
      timeToLiveAttribute: EXPIRY_ATTRIBUTE,
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const bucket = new Bucket(this, "Blobs", {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const alarms = this.#alarmTopic();
    const undelivered = this.#deadLetters("UndeliveredTriggers", alarms, "The scheduler could not deliver a trigger. Its session may be over: look at the message before anything is sent again.");
    const failedRuns = this.#deadLetters("FailedRuns", alarms, "The execution of a run failed, was stopped or timed out. The message is its trigger; delivered to the function again, the run is resumed.");
    const group = new ScheduleGroup(this, "ScheduleGroup");
    const foundation = { code, table, bucket, failedRuns };

    for (const deployment of config.deployments) {
      const name = `${deployment.account}-${deployment.strategy.name}`;
      const account = config.accounts.get(deployment.account)!;
      const { aliasArn } = new StrategyFunction(this, name, { ...foundation, deployment, account, group, undelivered, alarms });
      new CfnOutput(this, `Function-${name}`, { value: aliasArn, description: `Rebalances ${deployment.strategy.name} on account ${deployment.account}` });
    }

    const watch = new BallastFunction(this, "Watch", { ...foundation, handler: "watch", description: "Looks for runs that did not start or do not end", timeout: Duration.minutes(2) });
    new AliasSchedules(this, "WatchSchedules", {
      alias: watch.alias,
      group,
      undelivered,
      description: "The watch over the runs of all strategies",
      expressions: { Regular: ScheduleExpression.rate(Duration.minutes(10)) },
      input: {},
    });
    alarmOnOccurrence(this, "WatchErrors", { metric: watch.function.metricErrors({ period: Duration.minutes(30) }), topic: alarms, description: "The watch over the runs failed. Read its log." });

    new CfnOutput(this, "TableName", { value: table.tableName, description: "Journals and state" });
    new CfnOutput(this, "BucketName", { value: bucket.bucketName, description: "Records of what the runs were told, and events too large for the table" });
    new CfnOutput(this, "AlarmTopic", { value: alarms.topicArn, description: "Subscribe to it to hear of alarms" });
  }

  #alarmTopic(): Topic {
    const topic = new Topic(this, "Alarms", { enforceSSL: true });
    // A topic with a policy of its own no longer lets the account's alarms in by default.
    topic.addToResourcePolicy(
      new PolicyStatement({
        actions: ["sns:Publish"],
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        resources: [topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": this.account } },
      }),
    );
    return topic;
  }

  #deadLetters(id: string, alarms: Topic, description: string): Queue {
    const queue = new Queue(this, id, { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) });
    alarmOnOccurrence(this, `${id}Alarm`, { metric: queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5) }), topic: alarms, description });
    return queue;
  }
}
