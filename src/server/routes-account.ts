/** /v2/account: the account itself, its configurations, its activities and its history. */
import { z } from "zod";
import { DAY_MS, newYorkClock, newYorkInstant, plusMs, type EpochDay, type Instant } from "../time.ts";
import type { ActivityQuery } from "./activities.ts";
import type { ConfigurationChanges } from "./commands.ts";
import { accountOf } from "./gate.ts";
import { INTRADAY_MINUTES, portfolioHistory, type HistoryQuery } from "./portfolio-history.ts";
import type { ServerParts } from "./server-parts.ts";
import type { VenueAccount } from "./venue-account.ts";
import { accountView } from "./wire-account.ts";
import { activityView } from "./wire-activities.ts";
import { invalidRequest, wireErrorOf } from "./wire-errors.ts";
import { given, parsed, wireBoolean, wireTime } from "./wire-requests.ts";

export function accountRoutes(parts: ServerParts): void {
  const { app, venue, settings } = parts;
  const legacy = settings.legacyPatternDayTrader;

  app.get("/v2/account", (request, reply) => {
    void reply.send(accountView(venue, accountOf(request, parts), legacy));
  });

  app.get("/v2/account/configurations", (request, reply) => {
    void reply.send(configurationView(accountOf(request, parts), legacy));
  });

  app.patch("/v2/account/configurations", async (request, reply) => {
    const account = accountOf(request, parts);
    const answer = await parts.execute({ type: "configure-account", account: account.name, changes: configurationOf(request.body) });
    if (answer.kind === "rejected") throw wireErrorOf(answer.rejection);
    return reply.send(configurationView(account, legacy));
  });

  app.get("/v2/account/activities", (request, reply) => {
    const { activity_types, category } = parsed(z.looseObject({ activity_types: given(z.union([z.string(), z.array(z.string())])), category: given(z.enum(["trade_activity", "non_trade_activity"])) }), request.query);
    if (activity_types !== undefined && category !== undefined) throw invalidRequest("activity_types and category are mutually exclusive");
    const types = activity_types === undefined ? undefined : new Set(String(activity_types).split(","));
    void reply.send(accountOf(request, parts).activities.list({ ...pageOf(request.query), types, category }).map(activityView));
  });

  app.get<{ Params: { type: string } }>("/v2/account/activities/:type", (request, reply) => {
    void reply.send(accountOf(request, parts).activities.list({ ...pageOf(request.query), types: new Set([request.params.type]) }).map(activityView));
  });

  app.get("/v2/account/portfolio/history", (request, reply) => {
    const account = accountOf(request, parts);
    const query = historyQueryOf(request.query, parts.now());
    void reply.send(portfolioHistory(account, parts.now(), venue.exchange.account(account.name).equity, query));
  });
}

const configurations = z.looseObject({
  suspend_trade: given(z.boolean()),
  no_shorting: given(z.boolean()),
  fractional_trading: given(z.boolean()),
  max_margin_multiplier: given(z.enum(["1", "2", "4"])),
  trade_confirm_email: given(z.enum(["all", "none"])),
  max_options_trading_level: given(z.int().min(0).max(3)),
  ptp_no_exception_entry: given(z.boolean()),
  disable_overnight_trading: given(z.boolean()),
  dtbp_check: given(z.enum(["both", "entry", "exit"])),
  pdt_check: given(z.enum(["both", "entry", "exit"])),
});

