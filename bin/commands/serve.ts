/** `ballast serve`: the simulated exchange behind Alpaca's wire, with a log that outlives the process. */
import { readFileSync } from "node:fs";
import { InvalidArgumentError, Option, type Command } from "commander";
import { installAdminGate } from "../../src/server/admin-gate.ts";
import { DurableVenue, verifyVenue } from "../../src/server/durable-venue.ts";
import type { SyncPolicy } from "../../src/server/durable/command-log.ts";
import { ADMIN_SECRET_VARIABLE, AdminTokens } from "../../src/server/keys/admin-tokens.ts";
import { KeyRing, newApiKey, type ApiKey } from "../../src/server/keys/api-keys.ts";
import { changeKeys, readKeys, watchKeys } from "../../src/server/keys/key-file.ts";
import { healthRoutes } from "../../src/server/routes-health.ts";
import { operate } from "../../src/server/operate.ts";
import { seasonRoutes, type IssueKey } from "../../src/server/routes-seasons.ts";
import { isOfSeason } from "../../src/server/seasons.ts";
import { simulationRoutes } from "../../src/server/routes-simulation.ts";
import { startServer } from "../../src/server/server.ts";
import type { RunningServer, TimeSettings, Unstamped } from "../../src/server/server-parts.ts";
import type { VenueCommand } from "../../src/server/commands.ts";
import type { Venue } from "../../src/server/venue.ts";
import type { Instant } from "../../src/time.ts";
import { servedVenue, type MarketOptions, type ServedVenue } from "../served-venue.ts";
import { addSettings } from "../settings-from.ts";
import { UsageError } from "../usage-error.ts";

interface Options extends MarketOptions {
  readonly dir: string;
  readonly host: string;
  readonly port: number;
  readonly fsync: SyncPolicy;
  readonly snapshotEvery: number;
  readonly speed: number | "max";
  readonly stepped?: true;
  readonly requestsPerMinute: number;
  readonly connectionsMax: number;
  readonly cors: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly legacyPatternDayTrader?: true;
  readonly recover?: true;
  readonly verify?: true;
  readonly json?: true;
}

/** Replayed bars have a tick for each tenth of a second of the clock; between clients only ends of days and orders come by themselves. */
const TICK_MS = { "daily-bars": 100, "minute-bars": 100, agents: 250, clients: 1_000 } as const;
const INTERVAL_MS = 100;

export function register(program: Command): void {
  addSettings(program.command("serve"), { prefix: "BALLAST_SERVE_", others: [ADMIN_SECRET_VARIABLE] })
    .description("Serve a simulated market behind Alpaca's interface. What it acknowledges is in a log first, and there again after any end.")
    .addOption(new Option("--dir <directory>", "where commands, snapshots and keys are kept").default(".ballast/venue"))
    .addOption(new Option("--host <address>", "address to listen on").default("127.0.0.1"))
    .addOption(new Option("--port <number>", "port to listen on; 0 for any that is free").default(8080).argParser(count(0, 65_535)))
    .option("--symbols <list>", "a new venue: what is traded, with commas between", listOf)
    .addOption(new Option("--hours <hours>", "a new venue without data: New York's sessions, or always (default: calendar)").choices(["calendar", "always"]))
    .option("--start <instant>", "a new venue without data: the market's time at the start, RFC 3339 (default: now)")
    .option("--agents", "a new venue: seeded agents make the prices")
    .option("--seed <number>", "a new venue: of everything that is left to chance", count(0, 2 ** 32 - 1))
    .option("--data <directory>", "a new venue: minute or daily bars to replay")
    .addOption(new Option("--bars <kind>", "a new venue: which of them (default: minutes where the data have them)").choices(["minute", "daily"]))
    .option("--from <date>", "the first day that is replayed")
    .option("--to <date>", "the last day that is replayed")
    .addOption(new Option("--profile <name>", "a new venue: fills, fees and dividends as in reality, or as Alpaca's paper does them (default: realistic)").choices(["realistic", "alpaca-paper"]))
    .option("--acknowledge-ms <number>", "a new venue: how long its exchange takes over an order, a cancel or a replacement (default: 0)", count(0, 60_000))
    .option("--speed <factor>", "of the time of bars and agents: how many times faster than a clock; max for bars as fast as streams take them", speed, 1)
    .option("--stepped", "time moves only by POST /sim/v1/advance")
    .option("--fsync <policy>", "when a command is acknowledged: batch (synced), interval or interval:<ms> (written), never (written)", policy, { sync: "every-batch" })
    .option("--snapshot-every <commands>", "commands between two snapshots", count(1, 1_000_000_000), 50_000)
    .option("--requests-per-minute <number>", "of each key, before 429", count(1, 1_000_000_000), 200)
    .option("--connections-max <number>", "open at once", count(1, 1_000_000), 4_096)
    .option("--cors <origin>", "a web page's origin that may call; may be repeated", (origin: string, others: readonly string[]) => [...others, origin], [])
    .option("--tls-cert <file>", "serve over TLS with this certificate (PEM)")
    .option("--tls-key <file>", "and this key (PEM)")
    .option("--legacy-pattern-day-trader", "show the fields that Alpaca removed on 2026-07-06")
    .option("--recover", "read the directory, cut a torn end, say what is there, and stop")
    .option("--verify", "with --recover: derive the state from the oldest point and compare it with the newest snapshot")
    .option("--json", "print what --recover finds as one JSON object")
    .addHelpText(
      "after",
      `
Clients need a key (ballast keys create); a browser finds a live page at the URL. Operators' routes (/sim/v1) need a key with
the scope admin, or a token made with
${ADMIN_SECRET_VARIABLE} (ballast keys admin-token).

Examples:
  $ ballast keys create ann --dir venue
  $ ballast serve --dir venue --symbols AAA,BBB --hours always
  $ ballast serve --dir lively --agents --seed 7 --hours always
  $ ballast serve --dir slow --agents --hours always --acknowledge-ms 200
  $ ballast serve --dir replay --data backtest/data --from 2016-01-04 --to 2016-12-30 --speed 3600
  $ ballast serve --dir week --data market-data --symbols SPY --from 2013-10-07 --to 2013-10-11 --speed max
  $ ballast serve --dir venue --recover --verify`,
    )
    .action(serve);
}

