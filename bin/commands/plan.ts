/** `ballast plan`: what would be traded now and why, without trading. */
import { existsSync } from "node:fs";
import Table from "cli-table3";
import type { Command } from "commander";
import { paperAccount } from "../../backtest/paper.ts";
import { DatasetViews } from "../../backtest/views.ts";
import { moneyToText, notional, priceFromNumber, quantityToText, ZERO_QUANTITY, type Money, type Price } from "../../src/money.ts";
import { lastClosedSession, nextSession } from "../../src/rules/calendar.ts";
import { barsNeeded } from "../../src/run/market-facts.ts";
import { accountMemoryKey, type AccountMemory } from "../../src/run/account-memory.ts";
import { recall } from "../../src/run/memory.ts";
import { previewRun, type Preview } from "../../src/run/preview.ts";
import { runIdOf } from "../../src/run/run-identity.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import { isoOf, newYorkClock, plusMs, type Instant } from "../../src/time.ts";
import type { Account, Quote, Symbol } from "../../src/trade.ts";
import { statisticsBefore } from "../../src/simulator/symbol-statistics.ts";
import { endOf, profileOf } from "../../backtest/simulated-world.ts";
import type { Json } from "../../src/json.ts";
import { addRunOptions, resolveRun, type ResolvedRun, type RunOptions } from "../run-options.ts";
import { UsageError } from "../usage-error.ts";

