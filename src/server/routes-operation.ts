/** For operators: faults to be injected, what surveillance found, and who stands where. The admin gate stands before /sim. */
import { dateOfEpochDay, isoOf } from "../time.ts";
import { z } from "zod";
import { moneyToText, quantityToText } from "../money.ts";
import { executionId } from "./derived-ids.ts";
import { faultPlanSchema, NO_FAULTS, type FaultInjector, type FaultPlan } from "./faults.ts";
import { entrantOf } from "./entrants.ts";
import { LEADERBOARD_ORDERS, standingsOf } from "./leaderboard.ts";
import { isOfSeason } from "./seasons.ts";
import type { ServerParts } from "./server-parts.ts";
import type { Finding, Surveillance } from "./surveillance.ts";
import { wireErrorOf } from "./wire-errors.ts";
import { parsed } from "./wire-requests.ts";

export function operationRoutes(parts: ServerParts, faults: FaultInjector, surveillance: Surveillance): void {
  const { app, venue } = parts;
  const shown = (): object => ({ ...faults.plan, market: venue.faults.plan.market, struck: { ...faults.counts(), market: venue.faults.counts() } });
  app.get("/sim/v1/faults", async () => shown());
  app.put("/sim/v1/faults", async (request) => {
    await followFaults(parts, faults, parsed(faultPlanSchema, request.body));
    return shown();
  });
  app.delete("/sim/v1/faults", async () => {
    await followFaults(parts, faults, NO_FAULTS);
    return shown();
  });
  app.get("/sim/v1/leaderboard", async (request) => {
    const { by } = parsed(z.strictObject({ by: z.enum(LEADERBOARD_ORDERS).default("return") }), request.query);
    return { by, at: isoOf(venue.now), standings: standingsOf([...venue.accounts.values()].filter(({ name }) => !isOfSeason(name)).map((account) => entrantOf(account, venue.exchange.account(account.name).equity)), by) };
  });
  app.get("/sim/v1/margin-calls", async () => {
    const calls = [...venue.accounts.keys()].flatMap((account) => {
      const call = venue.exchange.marginCallOf(account);
      return call ? [{ account, amount: moneyToText(call.amount), due_on: dateOfEpochDay(call.dueOn) }] : [];
    });
    return { at: isoOf(venue.now), calls };
  });
  app.get("/sim/v1/surveillance", async () => {
    const { counts, findings } = surveillance.report();
    return { counts, findings: findings.map((finding) => findingView(finding, venue.settings.salt)) };
  });
}

/** Faults of the market are a command of the log; the others last as long as the process. @throws WireError */
export async function followFaults(parts: ServerParts, faults: FaultInjector, plan: FaultPlan): Promise<void> {
  const { seed, market } = plan;
  if (market.length > 0 || parts.venue.faults.plan.market.length > 0) {
    const reply = await parts.execute({ type: "market-faults", seed, market });
    if (reply.kind === "rejected") throw wireErrorOf(reply.rejection);
  }
  faults.follow(plan);
}

/** Amounts as texts, and executions by their ids, as everywhere on this wire. */
function findingView({ at, ...finding }: Finding, salt: string): Readonly<Record<string, unknown>> {
  const view: Record<string, unknown> = { at: isoOf(at), ...finding };
  if ("quantity" in finding) view["quantity"] = quantityToText(finding.quantity);
  if ("price" in finding) view["price"] = moneyToText(finding.price);
  if ("execution" in finding) view["execution"] = executionId(salt, finding.execution);
  if ("executions" in finding) view["executions"] = finding.executions.map((execution) => executionId(salt, execution));
  if (finding.kind === "layering") Object.assign(view, { traded: quantityToText(finding.traded), layered: quantityToText(finding.layered) });
  return view;
}
