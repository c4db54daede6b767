/**
 * /health tells how each thing does that the server depends on, /ready whether to send anything. Both without a key.
 *
 * A part is `ok`, `degraded` (it works, and somebody should look) or `failed` (nothing is acknowledged any more, and the
 * answer is 503); the whole is the worst of them. While the server stops it is healthy and not ready.
 */
import { isoOf } from "../time.ts";
import type { CommandLogFailed } from "./durable/log-errors.ts";
import type { ServerParts } from "./server-parts.ts";

export interface HealthSources {
  /** Nothing where no commands are kept. */
  readonly log: { readonly failure: CommandLogFailed | undefined; readonly acknowledged: number; readonly commandsSinceSnapshot: number } | undefined;
  /** Bytes that are left where the log is. */
  readonly diskFree: (() => Promise<number>) | undefined;
  /** What makes the prices. */
  readonly market: string;
  /** Milliseconds of the machine's clock, and of one that nobody sets. */
  readonly clock: () => number;
  readonly monotonic: () => number;
  readonly isStopping: () => boolean;
}

type Status = "ok" | "degraded" | "failed";
type Part = { readonly status: Status; readonly reason?: string } & Readonly<Record<string, unknown>>;

/** What one more file of the log takes. */
const DISK_FREE_MIN = 1 << 26;
const BEHIND_MAX_SECONDS = 10;
const CLOCK_MOVED_MAX_MS = 1_000;

export function healthRoutes(parts: ServerParts, sources: HealthSources): void {
  const offset = sources.clock() - sources.monotonic();
  parts.app.get("/health", async (_request, reply) => {
    const all = { log: logOf(sources), disk: await diskOf(sources), market: marketOf(parts, sources), clock: clockOf(sources, offset) };
    const status = WORST_FIRST.find((one) => Object.values(all).some((part) => part.status === one)) ?? "ok";
    return reply.code(status === "failed" ? 503 : 200).send({ status, ...all });
  });
  parts.app.get("/ready", (_request, reply) => {
    const reason = sources.log?.failure ? "the log has failed" : sources.isStopping() ? "the server is stopping" : undefined;
    return reply.code(reason === undefined ? 200 : 503).send({ ready: reason === undefined, ...(reason !== undefined && { reason }) });
  });
}

const WORST_FIRST: readonly Status[] = ["failed", "degraded"];

function logOf({ log }: HealthSources): Part {
  if (!log) return { status: "ok", kept: false };
  const { failure, acknowledged, commandsSinceSnapshot } = log;
  return { status: failure ? "failed" : "ok", ...(failure && { reason: failure.message }), commands: acknowledged, commandsSinceSnapshot };
}

async function diskOf({ diskFree }: HealthSources): Promise<Part> {
  if (!diskFree) return { status: "ok", kept: false };
  try {
    const freeBytes = await diskFree();
    return freeBytes < DISK_FREE_MIN ? { status: "degraded", reason: "the disk is nearly full", freeBytes } : { status: "ok", freeBytes };
  } catch (error) {
    return { status: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

function marketOf(parts: ServerParts, { market }: HealthSources): Part {
  const { venue, settings: { time } } = parts;
  const endsAt = venue.settings.market.timetable?.endsAt;
  const behindSeconds = time.mode === "real" ? Math.max(0, parts.now() - venue.now) / time.speed / 1_000 : 0;
  const facts = { source: market, time: time.mode, now: isoOf(venue.now), ...(endsAt !== undefined && { endsAt: isoOf(endsAt), hasEnded: venue.now >= endsAt }), behindSeconds, orders: venue.orderCount, accounts: venue.accounts.size };
  return behindSeconds > BEHIND_MAX_SECONDS ? { status: "degraded", reason: "the market is behind its time", ...facts } : { status: "ok", ...facts };
}

function clockOf({ clock, monotonic }: HealthSources, offset: number): Part {
  const movedMs = Math.round(clock() - monotonic() - offset);
  const facts = { now: new Date(clock()).toISOString(), movedMs };
  return Math.abs(movedMs) > CLOCK_MOVED_MAX_MS ? { status: "degraded", reason: "the machine's clock was set since the start", ...facts } : { status: "ok", ...facts };
}
