/** A client that talks nonsense on a stream loses its own connection at the most. BALLAST_FUZZ_FACTOR asks for so many times as many. */
import { once } from "node:events";
import { connect } from "node:net";
import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { expectAlways, FUZZ_TIMEOUT_MS } from "../support/fuzzing.ts";
import { keysOf } from "../support/hostile-requests.ts";
import { hostileJson, hostileText, spoiling } from "../support/hostile-values.ts";
import { HostileWorld, OWNERS } from "../support/hostile-world.ts";

const [ANN, BOB] = OWNERS;
const PATHS = ["/stream", "/v2/iex", "/v2/sip", "/v2/delayed_sip"] as const;

type Frame = { readonly text: string } | { readonly bytes: Uint8Array } | { readonly raw: Uint8Array } | "half-open";

const valid = fc.constantFrom<unknown>(
  { action: "auth", key: keysOf(BOB)["APCA-API-KEY-ID"], secret: keysOf(BOB)["APCA-API-SECRET-KEY"] },
  { action: "auth", key: keysOf(ANN)["APCA-API-KEY-ID"], secret: keysOf(BOB)["APCA-API-SECRET-KEY"] },
  { action: "authenticate", data: { key_id: keysOf(BOB)["APCA-API-KEY-ID"], secret_key: keysOf(BOB)["APCA-API-SECRET-KEY"] } },
  { action: "listen", data: { streams: ["trade_updates"] } },
  { action: "listen", data: { streams: [] } },
  { action: "subscribe", trades: ["AAA", "__proto__"], quotes: ["*"], bars: ["constructor"] },
  { action: "subscribe", quotes: Array.from({ length: 12_000 }, (_, index) => `S${index}`) },
  { action: "unsubscribe", trades: ["*"], lulds: ["AAA"] },
);
const frames: fc.Arbitrary<Frame> = fc.oneof(
  { weight: 6, arbitrary: valid.map((value) => ({ text: JSON.stringify(value) })) },
  { weight: 2, arbitrary: valid.map((value) => ({ bytes: encode(value) })) },
  { weight: 2, arbitrary: hostileJson.map((value) => ({ text: JSON.stringify({ action: "subscribe", trades: value, data: value, key: value }) })) },
  { weight: 2, arbitrary: fc.tuple(valid, spoiling).map(([value, spoil]) => ({ text: spoil(JSON.stringify(value)) })) },
  { weight: 1, arbitrary: hostileText.map((text) => ({ text: text.toWellFormed() })) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2_000 }).map((bytes) => ({ bytes })) },
  { weight: 1, arbitrary: fc.constant({ bytes: new Uint8Array(3 * 1_048_576) }) },
  // Below the protocol: no mask, reserved bits, an announced length that never comes.
  { weight: 1, arbitrary: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.constantFrom(new Uint8Array([0x81, 0x05, 1, 2, 3, 4, 5]), new Uint8Array([0xff, 0xff]), new Uint8Array([0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))).map((raw) => ({ raw })) },
  { weight: 1, arbitrary: fc.constant("half-open" as const) },
);

const offender = fc.record({ path: fc.constantFrom(...PATHS), msgpack: fc.boolean(), headerKeys: fc.boolean(), frames: fc.array(frames, { minLength: 1, maxLength: 8 }) });

test("whatever a client sends, the others hear what is theirs and the server goes on", { timeout: FUZZ_TIMEOUT_MS }, async () => {
  await expectAlways(fc.array(offender, { minLength: 2, maxLength: 5 }), { runs: 25 }, async (offenders) => {
    const world = await HostileWorld.open();
    try {
      const sockets = await Promise.all(offenders.map((one) => misbehave(world, one)));
      const order = { symbol: "AAA", qty: "1", side: "buy", type: "market", time_in_force: "day", client_order_id: `${ANN}-witness` };
      const placed = await world.send({ account: ANN, method: "POST", path: "/v2/orders", headers: { ...keysOf(ANN), "content-type": "application/json" }, body: JSON.stringify(order) });
      expect(placed).toMatchObject({ status: 200 });
      await expect.poll(() => world.heardBy(ANN).filter((text) => text.includes(`${ANN}-witness`)).length, { timeout: 5_000 }).toBe(2);
      const heard = sockets.flatMap((socket) => socket.heard).join("\n");
      if (heard.includes(ANN)) throw new Error(`an offender heard of ${ANN}: ${heard.slice(0, 500)}`);
      const leak = world.streamLeak();
      if (leak !== undefined) throw new Error(leak);
      for (const { close } of sockets) close();
    } finally {
      const differs = await world.close();
      if (differs !== undefined) throw new Error(differs);
    }
  });
});

interface Misbehaved {
  readonly heard: string[];
  readonly close: () => void;
}

async function misbehave(world: HostileWorld, { path, msgpack, headerKeys, frames: sent }: { readonly path: string; readonly msgpack: boolean; readonly headerKeys: boolean; readonly frames: readonly Frame[] }): Promise<Misbehaved> {
  const headers = { ...(msgpack && { "content-type": "application/msgpack" }), ...(headerKeys && keysOf(BOB)) };
  const socket = new WebSocket(`${world.server.url.replace("http", "ws")}${path}`, { headers });
  const heard: string[] = [];
  socket.on("message", (data: Buffer) => heard.push(data.toString()));
  socket.on("error", () => undefined);
  await once(socket, "open");
  const halfOpen = sent.includes("half-open") ? halfOpened(world, path) : undefined;
  for (const frame of sent) {
    if (frame === "half-open" || socket.readyState !== WebSocket.OPEN) continue;
    if ("text" in frame) socket.send(frame.text);
    else if ("bytes" in frame) socket.send(frame.bytes);
    else (socket as unknown as { readonly _socket: { write(bytes: Uint8Array): void } })._socket.write(frame.raw);
  }
  // A round trip, so that all has been read: the server answers a ping, or has closed.
  if (socket.readyState === WebSocket.OPEN) {
    const answered = Promise.race([once(socket, "pong"), once(socket, "close")]).catch(() => undefined);
    socket.ping();
    await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
  }
  return {
    heard,
    close() {
      socket.terminate();
      halfOpen?.destroy();
    },
  };
}

/** Asks for a stream and says nothing more, without reading the answer. */
function halfOpened(world: HostileWorld, path: string): ReturnType<typeof connect> {
  const socket = connect(Number(new URL(world.server.url).port), "127.0.0.1", () => {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
    socket.end();
  });
  socket.on("error", () => undefined);
  socket.pause();
  return socket;
}
