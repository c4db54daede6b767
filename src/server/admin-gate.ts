/** Operators' routes are for operators: an admin token, or an API key with the scope `admin`. */
import { audienceOf } from "./audience.ts";
import { identityFrom } from "./gate.ts";
import type { AdminTokens } from "./keys/admin-tokens.ts";
import type { ServerParts } from "./server-parts.ts";
import { WireError } from "./wire-errors.ts";

/** Without `tokens` only keys are taken. */
export function installAdminGate({ app, settings }: ServerParts, tokens: AdminTokens | undefined, clock: () => number): void {
  app.addHook("onRequest", async (request) => {
    if (audienceOf(request) !== "operators") return;
    if (identityFrom(request, settings.authenticator)?.scopes.has("admin")) return;
    const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "") ?? [];
    if (token === undefined || (await tokens?.subjectOf(token, clock())) === undefined) throw new WireError(401, 40110000, "request is not authorized");
  });
}
