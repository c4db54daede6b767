/** /v2/orders */
import type { FastifyReply } from "fastify";
import { z } from "zod";
import { accountOf } from "./gate.ts";
import type { ServerParts } from "./server.ts";
import { orderFormOf } from "./wire-order-form.ts";
import { orderJson } from "./wire-orders.ts";
import { notFound, wireErrorOf } from "./wire-errors.ts";
import type { VenueReply } from "./venue-replies.ts";

export function orderRoutes(parts: ServerParts): void {
  const { app, venue } = parts;

  app.post("/v2/orders", async (request, reply) => {
    const { name } = accountOf(request, parts);
    const order = orderFormOf(request.body);
    return sendOrder(reply, parts, await parts.execute({ type: "place", account: name, order }));
  });

  app.get<{ Params: { id: string } }>("/v2/orders/:id", (request, reply) => {
    const { name } = accountOf(request, parts);
    const order = venue.order(request.params.id);
    if (order?.account !== name) throw notFound(`order not found for ${request.params.id}`);
    sendJson(reply, orderJson(venue, order, true));
  });

  app.get("/v2/orders::by_client_order_id", (request, reply) => {
    const account = accountOf(request, parts);
    const { client_order_id: id } = z.object({ client_order_id: z.string().default("") }).parse(request.query);
    const order = account.orders.byClientId(id);
    if (!order) throw notFound(`order not found for ${id}`);
    sendJson(reply, orderJson(venue, order, true));
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
