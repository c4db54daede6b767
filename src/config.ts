/**
 * The one file that says what runs where: accounts, limits, strategies and their schedules.
 *
 * Written in YAML, read strictly: a misspelt key, a cap above 100 % or a negative amount is an error that names its
 * path, on every road that leads to trading (`ballast check`, `cdk synth`, the handlers). Weights are fractions of
 * equity, amounts are USD, distances are basis points. The same schema serves the command line, lib/ and src/handlers.
 */
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { accountRulesOf, accountRulesSchema, exitRulesOf, exitsSchema } from "./account-settings.ts";
import { executionSchema } from "./execution/style-settings.ts";
import { moneyFromNumber, weightFromFraction } from "./money.ts";
import type { AccountRules } from "./risk/account-rules.ts";
import type { CorrelationLimits, Group, Limits } from "./risk/limits.ts";
import { parseSchedule } from "./rules/schedule.ts";
import type { Deployment } from "./run/deployment.ts";
import { StrategyFailed, type Strategy } from "./strategy.ts";
import type { AccountName, Symbol } from "./trade.ts";

export class ConfigInvalid extends Error {
  override readonly name = "ConfigInvalid";
}

const fraction = z.number().min(0).max(1);
const usd = z.number().min(0).max(1e9);
const name = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "1 to 32 lower case letters, digits and dashes");
const requestsPerMinute = z.number().int().min(1).max(10_000);
const symbol = z.string().regex(/^[A-Z][A-Z0-9.]{0,11}$/, "a ticker in capitals");

const groupSchema = z.strictObject({ symbols: z.array(symbol).min(1), weightMax: fraction });

const correlationSchema = z
  .strictObject({ lookback: z.number().int().min(20).max(1_000).default(60), averageMax: fraction.optional(), eigenvalueShareMax: fraction.optional() })
  .refine(({ averageMax, eigenvalueShareMax }) => averageMax !== undefined || eigenvalueShareMax !== undefined, "needs averageMax, eigenvalueShareMax or both");

/** What is simulated has only the limits that are asked for; new ones are off. */
const limitsSchema = z.strictObject({
  positionWeightMax: fraction.default(0.1),
  positionNotionalMax: usd.optional(),
  grossExposureMax: fraction.default(1),
  groups: z.record(name, groupSchema).optional(),
  correlation: correlationSchema.optional(),
  cashReserveMin: fraction.default(0),
  orderNotionalMin: usd.default(1),
  orderNotionalMax: usd.default(1_000_000),
  volumeShareMax: fraction.optional(),
  ordersPerRunMax: z.number().int().min(1).max(10_000).default(200),
  collarBps: z.number().min(0).max(5_000).default(100),
  turnoverPerRunMax: z.number().min(0).max(2).optional(),
  quoteAgeMaxMs: z.number().int().min(0).default(60_000),
  barAgeSessionsMax: z.number().int().min(0).max(1_000).optional(),
  priceMoveMax: fraction.optional(),
});

/** What is deployed has them unless it says otherwise. */
const deployedLimitsSchema = limitsSchema.extend({
  volumeShareMax: fraction.default(0.05),
  turnoverPerRunMax: limitsSchema.shape.turnoverPerRunMax.default(2),
  barAgeSessionsMax: limitsSchema.shape.barAgeSessionsMax.default(1),
  priceMoveMax: fraction.default(0.4),
});

