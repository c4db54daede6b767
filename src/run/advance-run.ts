/**
 * The path. Every backtest, paper run and live run is this function, called again until it says "closed".
 *
 * `advanceRun` reads the journal of its run, does all that can be done now and returns; it never sleeps. What is
 * decided is written to the journal before its effect, and what the journal has is not decided again, so the call may
 * be repeated after a crash at any point, delivered twice, or made by two processes at once: the slower of two stops
 * with `JournalConflict`. Order of work: open, view, targets, sells, buys (from the account as the sells left it;
 * for an auction beside them, from the money that is there), close.
 *
 * The view is cut at the scheduled instant, however late the call. Orders are planned and submitted only inside the
 * run's trading window. After it, and while the account is halted, what is open is canceled, confirmed and reported.
 */
import type { Ports } from "../ports.ts";
import { cutoffOf, type Auction } from "../execution/auction.ts";
import { isForAuction } from "../execution/execution.ts";
import { addMoney, minOf, notional, weightOf, ZERO_MONEY } from "../money.ts";
import type { ExitRules } from "../risk/account-rules.ts";
import type { MarketFacts } from "../risk/candidate.ts";
import type { Refusal } from "../risk/refusals.ts";
import { breakerKey, positionAt } from "../risk/trading-breaker.ts";
import { expectedFees } from "../rules/fees.ts";
import { newYorkClock, type Instant } from "../time.ts";
import type { Account, Asset, Quote, Side, Symbol } from "../trade.ts";
import { agreedPlan, type Agreed } from "./agreed-plan.ts";
import { planThroughAccountGate, rememberRun } from "./account-gate.ts";
import { accountMemoryKey, NO_MEMORY } from "./account-memory.ts";
import { closeRun, type Closed } from "./close-run.ts";
import { tradingWindowOf, type Deployment, type TradingWindow, type Trigger } from "./deployment.ts";
import type { Json } from "../json.ts";
import { withExits, type TargetsWithExits } from "./exit-targets.ts";
import { barsNeeded, marketFacts } from "./market-facts.ts";
import { compareHoldings } from "./holdings.ts";
import { recall, remember } from "./memory.ts";
import { heldWeights, planSide } from "./plan-orders.ts";
import { runIdOf } from "./run-identity.ts";
import { Run } from "./run.ts";
import { movedSince, movedTargets } from "./stored-plan.ts";
import { shapeTargets, type ShapedTargets } from "./targets.ts";
import { hashOfView } from "./view-hash.ts";
import { windDown, workOrders, type CallAgainAt } from "./work-orders.ts";
import { plansFrom, worksUntil } from "./working-hours.ts";

export async function advanceRun(trigger: Trigger, ports: Ports): Promise<Closed | CallAgainAt> {
  const { deployment, scheduledAt } = trigger;
  const run = await Run.read(runIdOf(deployment.account, deployment.strategy.name, scheduledAt), ports);
  const result = run.closed ? { kind: "closed" as const, run: run.id, outcome: run.closed.outcome } : await advance(run, trigger, ports);
  if (result.kind === "closed") await rememberRun(run, trigger, ports);
  return result;
}

async function advance(run: Run, trigger: Trigger, ports: Ports): Promise<Closed | CallAgainAt> {
  const { deployment, scheduledAt } = trigger;
  if (!run.opened) await openRun(run, trigger);
  const window = tradingWindowOf(scheduledAt, deployment.settings.tradingHours);
  const { executionStyle } = deployment.settings;

  const agreed = await agreedPlan(run, trigger, ports);
  const [plan, unapproved] = agreed && "code" in agreed ? [undefined, agreed] : [agreed, undefined];
  const stop = (await reasonToStop(trigger, window, ports)) ?? unapproved ?? (await setTargets(run, trigger, window, ports)) ?? staleTargets(run, plan);
  if (run.targeted?.memory !== undefined) await remember(deployment, scheduledAt, run.targeted.memory, ports);
  if (stop) return (await windDown(run, window, ports)) ?? closeRun(run, trigger, ports, stop);
  if (run.targeted?.keep !== undefined && run.targeted.targets.length === 0) return closeRun(run, trigger, ports);

  const waiting: CallAgainAt[] = [];
  for (const side of ["sell", "buy"] as const) {
    if (!run.plan(side)) {
      const planAt = plansFrom(executionStyle, window);
      if (ports.clock.now() < planAt) return { kind: "call-again", at: planAt };
      const blocked = await planOrders(run, side, trigger, window, plan, ports);
      if (blocked) return (await windDown(run, window, ports)) ?? closeRun(run, trigger, ports, blocked);
    }
    const again = await workOrders(run, side, trigger.deployment, window, ports);
    if (again) waiting.push(again);
    if (again && !isForAuction(executionStyle)) return again;
  }
  if (waiting.length > 0) return { kind: "call-again", at: minOf(waiting[0]!.at, waiting.at(-1)!.at) };
  return closeRun(run, trigger, ports);
}

