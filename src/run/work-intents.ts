/**
 * Works planned orders by a style of execution: asks the style for its next action, and acts, until it waits or is done.
 *
 * The situation is read from the journal's fold and a quote of the moment, so a call that begins after a crash goes on
 * where the last one stopped. A child is journaled before it is submitted; one that was journaled and never submitted is
 * asked for first, because the crash may have come after the submission. While a child is in doubt nothing else is done
 * for its order. A child that the venue rejects ends the order: what was refused once is not tried in other words.
 */
import { nextAction, type WorkedStyle } from "../execution/execution.ts";
import type { Situation } from "../execution/situation.ts";
import { addQuantity, minOf, ZERO_QUANTITY, type Quantity } from "../money.ts";
import type { Ports } from "../ports.ts";
import { approveChild } from "../risk/approve-child.ts";

import type { Instant } from "../time.ts";
import type { Quote, Symbol } from "../trade.ts";
import type { RunSettings, TradingWindow } from "./deployment.ts";
import { confirm, inDoubt, isPending, mayResubmit, nextPoll, submit } from "./place-order.ts";
import { clientOrderIdOf } from "./run-identity.ts";
import type { ChildOrder, Run, WorkedOrder } from "./run.ts";

type WorkPorts = Pick<Ports, "broker" | "clock" | "marketData">;

/** Actions of one intent in one call: each step of a style takes at most two, a submission and a cancel. */
const ACTIONS_MAX = 300;

/** When to go on; undefined once all of them have ended. */
export async function workIntents(run: Run, intents: readonly WorkedOrder[], style: WorkedStyle, settings: RunSettings, window: TradingWindow, ports: WorkPorts): Promise<Instant | undefined> {
  if (intents.length === 0) return undefined;
  const quotes = await ports.marketData.quotes(intents.map(({ order }) => order.symbol));
  let next: Instant | undefined;
  for (const { order } of intents) {
    const at = await workIntent(run, order.clientOrderId, (worked) => nextAction(style, situationOf(worked, run, quotes, settings, window, ports.clock.now())), ports);
    if (at !== undefined) next = next === undefined ? at : minOf(next, at);
  }
  return next;
}

export async function endIntent(run: Run, worked: WorkedOrder, why: string): Promise<void> {
  const filledQuantity = filledOf(worked);
  const isRejected = worked.children.at(-1)?.submissions.at(-1)?.outcome.kind === "rejected";
  const status = filledQuantity === worked.order.quantity ? "filled" : isRejected ? "rejected" : "canceled";
  await run.record({ type: "execution-ended", clientOrderId: worked.order.clientOrderId, status, filledQuantity, why });
}

type Decide = (worked: WorkedOrder) => ReturnType<typeof nextAction>;

async function workIntent(run: Run, id: WorkedOrder["order"]["clientOrderId"], decide: Decide, ports: WorkPorts): Promise<Instant | undefined> {
  for (let actions = 0; actions < ACTIONS_MAX; actions += 1) {
    const before = run.orderOf(id);
    const last = before.children.at(-1);
    if (last && isPending(last)) {
      const doubt = await settle(run, last, ports);
      if (doubt !== undefined) return doubt;
    }
    const worked = run.orderOf(id);
    const child = worked.children.at(-1);
    if (child && !child.ended && !isPending(child)) {
      await endIntent(run, worked, "the venue rejected its order");
      return undefined;
    }
    const action = decide(worked);
    switch (action.kind) {
      case "done":
        await endIntent(run, worked, action.why);
        return undefined;
      case "wait":
        return child && !child.ended ? minOf(action.until, nextPoll([child], ports.clock.now())) : action.until;
      case "cancel":
        await ports.broker.cancel(child!.order.clientOrderId);
        await confirm(run, child!, ports);
        if (!run.placedOf(child!.order.clientOrderId).ended) return nextPoll([child!], ports.clock.now());
        break;
      case "submit": {
        const { step, why, quantity, limit, timeInForce } = action;
        const clientOrderId = clientOrderIdOf(run.id, worked.order.symbol, worked.order.side, worked.children.length + 1);
        const order = approveChild(worked.order, filledOf(worked), { clientOrderId, quantity, limit, timeInForce });
        await run.record({ type: "child-planned", intent: id, step, why, order });
        break;
      }
    }
  }
  throw new Error(`the style of execution took more than ${ACTIONS_MAX} actions for order ${id} in one call`);
}

/** Brings what is known of an open child up to date. Returns when to ask again while it is in doubt. */
async function settle(run: Run, child: ChildOrder, ports: WorkPorts): Promise<Instant | undefined> {
  if (child.submissions.length === 0) await submit(run, child, ports);
  const { clientOrderId } = child.order;
  const placed = (): ChildOrder => run.placedOf(clientOrderId) as ChildOrder;
  if (!isPending(placed())) return undefined;
  const known = await confirm(run, placed(), ports);
  if (known) return undefined;
  if (!mayResubmit(placed(), ports.clock.now())) return inDoubt(placed()) ? nextPoll([placed()], ports.clock.now()) : undefined;
  await submit(run, placed(), ports);
  const isKnown = isPending(placed()) && (await confirm(run, placed(), ports));
  return isKnown || !isPending(placed()) ? undefined : nextPoll([placed()], ports.clock.now());
}

function situationOf(worked: WorkedOrder, run: Run, quotes: ReadonlyMap<Symbol, Quote>, settings: RunSettings, { opensAt, closesAt }: TradingWindow, now: Instant): Situation {
  const { order, plannedAt, children } = worked;
  const facts = run.targeted?.facts?.[order.symbol];
  const last = children.at(-1);
  return {
    intent: order,
    plannedAt,
    now,
    opensAt,
    closesAt,
    quote: quotes.get(order.symbol),
    dailyVolatility: facts?.volatility,
    averageVolume: facts?.averageVolume,
    wholeShares: settings.shares === "whole",
    orderNotionalMin: settings.limits.orderNotionalMin,
    filled: filledOf(worked),
    working: last && !last.ended ? last : undefined,
    ended: children.filter(({ ended }) => ended !== undefined),
  };
}

/** By the children that have ended: no other is open when the next is decided. */
function filledOf({ children }: WorkedOrder): Quantity {
  return children.reduce((sum, { ended }) => addQuantity(sum, ended?.filledQuantity ?? ZERO_QUANTITY), ZERO_QUANTITY);
}
