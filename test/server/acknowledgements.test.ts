import { WebSocket } from "ws";
import { afterEach, describe, expect, test } from "vitest";
import { priceOf, shares } from "../../src/money.ts";
import { operate } from "../../src/server/operate.ts";
import { Venue, type VenueSettings, type VenueSnapshot } from "../../src/server/venue.ts";
import { instantOf, plusMs } from "../../src/time.ts";
import type { Symbol } from "../../src/trade.ts";
import { judge, NOON, serveMarket, venueSettings, type ServedMarket } from "../support/served-market.ts";

const SLOW: VenueSettings = { ...venueSettings(), exchange: { ...venueSettings().exchange, acknowledgeMs: 250 } };
const after = (ms: number): string => new Date(plusMs(NOON, ms)).toISOString();

interface Wire {
  readonly id: string;
  readonly status: string;
  readonly client_order_id: string;
  readonly filled_qty: string;
  readonly replaced_by: string | null;
  readonly replaces: string | null;
  readonly failed_at: string | null;
}

interface Heard {
  readonly event: string;
  readonly timestamp: string;
  readonly order: Wire;
}

let market: ServedMarket;
let socket: WebSocket | undefined;
let heard: Heard[];
afterEach(async () => {
  socket?.terminate();
  await market.server.close();
});

/** AAA at 99.98 to 100.02; ann listens to her updates. */
async function slowMarket(venue = new Venue(SLOW)): Promise<void> {
  market = await serveMarket({ ann: "100000", bob: "100000" }, { extend: (parts) => operate(parts, () => 0) }, venue);
  await market.quote("99.98", "100.02");
  heard = [];
  socket = new WebSocket(`${market.server.url.replace("http", "ws")}/stream`);
  const frame = new Promise<void>((resolve) =>
    socket!.on("message", (data: Buffer) => {
      const { stream, data: body } = JSON.parse(data.toString()) as { stream: string; data: Heard };
      if (stream === "trade_updates") heard.push(body);
      if (stream === "listening") resolve();
    }),
  );
  socket.on("open", () => {
    socket!.send(JSON.stringify({ action: "auth", key: "key-ann", secret: "secret-ann" }));
    socket!.send(JSON.stringify({ action: "listen", data: { streams: ["trade_updates"] } }));
  });
  await frame;
}

async function send(method: string, path: string, body?: unknown): Promise<{ status: number; body: Wire }> {
  return (await market.send("ann", method, path, body)) as unknown as { status: number; body: Wire };
}

const buy = (limit: string, name: string, more: object = {}): Promise<{ status: number; body: Wire }> =>
  send("POST", "/v2/orders", { symbol: "AAA", qty: "10", side: "buy", type: "limit", limit_price: limit, time_in_force: "day", client_order_id: name, ...more });
const named = async (name: string): Promise<Wire> => (await send("GET", `/v2/orders:by_client_order_id?client_order_id=${name}`)).body;

/** What ann was told, as "event name status"; each order in it is one of Alpaca's. */
async function told(count: number): Promise<string[]> {
  await expect.poll(() => heard.length).toBe(count);
  for (const { order } of heard) expect(judge?.defectOf("GET", `/v2/orders/${order.id}`, 200, order)).toBeUndefined();
  return heard.map(({ event, order }) => `${event} ${order.client_order_id} ${order.status}`);
}

/** It stands at 99. */
async function resting(name: string): Promise<Wire> {
  const { body } = await buy("99", name);
  await market.at(after(250));
  return body;
}

