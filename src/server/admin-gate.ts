/** Operators' routes are for operators: an admin token, or an API key with the scope `admin`. */
import type { FastifyRequest } from "fastify";
import { audienceOf } from "./audience.ts";
import { identityFrom } from "./gate.ts";
import type { AdminTokens } from "./keys/admin-tokens.ts";
import type { ServerParts } from "./server-parts.ts";
import { WireError } from "./wire-errors.ts";

/** Without `tokens` only keys are taken. */
export function installAdminGate({ app, settings }: ServerParts, tokens: AdminTokens | undefined, clock: () => number): void {
  app.addHook("onRequest", (request, _reply, done) => {
    const audience = audienceOf(request);
    // A player with a key has passed the gate; who brings none has to be an operator.
    if (audience !== "operators" && (audience !== "players" || request.identity)) { done(); return; }
    isOperator(request).then((is) => done(is ? undefined : new WireError(401, 40110000, "request is not authorized")), done);
  });

  async function isOperator(request: FastifyRequest): Promise<boolean> {
    if (identityFrom(request, settings.authenticator)?.scopes.has("admin")) return true;
    const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "") ?? [];
    return token !== undefined && (await tokens?.subjectOf(token, clock())) !== undefined;
  }
}
