import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import nock from "nock";
import { afterEach, describe, expect, test } from "vitest";
import { AlpacaFailure, type Kind } from "../../src/alpaca/errors.ts";
import { BrokerUnavailable } from "../../src/ports.ts";
import type { SubmitOutcome } from "../../src/trade.ts";
import { brokerAt, ID, limitOrder, NOT_FOUND, onOrderById, SERVER, wireOptions, wireOrder } from "./alpaca-world.ts";

const servers: Server[] = [];
afterEach(async () => {
  nock.cleanAll();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)))));
});

const HTML = "<html><body>Just a moment…</body></html>";
const READS = 5;

/** kind, answer, what a read does, what a submission is while the venue does not know the order. */
const rows: readonly [Kind, number, string | object, "fails at once" | "is repeated", SubmitOutcome["kind"]][] = [
  ["invalid", 400, { code: 40010000, message: "malformed" }, "fails at once", "rejected"],
  ["unauthorized", 401, { code: 40110000, message: "request is not authorized" }, "fails at once", "rejected"],
  ["unauthorized", 401, HTML, "fails at once", "rejected"],
  ["forbidden", 403, { code: 40310000, message: "insufficient buying power", buying_power: "0", cost_basis: "1" }, "fails at once", "rejected"],
  ["forbidden", 403, { code: 40310000, message: "potential wash trade detected. use complex orders" }, "fails at once", "rejected"],
  ["forbidden", 403, { message: "forbidden." }, "fails at once", "rejected"],
  ["not-found", 404, { code: 40410001, message: "asset not found" }, "fails at once", "rejected"],
  ["not-found", 404, HTML, "fails at once", "rejected"],
  ["refused", 405, "", "fails at once", "rejected"],
  ["timeout-at-venue", 408, "", "is repeated", "unknown"],
  ["refused", 409, { message: "conflict" }, "fails at once", "rejected"],
  ["refused", 418, "teapot", "fails at once", "rejected"],
  ["invalid", 422, { code: 42210000, message: "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria" }, "fails at once", "rejected"],
  ["invalid", 422, { code: 40010001, message: "qty or notional is required" }, "fails at once", "rejected"],
  ["timeout-at-venue", 425, "", "is repeated", "unknown"],
  ["rate-limited", 429, { code: 42910000, message: "rate limit exceeded" }, "is repeated", "unknown"],
  ["server-error", 500, { code: 50010000, message: "internal server error" }, "is repeated", "unknown"],
  ["server-error", 502, HTML, "is repeated", "unknown"],
  ["server-error", 503, "", "is repeated", "unknown"],
  ["server-error", 504, HTML, "is repeated", "unknown"],
  ["server-error", 599, "", "is repeated", "unknown"],
  ["not-json", 200, HTML, "is repeated", "unknown"],
  ["not-json", 200, '{"id": "7b08', "is repeated", "unknown"],
  ["not-understood", 200, "", "fails at once", "unknown"],
  ["not-understood", 200, "null", "fails at once", "unknown"],
  ["not-understood", 200, "[]", "fails at once", "unknown"],
  ["not-understood", 200, '{"message": "ok"}', "fails at once", "unknown"],
];

describe.each(rows)("%s, HTTP %d %j", (kind, status, body, reading, submitted) => {
  test(`a read ${reading} and says what it was`, async () => {
    let requests = 0;
    const count = () => ((requests += 1), body);
    nock(SERVER).get("/v2/account").times(9).reply(status, count);
    nock(SERVER).get("/v2/positions").times(9).reply(200, []);
    const error: unknown = await brokerAt().account().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BrokerUnavailable);
    const failure = (error as BrokerUnavailable).cause as AlpacaFailure;
    expect(failure).toBeInstanceOf(AlpacaFailure);
    expect(failure.facts).toMatchObject({ kind, status });
    expect((error as Error).message).toContain(`Alpaca account: ${kind}, HTTP ${status}`);
    expect(requests).toBe(reading === "is repeated" ? READS : 1);
  });

  test(`a submission is sent once and is ${submitted}`, async () => {
    let requests = 0;
    nock(SERVER).post("/v2/orders").times(9).reply(status, () => ((requests += 1), body));
    onOrderById().times(9).reply(404, NOT_FOUND);
    expect(await brokerAt().submit(limitOrder)).toMatchObject({ kind: submitted });
    expect(requests).toBe(1);
  });
});

describe("no answer at all", () => {
  test.each<[string, RequestListener, RegExp]>([
    ["a connection that is reset before the answer", (_, answer) => answer.socket?.resetAndDestroy(), /ECONNRESET|closed/],
    ["a connection that is closed in the middle of the answer", (_, answer) => (answer.writeHead(200, { "Content-Length": "500" }), answer.write('{"id":'), setTimeout(() => answer.socket?.destroy(), 20)), /terminated|closed/],
    ["a server that accepts and says nothing", () => undefined, /timed out/i],
    ["a server that says nothing after the headers", (_, answer) => (answer.writeHead(200), answer.write("{")), /timed out/i],
  ])("%s is doubt about a submission, and a read is repeated", async (_, listener, cause) => {
    const paths: string[] = [];
    const url = await serverWith((request, answer) => {
      paths.push(`${request.method ?? ""} ${request.url ?? ""}`);
      listener(request, answer);
    });
    const broker = brokerAt(url, { ...wireOptions(), ...(cause.test("timed out") && { timeoutMs: 150 }) });
    const outcome = await broker.submit(limitOrder);
    expect(outcome).toMatchObject({ kind: "unknown", cause: expect.stringMatching(cause) as string });
    expect(paths).toEqual(["POST /v2/orders"]);
    await expect(broker.find(ID)).rejects.toThrow(BrokerUnavailable);
    expect(paths.filter((path) => path.startsWith("GET"))).toHaveLength(READS);
  });

  test("a server that is not there is doubt too", async () => {
    const url = await serverWith(() => undefined);
    await new Promise((resolve) => servers.pop()!.close(resolve));
    expect(await brokerAt(url).submit(limitOrder)).toMatchObject({ kind: "unknown", cause: expect.stringContaining("ECONNREFUSED") as string });
  });
});

