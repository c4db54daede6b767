import { once } from "node:events";
import { streaming } from "@alpacahq/alpaca-trade-api";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { operate } from "../../src/server/operate.ts";
import { serveMarket, type ServedMarket } from "../support/served-market.ts";

let market: ServedMarket;
const sockets: { disconnect(): void }[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await market.server.close();
});

async function serving(): Promise<{ url: string }> {
  market = await serveMarket({ ann: "100000", bob: "100000" }, { extend: (parts) => operate(parts, () => 0) });
  await market.quote("99.98", "100.02");
  return { url: market.server.url.replace("http", "ws") };
}

async function listening(account: string, url: string): Promise<{ updates: streaming.TradeUpdate[] }> {
  const stream = new streaming.TradingStream({ credentials: { keyId: `key-${account}`, secret: `secret-${account}` }, url: `${url}/stream` });
  const updates: streaming.TradeUpdate[] = [];
  stream.onTradeUpdate((update) => updates.push(update));
  const isListening = new Promise((resolve) => stream.on(streaming.EVENT.SUBSCRIPTION, resolve));
  stream.subscribeTradeUpdates();
  stream.connect();
  sockets.push(stream);
  await isListening;
  return { updates };
}

/** By the ids of its activities, without their instants. */
async function executionsOf(account: string): Promise<readonly string[]> {
  const { body } = await market.send(account, "GET", "/v2/account/activities/FILL");
  return (body as { id: string }[]).map(({ id }) => id.split("::")[1]!);
}

const buy = (quantity: string, limit: string, id: string) => ({ symbol: "AAA", qty: quantity, side: "buy", type: "limit", limit_price: limit, time_in_force: "day", client_order_id: id });

describe("the SDK's trading stream", () => {
  test("hears of an order's life, in order, and of nobody else's", async () => {
    const { url } = await serving();
    const [ann, bob] = [await listening("ann", url), await listening("bob", url)];
    await market.send("ann", "POST", "/v2/orders", buy("10", "100.02", "ann-1"));
    await market.send("ann", "POST", "/v2/orders", buy("5", "99", "ann-2"));
    const { body } = await market.send("ann", "GET", "/v2/orders:by_client_order_id?client_order_id=ann-2");
    await market.send("ann", "DELETE", `/v2/orders/${(body as { id: string }).id}`);
    await expect.poll(() => ann.updates.map(({ event, order }) => `${event} ${order.clientOrderId}`)).toEqual(["new ann-1", "fill ann-1", "new ann-2", "canceled ann-2"]);
    expect(ann.updates[1]).toMatchObject({ price: "100.02", qty: "10", positionQty: "10", order: { filledQty: "10", status: "filled", symbol: "AAA" } });
    expect(bob.updates).toEqual([]);
    expect(await executionsOf("ann")).toEqual([ann.updates[1]!.executionId]);
  });
});

describe("the SDK's market data stream", () => {
  test("hears quotes and trades in MessagePack, with times as times", async () => {
    const { url } = await serving();
    const stream = new streaming.StockDataStream({ credentials: { keyId: "key-ann", secret: "secret-ann" }, feed: "iex", url: `${url}/v2/iex` });
    sockets.push(stream);
    const quotes: streaming.StreamQuote[] = [];
    const trades: streaming.StreamTrade[] = [];
    stream.onQuote((quote) => quotes.push(quote));
    stream.onTrade((trade) => trades.push(trade));
    const subscribed = new Promise((resolve) => stream.on(streaming.EVENT.SUBSCRIPTION, resolve));
    stream.onConnect(() => {
      stream.subscribeForQuotes(["AAA"]);
      stream.subscribeForTrades(["AAA"]);
    });
    stream.connect();
    await subscribed;
    await new Promise((resolve) => setTimeout(resolve, 50));
    await market.quote("100.48", "100.52");
    await market.send("bob", "POST", "/v2/orders", buy("3", "101", "bob-1"));
    await expect.poll(() => trades.length).toBe(1);
    expect(quotes[0]).toMatchObject({ symbol: "AAA", bidPrice: 100.48, askPrice: 100.52 });
    expect(trades[0]).toMatchObject({ symbol: "AAA", price: 100.52, size: 3, timestamp: new Date("2026-11-24T17:00:00.000Z") });
  });

  test("an account has ten connections, and the eleventh is told so", async () => {
    const { url } = await serving();
    const connect = async (): Promise<WebSocket> => {
      const socket = new WebSocket(`${url}/v2/iex`, { headers: { "apca-api-key-id": "key-ann", "apca-api-secret-key": "secret-ann" } });
      sockets.push({ disconnect: () => socket.terminate() });
      await once(socket, "open");
      return socket;
    };
    for (let count = 0; count < 10; count += 1) await connect();
    const heard: string[] = [];
    const last = new WebSocket(`${url}/v2/iex`, { headers: { "apca-api-key-id": "key-ann", "apca-api-secret-key": "secret-ann" } });
    last.on("message", (data: Buffer) => heard.push(data.toString()));
    await once(last, "close");
    expect(heard.join("")).toContain('"code":406');
  });
});

