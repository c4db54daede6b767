/** A plan from the venue's bars, quotes and positions of this moment, kept under its hash for `ballast apply`. */
import { ZERO_QUANTITY } from "../src/money.ts";
import { REFUSALS } from "../src/risk/refusals.ts";
import { refusalToText } from "../src/risk/refusal-text.ts";
import { accountMemoryKey } from "../src/run/account-memory.ts";
import { tradingWindowOf, type Deployment } from "../src/run/deployment.ts";
import { holdingChangeText } from "../src/run/explain.ts";
import type { HoldingChange } from "../src/risk/share-conversions.ts";
import { holdingChanges, splitsMissing } from "../src/run/holdings.ts";
import { barsNeeded } from "../src/run/market-facts.ts";
import { recall } from "../src/run/memory.ts";
import { previewRun, type Preview } from "../src/run/preview.ts";
import { runIdOf } from "../src/run/run-identity.ts";
import { changeState } from "../src/run/change-state.ts";
import { hashOfPlan, planKey, type StoredPlan } from "../src/run/stored-plan.ts";
import { isDue } from "../src/rules/schedule.ts";
import { instantOf, isoOf, MINUTE_MS, plusMs, type Instant } from "../src/time.ts";
import type { Account, Quote, Symbol } from "../src/trade.ts";
import { accountOf, deploymentOf, openDesk, type Desk, type StoreOptions } from "./desk.ts";
import { previewJson, previewText } from "./preview-text.ts";
import { UsageError } from "./usage-error.ts";

export interface VenuePlanOptions extends StoreOptions {
  readonly account: string;
  readonly config?: string;
  readonly live?: string;
  readonly at?: string;
  readonly toleranceBps?: string;
  readonly validMinutes?: string;
  readonly json?: true;
}

/** What a plan at the venue takes; the rest of the command's options are for plans from files. */
export const VENUE_OPTIONS: ReadonlySet<string> = new Set(["account", "config", "live", "at", "toleranceBps", "validMinutes", "json", "store", "table"]);

export async function planAtVenue(strategy: string, options: VenuePlanOptions): Promise<void> {
  const toleranceBps = numberOf(options.toleranceBps ?? "50", "--tolerance-bps", 0, 10_000);
  const validMinutes = numberOf(options.validMinutes ?? "15", "--valid-minutes", 1, 7 * 24 * 60);
  const desk = openDesk({ config: "ballast.yaml", ...options }, { create: true });
  try {
    const deployment = deploymentOf(desk.config, { account: options.account, strategy });
    const now = desk.clock.now();
    const scheduledAt = instantPlanned(options.at ?? "now", deployment, now);
    const { preview, account, quotes, changes } = await previewAtVenue(deployment, scheduledAt, desk);
    const plan = planOf(preview, account, quotes, deployment, { scheduledAt, now, toleranceBps, validMinutes });
    const hash = hashOfPlan(plan);
    await changeState(desk.store.state, planKey(hash), (before) => ({ after: before ?? { plan }, answer: undefined }));
    const kept = { plan: hash, run: plan.run, validUntil: isoOf(plan.validUntil), toleranceBps, approval: deployment.settings.accountRules?.approval ?? null };
    process.stdout.write(options.json ? `${JSON.stringify({ ...kept, holdingsChanged: changes, ...previewJson(preview, deployment, scheduledAt) })}\n` : `${changes.map((change) => `${change.symbol}: ${holdingChangeText(change)}\n`).join("")}${previewText(preview, deployment, scheduledAt)}${keptText(kept, now < scheduledAt)}`);
  } finally {
    desk.store.close();
  }
}

