/** The venue's own calendar. Live it is the authority: a day that it sees otherwise than we do is no day to trade on our word. */
import { trading } from "@alpacahq/alpaca-trade-api/rest";
import { DAY_MS, epochDayOf, newYorkInstant, type Instant, type SessionDate } from "../time.ts";
import type { SessionHours } from "../trade.ts";
import { calendarAnswer } from "./answers.ts";
import type { Wire } from "./wire.ts";

export async function venueHours(wire: Wire, configuration: trading.Configuration, date: SessionDate): Promise<SessionHours | undefined> {
  const day = new Date(epochDayOf(date) * DAY_MS);
  const calendar = new trading.CalendarApi(configuration);
  const days = await wire.read("Alpaca calendar", () => calendar.legacyCalendarRaw({ start: day, end: day }), calendarAnswer);
  const listed = days.find((one) => one.date === date);
  return listed && { open: at(date, listed.open), close: at(date, listed.close) };
}

/** "09:30" or "0930" on New York's clock. */
function at(date: SessionDate, time: string): Instant {
  return newYorkInstant(epochDayOf(date), Number(time.slice(0, 2)) * 60 + Number(time.slice(-2)));
}
