import { once } from "node:events";
import websocket from "@fastify/websocket";
import { decode, encode } from "@msgpack/msgpack";
import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { EncodedMessage, refuseConnection, serveMarketData, type DataStreamOptions, type MarketMessage } from "../../src/server/data-stream.ts";
import { FaultInjector, faultPlanSchema } from "../../src/server/faults.ts";
import type { DropReason } from "../../src/server/stream-outlet.ts";
import { serveUpdates } from "../../src/server/update-stream.ts";
import type { AccountName } from "../../src/trade.ts";

let app: FastifyInstance;
let url: string;
let dropped: DropReason[];
let faults: FaultInjector;
const clients: WebSocket[] = [];

beforeEach(async () => {
  app = fastify();
  await app.register(websocket);
  dropped = [];
  faults = new FaultInjector();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  await app.close();
});

const outlet = ({ raw }: FastifyRequest) => ({ connection: raw.socket, faults, onSent: () => undefined, onDropped: (reason: DropReason) => void dropped.push(reason) });

/** A client that keeps what it hears. */
async function connect(path: string, headers: Record<string, string> = {}): Promise<{ socket: WebSocket; heard: unknown[]; next: (count: number) => Promise<unknown[]> }> {
  const heard: unknown[] = [];
  const socket = new WebSocket(`${url}${path}`, { headers });
  clients.push(socket);
  const isMsgpack = headers["content-type"] === "application/msgpack";
  socket.on("message", (data: Buffer) => heard.push(isMsgpack ? decode(data) : JSON.parse(data.toString())));
  await once(socket, "open");
  return { socket, heard, next: (count) => expect.poll(() => heard.length, { timeout: 5_000 }).toBeGreaterThanOrEqual(count).then(() => heard.splice(0)) };
}

