/**
 * The program behind every schedule: one trigger in, one run advanced until it has closed.
 *
 * In a durable execution each call of `advanceRun` is a step and the pauses between are waits. Without the service's
 * envelope (a local invocation, a test) the run is advanced once, and the answer says when to invoke again. Either way
 * the trigger may be delivered any number of times. Each call of the run holds the account's lease; while another
 * invocation has it, this one asks again after a few seconds, and a lease that is lost on the way ends the call quietly.
 *
 * The answer to a trigger that is not due is `not-due`: schedules fire on every weekday, and the calendar decides. Ends
 * of runs are one line of the log and one metric; a failure is thrown after that, so that Lambda counts it too.
 */
import { randomUUID } from "node:crypto";
import { withDurableExecution, type DurableLambdaHandler } from "@aws/durable-execution-sdk-js";
import type { DestinationStream } from "pino";
import { z } from "zod";
import { mayPass, untilClosed, type CallAgain } from "../aws/durable-run.ts";
import { createLog } from "../aws/log.ts";
import type { Secret } from "../aws/secret.ts";
import { metricLine } from "../aws/telemetry.ts";
import { ConfigInvalid, parseConfig, type Config } from "../config.ts";
import { JournalConflict, type BlobStore, type Clock, type Ports, type StateStore } from "../ports.ts";
import type { RunId } from "../trade.ts";
import { isDue } from "../rules/schedule.ts";
import { advanceRecorded } from "../replay/recording.ts";
import type { Recording } from "../replay/record-writer.ts";
import type { CodeVersion } from "../replay/run-record.ts";
import { advanceRun } from "../run/advance-run.ts";
import type { Trigger } from "../run/deployment.ts";
import type { RunOutcome } from "../run/journal.ts";
import { runIdOf } from "../run/run-identity.ts";
import { strategies } from "../../strategies/index.ts";
import { LeaseLost, type FencingStore } from "../state/fence.ts";
import { underLease } from "../state/lease.ts";
import { instantOf, isoOf, type Instant } from "../time.ts";
import { portsForVenue, type Environment, type OpenVenue } from "./ports-for-venue.ts";
import { summaryOf } from "./run-summary.ts";

export interface HandlerOptions {
  /** The text of ballast.yaml. */
  readonly config: string;
  readonly env: Environment;
  readonly clock: Clock;
  /** Takes the lines of the log and the metrics. */
  readonly output: DestinationStream;
}

interface RebalanceOptions extends HandlerOptions {
  /** For the records of the runs. */
  readonly code: CodeVersion;
  /** Keys, store and venue of an account; without it, those of AWS. */
  readonly openVenue?: OpenVenue<FencingStore>;
}

export type RebalanceAnswer =
  | { readonly status: "not-due" }
  | { readonly status: "closed"; readonly run: RunId; readonly outcome: RunOutcome }
  /** Another invocation of the same run is ahead of this one and will finish it. */
  | { readonly status: "overtaken"; readonly run: RunId };

type Advanced = Exclude<RebalanceAnswer, { status: "not-due" }> | CallAgain;

/** Calls `advance` as often as it is called for here. */
type Drive = (advance: () => Promise<Advanced>) => Promise<Advanced>;

export type RebalanceHandler = (event: unknown, context: unknown) => Promise<unknown>;