describe("a server whose exchange takes its time", () => {
  test("answers pending_new, and the order is new and filled when its time is over", async () => {
    await slowMarket();
    expect((await buy("100.02", "a")).body).toMatchObject({ status: "pending_new", filled_qty: "0" });
    expect(await named("a")).toMatchObject({ status: "pending_new" });
    await market.at(after(249));
    expect((await send("GET", "/v2/orders?status=open")).body).toMatchObject([{ client_order_id: "a", status: "pending_new" }]);
    await market.at(after(400));
    expect(await named("a")).toMatchObject({ status: "filled", filled_at: "2026-11-24T17:00:00.250Z" });
    expect(await told(3)).toEqual(["pending_new a pending_new", "new a new", "fill a filled"]);
  });

  test("cancels in a while, and a fill may be faster", async () => {
    await slowMarket();
    const [a, b] = [await resting("a"), (await buy("99.50", "b")).body];
    await market.at(after(500));
    for (const { id } of [a, b]) expect((await send("DELETE", `/v2/orders/${id}`)).status).toBe(204);
    expect((await send("DELETE", `/v2/orders/${a.id}`)).status).toBe(204);
    expect([(await named("a")).status, (await named("b")).status]).toEqual(["pending_cancel", "pending_cancel"]);
    await market.quote("99.40", "99.50", 4);
    expect(await named("b")).toMatchObject({ status: "pending_cancel", filled_qty: "4" });
    await market.quote("99.40", "99.50", 6);
    await market.at(after(750));
    expect([await named("a"), await named("b")]).toMatchObject([{ status: "canceled", filled_qty: "0" }, { status: "filled", filled_qty: "10" }]);
    expect((await told(10)).slice(4)).toEqual(["pending_cancel a pending_cancel", "pending_cancel b pending_cancel", "partial_fill b pending_cancel", "fill b filled", "order_cancel_rejected b filled", "canceled a canceled"]);
  });

  test("replaces in a while: the new order has its own id, and what the old one filled is carried over", async () => {
    await slowMarket();
    const a = await resting("a");
    const answer = await send("PATCH", `/v2/orders/${a.id}`, { limit_price: "98", client_order_id: "b" });
    expect(answer).toMatchObject({ status: 200, body: { client_order_id: "b", status: "pending_new", replaces: a.id, filled_qty: "0" } });
    expect(await named("a")).toMatchObject({ status: "pending_replace", replaced_by: null });
    expect(await send("PATCH", `/v2/orders/${a.id}`, { limit_price: "97" })).toMatchObject({ status: 422, body: { message: "cannot replace order in pending_replace status" } });
    expect(await send("DELETE", `/v2/orders/${a.id}`)).toMatchObject({ status: 422, body: { code: 42210000 } });
    expect(await send("DELETE", "/v2/orders")).toMatchObject({ status: 207, body: [{ id: a.id, status: 500 }, { id: answer.body.id, status: 200 }] });
    await market.quote("98.90", "99", 4);
    await market.at(after(500));
    expect(await named("a")).toMatchObject({ status: "replaced", filled_qty: "4", replaced_by: answer.body.id });
    expect(await named("b")).toMatchObject({ status: "canceled", filled_qty: "4" });
    expect((await told(8)).slice(2)).toEqual(["pending_replace a pending_replace", "pending_new b pending_new", "pending_cancel b pending_cancel", "partial_fill a pending_replace", "replaced a replaced", "canceled b canceled"]);
  });

  test("rejects a replacement of what has been filled first, and the new order ends with it", async () => {
    await slowMarket();
    const a = await resting("a");
    await send("PATCH", `/v2/orders/${a.id}`, { qty: "20", client_order_id: "b" });
    await market.quote("98.90", "99");
    await market.at(after(500));
    expect(await named("b")).toMatchObject({ status: "rejected", filled_qty: "0", failed_at: "2026-11-24T17:00:00.250Z" });
    expect(await named("a")).toMatchObject({ status: "filled", replaced_by: null });
    expect((await told(7)).slice(4)).toEqual(["fill a filled", "order_replace_rejected a filled", "rejected b rejected"]);
    expect((await send("GET", "/v2/orders?status=open")).body).toEqual([]);
  });

  test("goes back to new where only the replacement failed", async () => {
    await slowMarket();
    const a = await resting("a");
    await send("PATCH", `/v2/orders/${a.id}`, { qty: "4", client_order_id: "b" });
    await market.quote("98.90", "99", 5);
    await market.at(after(500));
    expect([await named("a"), await named("b")]).toMatchObject([{ status: "partially_filled", filled_qty: "5" }, { status: "rejected" }]);
  });

  test("refuses to close what orders hold that are still being canceled", async () => {
    await slowMarket();
    await buy("100.02", "a");
    await market.at(after(250));
    await send("POST", "/v2/orders", { symbol: "AAA", qty: "10", side: "sell", type: "limit", limit_price: "110", time_in_force: "day" });
    await market.at(after(500));
    // Alpaca's documents describe the successes alone.
    const answer = await fetch(`${market.server.url}/v2/positions?cancel_orders=true`, { method: "DELETE", headers: { "apca-api-key-id": "key-ann", "apca-api-secret-key": "secret-ann" } });
    expect(await answer.json()).toMatchObject([{ symbol: "AAA", status: 403, body: { code: 40310000, held_for_orders: "10" } }]);
    await market.at(after(750));
    expect((await send("DELETE", "/v2/positions")).body).toMatchObject([{ symbol: "AAA", status: 200, body: { status: "pending_new" } }]);
  });

  test("goes on alike from a snapshot in between", async () => {
    await slowMarket();
    const a = await resting("a");
    await send("PATCH", `/v2/orders/${a.id}`, { limit_price: "98", client_order_id: "b" });
    await buy("100.02", "c");
    const { venue } = market.server;
    const other = Venue.restore(SLOW, JSON.parse(JSON.stringify(venue.snapshot())) as VenueSnapshot);
    for (const one of [venue, other]) {
      one.apply({ type: "quote", at: plusMs(NOON, 300), symbol: "AAA" as Symbol, bid: priceOf("98.90"), ask: priceOf("99"), quantity: shares(3) });
      one.apply({ type: "advance", at: plusMs(NOON, 600) });
    }
    expect(JSON.stringify(other.snapshot())).toBe(JSON.stringify(venue.snapshot()));
    expect([await named("b"), await named("c")]).toMatchObject([{ status: "partially_filled", filled_qty: "3" }, { status: "new" }]);
  });
});

test("in real time the answer comes when it is due, and not with the next tick", async () => {
  const startsAt = instantOf("2026-11-24T17:00:00Z");
  market = await serveMarket({ ann: "100000" }, { time: { mode: "real", speed: 1, clock: Date.now, tickMs: 3_600_000 } }, new Venue({ ...SLOW, startsAt, exchange: { ...SLOW.exchange, acknowledgeMs: 5 } }));
  await market.quote("99.98", "100.02");
  const { body } = (await market.send("ann", "POST", "/v2/orders", { symbol: "AAA", qty: "1", side: "buy", type: "market", time_in_force: "day", client_order_id: "a" })) as unknown as { body: Wire };
  expect(body.status).toBe("pending_new");
  await expect.poll(() => market.server.venue.order(body.id)?.status).toBe("filled");
});
