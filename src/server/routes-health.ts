/** /health tells how each part does, /ready whether to send anything. Both without a key. */
import type { FastifyInstance } from "fastify";
import { isoOf } from "../time.ts";
import type { DurableVenue } from "./durable-venue.ts";

export function healthRoutes(app: FastifyInstance, durable: DurableVenue): void {
  app.get("/health", (_request, reply) => {
    const { failure, acknowledged, venue } = durable;
    const log = failure ? { status: "failed", reason: failure.message } : { status: "ok" };
    return reply.code(failure ? 503 : 200).send({ status: log.status, log: { ...log, commands: acknowledged }, market: { now: isoOf(venue.now), orders: venue.orderCount, accounts: venue.accounts.size } });
  });
  app.get("/ready", (_request, reply) => reply.code(durable.failure ? 503 : 200).send({ ready: !durable.failure }));
}
