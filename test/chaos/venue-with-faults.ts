/** The venue of a drawn day behind its server, with the day's faults between it and whoever asks. */
import type { FastifyRequest } from "fastify";
import { FaultInjector } from "../../src/server/faults.ts";
import { installFaults } from "../../src/server/fault-hooks.ts";
import { streamRoutes } from "../../src/server/routes-streams.ts";
import { startServer } from "../../src/server/server.ts";
import type { RunningServer, Unstamped } from "../../src/server/server-parts.ts";
import { Venue } from "../../src/server/venue.ts";
import { newYorkInstant, plusMs, type Instant } from "../../src/time.ts";
import { orderFormOf } from "../../src/server/wire-order-form.ts";
import type { AccountName } from "../../src/trade.ts";
import { Chance } from "./chance.ts";
import type { DrawnDay } from "./drawn-day.ts";
import { drawnMarket, type DrawnMarket } from "./drawn-market.ts";
import type { Mortality } from "./mortality.ts";
import { RequestFates } from "./request-fates.ts";

export interface Admitted {
  readonly keyId: string;
  readonly mortality: Mortality;
  /** Whose runs it advances. */
  readonly strategy: string;
}

/** A request of a strategy's process to cancel an order. */
export interface Cancel {
  readonly strategy: string;
  /** The venue's id of it. */
  readonly order: string;
}

export interface VenueWithFaults {
  readonly venue: Venue;
  readonly market: DrawnMarket;
  readonly server: RunningServer;
  /** Time moves when all that was sent has arrived. */
  moveTo(at: Instant): Promise<void>;
  admit(process: Admitted): void;
  /** From now on every request is served. */
  calm(): void;
  faultsStruck(): number;
  readonly cancels: readonly Cancel[];
  close(): Promise<void>;
}

/** Each process has a key of its own. */
export async function startVenue(day: DrawnDay, secret: string): Promise<VenueWithFaults> {
  const { account, seed } = day;
  const market = drawnMarket(day.market);
  const startsAt = newYorkInstant(day.market.sessions[0]!.day, 8 * 60);
  const venue = new Venue({
    salt: String(seed),
    startsAt,
    exchange: { fees: "none", halfSpreadBps: 1, wholeShares: day.wholeSharesVenue, checks: "alpaca", acknowledgeMs: day.acknowledgeMs, ...(day.partialFillSeed !== undefined && { partialFillSeed: day.partialFillSeed }) },
    market: market.source,
  });
  venue.apply({ type: "open-account", at: startsAt, account, cash: day.cash });
  const faults = new FaultInjector({ seed, requests: [...day.faults], stream: day.stream ?? [], market: [] });
  const processes = new Map<string, Admitted>();
  const cancels: Cancel[] = [];
  const fates = new RequestFates();
  let refusedConnections = 0;
  let isCalm = false;
  let struckBefore = 0;
  const lateness = new Chance(seed, "late requests");
  const underway: Late[] = [];
  let lateRequests = 0;
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    venue,
    time: { mode: "stepped" },
    authenticator: { authenticate: (keyId, given) => (given === secret && processes.has(keyId) ? { keyId, account, scopes: new Set(["trade", "read"] as const) } : undefined) },
    journal: "memory",
    requestsPerMinute: 1_000_000,
    legacyPatternDayTrader: false,
    async extend(parts) {
      const { app } = parts;
      fates.install(app);
      app.addHook("onRequest", (request, reply, done) => {
        const process = processes.get(String(request.headers["apca-api-key-id"]));
        const isOut = !isCalm && day.outages.some(({ from, to }) => from <= venue.now && venue.now < to);
        if (process && request.method === "DELETE") cancels.push({ strategy: process.strategy, order: request.url.split("/").at(-1)! });
        const isDead = process && !process.mortality.mayRequest();
        if (!isDead && !isOut) {
          done();
          return;
        }
        reply.hijack();
        if (isDead) request.raw.socket.destroy();
        else {
          refusedConnections += 1;
          request.raw.socket.resetAndDestroy();
        }
      });
      installFaults(app, faults);
      app.addHook("preHandler", (request, reply, done) => {
        if (isCalm || request.method === "GET" || !lateness.happens(day.late.probability)) {
          done();
          return;
        }
        lateRequests += 1;
        const command = commandOf(request, account);
        underway.push({ at: plusMs(venue.now, lateness.integer(1, day.late.maxMs)), arrive: () => parts.execute(command) });
        reply.hijack();
        request.raw.socket.resetAndDestroy();
      });
      if (day.stream) await streamRoutes(parts, faults, { sent: () => undefined, dropped: () => undefined, opened: () => undefined });
    },
  });
  return {
    venue,
    market,
    server,
    cancels,
    async moveTo(at) {
      await fates.known();
      for (let next = firstOf(underway, at); next; next = firstOf(underway, at)) {
        underway.splice(underway.indexOf(next), 1);
        if (next.at > venue.now) await server.moveTo(next.at);
        await next.arrive();
      }
      if (at > venue.now) await server.moveTo(at);
    },
    admit: (process) => void processes.set(process.keyId, process),
    calm() {
      isCalm = true;
      struckBefore = struckOf(faults);
      faults.follow({ seed, requests: [], stream: [], market: [] });
    },
    faultsStruck: () => refusedConnections + lateRequests + struckBefore + struckOf(faults),
    close: () => server.close(),
  };
}

interface Late {
  readonly at: Instant;
  readonly arrive: () => Promise<unknown>;
}

/** What a request to trade asks for, as its route would read it. */
function commandOf({ method, body, params }: FastifyRequest, account: AccountName): Unstamped {
  if (method === "POST") return { type: "place", account, order: orderFormOf(body) };
  const [order] = Object.values(params as Record<string, string>);
  return { type: "cancel", account, order: order! };
}

function firstOf(underway: readonly Late[], until: Instant): Late | undefined {
  return underway.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
}

function struckOf(faults: FaultInjector): number {
  const { requests, stream } = faults.counts();
  return [...requests, ...stream].reduce((sum, count) => sum + count, 0);
}

