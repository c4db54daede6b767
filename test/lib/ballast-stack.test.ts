import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Code } from "aws-cdk-lib/aws-lambda";
import { describe, expect, test } from "vitest";
import { BallastStack } from "../../lib/ballast-stack.ts";
import { ConfigInvalid, parseConfig } from "../../src/config.ts";
import { strategies } from "../../strategies/index.ts";
import { CDK_CONTEXT } from "./synthesise.ts";

const YAML = `
accounts:
  paper: { venue: alpaca-paper, secret: keys/paper }
  main: { venue: alpaca-live, secret: keys/main, feed: sip }
strategies:
  - strategy: momentum
    account: paper
    symbols: [SPY, IEF, GLD]
    schedule: last session of month at close-15m
  - strategy: fixed-weights
    account: main
    params: { weights: { SPY: 0.6, IEF: 0.4 } }
    schedule: every session at 10:00
`;

function synthesised(confirmedLive: readonly string[]): Record<string, Resource> {
  // Nothing is bundled for a look at the template.
  const stack = new BallastStack(new App({ context: { ...CDK_CONTEXT } }), "Ballast", { config: parseConfig(YAML, strategies), confirmedLive, code: Code.fromInline("// no code") });
  return (Template.fromStack(stack).toJSON() as { Resources: Record<string, Resource> }).Resources;
}

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
}

const resources = synthesised(["main"]);

/** In the order of the template. */
const all = (type: string): [string, Resource][] => Object.entries(resources).filter(([, { Type }]) => Type === type);

/** The one whose logical id begins so: ids are the paths of constructs, "paper-momentum/Rebalance/Function". */
function one(type: string, path: string): Resource & { readonly id: string } {
  const [match, ...more] = all(type).filter(([id]) => id.startsWith(path.replaceAll(/[/-]/g, "")));
  if (!match || more.length > 0) throw new Error(`${more.length + (match ? 1 : 0)} resources ${type} begin with ${path}`);
  return { id: match[0], ...match[1] };
}

const ref = (type: string, path: string): { Ref: string } => ({ Ref: one(type, path).id });
const arn = (type: string, path: string): { "Fn::GetAtt": [string, "Arn"] } => ({ "Fn::GetAtt": [one(type, path).id, "Arn"] });

describe("the schedules of a strategy", () => {
  test("fire in New York time, at the earlier time of half days too, and name the run by the scheduled instant", () => {
    const momentum = '{"account":"paper","strategy":"momentum","scheduledAt":"<aws.scheduler.scheduled-time>"}';
    const fixedWeights = '{"account":"main","strategy":"fixed-weights","scheduledAt":"<aws.scheduler.scheduled-time>"}';
    const schedules = all("AWS::Scheduler::Schedule").map(([, { Properties: p }]) => [p["ScheduleExpression"], p["ScheduleExpressionTimezone"], (p["Target"] as { Input: string }).Input]);
    expect(schedules).toEqual([
      ["cron(45 15 ? * MON-FRI *)", "America/New_York", momentum],
      ["cron(45 12 ? JUL,NOV,DEC MON-FRI *)", "America/New_York", momentum],
      ["cron(0 10 ? * MON-FRI *)", "America/New_York", fixedWeights],
      ["rate(10 minutes)", "Etc/UTC", "{}"],
    ]);
  });

  test("start the alias at the instant itself, give up after five minutes, and leave what was not delivered in a queue", () => {
    expect(one("AWS::Scheduler::Schedule", "main-fixed-weights").Properties).toMatchObject({
      FlexibleTimeWindow: { Mode: "OFF" },
      State: "ENABLED",
      Target: {
        Arn: ref("AWS::Lambda::Alias", "main-fixed-weights"),
        RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 300 },
        DeadLetterConfig: { Arn: arn("AWS::SQS::Queue", "UndeliveredTriggers") },
        RoleArn: arn("AWS::IAM::Role", "main-fixed-weights/Schedules"),
      },
    });
  });
});

