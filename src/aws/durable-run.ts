/**
 * Who calls a run again on AWS: a durable execution of Lambda.
 *
 * Each call of `advance` is one step, whose result the service keeps; between the calls the execution waits without
 * running. After a crash the step is made again from its start, which `advanceRun` allows. What is outside of the steps
 * is replayed at each awakening, so nothing there may depend on the time. Names of steps are part of what running
 * executions have stored: do not change them.
 */
import type { DurableContext } from "@aws/durable-execution-sdk-js";
import { BrokerUnavailable, MarketDataMissing, StateConflict } from "../ports.ts";
import { StoreUnavailable } from "../state/store-errors.ts";
import { KeysUnavailable } from "./secrets.ts";

export interface CallAgain {
  readonly status: "call-again";
  /** RFC 3339. */
  readonly at: string;
  /** From the end of the call until `at`, at least 1: the service counts in whole seconds. */
  readonly waitSeconds: number;
}

/** The service keeps at most 3,000 operations of an execution; a call and its wait are two. */
const CALLS_MAX = 1_400;

/** @throws StepError when a call failed for good; Error when the run does not come to an end. */
export async function untilClosed<T extends { readonly status: string }>(context: Pick<DurableContext, "step" | "wait">, advance: () => Promise<T | CallAgain>): Promise<T> {
  for (let call = 0; call < CALLS_MAX; call += 1) {
    const advanced = await context.step("advance", advance, { retryStrategy });
    if (!isCallAgain(advanced)) return advanced;
    await context.wait("until called again", { seconds: advanced.waitSeconds });
  }
  throw new Error(`the run asked to be called again ${CALLS_MAX} times`);
}

/** Pauses before a failed call is made again: about twenty minutes in all, well inside a session. */
const RETRY_PAUSES_SECONDS = [15, 30, 60, 120, 240, 300, 300] as const;

/** What may pass by itself. Wrong configuration, a strategy's own failure and defects do not. */
function retryStrategy(error: Error, attempts: number): { shouldRetry: boolean; delay?: { seconds: number } } {
  const seconds = RETRY_PAUSES_SECONDS[attempts - 1];
  return seconds !== undefined && mayPass(error) ? { shouldRetry: true, delay: { seconds } } : { shouldRetry: false };
}

export function mayPass(error: unknown): boolean {
  return [BrokerUnavailable, MarketDataMissing, StoreUnavailable, StateConflict, KeysUnavailable].some((kind) => error instanceof kind);
}

function isCallAgain(advanced: { readonly status: string }): advanced is CallAgain {
  return advanced.status === "call-again";
}
