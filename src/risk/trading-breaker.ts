/**
 * The trading breaker of an account: closed, cooling until an instant, or halted until a person resumes it.
 *
 * It is folded from what closed runs say of themselves, each run once. Losing days, breaches of the loss limits, the
 * rejections and the doubtful answers of a day let it cool; an order that was never confirmed and a position that differs
 * from the fills halt it, because nobody then knows what the account holds. What opened it starts to count anew.
 * Cooling ends by time. A person halts and resumes (the kill switch is the same state). Every change is kept with its
 * instant, author and reason; of many the newest hundred.
 */
import { z } from "zod";
import type { Money } from "../money.ts";
import type { StateKey } from "../ports.ts";
import { isoOf, plusMs, type Instant, type SessionDate } from "../time.ts";
import type { AccountName, RunId } from "../trade.ts";
import type { BreakerThresholds } from "./account-rules.ts";

export type BreakerPosition =
  | { readonly kind: "closed" }
  | { readonly kind: "cooling"; readonly since: Instant; readonly until: Instant; readonly why: string }
  | { readonly kind: "halted"; readonly since: Instant; readonly why: string };

export interface BreakerChange {
  readonly at: Instant;
  readonly to: BreakerPosition["kind"];
  readonly by: string;
  readonly why: string;
}

export interface TradingBreaker {
  readonly position: BreakerPosition;
  readonly tally: Tally;
  /** The newest runs that are in the tally. */
  readonly folded: readonly RunId[];
  readonly history: readonly BreakerChange[];
}

interface Tally {
  readonly session: SessionDate | undefined;
  /** At the end of the last run of `session`, and of the session with runs before it. */
  readonly equity: Money | undefined;
  readonly equityBefore: Money | undefined;
  /** Losing sessions in a row before `session`. */
  readonly losingDays: number;
  readonly lossBreaches: number;
  /** Of `session`. */
  readonly submissions: number;
  readonly rejected: number;
  readonly unknown: number;
}

/** What the journal of a closed run says. */
export interface RunFacts {
  readonly run: RunId;
  readonly session: SessionDate;
  readonly closedAt: Instant;
  readonly equity: Money;
  readonly beyondLossLimits: boolean;
  readonly submissions: number;
  readonly rejected: number;
  readonly unknown: number;
  /** Orders that were never confirmed and positions that differ. */
  readonly differences: number;
}

const HISTORY_MAX = 100;
const FOLDED_MAX = 100;
const NO_TALLY: Tally = { session: undefined, equity: undefined, equityBefore: undefined, losingDays: 0, lossBreaches: 0, submissions: 0, rejected: 0, unknown: 0 };

export const CLOSED_BREAKER: TradingBreaker = { position: { kind: "closed" }, tally: NO_TALLY, folded: [], history: [] };

/** Cooling that has run out is closed. */
export function positionAt({ position }: TradingBreaker, now: Instant): BreakerPosition {
  return position.kind === "cooling" && now >= position.until ? { kind: "closed" } : position;
}

/** The same object for a run that is already counted. */
export function afterRun(breaker: TradingBreaker, facts: RunFacts, thresholds: BreakerThresholds): TradingBreaker {
  if (breaker.folded.includes(facts.run)) return breaker;
  const tally = counted(breaker.tally, facts);
  const folded = [...breaker.folded, facts.run].slice(-FOLDED_MAX);
  const position = positionAt(breaker, facts.closedAt);
  const next = { ...breaker, tally, folded, position };
  if (position.kind === "halted") return next;
  if (facts.differences >= thresholds.differencesMax) {
    return moved(next, { kind: "halted", since: facts.closedAt, why: `${facts.differences} differences between journal and account after ${facts.run}` }, "the breaker");
  }
  const why = reasonToCool(tally, thresholds);
  if (why === undefined || position.kind === "cooling") return next;
  const until = plusMs(facts.closedAt, thresholds.coolingHours * 3_600_000);
  return moved({ ...next, tally: startedAnew(tally) }, { kind: "cooling", since: facts.closedAt, until, why }, "the breaker");
}