describe("trade updates", () => {
  const listeners = new Map<AccountName, Set<(update: string) => void>>();
  const publish = (account: string, update: object): void => listeners.get(account as AccountName)?.forEach((listener) => listener(JSON.stringify(update)));

  beforeEach(async () => {
    listeners.clear();
    app.get("/stream", { websocket: true }, (socket, request) => {
      serveUpdates(socket, {
        accountOf: async (key, secret) => (secret === "right" ? (key.toLowerCase() as AccountName) : undefined),
        subscribe: (account, listener) => {
          const set = listeners.get(account) ?? new Set();
          listeners.set(account, set.add(listener));
          return () => void set.delete(listener);
        },
        outlet: outlet(request),
      });
    });
    url = (await app.listen({ port: 0, host: "127.0.0.1" })).replace("http", "ws");
  });

  const authenticate = (socket: WebSocket, key: string, secret = "right"): void => socket.send(JSON.stringify({ action: "authenticate", data: { key_id: key, secret_key: secret } }));
  const listen = (socket: WebSocket, ...streams: string[]): void => socket.send(JSON.stringify({ action: "listen", data: { streams } }));

  async function listening(key: string): ReturnType<typeof connect> {
    const client = await connect("/stream");
    authenticate(client.socket, key);
    listen(client.socket, "trade_updates");
    await client.next(2);
    return client;
  }

  test("come to the account's own clients, each update once", async () => {
    const [ann, again, bob] = [await listening("ANN"), await listening("ANN"), await listening("BOB")];
    publish("ann", { event: "new", order: { id: "1" } });
    publish("bob", { event: "fill", order: { id: "2" } });
    expect(await ann.next(1)).toEqual([{ stream: "trade_updates", data: { event: "new", order: { id: "1" } } }]);
    expect(await again.next(1)).toEqual([{ stream: "trade_updates", data: { event: "new", order: { id: "1" } } }]);
    expect(await bob.next(1)).toEqual([{ stream: "trade_updates", data: { event: "fill", order: { id: "2" } } }]);
  });

  test("the protocol, frame by frame", async () => {
    const { socket, next } = await connect("/stream");
    listen(socket, "trade_updates");
    authenticate(socket, "ANN", "wrong");
    authenticate(socket, "ANN");
    listen(socket, "trade_updates", "account_updates");
    listen(socket, "trade_updates");
    socket.send(Buffer.from(JSON.stringify({ action: "listen", data: { streams: [] } })));
    socket.send("<html>");
    socket.send(JSON.stringify({ action: "dance" }));
    expect(await next(8)).toEqual([
      { stream: "authorization", data: { status: "unauthorized", action: "listen" } },
      { stream: "authorization", data: { status: "unauthorized", action: "authenticate" } },
      { stream: "authorization", data: { status: "authorized", action: "authenticate" } },
      { stream: "listening", data: { streams: ["trade_updates"] } },
      { stream: "listening", data: { streams: ["trade_updates"] } },
      { stream: "listening", data: { streams: [] } },
      { action: "error", data: { error_message: "invalid syntax" } },
      { action: "error", data: { error_message: "invalid syntax" } },
    ]);
    expect(listeners.get("ann" as AccountName)?.size).toBe(0);
  });

  test("the older form of authentication works too", async () => {
    const { socket, next } = await connect("/stream");
    socket.send(JSON.stringify({ action: "auth", key: "ANN", secret: "right" }));
    expect(await next(1)).toEqual([{ stream: "authorization", data: { status: "authorized", action: "authenticate" } }]);
  });

  test("a third wrong key ends the connection", async () => {
    const { socket } = await connect("/stream");
    for (let attempt = 0; attempt < 3; attempt += 1) authenticate(socket, "ANN", "wrong");
    const [code] = (await once(socket, "close")) as [number];
    expect([code, dropped]).toEqual([1008, ["not-authenticated"]]);
  });

  test("a client that goes away is forgotten", async () => {
    const { socket } = await listening("ANN");
    socket.close();
    await expect.poll(() => listeners.get("ann" as AccountName)?.size).toBe(0);
  });

  test.each([
    ["duplicate", ["a", "a", "b", "c"]],
    ["reorder", ["b", "a", "c"]],
    ["drop", ["b", "c"]],
  ])("a %s that was asked for happens to the updates", async (fault, received) => {
    const { next } = await listening("ANN");
    faults.follow(faultPlanSchema.parse({ stream: [{ fault, times: 1 }] }));
    for (const event of ["a", "b", "c"]) publish("ann", { event });
    expect((await next(received.length)).map((frame) => (frame as { data: { event: string } }).data.event)).toEqual(received);
  });

  test("a disconnect that was asked for happens", async () => {
    const { socket } = await listening("ANN");
    faults.follow(faultPlanSchema.parse({ stream: [{ fault: "disconnect", times: 1 }] }));
    publish("ann", { event: "a" });
    await once(socket, "close");
    expect(dropped).toEqual(["fault"]);
  });

  test("a client that does not read is dropped, and the others are served", async () => {
    const slow = await listening("ANN");
    const quick = await listening("ANN");
    slow.socket.pause();
    const filler = "x".repeat(100_000);
    let sent = 0;
    while (!dropped.includes("slow") && sent < 500) {
      publish("ann", { event: "fill", filler });
      sent += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(dropped).toEqual(["slow"]);
    expect(await quick.next(sent)).toHaveLength(sent);
  });
});

describe("market data", () => {
  const listeners = new Set<(message: EncodedMessage) => void>();
  const publish = (message: MarketMessage): void => {
    const once = new EncodedMessage(message);
    listeners.forEach((listener) => listener(once));
  };
  const AT = new Date("2024-02-21T15:00:00.123Z");
  const quote = (S: string): MarketMessage => ({ T: "q", S, bx: "V", bp: 499.99, bs: 100, ax: "V", ap: 500.01, as: 200, t: AT, c: ["R"], z: "B" });
  const trade = (S: string): MarketMessage => ({ T: "t", S, i: 1, x: "V", p: 500, s: 10, t: AT, c: ["@"], z: "B" });
  const NOTHING = { trades: [], quotes: [], bars: [], updatedBars: [], dailyBars: [], statuses: [], lulds: [], imbalances: [] };

  beforeEach(async () => {
    listeners.clear();
    let connections = 0;
    app.get("/v2/:feed", { websocket: true }, (socket, request) => {
      const { headers } = request;
      const encoding = headers["content-type"] === "application/msgpack" ? "msgpack" : "json";
      connections += 1;
      if (connections > 3) {
        refuseConnection(socket, encoding);
        return;
      }
      const keyId = headers["apca-api-key-id"];
      const options: DataStreamOptions = {
        isPermitted: (_, secret) => secret === "right",
        keysInHeaders: typeof keyId === "string" ? { keyId, secretKey: String(headers["apca-api-secret-key"]) } : undefined,
        encoding,
        subscribe: (listener) => {
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
        symbolsMax: 3,
        outlet: outlet(request),
      };
      serveMarketData(socket, options);
    });
    url = (await app.listen({ port: 0, host: "127.0.0.1" })).replace("http", "ws");
  });

  const json = (socket: WebSocket, frame: object): void => socket.send(JSON.stringify(frame));

  test("the protocol, frame by frame", async () => {
    const { socket, next } = await connect("/v2/iex");
    json(socket, { action: "subscribe", trades: ["SPY"] });
    json(socket, { action: "auth", key: "ANN", secret: "right" });
    json(socket, { action: "auth", key: "ANN", secret: "right" });
    json(socket, { action: "subscribe", trades: ["SPY"], bars: ["*"] });
    json(socket, { action: "subscribe", trades: ["IEF"], quotes: ["SPY"] });
    json(socket, { action: "subscribe", quotes: ["QQQ"] });
    json(socket, { action: "unsubscribe", trades: ["SPY"] });
    json(socket, { action: "subscribe", trades: "SPY" });
    socket.send("<html>");
    expect(await next(10)).toEqual([
      [{ T: "success", msg: "connected" }],
      [{ T: "error", code: 401, msg: "not authenticated" }],
      [{ T: "success", msg: "authenticated" }],
      [{ T: "error", code: 403, msg: "already authenticated" }],
      [{ T: "subscription", ...NOTHING, trades: ["SPY"], bars: ["*"] }],
      [{ T: "subscription", ...NOTHING, trades: ["SPY", "IEF"], quotes: ["SPY"], bars: ["*"] }],
      [{ T: "error", code: 405, msg: "symbol limit exceeded" }],
      [{ T: "subscription", ...NOTHING, trades: ["IEF"], quotes: ["SPY"], bars: ["*"] }],
      [{ T: "error", code: 400, msg: "invalid syntax" }],
      [{ T: "error", code: 400, msg: "invalid syntax" }],
    ]);
  });

  test("what was subscribed to comes, and nothing else", async () => {
    const { socket, next } = await connect("/v2/iex", { "apca-api-key-id": "ANN", "apca-api-secret-key": "right" });
    json(socket, { action: "subscribe", quotes: ["SPY"], trades: ["*"] });
    await next(3);
    for (const message of [quote("QQQ"), quote("SPY"), trade("QQQ")]) publish(message);
    expect(await next(2)).toEqual([
      [{ T: "q", S: "SPY", bx: "V", bp: 499.99, bs: 100, ax: "V", ap: 500.01, as: 200, t: "2024-02-21T15:00:00.123Z", c: ["R"], z: "B" }],
      [{ T: "t", S: "QQQ", i: 1, x: "V", p: 500, s: 10, t: "2024-02-21T15:00:00.123Z", c: ["@"], z: "B" }],
    ]);
  });

  test("a client that asks for MessagePack gets it, times as timestamps, and speaks it", async () => {
    const { socket, next } = await connect("/v2/iex", { "content-type": "application/msgpack" });
    socket.send(encode({ action: "auth", key: "ANN", secret: "right" }));
    socket.send(encode({ action: "subscribe", trades: ["SPY"] }));
    expect(await next(3)).toEqual([[{ T: "success", msg: "connected" }], [{ T: "success", msg: "authenticated" }], [{ T: "subscription", ...NOTHING, trades: ["SPY"] }]]);
    publish(trade("SPY"));
    expect(await next(1)).toEqual([[{ T: "t", S: "SPY", i: 1, x: "V", p: 500, s: 10, t: AT, c: ["@"], z: "B" }]]);
  });

  test("wrong keys end the connection", async () => {
    const { socket, heard } = await connect("/v2/iex");
    json(socket, { action: "auth", key: "ANN", secret: "wrong" });
    await once(socket, "close");
    expect(heard.at(-1)).toEqual([{ T: "error", code: 402, msg: "auth failed" }]);
  });

  test("one connection too many is told so", async () => {
    for (let count = 0; count < 3; count += 1) await connect("/v2/iex");
    const { heard, socket } = await connect("/v2/iex");
    await once(socket, "close");
    expect(heard).toEqual([[{ T: "success", msg: "connected" }], [{ T: "error", code: 406, msg: "connection limit exceeded" }]]);
  });
});
