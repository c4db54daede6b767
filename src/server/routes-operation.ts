/** For operators: faults to be injected, what surveillance found, and who stands where. The admin gate stands before /sim. */
import { isoOf } from "../time.ts";
import { z } from "zod";
import { moneyToText, quantityToText } from "../money.ts";
import { faultPlanSchema, type FaultInjector } from "./faults.ts";
import { entrantOf } from "./entrants.ts";
import { LEADERBOARD_ORDERS, standingsOf } from "./leaderboard.ts";
import { isOfSeason } from "./seasons.ts";
import type { ServerParts } from "./server-parts.ts";
import type { Finding, Surveillance } from "./surveillance.ts";
import { parsed } from "./wire-requests.ts";

export function operationRoutes({ app, venue }: ServerParts, faults: FaultInjector, surveillance: Surveillance): void {
  const shown = (): object => ({ ...faults.plan, struck: faults.counts() });
  app.get("/sim/v1/faults", async () => shown());
  app.put("/sim/v1/faults", async (request) => {
    faults.follow(parsed(faultPlanSchema, request.body));
    return shown();
  });
  app.delete("/sim/v1/faults", async () => {
    faults.follow(faultPlanSchema.parse({}));
    return shown();
  });
  app.get("/sim/v1/leaderboard", async (request) => {
    const { by } = parsed(z.strictObject({ by: z.enum(LEADERBOARD_ORDERS).default("return") }), request.query);
    return { by, at: isoOf(venue.now), standings: standingsOf([...venue.accounts.values()].filter(({ name }) => !isOfSeason(name)).map((account) => entrantOf(account, venue.exchange.account(account.name).equity)), by) };
  });
  app.get("/sim/v1/surveillance", async () => {
    const { counts, findings } = surveillance.report();
    return { counts, findings: findings.map(findingView) };
  });
}

/** Amounts as texts, as everywhere on this wire. */
function findingView({ at, ...finding }: Finding): Readonly<Record<string, unknown>> {
  const view: Record<string, unknown> = { at: isoOf(at), ...finding };
  if ("quantity" in finding) view["quantity"] = quantityToText(finding.quantity);
  if ("price" in finding) view["price"] = moneyToText(finding.price);
  if (finding.kind === "layering") Object.assign(view, { traded: quantityToText(finding.traded), layered: quantityToText(finding.layered) });
  return view;
}