/** Absent ones stay as they are. */
function configurationOf(body: unknown): ConfigurationChanges {
  const asked = parsed(configurations, body ?? {});
  const changes = {
    suspendTrade: asked.suspend_trade, noShorting: asked.no_shorting, fractionalTrading: asked.fractional_trading, maxMarginMultiplier: asked.max_margin_multiplier, tradeConfirmEmail: asked.trade_confirm_email,
    maxOptionsTradingLevel: asked.max_options_trading_level, ptpNoExceptionEntry: asked.ptp_no_exception_entry, disableOvernightTrading: asked.disable_overnight_trading, dtbpCheck: asked.dtbp_check, pdtCheck: asked.pdt_check,
  };
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

function configurationView({ configuration }: VenueAccount, legacy: boolean): Readonly<Record<string, unknown>> {
  return {
    suspend_trade: configuration.suspendTrade,
    no_shorting: configuration.noShorting,
    fractional_trading: configuration.fractionalTrading,
    max_margin_multiplier: configuration.maxMarginMultiplier,
    trade_confirm_email: configuration.tradeConfirmEmail,
    max_options_trading_level: configuration.maxOptionsTradingLevel,
    ptp_no_exception_entry: configuration.ptpNoExceptionEntry,
    disable_overnight_trading: configuration.disableOvernightTrading,
    ...(legacy && { dtbp_check: configuration.dtbpCheck, pdt_check: configuration.pdtCheck }),
  };
}

const page = z.looseObject({
  date: given(wireTime),
  after: given(wireTime),
  until: given(wireTime),
  direction: given(z.enum(["asc", "desc"])),
  page_size: given(z.coerce.number().int().min(1).max(100)),
  page_token: given(z.string()),
});

function pageOf(query: unknown): ActivityQuery {
  const { date, after, until, direction, page_size, page_token } = parsed(page, query);
  if (date !== undefined && (after ?? until) !== undefined) throw invalidRequest("date cannot be combined with after or until");
  const day = date === undefined ? undefined : newYorkClock(date).day;
  return {
    after: day === undefined ? after : plusMs(newYorkInstant(day, 0), -1),
    until: day === undefined ? until : newYorkInstant((day + 1) as EpochDay, 0),
    direction: direction ?? "desc",
    limit: page_size ?? 100,
    pageToken: page_token,
  };
}

const history = z.looseObject({
  period: given(z.string().regex(/^\d{1,4}[DWMAY]$/, "a number and D, W, M or A")),
  timeframe: given(z.enum(["1Min", "5Min", "15Min", "1H", "1D"])),
  intraday_reporting: given(z.enum(["market_hours", "extended_hours", "continuous"])),
  extended_hours: given(wireBoolean),
  start: given(wireTime),
  end: given(wireTime),
  date_end: given(wireTime),
  pnl_reset: given(z.enum(["per_day", "no_reset"])),
});

const INTRADAY_DAYS_MAX = 30;

function historyQueryOf(query: unknown, now: Instant): HistoryQuery {
  const { period, timeframe, intraday_reporting, extended_hours, start, end, date_end, pnl_reset } = parsed(history, query);
  const lastAsked = end ?? date_end;
  if (period !== undefined && start !== undefined && lastAsked !== undefined) throw invalidRequest("only two of start, end and period are accepted");
  const isFromStart = start !== undefined && period !== undefined;
  const to = Math.min(isFromStart ? start + (now - periodBefore(now, period)) : (lastAsked ?? now), now) as Instant;
  const from = start ?? (period === undefined ? monthsBefore(to, 1) : periodBefore(to, period));
  const days = (to - from) / DAY_MS;
  const chosen = timeframe ?? (days <= 1 ? "1Min" : days <= 7 ? "15Min" : "1D");
  if (chosen in INTRADAY_MINUTES && days > INTRADAY_DAYS_MAX + 1) throw invalidRequest(`timeframe ${chosen} is for at most ${INTRADAY_DAYS_MAX} days`);
  return { from, to, timeframe: chosen, reporting: intraday_reporting ?? (extended_hours ? "extended_hours" : "market_hours"), resetsDaily: (pnl_reset ?? "per_day") === "per_day" };
}

function periodBefore(to: Instant, period: string): Instant {
  const count = Number(period.slice(0, -1));
  switch (period.at(-1)) {
    case "D":
      return plusMs(newYorkInstant(newYorkClock(to).day, 0), -(count - 1) * DAY_MS);
    case "W":
      return plusMs(to, -7 * count * DAY_MS);
    case "M":
      return monthsBefore(to, count);
    default:
      return monthsBefore(to, 12 * count);
  }
}

function monthsBefore(to: Instant, count: number): Instant {
  const date = new Date(to);
  return Math.max(0, date.setUTCMonth(date.getUTCMonth() - count)) as Instant;
}
