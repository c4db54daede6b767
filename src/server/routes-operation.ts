/** For operators: faults to be injected, what surveillance found, and who stands where. The admin gate stands before /sim. */
import { isoOf } from "../time.ts";
import { z } from "zod";
import { addMoney, moneyToText, notional, quantityToText, ZERO_MONEY } from "../money.ts";
import { faultPlanSchema, type FaultInjector } from "./faults.ts";
import { LEADERBOARD_ORDERS, standingsOf, type Entrant } from "./leaderboard.ts";
import type { ServerParts } from "./server-parts.ts";
import type { Finding, Surveillance } from "./surveillance.ts";
import type { Venue } from "./venue.ts";
import type { VenueAccount } from "./venue-account.ts";
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
    return { by, at: isoOf(venue.now), standings: standingsOf([...venue.accounts.values()].map((account) => entrantOf(venue, account)), by) };
  });
  app.get("/sim/v1/surveillance", async () => {
    const { counts, findings } = surveillance.report();
    return { counts, findings: findings.map(findingView) };
  });
}

function entrantOf(venue: Venue, { name, startingCash, equity, activities, orders }: VenueAccount): Entrant {
  let [traded, fills] = [ZERO_MONEY, 0];
  for (const activity of activities.all) {
    if (activity.type !== "FILL") continue;
    traded = addMoney(traded, notional(activity.price, activity.quantity));
    fills += 1;
  }
  return { name, capital: startingCash, closes: equity.closes.map((close) => close.equity), equity: venue.exchange.account(name).equity, traded, orders: orders.all.length, fills };
}

/** Amounts as texts, as everywhere on this wire. */
function findingView({ at, ...finding }: Finding): Readonly<Record<string, unknown>> {
  const view: Record<string, unknown> = { at: isoOf(at), ...finding };
  if ("quantity" in finding) view["quantity"] = quantityToText(finding.quantity);
  if ("price" in finding) view["price"] = moneyToText(finding.price);
  if (finding.kind === "layering") Object.assign(view, { traded: quantityToText(finding.traded), layered: quantityToText(finding.layered) });
  return view;
}
