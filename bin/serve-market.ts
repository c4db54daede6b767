/** A market that is served until somebody stops it: its keys, its routes, its time, and an end at which nothing is lost. */
import { statfs } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "../src/aws/log.ts";
import { moneyOf } from "../src/money.ts";
import { LAST_FEE_DAY } from "../src/rules/fee-rates.ts";
import { installAdminGate } from "../src/server/admin-gate.ts";
import type { FaultPlan } from "../src/server/faults.ts";
import type { DurableVenue } from "../src/server/durable-venue.ts";
import { KeyRing, newApiKey, type ApiKey } from "../src/server/keys/api-keys.ts";
import type { AdminTokens } from "../src/server/keys/admin-tokens.ts";
import { changeKeys, readKeys, watchKeys } from "../src/server/keys/key-file.ts";
import { operate } from "../src/server/operate.ts";
import { healthRoutes } from "../src/server/routes-health.ts";
import { seasonRoutes, type IssueKey } from "../src/server/routes-seasons.ts";
import { simulationRoutes } from "../src/server/routes-simulation.ts";
import { isOfSeason } from "../src/server/seasons.ts";
import { startServer } from "../src/server/server.ts";
import type { RunningServer, ServerSettings, TimeSettings, Unstamped } from "../src/server/server-parts.ts";
import { Venue } from "../src/server/venue.ts";
import type { VenueReply } from "../src/server/venue-replies.ts";
import { WireError } from "../src/server/wire-errors.ts";
import { CASH_ACCOUNT } from "../src/simulator/trading-account.ts";
import { dateOfEpochDay, newYorkClock, type Instant } from "../src/time.ts";
import type { AccountName } from "../src/trade.ts";
import { adminTokens } from "./admin-secret.ts";
import type { ServedVenue } from "./served-venue.ts";
import { tlsFiles } from "./tls-files.ts";
import { UsageError } from "./usage-error.ts";

export interface ServeOptions {
  readonly dir: string;
  readonly host: string;
  readonly port: number;
  readonly speed: number | "max";
  readonly stepped?: true;
  readonly requestsPerMinute: number;
  readonly connectionsMax: number;
  readonly cors: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly legacyPatternDayTrader?: true;
  readonly drain: number;
  readonly json?: true;
  readonly faults?: FaultPlan;
}

/** Replayed bars have a tick for each tenth of a second of the clock; between clients only ends of days and orders come by themselves. */
const TICK_MS = { "daily-bars": 100, "minute-bars": 100, agents: 250, clients: 1_000 } as const;

/** What options and variables say of the server beside its market. */
export interface Terms {
  readonly time: TimeSettings;
  readonly tls: ServerSettings["tls"];
  readonly tokens: AdminTokens | undefined;
}

/** Everything that can be refused, before anything is made. @throws UsageError, AdminSecretInvalid */
export function termsOf(options: ServeOptions, served: ServedVenue): Terms {
  const { tlsCert, tlsKey } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw new UsageError("--tls-cert and --tls-key go together");
  return { time: timeOf(options, served), tls: tlsCert === undefined || tlsKey === undefined ? undefined : tlsFiles(tlsCert, tlsKey), tokens: adminTokens() };
}

export async function serveKept(options: ServeOptions, served: ServedVenue, terms: Terms, durable: DurableVenue, log: Log): Promise<void> {
  const { venue } = durable;
  const keys = readKeys(options.dir);
  const ring = new KeyRing(keys, Date.now);
  const commit = async (command: Unstamped, at = venue.now): Promise<VenueReply> => {
    await durable.append({ ...command, at });
    return venue.apply({ ...command, at });
  };
  if (!options.stepped && served.followsClock) await commit({ type: "advance" }, Math.max(venue.now, Date.now()) as Instant);
  await openAccounts(venue, keys, commit, log);
  const issueKey: IssueKey = async (account, startingCash) => {
    const { key, secret } = playersKey(account, startingCash);
    await changeKeys(options.dir, (others) => [...others.filter((other) => other.account !== account), key]);
    ring.replace(readKeys(options.dir));
    return { id: key.id, secret };
  };
  const server = await started({ options, served, terms, venue, ring, durable, issueKey, log });
  const stopWatching = watchKeys(
    options.dir,
    (changed) => {
      ring.replace(changed);
      log.info({ keys: changed.length }, "the keys have changed");
      openAccounts(venue, changed, (command) => server.execute(command), log).catch((err: unknown) => log.error({ err }, "an account could not be opened"));
    },
    (err) => log.error({ err }, "the changed keys could not be read; those from before are still good"),
  );
  process.stdout.write(`serving ${server.url}\n`);
  if (keys.length === 0) process.stdout.write(`no keys yet: make one with  ballast keys create paper --dir ${options.dir}\n`);
  await server.untilStopped();
  stopWatching();
  await durable.close();
  log.info({ commands: durable.acknowledged }, "stopped");
}