interface PlanOptions extends RunOptions {
  readonly state?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  addRunOptions(program.command("plan").description("Print what a strategy would trade now and why, without trading: weights, drift, orders, caps, expected fees."))
    .option("--state <file>", "plan from the positions of this paper run (default: cash alone)")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
"Now" is the evening of --to, or of the last session in the data; prices are its closes, and orders would be placed at
the next open.

Examples:
  $ ballast plan momentum
  $ ballast plan momentum --state paper.sqlite --to 2016-12-30
  $ ballast plan fixed-weights --param weights.JNJ=0.6 --param weights.KO=0.4 --json`,
    )
    .action(plan);
}

async function plan(strategy: string, options: PlanOptions): Promise<void> {
  const run = await resolveRun(strategy, options);
  const { deployment, dataset, to } = run;
  const session = lastClosedSession(endOf(to));
  const asOf = plusMs(session.close, 1_000);
  const views = new DatasetViews(dataset);
  const { lookback } = deployment.strategy;
  const now = nextSession(session.day).open;
  const quotes = closingQuotes(run, asOf, now);
  const held = await accountOf(run, options, quotes);
  const preview = previewRun({
    deployment,
    account: held.account,
    view: views.view(deployment.symbols, lookback, asOf),
    gateView: views.view(deployment.symbols, Math.max(lookback, barsNeeded(deployment.settings.limits, deployment.settings.executionStyle)), asOf),
    quotes,
    memory: held.memory,
    ...(held.accountMemory && { accountMemory: held.accountMemory }),
    now,
    run: runIdOf(deployment.account, deployment.strategy.name, asOf),
  });
  process.stdout.write(options.json ? `${JSON.stringify(asJson(preview, run, asOf))}\n` : asText(preview, run, asOf));
}

/** The newest printed close of each symbol, with the spread that the simulated market has, as if it still stood at `now`. */
function closingQuotes({ deployment, dataset, world }: ResolvedRun, asOf: Instant, now: Instant): ReadonlyMap<Symbol, Quote> {
  const profile = profileOf(world);
  const today = Math.floor(asOf / 86_400_000);
  const quotes = new Map<Symbol, Quote>();
  for (const symbol of deployment.symbols) {
    const { bars, actions } = dataset.series.get(symbol)!;
    const { days, close } = bars;
    const index = days.findLastIndex((day) => day <= today);
    if (index < 0) continue;
    const price = priceFromNumber(close[index]!);
    const { bid, ask } = profile.quote(price, ZERO_QUANTITY, 0, () => statisticsBefore(bars, actions, index + 1, newYorkClock(now).day));
    quotes.set(symbol, { bid, ask, at: now });
  }
  return quotes;
}

async function accountOf({ deployment, world }: ResolvedRun, { state: file }: PlanOptions, quotes: ReadonlyMap<Symbol, Quote>): Promise<{ account: Account; memory: Json | undefined; accountMemory?: AccountMemory | undefined }> {
  const cashAlone: Account = { cash: world.cash, equity: world.cash, lastEquity: world.cash, buyingPower: world.cash, positions: [], blocked: undefined };
  if (file === undefined) return { account: cashAlone, memory: deployment.strategy.initialMemory };
  if (!existsSync(file)) throw new UsageError(`there is no state file ${file}`);
  const store = openSqliteStore(file);
  try {
    const account = await paperAccount({ deployment }, store);
    if (!account) throw new UsageError(`${file} holds no paper run of ${deployment.strategy.name}`);
    const unquoted = account.positions.find(({ symbol }) => deployment.symbols.includes(symbol) && !quotes.has(symbol));
    if (unquoted) throw new UsageError(`the data have no close of ${unquoted.symbol}, which the paper run holds`);
    return { account, memory: await recall(deployment, store), accountMemory: (await store.state.load(accountMemoryKey(deployment.account)))?.value };
  } finally {
    store.close();
  }
}

function asJson(preview: Preview, { deployment, dataset }: ResolvedRun, asOf: Instant): Json {
  return {
    strategy: deployment.strategy.name,
    params: deployment.strategy.params,
    asOf: isoOf(asOf),
    equity: moneyToText(preview.equity),
    cash: moneyToText(preview.cash),
    keep: preview.keep ?? null,
    weights: preview.rows.map(({ symbol, weight, target, drift, quantity, reason, clampedFrom }) => ({
      symbol,
      weight,
      target,
      drift,
      quantity: quantityToText(quantity),
      reason,
      clampedFrom: clampedFrom ?? null,
    })),
    orders: preview.orders.map(({ clientOrderId, symbol, side, type, quantity, referencePrice, priceBound, expectedFees, reason }) => ({
      clientOrderId,
      symbol,
      side,
      type,
      quantity: quantityToText(quantity),
      referencePrice: moneyToText(referencePrice),
      priceBound: moneyToText(priceBound),
      notional: moneyToText(notional(referencePrice, quantity)),
      expectedFees: moneyToText(expectedFees),
      reason,
    })),
    refused: preview.refused as unknown as Json,
    expectedFees: moneyToText(preview.expectedFees),
    cashAfter: moneyToText(preview.cashAfter),
    notes: dataset.notes,
  };
}

function asText(preview: Preview, { deployment }: ResolvedRun, asOf: Instant): string {
  const plain = { style: { head: [], border: [], compact: true } };
  const weights = new Table({ head: ["Symbol", "Held", "Weight", "Target", "Drift", "Why"], colAligns: ["left", "right", "right", "right", "right", "left"], ...plain });
  for (const { symbol, quantity, weight, target, drift, reason, clampedFrom } of preview.rows) {
    const capped = clampedFrom === undefined ? "" : ` (cap: asked for ${percent(clampedFrom)})`;
    weights.push([symbol, quantityToText(quantity), percent(weight), percent(target), percent(drift), `${reason}${capped}`]);
  }
  const orders = new Table({ head: ["Order", "Symbol", "Quantity", "Near", "Worth", "Fees"], colAligns: ["left", "left", "right", "right", "right", "right"], ...plain });
  for (const { side, symbol, quantity, referencePrice, expectedFees } of preview.orders) {
    orders.push([side, symbol, quantityToText(quantity), dollars(referencePrice), dollars(notional(referencePrice, quantity)), dollars(expectedFees)]);
  }
  const verdict = preview.keep ?? (preview.orders.length === 0 ? "no order is needed" : `${preview.orders.length} ${preview.orders.length === 1 ? "order" : "orders"}, expected fees ${dollars(preview.expectedFees)}, cash afterwards ${dollars(preview.cashAfter)}`);
  return [
    `${deployment.strategy.name} as of ${isoOf(asOf)}: equity ${dollars(preview.equity)}, cash ${dollars(preview.cash)}`,
    ...(preview.rows.length > 0 ? [weights.toString()] : []),
    ...(preview.orders.length > 0 ? [orders.toString()] : []),
    ...preview.refused.map((refusal) => `refused: ${JSON.stringify(refusal)}`),
    `${verdict}. Nothing was traded.`,
    "",
  ].join("\n");
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

function dollars(amount: Money | Price): string {
  return (amount / 1e6).toLocaleString("en-US", { style: "currency", currency: "USD" });
}
