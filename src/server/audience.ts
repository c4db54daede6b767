/**
 * For whom a route is: everybody, whoever has a key, operators, or (`players`) either of the two last.
 *
 * It is decided by the route that was found and not by the request's text, which can spell one path in many ways.
 */
import type { FastifyRequest } from "fastify";

export type Audience = "everybody" | "key-holders" | "operators" | "players";

const EVERYBODY: ReadonlySet<string> = new Set(["/", "/page/:file", "/health", "/ready", "/metrics", "/stream", "/v2/iex", "/v2/sip", "/v2/delayed_sip"]);
/** What players may ask under /sim: of the market what everybody may see, of accounts their own alone, and of seasons who stands where. */
const PLAYERS: ReadonlySet<string> = new Set(["GET /sim/v1/key", "GET /sim/v1/depth/:symbol", "GET /sim/v1/seasons", "GET /sim/v1/seasons/:season", "POST /sim/v1/seasons/:season/entries"]);

export function audienceOf({ method, routeOptions: { url } }: FastifyRequest): Audience {
  // There is no such route: with a key one is told so.
  if (url === undefined) return "key-holders";
  if (EVERYBODY.has(url)) return "everybody";
  if (!url.startsWith("/sim/")) return "key-holders";
  return PLAYERS.has(`${method} ${url}`) ? "players" : "operators";
}
