/**
 * Daily bars from Alpaca as columns, and whether they are all there.
 *
 * A bar belongs to the New York date of its timestamp. Bars must ascend, lie on sessions and be positive numbers.
 */
import type { Bars, Symbol } from "../trade.ts";
import type { Session } from "../rules/calendar.ts";
import { dateOfEpochDay, newYorkClock, type EpochDay } from "../time.ts";
import type { BarAnswer } from "./answers.ts";

/** What is wrong with a symbol's bars for `sessions`; undefined when nothing is. `late` is a first bar that comes late. */
type Defect =
  | { readonly kind: "none-at-all" }
  | { readonly kind: "missing"; readonly days: readonly EpochDay[] }
  | { readonly kind: "late"; readonly first: EpochDay }
  | { readonly kind: "unusable"; readonly why: string };

export function columnsOf(answers: readonly BarAnswer[]): Extract<Bars, { kind: "ohlcv" }> {
  const column = (value: (bar: BarAnswer) => number): Float64Array => Float64Array.from(answers, value);
  return {
    kind: "ohlcv",
    days: Int32Array.from(answers, (bar) => newYorkClock(bar.t).day),
    open: column((bar) => bar.o),
    high: column((bar) => bar.h),
    low: column((bar) => bar.l),
    close: column((bar) => bar.c),
    volume: column((bar) => bar.v),
  };
}

/** `sessions` are all sessions for which there should be a bar, in order. */
export function defectOf(bars: Extract<Bars, { kind: "ohlcv" }>, sessions: readonly Session[]): Defect | undefined {
  const { days } = bars;
  if (days.length === 0) return { kind: "none-at-all" };
  for (let i = 0; i < days.length; i += 1) {
    const date = dateOfEpochDay(days[i] as EpochDay);
    if (i > 0 && days[i]! <= days[i - 1]!) return { kind: "unusable", why: `bar ${date} does not follow ${dateOfEpochDay(days[i - 1] as EpochDay)}` };
    if (!(bars.low[i]! > 0 && bars.low[i]! <= bars.high[i]! && bars.open[i]! > 0 && bars.close[i]! > 0 && bars.volume[i]! >= 0)) return { kind: "unusable", why: `bar ${date} has impossible prices` };
  }
  const have = new Set(days);
  const first = days[0] as EpochDay;
  const missing = sessions.filter(({ day }) => day >= first && !have.has(day)).map(({ day }) => day);
  if (missing.length > 0) return { kind: "missing", days: missing };
  const sessionDays = new Set(sessions.map(({ day }) => day));
  const stray = days.find((day) => !sessionDays.has(day as EpochDay));
  if (stray !== undefined) return { kind: "unusable", why: `bar ${dateOfEpochDay(stray as EpochDay)} is on a day without a session` };
  return first > sessions[0]!.day ? { kind: "late", first } : undefined;
}

const DATES_SHOWN = 5;

export function describeDefect(symbol: Symbol, defect: Defect, sessions: readonly Session[]): string {
  switch (defect.kind) {
    case "none-at-all":
      return `${symbol} has no bars`;
    case "missing": {
      const shown = defect.days.slice(0, DATES_SHOWN).map(dateOfEpochDay).join(", ");
      return `${symbol} lacks ${defect.days.length} of ${sessions.length} sessions (${shown}${defect.days.length > DATES_SHOWN ? ", …" : ""})`;
    }
    case "late":
      return `${symbol} has bars before ${sessions[0]!.date}, but none from then until ${dateOfEpochDay(defect.first)}`;
    case "unusable":
      return `${symbol}: ${defect.why}`;
  }
}
