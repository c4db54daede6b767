/** `ballast check`: what a configuration means, before anything runs by it. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { parseConfig, type AccountConfig, type Config } from "../../src/config.ts";
import { styleText } from "../../src/execution/style-settings.ts";
import { moneyToNumber, moneyToText, weightToNumber, type Weight } from "../../src/money.ts";
import type { Limits } from "../../src/risk/limits.ts";
import { nextInstants, scheduleToText } from "../../src/rules/schedule.ts";
import type { Deployment } from "../../src/run/deployment.ts";
import { isoOf, newYorkClock, dateOfEpochDay, type Instant } from "../../src/time.ts";
import { strategies } from "../../strategies/index.ts";
import { UsageError } from "../usage-error.ts";

interface Options {
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command("check")
    .description("Check a configuration and print what it means: accounts, strategies, next runs, limits.")
    .argument("[file]", "configuration", "ballast.yaml")
    .option("--json", "print one JSON object: { accounts, strategies }; weights are fractions, amounts USD, instants UTC")
    .addHelpText("after", "\nWhat is wrong is named by its path, with exit code 2.\n\nExamples:\n  $ ballast check\n  $ ballast check staging.yaml --json")
    .action(check);
}

function check(file: string, { json }: Options): void {
  const config = parseConfig(textOf(file), strategies, file);
  const now = Date.now() as Instant;
  process.stdout.write(json ? `${JSON.stringify(asJson(config, now), undefined, 2)}\n` : asText(config, now));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new UsageError(`the configuration ${file} could not be read`, { cause });
  }
}

const NEXT_SHOWN = 3;

function asJson({ accounts, deployments }: Config, now: Instant) {
  return {
    accounts: [...accounts.values()],
    strategies: deployments.map(({ account, strategy, symbols, settings }) => ({
      account,
      strategy: strategy.name,
      params: strategy.params,
      symbols,
      schedule: scheduleToText(strategy.schedule),
      next: nextInstants(strategy.schedule, now, NEXT_SHOWN).map(isoOf),
      allocation: weightToNumber(settings.allocation),
      shares: settings.shares,
      execution: settings.executionStyle,
      fees: settings.fees,
      limits: {
        positionWeightMax: weightToNumber(settings.limits.positionWeightMax),
        grossExposureMax: weightToNumber(settings.limits.grossExposureMax),
        cashReserveMin: weightToNumber(settings.limits.cashReserveMin),
        orderNotionalMin: moneyToNumber(settings.limits.orderNotionalMin),
        orderNotionalMax: moneyToNumber(settings.limits.orderNotionalMax),
        ordersPerRunMax: settings.limits.ordersPerRunMax,
        collarBps: settings.limits.collarBps,
        quoteAgeMaxMs: settings.limits.quoteAgeMaxMs,
        ...optionalLimits(settings.limits),
      },
    })),
  };
}

function asText({ accounts, deployments }: Config, now: Instant): string {
  return [...[...accounts.values()].map(accountText), ...deployments.map((deployment) => strategyText(deployment, now))].join("\n");
}

function accountText({ name, venue, approval, feed, feedFallback, secret, requestsPerMinute, dataRequestsPerMinute }: AccountConfig): string {
  const account = `Account ${name}: ${venue === "alpaca-live" ? "REAL MONEY (alpaca-live)" : venue}, market data from ${feed}${feedFallback ? `, or ${feedFallback} where the subscription does not permit it` : ""}, keys in the secret ${secret}`;
  return `${account}\n  requests    at most ${requestsPerMinute} a minute, and ${dataRequestsPerMinute} for market data\n${approval === undefined ? "" : "  approval    a run trades only a plan that was approved for it\n"}`;
}

function strategyText({ account, strategy, symbols, settings }: Deployment, now: Instant): string {
  const { limits } = settings;
  const lines: [string, string][] = [
    ["schedule", scheduleToText(strategy.schedule)],
    ["next runs", `${nextInstants(strategy.schedule, now, NEXT_SHOWN).map(newYorkText).join(", ")} (New York)`],
    ["symbols", `${symbols.length}: ${symbols.join(" ")}`],
    ["params", JSON.stringify(strategy.params)],
    ["manages", `${percent(settings.allocation)} of the account, in ${settings.shares} shares, by ${styleText(settings.executionStyle)} orders`],
    ["expects", `fees of ${settings.fees}`],
    ["a position", `at most ${percent(limits.positionWeightMax)}, all together ${percent(limits.grossExposureMax)}, at least ${percent(limits.cashReserveMin)} in cash`],
    ["an order", `${moneyToText(limits.orderNotionalMin)} to ${moneyToText(limits.orderNotionalMax)} USD, at most ${limits.collarBps} bps from a quote of the last ${limits.quoteAgeMaxMs / 1000} s`],
    ["a run", `at most ${limits.ordersPerRunMax} orders${limits.turnoverPerRunMax === undefined ? "" : `, bought and sold together at most ${percent(limits.turnoverPerRunMax)}`}`],
    ...(limits.groups ?? []).map(({ name, symbols: members, weightMax }): [string, string] => ["group", `${name}: at most ${percent(weightMax)} in ${members.join(" ")}`]),
    ...marketLines(limits),
  ];
  return `${strategy.name} on ${account}\n${lines.map(([label, text]) => `  ${label.padEnd(10)}  ${text}\n`).join("")}`;
}

function optionalLimits({ positionNotionalMax, groups, correlation, volumeShareMax, turnoverPerRunMax, barAgeSessionsMax, priceMoveMax }: Limits) {
  return {
    ...(positionNotionalMax !== undefined && { positionNotionalMax: moneyToNumber(positionNotionalMax) }),
    ...(groups && { groups: Object.fromEntries(groups.map(({ name, symbols, weightMax }) => [name, { symbols, weightMax: weightToNumber(weightMax) }])) }),
    ...(correlation && { correlation }),
    ...(volumeShareMax !== undefined && { volumeShareMax: weightToNumber(volumeShareMax) }),
    ...(turnoverPerRunMax !== undefined && { turnoverPerRunMax: weightToNumber(turnoverPerRunMax) }),
    ...(barAgeSessionsMax !== undefined && { barAgeSessionsMax }),
    ...(priceMoveMax !== undefined && { priceMoveMax: weightToNumber(priceMoveMax) }),
  };
}

function marketLines({ positionNotionalMax, correlation, volumeShareMax, barAgeSessionsMax, priceMoveMax }: Limits): readonly [string, string][] {
  const market = [
    ...(volumeShareMax === undefined ? [] : [`an order at most ${percent(volumeShareMax)} of a day's volume`]),
    ...(barAgeSessionsMax === undefined ? [] : [`a bar at most ${barAgeSessionsMax} sessions old`]),
    ...(priceMoveMax === undefined ? [] : [`a quote at most ${percent(priceMoveMax)} from the last close`]),
  ];
  const { averageMax, eigenvalueShareMax } = correlation ?? {};
  const together = [...(averageMax === undefined ? [] : [`on average at most ${averageMax}`]), ...(eigenvalueShareMax === undefined ? [] : [`one factor at most ${eigenvalueShareMax}`])];
  return [
    ...(positionNotionalMax === undefined ? [] : [["in USD", `a position at most ${moneyToText(positionNotionalMax)}`] as [string, string]]),
    ...(market.length === 0 ? [] : [["the market", market.join(", ")] as [string, string]]),
    ...(correlation === undefined ? [] : [["together", `${together.join(", ")}, over ${correlation.lookback} returns`] as [string, string]]),
  ];
}

function percent(weight: Weight): string {
  return `${Number((100 * weightToNumber(weight)).toFixed(4))} %`;
}

function newYorkText(at: Instant): string {
  const { day, minuteOfDay } = newYorkClock(at);
  return `${dateOfEpochDay(day)} ${String(Math.floor(minuteOfDay / 60)).padStart(2, "0")}:${String(minuteOfDay % 60).padStart(2, "0")}`;
}
