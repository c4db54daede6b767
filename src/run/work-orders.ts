/**
 * From planned orders to ended orders.
 *
 * Each order is submitted under its one client order id. An answer that leaves doubt is resolved by asking for that id;
 * only when the venue does not know it after a while is it submitted again, under the same id and at most three times.
 * Outside the trading window nothing is submitted: open orders are canceled and asked for until they have ended.
 */
import { ZERO_QUANTITY } from "../money.ts";
import type { Ports } from "../ports.ts";
import { plusMs, type Instant } from "../time.ts";
import type { Side } from "../trade.ts";
import type { TradingWindow } from "./deployment.ts";
import type { Run, WorkedOrder } from "./run.ts";

const RESUBMIT_AFTER_MS = 30_000;
const SUBMISSIONS_MAX = 3;
const POLL_MIN_MS = 1_000;
const POLL_MAX_MS = 300_000;
/** After this long without a word about an order, the run closes and says which orders are in doubt. */
const WIND_DOWN_MAX_MS = 12 * 3_600_000;

export interface CallAgainAt {
  readonly kind: "call-again";
  readonly at: Instant;
}

type WorkPorts = Pick<Ports, "broker" | "clock">;

/** Undefined once every order of the side has ended. */
export async function workOrders(run: Run, side: Side, window: TradingWindow, ports: WorkPorts): Promise<CallAgainAt | undefined> {
  for (const worked of pending(run, side)) {
    if (worked.submissions.length === 0) await submit(run, worked, ports);
  }
  for (const worked of pending(run, side)) {
    const known = await confirm(run, worked, ports);
    if (known || !mayResubmit(worked, ports.clock.now())) continue;
    await submit(run, worked, ports);
    await confirm(run, worked, ports);
  }
  const waiting = pending(run, side);
  if (waiting.length === 0) return undefined;
  const next = nextPoll(waiting, ports.clock.now());
  return { kind: "call-again", at: next > window.closesAt && ports.clock.now() < window.closesAt ? window.closesAt : next };
}

/**
 * Cancels and confirms what the run has open. Undefined once nothing is, or once it has been waited for long enough.
 * An order that was planned but has no journaled submission is asked for too: a crash may lie between the two.
 */
export async function windDown(run: Run, window: TradingWindow, ports: WorkPorts): Promise<CallAgainAt | undefined> {
  const waiting: WorkedOrder[] = [];
  for (const worked of pending(run)) {
    const { clientOrderId } = worked.order;
    await ports.broker.cancel(clientOrderId);
    const known = await confirm(run, worked, ports);
    if (known ? !run.orderOf(clientOrderId).ended : worked.submissions.length > 0) waiting.push(worked);
    if (!known && inDoubt(worked) && waitedSince(worked, ports.clock.now()) >= RESUBMIT_AFTER_MS) {
      await run.record({ type: "order-ended", clientOrderId, status: "not-received", filledQuantity: ZERO_QUANTITY, fills: [] });
      waiting.pop();
    }
  }
  const now = ports.clock.now();
  if (waiting.length === 0 || now - window.closesAt > WIND_DOWN_MAX_MS) return undefined;
  return { kind: "call-again", at: nextPoll(waiting, now) };
}

export function isPending({ submissions, ended }: WorkedOrder): boolean {
  return !ended && submissions.at(-1)?.outcome.kind !== "rejected";
}

function pending(run: Run, side?: Side): readonly WorkedOrder[] {
  return run.orders.filter((worked) => isPending(worked) && (side === undefined || worked.order.side === side));
}

async function submit(run: Run, { order }: WorkedOrder, { broker }: WorkPorts): Promise<void> {
  const outcome = await broker.submit(order);
  await run.record({ type: "order-submitted", clientOrderId: order.clientOrderId, outcome });
}

/** Journals the end of an order that has ended. False when the venue does not know the order. */
async function confirm(run: Run, { order: { clientOrderId } }: WorkedOrder, { broker }: WorkPorts): Promise<boolean> {
  const found = await broker.find(clientOrderId);
  if (found && found.status !== "open") {
    const { status, filledQuantity, fills } = found;
    await run.record({ type: "order-ended", clientOrderId, status, filledQuantity, fills });
  }
  return found !== undefined;
}

function inDoubt({ submissions }: WorkedOrder): boolean {
  return submissions.at(-1)?.outcome.kind === "unknown";
}

function mayResubmit(worked: WorkedOrder, now: Instant): boolean {
  return inDoubt(worked) && worked.submissions.length < SUBMISSIONS_MAX && waitedSince(worked, now) >= RESUBMIT_AFTER_MS;
}

function waitedSince({ submissions }: WorkedOrder, now: Instant): number {
  return now - (submissions.at(-1)?.at ?? now);
}

/** Intervals double with the age of the oldest open order. */
function nextPoll(waiting: readonly WorkedOrder[], now: Instant): Instant {
  const oldest = Math.min(...waiting.map(({ submissions }) => submissions[0]?.at ?? now));
  return plusMs(now, Math.min(Math.max(now - oldest, POLL_MIN_MS), POLL_MAX_MS));
}
