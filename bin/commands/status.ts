/** `ballast status`: every account at a glance. */
import type { Command } from "commander";
import pc from "picocolors";
import { brailleChart } from "../../backtest/chart.ts";
import { statusOf, type AccountStatus, type StrategyStatus } from "../account-status.ts";
import { accountOf, addDeskOptions, openDesk, type DeskOptions } from "../desk.ts";

interface Options extends DeskOptions {
  readonly json?: true;
}

export function register(program: Command): void {
  addDeskOptions(program.command("status").description("Show how the accounts stand: halts, last and next runs, what is open, the day's budget and profit."))
    .option("--json", "print one JSON object: { accounts: [{ account, breaker, worker, budget, strategies, openRuns, equity, atVenue }] }")
    .addHelpText(
      "after",
      `
Without --account all accounts of the configuration are shown. Where the venue does not answer, the reason stands in its
place. Exit codes: 0 also then; 1 the store failed, 2 wrong input.

Examples:
  $ ballast status
  $ ballast status --account main --table ballast --live main --json`,
    )
    .action(status);
}

async function status({ json, ...options }: Options): Promise<void> {
  const desk = openDesk(options);
  try {
    const asked = options.account === undefined ? [...desk.config.accounts.values()] : [accountOf(desk.config, options.account)];
    const accounts: AccountStatus[] = [];
    for (const account of asked) accounts.push(await statusOf(account, desk));
    process.stdout.write(json ? `${JSON.stringify({ accounts })}\n` : accounts.map(asText).join("\n"));
  } finally {
    desk.store.close();
  }
}

const CHART = { columns: 40, rows: 4, valuesMin: 3 };

function asText(one: AccountStatus): string {
  const lines: [string, string][] = [
    ["venue", one.venue],
    ["state", breakerText(one.breaker)],
    ...venueLines(one.atVenue),
    ...(one.worker ? [["at work", `${one.worker.holder}, until ${one.worker.until}`] as [string, string]] : []),
    ...(one.openRuns.length > 0 ? [["open runs", one.openRuns.join(", ")] as [string, string]] : []),
    ...(one.budget ? [["day budget", `${one.budget.session}: ${one.budget.orders} of ${one.budget.ordersMax ?? "any number of"} orders, ${one.budget.turnover} USD turned over${one.budget.turnoverMax === null ? "" : `, at most ${one.budget.turnoverMax} times equity`}`] as [string, string]] : []),
  ];
  return [pc.bold(one.account), ...lines.map(([label, text]) => `  ${label.padEnd(10)}  ${text}`), ...one.strategies.map(strategyText), ...chartLines(one.equity), ""].join("\n");
}

function breakerText(breaker: AccountStatus["breaker"]): string {
  switch (breaker.state) {
    case "trading":
      return pc.green("trading");
    case "cooling":
      return pc.yellow(`cooling until ${breaker.until}: ${breaker.why}`);
    case "halted":
      return pc.red(`HALTED since ${breaker.since}: ${breaker.why}`);
  }
}

function venueLines(atVenue: AccountStatus["atVenue"]): readonly [string, string][] {
  if ("unavailable" in atVenue) return [["at venue", pc.yellow(`not known: ${atVenue.unavailable}`)]];
  const { equity, cash, positions, invested, dayProfit, dayReturn, openOrders, ofUnknownOrigin, blocked } = atVenue;
  return [
    ["equity", `${equity} USD, of which cash ${cash} and ${positions} ${positions === 1 ? "position" : "positions"} worth ${invested}`],
    ["day", dayProfit === null ? "not known: the venue does not say what the account was worth at the last close" : `${signed(dayProfit)} USD${dayReturn === null ? "" : ` (${signed((100 * dayReturn).toFixed(2))} %)`}`],
    ["open", `${openOrders} ${openOrders === 1 ? "order" : "orders"}${ofUnknownOrigin === 0 ? "" : pc.yellow(`, ${ofUnknownOrigin} of unknown origin`)}`],
    ...(blocked === null ? [] : [["blocked", pc.red(blocked)] as [string, string]]),
  ];
}

function strategyText({ strategy, last, next }: StrategyStatus): string {
  const before = last === null ? "no run yet" : `last ${last.run.split("/").at(-1)} ${last.outcome}, ${last.orders} ${last.orders === 1 ? "order" : "orders"}${last.refusals.length === 0 ? "" : ` (${last.refusals.join(", ")})`}`;
  return `  ${strategy.padEnd(20)}  ${before}; next ${next}`;
}

function chartLines(equity: readonly number[]): readonly string[] {
  if (equity.length < CHART.valuesMin) return [];
  const { lines } = brailleChart(Float64Array.from(equity), CHART.columns, CHART.rows, (value) => value.toFixed(0));
  return [`  equity at the ends of the last ${equity.length} runs, USD`, ...lines.map(({ axis, plot }) => `  ${axis}${plot}`)];
}

function signed(text: string): string {
  return text.startsWith("-") ? text : `+${text}`;
}
