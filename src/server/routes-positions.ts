/** /v2/positions */
import { z } from "zod";
import type { Position } from "../trade.ts";
import type { CommandOf } from "./commands.ts";
import { accountOf } from "./gate.ts";
import { outcomesOf, sendJson, sendOrder } from "./routes-orders.ts";
import type { ServerParts } from "./server-parts.ts";
import type { VenueAccount } from "./venue-account.ts";
import { invalidRequest, notFound, wireErrorOf } from "./wire-errors.ts";
import { orderJson } from "./wire-orders.ts";
import { positionView, positionViews } from "./wire-positions.ts";
import { given, parsed, wireBoolean, wirePrice, wireQuantity } from "./wire-requests.ts";

export function positionRoutes(parts: ServerParts): void {
  const { app, venue } = parts;

  app.get("/v2/positions", (request, reply) => {
    void reply.send(positionViews(venue, accountOf(request, parts)));
  });

  app.get<{ Params: { asset: string } }>("/v2/positions/:asset", (request, reply) => {
    const account = accountOf(request, parts);
    void reply.send(positionView(venue, account, positionIn(request.params.asset, account, parts)));
  });

  app.delete("/v2/positions", async (request, reply) => {
    const account = accountOf(request, parts);
    const { cancel_orders } = parsed(z.looseObject({ cancel_orders: given(wireBoolean) }), request.query);
    const items = outcomesOf(await parts.execute({ type: "close-all-positions", account: account.name, cancelOrders: cancel_orders ?? false }));
    const shown = items.map((item) => {
      if (item.rejection === undefined) return `{"symbol":${JSON.stringify(item.symbol)},"status":200,"body":${orderJson(venue, item.order, false)}}`;
      const error = wireErrorOf(item.rejection);
      return JSON.stringify({ symbol: item.symbol, status: error.status, body: error.body });
    });
    return sendJson(reply.code(207), `[${shown.join(",")}]`);
  });

  app.delete<{ Params: { asset: string } }>("/v2/positions/:asset", async (request, reply) => {
    const account = accountOf(request, parts);
    const { symbol } = positionIn(request.params.asset, account, parts);
    return sendOrder(reply, parts, await parts.execute({ type: "close-position", account: account.name, symbol, part: partOf(request.query) }));
  });
}

function partOf(query: unknown): CommandOf<"close-position">["part"] {
  const { qty, percentage } = parsed(z.looseObject({ qty: given(wireQuantity), percentage: given(wirePrice) }), query);
  if (qty !== undefined && percentage !== undefined) throw invalidRequest("qty and percentage are mutually exclusive");
  if (qty !== undefined) return { quantity: qty };
  if (percentage === undefined) return undefined;
  if (!(percentage > 0 && percentage <= 100_000_000)) throw invalidRequest("percentage: must be above 0 and at most 100");
  return { ppm: Math.round(percentage / 100) };
}

function positionIn(asset: string, { name }: VenueAccount, { venue }: ServerParts): Position {
  const symbol = venue.assets.named(asset)?.symbol;
  const position = venue.exchange.account(name).positions.find((one) => one.symbol === symbol);
  if (!position) throw notFound("position does not exist");
  return position;
}
