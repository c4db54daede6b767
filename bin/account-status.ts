/** How an account stands: by its store, and by its venue where that answers. */
import type { AccountConfig } from "../src/config.ts";
import { moneyToNumber, moneyToText, notional, subtractMoney, weightToNumber, type Money } from "../src/money.ts";
import { dailyBudgetKey } from "../src/risk/daily-budget.ts";
import { breakerKey, CLOSED_BREAKER, positionAt } from "../src/risk/trading-breaker.ts";
import { nextInstants } from "../src/rules/schedule.ts";
import { bookOf, placeOrders, type JournaledRun } from "../src/run/account-book.ts";
import { tradingWindowOf, type Deployment } from "../src/run/deployment.ts";
import type { RunOutcome } from "../src/run/journal.ts";
import { leaseKey } from "../src/state/fence.ts";
import { isoOf, type Instant } from "../src/time.ts";
import type { Desk } from "./desk.ts";
import { recentRuns } from "./recent-runs.ts";

const RUNS_LOOKED_AT = 40;

export type AccountStatus = Awaited<ReturnType<typeof statusOf>>;
export type StrategyStatus = AccountStatus["strategies"][number];

export async function statusOf(account: AccountConfig, desk: Desk) {
  const { store, clock, config } = desk;
  const now = clock.now();
  const deployments = config.deployments.filter((one) => one.account === account.name);
  const breaker = (await store.state.load(breakerKey(account.name)))?.value ?? CLOSED_BREAKER;
  const lease = (await store.state.load(leaseKey(account.name)))?.value;
  const runs = await recentRuns(store, account.name, RUNS_LOOKED_AT);
  return {
    account: account.name,
    venue: account.venue,
    breaker: breakerText(positionAt(breaker, now)),
    worker: lease && lease.until > now ? { holder: lease.holder, until: isoOf(lease.until) } : null,
    budget: await budgetOf(deployments[0], desk, now),
    strategies: await Promise.all(deployments.map((deployment) => strategyStatus(deployment, desk, now))),
    openRuns: runs.filter(({ events }) => events.length > 0 && events.at(-1)?.type !== "run-closed").map(({ run }) => run),
    /** At the ends of the newest runs, oldest first: USD. */
    equity: runs.flatMap(equityAtEnd).reverse(),
    atVenue: await venueStatus(account, desk, runs),
  };
}

function breakerText(position: ReturnType<typeof positionAt>) {
  switch (position.kind) {
    case "closed":
      return { state: "trading" as const };
    case "cooling":
      return { state: "cooling" as const, since: isoOf(position.since), until: isoOf(position.until), why: position.why };
    case "halted":
      return { state: "halted" as const, since: isoOf(position.since), why: position.why };
  }
}

async function strategyStatus({ account, strategy }: Deployment, { store }: Desk, now: Instant) {
  const [last] = await recentRuns(store, account, 1, strategy.name);
  return { strategy: strategy.name, last: last ? lastRun(last) : null, next: isoOf(nextInstants(strategy.schedule, now, 1)[0]!) };
}

function lastRun({ run, events }: JournaledRun): { run: string; outcome: RunOutcome | "open"; orders: number; refusals: readonly string[] } {
  const end = events.at(-1);
  const orders = events.reduce((sum, event) => (event.type === "orders-planned" ? sum + event.orders.length : sum), 0);
  const refusals = [...new Set(events.flatMap((event) => ("refused" in event ? event.refused.map(({ code }) => code) : [])))];
  return { run, outcome: end?.type === "run-closed" ? end.outcome : "open", orders, refusals };
}

/** What the runs of the current session, or of the next, have reserved. */
async function budgetOf(deployment: Deployment | undefined, { store }: Desk, now: Instant) {
  const rules = deployment?.settings.accountRules;
  if (!deployment || (rules?.ordersPerDayMax === undefined && rules?.turnoverPerDayMax === undefined)) return null;
  const { session } = tradingWindowOf(now, deployment.settings.tradingHours);
  const stored = (await store.state.load(dailyBudgetKey(deployment.account)))?.value;
  const reservations = stored?.session === session ? stored.reservations : [];
  return {
    session,
    orders: reservations.reduce((sum, { orders }) => sum + orders, 0),
    ordersMax: rules.ordersPerDayMax ?? null,
    turnover: moneyToText(reservations.reduce((sum, { turnover }) => (sum + turnover) as Money, 0 as Money)),
    /** Of the account's equity. */
    turnoverMax: rules.turnoverPerDayMax === undefined ? null : weightToNumber(rules.turnoverPerDayMax),
  };
}

async function venueStatus(account: AccountConfig, desk: Desk, runs: readonly JournaledRun[]) {
  try {
    const { ports, keepBreakers } = await desk.openVenue(account);
    const [{ equity, cash, lastEquity, positions, blocked }, working] = await Promise.all([ports.broker.account(), ports.broker.openOrders()]).finally(keepBreakers);
    const unknown = placeOrders(bookOf(runs), working).filter(({ run }) => run === undefined).length;
    return {
      equity: moneyToText(equity),
      cash: moneyToText(cash),
      invested: moneyToText(positions.reduce((sum, { marketPrice, quantity }) => (sum + notional(marketPrice, quantity)) as Money, 0 as Money)),
      positions: positions.length,
      dayProfit: lastEquity === undefined ? null : moneyToText(subtractMoney(equity, lastEquity)),
      dayReturn: lastEquity === undefined || lastEquity <= 0 ? null : moneyToNumber(equity) / moneyToNumber(lastEquity) - 1,
      openOrders: working.length,
      ofUnknownOrigin: unknown,
      blocked: blocked ?? null,
    };
  } catch (error) {
    // The store's half is worth printing most when the venue is away; the reason stands in its place.
    return { unavailable: error instanceof Error ? error.message : String(error) };
  }
}

function equityAtEnd({ events }: JournaledRun): readonly number[] {
  const end = events.at(-1);
  return end?.type === "run-closed" ? [moneyToNumber(end.equity)] : [];
}
