/** /v2/orders */
import type { FastifyReply } from "fastify";
import { z } from "zod";
import type { OrderFormChanges } from "./commands.ts";
import { accountOf } from "./gate.ts";
import type { OrderQuery } from "./order-index.ts";
import type { ServerParts } from "./server-parts.ts";
import type { VenueAccount } from "./venue-account.ts";
import type { VenueOrder } from "./venue-order.ts";
import type { OrderOutcome, VenueReply } from "./venue-replies.ts";
import { invalidRequest, notFound, wireErrorOf } from "./wire-errors.ts";
import { orderFormOf } from "./wire-order-form.ts";
import { orderJson } from "./wire-orders.ts";
import { given, parsed, wireBoolean, wirePrice, wireQuantity, wireSymbols, wireTime } from "./wire-requests.ts";

export function orderRoutes(parts: ServerParts): void {
  const { app, venue } = parts;

  app.post("/v2/orders", async (request, reply) => {
    const { name } = accountOf(request, parts);
    return sendOrder(reply, parts, await parts.execute({ type: "place", account: name, order: orderFormOf(request.body) }));
  });

  app.get("/v2/orders", (request, reply) => {
    const account = accountOf(request, parts);
    const query = orderQueryOf(request.query, account, parts);
    const orders = query ? account.orders.list(query) : [];
    void sendJson(reply, `[${orders.map((order) => orderJson(venue, order, query?.nested ?? false)).join(",")}]`);
  });

  app.delete("/v2/orders", async (request, reply) => {
    const answer = await parts.execute({ type: "cancel-all", account: accountOf(request, parts).name });
    return reply.code(207).send(outcomesOf(answer).map(({ order, rejection }) => ({ id: order?.id, status: rejection ? NOT_CANCELABLE : 200 })));
  });

  app.get("/v2/orders::by_client_order_id", (request, reply) => {
    const account = accountOf(request, parts);
    const { client_order_id: id } = parsed(z.looseObject({ client_order_id: z.string().min(1, "is required") }), request.query);
    const order = account.orders.byClientId(id);
    if (!order) throw notFound(`order not found for ${id}`);
    void sendJson(reply, orderJson(venue, order, true));
  });

  app.get<{ Params: { id: string } }>("/v2/orders/:id", (request, reply) => {
    const { nested } = parsed(z.looseObject({ nested: given(wireBoolean) }), request.query);
    void sendJson(reply, orderJson(venue, orderNamed(request.params.id, accountOf(request, parts), parts), nested ?? false));
  });

  app.patch<{ Params: { id: string } }>("/v2/orders/:id", async (request, reply) => {
    const { name } = accountOf(request, parts);
    return sendOrder(reply, parts, await parts.execute({ type: "replace", account: name, order: request.params.id, changes: changesOf(request.body) }));
  });

  app.delete<{ Params: { id: string } }>("/v2/orders/:id", async (request, reply) => {
    const { name } = accountOf(request, parts);
    const answer = await parts.execute({ type: "cancel", account: name, order: request.params.id });
    if (answer.kind === "rejected") throw wireErrorOf(answer.rejection);
    return reply.code(204).send();
  });
}

export function sendOrder(reply: FastifyReply, { venue }: ServerParts, answer: VenueReply): FastifyReply {
  if (answer.kind === "rejected") throw wireErrorOf(answer.rejection);
  if (answer.kind !== "order") throw new Error(`an order was expected, not ${answer.kind}`);
  return sendJson(reply, orderJson(venue, answer.order, true));
}

export function sendJson(reply: FastifyReply, json: string): FastifyReply {
  return reply.header("content-type", "application/json; charset=utf-8").send(json);
}

export function outcomesOf(answer: VenueReply): readonly OrderOutcome[] {
  if (answer.kind === "rejected") throw wireErrorOf(answer.rejection);
  if (answer.kind !== "orders") throw new Error(`orders were expected, not ${answer.kind}`);
  return answer.items;
}

const changes = z.looseObject({
  qty: given(wireQuantity),
  time_in_force: given(z.enum(["day", "gtc"], "only day and gtc can be set")),
  limit_price: given(wirePrice),
  stop_price: given(wirePrice),
  trail: given(wirePrice),
  client_order_id: given(z.string().max(128, "must be at most 128 characters")),
});

function changesOf(body: unknown): OrderFormChanges {
  const { qty: quantity, time_in_force: timeInForce, limit_price: limitPrice, stop_price: stopPrice, trail, client_order_id: clientOrderId } = parsed(changes, body ?? {});
  return {
    ...(quantity !== undefined && { quantity }),
    ...(timeInForce && { timeInForce }),
    ...(limitPrice !== undefined && { limitPrice }),
    ...(stopPrice !== undefined && { stopPrice }),
    // A price in dollars or a per cent: which of them is the order's matter.
    ...(trail !== undefined && { trail: { price: trail, ppm: Math.round(trail / 100) } }),
    ...(clientOrderId && { clientOrderId }),
  };
}

/** Of one of several, as Alpaca documents it. */
const NOT_CANCELABLE = 500;
const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 500;

const listQuery = z.looseObject({
  status: given(z.enum(["open", "closed", "all"])),
  limit: given(z.coerce.number().int().min(0)),
  after: given(wireTime),
  until: given(wireTime),
  direction: given(z.enum(["asc", "desc"])),
  nested: given(wireBoolean),
  symbols: given(wireSymbols),
  side: given(z.enum(["buy", "sell"])),
  asset_class: given(z.union([z.string(), z.array(z.string())])),
  before_order_id: given(z.string()),
  after_order_id: given(z.string()),
});

/** Undefined where the query asks for another class of assets alone. */
function orderQueryOf(given: unknown, account: VenueAccount, parts: ServerParts): OrderQuery | undefined {
  const { status, limit, after, until, direction, nested, symbols, side, asset_class, before_order_id, after_order_id } = parsed(listQuery, given);
  if (before_order_id !== undefined && after_order_id !== undefined) throw invalidRequest("before_order_id and after_order_id are mutually exclusive");
  if ((before_order_id ?? after_order_id) !== undefined && (after ?? until) !== undefined) throw invalidRequest("before_order_id and after_order_id cannot be combined with after or until");
  if (asset_class !== undefined && !/\b(us_equity|all)\b/.test(String(asset_class))) return undefined;
  return {
    status: status ?? "open",
    limit: Math.min(limit || LIMIT_DEFAULT, LIMIT_MAX),
    after, until, side, symbols,
    direction: direction ?? "desc",
    nested: nested ?? false,
    beforeOrder: before_order_id === undefined ? undefined : orderNamed(before_order_id, account, parts),
    afterOrder: after_order_id === undefined ? undefined : orderNamed(after_order_id, account, parts),
  };
}

/** Somebody else's order is as unknown as one that never was. */
function orderNamed(id: string, { name }: VenueAccount, { venue }: ServerParts): VenueOrder {
  const order = venue.order(id);
  if (order?.account !== name) throw notFound(`order not found for ${id}`);
  return order;
}