async function openRun(run: Run, { deployment, scheduledAt, plan }: Trigger): Promise<void> {
  const { account, strategy, symbols, settings } = deployment;
  await run.record({ type: "run-opened", account, strategy: strategy.name, scheduledAt, params: strategy.params, symbols, settings: settings as unknown as Json, ...(plan !== undefined && { plan }) });
}

async function reasonToStop({ deployment, despiteHalt }: Trigger, window: TradingWindow, { clock, state }: Ports): Promise<Refusal | undefined> {
  const now = clock.now();
  const breaker = despiteHalt ? undefined : await state.load(breakerKey(deployment.account));
  const position = breaker && positionAt(breaker.value, now);
  if (position?.kind === "halted") return { code: "HALTED", why: position.why, since: position.since };
  if (position?.kind === "cooling") return { code: "COOLING", why: position.why, until: position.until };
  return now > worksUntil(deployment.settings.executionStyle, window) ? { code: "WINDOW_PASSED", closedAt: window.closesAt, now } : undefined;
}

/** Asks the strategy, once; the view and the answer are journaled together. */
async function setTargets(run: Run, { deployment, scheduledAt, despiteHalt }: Trigger, window: TradingWindow, ports: Ports): Promise<Refusal | undefined> {
  const { strategy, symbols, settings } = deployment;
  if (!run.targeted) {
    const account = await ports.broker.account();
    if (account.blocked !== undefined) return { code: "ACCOUNT_BLOCKED", reason: account.blocked };
    const difference = settings.tradingHours === "core" ? await calendarDifference(window, ports) : undefined;
    if (difference) return difference;
    const changed = despiteHalt ? undefined : await compareHoldings(run, deployment, window, account, ports);
    if (changed) return changed;
    const view = await ports.marketData.view(symbols, strategy.lookback, scheduledAt);
    const held = heldWeights(account, deployment);
    const decision = strategy.decide(view, held, await recall(deployment, ports));
    const { asOf, session, source, adjustment } = view;
    const shown = { held: Object.fromEntries(held), viewHash: hashOfView(view) };
    // A crash may have come between the two events; what is asked again is recorded again, unless it is the same.
    if (!run.viewed || JSON.stringify(shown) !== JSON.stringify({ held: run.viewed.held, viewHash: run.viewed.viewHash })) {
      await run.record({ type: "view-recorded", asOf, session, source, adjustment, lookback: strategy.lookback, ...shown });
    }
    const memory = decision.memory === undefined ? {} : { memory: decision.memory };
    const keep = "keep" in decision ? { keep: decision.keep } : {};
    const bars = barsNeeded(settings.limits, settings.executionStyle);
    const wide = bars > strategy.lookback ? await ports.marketData.view(symbols, bars, scheduledAt) : view;
    const shaped = "keep" in decision ? undefined : shapeTargets(decision.targets, settings.limits, { equity: weightOf(account.equity, settings.allocation), view: wide });
    const targets = settings.exits ? await targetsWithExits(shaped, account, window, deployment, settings.exits, ports) : (shaped ?? { targets: [], refused: [] });
    const traded = new Set([...targets.targets.map(({ symbol }) => symbol), ...(shaped ? held.keys() : [])]);
    const facts = bars > 0 && traded.size > 0 ? { facts: marketFacts([...traded].sort(), wide) } : {};
    await run.record({ type: "targets-set", ...keep, ...targets, ...facts, ...memory });
  }
  return undefined;
}

/** On a day that the venue's calendar sees otherwise nothing is traded, and the refused run is an alarm. */
async function calendarDifference({ session, opensAt, closesAt }: TradingWindow, { broker }: Ports): Promise<Refusal | undefined> {
  const venue = await broker.hoursOf(session);
  if (venue?.open === opensAt && venue.close === closesAt) return undefined;
  return { code: "CALENDAR_DIFFERS", session, ours: { open: opensAt, close: closesAt }, venue: venue ? { open: venue.open, close: venue.close } : null };
}

