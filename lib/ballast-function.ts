/**
 * A Lambda function of Ballast with everything that none of them may lack: the runtime, a log group that forgets, a
 * trace, a dead-letter queue, an alias, and a role that may do what the code does and nothing else.
 *
 * Callers invoke the alias. Its asynchronous invocations are not repeated by Lambda and do not wait long: a trigger that
 * comes late is no use, and the one that repeats a run is the run itself. Versions are kept, because a durable execution
 * ends on the version it began on. Concurrency is not reserved: what would be throttled is only delivered later, so that
 * is no lock; the journal is.
 *
 * Patterns in the role's policy, and why: traces name no resource (X-Ray knows none); durable executions are named below
 * the version of the function; a secret's full name ends in six characters that AWS chooses; streams are named below
 * their log group; objects of the bucket are named below their prefix.
 */
import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Policy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Alias, Architecture, Function, LoggingFormat, Runtime, Tracing, type Code, type DurableConfig, type IVersion } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { ENVIRONMENT } from "../src/handlers/ports-for-venue.ts";
import { BLOB_PREFIX } from "../src/state/dynamodb-table.ts";
import type { HandlerName } from "./bundle-handlers.ts";

/** What all functions of a stack share. */
export interface Foundation {
  readonly code: Code;
  readonly table: TableV2;
  /** For what no item of the table can hold. */
  readonly bucket: Bucket;
  /** Receives the triggers whose execution ended otherwise than in success. */
  readonly failedRuns: IQueue;
}

interface BallastFunctionProps extends Foundation {
  readonly handler: HandlerName;
  readonly description: string;
  readonly timeout: Duration;
  /** By name. The function may read it, nothing more. */
  readonly secret?: string;
  /** The name of an account of real money that was confirmed. */
  readonly confirmLive?: string;
  readonly durable?: DurableConfig;
}

export class BallastFunction extends Construct {
  readonly function: Function;
  readonly alias: Alias;

  constructor(scope: Construct, id: string, props: BallastFunctionProps) {
    super(scope, id);
    const { code, table, bucket, failedRuns, handler, description, timeout, secret, confirmLive, durable } = props;
    Validations.of(this).acknowledge({ id: "Annotation::aws-lambda:Function.DurableConfig", reason: "the function is durable from its creation on" });
    const logGroup = new LogGroup(this, "Log", { retention: RetentionDays.ONE_YEAR, removalPolicy: RemovalPolicy.RETAIN });
    const role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    logGroup.grantWrite(role);
    // No deleting and no updating: the journal is only ever added to.
    table.grant(role, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query");
    // Without the right to list, an object that is not there could not be told from one that may not be read.
    role.addToPolicy(new PolicyStatement({ actions: ["s3:ListBucket"], resources: [bucket.bucketArn] }));
    role.addToPolicy(new PolicyStatement({ actions: handler === "watch" ? ["s3:GetObject"] : ["s3:GetObject", "s3:PutObject"], resources: [bucket.arnForObjects(`${BLOB_PREFIX}*`)] }));
    if (secret !== undefined) Secret.fromSecretNameV2(this, "Keys", secret).grantRead(role);

    this.function = new Function(this, "Function", {
      code,
      handler: `${handler}.handler`,
      description,
      role,
      timeout,
      runtime: Runtime.NODEJS_24_X,
      // Nothing in the bundle is native, and this is the cheaper one.
      architecture: Architecture.ARM_64,
      // Share of a processor grows with memory; below this, the start is what takes the time.
      memorySize: 1024,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
      deadLetterQueue: failedRuns,
      ...(durable && { durableConfig: durable }),
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
      environment: { [ENVIRONMENT.table]: table.tableName, [ENVIRONMENT.bucket]: bucket.bucketName, ...(confirmLive !== undefined && { [ENVIRONMENT.confirmLive]: confirmLive }) },
    });
    this.alias = new Alias(this, "Alias", { aliasName: "current", version: this.function.currentVersion as IVersion, retryAttempts: 0, maxEventAge: Duration.minutes(5) });
    if (durable) {
      // A policy of its own: the role's default policy must exist before the function, whose name this one contains.
      const statement = new PolicyStatement({
        actions: ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"],
        resources: [`${this.function.functionArn}:*`],
      });
      this.alias.node.addDependency(new Policy(this, "Checkpoints", { roles: [role], statements: [statement] }));
    }
  }
}
