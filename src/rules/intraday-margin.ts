/**
 * Intraday margin (FINRA 4210(d)(2), 91 FR 20731, Regulatory Notice 26-10), which took the place of the
 * pattern-day-trader rule on 2026-06-04.
 *
 * The intraday margin level is what could be withdrawn while the account still meets maintenance; below zero it is what
 * is missing. The deficit of a day is the largest amount missing after a trade that lowered the level. One that is not
 * above the lesser of 1,000 USD and five per cent of equity is disregarded. A deficit stays open until it is paid or
 * fifteen business days have passed; unpaid at the close of the fifth it freezes the account for 90 calendar days: no
 * new short sale and no new debit. FINRA freezes those who make a practice of it, Alpaca the first time: a setting.
 */
import { maxOf, minOf, moneyOf, mulDivDown, subtractMoney, ZERO_MONEY, type Money } from "../money.ts";
import type { EpochDay } from "../time.ts";
import { previousSession, sessionOn, sessionsBefore } from "./calendar.ts";

interface Deficit {
  readonly day: EpochDay;
  readonly amount: Money;
  /** What is still missing. */
  readonly open: Money;
  /** Whether it was unpaid at the close of the fifth business day. */
  readonly late: boolean;
}

interface IntradayMarginSettings {
  /** The number of late deficits that freezes the account: 1 at Alpaca. */
  readonly lateDeficitsMax: number;
}

export function intradayMarginLevel(equity: Money, maintenanceMargin: Money): Money {
  return subtractMoney(equity, maintenanceMargin);
}

/** The deficit of a day from its levels before and after each trade, in order. Zero when no trade left money missing. */
export function deficitOfDay(trades: readonly { readonly before: Money; readonly after: Money }[]): Money {
  const missing = trades.filter(({ before, after }) => after < before && after < 0).map(({ after }) => subtractMoney(ZERO_MONEY, after));
  return missing.reduce((worst, amount) => maxOf(worst, amount), ZERO_MONEY);
}

/** The deficit when the order of the trades is not known: those that lower the level are taken first. */
export function worstDeficit(level: Money, changes: readonly Money[]): Money {
  const lowest = changes.filter((change) => change < 0).reduce((sum, change) => (sum + change) as Money, level);
  return lowest < level ? maxOf(subtractMoney(ZERO_MONEY, lowest), ZERO_MONEY) : ZERO_MONEY;
}

export function isDisregarded(deficit: Money, equity: Money): boolean {
  return deficit <= minOf(moneyOf("1000"), mulDivDown(maxOf(equity, ZERO_MONEY), 5, 100) as Money);
}

/** A day's deficit joins the record, unless it is disregarded. */
export function recordDeficit(deficits: readonly Deficit[], day: EpochDay, amount: Money, equity: Money): readonly Deficit[] {
  return isDisregarded(amount, equity) ? deficits : [...deficits, { day, amount, open: amount, late: false }];
}

/** Money that came in on `day` pays the oldest open deficits first. */
export function payDeficits(deficits: readonly Deficit[], day: EpochDay, money: Money): readonly Deficit[] {
  let left = money;
  return atDay(deficits, day).map((deficit) => {
    const paid = minOf(left, deficit.open);
    left = subtractMoney(left, paid);
    return { ...deficit, open: subtractMoney(deficit.open, paid) };
  });
}

/** What is missing on `day`: deficits older than fifteen business days have lapsed. */
export function openDeficit(deficits: readonly Deficit[], day: EpochDay): Money {
  return atDay(deficits, day).reduce((sum, { open }) => (sum + open) as Money, ZERO_MONEY);
}

/** The last day of the freeze that holds on `day`. */
export function frozenUntil(deficits: readonly Deficit[], day: EpochDay, { lateDeficitsMax }: IntradayMarginSettings): EpochDay | undefined {
  const late = atDay(deficits, day).filter((deficit) => deficit.late);
  const last = late.length >= lateDeficitsMax ? late.at(-1) : undefined;
  const until = last && ((businessDaysAfter(last.day, LATE_AFTER) + FREEZE_DAYS) as EpochDay);
  return until !== undefined && until >= day ? until : undefined;
}

const LATE_AFTER = 5;
const LAPSES_AFTER = 15;
const FREEZE_DAYS = 90;

/** The record at the start of `day`: what was open at the close of its fifth business day is late, what is too old has lapsed. */
function atDay(deficits: readonly Deficit[], day: EpochDay): readonly Deficit[] {
  return deficits.map((deficit) => {
    const late = deficit.late || (deficit.open > 0 && day > businessDaysAfter(deficit.day, LATE_AFTER));
    const open = day > businessDaysAfter(deficit.day, LAPSES_AFTER) ? ZERO_MONEY : deficit.open;
    return { ...deficit, late, open };
  });
}

function businessDaysAfter(day: EpochDay, count: number): EpochDay {
  const session = sessionOn(day) ?? previousSession(day);
  return sessionsBefore(session, -count).day;
}