describe("the function of a strategy", () => {
  test("runs on Node 24 as a durable execution of up to a week, traced, with a queue for runs that fail", () => {
    expect(one("AWS::Lambda::Function", "paper-momentum").Properties).toMatchObject({
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Handler: "rebalance.handler",
      Timeout: 900,
      MemorySize: 1024,
      DurableConfig: { ExecutionTimeout: 604_800, RetentionPeriodInDays: 30 },
      TracingConfig: { Mode: "Active" },
      DeadLetterConfig: { TargetArn: arn("AWS::SQS::Queue", "FailedRuns") },
      LoggingConfig: { LogFormat: "JSON", LogGroup: ref("AWS::Logs::LogGroup", "paper-momentum") },
      Environment: { Variables: { BALLAST_TABLE: ref("AWS::DynamoDB::GlobalTable", "Table"), BALLAST_BUCKET: ref("AWS::S3::Bucket", "Blobs") } },
    });
    expect(one("AWS::Logs::LogGroup", "paper-momentum").Properties).toEqual({ RetentionInDays: 365 });
  });

  test("is told of the confirmation only where its own account trades real money", () => {
    const told = all("AWS::Lambda::Function").map(([, { Properties: p }]) => (p["Environment"] as { Variables: Record<string, unknown> }).Variables["BALLAST_CONFIRM_LIVE"]);
    expect(told).toEqual([undefined, "main", undefined]);
  });

  test("is not invoked again by Lambda, and old versions stay for the executions that began on them", () => {
    for (const path of ["paper-momentum", "main-fixed-weights", "Watch"]) {
      expect(one("AWS::Lambda::EventInvokeConfig", path).Properties).toMatchObject({
        FunctionName: ref("AWS::Lambda::Function", path),
        Qualifier: { "Fn::Select": [7, { "Fn::Split": [":", ref("AWS::Lambda::Alias", path)] }] },
        MaximumRetryAttempts: 0,
        MaximumEventAgeInSeconds: 300,
      });
      expect(one("AWS::Lambda::Alias", path).Properties).toMatchObject({ Name: "current", FunctionVersion: { "Fn::GetAtt": [one("AWS::Lambda::Version", path).id, "Version"] } });
      expect(one("AWS::Lambda::Version", path).DeletionPolicy).toBe("Retain");
    }
  });

  test("can be invoked only when it may checkpoint", () => {
    expect(one("AWS::Lambda::Alias", "paper-momentum").DependsOn).toEqual([one("AWS::IAM::Policy", "paper-momentum/Rebalance/Checkpoints").id]);
  });
});

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

