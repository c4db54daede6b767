/** Lets web pages of named origins call the server, and no others: a browser asks before it lets a page do so. */
import type { FastifyInstance } from "fastify";

const METHODS = "GET, POST, PATCH, PUT, DELETE";
const HEADERS = "APCA-API-KEY-ID, APCA-API-SECRET-KEY, Authorization, Content-Type";
const EXPOSED = "X-Request-ID, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset";
const KEPT_SECONDS = "600";

export function installCors(app: FastifyInstance, origins: readonly string[]): void {
  app.addHook("onRequest", (request, reply, done) => {
    const { origin } = request.headers;
    reply.header("vary", "Origin");
    if (origin === undefined || !origins.includes(origin)) { done(); return; }
    reply.header("access-control-allow-origin", origin).header("access-control-expose-headers", EXPOSED);
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) { done(); return; }
    reply.header("access-control-allow-methods", METHODS).header("access-control-allow-headers", HEADERS).header("access-control-max-age", KEPT_SECONDS);
    void reply.code(204).send();
  });
}
