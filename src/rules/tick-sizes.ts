/**
 * The smallest price step of a US stock by date and price, and limits rounded to it.
 *
 * One table for all stocks: before 2006 its dates are the New York Stock Exchange's, and Nasdaq's stocks changed some
 * weeks earlier or later. It ends where half-penny ticks begin for stocks of narrow spread (first business day of
 * November 2027, SEC Release 34-105656), because nobody has said yet which those are.
 */
import { MICROS, moneyToText, type Price } from "../money.ts";
import { dateOfEpochDay, epochDayOf, sessionDateOf, type EpochDay } from "../time.ts";

export class TickSizeOutOfRange extends RangeError {
  override readonly name = "TickSizeOutOfRange";
}

/** @throws TickSizeOutOfRange */
export function tickSizeOn(day: EpochDay, price: Price): Price {
  const { fromOneDollar, belowOneDollar } = tickSizesOf(day);
  return (price >= MICROS ? fromOneDollar : belowOneDollar) as Price;
}

function tickSizesOf(day: EpochDay): TickSizes {
  if (day <= LAST_TICK_DAY) for (let i = 0; i < rows.length; i += 1) if (rows[i]!.from <= day) return rows[i]!;
  throw unknownTickSize(day);
}

function unknownTickSize(day: EpochDay): TickSizeOutOfRange {
  const covered = `${dateOfEpochDay(rows.at(-1)!.from)} to ${dateOfEpochDay(LAST_TICK_DAY)}`;
  return new TickSizeOutOfRange(`no tick size is known for ${dateOfEpochDay(day)}, the table of src/rules/tick-sizes.ts covers ${covered}: a limit order needs one, market orders (--execution market, or execution: market in the configuration) do not; else extend the table`);
}

/**
 * The nearest limit on a tick that is not worse for us: a buy's is rounded down, a sell's up.
 * @throws TickSizeOutOfRange also when a buy's limit lies below the smallest tick.
 */
export function roundLimit(side: "buy" | "sell", limit: Price, day: EpochDay): Price {
  const tick = tickSizeOn(day, limit);
  const below = limit - (limit % tick);
  if (side === "sell") return (below === limit ? limit : below + tick) as Price;
  if (below <= 0) throw new TickSizeOutOfRange(`a buy limit of ${moneyToText(limit)} USD lies below the tick of ${moneyToText(tick)} USD`);
  return below as Price;
}

const dayOf = (date: string): EpochDay => epochDayOf(sessionDateOf(date));

export const LAST_TICK_DAY = dayOf("2027-10-31");

interface TickSizes {
  readonly from: EpochDay;
  readonly fromOneDollar: number;
  readonly belowOneDollar: number;
}

/** Newest first, in micro-dollars. */
const rows: readonly TickSizes[] = [
  { from: dayOf("2006-01-31"), fromOneDollar: 10_000, belowOneDollar: 100 }, // Rule 612; day of compliance: SEC staff's questions and answers on Rule 612
  { from: dayOf("2001-01-29"), fromOneDollar: 10_000, belowOneDollar: 10_000 }, // decimal prices; day from memory
  { from: dayOf("1997-06-24"), fromOneDollar: 62_500, belowOneDollar: 31_250 }, // sixteenths: Ricker, "Breaking the Eighth" (1998); below a dollar from memory
  { from: dayOf("1990-01-01"), fromOneDollar: 125_000, belowOneDollar: 31_250 }, // eighths: the same
];