describe("a rejection is believed only when the venue does not know the order", () => {
  test("it is a duplicate when an earlier submission holds the money that the second asks for", async () => {
    nock(SERVER).post("/v2/orders").reply(403, { code: 40310000, message: "insufficient buying power" });
    onOrderById().reply(200, wireOrder());
    expect(await brokerAt().submit(limitOrder)).toEqual({ kind: "duplicate" });
  });

  test("it is doubt when the venue cannot be asked", async () => {
    nock(SERVER).post("/v2/orders").reply(403, { code: 40310000, message: "insufficient buying power" });
    onOrderById().times(9).reply(500);
    const outcome = await brokerAt().submit(limitOrder);
    expect(outcome).toMatchObject({ kind: "unknown", cause: expect.stringMatching(/insufficient buying power; then .*HTTP 500/) as string });
  });

  test("it is a rejection with the venue's code and words when the order is not there", async () => {
    nock(SERVER).post("/v2/orders").reply(403, { code: 40310000, message: "insufficient qty available for order (requested: 5, available: 0)", available: "0" });
    onOrderById().reply(404, NOT_FOUND);
    expect(await brokerAt().submit(limitOrder)).toEqual({ kind: "rejected", code: "40310000", message: "insufficient qty available for order (requested: 5, available: 0)" });
  });

  test("it has the status where the venue gives no code", async () => {
    nock(SERVER).post("/v2/orders").reply(403, { message: "forbidden." });
    onOrderById().reply(404, NOT_FOUND);
    expect(await brokerAt().submit(limitOrder)).toEqual({ kind: "rejected", code: "403", message: "forbidden." });
  });

  test("a client order id that is taken is a duplicate without a question", async () => {
    nock(SERVER).post("/v2/orders").reply(422, { code: 40010001, message: "client_order_id must be unique" });
    expect(await brokerAt().submit(limitOrder)).toEqual({ kind: "duplicate" });
  });

  test("a client order id that is taken is a duplicate in other words too", async () => {
    nock(SERVER).post("/v2/orders").reply(422, { code: 40010001, message: "identifier already used" });
    onOrderById().reply(200, wireOrder({ status: "filled" }));
    expect(await brokerAt().submit(limitOrder)).toEqual({ kind: "duplicate" });
  });
});

test("an answer to a submission that names another order is doubt", async () => {
  nock(SERVER).post("/v2/orders").reply(200, wireOrder({ client_order_id: "b-other" }));
  expect(await brokerAt().submit(limitOrder)).toMatchObject({ kind: "unknown", cause: expect.stringContaining("b-other") as string });
});

test("a read that fails twice and then works gives its answer", async () => {
  onOrderById().reply(502, HTML);
  onOrderById().reply(429, { code: 42910000, message: "rate limit exceeded" });
  onOrderById().reply(200, wireOrder());
  expect(await brokerAt().find(ID)).toMatchObject({ status: "open" });
});

describe("a read waits as long as the venue asks", () => {
  test.each([
    ["Retry-After on a 429", 429, { "Retry-After": "0.2" }, 200],
    ["Retry-After on a 503", 503, { "Retry-After": "0.2" }, 200],
    ["the reset of the rate limit on a 429", 429, () => ({ "X-RateLimit-Reset": String(Date.now() / 1000 + 0.3) }), 250],
  ])("by %s", async (_, status, headers, atLeastMs) => {
    onOrderById().reply(status, {}, typeof headers === "function" ? headers() : headers);
    onOrderById().reply(200, wireOrder());
    const before = performance.now();
    await brokerAt().find(ID);
    expect(performance.now() - before).toBeGreaterThanOrEqual(atLeastMs - 5);
  });

  test("but not for the reset of the rate limit, which is on every answer, when it failed for another reason", async () => {
    onOrderById().reply(500, {}, { "X-RateLimit-Reset": String(Date.now() / 1000 + 50) });
    onOrderById().reply(200, wireOrder());
    const before = performance.now();
    await brokerAt().find(ID);
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  test("and gives up at once when that is longer than a minute", async () => {
    onOrderById().reply(429, {}, { "Retry-After": "3600" });
    await expect(brokerAt().find(ID)).rejects.toThrow("rate-limited, HTTP 429");
  });
});

test("an error carries the venue's request id", async () => {
  onOrderById().reply(403, { code: 40310000, message: "forbidden." }, { "X-Request-ID": "req-1" });
  await expect(brokerAt().find(ID)).rejects.toThrow("(request id req-1)");
});

test("connections are kept: ten reads open two at most", async () => {
  let connections = 0;
  const url = await serverWith((_, answer) => answer.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(wireOrder())));
  servers.at(-1)!.on("connection", () => (connections += 1));
  const broker = brokerAt(url);
  for (let n = 0; n < 10; n += 1) await broker.find(ID);
  expect(connections).toBeLessThanOrEqual(2);
});

async function serverWith(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
