/**
 * When a trade settles: N settlement days after its date, N by the date of the trade.
 *
 * The settlement calendar is not the trading calendar. On Columbus Day, Veterans Day and, before 1998, Martin Luther
 * King Day the exchanges trade and nothing settles (NASD Notices to Members 88-82, 88-99, 95-77, 96-90, 99-83).
 * A closure that nobody expected moves no settlement: the clearing house worked on 2007-01-02 (DTCC's notice of that
 * week) and on 2025-01-09 (SIFMA's matrix of unscheduled closures); the same is assumed of the other such days. Live,
 * the broker's settlement date is the authority.
 */
import { dateOfEpochDay, epochDayOf, sessionDateOf, type EpochDay } from "../time.ts";
import { LAST_CALENDAR_DAY } from "./calendar.ts";
import { closureReason, isSettlementHoliday, isWeekday } from "./trading-days.ts";

/** Settlement days from trade to settlement: T+1 and so on. */
export type SettlementCycle = 1 | 2 | 3 | 5;

export class SettlementOutOfRange extends RangeError {
  override readonly name = "SettlementOutOfRange";
}

/** A trade cannot have been made on a day without a session. */
export class NotATradingDay extends RangeError {
  override readonly name = "NotATradingDay";
}

/** `forceCycle` takes the place of the cycle that the date asks for. */
export interface SettlementSettings {
  readonly forceCycle?: SettlementCycle;
}

/**
 * The day on which a trade of `tradeDay` settles; its cash may be used from the start of that day.
 * @throws SettlementOutOfRange before 1988, and when the settlement would lie after 2029.
 * @throws NotATradingDay for a weekend or a closed day.
 */
export function settlementDate(tradeDay: EpochDay, { forceCycle }: SettlementSettings = {}): EpochDay {
  const cycle = forceCycle ?? settlementCycleOn(tradeDay);
  requireTradingDay(tradeDay);
  let day = tradeDay;
  for (let left: number = cycle; left > 0; ) {
    day = (day + 1) as EpochDay;
    if (isSettlementDay(day)) left -= 1;
  }
  if (day > LAST_CALENDAR_DAY) throw new SettlementOutOfRange(`a trade of ${dateOfEpochDay(tradeDay)} settles after ${dateOfEpochDay(LAST_CALENDAR_DAY)}, where the calendar ends`);
  return day;
}

/** @throws SettlementOutOfRange */
export function settlementCycleOn(tradeDay: EpochDay): SettlementCycle {
  const row = tradeDay <= LAST_CALENDAR_DAY ? cycles.find(({ from }) => tradeDay >= from) : undefined;
  if (!row) throw new SettlementOutOfRange(`settlement dates are known for trades from ${dateOfEpochDay(cycles.at(-1)!.from)} to ${dateOfEpochDay(LAST_CALENDAR_DAY)}`);
  return row.cycle;
}

const dayOf = (date: string): EpochDay => epochDayOf(sessionDateOf(date));

/** Newest first. */
const cycles: readonly { readonly from: EpochDay; readonly cycle: SettlementCycle }[] = [
  { from: dayOf("2024-05-28"), cycle: 1 }, // SEC Release 34-96930, 88 FR 13872
  { from: dayOf("2017-09-05"), cycle: 2 }, // SEC rule 15c6-1(a), 82 FR 15564
  { from: dayOf("1995-06-07"), cycle: 3 }, // SEC rule 15c6-1; the day is from memory
  { from: dayOf("1988-01-01"), cycle: 5 }, // NASD Notice to Members 88-82; the start is where the rules of the calendar have been checked
];

function isSettlementDay(day: EpochDay): boolean {
  return isWeekday(day) && !isSettlementHoliday(day);
}

function requireTradingDay(day: EpochDay): void {
  const why = isWeekday(day) ? closureReason(day) : "a weekend";
  if (why !== undefined) throw new NotATradingDay(`${dateOfEpochDay(day)} is not a trading day: ${why}`);
}
