/** One order at the venue: sent once, asked for until its end is journaled, sent again only when the venue does not know it. */
import type { Ports } from "../ports.ts";
import { plusMs, type Instant } from "../time.ts";
import type { PlacedOrder, Run } from "./run.ts";

export const RESUBMIT_AFTER_MS = 30_000;
const SUBMISSIONS_MAX = 3;
const POLL_MIN_MS = 1_000;
const POLL_MAX_MS = 300_000;

export async function submit(run: Run, { order }: PlacedOrder, { broker }: Pick<Ports, "broker">): Promise<void> {
  const outcome = await broker.submit(order);
  await run.record({ type: "order-submitted", clientOrderId: order.clientOrderId, outcome });
}

/** Journals the end of an order that has ended. False when the venue does not know the order. */
export async function confirm(run: Run, { order: { clientOrderId } }: PlacedOrder, { broker }: Pick<Ports, "broker">): Promise<boolean> {
  const found = await broker.find(clientOrderId);
  if (found && found.status !== "open") {
    const { status, filledQuantity, fills } = found;
    await run.record({ type: "order-ended", clientOrderId, status, filledQuantity, fills });
  }
  return found !== undefined;
}

export function isPending({ submissions, ended }: PlacedOrder): boolean {
  return !ended && submissions.at(-1)?.outcome.kind !== "rejected";
}

export function inDoubt({ submissions }: PlacedOrder): boolean {
  return submissions.at(-1)?.outcome.kind === "unknown";
}

export function mayResubmit(placed: PlacedOrder, now: Instant): boolean {
  return inDoubt(placed) && placed.submissions.length < SUBMISSIONS_MAX && waitedSince(placed, now) >= RESUBMIT_AFTER_MS;
}

export function waitedSince({ submissions }: PlacedOrder, now: Instant): number {
  return now - (submissions.at(-1)?.at ?? now);
}

/** Intervals double with the age of the oldest open order. */
export function nextPoll(waiting: readonly PlacedOrder[], now: Instant): Instant {
  const oldest = Math.min(...waiting.map(({ submissions }) => submissions[0]?.at ?? now));
  return plusMs(now, Math.min(Math.max(now - oldest, POLL_MIN_MS), POLL_MAX_MS));
}
