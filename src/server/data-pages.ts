/**
 * Pages over points of many symbols: by symbol, then by time, up to a limit of points in all.
 *
 * A token names the symbol and the time at which the next page begins, and how many points of that time were given
 * already; so it stays good while new points come.
 */
import type { Instant } from "../time.ts";
import type { Symbol } from "../trade.ts";
import type { Points } from "./trade-tape.ts";
import { badRequest } from "./wire-errors.ts";

export interface PageQuery {
  readonly symbols: readonly Symbol[];
  /** Included, both. */
  readonly start: Instant;
  readonly end: Instant;
  readonly limit: number;
  readonly sort: "asc" | "desc";
  readonly token: string | undefined;
}

export interface Page<P> {
  readonly points: ReadonlyMap<Symbol, readonly P[]>;
  readonly nextToken: string | null;
}

interface Timed {
  readonly at: Instant;
}

/** `pointsOf` gives all of a symbol, by time. @throws WireError 400 for a token that is none of ours. */
export function pageOver<P extends Timed>({ symbols, start, end, limit, sort, token }: PageQuery, pointsOf: (symbol: Symbol) => Points<P>): Page<P> {
  const resumed = token === undefined ? undefined : placeIn(token);
  const points = new Map<Symbol, readonly P[]>();
  let left = limit;
  for (const symbol of [...new Set(symbols)].sort()) {
    if (resumed && symbol < resumed.symbol) continue;
    const all = pointsOf(symbol);
    let from = firstWhere(all, (at) => at >= start);
    let to = firstWhere(all, (at) => at > end);
    if (resumed?.symbol === symbol && resumed.at > 0) {
      if (sort === "asc") from = Math.max(from, firstWhere(all, (at) => at >= resumed.at) + resumed.given);
      else to = Math.min(to, firstWhere(all, (at) => at > resumed.at) - resumed.given);
    }
    const count = Math.max(0, to - from);
    const taken = sort === "asc" ? all.slice(from, Math.min(to, from + left)) : all.slice(Math.max(from, to - left), Math.max(from, to)).reverse();
    if (taken.length > 0) points.set(symbol, taken);
    left -= taken.length;
    if (taken.length < count) return { points, nextToken: tokenAfter(symbol, taken, resumed) };
  }
  return { points, nextToken: null };
}

interface Place {
  readonly symbol: Symbol;
  readonly at: Instant;
  readonly given: number;
}

function tokenAfter(symbol: Symbol, taken: readonly Timed[], resumed: Place | undefined): string {
  const at = taken.at(-1)?.at;
  // The page was full before this symbol: time 0 stands for its beginning.
  if (at === undefined) return textOf(resumed?.symbol === symbol ? resumed : { symbol, at: 0 as Instant, given: 0 });
  let given = taken.filter((point) => point.at === at).length;
  if (resumed?.symbol === symbol && resumed.at === at) given += resumed.given;
  return textOf({ symbol, at, given });
}

function textOf({ symbol, at, given }: Place): string {
  return Buffer.from(JSON.stringify([symbol, at, given])).toString("base64url");
}

function placeIn(token: string): Place {
  const text = Buffer.from(token, "base64url").toString();
  const match = /^\["([^"\\]{1,32})",(\d{1,15}),(\d{1,9})\]$/.exec(text);
  if (!match) throw badRequest("invalid page_token");
  return { symbol: match[1] as Symbol, at: Number(match[2]) as Instant, given: Number(match[3]) };
}

function firstWhere(points: Points<Timed>, holds: (at: Instant) => boolean): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(points.at(middle)!.at)) high = middle;
    else low = middle + 1;
  }
  return low;
}
