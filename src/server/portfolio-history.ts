/**
 * Portfolio history: an account's equity at the points of a grid, and the profit since the start or since the day began.
 *
 * Daily points lie at New York's midnight of each session and tell the equity at its close; points within a day lie on
 * the timeframe's marks inside the hours that are asked for, up to now.
 */
import { moneyToNumber, type Money } from "../money.ts";
import { extendedHoursOf, FIRST_CALENDAR_DAY, sessionsBetween, type Session } from "../rules/calendar.ts";
import { dateOfEpochDay, DAY_MS, MINUTE_MS, newYorkClock, newYorkInstant, plusMs, type EpochDay, type Instant } from "../time.ts";
import type { VenueAccount } from "./venue-account.ts";

export interface HistoryQuery {
  readonly from: Instant;
  readonly to: Instant;
  readonly timeframe: "1Min" | "5Min" | "15Min" | "1H" | "1D";
  readonly reporting: "market_hours" | "extended_hours" | "continuous";
  readonly resetsDaily: boolean;
}

export const INTRADAY_MINUTES = { "1Min": 1, "5Min": 5, "15Min": 15, "1H": 60 } as const;

interface Point {
  /** On the wire. */
  readonly shown: Instant;
  /** Whose equity it tells. */
  readonly valued: Instant;
}

export function portfolioHistory(account: VenueAccount, now: Instant, equityNow: Money, query: HistoryQuery): Readonly<Record<string, unknown>> {
  const points = (query.timeframe === "1D" ? dailyPoints(query, now) : intradayPoints(query, INTRADAY_MINUTES[query.timeframe])).filter(({ valued }) => valued >= account.createdAt);
  const equityAt = (at: Instant): number => moneyToNumber(at <= account.createdAt ? account.startingCash : at >= now ? equityNow : (account.equity.at(at)?.equity ?? account.startingCash));
  const base = equityAt(Math.max((points[0]?.valued ?? query.from) - DAY_MS, account.createdAt) as Instant);
  const equity = points.map(({ valued }) => equityAt(valued));
  const bases = points.map(({ valued }, index) => (query.timeframe !== "1D" && query.resetsDaily ? equityAt(Math.max(newYorkInstant(newYorkClock(valued).day, 0), account.createdAt) as Instant) : query.resetsDaily ? (equity[index - 1] ?? base) : base));
  const profits = equity.map((value, index) => rounded(value - bases[index]!, 6));
  return {
    timestamp: points.map(({ shown }) => Math.floor(shown / 1_000)),
    equity,
    profit_loss: profits,
    profit_loss_pct: profits.map((profit, index) => (bases[index] === 0 ? 0 : rounded(profit / bases[index]!, 8))),
    base_value: base,
    base_value_asof: dateOfEpochDay(newYorkClock((points[0]?.shown ?? query.from)).day),
    timeframe: query.timeframe,
    cashflow: {},
  };
}

function dailyPoints({ from, to }: HistoryQuery, now: Instant): readonly Point[] {
  return sessionsIn(from, to)
    .filter(({ open }) => open <= now)
    .map(({ day, close }) => ({ shown: newYorkInstant(day, 0), valued: Math.min(plusMs(close, 1_000), now) as Instant }));
}

function intradayPoints({ from, to, reporting }: HistoryQuery, minutes: number): readonly Point[] {
  const step = minutes * MINUTE_MS;
  const spans = reporting === "continuous" ? [{ open: from, close: to }] : sessionsIn(from, to).map((session) => (reporting === "extended_hours" ? extendedHoursOf(session) : session));
  const points: Point[] = [];
  for (const { open, close } of spans) {
    for (let at = Math.ceil(Math.max(open, from) / step) * step; at <= Math.min(close, to); at += step) points.push({ shown: at as Instant, valued: at as Instant });
  }
  return points;
}

function sessionsIn(from: Instant, to: Instant): readonly Session[] {
  return sessionsBetween(Math.max(newYorkClock(from).day, FIRST_CALENDAR_DAY) as EpochDay, newYorkClock(to).day);
}

function rounded(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
}