async function serve(options: Options): Promise<void> {
  if (options.verify && !options.recover) throw new UsageError("--verify goes with --recover");
  if ((options.tlsCert === undefined) !== (options.tlsKey === undefined)) throw new UsageError("--tls-cert and --tls-key go together");
  const { dir, symbols, hours, start, agents, seed, data, bars, from, to, profile, acknowledgeMs } = options;
  const served = await servedVenue(dir, { symbols, hours, start, agents, seed, data, bars, from, to, profile, acknowledgeMs } as MarketOptions, Date.now() as Instant);
  const onSnapshotFailure = (error: unknown): void => void process.stderr.write(`ballast: a snapshot failed and the log goes on: ${String(error)}\n`);
  const durable = await DurableVenue.open({ directory: dir, policy: options.fsync, snapshotEvery: options.snapshotEvery, venue: served.settings, onSnapshotFailure });
  if (options.recover) return recovered(options, served, durable);
  for (const note of served.notes) process.stderr.write(`${note}\n`);
  process.stderr.write(`${recoveryText(durable)}\n`);
  await run(options, served, durable);
}

async function run(options: Options, served: ServedVenue, durable: DurableVenue): Promise<void> {
  const tokens = adminTokens();
  const keys = readKeys(options.dir);
  const ring = new KeyRing(keys, Date.now);
  if (!options.stepped && served.followsClock) await commit(durable, { type: "advance", at: Math.max(durable.venue.now, Date.now()) as Instant });
  const openedByKey = (command: Unstamped): Promise<unknown> => commit(durable, { ...command, at: durable.venue.now });
  await openAccounts(durable.venue, keys, openedByKey);
  const steps: { moveTo?: RunningServer["moveTo"] } = {};
  const server = await startServer({
    host: options.host, port: options.port, venue: durable.venue, time: timeOf(options, served), authenticator: ring, journal: durable,
    requestsPerMinute: options.requestsPerMinute, connectionsMax: options.connectionsMax, corsOrigins: options.cors, legacyPatternDayTrader: options.legacyPatternDayTrader ?? false,
    ...(options.tlsCert !== undefined && options.tlsKey !== undefined && { tls: { cert: readFileSync(options.tlsCert), key: readFileSync(options.tlsKey) } }),
    extend: async (parts) => {
      installAdminGate(parts, tokens, Date.now);
      healthRoutes(parts.app, durable);
      simulationRoutes(parts, async (at) => steps.moveTo?.(at));
      seasonRoutes(parts, (account, cash) => issueKey(options.dir, ring, account, cash));
      await operate(parts, () => durable.commandsSinceSnapshot);
    },
  });
  steps.moveTo = (at) => server.moveTo(at);
  const complain = (error: unknown): void => void process.stderr.write(`ballast: ${error instanceof Error ? error.message : String(error)}\n`);
  const stopWatching = watchKeys(options.dir, (changed) => {
    ring.replace(changed);
    openAccounts(server.venue, changed, (command) => server.execute(command)).catch(complain);
  }, complain);
  process.stdout.write(`serving ${server.url}\n`);
  if (keys.length === 0) process.stdout.write(`no keys yet: make one with  ballast keys create paper --dir ${options.dir}\n`);
  await stopAsked();
  stopWatching();
  await server.close();
  await durable.close();
}

