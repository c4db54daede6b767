/**
 * The program that misses what did not happen: a run that nobody started, or that does not end.
 *
 * An alarm on silence cannot know the calendar, so this looks at it: every few minutes it asks the journal about each
 * instant whose run should have been opened by now, or closed by now, and has not been asked about yet. How far it has
 * come is kept in the store, so each absence is reported once, also after the watch itself was away. It reports a
 * metric for every strategy every time; the alarm on that metric takes silence for trouble, which watches the watch.
 */
import { z } from "zod";
import { createLog } from "../aws/log.ts";
import { metricLine } from "../aws/telemetry.ts";
import { parseConfig } from "../config.ts";
import { StateConflict, type StateKey } from "../ports.ts";
import { scheduledInstants } from "../rules/schedule.ts";
import { tradingWindowOf, type Deployment } from "../run/deployment.ts";
import { runIdOf } from "../run/run-identity.ts";
import { strategies } from "../../strategies/index.ts";
import { DAY_MS, isoOf, MINUTE_MS, plusMs, type Instant } from "../time.ts";
import { storeOf } from "./ports-for-venue.ts";
import type { HandlerOptions } from "./rebalance.ts";

/** After its instant: the schedule's own retries have ended by then. */
const STARTED_WITHIN_MS = 10 * MINUTE_MS;
/** After the close of its session: what is canceled at the close has been confirmed by then. */
const CLOSED_WITHIN_MS = 60 * MINUTE_MS;
/** A run's session closes no later than this after its instant: over a weekend with holidays on both sides. */
const WINDOW_MAX_MS = 6 * DAY_MS;

const watchedKey: StateKey<Instant> = { name: "watched-to", parse: (stored) => z.int().parse(stored) as Instant };

export interface Absence {
  readonly run: string;
  readonly missing: "start" | "end";
}

/** @throws ConfigInvalid before any event is taken. */
export function watchHandler({ config: yaml, env, clock, output }: HandlerOptions): () => Promise<readonly Absence[]> {
  const { deployments } = parseConfig(yaml, strategies);
  const { journal, state } = storeOf(env, clock);
  const log = createLog({ destination: output });

  return async () => {
    const now = clock.now();
    const watched = await state.load(watchedKey);
    const absences: Absence[] = [];
    for (const deployment of deployments) {
      const found: Absence[] = [];
      for (const { scheduledAt, expected } of questionsOf(deployment, watched?.value ?? now, now)) {
        const run = runIdOf(deployment.account, deployment.strategy.name, scheduledAt);
        const last = (await journal.read(run)).at(-1);
        // A run that never started is asked about once more at its end; that absence has been reported.
        if (expected === "start" ? !last : last && last.type !== "run-closed") found.push({ run, missing: expected });
      }
      for (const absence of found) log.error(absence, absence.missing === "start" ? "the run did not start" : "the run has not ended");
      output.write(`${metricLine("RunsOverdue", found.length, { account: deployment.account, strategy: deployment.strategy.name, at: isoOf(now) }, now)}\n`);
      absences.push(...found);
    }
    try {
      await state.save(watchedKey, now, watched?.version ?? 0);
    } catch (error) {
      // Another watch was faster and has asked the same questions.
      if (!(error instanceof StateConflict)) throw error;
    }
    return absences;
  };
}

/** The instants whose run must have started, or ended, by an instant after `since` and not after `now`. */
function questionsOf({ strategy, settings }: Deployment, since: Instant, now: Instant): { readonly scheduledAt: Instant; readonly expected: Absence["missing"] }[] {
  const asks = (deadline: Instant): boolean => deadline > since && deadline <= now;
  return scheduledInstants(strategy.schedule, plusMs(since, -WINDOW_MAX_MS - CLOSED_WITHIN_MS), now).flatMap((scheduledAt) => [
    ...(asks(plusMs(scheduledAt, STARTED_WITHIN_MS)) ? [{ scheduledAt, expected: "start" as const }] : []),
    ...(asks(plusMs(tradingWindowOf(scheduledAt, settings.tradingHours).closesAt, CLOSED_WITHIN_MS)) ? [{ scheduledAt, expected: "end" as const }] : []),
  ]);
}
