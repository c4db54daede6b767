/** `ballast serve`: the simulated exchange behind Alpaca's wire, with a log that outlives the process. */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { InvalidArgumentError, Option, type Command } from "commander";
import { parse } from "yaml";
import { z } from "zod";
import { DurableVenue, verifyVenue } from "../../src/server/durable-venue.ts";
import type { SyncPolicy } from "../../src/server/durable/command-log.ts";
import { faultPlanSchema, type FaultPlan } from "../../src/server/faults.ts";
import { ADMIN_SECRET_VARIABLE } from "../../src/server/keys/admin-tokens.ts";
import type { Instant } from "../../src/time.ts";
import { ADMIN_SECRET_FILE_VARIABLE } from "../admin-secret.ts";
import { serveLog, type LogSettings } from "../serve-log.ts";
import { serveInMemory, serveKept, termsOf, type ServeOptions } from "../serve-market.ts";
import { isServed, newServedVenue, servedVenue, type MarketOptions, type ServedVenue } from "../served-venue.ts";
import { addSettings } from "../settings-from.ts";
import { symbolList } from "../symbol-list.ts";
import { UsageError } from "../usage-error.ts";

interface Options extends MarketOptions, ServeOptions, LogSettings {
  readonly memory?: true | string;
  readonly fsync: SyncPolicy;
  readonly snapshotEvery: number;
  readonly recover?: true;
  readonly verify?: true;
}

const INTERVAL_MS = 100;

export function register(program: Command): void {
  addSettings(program.command("serve"), { prefix: "BALLAST_SERVE_", others: [ADMIN_SECRET_VARIABLE, ADMIN_SECRET_FILE_VARIABLE], mappings: ["faults"] })
    .description("Serve a simulated market behind Alpaca's interface. What it acknowledges is in a log first, and there again after any end.")
    .addOption(new Option("--dir <directory>", "where commands, snapshots and keys are kept").default(".ballast/venue"))
    .addOption(new Option("--host <address>", "address to listen on").default("127.0.0.1"))
    .addOption(new Option("--port <number>", "port to listen on; 0 for any that is free").default(8080).argParser(count(0, 65_535)))
    .option("--symbols <list>", "a new venue: what is traded, with commas between", symbolList)
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
    .option("--leveraged <list>", "a new venue: funds that follow two or three times their index, like TQQQ=3,SSO=2; they need more margin", leverages)
    .option("--not-marginable <list>", "a new venue: symbols that cannot be bought on margin, with commas between", symbolList)
    .option("--speed <factor>", "of the time of bars and agents: how many times faster than a clock; max for bars as fast as streams take them", speed, 1)
    .option("--stepped", "time moves only by POST /sim/v1/advance")
    .addOption(new Option("--fsync <policy>", "when a command is acknowledged: batch (synced), interval or interval:<ms> (written), never (written)").argParser(policy).default({ sync: "every-batch" }, "batch"))
    .option("--snapshot-every <commands>", "commands between two snapshots", count(1, 1_000_000_000), 50_000)
    .option("--requests-per-minute <number>", "of each key, before 429", count(1, 1_000_000_000), 200)
    .option("--connections-max <number>", "open at once", count(1, 1_000_000), 4_096)
    .addOption(new Option("--cors <origin>", "a web page's origin that may call; may be repeated").argParser((origin: string, others: readonly string[]) => [...others, origin]).default([], "none"))
    .option("--tls-cert <file>", "serve over TLS with this certificate (PEM)")
    .option("--tls-key <file>", "and this key (PEM)")
    .option("--legacy-pattern-day-trader", "show the fields that Alpaca removed on 2026-07-06")
    .option("--drain <seconds>", "from a signal to stop, when /ready says no, until no more connections are taken", count(0, 3_600), 0)
    .addOption(new Option("--log-format <format>", "of what goes to standard error").choices(["text", "json"]).default("text"))
    .addOption(new Option("--log-level <level>", "debug has a line for each request").choices(["debug", "info", "warn", "error"]).default("info"))
    .option("--memory [accounts]", "keep nothing, for tests and teaching: a new market without a directory; the keys of its accounts (default: paper) are printed once")
    .option("--faults <file>", "what goes wrong, as PUT /sim/v1/faults takes it: a YAML or JSON file, or in --config a mapping", faultPlan)
    .option("--recover", "read the directory, cut a torn end, say what is there, and stop")
    .option("--verify", "with --recover: derive the state from the oldest point and compare it with the newest snapshot")
    .option("--json", "print what --recover finds, or the URL and keys of --memory, as one JSON object")
    .addHelpText(
      "after",
      `
Clients need a key (ballast keys create); a browser finds a live page at the URL. Operators' routes (/sim/v1) need a key with
the scope admin, or a token (ballast keys admin-token) signed with the secret in ${ADMIN_SECRET_VARIABLE}, or in
the file that ${ADMIN_SECRET_FILE_VARIABLE} names.

Examples:
  $ ballast keys create ann --dir venue
  $ ballast serve --dir venue --symbols AAA,BBB --hours always
  $ ballast serve --dir lively --agents --seed 7 --hours always
  $ ballast serve --dir slow --agents --hours always --acknowledge-ms 200
  $ ballast serve --dir funds --symbols QQQ,TQQQ --leveraged TQQQ=3 --hours always
  $ ballast serve --dir replay --data backtest/data --from 2016-01-04 --to 2016-12-30 --speed 3600
  $ ballast serve --dir week --data market-data --symbols SPY --from 2013-10-07 --to 2013-10-11 --speed max
  $ ballast serve --memory ann,bob --agents --hours always
  $ ballast serve --dir venue --recover --verify`,
    )
    .action(serve);
}

