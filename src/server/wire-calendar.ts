/**
 * Clocks and calendars as Alpaca's JSON, of version 2 ("09:30", "0400") and version 3 (timestamps).
 *
 * Only the New York exchanges have hours here; every other market that Alpaca names is not found.
 */
import { currentOrNextSession, extendedHoursOf, FIRST_CALENDAR_DAY, isOpen, LAST_CALENDAR_DAY, nextSession, sessionOn, sessionsBetween, type Session } from "../rules/calendar.ts";
import { SettlementOutOfRange, settlementDate } from "../rules/settlement.ts";
import { dateOfEpochDay, isoOf, newYorkClock, newYorkOffsetMinutes, plusMs, type EpochDay, type Instant } from "../time.ts";
import { badRequest } from "./wire-errors.ts";

type View = Readonly<Record<string, unknown>>;

export function clockOf(now: Instant, hours: "calendar" | "always"): View {
  const session = sessionUnderWay(now);
  const opensNext = now < session.open ? session : nextSession(session.day);
  return { timestamp: newYorkText(now), is_open: hours === "always" || isOpen(now), next_open: newYorkText(opensNext.open), next_close: newYorkText(session.close) };
}

export function calendarOf(start: EpochDay | undefined, end: EpochDay | undefined, dateType: "TRADING" | "SETTLEMENT"): readonly View[] {
  const from = within(start ?? FIRST_CALENDAR_DAY);
  const to = within(end ?? LAST_CALENDAR_DAY);
  // A trade settles at most ten days after its date.
  const sessions = dateType === "TRADING" ? sessionsBetween(from, to) : sessionsBetween(within((from - 10) as EpochDay), to);
  return sessions.flatMap((session) => {
    const settles = settlementOf(session);
    if (dateType === "SETTLEMENT" && (settles < from || settles > to)) return [];
    const extended = extendedHoursOf(session);
    return [{ date: session.date, open: timeOf(session.open, ":"), close: timeOf(session.close, ":"), session_open: timeOf(extended.open, ""), session_close: timeOf(extended.close, ""), settlement_date: dateOfEpochDay(settles) }];
  });
}

interface MarketName {
  readonly mic: string;
  readonly acronym: string;
  readonly name: string;
  readonly timezone: string;
}

/** @throws WireError 400 */
export function marketNamed(name: string): MarketName {
  const market = MARKETS.find(({ mic, acronym }) => mic === name || acronym === name);
  if (!market) throw badRequest(`invalid market: ${name}; this venue knows ${MARKETS.map(({ acronym }) => acronym).join(", ")}`);
  return market;
}

const NEW_YORK = "America/New_York";
const MARKETS: readonly MarketName[] = [
  { mic: "XNYS", acronym: "NYSE", name: "New York Stock Exchange", timezone: NEW_YORK },
  { mic: "XNAS", acronym: "NASDAQ", name: "Nasdaq Stock Market", timezone: NEW_YORK },
  { mic: "IEXG", acronym: "IEX", name: "Investors Exchange", timezone: NEW_YORK },
];

export function marketClockOf(market: MarketName, now: Instant, hours: "calendar" | "always"): View {
  const session = sessionUnderWay(now);
  const { open: pre, close: post } = extendedHoursOf(session);
  const opensNext = now < session.open ? session : nextSession(session.day);
  const shared = { market, timestamp: newYorkText(now), is_market_day: sessionOn(newYorkClock(now).day) !== undefined, next_market_open: newYorkText(opensNext.open), next_market_close: newYorkText(session.close) };
  if (hours === "always") return { ...shared, phase: "core", phase_until: newYorkText(session.close) };
  const [phase, until] = phaseIn(session, now, pre, post);
  return { ...shared, phase, phase_until: newYorkText(until) };
}

/** After the close of a day its post-market comes before the next session. */
function phaseIn(upcoming: Session, now: Instant, pre: Instant, post: Instant): readonly [string, Instant] {
  const today = sessionOn(newYorkClock(now).day);
  if (today && now >= today.close && now < extendedHoursOf(today).close) return ["post", extendedHoursOf(today).close];
  if (now < pre) return ["closed", pre];
  if (now < upcoming.open) return ["pre", upcoming.open];
  return now < upcoming.close ? ["core", upcoming.close] : ["post", post];
}

export function marketCalendarOf(market: MarketName, start: EpochDay, end: EpochDay, inUtc: boolean): View {
  const text = inUtc ? isoOf : newYorkText;
  return {
    market,
    calendar: sessionsBetween(within(start), within(end)).map((session) => {
      const extended = extendedHoursOf(session);
      return {
        date: session.date, pre_start: text(extended.open), pre_end: text(session.open), core_start: text(session.open), core_end: text(session.close),
        post_start: text(session.close), post_end: text(extended.close), settlement_date: dateOfEpochDay(settlementOf(session)),
      };
    }),
  };
}

/** The one that closes after `now`; at the close itself the next. */
function sessionUnderWay(now: Instant): Session {
  return currentOrNextSession(plusMs(now, 1));
}

/** The last sessions of the calendar settle beyond it: on the next weekday. */
function settlementOf(session: Session): EpochDay {
  try {
    return settlementDate(session.day);
  } catch (error) {
    if (!(error instanceof SettlementOutOfRange)) throw error;
    return (session.day + 1) as EpochDay;
  }
}

function within(day: EpochDay): EpochDay {
  return Math.min(Math.max(day, FIRST_CALENDAR_DAY), LAST_CALENDAR_DAY) as EpochDay;
}

function timeOf(at: Instant, separator: string): string {
  const { minuteOfDay } = newYorkClock(at);
  return `${String(Math.floor(minuteOfDay / 60)).padStart(2, "0")}${separator}${String(minuteOfDay % 60).padStart(2, "0")}`;
}

/** RFC 3339 with New York's offset. */
function newYorkText(at: Instant): string {
  const offset = newYorkOffsetMinutes(at);
  return `${isoOf(plusMs(at, -offset * 60_000)).slice(0, -1)}-0${offset / 60}:00`;
}