async function previewAtVenue(deployment: Deployment, scheduledAt: Instant, desk: Desk): Promise<{ readonly preview: Preview; readonly account: Account; readonly quotes: ReadonlyMap<Symbol, Quote>; readonly changes: readonly HoldingChange[] }> {
  const { symbols, strategy, settings } = deployment;
  const { ports, keepBreakers } = await desk.openVenue(accountOf(desk.config, deployment.account));
  try {
    const { broker, marketData, state } = ports;
    const asOf = Math.min(scheduledAt, desk.clock.now()) as Instant;
    const working = await broker.openOrders();
    const [account, assets, view, gateView, quotes] = await Promise.all([
      broker.account(),
      broker.assets(symbols),
      marketData.view(symbols, strategy.lookback, asOf),
      marketData.view(symbols, Math.max(strategy.lookback, barsNeeded(settings.limits, settings.executionStyle)), asOf),
      marketData.quotes(symbols),
    ]);
    if (account.blocked !== undefined) throw new UsageError(`the broker lets account ${deployment.account} place no orders: ${account.blocked}`);
    const changes = await holdingChanges(deployment, tradingWindowOf(asOf, settings.tradingHours), account, ports);
    const [missing] = splitsMissing(changes);
    if (missing) throw new UsageError(`no plan can be made, ${missing.code}: ${refusalToText(missing)}; ${REFUSALS[missing.code].remedy}`);
    const accountMemory = (await state.load(accountMemoryKey(deployment.account)))?.value;
    const run = runIdOf(deployment.account, strategy.name, scheduledAt);
    const preview = previewRun({ deployment, account, view, gateView, quotes, memory: await recall(deployment, ports), ...(accountMemory && { accountMemory }), venue: { assets, working }, now: desk.clock.now(), run });
    return { preview, account, quotes, changes };
  } finally {
    await keepBreakers();
  }
}

function planOf({ targets, orders, equity }: Preview, { cash, positions }: Account, quotes: ReadonlyMap<Symbol, Quote>, { account, strategy, symbols }: Deployment, when: { readonly scheduledAt: Instant; readonly now: Instant; readonly toleranceBps: number; readonly validMinutes: number }): StoredPlan {
  const { scheduledAt, now, toleranceBps, validMinutes } = when;
  const held = new Map(positions.map(({ symbol, quantity }) => [symbol, quantity]));
  return {
    run: runIdOf(account, strategy.name, scheduledAt),
    account,
    strategy: strategy.name,
    scheduledAt,
    madeAt: now,
    validUntil: plusMs(Math.max(now, scheduledAt) as Instant, validMinutes * MINUTE_MS),
    toleranceBps,
    equity,
    cash,
    targets: Object.fromEntries(targets.map(({ symbol, weight }) => [symbol, weight])),
    held: Object.fromEntries(symbols.map((symbol) => [symbol, held.get(symbol) ?? ZERO_QUANTITY])),
    quotes: Object.fromEntries(orders.map(({ symbol }) => [symbol, { bid: quotes.get(symbol)!.bid, ask: quotes.get(symbol)!.ask }])),
    orders: orders.map(({ side, symbol, quantity, priceBound, reason }) => ({ side, symbol, quantity, priceBound, reason })),
  };
}

function instantPlanned(asked: string, { strategy }: Deployment, now: Instant): Instant {
  if (asked === "now") return now;
  let at: Instant;
  try {
    at = instantOf(asked);
  } catch (cause) {
    throw new UsageError(`--at ${JSON.stringify(asked)} is neither "now" nor an instant such as 2026-11-18T14:35:00Z`, { cause });
  }
  if (!isDue(strategy.schedule, at)) throw new UsageError(`${strategy.name} is not due at ${asked}: see ballast schedule ${strategy.name}, or give --at now`);
  return at;
}

function keptText({ plan, run, validUntil, toleranceBps, approval }: { readonly plan: string; readonly run: string; readonly validUntil: string; readonly toleranceBps: number; readonly approval: string | null }, toCome: boolean): string {
  const approve = approval === null ? "" : `ballast approve ${plan}${toCome ? ", and the schedule trades it" : ", then "}`;
  return `Plan ${plan} of ${run} holds until ${validUntil} and within ${toleranceBps} bps: ${approve}${approval !== null && toCome ? "" : `ballast apply ${plan}`}\n`;
}

function numberOf(text: string, option: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= min && value <= max)) throw new UsageError(`${option} takes a number from ${min} to ${max}, not ${text}`);
  return value;
}
