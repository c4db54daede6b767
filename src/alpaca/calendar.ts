/**
 * The broker's calendar against ours. Live, the broker's is the authority: a difference is something to alarm on, and a
 * day that the two see differently is no day to trade on our word.
 */
import { trading } from "@alpacahq/alpaca-trade-api/rest";
import { sessionsBetween } from "../rules/calendar.ts";
import { DAY_MS, epochDayOf, newYorkInstant, type EpochDay, type Instant, type SessionDate } from "../time.ts";
import { calendarAnswer } from "./answers.ts";
import { basePathOf, paperTrading, type TradingHost } from "./hosts.ts";
import { Wire, type WireOptions } from "./wire.ts";

/** A session as one side sees it; undefined where it sees none. */
export interface SessionHours {
  readonly open: Instant;
  readonly close: Instant;
}

export interface CalendarDifference {
  readonly date: SessionDate;
  readonly ours: SessionHours | undefined;
  readonly venue: SessionHours | undefined;
}

export interface AlpacaCalendarOptions extends WireOptions {
  /** Paper when absent. */
  readonly host?: TradingHost;
}

/** In the order of their dates, both ends included; empty when the calendars agree. */
export async function calendarDifferences(options: AlpacaCalendarOptions, from: EpochDay, to: EpochDay): Promise<readonly CalendarDifference[]> {
  const wire = new Wire(options);
  const calendar = new trading.CalendarApi(new trading.Configuration(wire.configuration(basePathOf(options.host ?? paperTrading))));
  const days = await wire.read("Alpaca calendar", () => calendar.legacyCalendarRaw({ start: new Date(from * DAY_MS), end: new Date(to * DAY_MS) }), calendarAnswer);
  const venue = new Map(days.map(({ date, open, close }) => [date, { open: at(date, open), close: at(date, close) }]));
  const ours = new Map(sessionsBetween(from, to).map(({ date, open, close }) => [date, { open, close }]));
  const dates = [...new Set([...ours.keys(), ...venue.keys()])].filter((date) => epochDayOf(date) >= from && epochDayOf(date) <= to).sort();
  return dates.map((date) => ({ date, ours: ours.get(date), venue: venue.get(date) })).filter((day) => day.ours?.open !== day.venue?.open || day.ours?.close !== day.venue?.close);
}

/** "09:30" or "0930" on New York's clock. */
function at(date: SessionDate, time: string): Instant {
  return newYorkInstant(epochDayOf(date), Number(time.slice(0, 2)) * 60 + Number(time.slice(-2)));
}
