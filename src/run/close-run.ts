/**
 * The end of a run: what became of it, and the account as it leaves it.
 *
 * Where a trading breaker is set, what the account holds is compared with what it held before plus the run's fills. The
 * comparison is made in the run's own session only: a later one may have begun with a split.
 */
import { executionCost } from "../execution/shortfall.ts";
import { addQuantity, maxOf, subtractQuantity, ZERO_QUANTITY, type Money } from "../money.ts";
import type { Ports } from "../ports.ts";
import { positionsBefore } from "../risk/cash-account.ts";
import { isFailure, type Refusal } from "../risk/refusals.ts";
import { epochDayOf, newYorkClock } from "../time.ts";
import type { Account, Position, RunId, Symbol } from "../trade.ts";
import { accountMemoryKey, fillsOf, quantitiesOf } from "./account-memory.ts";
import { tradingWindowOf, type Deployment, type Trigger } from "./deployment.ts";
import type { RunOutcome } from "./journal.ts";
import type { Run } from "./run.ts";
import { ofUnknownOrigin } from "./unknown-origin.ts";
import { isPending } from "./place-order.ts";

export interface Closed {
  readonly kind: "closed";
  readonly run: RunId;
  readonly outcome: RunOutcome;
}

/** `stop` is why the run as a whole may not go on, where that is so. */
export async function closeRun(run: Run, { deployment, scheduledAt }: Trigger, ports: Pick<Ports, "broker" | "clock" | "state">, stop?: Refusal): Promise<Closed> {
  const account = await ports.broker.account();
  const { equity, cash, positions } = account;
  // A holding that changed is named with the others of unknown origin.
  const refused: Refusal[] = stop && stop.code !== "HOLDING_CHANGED" ? [stop] : [];
  for (const placed of run.placed) {
    const { order, submissions } = placed;
    const doubtful = (isPending(placed) && submissions.length > 0) || placed.ended?.status === "not-received";
    if (doubtful) refused.push({ code: "ORDER_NOT_CONFIRMED", symbol: order.symbol, clientOrderId: order.clientOrderId, submissions: submissions.length });
  }
  const { session } = tradingWindowOf(scheduledAt, deployment.settings.tradingHours);
  if (newYorkClock(ports.clock.now()).day === epochDayOf(session)) refused.push(...differencesOf(run, positions));
  refused.push(...(await ofUnknownOrigin(run, deployment, positions, ports)));
  const outcome = outcomeOf(run, stop, refused);
  const lossFacts = await lossFactsOf(account, deployment, ports);
  const execution = executionCost(run.orders.map(({ order, ended }) => ({ order, fills: ended?.fills ?? [] })));
  await run.record({ type: "run-closed", outcome, refused, equity, cash, positions, ...(execution && { execution }), ...(lossFacts && { lossFacts }) });
  return { kind: "closed", run: run.id, outcome };
}

/** Symbols of which the account holds something else than before the run plus its fills. */
function differencesOf(run: Run, positions: readonly Position[]): readonly Refusal[] {
  const before = run.plan("sell")?.accountFacts?.held;
  if (!before) return [];
  const fills = fillsOf(run);
  const symbols = new Set([...Object.keys(before), ...fills.map(({ symbol }) => symbol)] as Symbol[]);
  const held = quantitiesOf(positions);
  const started = positionsBefore(fills, held);
  return [...symbols].sort().flatMap((symbol) => {
    const now = held.get(symbol) ?? ZERO_QUANTITY;
    const expected = subtractQuantity(addQuantity(before[symbol] ?? ZERO_QUANTITY, now), started.get(symbol) ?? ZERO_QUANTITY);
    return expected === now ? [] : [{ code: "RECONCILIATION_DIFFERENCE" as const, symbol, expected, held: now }];
  });
}

async function lossFactsOf({ equity, lastEquity }: Account, { account, settings }: Deployment, { state }: Pick<Ports, "state">): Promise<{ lastEquity?: Money; highWater: Money } | undefined> {
  const { dailyLossMax, drawdownMax } = settings.accountRules ?? {};
  if (dailyLossMax === undefined && drawdownMax === undefined) return undefined;
  const memory = drawdownMax === undefined ? undefined : await state.load(accountMemoryKey(account));
  return { ...(lastEquity !== undefined && { lastEquity }), highWater: maxOf(memory?.value.highWater ?? equity, equity) };
}

/** Partial success is never called success. */
function outcomeOf(run: Run, stop: Refusal | undefined, refused: readonly Refusal[]): RunOutcome {
  const submitted = run.placed.some(({ submissions, ended }) => submissions.length > 0 || ended);
  if (stop && !submitted) return stop.code === "WINDOW_PASSED" || stop.code === "AUCTION_CUTOFF_PASSED" ? "missed" : "refused";
  const failures = [...(run.targeted?.refused ?? []), ...(run.plan("sell")?.refused ?? []), ...(run.plan("buy")?.refused ?? []), ...refused].filter(isFailure);
  const allFilled = run.orders.every(({ ended }) => ended?.status === "filled");
  if (run.orders.length === 0) return failures.length === 0 ? "unchanged" : "refused";
  return allFilled && failures.length === 0 ? "completed" : "partial";
}
