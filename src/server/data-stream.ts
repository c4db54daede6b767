/**
 * /v2/{feed}: market data as Alpaca's stream has them, in JSON, or in MessagePack for a client that asked for it.
 *
 * Every server frame is an array. A client authenticates within ten seconds, by a frame or by the headers of its
 * upgrade, and then adds and removes symbols by channel; "*" is every symbol. Errors have Alpaca's numbers. A message is
 * encoded once for each of the two encodings, however many receive it. Timestamps are dates here: RFC 3339 in JSON, and
 * the timestamp extension (type -1) in MessagePack.
 */
import type { WebSocket } from "@fastify/websocket";
import { decode, encode } from "@msgpack/msgpack";
import { z } from "zod";
import { StreamOutlet, type OutletOptions } from "./stream-outlet.ts";

/** The letter that the wire has for each channel. */
const CHANNEL_OF = { t: "trades", q: "quotes", b: "bars", u: "updatedBars", d: "dailyBars", s: "statuses" } as const;
type Channel = (typeof CHANNEL_OF)[keyof typeof CHANNEL_OF] | "lulds" | "imbalances";
const CHANNELS: readonly Channel[] = ["trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds", "imbalances"];

/** One message, with the wire's names: `T` its kind, `S` its symbol, `t` its time. */
export type MarketMessage = { readonly T: keyof typeof CHANNEL_OF; readonly S: string; readonly t: Date } & Readonly<Record<string, unknown>>;

export interface DataStreamOptions {
  readonly isPermitted: (keyId: string, secretKey: string) => boolean | Promise<boolean>;
  readonly keysInHeaders: { readonly keyId: string; readonly secretKey: string } | undefined;
  readonly encoding: "json" | "msgpack";
  readonly subscribe: (listener: (message: EncodedMessage) => void) => () => void;
  /** Symbols that one connection may name for trades and quotes together. */
  readonly symbolsMax: number;
  readonly outlet: Omit<OutletOptions, "farewell">;
}

const AUTHENTICATE_WITHIN_MS = 10_000;
const FRAME_MAX = 1_048_576;

const symbols = z.array(z.string().min(1).max(32)).max(100_000).optional();
const frameSchema = z.discriminatedUnion("action", [
  z.looseObject({ action: z.literal("auth"), key: z.string(), secret: z.string() }),
  z.looseObject({ action: z.enum(["subscribe", "unsubscribe"]), trades: symbols, quotes: symbols, bars: symbols, updatedBars: symbols, dailyBars: symbols, statuses: symbols, lulds: symbols, imbalances: symbols }),
]);

const ERRORS = { 400: "invalid syntax", 401: "not authenticated", 402: "auth failed", 403: "already authenticated", 404: "auth timeout", 405: "symbol limit exceeded", 406: "connection limit exceeded", 407: "slow client" } as const;

/** A message in both encodings, each made when it is first asked for. */
export class EncodedMessage {
  readonly message: MarketMessage;
  #json: string | undefined;
  #msgpack: Uint8Array | undefined;

  constructor(message: MarketMessage) {
    this.message = message;
  }

  as(encoding: "json" | "msgpack"): string | Uint8Array {
    return encoding === "json" ? (this.#json ??= JSON.stringify([this.message])) : (this.#msgpack ??= encode([this.message]));
  }
}

/** What a connection is told that may not be: one too many. */
export function refuseConnection(socket: WebSocket, encoding: "json" | "msgpack"): void {
  socket.send(encoded(encoding, [{ T: "success", msg: "connected" }]));
  socket.send(encoded(encoding, [errorOf(406)]));
  socket.close(1008);
}

/** Returns how to close the connection at a shutdown. */
export function serveMarketData(socket: WebSocket, { isPermitted, keysInHeaders, encoding, subscribe, symbolsMax, outlet: options }: DataStreamOptions): () => void {
  const outlet = new StreamOutlet(socket, { ...options, farewell: encoded(encoding, [errorOf(407)]) });
  const subscribed = new Map(CHANNELS.map((channel) => [channel, new Set<string>()]));
  let isAuthenticated = false;
  let stop: (() => void) | undefined;
  const answer = (frame: object): void => outlet.answer(encoded(encoding, [frame]));
  const refuse = (code: keyof typeof ERRORS): void => answer(errorOf(code));
  const deadline = setTimeout(() => {
    refuse(404);
    outlet.drop("not-authenticated");
  }, AUTHENTICATE_WITHIN_MS).unref();

  let before: Promise<void> = Promise.resolve();
  const inTurn = (act: () => Promise<void> | void): void => void (before = before.then(act));
  socket.on("message", (data: Buffer) => inTurn(() => receive(data)));
  socket.on("close", () => {
    clearTimeout(deadline);
    stop?.();
  });
  socket.on("error", () => socket.terminate());
  answer({ T: "success", msg: "connected" });
  if (keysInHeaders) inTurn(() => authenticate(keysInHeaders.keyId, keysInHeaders.secretKey));
  return () => outlet.drop("shutdown");

  async function receive(data: Buffer): Promise<void> {
    const frame = parsed(data, encoding);
    if (frame === undefined) refuse(400);
    else if (frame.action === "auth" && isAuthenticated) refuse(403);
    else if (frame.action === "auth") await authenticate(frame.key, frame.secret);
    else if (!isAuthenticated) refuse(401);
    else change(frame);
  }

  async function authenticate(keyId: string, secretKey: string): Promise<void> {
    isAuthenticated = await isPermitted(keyId, secretKey);
    if (!isAuthenticated) {
      refuse(402);
      outlet.drop("not-authenticated");
      return;
    }
    clearTimeout(deadline);
    answer({ T: "success", msg: "authenticated" });
  }

  function change(frame: Exclude<z.output<typeof frameSchema>, { action: "auth" }>): void {
    const wanted = new Map(CHANNELS.map((channel) => [channel, changed(subscribed.get(channel)!, frame[channel] ?? [], frame.action)]));
    if (wanted.get("trades")!.size + wanted.get("quotes")!.size > symbolsMax) {
      refuse(405);
      return;
    }
    for (const [channel, names] of wanted) subscribed.set(channel, names);
    answer({ T: "subscription", ...Object.fromEntries([...subscribed].map(([channel, names]) => [channel, [...names]])) });
    stop ??= subscribe((encodedMessage) => {
      const { T, S } = encodedMessage.message;
      const names = subscribed.get(CHANNEL_OF[T])!;
      if (names.has(S) || names.has("*")) outlet.feed(encodedMessage.as(encoding));
    });
  }
}

function changed(names: ReadonlySet<string>, by: readonly string[], action: "subscribe" | "unsubscribe"): Set<string> {
  const after = new Set(names);
  for (const name of by) {
    if (action === "subscribe") after.add(name);
    else after.delete(name);
  }
  return after;
}

function errorOf(code: keyof typeof ERRORS): object {
  return { T: "error", code, msg: ERRORS[code] };
}

function encoded(encoding: "json" | "msgpack", frame: readonly object[]): string | Uint8Array {
  return encoding === "json" ? JSON.stringify(frame) : encode(frame);
}

function parsed(data: Buffer, encoding: "json" | "msgpack"): z.output<typeof frameSchema> | undefined {
  if (data.length > FRAME_MAX) return undefined;
  try {
    const frame: unknown = encoding === "json" ? JSON.parse(data.toString("utf8")) : decode(data);
    return frameSchema.safeParse(frame).data;
  } catch {
    // Neither JSON nor MessagePack: the client is told so, and its connection goes on.
    return undefined;
  }
}
