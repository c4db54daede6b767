/**
 * What an account remembers across its runs: settled cash, day trades, the high-water mark, highest prices and exits.
 *
 * It is folded from the journals of closed runs, each once, after `run-closed` is written; a trigger delivered again
 * after a crash between the two folds it then. One thing is written at a run's first plan: a cash account is brought to
 * the day and to the cash that the account really has. While another run of the session is between its first plan and
 * its end, its fills are not folded yet and that step waits, so that they are not mistaken for deposits.
 */
import { z } from "zod";
import { maxOf, type Money, type Quantity } from "../money.ts";
import type { StateKey } from "../ports.ts";
import { cashAfterFills, positionsBefore, reconcileCash, type AccountFill } from "../risk/cash-account.ts";
import { recordFills, type DayTradeRecord } from "../risk/day-trade-guard.ts";
import type { Peak } from "../risk/exits.ts";
import type { SettledCash } from "../rules/settled-cash.ts";
import { newYorkClock, type SessionDate } from "../time.ts";
import type { AccountName, Position, RunId, Symbol } from "../trade.ts";
import type { Deployment, RunSettings } from "./deployment.ts";
import type { Run } from "./run.ts";

export interface AccountMemory {
  readonly cash?: SettledCash;
  readonly dayTrades?: DayTradeRecord;
  readonly highWater?: Money;
  /** Of the positions that exits watch. */
  readonly peaks: Readonly<Record<Symbol, Peak>>;
  /** The session of each symbol's newest exit. */
  readonly exited: Readonly<Record<Symbol, SessionDate>>;
  /** Runs that have planned and are not folded yet. */
  readonly open: readonly { readonly run: RunId; readonly session: SessionDate }[];
  /** The newest runs that are folded. */
  readonly folded: readonly RunId[];
}

export const NO_MEMORY: AccountMemory = { peaks: {}, exited: {}, open: [], folded: [] };

const FOLDED_MAX = 200;
/** A restriction looks back twelve months and lasts ninety days. */
const VIOLATIONS_KEPT_DAYS = 800;

/** Whether any rule of a deployment needs what earlier runs left. */
export function needsMemory({ accountRules, exits }: RunSettings): boolean {
  return exits !== undefined || accountRules?.cashAccount !== undefined || accountRules?.marginAccount !== undefined || accountRules?.drawdownMax !== undefined;
}

/** Brings a cash account to the run's session. The same object for a run that is already registered. */
export function withRunOpened(memory: AccountMemory, run: RunId, session: SessionDate, accountCash: Money, day: Parameters<typeof reconcileCash>[2]): AccountMemory {
  if (memory.open.some((one) => one.run === run) || memory.folded.includes(run)) return memory;
  const others = memory.open.filter((one) => one.session === session);
  const cash = others.length === 0 || !memory.cash ? reconcileCash(memory.cash, accountCash, day) : memory.cash;
  return { ...memory, cash, open: [...others, { run, session }] };
}

/** The same object for a run that is already folded. */
export function withRunClosed(memory: AccountMemory, run: Run, deployment: Deployment, session: SessionDate): AccountMemory {
  if (memory.folded.includes(run.id)) return memory;
  const { accountRules = {}, exits } = deployment.settings;
  const { equity, positions } = run.closed!;
  const fills = fillsOf(run);
  const held = quantitiesOf(positions);
  const lastDay = newYorkClock(fills.at(-1)?.at ?? run.closed!.at).day;
  return {
    ...memory,
    ...(accountRules.cashAccount && memory.cash && { cash: withoutOldViolations(cashAfterFills(memory.cash, fills, held, accountRules.cashAccount), lastDay) }),
    ...(accountRules.marginAccount && { dayTrades: recordFills(memory.dayTrades, lastDay, fills, held) }),
    ...(accountRules.drawdownMax !== undefined && { highWater: maxOf(memory.highWater ?? equity, equity) }),
    ...(exits && withExits(memory, run, positions, deployment.symbols, session)),
    open: memory.open.filter((one) => one.run !== run.id),
    folded: [...memory.folded, run.id].slice(-FOLDED_MAX),
  };
}

