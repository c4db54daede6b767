/**
 * What a state directory's venue is: its markets, its fills and the salt of its ids.
 *
 * It is decided once, when the directory is new, and kept in `venue.json`: the same commands lead to the same state only
 * with the same settings.
 */
import { randomBytes, randomInt } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { makeDirectory } from "../src/make-directory.ts";
import { collateralOf } from "../src/rules/margin.ts";
import { agentMarket } from "../src/server/agent-market.ts";
import { writeDurably } from "../src/server/durable/durable-file.ts";
import { clientsAlone, type MarketSource } from "../src/server/market-source.ts";
import type { VenueSettings } from "../src/server/venue.ts";
import { fillProfile } from "../src/simulator/fill-profiles.ts";
import { epochDayOf, instantOf, isoOf, newYorkInstant, sessionDateOf, type Instant } from "../src/time.ts";
import type { Symbol } from "../src/trade.ts";
import { dataMarket, type DataMarket } from "./served-data.ts";
import { UsageError } from "./usage-error.ts";

const VENUE_FILE = "venue.json";

const marketSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("clients"), symbols: z.array(z.string()).min(1), hours: z.enum(["calendar", "always"]) }),
  z.strictObject({ kind: z.literal("agents"), symbols: z.array(z.string()).min(1), hours: z.enum(["calendar", "always"]), seed: z.int().min(0) }),
  z.strictObject({ kind: z.enum(["daily-bars", "minute-bars"]), data: z.string(), dataHash: z.string(), from: z.string(), to: z.string(), symbols: z.array(z.string()).optional() }),
]);
const fileSchema = z.strictObject({ format: z.literal(1), salt: z.string().min(16), startsAt: z.string(), hasOwnTime: z.literal(true).optional(), market: marketSchema, profile: z.enum(["realistic", "alpaca-paper"]), chance: z.int().min(0), acknowledgeMs: z.int().min(0).optional(),
  leveraged: z.record(z.string(), z.literal([2, 3])).optional(), notMarginable: z.array(z.string()).optional(),
});
type VenueFile = z.output<typeof fileSchema>;

export interface MarketOptions {
  readonly symbols?: readonly string[];
  readonly hours?: "calendar" | "always";
  /** The market's time at the start, RFC 3339; now when it is not said. */
  readonly start?: string;
  readonly agents?: true;
  /** Of the agents, and of what else is left to chance. */
  readonly seed?: number;
  readonly data?: string;
  /** Minutes where the data have them, unless it says otherwise. */
  readonly bars?: "daily" | "minute";
  readonly from?: string;
  readonly to?: string;
  readonly profile?: "realistic" | "alpaca-paper";
  /** Funds that follow a multiple of their index, and what is not lent on: they need more margin. */
  readonly leveraged?: Readonly<Record<string, 2 | 3>>;
  readonly notMarginable?: readonly string[];
  /** So long the exchange takes over an order, a cancel or a replacement; it answers at once when it is not said. */
  readonly acknowledgeMs?: number;
}

export interface ServedVenue {
  readonly settings: VenueSettings;
  readonly market: VenueFile["market"]["kind"];
  /** Whether its time is the clock's, also after a pause; otherwise it goes on from where it stopped. */
  readonly followsClock: boolean;
  /** What is to be known of its data. */
  readonly notes: readonly string[];
}

export interface KeptVenue extends ServedVenue {
  /** Makes a new directory what it is to be. Until then nothing has been made or written. */
  keep(): Promise<void>;
}

/** Whether it is a server's already, so that nothing is made in a directory that is only to be read. */
export function isServed(directory: string): boolean {
  return existsSync(join(directory, VENUE_FILE));
}

/** @throws UsageError when options are given that the directory has decided otherwise, or too few for a new one. */
export async function servedVenue(directory: string, options: MarketOptions, now: Instant): Promise<KeptVenue> {
  const path = join(directory, VENUE_FILE);
  if (existsSync(path)) {
    const parsed = fileSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
    if (!parsed.success) throw new UsageError(`${path} does not describe a venue: ${z.prettifyError(parsed.error)}`);
    const others = otherwiseIn(options, parsed.data).map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    if (others.length > 0) throw new UsageError(`${path} says what the venue is: leave out ${others.join(", ")}, or name another --dir`);
    return { ...(await venueOf(parsed.data)), keep: async () => undefined };
  }
  const { file, loaded } = await newVenue(options, now);
  return {
    ...(await venueOf(file, loaded)),
    async keep() {
      makeDirectory(directory, 0o700);
      await writeDurably(path, [`${JSON.stringify(file, undefined, 2)}\n`]);
    },
  };
}

