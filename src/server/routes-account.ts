/** /v2/account */
import { accountOf } from "./gate.ts";
import type { ServerParts } from "./server.ts";
import { accountView } from "./wire-account.ts";

export function accountRoutes(parts: ServerParts): void {
  parts.app.get("/v2/account", (request) => accountView(parts.venue, accountOf(request, parts), parts.settings.legacyPatternDayTrader));
}