/** A person's word that the fall is understood: the next run starts a new high-water mark. */
export function withoutHighWater({ highWater: _, ...rest }: AccountMemory): AccountMemory {
  return rest;
}

/** The run's fills in the order in which they happened. */
export function fillsOf(run: Run): readonly AccountFill[] {
  return run.orders
    .flatMap(({ order: { symbol, side }, ended }) => (ended?.fills ?? []).map(({ quantity, price, at }) => ({ symbol, side, quantity, price, at })))
    .sort((a, b) => a.at - b.at);
}

export function quantitiesOf(positions: readonly Position[]): Map<Symbol, Quantity> {
  return new Map(positions.map(({ symbol, quantity }) => [symbol, quantity]));
}

function withoutOldViolations(cash: SettledCash, day: number): SettledCash {
  const violations = cash.violations.filter((violation) => violation.day > day - VIOLATIONS_KEPT_DAYS);
  return violations.length === cash.violations.length ? cash : { ...cash, violations };
}

/** A run that never came to its targets has looked at no position. */
function withExits(memory: AccountMemory, run: Run, positions: readonly Position[], ours: readonly Symbol[], session: SessionDate): Pick<AccountMemory, "peaks" | "exited"> | undefined {
  const checked = run.targeted?.exits;
  if (!checked) return undefined;
  const own = new Set(ours);
  const foreign = Object.entries(memory.peaks).filter(([symbol]) => !own.has(symbol as Symbol));
  const before = positionsBefore(fillsOf(run), quantitiesOf(positions));
  const watched = positions.flatMap(({ symbol, quantity, marketPrice, averageEntryPrice }) => {
    if (!own.has(symbol) || quantity <= 0 || averageEntryPrice === undefined) return [];
    const seen = before.get(symbol) ? checked.peaks[symbol] : undefined;
    const price = maxOf(seen ?? averageEntryPrice, marketPrice);
    return [[symbol, { price, quantity, entryPrice: averageEntryPrice }] as const];
  });
  const exited = Object.fromEntries(checked.exited.map((symbol) => [symbol, session]));
  return { peaks: Object.fromEntries([...foreign, ...watched]), exited: { ...memory.exited, ...exited } };
}

const amount = z.int();
const settledCash = z.object({
  settled: amount,
  pending: z.array(z.object({ settles: z.int(), amount })),
  unpaid: z.array(z.object({ symbol: z.string(), due: z.int(), amount })),
  lots: z.array(z.object({ symbol: z.string(), quantity: amount, clears: z.int(), unpaid: z.boolean() })),
  violations: z.array(z.object({ kind: z.enum(["good-faith", "freeriding", "liquidation"]), symbol: z.string(), day: z.int() })),
});
const dayTrades = z.object({
  today: z
    .object({ day: z.int(), fills: z.array(z.object({ symbol: z.string(), side: z.enum(["buy", "sell"]), quantity: amount })), overnight: z.record(z.string(), amount) })
    .optional(),
  days: z.array(z.object({ day: z.int(), dayTrades: z.int(), trades: z.int() })),
});
const memorySchema = z.object({
  cash: settledCash.optional(),
  dayTrades: dayTrades.optional(),
  highWater: amount.optional(),
  peaks: z.record(z.string(), z.object({ price: amount, quantity: amount, entryPrice: amount })),
  exited: z.record(z.string(), z.string()),
  open: z.array(z.object({ run: z.string(), session: z.string() })),
  folded: z.array(z.string()),
});

export function accountMemoryKey(account: AccountName): StateKey<AccountMemory> {
  return { name: `account-memory/${account}`, parse: (stored) => memorySchema.parse(stored) as unknown as AccountMemory };
}

