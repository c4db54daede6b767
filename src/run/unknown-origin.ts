/**
 * Orders and positions of an account that no run of it placed or bought: named at the end of a run, and never taken for
 * its own.
 *
 * An order is known by its id, which is derived from its run, symbol and side. The runs of the session are those that
 * reserved a part of the day's budget before they placed an order. A position is known by its symbol; of a known one, a
 * change that holdings.ts found no reason for is named here too.
 */
import type { Ports } from "../ports.ts";
import { dailyBudgetKey } from "../risk/daily-budget.ts";
import type { Refusal } from "../risk/refusals.ts";
import type { Position, WorkingOrder } from "../trade.ts";
import type { Deployment } from "./deployment.ts";
import { changesOfUnknownOrigin } from "./holdings.ts";
import type { Run } from "./run.ts";
import { clientOrderIdOf } from "./run-identity.ts";

/** No style of execution makes more orders of one intent. */
const CHILDREN_MAX = 200;

export async function ofUnknownOrigin(run: Run, { account, settings }: Deployment, positions: readonly Position[], { broker, state }: Pick<Ports, "broker" | "state">): Promise<readonly Refusal[]> {
  const rule = settings.accountRules?.unknownOrigin;
  if (!rule) return [];
  const changed = changesOfUnknownOrigin(run);
  const ours = new Set(rule.symbols);
  const foreign = positions.filter(({ symbol, quantity }) => quantity !== 0 && !ours.has(symbol)).map(({ symbol, quantity }): Refusal => ({ code: "POSITION_OF_UNKNOWN_ORIGIN", symbol, held: quantity }));
  const own = new Set<string>(run.placed.map(({ order }) => order.clientOrderId));
  const working = (await broker.openOrders()).filter(({ clientOrderId }) => !own.has(clientOrderId));
  if (working.length === 0) return [...foreign, ...changed];
  const budget = await state.load(dailyBudgetKey(account));
  const runs = [...new Set((budget?.value.reservations ?? []).map((one) => one.run))];
  const unknown = working.filter((order) => !runs.some((one) => isOf(one, order)));
  return [...unknown.map(({ symbol, side, clientOrderId, remaining }): Refusal => ({ code: "ORDER_OF_UNKNOWN_ORIGIN", symbol, side, working: clientOrderId, remaining })), ...foreign, ...changed];
}

function isOf(run: Run["id"], { clientOrderId, symbol, side }: WorkingOrder): boolean {
  for (let child = 0; child < CHILDREN_MAX; child += 1) if (clientOrderIdOf(run, symbol, side, child) === clientOrderId) return true;
  return false;
}
