/**
 * A venue behind Alpaca's REST wire, in this process.
 *
 * A command is acknowledged in this order: parsed, authorised, appended to the journal until it is durable, applied to
 * the venue, answered. Commands are applied in the order in which they were appended. How time moves is market-time.ts; the
 * venue never asks for it.
 */
import type { IncomingMessage } from "node:http";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { VenueCommand } from "./commands.ts";
import { installCors } from "./cors.ts";
import { installGate, sendError } from "./gate.ts";
import { keepMoving, marketTime, moveTo } from "./market-time.ts";
import { accountRoutes } from "./routes-account.ts";
import { corporateActionRoutes } from "./routes-corporate-actions.ts";
import { marketDataRoutes } from "./routes-market-data.ts";
import { orderRoutes } from "./routes-orders.ts";
import { positionRoutes } from "./routes-positions.ts";
import { referenceRoutes } from "./routes-reference.ts";
import { watchlistRoutes } from "./routes-watchlists.ts";
import { refuseBytes } from "./refused-bytes.ts";
import type { RunningServer, ServerParts, ServerSettings } from "./server-parts.ts";
import type { VenueReply } from "./venue-replies.ts";
import { invalidRequest } from "./wire-errors.ts";

export async function startServer(settings: ServerSettings): Promise<RunningServer> {
  const app = listenerOf(settings);
  const parts = partsOf(app, settings);
  installCors(app, settings.corsOrigins ?? []);
  installGate(parts);
  for (const add of ROUTES) add(parts);
  await settings.extend?.(parts);
  await app.listen({ host: settings.host, port: settings.port });
  const stopMoving = keepMoving(parts, parts.executeAt);
  const address = app.server.address();
  const port = typeof address === "object" && address ? address.port : settings.port;
  return {
    ...parts,
    url: `${settings.tls ? "https" : "http"}://${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${port}`,
    moveTo: (at) => moveTo(parts, parts.executeAt, at),
    async close() {
      await stopMoving();
      await app.close();
    },
  };
}

const ROUTES = [orderRoutes, accountRoutes, positionRoutes, referenceRoutes, watchlistRoutes, marketDataRoutes, corporateActionRoutes] as const;
const BODY_MAX = 256 * 1024;
const HEADERS_MAX = 16 * 1024;
const HEADERS_WITHIN_MS = 10_000;
const REQUEST_WITHIN_MS = 30_000;
const CONNECTIONS_MAX = 4_096;

/** Whoever sends too much, too slowly or over too many connections is closed, and nobody else notices. */
function listenerOf({ tls, log, connectionsMax = CONNECTIONS_MAX }: ServerSettings): FastifyInstance {
  const http = { maxHeaderSize: HEADERS_MAX, headersTimeout: HEADERS_WITHIN_MS, connectionsCheckingInterval: 5_000, shouldUpgradeCallback: wantsWebSocket };
  const options = { logger: false, bodyLimit: BODY_MAX, requestTimeout: REQUEST_WITHIN_MS, routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true }, forceCloseConnections: "idle" as const, frameworkErrors: sendFrameworkError, clientErrorHandler: refuseBytes };
  const app = tls ? (Fastify({ ...options, https: { ...http, ...tls } }) as unknown as FastifyInstance) : Fastify({ ...options, http });
  takeAnyBodyAsJson(app);
  if (log?.level === "debug") app.addHook("onResponse", (request, reply, done) => {
    log.debug({ method: request.method, route: request.routeOptions.url ?? "unknown", status: reply.statusCode, ms: reply.elapsedTime, request: reply.getHeader("x-request-id"), account: request.identity?.account }, "answered");
    done();
  });
  app.server.maxConnections = connectionsMax;
  return app;
}

/** Of a path that cannot be decoded: no hook has seen the request. */
function sendFrameworkError(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  void sendError(reply, error);
}

/** Clients offer other protocols too, as Java's does with h2c, and elsewhere than at the streams: they are answered as if they had not. */
function wantsWebSocket({ method, headers, url = "" }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket" && STREAMS.test(url);
}

const STREAMS = /^\/(stream|v2\/(iex|sip|delayed_sip))\/?(\?|$)/;

/** Older clients name another type, or none, for bodies that are JSON or empty. */
function takeAnyBodyAsJson(app: FastifyInstance): void {
  app.addHook("onRequest", ({ raw }, _reply, done) => {
    if (raw.headers["content-type"] === "") delete raw.headers["content-type"];
    done();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => {
    try {
      done(null, body === "" ? undefined : JSON.parse(String(body)));
    } catch {
      done(invalidRequest("request body format is invalid"));
    }
  });
}

function partsOf(app: FastifyInstance, settings: ServerSettings): ServerParts & { readonly executeAt: (command: VenueCommand) => Promise<VenueReply> } {
  const { venue, journal } = settings;
  const now = marketTime(settings);
  let stamped = venue.now;
  const executeAt = async (command: VenueCommand): Promise<VenueReply> => {
    stamped = command.at;
    if (journal !== "memory") await journal.append(command);
    return venue.apply(command);
  };
  return {
    app, venue, settings, now, executeAt,
    // Between the stamp and the append nothing waits, so instants in the journal never go back.
    execute: (command) => executeAt({ ...command, at: Math.max(stamped, now()) } as VenueCommand),
  };
}
