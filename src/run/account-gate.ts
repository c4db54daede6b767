/**
 * The part of the gate that knows the account's other runs, around the plan of one side.
 *
 * Buys are planned from no more money than a cash account may spend; what was planned is judged against the account's
 * memory (account-checks.ts), and what is left reserves its share of the daily budget in the store. All that decided is
 * handed back to be journaled with the plan. Where no account rule is set, nothing is read and nothing is written.
 */
import { maxOf, minOf, type Quantity } from "../money.ts";
import type { Ports } from "../ports.ts";
import { reviewForAccount, type AccountFacts } from "../risk/account-checks.ts";
import type { AccountRules } from "../risk/account-rules.ts";
import { cashAfterFills, type AccountFill } from "../risk/cash-account.ts";
import { dailyBudgetKey, hasDailyBudget, reserveBudget } from "../risk/daily-budget.ts";
import { isBeyondLossLimits } from "../risk/loss-limits.ts";
import { afterRun, breakerKey, CLOSED_BREAKER, haltedBy, type RunFacts } from "../risk/trading-breaker.ts";
import { spendableCash } from "../rules/settled-cash.ts";
import { dateOfEpochDay, newYorkClock, type EpochDay, type Instant, type SessionDate } from "../time.ts";
import type { Account, Side, Symbol } from "../trade.ts";
import { accountMemoryKey, fillsOf, needsMemory, NO_MEMORY, quantitiesOf, withRunClosed, withRunOpened, type AccountMemory } from "./account-memory.ts";
import { changeState } from "./change-state.ts";
import { tradingWindowOf, type Deployment, type Trigger } from "./deployment.ts";
import { rememberHoldings } from "./holdings.ts";
import type { SidePlan } from "./plan-orders.ts";
import type { Run } from "./run.ts";

export interface GatedPlan extends SidePlan {
  readonly accountFacts?: AccountFacts;
}

export interface GateInputs {
  readonly deployment: Deployment;
  readonly account: Account;
  readonly memory: AccountMemory;
  /** Of this run, in the order in which they happened. */
  readonly fills: readonly AccountFill[];
  readonly now: Instant;
}

export async function planThroughAccountGate(run: Run, side: Side, deployment: Deployment, session: SessionDate, account: Account, ports: Ports, planFrom: (account: Account) => SidePlan): Promise<GatedPlan> {
  const { accountRules } = deployment.settings;
  if (!accountRules) return planFrom(account);
  const now = ports.clock.now();
  const memory = await openMemory(run, deployment, session, account, newYorkClock(now).day, ports);
  const plan = planForAccount({ deployment, account, memory, fills: fillsOf(run), now }, planFrom);
  if (!hasDailyBudget(accountRules)) return plan;
  const request = { session, run: run.id, side, orders: plan.approved, equity: account.equity };
  const { approved, refused } = await changeState(ports.state, dailyBudgetKey(deployment.account), (before) => {
    const answer = reserveBudget(before, request, accountRules);
    return { after: answer.budget, answer };
  });
  return { ...plan, approved, refused: [...plan.refused, ...refused] };
}

/** The pure part, which a preview shares. */
export function planForAccount({ deployment, account, memory, fills, now }: GateInputs, planFrom: (account: Account) => SidePlan): GatedPlan {
  const rules = deployment.settings.accountRules;
  if (!rules) return planFrom(account);
  const { day } = newYorkClock(now);
  const cash = rules.cashAccount && memory.cash ? cashAfterFills(memory.cash, fills, quantitiesOf(account.positions), rules.cashAccount) : undefined;
  const buyingPower = cash && rules.cashAccount ? minOf(account.buyingPower, spendableCash(cash, day, rules.cashAccount)) : account.buyingPower;
  const plan = planFrom(buyingPower === account.buyingPower ? account : { ...account, buyingPower });
  const highWater = maxOf(memory.highWater ?? account.equity, account.equity);
  const equity = { equity: account.equity, lastEquity: account.lastEquity, highWater };
  const { approved, refused } = reviewForAccount(plan.approved, { rules, day, account, equity, cash, dayTrades: memory.dayTrades, fills });
  const facts: AccountFacts = {
    ...(cash && { settledCash: cash.settled, unsettled: cash.pending.map(({ settles, amount }) => ({ settles: dateOfEpochDay(settles), amount })) }),
    ...((rules.dailyLossMax !== undefined || rules.marginAccount) && account.lastEquity !== undefined && { lastEquity: account.lastEquity }),
    ...(rules.drawdownMax !== undefined && { highWater }),
    ...(rules.tradingBreaker && { held: heldOf(account, deployment.symbols) }),
  };
  return { ...plan, approved, refused: [...plan.refused, ...refused], ...(Object.keys(facts).length > 0 && { accountFacts: facts }) };
}

