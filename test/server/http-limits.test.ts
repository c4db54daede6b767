import { connect } from "node:net";
import { request } from "node:https";
import { afterEach, describe, expect, test } from "vitest";
import { installAdminGate } from "../../src/server/admin-gate.ts";
import { AdminTokens } from "../../src/server/keys/admin-tokens.ts";
import { operate } from "../../src/server/operate.ts";
import { simulationRoutes } from "../../src/server/routes-simulation.ts";
import type { Authenticator } from "../../src/server/server-parts.ts";
import type { AccountName } from "../../src/trade.ts";
import type { instantOf } from "../../src/time.ts";
import { selfSigned } from "../support/self-signed.ts";
import { NOON, serveMarket, type ServedMarket } from "../support/served-market.ts";

let market: ServedMarket | undefined;
afterEach(() => market?.server.close());

const ann = { "APCA-API-KEY-ID": "key-ann", "APCA-API-SECRET-KEY": "secret-ann" };

/** What the server says to these bytes until it closes. */
function raw(url: string, bytes: string): Promise<string> {
  const { port } = new URL(url);
  return new Promise((resolve) => {
    let said = "";
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (text: Buffer) => (said += text.toString()));
    socket.on("close", () => resolve(said));
    socket.on("error", () => undefined);
  });
}

