/** The options that backtest, paper and plan share, and what they resolve to: one deployment over one data set. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { InvalidArgumentError, Option, type Command } from "commander";
import { adjusted, coverageOf, loadDataset, type Dataset, type DatasetOptions } from "../backtest/dataset.ts";
import { loadMinuteSeries } from "../backtest/minute-series.ts";
import type { WorldSettings } from "../backtest/simulated-world.ts";
import { accountRulesOf } from "../src/account-settings.ts";
import { limitsOf, parseConfig, symbolsOf } from "../src/config.ts";
import { EXECUTION_STYLES, styleNamed, styleText } from "../src/execution/style-settings.ts";
import { FULL_WEIGHT, moneyFromNumber } from "../src/money.ts";
import { parseSchedule } from "../src/rules/schedule.ts";
import type { Deployment } from "../src/run/deployment.ts";
import { fillProfile, type FillProfileName } from "../src/simulator/fill-profiles.ts";
import type { MinuteSeries } from "../src/simulator/minute-replay.ts";
import { STATISTICS_BARS } from "../src/simulator/symbol-statistics.ts";
import type { ConfiguredStrategy } from "../src/strategy.ts";
import { dateOfEpochDay, type SessionDate } from "../src/time.ts";
import type { AccountName } from "../src/trade.ts";
import { strategies } from "../strategies/index.ts";
import { dayOfArgument } from "./date-argument.ts";
import { configureStrategy, loadStrategy } from "./load-strategy.ts";
import { symbolList } from "./symbol-list.ts";
import { UsageError } from "./usage-error.ts";

const SAMPLE_DATA = fileURLToPath(new URL("../backtest/data", import.meta.url));

export interface RunOptions {
  readonly data: string;
  readonly from?: string;
  readonly to?: string;
  readonly symbols?: readonly string[];
  readonly param: readonly string[];
  readonly schedule?: string;
  readonly config?: string;
  readonly cash: number;
  readonly fees: "alpaca" | "ib" | "none";
  readonly profile: FillProfileName | "constant";
  readonly slippageBps: number;
  readonly volumeShareMax: number;
  readonly prices: "raw" | "adjusted";
  readonly shares: "fractional" | "whole";
  readonly execution: (typeof EXECUTION_STYLES)[number];
  readonly collarBps: number;
  readonly positionWeightMax: number;
  readonly grossExposureMax?: number;
  readonly cashAccount?: true;
  readonly seed: number;
  readonly holeMaxSessions: number;
  readonly suspectedSplits: "fail" | "note";
  readonly benchmark?: string;
  /** Of a backtest alone; days where it is not said. */
  readonly bars?: "daily" | "minute";
}

export interface ResolvedRun {
  readonly deployment: Deployment;
  readonly dataset: Dataset;
  readonly world: WorldSettings;
  readonly from: SessionDate;
  readonly to: SessionDate;
}

/** What the profile says itself, but for the one whose numbers these are. */
const CONSTANT = ["slippageBps", "volumeShareMax"];

/** What a configuration says itself, and the command line may not say again. */
const DEPLOYED = ["param", "symbols", "schedule", "fees", "shares", "execution", "collarBps", "positionWeightMax", "grossExposureMax", "cashAccount"];

