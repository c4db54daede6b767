/**
 * The one file that says what runs where: accounts, limits, strategies and their schedules.
 *
 * Written in YAML, read strictly: a misspelt key, a cap above 100 % or a negative amount is an error that names its
 * path, on every road that leads to trading (`ballast check`, `cdk synth`, the handlers). Weights are fractions of
 * equity, amounts are USD, distances are basis points. The same schema serves the command line, lib/ and src/handlers.
 */
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { moneyFromNumber, weightFromFraction } from "./money.ts";
import type { Limits } from "./risk/limits.ts";
import { parseSchedule } from "./rules/schedule.ts";
import type { Deployment } from "./run/deployment.ts";
import type { Strategy } from "./strategy.ts";
import type { AccountName, Symbol } from "./trade.ts";

export class ConfigInvalid extends Error {
  override readonly name = "ConfigInvalid";
}

const fraction = z.number().min(0).max(1);
const usd = z.number().min(0).max(1e9);
const name = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "1 to 32 lower case letters, digits and dashes");
const symbol = z.string().regex(/^[A-Z][A-Z0-9.]{0,11}$/, "a ticker in capitals");

const limitsSchema = z.strictObject({
  positionWeightMax: fraction.default(0.1),
  grossExposureMax: fraction.default(1),
  cashReserveMin: fraction.default(0),
  orderNotionalMin: usd.default(1),
  orderNotionalMax: usd.default(1_000_000),
  ordersPerRunMax: z.number().int().min(1).max(10_000).default(200),
  collarBps: z.number().min(0).max(5_000).default(100),
  quoteAgeMaxMs: z.number().int().min(0).default(60_000),
});

const accountSchema = z.strictObject({
  /** `alpaca-live` also needs a confirmation where it is deployed or run. */
  venue: z.enum(["alpaca-paper", "alpaca-live"]).default("alpaca-paper"),
  /** The name of the secret that holds {"keyId", "secretKey"}; the keys themselves are never in this file. */
  secret: z.string().min(1),
  feed: z.enum(["iex", "sip"]).default("iex"),
});

const strategySchema = z.strictObject({
  strategy: name,
  account: name,
  symbols: z.array(symbol).min(1).optional(),
  params: z.record(z.string(), z.json()).default({}),
  schedule: z.string().optional(),
  allocation: fraction.default(1),
  shares: z.enum(["fractional", "whole"]).default("fractional"),
  execution: z.enum(["market", "marketable-limit"]).default("marketable-limit"),
  fees: z.enum(["alpaca", "ib", "none"]).default("alpaca"),
  limits: limitsSchema.prefault({}),
});

const configSchema = z.strictObject({
  accounts: z.record(name, accountSchema),
  strategies: z.array(strategySchema).min(1),
});

export type LimitsInput = z.input<typeof limitsSchema>;

export interface AccountConfig {
  readonly name: AccountName;
  readonly venue: "alpaca-paper" | "alpaca-live";
  readonly secret: string;
  readonly feed: "iex" | "sip";
}

export interface Config {
  readonly accounts: ReadonlyMap<AccountName, AccountConfig>;
  readonly deployments: readonly Deployment[];
}

