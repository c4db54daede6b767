/**
 * What Prometheus reads under /metrics: requests, orders, fills, streams, limits, the log and the process itself.
 *
 * Names end in their unit. Labels have few values each: a route is its pattern, never a path with an id in it, and no
 * label names an account or a key.
 */
import type { FastifyInstance } from "fastify";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** From a tenth of a millisecond to a few seconds. */
const LATENCY_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5];

/** What is read when somebody asks. */
export interface Gauges {
  readonly openOrders: () => number;
  readonly books: () => number;
  readonly accounts: () => number;
  readonly streamConnections: () => number;
  /** Commands in the log since its last snapshot. */
  readonly commandsSinceSnapshot: () => number;
  /** Between the time that the market should have and the time it has. */
  readonly marketLagSeconds: () => number;
}

export class Metrics {
  readonly registry = new Registry();
  readonly orders: Counter<"event">;
  readonly fills: Counter;
  readonly streamMessages: Counter<"stream">;
  readonly streamsDropped: Counter<"reason">;
  readonly #rateLimited: Counter;
  readonly #requests: Histogram<"method" | "route" | "status">;

  constructor(gauges: Gauges) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.orders = new Counter({ name: "ballast_order_events_total", help: "Order events by their name on the trading stream.", labelNames: ["event"], registers });
    this.fills = new Counter({ name: "ballast_fills_total", help: "Executions.", registers });
    this.streamMessages = new Counter({ name: "ballast_stream_messages_total", help: "Messages sent on streams.", labelNames: ["stream"], registers });
    this.streamsDropped = new Counter({ name: "ballast_streams_dropped_total", help: "Stream connections that the server closed.", labelNames: ["reason"], registers });
    this.#rateLimited = new Counter({ name: "ballast_rate_limited_total", help: "Requests answered with 429.", registers });
    this.#requests = new Histogram({ name: "ballast_request_seconds", help: "From a request's arrival until its answer was sent.", labelNames: ["method", "route", "status"], buckets: LATENCY_SECONDS, registers });
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    };
    gauge("ballast_open_orders", "Orders that are open.", gauges.openOrders);
    gauge("ballast_books", "Symbols with a book.", gauges.books);
    gauge("ballast_accounts", "Accounts.", gauges.accounts);
    gauge("ballast_stream_connections", "Stream connections.", gauges.streamConnections);
    gauge("ballast_commands_since_snapshot", "Commands that a recovery would play.", gauges.commandsSinceSnapshot);
    gauge("ballast_market_lag_seconds", "How far the market is behind its time.", gauges.marketLagSeconds);
  }

  /** Times every request, and answers GET /metrics. */
  install(app: FastifyInstance): void {
    app.addHook("onResponse", (request, reply, done) => {
      if (reply.statusCode === 429) this.#rateLimited.inc();
      this.#requests.observe({ method: request.method, route: request.routeOptions.url ?? "unknown", status: reply.statusCode }, reply.elapsedTime / 1_000);
      done();
    });
    app.get("/metrics", async (_, reply) => reply.type(this.registry.contentType).send(await this.registry.metrics()));
  }
}
