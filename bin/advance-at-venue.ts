/**
 * One call of a run, or as many as it asks for, by a process on this machine: under the account's lease, at the venue.
 *
 * While a run waits, the trading stream may call it sooner than its own next poll; where the stream is away, the clock
 * does. What may pass by itself (the venue or the store away) is tried again after a pause, for as long as a run's own
 * retries would go on; all else ends the command, and the run can be gone on with.
 */
import { tradeUpdates, type TradeUpdates } from "../src/alpaca/trade-updates.ts";
import { mayPass } from "../src/aws/durable-run.ts";
import type { AccountConfig } from "../src/config.ts";
import type { Venue } from "../src/handlers/ports-for-venue.ts";
import type { Ports } from "../src/ports.ts";
import { advanceRecorded } from "../src/replay/recording.ts";
import { advanceRun } from "../src/run/advance-run.ts";
import type { Closed } from "../src/run/close-run.ts";
import type { Trigger } from "../src/run/deployment.ts";
import type { CallAgainAt } from "../src/run/work-orders.ts";
import { isoOf, plusMs, type Instant } from "../src/time.ts";
import type { Desk, DeskStore } from "./desk.ts";
import { underLocalLease } from "./local-lease.ts";
import { localRecording } from "./local-recording.ts";

export interface AtVenue {
  readonly desk: Desk;
  readonly account: AccountConfig;
  readonly trigger: Trigger;
  /** Stands between the run and its ports. */
  readonly through?: (ports: Ports) => Ports;
}

/** @throws UsageError while another process works for the account; BrokerUnavailable, StoreUnavailable, … */
export async function advanceAtVenue({ desk, account, trigger, through = (ports) => ports }: AtVenue): Promise<Closed | CallAgainAt> {
  const { ports, blobs, secrets, keepBreakers } = await desk.openVenue(account);
  const mask = (text: string): string => secrets.reduce((masked, secret) => secret.maskIn(masked), text);
  return underLocalLease(desk.store, account.name, ({ journal, state, broker }) => {
    const held = through({ ...ports, journal, state, broker: broker(ports.broker) });
    if (!blobs) return advanceRun(trigger, held);
    return advanceRecorded(trigger, held, { ...localRecording({ blobs, state: ports.state }, trigger.deployment.strategy.name), mask });
  }).finally(keepBreakers);
}

/** Pauses after failures in a row: about ten minutes in all. */
const RETRY_PAUSES_MS = [5_000, 15_000, 30_000, 60_000, 120_000, 180_000, 180_000] as const;

export async function advanceUntilClosed(at: AtVenue, progress: (line: string) => void): Promise<Closed> {
  const { desk, account } = at;
  let updates: TradeUpdates | undefined;
  try {
    for (let failures = 0; ; ) {
      let wakeAt: Instant;
      try {
        const result = await advanceAtVenue(at);
        if (result.kind === "closed") return result;
        failures = 0;
        wakeAt = result.at;
        progress(`waits until ${isoOf(wakeAt)}${updates?.state === "listening" ? ", or the next word of the venue" : ""}`);
      } catch (error) {
        const pause = RETRY_PAUSES_MS[failures];
        if (!(error instanceof Error) || !mayPass(error) || pause === undefined) throw error;
        failures += 1;
        wakeAt = plusMs(desk.clock.now(), pause);
        progress(`${error.message}; tries again at ${isoOf(wakeAt)}`);
      }
      updates ??= listenTo(await desk.openVenue(account));
      await updates.changed(Math.max(wakeAt - desk.clock.now(), 0));
    }
  } finally {
    updates?.close();
  }
}

function listenTo({ keys, host }: Venue<DeskStore>): TradeUpdates {
  return tradeUpdates({ keys, host });
}