describe("what a role may do", () => {
  const inlineOf = ([, { Properties }]: [string, Resource]): unknown[] => ((Properties["Policies"] ?? []) as { PolicyDocument: unknown }[]).map(({ PolicyDocument }) => PolicyDocument);
  const documents = [...all("AWS::IAM::Policy").map(([, { Properties }]) => Properties["PolicyDocument"]), ...all("AWS::IAM::Role").flatMap(inlineOf)];
  const allowed = (documents as { Statement: Statement[] }[]).flatMap(({ Statement }) => Statement).flatMap(({ Effect, Action, Resource }) => {
    expect(Effect).toBe("Allow");
    return [Action].flat().map((action) => [action, JSON.stringify(Resource)] as const);
  });

  test("is this list and no more, and no managed policy", () => {
    expect([...new Set(allowed.map(([action]) => action))].sort()).toEqual([
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "lambda:CheckpointDurableExecution",
      "lambda:GetDurableExecutionState",
      "lambda:InvokeFunction",
      "logs:CreateLogStream",
      "logs:PutLogEvents",
      "s3:GetObject",
      "s3:ListBucket",
      "s3:PutObject",
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetSecretValue",
      "sqs:SendMessage",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]);
    for (const [, { Properties }] of all("AWS::IAM::Role")) expect(Properties["ManagedPolicyArns"]).toBeUndefined();
  });

  test("names its resource, but for traces, executions below a version, objects of the bucket, and the end of a secret's name", () => {
    const patterns = allowed.filter(([, resource]) => /[*?]/.test(resource)).map(([action, resource]) => `${action} ${resource.replace(/^.*?([^"]*[*?][^"]*)".*$/, "$1")}`);
    expect([...new Set(patterns)].sort()).toEqual([
      "lambda:CheckpointDurableExecution :*",
      "lambda:GetDurableExecutionState :*",
      "s3:GetObject /blobs/*",
      "s3:PutObject /blobs/*",
      "secretsmanager:DescribeSecret :secret:keys/main-??????",
      "secretsmanager:DescribeSecret :secret:keys/paper-??????",
      "secretsmanager:GetSecretValue :secret:keys/main-??????",
      "secretsmanager:GetSecretValue :secret:keys/paper-??????",
      "xray:PutTelemetryRecords *",
      "xray:PutTraceSegments *",
    ]);
  });

  test("reaches the keys of its own account and of no other", () => {
    const policyOf = (path: string): string => JSON.stringify(one("AWS::IAM::Policy", `${path}/Role`).Properties);
    expect(policyOf("paper-momentum/Rebalance")).toContain(":secret:keys/paper-");
    expect(policyOf("paper-momentum/Rebalance")).not.toContain(":secret:keys/main-");
    expect(policyOf("Watch")).not.toContain(":secret:");
  });

  test("reaches the objects of the one bucket; the watch may only read them, and nobody may delete", () => {
    const statementsOf = (path: string): Statement[] => (one("AWS::IAM::Policy", `${path}/Role`).Properties["PolicyDocument"] as { Statement: Statement[] }).Statement;
    const onBucket = (path: string): Statement[] => statementsOf(path).filter(({ Action }) => [Action].flat().some((action) => action.startsWith("s3:")));
    const objects = { "Fn::Join": ["", [arn("AWS::S3::Bucket", "Blobs"), "/blobs/*"]] };
    const list = { Effect: "Allow", Action: "s3:ListBucket", Resource: arn("AWS::S3::Bucket", "Blobs") };
    expect(onBucket("paper-momentum/Rebalance")).toEqual([list, { Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject"], Resource: objects }]);
    expect(onBucket("Watch")).toEqual([list, { Effect: "Allow", Action: "s3:GetObject", Resource: objects }]);
  });

  test("is lent to this stack's schedules only", () => {
    expect(one("AWS::IAM::Role", "paper-momentum/Schedules").Properties["AssumeRolePolicyDocument"]).toMatchObject({
      Statement: [{ Principal: { Service: "scheduler.amazonaws.com" }, Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" }, "aws:SourceArn": arn("AWS::Scheduler::ScheduleGroup", "ScheduleGroup") } } }],
    });
  });
});

test("the table survives: kept with the stack gone, protected from deletion, restorable, with expiry for what may expire", () => {
  const { Properties, DeletionPolicy } = one("AWS::DynamoDB::GlobalTable", "Table");
  expect(DeletionPolicy).toBe("Retain");
  expect(Properties).toMatchObject({
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
    TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
    Replicas: [{ DeletionProtectionEnabled: true, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }],
  });
});

test("the bucket is encrypted, versioned, closed to the public, reached by TLS alone, and kept when the stack goes", () => {
  const bucket = one("AWS::S3::Bucket", "Blobs");
  expect(bucket.DeletionPolicy).toBe("Retain");
  expect(bucket.Properties).toEqual({
    BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }] },
    OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
    VersioningConfiguration: { Status: "Enabled" },
  });
  expect(one("AWS::S3::BucketPolicy", "Blobs").Properties["PolicyDocument"]).toMatchObject({
    Statement: [
      { Effect: "Deny", Action: "s3:*", Principal: { AWS: "*" }, Condition: { Bool: { "aws:SecureTransport": "false" } } },
      { Effect: "Deny", Action: "s3:*", Principal: { AWS: "*" }, Condition: { NumericLessThan: { "s3:TlsVersion": 1.2 } } },
    ],
  });
});

describe("the alarms", () => {
  test("are these, at one occurrence, and silence is trouble for the runs that are watched", () => {
    const alarms = all("AWS::CloudWatch::Alarm").map(([id, { Properties: p }]) => [id.slice(0, -8), p["MetricName"], p["Threshold"], p["TreatMissingData"]]);
    expect(alarms).toEqual([
      ["UndeliveredTriggersAlarm", "ApproximateNumberOfMessagesVisible", 1, "notBreaching"],
      ["FailedRunsAlarm", "ApproximateNumberOfMessagesVisible", 1, "notBreaching"],
      ["papermomentumErrors", "Errors", 1, "notBreaching"],
      ["papermomentumRunFailed", "RunFailures", 1, "notBreaching"],
      ["papermomentumRunOverdue", "RunsOverdue", 1, "breaching"],
      ["mainfixedweightsErrors", "Errors", 1, "notBreaching"],
      ["mainfixedweightsRunFailed", "RunFailures", 1, "notBreaching"],
      ["mainfixedweightsRunOverdue", "RunsOverdue", 1, "breaching"],
      ["WatchErrors", "Errors", 1, "notBreaching"],
    ]);
  });

  test("all reach the topic, and CloudWatch may publish to it", () => {
    for (const [, { Properties }] of all("AWS::CloudWatch::Alarm")) expect(Properties["AlarmActions"]).toEqual([ref("AWS::SNS::Topic", "Alarms")]);
    expect(one("AWS::SNS::TopicPolicy", "Alarms").Properties["PolicyDocument"]).toMatchObject({
      Statement: [
        { Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } },
        { Effect: "Allow", Action: "sns:Publish", Principal: { Service: "cloudwatch.amazonaws.com" }, Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } } },
      ],
    });
  });
});

test("the same configuration gives the same template", () => {
  expect(JSON.stringify(synthesised(["main"]))).toBe(JSON.stringify(resources));
});

test.each([
  ["is not confirmed", [], "account main trades real money (accounts.main.venue is alpaca-live): confirm it with -c confirmLive=main"],
  ["is confirmed for a paper account", ["main", "paper"], "confirmLive names paper, and no strategy trades real money on an account of that name"],
  ["is confirmed under a misspelt name", ["mian", "main"], "confirmLive names mian, and no strategy trades real money on an account of that name"],
])("there is no stack when real money %s", (_, confirmed, message) => {
  expect(() => synthesised(confirmed)).toThrow(new ConfigInvalid(message));
});
