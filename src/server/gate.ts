/** What every request passes: a request id, who it is from, how many it has left, and errors in Alpaca's shape. */
import { randomUUID } from "node:crypto";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { AccountName } from "../trade.ts";
import { audienceOf } from "./audience.ts";
import type { Identity, ServerParts } from "./server-parts.ts";
import type { VenueAccount } from "./venue-account.ts";
import { RequestRate } from "./request-rate.ts";
import { WireError } from "./wire-errors.ts";

declare module "fastify" {
  interface FastifyRequest {
    identity: Identity | undefined;
  }
}

export function installGate({ app, settings }: ServerParts): void {
  const rate = new RequestRate(settings.requestsPerMinute, settings.time.mode === "real" ? settings.time.clock : () => Date.now());
  app.decorateRequest("identity", undefined);
  const admit = (request: FastifyRequest, reply: FastifyReply): WireError | undefined => {
    reply.header("x-request-id", randomUUID());
    const audience = audienceOf(request);
    if (audience === "everybody" || audience === "operators" || (audience === "players" && !keysIn(request))) return undefined;
    const identity = identityFrom(request, settings.authenticator);
    if (!identity) return new WireError(401, 40110000, "request is not authorized");
    request.identity = identity;
    const left = rate.take(identity.keyId);
    reply.header("x-ratelimit-limit", left.limit).header("x-ratelimit-remaining", left.remaining).header("x-ratelimit-reset", left.resetSeconds);
    if (left.exceeded) return new WireError(429, 42910000, "rate limit exceeded");
    if (request.method !== "GET") return identity.scopes.has("trade") ? undefined : new WireError(403, 40310000, "this key may not trade");
    return identity.scopes.has("trade") || identity.scopes.has("read") || (audience === "players" && identity.scopes.has("admin")) ? undefined : new WireError(403, 40310000, "this key may not read");
  };
  app.addHook("onRequest", (request, reply, done) => {
    done(admit(request, reply));
  });
  app.setErrorHandler((error: FastifyError | WireError, _request, reply) => sendError(reply, error, settings.log));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ code: 40410000, message: "endpoint not found" }));
}

/** The requests that pass the gate have one. */
export function accountOf(request: FastifyRequest, { venue }: ServerParts): VenueAccount {
  const account = venue.accounts.get(venue.seasons.accountBehind(identityOf(request)));
  if (!account) throw new WireError(403, 40310000, "account is not open");
  return account;
}

function identityOf(request: FastifyRequest): AccountName {
  if (!request.identity) throw new Error("a route before the gate asked whose request it is");
  return request.identity.account;
}

export function identityFrom(request: FastifyRequest, authenticator: ServerParts["settings"]["authenticator"]): Identity | undefined {
  const keys = keysIn(request);
  return keys && authenticator.authenticate(keys.keyId, keys.secretKey);
}

/** Alpaca's two headers, where both are there. */
export function keysIn({ headers }: FastifyRequest): { readonly keyId: string; readonly secretKey: string } | undefined {
  const keyId = headers["apca-api-key-id"];
  const secretKey = headers["apca-api-secret-key"];
  return typeof keyId === "string" && typeof secretKey === "string" ? { keyId, secretKey } : undefined;
}

export function sendError(reply: FastifyReply, error: FastifyError | WireError, log?: ServerParts["settings"]["log"]): FastifyReply {
  if (error instanceof WireError) return reply.code(error.status).send(error.body);
  // Not applied and not acknowledged: whether the disk has it, the next start finds out.
  if (error.name === "CommandLogFailed") return reply.code(503).send({ code: 50310000, message: "the server cannot keep commands; it has to be restarted" });
  const status = error.statusCode ?? 500;
  if (status < 500) return reply.code(status).send({ code: status * 100_000, message: MESSAGES[error.code] ?? "bad request" });
  log?.error({ err: error, method: reply.request.method, route: reply.request.routeOptions.url ?? "unknown" }, "a request could not be answered");
  return reply.code(500).send({ code: 50010000, message: "internal server error" });
}

const MESSAGES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "the body must be application/json",
  FST_ERR_CTP_BODY_TOO_LARGE: "the body is too large",
  FST_ERR_CTP_EMPTY_JSON_BODY: "request body format is invalid",
  FST_ERR_CTP_INVALID_JSON_BODY: "request body format is invalid",
};