async function serve(options: Options, command: Command): Promise<void> {
  if (options.verify && !options.recover) throw new UsageError("--verify goes with --recover");
  allocateYoung();
  const { dir, symbols, hours, start, agents, seed, data, bars, from, to, profile, acknowledgeMs, leveraged, notMarginable } = options;
  const market = { symbols, hours, start, agents, seed, data, bars, from, to, profile, acknowledgeMs, leveraged, notMarginable } as MarketOptions;
  const now = Date.now() as Instant;
  const log = serveLog(options);
  if (options.memory !== undefined) {
    if (options.recover || command.getOptionValueSource("dir") !== "default") throw new UsageError("--memory keeps nothing: leave out --dir and --recover");
    const served = await newServedVenue(market, now);
    await serveInMemory(options, served, termsOf(options, served), log, options.memory === true ? ["paper"] : listOf(options.memory));
    return;
  }
  if (options.recover && !isServed(dir)) throw new UsageError(`${dir} is no server's directory: it has no venue.json`);
  const served = await servedVenue(dir, market, now);
  const terms = options.recover ? undefined : termsOf(options, served);
  await served.keep();
  const onSnapshotFailure = (err: unknown): void => log.error({ err }, "a snapshot failed and the log goes on");
  const durable = await DurableVenue.open({ directory: dir, policy: options.fsync, snapshotEvery: options.snapshotEvery, venue: served.settings, onSnapshotFailure });
  if (!terms) return recovered(options, served, durable);
  const { snapshot, commandsReplayed, lastSequence, torn, damagedSnapshots } = durable.recovery;
  if (lastSequence === 0) log.info({ kept: dir }, "a new market");
  else log.info({ commands: lastSequence, snapshotOf: snapshot?.sequence ?? 0, played: commandsReplayed }, "the market is as it was");
  for (const what of damagedSnapshots) log.warn({ what }, "a damaged snapshot was put aside");
  if (torn) log.warn({ bytes: torn.bytes, at: torn.offset, file: torn.path }, "what was being written when it stopped was cut; it was never acknowledged as synced");
  if (durable.failedAgain.length > 0) log.warn({ commands: durable.failedAgain.length, first: durable.failedAgain[0] }, "commands that ended in an error did so again");
  await serveKept(options, served, terms, durable, log);
}

/**
 * V8 makes objects in the old space where earlier ones of the same place in the code were still there at a collection. Of
 * orders that wait for the disk these are parts of every order: they die in milliseconds where nobody looks for a second,
 * and whatever they refer to is moved there as well. Without that, collections take half as long, and so does what
 * follows of them: an order costs a tenth less CPU.
 */
function allocateYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}

async function recovered({ dir, verify, json }: Options, { settings }: ServedVenue, durable: DurableVenue): Promise<void> {
  const verification = verify && (await verifyVenue(dir, settings));
  const { recovery } = durable;
  const digest = durable.digest();
  await durable.release();
  const agrees = verification ? verification.agrees && verification.digest === digest : undefined;
  if (agrees === false) process.exitCode = 1;
  if (json) return void process.stdout.write(`${JSON.stringify({ ...recovery, failedAgain: durable.failedAgain, digest, ...(verification && { verification, agrees }) })}\n`);
  process.stdout.write(`${recoveryText(durable)}\nstate after command ${recovery.lastSequence}: ${digest}\n`);
  if (!verification) return;
  const { from, commands, snapshot } = verification;
  process.stdout.write(`derived again from command ${from} on, ${commands} commands: ${verification.digest}\n`);
  process.stdout.write(snapshot ? `snapshot of command ${snapshot.sequence}: ${snapshot.digest}, derived ${snapshot.derived}\n` : "no snapshot to compare with\n");
  process.stdout.write(agrees ? "they agree\n" : "THEY DIFFER: keep this directory, and restore a backup\n");
}

function recoveryText({ failedAgain, recovery: { snapshot, commandsReplayed, lastSequence, torn, damagedSnapshots } }: DurableVenue): string {
  return [
    `${lastSequence} commands: ${snapshot ? `a snapshot of command ${snapshot.sequence}` : "no snapshot"}, and ${commandsReplayed} played behind it`,
    ...damagedSnapshots.map((what) => `put aside: ${what}`),
    ...failedAgain.map((what) => `ended in an error again: ${what}`),
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

function leverages(text: string): Readonly<Record<string, 2 | 3>> {
  return Object.fromEntries(
    text.split(",").map((item) => {
      const [symbol = "", leverage, ...rest] = item.split("=");
      if (rest.length > 0 || (leverage !== "2" && leverage !== "3")) throw new InvalidArgumentError("Each is a symbol and 2 or 3, with commas between, like TQQQ=3,SSO=2.");
      return [symbolList(symbol)[0]!, Number(leverage) as 2 | 3];
    }),
  );
}

function faultPlan(text: string): FaultPlan {
  const isInline = text.startsWith("{");
  let content: unknown;
  try {
    content = parse(isInline ? text : readFileSync(text, "utf8"));
  } catch (error) {
    throw new InvalidArgumentError(`It could not be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const plan = faultPlanSchema.safeParse(content);
  if (!plan.success) throw new InvalidArgumentError(`It is no plan of faults: ${z.prettifyError(plan.error)}`);
  return plan.data;
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
