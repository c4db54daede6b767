/**
 * The path. Every backtest, paper run and live run is this function, called again until it says "closed".
 *
 * `advanceRun` reads the journal of its run, does all that can be done now and returns; it never sleeps. What is
 * decided is written to the journal before its effect, and what the journal has is not decided again, so the call may
 * be repeated after a crash at any point, delivered twice, or made by two processes at once: the slower of two stops
 * with `JournalConflict`. Order of work: open, view, targets, sells, buys (from the account as the sells left it), close.
 *
 * The view is cut at the scheduled instant, however late the call. Orders are planned and submitted only inside the
 * run's trading window. After it, and while the account is halted, what is open is canceled, confirmed and reported.
 */
import type { Ports } from "../ports.ts";
import { haltKey } from "../risk/halt.ts";
import type { Refusal } from "../risk/refusals.ts";
import { expectedFees } from "../rules/fees.ts";
import { newYorkClock } from "../time.ts";
import type { Account, Symbol } from "../trade.ts";
import { closeRun, type Closed } from "./close-run.ts";
import { tradingWindowOf, type TradingWindow, type Trigger } from "./deployment.ts";
import type { Json } from "../json.ts";
import { recall, remember } from "./memory.ts";
import { heldWeights, planSide } from "./plan-orders.ts";
import { runIdOf } from "./run-identity.ts";
import { Run } from "./run.ts";
import { shapeTargets } from "./targets.ts";
import { hashOfView } from "./view-hash.ts";
import { windDown, workOrders, type CallAgainAt } from "./work-orders.ts";

export async function advanceRun(trigger: Trigger, ports: Ports): Promise<Closed | CallAgainAt> {
  const { deployment, scheduledAt } = trigger;
  const run = await Run.read(runIdOf(deployment.account, deployment.strategy.name, scheduledAt), ports);
  if (run.closed) return { kind: "closed", run: run.id, outcome: run.closed.outcome };
  if (!run.opened) await openRun(run, trigger);
  const window = tradingWindowOf(scheduledAt, deployment.settings.tradingHours);

  const stop = (await reasonToStop(trigger, window, ports)) ?? (await setTargets(run, trigger, ports));
  if (run.targeted?.memory !== undefined) await remember(deployment, scheduledAt, run.targeted.memory, ports);
  if (stop) return (await windDown(run, window, ports)) ?? closeRun(run, ports, stop);
  if (run.targeted?.keep !== undefined) return closeRun(run, ports);

  for (const side of ["sell", "buy"] as const) {
    if (!run.plan(side)) {
      if (ports.clock.now() < window.opensAt) return { kind: "call-again", at: window.opensAt };
      const blocked = await plan(run, side, trigger, ports);
      if (blocked) return (await windDown(run, window, ports)) ?? closeRun(run, ports, blocked);
    }
    const waiting = await workOrders(run, side, window, ports);
    if (waiting) return waiting;
  }
  return closeRun(run, ports);
}

async function openRun(run: Run, { deployment, scheduledAt }: Trigger): Promise<void> {
  const { account, strategy, symbols, settings } = deployment;
  await run.record({ type: "run-opened", account, strategy: strategy.name, scheduledAt, params: strategy.params, symbols, settings: settings as unknown as Json });
}

async function reasonToStop({ deployment }: Trigger, window: TradingWindow, { clock, state }: Ports): Promise<Refusal | undefined> {
  const halt = await state.load(haltKey(deployment.account));
  if (halt?.value.halted) return { code: "HALTED", why: halt.value.why, since: halt.value.since };
  const now = clock.now();
  return now > window.closesAt ? { code: "WINDOW_PASSED", closedAt: window.closesAt, now } : undefined;
}

/** Asks the strategy, once; the view and the answer are journaled together. */
async function setTargets(run: Run, { deployment, scheduledAt }: Trigger, ports: Ports): Promise<Refusal | undefined> {
  const { strategy, symbols, settings } = deployment;
  if (!run.targeted) {
    const account = await ports.broker.account();
    if (account.blocked !== undefined) return { code: "ACCOUNT_BLOCKED", reason: account.blocked };
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
    await run.record(
      "keep" in decision
        ? { type: "targets-set", keep: decision.keep, targets: [], refused: [], ...memory }
        : { type: "targets-set", ...shapeTargets(decision.targets, settings.limits), ...memory },
    );
  }
  return undefined;
}

async function plan(run: Run, side: "sell" | "buy", { deployment }: Trigger, ports: Ports): Promise<Refusal | undefined> {
  const account = await ports.broker.account();
  if (account.blocked !== undefined) return { code: "ACCOUNT_BLOCKED", reason: account.blocked };
  const { targets } = run.targeted!;
  const quotes = await ports.marketData.quotes(symbolsToQuote(side, account, deployment.symbols, targets.map(({ symbol }) => symbol)));
  const now = ports.clock.now();
  const { day } = newYorkClock(now);
  const planned = planSide(side, {
    run: run.id,
    now,
    deployment,
    targets,
    account,
    quotes,
    ordersBefore: run.orders.length,
    expectedFees: (orderSide, quantity, price) => expectedFees(deployment.settings.fees, { side: orderSide, quantity, price, day }),
  });
  await run.record({ type: "orders-planned", side, equity: planned.equity, cash: planned.cash, orders: planned.approved, refused: planned.refused });
  return undefined;
}

/** Sells need quotes of what is held, buys of what is wanted. */
function symbolsToQuote(side: "sell" | "buy", account: Account, ours: readonly Symbol[], targeted: readonly Symbol[]): readonly Symbol[] {
  if (side === "buy") return targeted;
  const held = new Set(account.positions.filter(({ quantity }) => quantity > 0).map(({ symbol }) => symbol));
  return ours.filter((symbol) => held.has(symbol));
}