/** The options that were given and do not say what the directory is. */
function otherwiseIn(options: MarketOptions, { startsAt, market, profile, chance, leveraged, notMarginable, acknowledgeMs = 0 }: VenueFile): readonly string[] {
  const decided: Readonly<Record<keyof MarketOptions, unknown>> = {
    symbols: market.symbols, hours: "hours" in market ? market.hours : undefined, start: startsAt, agents: market.kind === "agents" ? true : undefined, seed: chance, profile, acknowledgeMs, leveraged, notMarginable,
    ...("data" in market ? { data: market.data, bars: market.kind.replace("-bars", ""), from: market.from, to: market.to } : { data: undefined, bars: undefined, from: undefined, to: undefined }),
  };
  const meant: MarketOptions = { ...options, ...(options.data !== undefined && { data: resolve(options.data) }), ...(options.start !== undefined && { start: isoOf(instantOfOption(options.start)) }) };
  return Object.entries(meant).filter(([name, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(decided[name as keyof MarketOptions])).map(([name]) => name);
}

/** One that is kept nowhere. */
export async function newServedVenue(options: MarketOptions, now: Instant): Promise<ServedVenue> {
  const { file, loaded } = await newVenue(options, now);
  return venueOf(file, loaded);
}

async function newVenue({ symbols, hours = "calendar", start, agents, seed = randomInt(2 ** 32), data, bars, from, to, profile = "realistic", acknowledgeMs, leveraged, notMarginable }: MarketOptions, now: Instant): Promise<{ readonly file: VenueFile; readonly loaded?: DataMarket }> {
  const made = { format: 1, salt: randomBytes(16).toString("hex"), profile, chance: seed, ...(acknowledgeMs && { acknowledgeMs }), ...(leveraged && { leveraged: { ...leveraged } }), ...(notMarginable && { notMarginable: [...notMarginable] }) } as const;
  if (agents && data !== undefined) throw new UsageError("--agents and --data are two markets: give one of them");
  if (start !== undefined && data !== undefined) throw new UsageError("--start is for a venue without --data, which begins on the day of --from");
  const begin = start === undefined ? { startsAt: isoOf(now) } : { startsAt: isoOf(instantOfOption(start)), hasOwnTime: true as const };
  if (agents) return { file: { ...made, ...begin, market: { kind: "agents", symbols: [...(symbols ?? AGENTS_SYMBOLS)], hours, seed } } };
  if (data === undefined) {
    if (!symbols) throw new UsageError("a new venue needs --symbols for clients to trade with each other, --agents, or --data, --from and --to for bars to replay");
    return { file: { ...made, ...begin, market: { kind: "clients", symbols: [...symbols], hours } } };
  }
  if (from === undefined || to === undefined) throw new UsageError("--data needs --from and --to: the days that are played");
  const loaded = await dataMarket({ data, from, to, symbols }, bars && `${bars}-bars`);
  const market = { kind: loaded.kind, data: resolve(data), dataHash: loaded.hash, from, to, ...(symbols && { symbols: [...symbols] }) };
  return { file: { ...made, startsAt: isoOf(newYorkInstant(epochDayOf(sessionDateOf(from)), 0)), market }, loaded };
}

const AGENTS_SYMBOLS = ["AAA", "BBB", "CCC"];

function instantOfOption(text: string): Instant {
  try {
    return instantOf(text);
  } catch (cause) {
    throw new UsageError(`--start: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Around the last price, while nobody quotes. */
const INDICATED_HALF_SPREAD_BPS = 1;

async function venueOf(file: VenueFile, loaded?: DataMarket): Promise<ServedVenue> {
  const { salt, startsAt, hasOwnTime, market, profile: name, chance, acknowledgeMs } = file;
  const profile = fillProfile(name, chance);
  const made = { salt, startsAt: instantOf(startsAt) };
  const exchange = { fees: "alpaca", wholeShares: false, checks: "alpaca", ...profile.exchange, ...(acknowledgeMs !== undefined && { acknowledgeMs }) } as const;
  switch (market.kind) {
    case "clients":
    case "agents": {
      const symbols = market.symbols as Symbol[];
      const source = withCollateral(market.kind === "clients" ? clientsAlone(symbols, market.hours) : agentMarket(symbols, market.seed, market.hours), file);
      return { settings: { ...made, exchange: { ...exchange, halfSpreadBps: INDICATED_HALF_SPREAD_BPS }, market: source }, market: market.kind, followsClock: !hasOwnTime, notes: [] };
    }
    case "daily-bars":
    case "minute-bars": {
      const { kind, hash, notes, source } = loaded ?? (await dataMarket(market, market.kind));
      if (hash !== market.dataHash) throw new UsageError(`${market.data} no longer holds the bars that this venue was made with (its hash was ${market.dataHash} and is ${hash})`);
      // A quote of daily bars stands for hours: the rest of a part meets it again at once.
      return { settings: { ...made, exchange: { ...exchange, ...(kind === "daily-bars" && { standingQuotes: true }) }, market: withCollateral(source(profile), file) }, market: kind, followsClock: false, notes };
    }
  }
}

/** @throws UsageError for a symbol that the market does not have. */
function withCollateral(source: MarketSource, file: VenueFile): MarketSource {
  const { leveraged = {}, notMarginable = [] } = file;
  const named = [...Object.keys(leveraged), ...notMarginable] as Symbol[];
  const unknown = named.find((symbol) => !source.symbols.includes(symbol));
  if (unknown !== undefined) throw new UsageError(`${unknown in leveraged ? "--leveraged" : "--not-marginable"} names ${unknown}, and the market has ${source.symbols.join(", ")}`);
  return { ...source, collateral: new Map(named.map((symbol) => [symbol, collateralOf(symbol, file)])) };
}