async function targetsWithExits(shaped: ShapedTargets | undefined, account: Account, { session }: TradingWindow, deployment: Deployment, rules: ExitRules, { state }: Ports): Promise<TargetsWithExits> {
  const ours = new Set(deployment.symbols);
  const memory = await state.load(accountMemoryKey(deployment.account));
  return withExits(shaped, account.positions.filter(({ symbol }) => ours.has(symbol)), memory?.value ?? NO_MEMORY, session, rules);
}

function staleTargets(run: Run, agreed: Agreed | undefined): Refusal | undefined {
  const moved = agreed ? movedTargets(agreed.plan, run.targeted?.targets ?? []) : [];
  return agreed && moved.length > 0 ? { code: "PLAN_STALE", plan: agreed.hash, moved } : undefined;
}

async function planOrders(run: Run, side: Side, trigger: Trigger, { session, opensAt }: TradingWindow, agreed: Agreed | undefined, ports: Ports): Promise<Refusal | undefined> {
  const deployment = inScope(run, trigger.deployment);
  const { executionStyle } = deployment.settings;
  const missed = isForAuction(executionStyle) ? missedAuction(executionStyle, opensAt, ports.clock.now()) : undefined;
  if (missed) return missed;
  // Before the account: an order that fills between the two is refused once more, and not traded twice.
  const open = await ports.broker.openOrders();
  const account = await ports.broker.account();
  if (account.blocked !== undefined) return { code: "ACCOUNT_BLOCKED", reason: account.blocked };
  const { targets, facts } = run.targeted!;
  const wanted = agreed ? agreed.plan.orders.map(({ symbol }) => symbol) : targets.map(({ symbol }) => symbol);
  const symbols = agreed ? [...new Set(wanted)].sort() : symbolsToQuote(side, account, deployment.symbols, wanted);
  const [quotes, assets] = symbols.length > 0 ? await Promise.all([ports.marketData.quotes(symbols), ports.broker.assets(symbols)]) : [new Map<Symbol, Quote>(), new Map<Symbol, Asset>()];
  const own = new Set<string>(run.placed.map(({ order }) => order.clientOrderId));
  const now = ports.clock.now();
  const { day } = newYorkClock(now);
  const moved = agreed ? movedSince(agreed.plan, side, { now, account, quotes }) : [];
  if (agreed && moved.length > 0) return { code: "PLAN_STALE", plan: agreed.hash, moved };
  const planned = await planThroughAccountGate(run, side, deployment, session, account, ports, (limited) =>
    planSide(side, {
      run: run.id,
      now,
      deployment,
      targets,
      account: limited,
      quotes,
      ...(agreed && { agreed: agreed.plan.orders.filter((order) => order.side === side) }),
      facts: facts && new Map(Object.entries(facts) as [Symbol, MarketFacts][]),
      venue: { assets, working: open.filter(({ clientOrderId }) => !own.has(clientOrderId)) },
      ordersBefore: run.orders.length,
      turnoverBefore: run.orders.reduce((sum, { order }) => addMoney(sum, notional(order.referencePrice, order.quantity)), ZERO_MONEY),
      expectedFees: (orderSide, quantity, price) => expectedFees(deployment.settings.fees, { side: orderSide, quantity, price, day }),
    }),
  );
  const { equity, cash, approved, refused, accountFacts } = planned;
  await run.record({ type: "orders-planned", side, equity, cash, orders: approved, refused, ...(accountFacts && { accountFacts }) });
  return undefined;
}

function missedAuction({ style }: Auction, opensAt: Instant, now: Instant): Refusal | undefined {
  const cutoff = cutoffOf(style, opensAt);
  return now >= cutoff ? { code: "AUCTION_CUTOFF_PASSED", auction: style, cutoff, now } : undefined;
}

/** Where the strategy keeps everything, exits alone are traded. */
function inScope(run: Run, deployment: Deployment): Deployment {
  const { keep, targets } = run.targeted!;
  return keep === undefined ? deployment : { ...deployment, symbols: targets.map(({ symbol }) => symbol) };
}

/** Sells need quotes of what is held, buys of what is wanted. */
function symbolsToQuote(side: "sell" | "buy", account: Account, ours: readonly Symbol[], targeted: readonly Symbol[]): readonly Symbol[] {
  if (side === "buy") return targeted;
  const held = new Set(account.positions.filter(({ quantity }) => quantity > 0).map(({ symbol }) => symbol));
  return ours.filter((symbol) => held.has(symbol));
}
