/** Puts around a server what Alpaca's interface does not have: the page, what players ask, and what operators do. */
import { isDeepStrictEqual } from "node:util";
import { installFaults } from "./fault-hooks.ts";
import { FaultInjector, NO_FAULTS, type FaultPlan } from "./faults.ts";
import { Metrics } from "./metrics.ts";
import { followFaults, operationRoutes } from "./routes-operation.ts";
import { pageRoutes } from "./routes-page.ts";
import { playerRoutes } from "./routes-players.ts";
import { streamRoutes } from "./routes-streams.ts";
import type { ServerParts } from "./server-parts.ts";
import { watched } from "./watched-venue.ts";

export async function operate(parts: ServerParts, commandsSinceSnapshot: () => number, plan?: FaultPlan): Promise<void> {
  const { app, venue } = parts;
  const faults = new FaultInjector({ ...NO_FAULTS, seed: venue.faults.plan.seed });
  let connections = 0;
  const metrics = new Metrics({
    openOrders: () => venue.openOrderCount,
    books: () => venue.assets.all().length,
    accounts: () => venue.accounts.size,
    streamConnections: () => connections,
    commandsSinceSnapshot,
    marketLagSeconds: () => Math.max(0, (parts.now() - venue.now) / 1_000),
  });
  metrics.install(app);
  installFaults(app, faults);
  pageRoutes(app);
  playerRoutes(parts);
  operationRoutes(parts, faults, watched(venue, metrics));
  await streamRoutes(parts, faults, {
    sent: (stream) => metrics.streamMessages.inc({ stream }),
    dropped: (reason) => metrics.streamsDropped.inc({ reason }),
    opened: (change) => (connections += change),
  });
  if (plan) await followFromStart(parts, faults, plan);
}

/** A market that was stopped in the middle of the same faults goes on with them. */
async function followFromStart(parts: ServerParts, faults: FaultInjector, plan: FaultPlan): Promise<void> {
  const { seed, market } = plan;
  if (isDeepStrictEqual(parts.venue.faults.plan, { seed, market })) faults.follow(plan);
  else await followFaults(parts, faults, plan);
}
