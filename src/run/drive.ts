/**
 * Who calls `advanceRun` again: the loop that a backtest and a local paper run share.
 *
 * It walks the scheduled instants and the wake-ups that unfinished runs asked for in one order, by instant and then by
 * the age of the run. Before each call the world is moved to the instant. What it has to remember between calls (how
 * far it came, who is waiting) is a small value, so the loop can stop after any step and go on in another process.
 */
import type { Instant } from "../time.ts";
import type { Closed } from "./close-run.ts";
import type { CallAgainAt } from "./work-orders.ts";

export interface DriveState {
  /** Every scheduled instant up to and including this one has been triggered. */
  readonly triggeredTo: Instant;
  /** Runs that asked to be called again. */
  readonly waiting: readonly { readonly scheduledAt: Instant; readonly at: Instant }[];
}

export interface DriveSteps {
  /** Moves the clock and the market to `at`. */
  readonly moveTo: (at: Instant) => void;
  readonly advance: (scheduledAt: Instant) => Promise<Closed | CallAgainAt>;
  /** Called after each step with all that is needed to go on. */
  readonly keep?: (state: DriveState) => Promise<void>;
  readonly onClosed?: (closed: Closed, at: Instant) => void;
}

/** Triggers the instants of `due` that lie after `state.triggeredTo` and all wake-ups up to `until`; returns what is left. */
export async function drive(due: readonly Instant[], until: Instant, state: DriveState, steps: DriveSteps): Promise<DriveState> {
  let { triggeredTo, waiting } = state;
  let next = due.findIndex((at) => at > triggeredTo);
  if (next < 0) next = due.length;
  for (;;) {
    const scheduled = due[next];
    const woken = waiting.length > 0 ? waiting.reduce((a, b) => (b.at < a.at || (b.at === a.at && b.scheduledAt < a.scheduledAt) ? b : a)) : undefined;
    const wakes = woken !== undefined && (scheduled === undefined || woken.at <= scheduled);
    const at = wakes ? woken.at : scheduled;
    if (at === undefined || at > until) return { triggeredTo, waiting };
    const scheduledAt = wakes ? woken.scheduledAt : at;
    if (wakes) waiting = waiting.filter((one) => one !== woken);
    else {
      triggeredTo = at;
      next += 1;
    }
    steps.moveTo(at);
    const result = await steps.advance(scheduledAt);
    if (result.kind === "call-again") waiting = [...waiting, { scheduledAt, at: result.at > at ? result.at : ((at + 1) as Instant) }];
    else steps.onClosed?.(result, at);
    await steps.keep?.({ triggeredTo, waiting });
  }
}