const accountSchema = z.strictObject({
  /** `alpaca-live` also needs a confirmation where it is deployed or run. */
  venue: z.enum(["alpaca-paper", "alpaca-live"]).default("alpaca-paper"),
  /** The name of the secret that holds {"keyId", "secretKey"}; the keys themselves are never in this file. */
  secret: z.string().min(1),
  feed: z.enum(["iex", "sip"]).default("iex"),
  /** Where the subscription does not permit `feed`; without one, such a run fails. */
  feedFallback: z.enum(["iex", "sip"]).optional(),
  /** Of the 200 a minute that Alpaca takes for an account; the rest is for the account's other clients. */
  requestsPerMinute: requestsPerMinute.default(180),
  /** For market data: 200 a minute on the free plan, 10,000 on Algo Trader Plus. */
  dataRequestsPerMinute: requestsPerMinute.default(180),
  rules: accountRulesSchema.prefault({}),
  /** What becomes of a run that meets orders or positions that no run of the account placed or bought. */
  unknownOrigin: z.enum(["ignore", "alarm", "halt"]).default("alarm"),
  /** Runs trade nothing but a plan that a person approved for them. */
  approval: z.literal("required", 'must be "required", or be left out').optional(),
}).refine(({ feed, feedFallback }) => feedFallback !== feed, { path: ["feedFallback"], error: "is the feed itself" });

