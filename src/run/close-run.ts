/** The end of a run: what became of it, and the account as it leaves it. */
import type { Ports, RunId } from "../ports.ts";
import { isFailure, type Refusal } from "../risk/refusals.ts";
import type { RunOutcome } from "./journal.ts";
import type { Run } from "./run.ts";
import { isPending } from "./work-orders.ts";

export interface Closed {
  readonly kind: "closed";
  readonly run: RunId;
  readonly outcome: RunOutcome;
}

/** `stop` is why the run as a whole may not go on, where that is so. */
export async function closeRun(run: Run, { broker }: Pick<Ports, "broker">, stop?: Refusal): Promise<Closed> {
  const { equity, cash, positions } = await broker.account();
  const refused: Refusal[] = stop ? [stop] : [];
  for (const worked of run.orders) {
    const { order, submissions } = worked;
    const doubtful = (isPending(worked) && submissions.length > 0) || worked.ended?.status === "not-received";
    if (doubtful) refused.push({ code: "ORDER_NOT_CONFIRMED", symbol: order.symbol, clientOrderId: order.clientOrderId, submissions: submissions.length });
  }
  const outcome = outcomeOf(run, stop, refused);
  await run.record({ type: "run-closed", outcome, refused, equity, cash, positions });
  return { kind: "closed", run: run.id, outcome };
}

/** Partial success is never called success. */
function outcomeOf(run: Run, stop: Refusal | undefined, refused: readonly Refusal[]): RunOutcome {
  const submitted = run.orders.some(({ submissions, ended }) => submissions.length > 0 || ended);
  if (stop && !submitted) return stop.code === "WINDOW_PASSED" ? "missed" : "refused";
  const failures = [...(run.targeted?.refused ?? []), ...(run.plan("sell")?.refused ?? []), ...(run.plan("buy")?.refused ?? []), ...refused].filter(isFailure);
  const allFilled = run.orders.every(({ ended }) => ended?.status === "filled");
  if (run.orders.length === 0) return failures.length === 0 ? "unchanged" : "refused";
  return allFilled && failures.length === 0 ? "completed" : "partial";
}
