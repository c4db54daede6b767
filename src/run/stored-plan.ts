/**
 * A plan that a person has seen, and what it takes for a run to keep to it.
 *
 * A plan belongs to one run, by that run's id, and is kept under its own hash: other numbers are another plan. A run that
 * trades a plan asks the strategy and the venue again like any other, and then trades the planned quantities or nothing:
 * where age, targets, quotes, positions or cash have moved further than the plan tolerates, it is refused with each of
 * those numbers. Prices are the venue's of now, and no worse than the plan's own bounds. Before the buys only the quotes
 * are asked about again, as the sells have moved the rest.
 */
import { hash } from "node:crypto";
import { z } from "zod";
import { mulDiv, subtractMoney, subtractQuantity, ZERO_QUANTITY, ZERO_WEIGHT, type Money, type Price, type Quantity, type Weight } from "../money.ts";
import type { StateKey } from "../ports.ts";
import { middleOf } from "../risk/candidate.ts";
import type { PlanMove } from "../risk/account-refusals.ts";
import { DAY_MS, type Instant } from "../time.ts";
import type { Account, AccountName, Quote, RunId, Side, Symbol } from "../trade.ts";
import type { PlannedTarget } from "./journal.ts";

export interface AgreedOrder {
  readonly side: Side;
  readonly symbol: Symbol;
  readonly quantity: Quantity;
  /** No worse than this, however the quote moves. */
  readonly priceBound: Price;
  readonly reason: string;
}

export interface StoredPlan {
  readonly run: RunId;
  readonly account: AccountName;
  readonly strategy: string;
  readonly scheduledAt: Instant;
  readonly madeAt: Instant;
  readonly validUntil: Instant;
  readonly toleranceBps: number;
  readonly equity: Money;
  readonly cash: Money;
  readonly targets: Readonly<Record<Symbol, Weight>>;
  /** Of every symbol that the strategy trades. */
  readonly held: Readonly<Record<Symbol, Quantity>>;
  /** Of the symbols that are ordered. */
  readonly quotes: Readonly<Record<Symbol, Pick<Quote, "bid" | "ask">>>;
  /** Sells, then buys. */
  readonly orders: readonly AgreedOrder[];
}

export interface KeptPlan {
  readonly plan: StoredPlan;
  readonly approved?: { readonly by: string; readonly at: Instant };
}

const HASH_LENGTH = 16;

export function hashOfPlan(plan: StoredPlan): string {
  return hash("sha256", JSON.stringify(plan)).slice(0, HASH_LENGTH);
}

/** What has moved too far since the plan was made; `side` is what is planned next. */
export function movedSince(plan: StoredPlan, side: Side, { now, account, quotes }: { readonly now: Instant; readonly account: Account; readonly quotes: ReadonlyMap<Symbol, Quote> }): readonly PlanMove[] {
  const age: readonly PlanMove[] = now > plan.validUntil ? [{ what: "age", madeAt: plan.madeAt, validUntil: plan.validUntil, now }] : [];
  return side === "buy" ? movedQuotes(plan, side, quotes) : [...age, ...movedCash(plan, account), ...movedPositions(plan, account), ...movedQuotes(plan, side, quotes)];
}

export function movedTargets({ targets, toleranceBps }: StoredPlan, found: readonly PlannedTarget[]): readonly PlanMove[] {
  const now = new Map(found.map(({ symbol, weight }) => [symbol, weight]));
  const symbols = [...new Set([...(Object.keys(targets) as Symbol[]), ...now.keys()])].sort();
  return symbols.flatMap((symbol): PlanMove[] => {
    const [planned, asked] = [targets[symbol] ?? ZERO_WEIGHT, now.get(symbol) ?? ZERO_WEIGHT];
    return Math.abs(planned - asked) > toleranceBps * WEIGHT_A_BASIS_POINT ? [{ what: "target", symbol, planned, found: asked, toleranceBps }] : [];
  });
}

const WEIGHT_A_BASIS_POINT = 100;

function movedQuotes({ quotes: planned, orders, toleranceBps }: StoredPlan, side: Side, quotes: ReadonlyMap<Symbol, Quote>): readonly PlanMove[] {
  const asked = side === "sell" ? orders : orders.filter((order) => order.side === "buy");
  return asked.flatMap(({ symbol }): PlanMove[] => {
    const before = middleOf({ ...planned[symbol]!, at: 0 as Instant });
    const quote = quotes.get(symbol);
    if (!quote) return [{ what: "quote", symbol, planned: before, found: null, movedBps: null, toleranceBps }];
    const found = middleOf(quote);
    const movedBps = basisPoints(Math.abs(found - before), before);
    return movedBps > toleranceBps ? [{ what: "quote", symbol, planned: before, found, movedBps, toleranceBps }] : [];
  });
}

function movedCash({ cash, equity, toleranceBps }: StoredPlan, account: Account): readonly PlanMove[] {
  const movedBps = basisPoints(Math.abs(subtractMoney(account.cash, cash)), equity);
  return movedBps > toleranceBps ? [{ what: "cash", planned: cash, found: account.cash, movedBps, toleranceBps }] : [];
}

function movedPositions({ held, toleranceBps }: StoredPlan, { positions }: Account): readonly PlanMove[] {
  const now = new Map(positions.map(({ symbol, quantity }) => [symbol, quantity]));
  return (Object.keys(held) as Symbol[]).sort().flatMap((symbol): PlanMove[] => {
    const [planned, found] = [held[symbol]!, now.get(symbol) ?? ZERO_QUANTITY];
    const movedBps = basisPoints(Math.abs(subtractQuantity(found, planned)), Math.abs(planned));
    return movedBps > toleranceBps ? [{ what: "position", symbol, planned, found, toleranceBps }] : [];
  });
}

/** Rounded to a hundredth; of nothing, any difference is all of it. */
function basisPoints(difference: number, of: number): number {
  if (difference === 0) return 0;
  return of <= 0 ? 10_000 : mulDiv(Math.min(difference, of), 1_000_000, of) / 100;
}

const integer = z.int();
const planSchema = z.object({
  run: z.string(),
  account: z.string(),
  strategy: z.string(),
  scheduledAt: integer,
  madeAt: integer,
  validUntil: integer,
  toleranceBps: z.number(),
  equity: integer,
  cash: integer,
  targets: z.record(z.string(), integer),
  held: z.record(z.string(), integer),
  quotes: z.record(z.string(), z.object({ bid: integer, ask: integer })),
  orders: z.array(z.object({ side: z.enum(["buy", "sell"]), symbol: z.string(), quantity: integer, priceBound: integer, reason: z.string() })),
});
const keptSchema = z.object({ plan: planSchema, approved: z.object({ by: z.string(), at: integer }).optional() });

/** A plan is worth nothing long after its run; a store that forgets may drop it after ninety days. */
export function planKey(planHash: string): StateKey<KeptPlan> & { readonly keepForMs: number } {
  return { name: `plan/${planHash}`, keepForMs: 90 * DAY_MS, parse: (stored) => keptSchema.parse(stored) as unknown as KeptPlan };
}

/** The hash of the plan that a run of an account with approvals may trade. */
export function approvedPlanKey(run: RunId): StateKey<string> {
  return { name: `approved-plan/${run}`, parse: (stored) => z.string().parse(stored) };
}

