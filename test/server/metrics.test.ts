import fastify from "fastify";
import { expect, test } from "vitest";
import { Metrics } from "../../src/server/metrics.ts";

const QUIET = { openOrders: () => 3, books: () => 2, accounts: () => 1, streamConnections: () => 0, commandsSinceSnapshot: () => 7, marketLagSeconds: () => 0 };

test("requests are counted by their pattern, never by an id", async () => {
  const app = fastify();
  const metrics = new Metrics(QUIET);
  metrics.install(app);
  app.get("/v2/orders/:id", async () => ({}));
  await app.inject("/v2/orders/904837e3-3b76-47ec-b432-046db621571b");
  await app.inject("/v2/orders/61e69015-8549-4bfd-b9c3-01e75843f47d");
  await app.inject("/nowhere/904837e3-3b76-47ec-b432-046db621571b");
  const text = (await app.inject("/metrics")).payload;
  expect(text).toContain('ballast_request_seconds_count{method="GET",route="/v2/orders/:id",status="200"} 2');
  expect(text).toContain('ballast_request_seconds_count{method="GET",route="unknown",status="404"} 1');
  expect(text).not.toMatch(/904837e3|61e69015/);
  await app.close();
});

test("requests that were one too many are counted", async () => {
  const app = fastify();
  const metrics = new Metrics(QUIET);
  metrics.install(app);
  app.get("/v2/account", async (_, reply) => reply.code(429).send({}));
  await app.inject("/v2/account");
  expect((await app.inject("/metrics")).payload).toContain("\nballast_rate_limited_total 1\n");
  await app.close();
});

test("gauges are read when they are asked for", async () => {
  let open = 3;
  const metrics = new Metrics({ ...QUIET, openOrders: () => open });
  open = 5;
  const text = await metrics.registry.metrics();
  expect(text).toContain("\nballast_open_orders 5\n");
  expect(text).toContain("\nballast_commands_since_snapshot 7\n");
  expect(text).toMatch(/nodejs_eventloop_lag_seconds/);
});