describe("a server", () => {
  test("refuses a body above 256 KiB and headers above 16 KiB", async () => {
    market = await serveMarket();
    const answer = await fetch(`${market.server.url}/v2/orders`, { method: "POST", headers: { ...ann, "content-type": "application/json" }, body: JSON.stringify({ symbol: "A".repeat(256 * 1024) }) });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toEqual({ code: 41300000, message: "the body is too large" });
    expect(await raw(market.server.url, `GET /v2/account HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(17_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
  });

  test("closes connections above its limit, and serves those it has", async () => {
    market = await serveMarket({ ann: "1" }, { connectionsMax: 1 });
    const first = connect(Number(new URL(market.server.url).port), "127.0.0.1");
    const asked = async (): Promise<string> => {
      first.write("GET /v2/account HTTP/1.1\r\nHost: x\r\n\r\n");
      return String(await new Promise((resolve) => first.once("data", resolve)));
    };
    expect(await asked()).toMatch(/^HTTP\/1.1 401 /);
    expect(await raw(market.server.url, "GET /v2/account HTTP/1.1\r\nHost: x\r\n\r\n")).toBe("");
    expect(await asked()).toMatch(/^HTTP\/1.1 401 /);
    first.destroy();
  });

  test("lets pages of a named origin call, answers a browser that asks first, and names no other origin", async () => {
    market = await serveMarket({ ann: "1" }, { corsOrigins: ["https://desk.example"] });
    const preflight = (origin: string) => fetch(`${market!.server.url}/v2/orders`, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } });
    const asked = await preflight("https://desk.example");
    expect(asked.status).toBe(204);
    expect(asked.headers.get("access-control-allow-origin")).toBe("https://desk.example");
    expect(asked.headers.get("access-control-allow-headers")).toContain("APCA-API-KEY-ID");
    const other = await preflight("https://evil.example");
    expect(other.status).toBe(401);
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
    const answer = await fetch(`${market.server.url}/v2/account`, { headers: { ...ann, origin: "https://desk.example" } });
    expect([answer.status, answer.headers.get("access-control-allow-origin"), answer.headers.get("vary")]).toEqual([200, "https://desk.example", "Origin"]);
  });

  test("takes null for absent, and a body of objects in objects like any other", async () => {
    market = await serveMarket();
    await market.quote("99.98", "100.02");
    const post = async (body: string): Promise<readonly [number, unknown]> => {
      const answer = await fetch(`${market!.server.url}/v2/orders`, { method: "POST", headers: ann, body });
      return [answer.status, await answer.json()];
    };
    const order = { symbol: "AAA", qty: "1", side: "buy", type: "limit", limit_price: "90", time_in_force: "gtc", notional: null, stop_price: null };
    expect(await post(JSON.stringify({ ...order, take_profit: null }))).toMatchObject([200, { status: "new", order_class: "simple" }]);
    expect(await post(JSON.stringify({ ...order, order_class: "bracket", take_profit: { limit_price: "95" }, stop_loss: { stop_price: "80", limit_price: null } }))).toMatchObject([200, { legs: [{ type: "limit" }, { type: "stop" }] }]);
    expect(await post(JSON.stringify({ ...order, side: null }))).toMatchObject([422, { message: expect.stringMatching(/^side: /) as string }]);
    expect(await post(`${'{"a":'.repeat(40_000)}1${"}".repeat(40_000)}`)).toMatchObject([422, { message: expect.stringMatching(/^symbol: /) as string }]);
  });

  test("tells what it cannot read in the shape of every other error", async () => {
    market = await serveMarket();
    expect(await raw(market.server.url, "GET /v2/orders/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1.1 400 [^]*\{"code":40000000,"message":"bad request"\}$/);
    expect(await raw(market.server.url, "this is no HTTP\r\n\r\n")).toMatch(/^HTTP\/1.1 400 [^]*\{"code":40000000,"message":"bad request"\}$/);
  });

  test("answers a client that offers another protocol as if it had not", async () => {
    market = await serveMarket({ ann: "1" }, { extend: (parts) => operate(parts, () => 0) });
    const keys = "APCA-API-KEY-ID: key-ann\r\nAPCA-API-SECRET-KEY: secret-ann\r\n";
    expect(await raw(market.server.url, `GET /v2/clock HTTP/1.1\r\nHost: x\r\n${keys}Connection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`)).toMatch(/^HTTP\/1.1 200 /);
    expect(await raw(market.server.url, `GET /v2/clock HTTP/1.1\r\nHost: x\r\n${keys}Connection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n`)).toMatch(/^HTTP\/1.1 200 /);
  });

  test("tells who asks for a stream without a WebSocket, or without its key, what is missing", async () => {
    market = await serveMarket({ ann: "1" }, { extend: (parts) => operate(parts, () => 0) });
    for (const path of ["/stream", "/v2/iex"]) {
      expect(await raw(market.server.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1.1 426 [^]*\{"code":42610000,"message":"a stream is read over a WebSocket"\}$/);
      expect(await raw(market.server.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)).toMatch(/^HTTP\/1.1 400 [^]*\{"code":40000000,"message":"bad request"\}$/);
    }
  });

  test("takes no word that every object has for a timeframe", async () => {
    market = await serveMarket();
    expect(await market.send("ann", "GET", "/v2/stocks/AAA/bars?timeframe=1constructor")).toMatchObject({ status: 400, body: { message: "invalid timeframe: 1constructor" } });
  });

  test("tells what its calendar does not have", async () => {
    market = await serveMarket();
    const time = (date: string) => market!.send("ann", "GET", `/v3/clock?time=${date}`);
    expect(await time("2029-12-21")).toMatchObject({ status: 200 });
    expect(await time("1989-12-31")).toMatchObject({ status: 400, body: { message: "time: the calendar has the days from 1990-01-01 to 2029-12-21" } });
    expect(await time("9999-12-31")).toMatchObject({ status: 400 });
  });

  test("speaks TLS with a certificate that it is given", async () => {
    const tls = await selfSigned();
    market = await serveMarket({ ann: "1" }, { tls });
    expect(market.server.url).toMatch(/^https:/);
    const status = await new Promise((resolve, reject) => {
      request(`${market!.server.url}/v2/account`, { ca: tls.cert, headers: ann }, (answer) => resolve(answer.resume().statusCode)).on("error", reject).end();
    });
    expect(status).toBe(200);
  });

  test("lets a key do what its scopes say", async () => {
    const scoped: Authenticator = { authenticate: (keyId) => ({ keyId, account: "ann" as AccountName, scopes: new Set([keyId as "read" | "trade" | "admin"]) }) };
    market = await serveMarket({ ann: "1" }, { authenticator: scoped });
    const asked = async (key: string, method: string): Promise<number> => (await fetch(`${market!.server.url}/v2/orders`, { method, headers: { "APCA-API-KEY-ID": key, "APCA-API-SECRET-KEY": "x" } })).status;
    expect([await asked("read", "GET"), await asked("read", "DELETE"), await asked("trade", "GET"), await asked("trade", "DELETE"), await asked("admin", "GET"), await asked("admin", "DELETE")]).toEqual([200, 403, 200, 207, 403, 403]);
  });

  test("answers 503 and applies nothing when its log cannot be written", async () => {
    const refused = Object.assign(new Error("the disk is full"), { name: "CommandLogFailed" });
    market = await serveMarket({ ann: "100000" }, { journal: { append: () => Promise.reject(refused) } });
    const answer = await fetch(`${market.server.url}/v2/orders`, { method: "POST", headers: { ...ann, "content-type": "application/json" }, body: JSON.stringify({ symbol: "AAA", qty: 1, side: "buy", type: "limit", limit_price: 1, time_in_force: "day" }) });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ code: 50310000, message: "the server cannot keep commands; it has to be restarted" });
    expect(market.server.venue.orderCount).toBe(0);
  });
});

describe("operators' routes", () => {
  const tokens = new AdminTokens("a secret of at least thirty-two bytes");

  async function served(): Promise<ServedMarket> {
    const steps: { moveTo?: (at: ReturnType<typeof instantOf>) => Promise<void> } = {};
    const admins: Authenticator = { authenticate(keyId, secret) {
      if (keyId === "root") return secret === "right" ? { keyId, account: "ann" as AccountName, scopes: new Set(["admin"] as const) } : undefined;
      return { keyId, account: "ann" as AccountName, scopes: new Set(["trade", "read"] as const) };
    } };
    market = await serveMarket({ ann: "1" }, {
      authenticator: admins,
      extend: (parts) => {
        installAdminGate(parts, tokens, () => NOON);
        simulationRoutes(parts, async (at) => steps.moveTo?.(at));
      },
    });
    steps.moveTo = (at) => market!.server.moveTo(at);
    return market;
  }

  async function post(path: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly body: unknown }> {
    const answer = await fetch(`${market!.server.url}${path}`, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } });
    return { status: answer.status, body: await answer.json() };
  }
  const bearer = async (): Promise<Record<string, string>> => ({ authorization: `Bearer ${await tokens.issue("op", NOON, 60_000)}` });

  test("are for an admin token or an admin key alone", async () => {
    await served();
    const halt = { type: "halt", symbol: "AAA" };
    const unauthorized = { status: 401, body: { code: 40110000, message: "request is not authorized" } };
    expect(await post("/sim/v1/commands", halt, {})).toEqual(unauthorized);
    expect(await post("/sim/v1/commands", halt, ann)).toEqual(unauthorized);
    expect(await post("/sim/v1/commands", halt, { "APCA-API-KEY-ID": "root", "APCA-API-SECRET-KEY": "wrong" })).toEqual(unauthorized);
    expect(await post("/sim/v1/commands", halt, { authorization: `Bearer ${await tokens.issue("op", NOON - 120_000, 60_000)}` })).toEqual(unauthorized);
    expect(await post("/sim/v1/commands", halt, { "APCA-API-KEY-ID": "root", "APCA-API-SECRET-KEY": "right" })).toEqual({ status: 200, body: { done: "halt" } });
    expect(await post("/sim/v1/commands", { type: "resume", symbol: "AAA" }, await bearer())).toEqual({ status: 200, body: { done: "resume" } });
  });

  test.each(["/%73im/v1/commands", "/s%69m/v1/commands", "/sim/v1/commands/", "/sim/v1/commands?x=/v2/clock"])("are for nobody else, however the path is written: %s", async (path) => {
    await served();
    expect(await post(path, { type: "halt", symbol: "AAA" }, ann)).toMatchObject({ status: 401 });
    expect(await post(path, { type: "halt", symbol: "AAA" }, {})).toMatchObject({ status: 401 });
    expect(await post(path, { type: "halt", symbol: "AAA" }, await bearer())).toMatchObject({ status: 200 });
  });

  test("steer the market and move a stepped time forward, never back", async () => {
    const { server } = await served();
    expect(await post("/sim/v1/commands", { type: "quote", symbol: "AAA", bid: 10_000_000, ask: 10_010_000, quantity: 1_000_000_000 }, await bearer())).toEqual({ status: 200, body: { done: "quote" } });
    expect(server.venue.exchange.quoteOf("AAA" as never)).toMatchObject({ bid: 10_000_000, ask: 10_010_000 });
    expect(await post("/sim/v1/advance", { to: "2026-11-24T18:00:00Z" }, await bearer())).toEqual({ status: 200, body: { now: "2026-11-24T18:00:00.000Z" } });
    expect(await post("/sim/v1/advance", { to: "2026-11-24T17:59:59Z" }, await bearer())).toMatchObject({ status: 422, body: { message: "the market's time does not go back" } });
    expect(await post("/sim/v1/advance", { to: "2031-01-01T00:00:00Z" }, await bearer())).toMatchObject({ status: 422, body: { message: "the market plays until 2027-10-31: the ticks of later days are not known yet" } });
    expect(await post("/sim/v1/advance", { to: "tomorrow" }, await bearer())).toMatchObject({ status: 422 });
    expect(await post("/sim/v1/commands", { type: "place", account: "ann" }, await bearer())).toMatchObject({ status: 422, body: { message: "type must be one of open-account, list, quote, halt, resume, split, dividend" } });
    expect(await post("/sim/v1/commands", { type: "halt", symbol: "ZZZ" }, await bearer())).toMatchObject({ status: 422, body: { message: 'asset "ZZZ" not found' } });
  });
});
