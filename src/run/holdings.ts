/**
 * What an account held when its runs left it, against what it holds when the next one comes.
 *
 * Each run that came to its targets leaves the quantities of its symbols behind. The next run of those symbols compares
 * them, before it shows anything to its strategy, with what the venue says and with the corporate actions since then,
 * and journals every difference. A split that is not in the position yet stops the run: its quantities and prices do
 * not belong together. A change that nothing explains is left to the account's rule for unknown origin. A person who
 * resumes the account takes what it holds as it is.
 */
import { z } from "zod";
import { ZERO_QUANTITY, type Quantity } from "../money.ts";
import type { Ports, StateKey } from "../ports.ts";
import type { Refusal } from "../risk/refusals.ts";
import { changesOf, type HoldingChange } from "../risk/share-conversions.ts";
import { dateOfEpochDay, newYorkClock, type Instant, type SessionDate } from "../time.ts";
import type { Account, AccountName, RunId, Symbol } from "../trade.ts";
import { quantitiesOf } from "./account-memory.ts";
import { changeState } from "./change-state.ts";
import type { Deployment, TradingWindow } from "./deployment.ts";
import type { Run } from "./run.ts";

interface Left {
  readonly run: RunId;
  readonly at: Instant;
  readonly quantities: Readonly<Record<Symbol, Quantity>>;
}

/** By strategy. */
type LeftHoldings = Readonly<Record<string, Left>>;

/** Journals what has changed, once. Why the run may not go on, if it may not. */
export async function compareHoldings(run: Run, deployment: Deployment, window: TradingWindow, held: Account, ports: Ports): Promise<Refusal | undefined> {
  if (!run.compared) {
    const changes = await holdingChanges(deployment, window, held, ports);
    if (changes.length > 0) await run.record({ type: "holdings-changed", changes });
  }
  const missing = splitsMissing(run.compared?.changes ?? [])[0];
  if (missing) return missing;
  const { settings } = deployment;
  return settings.accountRules?.unknownOrigin?.then === "halt" ? changesOfUnknownOrigin(run)[0] : undefined;
}

/** What is held otherwise than the account's runs left it, of the symbols of a deployment. */
export async function holdingChanges({ account, symbols }: Deployment, { opensAt }: TradingWindow, held: Account, ports: Pick<Ports, "clock" | "marketData" | "state">): Promise<readonly HoldingChange[]> {
  const stored = await ports.state.load(leftHoldingsKey(account));
  return stored ? changesSince(stored.value, symbols, held, opensAt, ports) : [];
}

/** Splits that have taken effect and are not in the positions. */
export function splitsMissing(changes: readonly HoldingChange[]): readonly Refusal[] {
  return changes.flatMap(({ symbol, found, left, expected, conversions }) => (found === "split-not-applied" ? [{ code: "SPLIT_NOT_APPLIED" as const, symbol, exDate: conversions.find(({ kind }) => kind === "split")!.on, held: left, expected }] : []));
}

/** Changes that neither runs nor corporate actions explain. */
export function changesOfUnknownOrigin(run: Run): readonly Refusal[] {
  return (run.compared?.changes ?? []).flatMap(({ symbol, since, left, held, expected, found }) => (found === "unexplained" ? [{ code: "HOLDING_CHANGED" as const, symbol, since, left, expected, held }] : []));
}

/** Called again for a closed run, it changes nothing. */
export async function rememberHoldings(run: Run, { account, strategy, symbols }: Deployment, { state }: Pick<Ports, "state">): Promise<void> {
  const hasLooked = run.targeted !== undefined || run.compared !== undefined;
  if (!hasLooked || splitsMissing(run.compared?.changes ?? []).length > 0) return;
  const { at, positions } = run.closed!;
  const held = quantitiesOf(positions);
  const quantities = Object.fromEntries(symbols.map((symbol) => [symbol, held.get(symbol) ?? ZERO_QUANTITY]));
  await changeState(state, leftHoldingsKey(account), (before = {}) => {
    const known = before[strategy.name];
    return { after: known && known.at >= at ? before : { ...before, [strategy.name]: { run: run.id, at, quantities } }, answer: undefined };
  });
}

/** A person's word that what the account holds is right. */
export async function forgetHoldings(account: AccountName, state: Ports["state"]): Promise<void> {
  await changeState(state, leftHoldingsKey(account), (before = {}) => ({ after: Object.keys(before).length === 0 ? before : {}, answer: undefined }));
}

async function changesSince(all: LeftHoldings, symbols: readonly Symbol[], { positions }: Account, opensAt: Instant, { clock, marketData }: Pick<Ports, "clock" | "marketData">): Promise<readonly HoldingChange[]> {
  const held = quantitiesOf(positions);
  const now = clock.now();
  const today = dateOfEpochDay(newYorkClock(now).day);
  const left = newestOf(all, symbols);
  const leftOn = (one: Left): SessionDate => dateOfEpochDay(newYorkClock(one.at).day);
  const isAsLeft = [...left].every(([{ quantities }, own]) => own.every((symbol) => quantities[symbol] === (held.get(symbol) ?? ZERO_QUANTITY)));
  const first = [...left.keys()].map(leftOn).sort()[0];
  if (first === undefined || (isAsLeft && first === today)) return [];
  const concerned = [...left].flatMap(([{ quantities }, own]) => own.filter((symbol) => quantities[symbol] !== 0 || held.has(symbol))).sort();
  if (concerned.length === 0) return [];
  const conversions = await marketData.conversions(concerned, first, today);
  return [...left].flatMap(([one, own]) => {
    const holdings = { since: one.run, left: new Map(own.map((symbol) => [symbol, one.quantities[symbol]!])), leftOn: leftOn(one) };
    return changesOf(holdings, held, conversions, { date: today, hasOpened: now >= opensAt });
  });
}

/** What was left last of each symbol. A liquidation leaves symbols of every strategy. */
function newestOf(all: LeftHoldings, symbols: readonly Symbol[]): ReadonlyMap<Left, readonly Symbol[]> {
  const newest = new Map<Left, Symbol[]>();
  for (const symbol of symbols) {
    const [left] = Object.values(all).filter(({ quantities }) => quantities[symbol] !== undefined).sort((a, b) => b.at - a.at);
    if (left) newest.set(left, [...(newest.get(left) ?? []), symbol]);
  }
  return newest;
}

const leftHoldings = z.record(z.string(), z.object({ run: z.string(), at: z.int(), quantities: z.record(z.string(), z.int()) }));

function leftHoldingsKey(account: AccountName): StateKey<LeftHoldings> {
  return { name: `holdings/${account}`, parse: (stored) => leftHoldings.parse(stored) as unknown as LeftHoldings };
}