/** @throws ConfigInvalid naming every field that does not fit. */
export function parseConfig(yaml: string, strategies: readonly Strategy[], file = "ballast.yaml"): Config {
  let raw: unknown;
  try {
    raw = parseYaml(yaml);
  } catch (cause) {
    throw new ConfigInvalid(`${file} is not YAML: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const parsed = configSchema.safeParse(raw);
  if (!parsed.success) throw new ConfigInvalid(`${file}:\n${problemsOf(parsed.error, [])}`);
  const accounts = new Map(Object.entries(parsed.data.accounts).map(([key, value]) => [key as AccountName, { name: key as AccountName, ...value }]));
  const deployments = parsed.data.strategies.map((entry, index) => deploymentOf(entry, index, strategies, accounts, file));
  refuseOverlaps(deployments, file);
  return { accounts, deployments };
}

export function limitsOf(input: LimitsInput): Limits {
  const limits = limitsSchema.parse(input);
  return {
    positionWeightMax: weightFromFraction(limits.positionWeightMax),
    grossExposureMax: weightFromFraction(limits.grossExposureMax),
    cashReserveMin: weightFromFraction(limits.cashReserveMin),
    orderNotionalMin: moneyFromNumber(limits.orderNotionalMin),
    orderNotionalMax: moneyFromNumber(limits.orderNotionalMax),
    ordersPerRunMax: limits.ordersPerRunMax,
    collarBps: limits.collarBps,
    quoteAgeMaxMs: limits.quoteAgeMaxMs,
  };
}

/** The symbols in order and without repeats. */
export function symbolsOf(names: readonly string[]): readonly Symbol[] {
  return [...new Set(names)].sort() as Symbol[];
}

function deploymentOf(
  entry: z.infer<typeof strategySchema>,
  index: number,
  strategies: readonly Strategy[],
  accounts: ReadonlyMap<AccountName, AccountConfig>,
  file: string,
): Deployment {
  const at = ["strategies", index];
  const strategy = strategies.find((candidate) => candidate.name === entry.strategy);
  if (!strategy) {
    throw new ConfigInvalid(`${file}: ${pathText([...at, "strategy"])}: no strategy is named ${entry.strategy}; there are ${strategies.map((s) => s.name).join(", ")}`);
  }
  const account = entry.account as AccountName;
  if (!accounts.has(account)) throw new ConfigInvalid(`${file}: ${pathText([...at, "account"])}: no account is named ${account}`);
  const configured = parameters(() => strategy.configure(entry.params), [...at, "params"], file);
  const universe = entry.symbols ?? configured.universe;
  if (!universe) throw new ConfigInvalid(`${file}: ${pathText([...at, "symbols"])}: ${entry.strategy} names no symbols of its own, so they must be listed here`);
  return {
    account,
    strategy: entry.schedule === undefined ? configured : { ...configured, schedule: scheduleOf(entry.schedule, [...at, "schedule"], file) },
    symbols: symbolsOf(universe),
    settings: {
      allocation: weightFromFraction(entry.allocation),
      tradingHours: "core",
      shares: entry.shares,
      executionStyle: entry.execution,
      limits: limitsOf(entry.limits),
      fees: entry.fees,
      seed: 0,
    },
  };
}

function scheduleOf(text: string, path: readonly PropertyKey[], file: string): ReturnType<typeof parseSchedule> {
  try {
    return parseSchedule(text);
  } catch (cause) {
    throw new ConfigInvalid(`${file}: ${pathText(path)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function parameters<T>(configure: () => T, path: readonly PropertyKey[], file: string): T {
  try {
    return configure();
  } catch (cause) {
    if (cause instanceof z.ZodError) throw new ConfigInvalid(`${file}:\n${problemsOf(cause, path)}`, { cause });
    throw cause;
  }
}

/** A symbol is traded by one strategy of an account, and the strategies of an account share no more than its equity. */
function refuseOverlaps(deployments: readonly Deployment[], file: string): void {
  const ownerOf = new Map<string, number>();
  const allocated = new Map<AccountName, number>();
  const named = new Set<string>();
  deployments.forEach(({ account, strategy, symbols, settings }, index) => {
    const deployed = `${account}/${strategy.name}`;
    if (named.has(deployed)) throw new ConfigInvalid(`${file}: ${pathText(["strategies", index])}: ${strategy.name} runs twice on account ${account}`);
    named.add(deployed);
    for (const one of symbols) {
      const owner = ownerOf.get(`${account}/${one}`);
      if (owner !== undefined) {
        throw new ConfigInvalid(`${file}: ${pathText(["strategies", index, "symbols"])}: ${one} is already traded on account ${account} by ${pathText(["strategies", owner])}`);
      }
      ownerOf.set(`${account}/${one}`, index);
    }
    const total = (allocated.get(account) ?? 0) + settings.allocation;
    allocated.set(account, total);
    if (total > 1_000_000) throw new ConfigInvalid(`${file}: ${pathText(["strategies", index, "allocation"])}: the strategies of account ${account} add up to ${total / 10_000} % of its equity`);
  });
}

function problemsOf(error: z.ZodError, path: readonly PropertyKey[]): string {
  return error.issues.map((issue) => `  ${pathText([...path, ...issue.path])}: ${issue.message}`).join("\n");
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("").replace(/^\./, "") || "(the file)";
}
