/**
 * A server that parses an order's JSON and answers a constant of the size of an order: what HTTP alone costs.
 *
 * node test/bench/http-peer.ts fastify|node
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Fastify from "fastify";

const ANSWER = JSON.stringify({ status: "new", filler: "x".repeat(1_000) });
const kind = process.argv[2];
if (kind === "fastify") {
  const app = Fastify({ logger: false });
  app.post("/v2/orders", (request, reply) => {
    check(request.body);
    void reply.header("content-type", "application/json; charset=utf-8").send(ANSWER);
  });
  app.get("/metrics", (_, reply) => reply.send(usage()));
  await app.listen({ host: "127.0.0.1", port: 0 });
  say(app.server.address() as AddressInfo);
} else if (kind === "node") {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      if (request.url === "/metrics") return response.end(usage());
      check(JSON.parse(Buffer.concat(pieces).toString()));
      response.setHeader("content-type", "application/json; charset=utf-8");
      response.setHeader("content-length", ANSWER.length);
      return response.end(ANSWER);
    });
  });
  server.listen(0, "127.0.0.1", () => say(server.address() as AddressInfo));
} else throw new Error("usage: http-peer.ts fastify|node");

function check(order: unknown): void {
  if ((order as { symbol?: unknown } | null)?.symbol === undefined) throw new Error("an order was expected");
}

/** By the names of Prometheus's clients. */
function usage(): string {
  const { user, system } = process.cpuUsage();
  return `process_cpu_seconds_total ${(user + system) / 1e6}\nprocess_resident_memory_bytes ${process.memoryUsage.rss()}\n`;
}

function say({ port }: AddressInfo): void {
  process.stdout.write(`serving http://127.0.0.1:${port}\n`);
}
