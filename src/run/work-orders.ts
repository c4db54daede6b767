/**
 * From planned orders to ended orders.
 *
 * Each order is submitted under its one client order id. An answer that leaves doubt is resolved by asking for that id;
 * only when the venue does not know it after a while is it submitted again, under the same id and at most three times.
 * Where a style of execution works the orders, each planned order becomes children, one after the other, which are
 * journaled before they are submitted and treated alike (work-intents.ts). Outside the trading window nothing is
 * submitted: open orders are canceled and asked for until they have ended.
 */
import { ZERO_QUANTITY } from "../money.ts";
import type { Ports } from "../ports.ts";
import { plusMs, type Instant } from "../time.ts";
import type { Side } from "../trade.ts";
import type { Deployment, TradingWindow } from "./deployment.ts";
import { confirm, inDoubt, isPending, mayResubmit, nextPoll, RESUBMIT_AFTER_MS, submit, waitedSince } from "./place-order.ts";
import type { PlacedOrder, Run, WorkedOrder } from "./run.ts";
import { endIntent, workIntents } from "./work-intents.ts";
import { worksUntil } from "./working-hours.ts";

/** After this long without a word about an order, the run closes and says which orders are in doubt. */
const WIND_DOWN_MAX_MS = 12 * 3_600_000;

export interface CallAgainAt {
  readonly kind: "call-again";
  readonly at: Instant;
}

type WorkPorts = Pick<Ports, "broker" | "clock" | "marketData">;

/** Undefined once every order of the side has ended. */
export async function workOrders(run: Run, side: Side, { settings }: Deployment, window: TradingWindow, ports: WorkPorts): Promise<CallAgainAt | undefined> {
  const { executionStyle } = settings;
  const next = typeof executionStyle === "string" ? await placeAll(run, side, ports) : await workIntents(run, pending(run, side), executionStyle, settings, window, ports);
  if (next === undefined) return undefined;
  const until = worksUntil(executionStyle, window);
  return { kind: "call-again", at: next > until && ports.clock.now() < until ? until : next };
}

/** Each planned order as it is. */
async function placeAll(run: Run, side: Side, ports: WorkPorts): Promise<Instant | undefined> {
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
  return waiting.length === 0 ? undefined : nextPoll(waiting, ports.clock.now());
}

/**
 * Cancels and confirms what the run has open. Undefined once nothing is, or once it has been waited for long enough.
 * An order that was planned but has no journaled submission is asked for too, and for a while after the journal's last
 * word: a crash may lie between the two, and what was sent before it may still be on its way.
 */
export async function windDown(run: Run, window: TradingWindow, ports: WorkPorts): Promise<CallAgainAt | undefined> {
  const waiting: PlacedOrder[] = [];
  const arrivedBy = plusMs(run.newestAt!, RESUBMIT_AFTER_MS);
  for (const placed of run.placed.filter(isPending)) {
    const { clientOrderId } = placed.order;
    await ports.broker.cancel(clientOrderId);
    const known = await confirm(run, placed, ports);
    if (known ? !run.placedOf(clientOrderId).ended : placed.submissions.length > 0 || ports.clock.now() < arrivedBy) waiting.push(placed);
    if (!known && inDoubt(placed) && waitedSince(placed, ports.clock.now()) >= RESUBMIT_AFTER_MS) {
      await run.record({ type: "order-ended", clientOrderId, status: "not-received", filledQuantity: ZERO_QUANTITY, fills: [] });
      waiting.pop();
    }
  }
  for (const worked of run.orders) {
    if (!worked.ended && worked.children.length > 0 && !worked.children.some(isPending)) await endIntent(run, worked, "the run was stopped");
  }
  const now = ports.clock.now();
  if (waiting.length === 0 || now - window.closesAt > WIND_DOWN_MAX_MS) return undefined;
  return { kind: "call-again", at: nextPoll(waiting, now) };
}

function pending(run: Run, side: Side): readonly WorkedOrder[] {
  return run.orders.filter((worked) => isPending(worked) && worked.order.side === side);
}