export function addRunOptions(command: Command): Command {
  return command
    .hook("preAction", (called) => {
      const deployed = called.getOptionValueSource("config") === "cli" ? givenOf(called, DEPLOYED) : "";
      if (deployed !== "") throw new UsageError(`--config takes ${deployed} from the file: leave one of the two out`);
      const { profile } = called.opts<RunOptions>();
      const decided = profile === "constant" ? "" : givenOf(called, profile === "alpaca-paper" ? [...CONSTANT, "fees"] : CONSTANT);
      if (decided !== "") throw new UsageError(`--profile ${profile} decides ${decided} itself: leave one of the two out`);
    })
    .argument("<strategy>", "a name from strategies/, or a strategy file")
    .addOption(new Option("--data <dir>", "directory of daily bars").default(SAMPLE_DATA, "the sample data"))
    .option("--from <date>", "first day, YYYY-MM-DD (default: the first in the data)")
    .option("--to <date>", "last day, YYYY-MM-DD, included (default: the last in the data)")
    .option("--symbols <list>", "symbols to trade, with commas between (default: the strategy's own, or all in the data)", symbolList)
    .addOption(new Option("--param <key=value>", "set a parameter of the strategy; may be repeated, key.inner=value sets inside an object").argParser(collect).default([], "the strategy's own"))
    .option("--schedule <text>", "when runs are due, for instance \"last session of month at close-15m\" (default: the strategy's own)")
    .option("--config <file>", "take symbols, parameters, limits and execution from this file's entry for the strategy")
    .option("--cash <usd>", "cash to start with", positiveNumber, 100_000)
    .addOption(new Option("--fees <schedule>", "fees by date").choices(["alpaca", "ib", "none"]).default("alpaca"))
    .addOption(new Option("--profile <name>", "how orders fill; constant: --slippage-bps and --volume-share-max; realistic: spread by liquidity and time of day, 2.5 % of the volume, impact; alpaca-paper: Alpaca's paper trading, with its parts by --seed; peer: at the price, without limit").choices(["constant", "realistic", "alpaca-paper", "peer"]).default("constant"))
    .option("--slippage-bps <bps>", "with --profile constant: half the spread between bid and ask, in basis points of the price", nonNegativeNumber, 1)
    .option("--volume-share-max <fraction>", "with --profile constant: of a bar's volume that orders may take", fraction, 1)
    .addOption(new Option("--prices <mode>", "raw: prices as printed, actions on their ex-date; adjusted: splits and dividends divided out of signals and fills alike").choices(["raw", "adjusted"]).default("raw"))
    .addOption(new Option("--shares <unit>", "smallest unit that is traded").choices(["fractional", "whole"]).default("fractional"))
    .addOption(new Option("--execution <style>", "how orders are executed; --config sets a style's details").choices(EXECUTION_STYLES).default("market"))
    .option("--collar-bps <bps>", "how far beyond the quote a marketable limit lies", nonNegativeNumber, 100)
    .option("--position-weight-max <fraction>", "largest share of equity in one symbol", fraction, 1)
    .option("--gross-exposure-max <fraction>", "largest share of equity in all symbols together (default: 1; 0.9975 with --profile realistic, where a large order pays more than the quote)", fraction)
    .option("--cash-account", "keep the rules of a cash account: settlement by date, and no sale that breaks Regulation T")
    .option("--hole-max-sessions <n>", "sessions in a row that the data may lack", wholeNumber, 5)
    .addOption(new Option("--suspected-splits <what>", "what to do about a price that moves just like a split that no action explains").choices(["fail", "note"]).default("fail"))
    .option("--seed <integer>", "starts every generator of chance", wholeNumber, 0);
}

export async function resolveRun(nameOrFile: string, options: RunOptions): Promise<ResolvedRun> {
  if (options.bars === "minute") refuseForMinutes(options);
  const strategy = await loadStrategy(nameOrFile);
  const deployed = options.config === undefined ? undefined : deployedIn(options.config, strategy.name);
  const configured = deployed?.strategy ?? withSchedule(configureStrategy(strategy, options.param), options.schedule);
  const asked = options.symbols ?? deployed?.symbols ?? configured.universe;
  const { from, to } = await rangeOf(options, asked);
  const { dataset: printed, minutes } = await dataOf(options, {
    ...(asked ? { symbols: asked } : {}),
    ...(options.benchmark === undefined ? {} : { benchmark: options.benchmark }),
    from,
    to,
    lookbackSessions: options.profile === "constant" || options.profile === "peer" ? configured.lookback : Math.max(configured.lookback, STATISTICS_BARS),
    holeMaxSessions: options.holeMaxSessions,
    suspectedSplits: options.suspectedSplits,
  });
  const priced = options.prices === "adjusted" ? adjusted(printed) : printed;
  const symbols = asked ? symbolsOf(asked) : priced.symbols;
  const closesOnly = !minutes && symbols.some((symbol) => priced.series.get(symbol)?.bars.kind === "close-only");
  const dataset = closesOnly && options.profile === "realistic" ? { ...priced, notes: [...priced.notes, NO_VOLUME] } : priced;
  const style = deployed?.settings.executionStyle ?? styleNamed(options.execution);
  if (closesOnly && typeof style !== "string") throw new UsageError(`${styleText(style)} needs a session to trade in, and ${options.data} has closing prices only: take market or marketable-limit, or data with opens, highs and lows`);
  const base = deployed ?? { account: "simulated" as AccountName, strategy: configured, symbols, settings: simulatedSettings(options) };
  const deployment: Deployment = { ...base, symbols, settings: { ...base.settings, ...filling(options), tradingHours: closesOnly ? "closing-auction" : "core", seed: options.seed } };
  const world: WorldSettings = {
    ...(minutes && { minutes }),
    dataset,
    deployment,
    from,
    cash: moneyFromNumber(options.cash),
    liquidity: { halfSpreadBps: options.slippageBps, volumeShareMax: options.volumeShareMax },
  };
  return { deployment, dataset, world, from, to };
}