/** With a key for each account and one for operators, which nobody can read again. */
export async function serveInMemory(options: ServeOptions, served: ServedVenue, terms: Terms, log: Log, accounts: readonly string[]): Promise<void> {
  const venue = new Venue(served.settings);
  const now = Date.now() as Instant;
  const made = [...accounts.map((account) => ({ account, scopes: ["trade", "read"] as ApiKey["scopes"] })), { account: accounts[0] ?? "paper", scopes: ["admin"] as ApiKey["scopes"] }].map(({ account, scopes }) =>
    newApiKey({ account: account as AccountName, startingCash: moneyOf("100000"), scopes, createdAt: now }),
  );
  let keys = made.map(({ key }) => key);
  const ring = new KeyRing(keys, Date.now);
  const issueKey: IssueKey = async (account, startingCash) => {
    const { key, secret } = playersKey(account, startingCash);
    keys = [...keys.filter((other) => other.account !== account), key];
    ring.replace(keys);
    return { id: key.id, secret };
  };
  if (!options.stepped && served.followsClock) venue.apply({ type: "advance", at: Math.max(venue.now, now) as Instant });
  await openAccounts(venue, keys, async (command) => venue.apply({ ...command, at: venue.now }), log);
  const server = await started({ options, served, terms, venue, ring, durable: undefined, issueKey, log });
  const told = made.map(({ key: { id, account, scopes }, secret }) => ({ account, scopes, id, secret }));
  if (options.json) process.stdout.write(`${JSON.stringify({ url: server.url, keys: told })}\n`);
  else process.stdout.write(`serving ${server.url}\n${told.map(({ account, scopes, id, secret }) => `${scopes.includes("admin") ? "operators" : account}: APCA_API_KEY_ID=${id} APCA_API_SECRET_KEY=${secret}\n`).join("")}`);
  await server.untilStopped();
  log.info("stopped, and nothing was kept");
}

interface Serving {
  readonly options: ServeOptions;
  readonly served: ServedVenue;
  readonly terms: Terms;
  readonly venue: Venue;
  readonly ring: KeyRing;
  readonly durable: DurableVenue | undefined;
  /** The account's key from then on; those that it had are gone. */
  readonly issueKey: IssueKey;
  readonly log: Log;
}

async function started({ options, served, terms: { time, tls, tokens }, venue, ring, durable, issueKey, log }: Serving): Promise<RunningServer & { untilStopped(): Promise<void> }> {
  const steps: { moveTo?: RunningServer["moveTo"] } = {};
  let isStopping = false;
  for (const note of served.notes) log.info(note);
  const server = await startServer({
    host: options.host, port: options.port, venue, time, authenticator: ring, journal: durable ?? "memory", log,
    requestsPerMinute: options.requestsPerMinute, connectionsMax: options.connectionsMax, corsOrigins: options.cors, legacyPatternDayTrader: options.legacyPatternDayTrader ?? false,
    ...(tls && { tls }),
    extend: async (parts) => {
      installAdminGate(parts, tokens, Date.now);
      healthRoutes(parts, { log: durable, diskFree: durable && (() => bytesFree(options.dir)), market: served.market, clock: Date.now, monotonic: () => performance.now(), isStopping: () => isStopping });
      simulationRoutes(parts, async (at) => steps.moveTo?.(at));
      seasonRoutes(parts, issueKey);
      await operate(parts, () => durable?.commandsSinceSnapshot ?? 0, options.faults).catch(refusedPlan);
    },
  });
  steps.moveTo = (at) => server.moveTo(at);
  log.info({ url: server.url, market: served.market, kept: durable ? options.dir : "nothing" }, "serving");
  const day = newYorkClock(venue.now).day;
  if (served.settings.exchange.fees === "alpaca" && day > LAST_FEE_DAY) log.warn({ day: dateOfEpochDay(day), newest: dateOfEpochDay(LAST_FEE_DAY) }, "the fees of this day are not known yet, and the newest known ones are charged");
  return {
    ...server,
    async untilStopped() {
      const signal = await stopAsked();
      isStopping = true;
      log.info({ signal, drainSeconds: options.drain }, "stopping: what has come is answered");
      await pause(options.drain * 1_000);
      await server.close();
    },
  };
}

/** Only the market knows what it lists. */
function refusedPlan(error: unknown): never {
  if (error instanceof WireError) throw new UsageError(`--faults: ${error.message}`, { cause: error });
  throw error;
}

function timeOf({ stepped, speed }: ServeOptions, { market, settings }: ServedVenue): TimeSettings {
  if (stepped) return { mode: "stepped" };
  if (speed === "max") {
    if (!settings.market.timetable) throw new UsageError("--speed max is for replayed bars, whose instants are known beforehand");
    return { mode: "unpaced" };
  }
  if (market === "clients" && speed !== 1) throw new UsageError("--speed is for replayed bars: clients trade in real time");
  return { mode: "real", speed, clock: Date.now, tickMs: TICK_MS[market] };
}

function playersKey(...[account, startingCash]: Parameters<IssueKey>): ReturnType<typeof newApiKey> {
  return newApiKey({ account, startingCash, scopes: ["trade", "read"], createdAt: Date.now() as Instant });
}

/** Each with its first key. Those of seasons are opened by joining. */
async function openAccounts(venue: Venue, keys: readonly ApiKey[], execute: (command: Unstamped) => Promise<VenueReply>, log: Log): Promise<void> {
  for (const { account, startingCash, terms } of keys) {
    if (venue.accounts.has(account) || isOfSeason(account)) continue;
    const reply = await execute({ type: "open-account", account, cash: startingCash, terms: { ...CASH_ACCOUNT, ...terms } });
    if (reply.kind === "rejected") log.error({ account, reason: reply.rejection.message }, "an account could not be opened");
  }
}

async function bytesFree(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/** A second signal ends the process at once; what was acknowledged is in the log. */
function stopAsked(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve(signal));
  });
}