describe("operators", () => {
  test("faults that were asked for happen to requests, and can be taken back", async () => {
    await serving();
    const plan = { seed: 3, requests: [{ fault: "status", status: 503, route: "GET /v2/clock", times: 1 }] };
    const put = await fetch(`${market.server.url}/sim/v1/faults`, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(plan) });
    expect(put.status).toBe(200);
    expect((await fetch(`${market.server.url}/v2/clock`, { headers: { "apca-api-key-id": "key-ann", "apca-api-secret-key": "secret-ann" } })).status).toBe(503);
    expect(await (await fetch(`${market.server.url}/sim/v1/faults`)).json()).toMatchObject({ seed: 3, struck: { requests: [1] } });
    expect(await (await fetch(`${market.server.url}/sim/v1/faults`, { method: "DELETE" })).json()).toMatchObject({ requests: [] });
    expect((await market.send("ann", "GET", "/v2/clock")).status).toBe(200);
  });

  test("what is no plan is refused by its field", async () => {
    await serving();
    const answer = await fetch(`${market.server.url}/sim/v1/faults`, { method: "PUT", headers: { "content-type": "application/json" }, body: '{"requests":[{"fault":"explode"}]}' });
    expect(answer.status).toBe(422);
  });

  test("accounts are ranked by what they made", async () => {
    await serving();
    await market.send("ann", "POST", "/v2/orders", buy("100", "100.02", "a1"));
    await market.quote("109.98", "110.02");
    const board = (await (await fetch(`${market.server.url}/sim/v1/leaderboard`)).json()) as { standings: readonly object[] };
    expect(board.standings).toMatchObject([
      { rank: 1, name: "ann", orders: 1, fills: 1 },
      { rank: 2, name: "bob", return: 0, equity: 100_000, turnover: 0, sharpe: null },
    ]);
    expect((await fetch(`${market.server.url}/sim/v1/leaderboard?by=luck`)).status).toBe(422);
  });

  test("shares that go there and back between two accounts are reported, and counted", async () => {
    await serving();
    const order = (side: string, id: string, price: string) => ({ symbol: "BBB", qty: "10", side, type: "limit", limit_price: price, time_in_force: "day", client_order_id: id });
    await market.quote("49.90", "50.10", 100, "BBB");
    await market.send("ann", "POST", "/v2/orders", { ...order("buy", "a0", "50.10") });
    await market.send("ann", "POST", "/v2/orders", order("sell", "a1", "50"));
    await market.send("bob", "POST", "/v2/orders", order("buy", "b1", "50"));
    await market.send("bob", "POST", "/v2/orders", order("sell", "b2", "50"));
    await market.send("ann", "POST", "/v2/orders", order("buy", "a2", "50"));
    const report = (await (await fetch(`${market.server.url}/sim/v1/surveillance`)).json()) as { counts: object; findings: readonly object[] };
    expect(report.counts).toEqual({ circular: 1 });
    expect(report.findings).toMatchObject([{ kind: "circular", symbol: "BBB", accounts: ["ann", "bob"], quantity: "10", overMs: 0 }]);
    const text = await (await fetch(`${market.server.url}/metrics`)).text();
    expect(text).toContain("\nballast_fills_total 5\n");
    expect(text).toContain('ballast_order_events_total{event="fill"} 5');
  });
});