/** Before the server takes requests. */
async function commit(durable: DurableVenue, command: VenueCommand): Promise<void> {
  await durable.append(command);
  durable.venue.apply(command);
}

function timeOf({ stepped, speed }: Options, { market, settings }: ServedVenue): TimeSettings {
  if (stepped) return { mode: "stepped" };
  if (speed === "max") {
    if (!settings.market.timetable) throw new UsageError("--speed max is for replayed bars, whose instants are known beforehand");
    return { mode: "unpaced" };
  }
  if (market === "clients" && speed !== 1) throw new UsageError("--speed is for replayed bars: clients trade in real time");
  return { mode: "real", speed, clock: Date.now, tickMs: TICK_MS[market] };
}

/** The account's key from now on; those that it had are gone. */
async function issueKey(directory: string, ring: KeyRing, ...[account, startingCash]: Parameters<IssueKey>): ReturnType<IssueKey> {
  const { key, secret } = newApiKey({ account, startingCash, scopes: ["trade", "read"], createdAt: Date.now() as Instant });
  await changeKeys(directory, (others) => [...others.filter((other) => other.account !== account), key]);
  ring.replace(readKeys(directory));
  return { id: key.id, secret };
}

/** Each with its first key. Those of seasons are opened by joining. */
async function openAccounts(venue: Venue, keys: readonly ApiKey[], execute: (command: Unstamped) => Promise<unknown>): Promise<void> {
  for (const { account, startingCash } of keys) if (!venue.accounts.has(account) && !isOfSeason(account)) await execute({ type: "open-account", account, cash: startingCash });
}

function adminTokens(): AdminTokens | undefined {
  const secret = process.env[ADMIN_SECRET_VARIABLE];
  return secret === undefined ? undefined : new AdminTokens(secret);
}

function stopAsked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

async function recovered({ dir, verify, json }: Options, { settings }: ServedVenue, durable: DurableVenue): Promise<void> {
  const verification = verify && (await verifyVenue(dir, settings));
  const { recovery } = durable;
  const digest = durable.digest();
  await durable.release();
  const agrees = verification ? verification.agrees && verification.digest === digest : undefined;
  if (agrees === false) process.exitCode = 1;
  if (json) return void process.stdout.write(`${JSON.stringify({ ...recovery, digest, ...(verification && { verification, agrees }) })}\n`);
  process.stdout.write(`${recoveryText(durable)}\nstate after command ${recovery.lastSequence}: ${digest}\n`);
  if (!verification) return;
  const { from, commands, snapshot } = verification;
  process.stdout.write(`derived again from command ${from} on, ${commands} commands: ${verification.digest}\n`);
  process.stdout.write(snapshot ? `snapshot of command ${snapshot.sequence}: ${snapshot.digest}, derived ${snapshot.derived}\n` : "no snapshot to compare with\n");
  process.stdout.write(agrees ? "they agree\n" : "THEY DIFFER: keep this directory, and restore a backup\n");
}

function recoveryText({ recovery: { snapshot, commandsReplayed, lastSequence, torn, damagedSnapshots } }: DurableVenue): string {
  return [
    `${lastSequence} commands: ${snapshot ? `a snapshot of command ${snapshot.sequence}` : "no snapshot"}, and ${commandsReplayed} played behind it`,
    ...damagedSnapshots.map((what) => `put aside: ${what}`),
    ...(torn ? [`cut ${torn.bytes} bytes that were being written when it stopped, at byte ${torn.offset} of ${torn.path}; they were never acknowledged as synced`] : []),
  ].join("\n");
}

function policy(text: string): SyncPolicy {
  if (text === "batch") return { sync: "every-batch" };
  if (text === "never") return { sync: "never" };
  const [, ms] = /^interval(?::(\d{1,6}))?$/.exec(text) ?? (text === "interval" ? ["", undefined] : []);
  if (!text.startsWith("interval") || (text !== "interval" && ms === undefined)) throw new InvalidArgumentError("It is batch, interval, interval:<ms> or never.");
  return { sync: "interval", ms: ms === undefined ? INTERVAL_MS : Math.max(1, Number(ms)) };
}

function count(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) throw new InvalidArgumentError(`It is a whole number from ${low} to ${high}.`);
    return value;
  };
}

function speed(text: string): number | "max" {
  if (text === "max") return text;
  const value = Number(text);
  if (!(value > 0 && value <= 1e9)) throw new InvalidArgumentError("It is a number above 0, or max.");
  return value;
}

function listOf(text: string): string[] {
  return text.split(",").map((item) => item.trim()).filter((item) => item !== "");
}