export function haltedBy(breaker: TradingBreaker, who: string, why: string, now: Instant): TradingBreaker {
  return moved(breaker, { kind: "halted", since: now, why }, who);
}

export function resumedBy(breaker: TradingBreaker, who: string, why: string, now: Instant): TradingBreaker {
  return record({ ...breaker, position: { kind: "closed" }, tally: startedAnew(breaker.tally) }, { at: now, to: "closed", by: who, why });
}

function moved(breaker: TradingBreaker, position: Exclude<BreakerPosition, { kind: "closed" }>, by: string): TradingBreaker {
  const until = position.kind === "cooling" ? ` (until ${isoOf(position.until)})` : "";
  return record({ ...breaker, position }, { at: position.since, to: position.kind, by, why: `${position.why}${until}` });
}

function record(breaker: TradingBreaker, change: BreakerChange): TradingBreaker {
  return { ...breaker, history: [...breaker.history, change].slice(-HISTORY_MAX) };
}

function counted(before: Tally, { session, equity, beyondLossLimits, submissions, rejected, unknown }: RunFacts): Tally {
  const sameDay = before.session === session;
  const day = sameDay
    ? before
    : { ...before, session, equityBefore: before.equity, losingDays: isLosing(before) ? before.losingDays + 1 : 0, submissions: 0, rejected: 0, unknown: 0 };
  return {
    ...day,
    equity,
    lossBreaches: day.lossBreaches + (beyondLossLimits ? 1 : 0),
    submissions: day.submissions + submissions,
    rejected: day.rejected + rejected,
    unknown: day.unknown + unknown,
  };
}

function isLosing({ equity, equityBefore }: Tally): boolean {
  return equity !== undefined && equityBefore !== undefined && equity < equityBefore;
}

function reasonToCool(tally: Tally, { losingDaysMax, lossBreachesMax, rejectRateMax, submissionsMin, unknownMax }: BreakerThresholds): string | undefined {
  const { lossBreaches, submissions, rejected, unknown } = tally;
  const losingDays = isLosing(tally) ? tally.losingDays + 1 : tally.losingDays;
  if (lossBreaches >= lossBreachesMax) return `${lossBreaches} runs ended beyond a loss limit (lossBreachesMax ${lossBreachesMax})`;
  if (losingDays >= losingDaysMax) return `${losingDays} losing days in a row (losingDaysMax ${losingDaysMax})`;
  if (submissions >= submissionsMin && rejected > submissions * rejectRateMax) return `the venue rejected ${rejected} of ${submissions} submissions (rejectRateMax ${rejectRateMax})`;
  return unknown >= unknownMax ? `${unknown} submissions had no clear answer (unknownMax ${unknownMax})` : undefined;
}

/** Equity goes on; the counts start at nothing. */
function startedAnew({ session, equity }: Tally): Tally {
  return { ...NO_TALLY, session, equity, equityBefore: equity };
}

const position = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("closed") }),
  z.object({ kind: z.literal("cooling"), since: z.int(), until: z.int(), why: z.string() }),
  z.object({ kind: z.literal("halted"), since: z.int(), why: z.string() }),
]);

const breakerSchema = z.object({
  position,
  tally: z.object({
    session: z.string().optional(),
    equity: z.int().optional(),
    equityBefore: z.int().optional(),
    losingDays: z.int(),
    lossBreaches: z.int(),
    submissions: z.int(),
    rejected: z.int(),
    unknown: z.int(),
  }),
  folded: z.array(z.string()),
  history: z.array(z.object({ at: z.int(), to: z.enum(["closed", "cooling", "halted"]), by: z.string(), why: z.string() })),
});

export function breakerKey(account: AccountName): StateKey<TradingBreaker> {
  return { name: `trading-breaker/${account}`, parse: (stored) => breakerSchema.parse(stored) as unknown as TradingBreaker };
}