function refuseForMinutes({ from, to, prices }: RunOptions): void {
  if (from === undefined || to === undefined) throw new UsageError("--bars minute needs --from and --to: the days that are played");
  if (prices === "adjusted") throw new UsageError("--bars minute plays prices as they were printed: leave out --prices adjusted");
}

async function dataOf({ data, bars }: RunOptions, wanted: DatasetOptions): Promise<{ readonly dataset: Dataset; readonly minutes?: readonly MinuteSeries[] }> {
  if (bars !== "minute") return { dataset: await loadDataset(data, wanted) };
  const loaded = await loadMinuteSeries(data, wanted);
  if (!loaded) throw new UsageError(`${data} has no minute bars from ${wanted.from} to ${wanted.to}: they are expected as minute/SYMBOL/YYYYMMDD_trade.csv`);
  return { dataset: loaded.dataset, minutes: loaded.series };
}

const NO_VOLUME = "Closes alone do not say what was traded: the profile realistic has a half spread of 2 basis points for them, no limit of volume and no impact.";

/** Fees as the profile has them are also those that orders are planned with. */
function filling({ profile, seed }: RunOptions): Partial<Deployment["settings"]> {
  if (profile === "constant") return {};
  const { fees } = fillProfile(profile, seed).exchange;
  return { fillProfile: profile, ...(fees && { fees }) };
}

function simulatedSettings({ profile, shares, execution, collarBps, positionWeightMax, grossExposureMax, fees, cashAccount, seed }: RunOptions): Deployment["settings"] {
  return {
    allocation: FULL_WEIGHT,
    tradingHours: "core",
    shares,
    executionStyle: styleNamed(execution),
    limits: limitsOf({ positionWeightMax, collarBps, grossExposureMax: grossExposureMax ?? (profile === "realistic" ? 0.9975 : 1), orderNotionalMax: 1e9, ordersPerRunMax: 10_000 }),
    fees,
    ...(cashAccount && { accountRules: accountRulesOf({ cashAccount: {} }) }),
    seed,
  };
}

/** Which of these options stand on the command line. */
function givenOf(called: Command, attributes: readonly string[]): string {
  const given = called.options.filter((option) => attributes.includes(option.attributeName()) && called.getOptionValueSource(option.attributeName()) === "cli");
  return given.map(({ long }) => long).join(", ");
}

function deployedIn(file: string, name: string): Deployment {
  const { deployments } = parseConfig(readText(file), strategies, file);
  const found = deployments.find(({ strategy }) => strategy.name === name);
  if (!found) throw new UsageError(`${file} deploys no strategy named ${name}; it deploys ${deployments.map(({ strategy }) => strategy.name).join(", ")}`);
  return found;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new UsageError(`${file} could not be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function withSchedule(configured: ConfiguredStrategy, text: string | undefined): ConfiguredStrategy {
  if (text === undefined) return configured;
  try {
    return { ...configured, schedule: parseSchedule(text) };
  } catch (cause) {
    throw new UsageError(`--schedule: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

async function rangeOf({ data, from, to }: RunOptions, symbols: readonly string[] | undefined): Promise<{ from: SessionDate; to: SessionDate }> {
  const asked = { from: from === undefined ? undefined : dayOfArgument(from, "--from"), to: to === undefined ? undefined : dayOfArgument(to, "--to") };
  if (asked.from !== undefined && asked.to !== undefined && asked.from > asked.to) throw new UsageError(`--from ${from} lies after --to ${to}`);
  const spans = asked.from === undefined || asked.to === undefined ? [...(await coverageOf(data, symbols)).values()] : [];
  const first = spans.map((span) => span.first).sort()[0];
  const last = spans.map((span) => span.last).sort().at(-1);
  const range = { from: asked.from === undefined ? first : dateOfEpochDay(asked.from), to: asked.to === undefined ? last : dateOfEpochDay(asked.to) };
  if (range.from === undefined || range.to === undefined) throw new UsageError(`${data} holds no bars`);
  return { from: range.from, to: range.to };
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value <= 1e9)) throw new InvalidArgumentError("a number above 0 and at most 1e9");
  return value;
}

function nonNegativeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value < 10_000)) throw new InvalidArgumentError("a number from 0 to below 10000");
  return value;
}

function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) throw new InvalidArgumentError("a fraction from 0 to 1");
  return value;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("a whole number of at most nine digits");
  return Number(text);
}
