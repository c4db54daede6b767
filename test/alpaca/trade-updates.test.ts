import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { compatibleServer } from "../../src/alpaca/hosts.ts";
import { tradeUpdates, type TradeUpdate, type TradeUpdates } from "../../src/alpaca/trade-updates.ts";
import { Secret } from "../../src/aws/secret.ts";

const KEYS = { keyId: new Secret("PKTESTTESTTESTTEST01"), secretKey: new Secret("a-secret-for-a-test") };

/** The trading stream as reference/alpaca-api.md, section 19, describes it. */
class Venue {
  readonly server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/stream" });
  readonly connections: WebSocket[] = [];
  readonly heard: unknown[] = [];
  acceptsKeys = true;

  constructor() {
    this.server.on("connection", (socket) => {
      this.connections.push(socket);
      socket.on("message", (data: Buffer) => {
        const frame = JSON.parse(data.toString("utf8")) as { action: string; data: object };
        this.heard.push(frame);
        if (frame.action === "authenticate") this.send({ stream: "authorization", data: { status: this.acceptsKeys ? "authorized" : "unauthorized", action: "authenticate" } });
        if (frame.action === "listen") this.send({ stream: "listening", data: frame.data });
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  send(frame: object, binary = false): void {
    const text = JSON.stringify(frame);
    this.connections.at(-1)!.send(binary ? Buffer.from(text) : text);
  }

  update(event: string, id: string, binary = false): void {
    this.send({ stream: "trade_updates", data: { event, order: { client_order_id: id, symbol: "SPY" } } }, binary);
  }
}

describe("the trading stream", () => {
  let venue: Venue;
  let updates: TradeUpdates;
  let seen: TradeUpdate[];

  beforeEach(async () => {
    venue = new Venue();
    await once(venue.server, "listening");
    seen = [];
  });
  afterEach(() => {
    updates.close();
    for (const socket of venue.connections) socket.terminate();
    venue.server.close();
  });

  function listen(): void {
    updates = tradeUpdates({ keys: KEYS, host: compatibleServer(venue.url), onUpdate: (update) => seen.push(update) });
  }

  test("a connection that listens counts as a change, and silence after it does not", async () => {
    listen();
    expect(await updates.changed(10_000)).toBe(true);
    expect(updates.state).toBe("listening");
    expect(venue.heard).toEqual([
      { action: "authenticate", data: { key_id: "PKTESTTESTTESTTEST01", secret_key: "a-secret-for-a-test" } },
      { action: "listen", data: { streams: ["trade_updates"] } },
    ]);
    expect(await updates.changed(20)).toBe(false);
  });

  test.each([[false], [true]])("an update wakes who waits, also as a binary frame: %s", async (binary) => {
    listen();
    await updates.changed(10_000);
    const waiting = updates.changed(60_000);
    venue.update("partial_fill", "blst-1", binary);
    expect(await waiting).toBe(true);
    expect(seen).toEqual([{ event: "partial_fill", clientOrderId: "blst-1", symbol: "SPY" }]);
  });

  test("an update that came before anybody waited is not missed, and many are one change", async () => {
    listen();
    await updates.changed(10_000);
    for (const event of ["new", "fill", "fill"]) venue.update(event, "blst-1");
    await expect.poll(() => seen.length).toBe(3);
    expect(await updates.changed(60_000)).toBe(true);
    expect(await updates.changed(20)).toBe(false);
  });

  test("a dropped connection comes back by itself, and its return is a change", async () => {
    listen();
    await updates.changed(10_000);
    venue.connections.at(-1)!.terminate();
    expect(await updates.changed(10_000)).toBe(true);
    expect(updates.state).toBe("listening");
    expect(venue.connections).toHaveLength(2);
    venue.update("fill", "blst-2");
    expect(await updates.changed(10_000)).toBe(true);
    expect(seen).toEqual([{ event: "fill", clientOrderId: "blst-2", symbol: "SPY" }]);
  });

  test("what cannot be understood harms nothing", async () => {
    listen();
    await updates.changed(10_000);
    venue.connections.at(-1)!.send("<html>");
    venue.send({ stream: "trade_updates", data: { event: "fill" } });
    venue.send({ stream: "trade_updates", data: { event: "fill", order: { client_order_id: 7 } } });
    venue.update("fill", "blst-3");
    await expect.poll(() => seen).toEqual([{ event: "fill", clientOrderId: "blst-3", symbol: "SPY" }]);
    expect(updates.state).toBe("listening");
  });

  test("rejected keys end the stream, and waiting goes by the clock", async () => {
    venue.acceptsKeys = false;
    listen();
    await expect.poll(() => updates.state).toBe("refused");
    expect(await updates.changed(10)).toBe(false);
    expect(venue.connections).toHaveLength(1);
  });

  test("closing wakes who waits", async () => {
    listen();
    await updates.changed(10_000);
    const waiting = updates.changed(600_000);
    updates.close();
    expect(await waiting).toBe(false);
  });
});