/** Folds a closed run into what its account remembers. Called again for a closed run, it changes nothing. */
export async function rememberRun(run: Run, { deployment, scheduledAt }: Trigger, { state }: Pick<Ports, "state">): Promise<void> {
  const { settings, account } = deployment;
  await rememberHoldings(run, deployment, { state });
  const { session } = tradingWindowOf(scheduledAt, settings.tradingHours);
  if (needsMemory(settings)) {
    await changeState(state, accountMemoryKey(account), (before = NO_MEMORY) => ({ after: withRunClosed(before, run, deployment, session), answer: undefined }));
  }
  const thresholds = settings.accountRules?.tradingBreaker;
  if (!thresholds) return;
  const facts = factsOf(run, session, settings.accountRules);
  await changeState(state, breakerKey(account), (before = CLOSED_BREAKER) => {
    const after = afterRun(before, facts, thresholds);
    const halts = after !== before && after.position.kind !== "halted" ? haltingOrigin(run, settings.accountRules) : undefined;
    return { after: halts === undefined ? after : haltedBy(after, "the breaker", halts, facts.closedAt), answer: undefined };
  });
}

/** Why what the run met halts the account, where the account's rule says that it does. */
function haltingOrigin({ id, closed }: Run, rules: AccountRules | undefined): string | undefined {
  if (rules?.unknownOrigin?.then !== "halt") return undefined;
  const met = closed!.refused.filter(({ code }) => code === "ORDER_OF_UNKNOWN_ORIGIN" || code === "POSITION_OF_UNKNOWN_ORIGIN" || code === "HOLDING_CHANGED");
  return met.length === 0 ? undefined : `${met.length} orders and positions of unknown origin in ${id}`;
}

async function openMemory(run: Run, { account: name, settings }: Deployment, session: SessionDate, account: Account, day: EpochDay, { state }: Ports): Promise<AccountMemory> {
  if (!needsMemory(settings)) return NO_MEMORY;
  const key = accountMemoryKey(name);
  if (!settings.accountRules?.cashAccount) return (await state.load(key))?.value ?? NO_MEMORY;
  return changeState(state, key, (before = NO_MEMORY) => {
    const after = withRunOpened(before, run.id, session, account.cash, day);
    return { after, answer: after };
  });
}

function factsOf(run: Run, session: SessionDate, rules: AccountRules): RunFacts {
  const closed = run.closed!;
  const outcomes = run.placed.flatMap(({ submissions }) => submissions.map(({ outcome }) => outcome.kind));
  const { lastEquity, highWater } = closed.lossFacts ?? {};
  return {
    run: run.id,
    session,
    closedAt: closed.at,
    equity: closed.equity,
    beyondLossLimits: closed.lossFacts !== undefined && isBeyondLossLimits({ equity: closed.equity, lastEquity, highWater: highWater ?? closed.equity }, rules),
    submissions: outcomes.length,
    rejected: run.placed.filter(({ submissions, ended }) => submissions.at(-1)?.outcome.kind === "rejected" || ended?.status === "rejected").length,
    unknown: outcomes.filter((kind) => kind === "unknown").length,
    differences: closed.refused.filter(({ code }) => code === "RECONCILIATION_DIFFERENCE" || code === "ORDER_NOT_CONFIRMED").length,
  };
}

function heldOf({ positions }: Account, symbols: readonly Symbol[]): Readonly<Record<Symbol, Quantity>> {
  const ours = new Set(symbols);
  return Object.fromEntries(positions.filter(({ symbol }) => ours.has(symbol)).map(({ symbol, quantity }) => [symbol, quantity]));
}
