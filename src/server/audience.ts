/**
 * For whom a route is: everybody, whoever has a key, or operators.
 *
 * It is decided by the route that was found and not by the request's text, which can spell one path in many ways.
 */
import type { FastifyRequest } from "fastify";

export type Audience = "everybody" | "key-holders" | "operators";

const EVERYBODY: ReadonlySet<string> = new Set(["/health", "/ready", "/metrics", "/stream", "/v2/iex", "/v2/sip", "/v2/delayed_sip"]);

export function audienceOf({ routeOptions: { url } }: FastifyRequest): Audience {
  // There is no such route: with a key one is told so.
  if (url === undefined) return "key-holders";
  if (EVERYBODY.has(url)) return "everybody";
  return url.startsWith("/sim/") ? "operators" : "key-holders";
}
