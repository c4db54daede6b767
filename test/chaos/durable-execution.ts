/**
 * As much of Lambda's durable executions as a rebalance meets: steps that are kept and made again, waits, and one
 * invocation after the other, by the clock of a drawn day.
 *
 * What was checkpointed outlives the process that did it. An invocation that ends as pending is followed by another when
 * its wait or the pause before its step's next attempt is over; one whose process died by another with the same state.
 */
import {
  DurableExecutionInvocationInputWithClient,
  type CheckpointDurableExecutionRequest,
  type CheckpointDurableExecutionResponse,
  type DurableExecutionClient,
  type Operation,
  type OperationUpdate,
} from "@aws/durable-execution-sdk-js";
import type { Clock } from "../../src/ports.ts";
import { plusMs, type Instant } from "../../src/time.ts";

/** The SDK arms timers of the machine's clock for what a day's clock decides; these never go off. */
const NOT_HERE = new Date("2200-01-01T00:00:00Z");

interface Kept {
  operation: Operation;
  /** When a wait is over, or the next attempt of a step may be made. */
  dueAt?: Instant;
}

export class DurableExecution {
  readonly #arn: string;
  readonly #payload: string;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  #checkpoints = 0;

  constructor(name: string, trigger: object, clock: Clock) {
    this.#arn = `arn:aws:lambda:us-east-1:000000000000:function:chaos:1/durable-execution/${name}`;
    this.#payload = JSON.stringify(trigger);
    this.#clock = clock;
  }

  /** What Lambda hands to a process for the next invocation. `through` stands between the process and the service. */
  invocation(through: (client: DurableExecutionClient) => DurableExecutionClient): DurableExecutionInvocationInputWithClient {
    const now = this.#clock.now();
    for (const kept of this.#kept.values()) {
      if (kept.dueAt === undefined || kept.dueAt > now) continue;
      kept.operation = { ...kept.operation, Status: kept.operation.Type === "WAIT" ? "SUCCEEDED" : "READY" };
      delete kept.dueAt;
    }
    const execution: Operation = { Id: this.#arn, Type: "EXECUTION", Status: "STARTED", StartTimestamp: new Date(now), ExecutionDetails: { InputPayload: this.#payload } };
    const operations = [execution, ...[...this.#kept.values()].map(({ operation }) => operation)];
    const client = through({ checkpoint: async (request) => this.#checkpoint(request), getExecutionState: async () => ({ Operations: [] }) });
    return new DurableExecutionInvocationInputWithClient({ DurableExecutionArn: this.#arn, CheckpointToken: String(this.#checkpoints), InitialExecutionState: { Operations: operations } }, client);
  }

  /** When an execution that is pending is to be invoked again. */
  get dueAt(): Instant {
    const dues = [...this.#kept.values()].flatMap(({ dueAt }) => (dueAt === undefined ? [] : [dueAt]));
    return dues.reduce((first, at) => (at < first ? at : first), dues[0] ?? this.#clock.now());
  }

  #checkpoint({ Updates = [], CheckpointToken }: CheckpointDurableExecutionRequest): CheckpointDurableExecutionResponse {
    if (CheckpointToken !== String(this.#checkpoints)) throw new Error(`checkpoint ${this.#checkpoints} is the newest, not ${String(CheckpointToken)}`);
    this.#checkpoints += 1;
    const operations = Updates.map((update) => this.#keep(update));
    return { CheckpointToken: String(this.#checkpoints), NewExecutionState: { Operations: operations } };
  }

  #keep(update: OperationUpdate): Operation {
    const { Id, Type, SubType, Name, Action } = update;
    const before = this.#kept.get(Id!)?.operation;
    const attempt = before?.StepDetails?.Attempt ?? 0;
    const named = { Id, Type, SubType, Name, StartTimestamp: before?.StartTimestamp ?? new Date(this.#clock.now()) };
    const kept = ((): Kept => {
      if (Type === "WAIT") return { operation: { ...named, Status: "STARTED", WaitDetails: { ScheduledEndTimestamp: NOT_HERE } }, dueAt: this.#in(update.WaitOptions?.WaitSeconds) };
      switch (Action) {
        case "SUCCEED":
          return { operation: { ...named, Status: "SUCCEEDED", StepDetails: { Attempt: attempt + 1, Result: update.Payload } } };
        case "FAIL":
          return { operation: { ...named, Status: "FAILED", StepDetails: { Attempt: attempt + 1, Error: update.Error } } };
        case "RETRY":
          return { operation: { ...named, Status: "PENDING", StepDetails: { Attempt: attempt + 1, Error: update.Error, NextAttemptTimestamp: NOT_HERE } }, dueAt: this.#in(update.StepOptions?.NextAttemptDelaySeconds) };
        default:
          return { operation: { ...named, Status: "STARTED", StepDetails: { Attempt: attempt } } };
      }
    })();
    this.#kept.set(Id!, kept);
    return kept.operation;
  }

  #in(seconds = 1): Instant {
    return plusMs(this.#clock.now(), seconds * 1_000);
  }
}
