import { afterEach, expect, test } from "vitest";
import { healthRoutes, type HealthSources } from "../../src/server/routes-health.ts";
import type { ServerSettings } from "../../src/server/server-parts.ts";
import { NOON, serveMarket, type ServedMarket } from "../support/served-market.ts";

let market: ServedMarket;
afterEach(() => market.server.close());

const WELL: HealthSources = { log: { failure: undefined, acknowledged: 7, commandsSinceSnapshot: 3 }, diskFree: async () => 1e9, market: "clients", clock: () => NOON, monotonic: () => 5, isStopping: () => false };

async function serving(sources: Partial<HealthSources> = {}, settings: Partial<ServerSettings> = {}): Promise<void> {
  market = await serveMarket({ ann: "1" }, { extend: (parts) => healthRoutes(parts, { ...WELL, ...sources }), ...settings });
}

async function asked(path: string): Promise<readonly [number, unknown]> {
  const answer = await fetch(`${market.server.url}${path}`);
  return [answer.status, await answer.json()];
}

const failure = Object.assign(new Error("ENOSPC: no space left on device"), { name: "CommandLogFailed" }) as NonNullable<HealthSources["log"]>["failure"];

test("each thing that the server depends on is told, without a key", async () => {
  await serving();
  expect(await asked("/health")).toEqual([200, {
    status: "ok",
    log: { status: "ok", commands: 7, commandsSinceSnapshot: 3 },
    disk: { status: "ok", freeBytes: 1e9 },
    market: { status: "ok", source: "clients", time: "stepped", now: "2026-11-24T17:00:00.000Z", behindSeconds: 0, orders: 0, accounts: 1 },
    clock: { status: "ok", now: "2026-11-24T17:00:00.000Z", movedMs: 0 },
  }]);
  expect(await asked("/ready")).toEqual([200, { ready: true }]);
});

test("a log that has failed makes the server unhealthy and unready, with its reason", async () => {
  await serving({ log: { failure, acknowledged: 7, commandsSinceSnapshot: 3 } });
  expect(await asked("/health")).toMatchObject([503, { status: "failed", log: { status: "failed", reason: "ENOSPC: no space left on device" }, disk: { status: "ok" } }]);
  expect(await asked("/ready")).toEqual([503, { ready: false, reason: "the log has failed" }]);
});

test("a disk with less than a file of the log is degraded, one that cannot be asked has failed", async () => {
  let free = async (): Promise<number> => 60_000_000;
  await serving({ diskFree: () => free() });
  expect(await asked("/health")).toMatchObject([200, { status: "degraded", disk: { status: "degraded", reason: "the disk is nearly full", freeBytes: 60_000_000 } }]);
  free = () => Promise.reject(new Error("EIO: i/o error"));
  expect(await asked("/health")).toMatchObject([503, { status: "failed", disk: { status: "failed", reason: "EIO: i/o error" } }]);
});

test("a clock that was set since the start is told", async () => {
  let now: number = NOON;
  await serving({ clock: () => now });
  now -= 3_600_000;
  expect(await asked("/health")).toMatchObject([200, { status: "degraded", clock: { status: "degraded", reason: "the machine's clock was set since the start", movedMs: -3_600_000 } }]);
});

test("a market that is behind its time is told", async () => {
  let now: number = NOON;
  await serving({}, { time: { mode: "real", speed: 60, clock: () => now, tickMs: 1_000_000 } });
  now += 20_000;
  expect(await asked("/health")).toMatchObject([200, { status: "degraded", market: { status: "degraded", behindSeconds: 20, time: "real" } }]);
});

test("a server that stops is healthy and not ready; one that keeps nothing says so", async () => {
  let isStopping = false;
  await serving({ isStopping: () => isStopping, log: undefined, diskFree: undefined });
  expect(await asked("/health")).toMatchObject([200, { status: "ok", log: { status: "ok", kept: false }, disk: { status: "ok", kept: false } }]);
  isStopping = true;
  expect((await asked("/health"))[0]).toBe(200);
  expect(await asked("/ready")).toEqual([503, { ready: false, reason: "the server is stopping" }]);
});
