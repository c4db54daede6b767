/** `ballast plan`: what would be traded now and why, without trading. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { paperAccount } from "../../backtest/paper.ts";
import { DatasetViews } from "../../backtest/views.ts";
import { priceFromNumber, ZERO_QUANTITY } from "../../src/money.ts";
import { lastClosedSession, nextSession } from "../../src/rules/calendar.ts";
import { barsNeeded } from "../../src/run/market-facts.ts";
import { accountMemoryKey, type AccountMemory } from "../../src/run/account-memory.ts";
import { recall } from "../../src/run/memory.ts";
import { previewRun } from "../../src/run/preview.ts";
import { runIdOf } from "../../src/run/run-identity.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import { newYorkClock, plusMs, type Instant } from "../../src/time.ts";
import type { Account, Quote, Symbol } from "../../src/trade.ts";
import { statisticsBefore } from "../../src/simulator/symbol-statistics.ts";
import { endOf, profileOf } from "../../backtest/simulated-world.ts";
import type { Json } from "../../src/json.ts";
import { addStoreOptions, type StoreOptions } from "../desk.ts";
import { planAtVenue, VENUE_OPTIONS, type VenuePlanOptions } from "../plan-at-venue.ts";
import { previewJson, previewText } from "../preview-text.ts";
import { addRunOptions, resolveRun, type ResolvedRun, type RunOptions } from "../run-options.ts";
import { UsageError } from "../usage-error.ts";

interface PlanOptions extends RunOptions, StoreOptions, Partial<VenuePlanOptions> {
  readonly json?: true;
}

export function register(program: Command): void {
  addStoreOptions(addRunOptions(program.command("plan").description("Print what a strategy would trade now and why, without trading: weights, drift, orders, caps, expected fees.")))
    .option("--account <name>", "plan at the venue of this account of --config (ballast.yaml), and keep the plan for ballast apply")
    .option("--live <account>", "with --account: confirm by its name that an account of real money is meant")
    .option("--at <instant>", 'with --account: the scheduled instant whose run is planned, to come or past, or "now"', "now")
    .option("--tolerance-bps <bps>", "with --account: how far targets, quotes, positions and cash may move before the plan is void", "50")
    .option("--valid-minutes <n>", "with --account: how long the plan holds, from now or from an instant to come", "15")
    .option("--json", "print one JSON object")
    .hook("preAction", (called) => {
      const atVenue = called.getOptionValueSource("account") === "cli";
      const given = called.options.filter((option) => called.getOptionValueSource(option.attributeName()) === "cli");
      const wrong = given.filter((option) => (atVenue ? !VENUE_OPTIONS.has(option.attributeName()) : ["live", "at", "toleranceBps", "validMinutes", "table"].includes(option.attributeName())));
      if (wrong.length > 0) throw new UsageError(`${wrong.map(({ long }) => long).join(", ")} ${atVenue ? "is for plans from files, without --account" : "goes with --account"}`);
    })
    .addHelpText(
      "after",
      `
From files, "now" is the evening of --to, or of the last session in the data; prices are its closes, and orders would be
placed at the next open; --store plans from the positions of a paper run, else from cash alone. With --account, bars,
quotes and positions are the venue's of this moment, and the plan is kept under its hash.

Examples:
  $ ballast plan momentum
  $ ballast plan momentum --state paper.sqlite --to 2016-12-30
  $ ballast plan momentum --account paper
  $ ballast plan fixed-weights --param weights.JNJ=0.6 --param weights.KO=0.4 --json`,
    )
    .action(plan);
}

async function plan(strategy: string, { account, ...options }: PlanOptions): Promise<void> {
  if (account !== undefined) return planAtVenue(strategy, { ...options, account });
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
  process.stdout.write(options.json ? `${JSON.stringify({ ...previewJson(preview, deployment, asOf), notes: dataset.notes })}\n` : previewText(preview, deployment, asOf));
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

async function accountOf({ deployment, world }: ResolvedRun, { store: file }: StoreOptions, quotes: ReadonlyMap<Symbol, Quote>): Promise<{ account: Account; memory: Json | undefined; accountMemory?: AccountMemory | undefined }> {
  const cashAlone: Account = { cash: world.cash, equity: world.cash, lastEquity: world.cash, buyingPower: world.cash, positions: [], blocked: undefined };
  if (file === undefined) return { account: cashAlone, memory: deployment.strategy.initialMemory };
  if (!existsSync(file)) throw new UsageError(`there is no state file ${file}: ballast paper makes it; without --store the plan starts with cash alone`);
  const store = openSqliteStore(file, { toRead: true });
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
