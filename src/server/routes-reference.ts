/** What is the same for everybody: /v2/assets, and the clocks and calendars of /v2 and /v3. */
import { z } from "zod";
import { FIRST_CALENDAR_DAY, LAST_CALENDAR_DAY } from "../rules/calendar.ts";
import { dateOfEpochDay, newYorkClock, type EpochDay, type Instant } from "../time.ts";
import type { ServerParts } from "./server-parts.ts";
import { assetView } from "./wire-assets.ts";
import { calendarOf, clockOf, marketCalendarOf, marketClockOf, marketNamed } from "./wire-calendar.ts";
import { badRequest, notFound } from "./wire-errors.ts";
import { given, parsed, wireDay, wireTime } from "./wire-requests.ts";

export function referenceRoutes(parts: ServerParts): void {
  const { app, venue } = parts;
  const { hours } = venue.settings.market;

  app.get("/v2/assets", (request, reply) => {
    const { status, asset_class, exchange, attributes } = parsed(z.looseObject({ status: given(z.string()), asset_class: given(z.string()), exchange: given(z.string()), attributes: given(z.union([z.string(), z.array(z.string())])) }), request.query);
    const isOther = (asset_class !== undefined && asset_class !== "us_equity") || (exchange !== undefined && exchange !== "NYSE") || (attributes !== undefined && attributes.length > 0);
    const found = isOther ? [] : venue.assets.all().filter(({ isActive }) => status === undefined || status === "all" || isActive === (status === "active"));
    void reply.send(found.map((asset) => assetView(venue, asset)));
  });

  app.get<{ Params: { asset: string } }>("/v2/assets/:asset", (request, reply) => {
    const asset = venue.assets.named(request.params.asset);
    if (!asset) throw notFound(`asset not found for ${request.params.asset}`);
    void reply.send(assetView(venue, asset));
  });

  app.get("/v2/clock", (_request, reply) => {
    void reply.send(clockOf(parts.now(), hours));
  });

  app.get("/v2/calendar", (request, reply) => {
    const { start, end, date_type } = parsed(z.looseObject({ start: given(wireDay), end: given(wireDay), date_type: given(z.enum(["TRADING", "SETTLEMENT"])) }), request.query, badRequest);
    void reply.send(calendarOf(start, end, date_type ?? "TRADING"));
  });

  app.get("/v3/clock", (request, reply) => {
    const { markets, time } = parsed(z.looseObject({ markets: given(z.string()), time: given(wireTime) }), request.query, badRequest);
    const names = (markets ?? "NYSE").split(",");
    if (time !== undefined && !isCovered(time)) throw badRequest(`time: the calendar has the days from ${dateOfEpochDay(FIRST_CALENDAR_DAY)} to ${dateOfEpochDay(LAST_DAY)}`);
    void reply.send({ clocks: names.map((name) => marketClockOf(marketNamed(name), time ?? parts.now(), hours)) });
  });

  app.get<{ Params: { market: string } }>("/v3/calendar/:market", (request, reply) => {
    const query = parsed(z.looseObject({ start: given(wireDay), end: given(wireDay), timezone: given(z.literal("UTC")) }), request.query, badRequest);
    const start = query.start ?? newYorkClock(parts.now()).day;
    void reply.send(marketCalendarOf(marketNamed(request.params.market), start, query.end ?? ((start + 7) as EpochDay), query.timezone === "UTC"));
  });
}

/** A clock tells the session after the next one, too. */
const LAST_DAY = (LAST_CALENDAR_DAY - 10) as EpochDay;

function isCovered(time: Instant): boolean {
  const { day } = newYorkClock(time);
  return day >= FIRST_CALENDAR_DAY && day <= LAST_DAY;
}