const strategySchema = z.strictObject({
  strategy: name,
  account: name,
  symbols: z.array(symbol).min(1).optional(),
  params: z.record(z.string(), z.json()).default({}),
  schedule: z.string().optional(),
  allocation: fraction.default(1),
  shares: z.enum(["fractional", "whole"]).default("fractional"),
  execution: executionSchema.default("marketable-limit"),
  fees: z.enum(["alpaca", "ib", "none"]).default("alpaca"),
  limits: deployedLimitsSchema.prefault({}),
  exits: exitsSchema.optional(),
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
  /** Where the subscription does not permit `feed`. Without one such a run fails. */
  readonly feedFallback?: "iex" | "sip" | undefined;
  readonly requestsPerMinute: number;
  readonly dataRequestsPerMinute: number;
  readonly approval?: "required" | undefined;
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
  const accounts = new Map(Object.entries(parsed.data.accounts).map(([key, value]) => [key as AccountName, { ...value, name: key as AccountName, rules: { ...accountRulesOf(value.rules), ...(value.approval && { approval: value.approval }) } }]));
  const deployments = parsed.data.strategies.map((entry, index) => deploymentOf(entry, index, strategies, accounts, file));
  refuseOverlaps(deployments, file);
  for (const { name, rules } of accounts.values()) refuseForeignCollateral(name, rules, deployments, file);
  return { accounts, deployments: deployments.map((deployment) => withUnknownOrigin(deployment, deployments, accounts.get(deployment.account)!.unknownOrigin)) };
}

export function limitsOf(input: LimitsInput): Limits {
  const limits = limitsSchema.parse(input);
  const { positionNotionalMax, groups, correlation, volumeShareMax, turnoverPerRunMax, barAgeSessionsMax, priceMoveMax } = limits;
  return {
    positionWeightMax: weightFromFraction(limits.positionWeightMax),
    ...(positionNotionalMax !== undefined && { positionNotionalMax: moneyFromNumber(positionNotionalMax) }),
    grossExposureMax: weightFromFraction(limits.grossExposureMax),
    ...(groups && { groups: groupsOf(groups) }),
    ...(correlation && { correlation: correlationOf(correlation) }),
    cashReserveMin: weightFromFraction(limits.cashReserveMin),
    orderNotionalMin: moneyFromNumber(limits.orderNotionalMin),
    orderNotionalMax: moneyFromNumber(limits.orderNotionalMax),
    ...(volumeShareMax !== undefined && { volumeShareMax: weightFromFraction(volumeShareMax) }),
    ordersPerRunMax: limits.ordersPerRunMax,
    ...(turnoverPerRunMax !== undefined && { turnoverPerRunMax: weightFromFraction(turnoverPerRunMax) }),
    collarBps: limits.collarBps,
    quoteAgeMaxMs: limits.quoteAgeMaxMs,
    ...(barAgeSessionsMax !== undefined && { barAgeSessionsMax }),
    ...(priceMoveMax !== undefined && { priceMoveMax: weightFromFraction(priceMoveMax) }),
  };
}

function groupsOf(groups: Readonly<Record<string, z.infer<typeof groupSchema>>>): readonly Group[] {
  return Object.keys(groups)
    .sort()
    .map((group) => ({ name: group, symbols: symbolsOf(groups[group]!.symbols), weightMax: weightFromFraction(groups[group]!.weightMax) }));
}

function correlationOf({ lookback, averageMax, eigenvalueShareMax }: z.infer<typeof correlationSchema>): CorrelationLimits {
  return { lookback, ...(averageMax !== undefined && { averageMax }), ...(eigenvalueShareMax !== undefined && { eigenvalueShareMax }) };
}

/** The symbols in order and without repeats. */
export function symbolsOf(names: readonly string[]): readonly Symbol[] {
  return [...new Set(names)].sort() as Symbol[];
}

function deploymentOf(
  entry: z.infer<typeof strategySchema>,
  index: number,
  strategies: readonly Strategy[],
  accounts: ReadonlyMap<AccountName, { readonly rules: AccountRules }>,
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
  if (!universe || universe.length === 0) throw new ConfigInvalid(`${file}: ${pathText([...at, "symbols"])}: ${entry.strategy} names no symbols of its own, so they must be listed here`);
  const odd = universe.find((one) => !symbol.safeParse(one).success);
  if (odd !== undefined) throw new ConfigInvalid(`${file}: ${pathText([...at, "params"])}: with these, ${entry.strategy} names ${JSON.stringify(odd)}, which is no ticker in capitals`);
  const symbols = symbolsOf(universe);
  for (const [group, { symbols: members }] of Object.entries(entry.limits.groups ?? {})) {
    const foreign = members.find((member) => !symbols.includes(member as Symbol));
    if (foreign !== undefined) throw new ConfigInvalid(`${file}: ${pathText([...at, "limits", "groups", group, "symbols"])}: ${foreign} is not among the symbols of ${entry.strategy}`);
  }
  return {
    account,
    strategy: entry.schedule === undefined ? configured : { ...configured, schedule: scheduleOf(entry.schedule, [...at, "schedule"], file) },
    symbols,
    settings: {
      allocation: weightFromFraction(entry.allocation),
      tradingHours: "core",
      shares: entry.shares,
      executionStyle: entry.execution,
      limits: limitsOf(entry.limits),
      fees: entry.fees,
      accountRules: accounts.get(account)!.rules,
      ...(entry.exits && { exits: exitRulesOf(entry.exits) }),
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
    // Its own code has not failed, so it is what it was given.
    if (cause instanceof StrategyFailed && cause.cause === undefined) throw new ConfigInvalid(`${file}: ${pathText(path)}: ${cause.message}`, { cause });
    throw cause;
  }
}

function withUnknownOrigin(deployment: Deployment, all: readonly Deployment[], then: "ignore" | "alarm" | "halt"): Deployment {
  if (then === "ignore") return deployment;
  const symbols = symbolsOf(all.filter(({ account }) => account === deployment.account).flatMap((one) => one.symbols));
  return { ...deployment, settings: { ...deployment.settings, accountRules: { ...deployment.settings.accountRules, unknownOrigin: { then, symbols } } } };
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

/** A misspelt fund would be taken for an ordinary share. */
function refuseForeignCollateral(account: AccountName, { marginAccount }: AccountRules, deployments: readonly Deployment[], file: string): void {
  const traded = new Set<string>(deployments.flatMap((one) => (one.account === account ? one.symbols : [])));
  const { leveraged = {}, notMarginable = [] } = marginAccount ?? {};
  for (const [rule, symbols] of Object.entries({ leveraged: Object.keys(leveraged), notMarginable })) {
    const foreign = symbols.find((one) => !traded.has(one));
    if (foreign !== undefined) throw new ConfigInvalid(`${file}: ${pathText(["accounts", account, "rules", "marginAccount", rule])}: no strategy of the account trades ${foreign}`);
  }
}

function problemsOf(error: z.ZodError, path: readonly PropertyKey[]): string {
  return error.issues.map((issue) => `  ${pathText([...path, ...issue.path])}: ${issue.message}`).join("\n");
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("").replace(/^\./, "") || "(the file)";
}