/** @throws ConfigInvalid before any event is taken. */
export function rebalanceHandler({ config: yaml, env, clock, output, code, openVenue: open }: RebalanceOptions): RebalanceHandler {
  const config = parseConfig(yaml, strategies);
  const openVenue: OpenVenue<FencingStore> = open ?? portsForVenue(env, clock);
  const secrets: Secret[] = [];
  const log = createLog({ secrets, destination: output });

  async function rebalance(event: unknown, drive: Drive): Promise<RebalanceAnswer | CallAgain> {
    const trigger = triggerOf(event, config);
    const { deployment, scheduledAt } = trigger;
    const subject = { account: deployment.account, strategy: deployment.strategy.name, scheduledAt: isoOf(scheduledAt) };
    if (!isDue(deployment.strategy.schedule, scheduledAt)) {
      log.info(subject, "the calendar has no run at this instant");
      return { status: "not-due" };
    }
    try {
      return await drive(() => advanceOnce(trigger));
    } catch (error) {
      output.write(`${metricLine("RunFailures", 1, { ...subject, outcome: "failed" }, clock.now())}\n`);
      throw error;
    }
  }

  async function advanceOnce(trigger: Trigger): Promise<Advanced> {
    const { account, strategy } = trigger.deployment;
    const run = runIdOf(account, strategy.name, trigger.scheduledAt);
    try {
      const { ports, blobs, secrets: known, keepBreakers } = await openVenue(config.accounts.get(account)!);
      secrets.splice(0, secrets.length, ...known);
      const leased = await underLease({ store: ports, clock, account, holder: `${run} ${randomUUID()}` }, ({ journal, state, broker }) =>
        advance(trigger, { ...ports, journal, state, broker: broker(ports.broker) }, blobs && recordingOf(blobs, ports.state)),
      ).finally(keepBreakers);
      const now = clock.now();
      if (leased.kind === "held") {
        log.info({ run, by: leased.by }, "the account is another's for now");
        return callAgain(Math.min(leased.until, now + HELD_WAIT_MS), now);
      }
      const result = leased.answer;
      if (result.kind === "call-again") {
        log.info({ run, at: isoOf(result.at) }, "the run waits");
        return callAgain(result.at, now);
      }
      const { outcome } = result;
      const failed = outcome !== "completed" && outcome !== "unchanged";
      log[failed ? "error" : "info"]({ run, outcome, ...summaryOf(await ports.journal.read(run)) }, "the run has closed");
      output.write(`${metricLine("RunFailures", failed ? 1 : 0, { account, strategy: strategy.name, run, outcome }, now)}\n`);
      return { status: "closed", run, outcome };
    } catch (error) {
      if (error instanceof JournalConflict) {
        log.info({ run }, "another invocation is ahead of this one");
        return { status: "overtaken", run };
      }
      if (error instanceof LeaseLost) {
        log.info({ run, to: error.to }, "the account's lease went to another");
        // To another delivery of this run, which ends it; or to another run of the account, and this one has its turn after it.
        return error.to?.startsWith(`${run} `) ? { status: "overtaken", run } : callAgain(clock.now() + HELD_WAIT_MS, clock.now());
      }
      log[mayPass(error) ? "warn" : "error"]({ run, err: error }, "the run could not go on");
      throw error;
    }
  }

  function recordingOf(blobs: BlobStore, index: StateStore): Recording {
    const mask = (text: string): string => secrets.reduce((masked, secret) => secret.maskIn(masked), text);
    return { blobs, index, code, mask, onTrouble: (run, why) => log.warn({ run, why }, "the record of the run is incomplete: it cannot be replayed in full") };
  }

  const durable = withDurableExecution((event: unknown, context) => rebalance(event, (advance) => untilClosed(context, advance)));
  return async (event, context) => (isDurableInvocation(event) ? durable(event, context) : rebalance(event, (advance) => advance()));
}

/** A deployment without a bucket keeps no records. */
function advance(trigger: Trigger, ports: Ports, recording: Recording | undefined): ReturnType<typeof advanceRun> {
  return recording ? advanceRecorded(trigger, ports, recording) : advanceRun(trigger, ports);
}

/** How soon an account that another invocation works on is asked for again. */
const HELD_WAIT_MS = 5_000;

function callAgain(at: number, now: Instant): CallAgain {
  return { status: "call-again", at: isoOf(at as Instant), waitSeconds: Math.max(1, Math.ceil((at - now) / 1000)) };
}

const eventSchema = z.strictObject({
  account: z.string(),
  strategy: z.string(),
  /** The instant of the schedule, not of the delivery: the scheduler fills it in. */
  scheduledAt: z.string(),
});

/** @throws ConfigInvalid for a trigger that ballast.yaml does not know. */
function triggerOf(event: unknown, { deployments }: Config): Trigger {
  const parsed = eventSchema.safeParse(event);
  if (!parsed.success) throw new ConfigInvalid(`the event is no trigger: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
  const { account, strategy, scheduledAt } = parsed.data;
  const deployment = deployments.find((candidate) => candidate.account === account && candidate.strategy.name === strategy);
  if (!deployment) throw new ConfigInvalid(`ballast.yaml runs no strategy ${strategy} on account ${account}`);
  return { deployment, scheduledAt: instantOf(scheduledAt) };
}

type DurableInvocation = Parameters<DurableLambdaHandler>[0];

function isDurableInvocation(event: unknown): event is DurableInvocation {
  return typeof event === "object" && event !== null && "DurableExecutionArn" in event && "CheckpointToken" in event;
}
