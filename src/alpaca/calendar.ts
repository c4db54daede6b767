/** The venue's own calendar. Live it is the authority: a day that it sees otherwise than we do is no day to trade on our word. */
import { trading } from "@alpacahq/alpaca-trade-api/rest";
import { DAY_MS, epochDayOf, newYorkInstant, type Instant, type SessionDate } from "../time.ts";
import type { SessionHours } from "../trade.ts";
import { calendarAnswer } from "./answers.ts";
import type { Wire } from "./wire.ts";

export async function venueHours(wire: Wire, configuration: trading.Configuration, date: SessionDate): Promise<SessionHours | undefined> {
  return (await venueSessions(wire, configuration, date, date)).get(date);
}

/** By date, both ends included. */
export async function venueSessions(wire: Wire, configuration: trading.Configuration, from: SessionDate, to: SessionDate): Promise<ReadonlyMap<SessionDate, SessionHours>> {
  const [start, end] = [from, to].map((date) => new Date(epochDayOf(date) * DAY_MS));
  const calendar = new trading.CalendarApi(configuration);
  const days = await wire.read("Alpaca calendar", () => calendar.legacyCalendarRaw({ start: start!, end: end! }), calendarAnswer);
  return new Map(days.map(({ date, open, close }) => [date, { open: at(date, open), close: at(date, close) }]));
}

/** "09:30" or "0930" on New York's clock. */
function at(date: SessionDate, time: string): Instant {
  return newYorkInstant(epochDayOf(date), Number(time.slice(0, 2)) * 60 + Number(time.slice(-2)));
}
