/**
 * /stream: an account's trade updates, as Alpaca's trading stream has them (JSON, in text or binary frames).
 *
 * A client authenticates within ten seconds and then says what it listens to; each `listen` replaces the one before.
 * From the moment of its answer on, every update of the account follows, in order; none from before is told again, so a
 * client that comes back asks by REST what it missed. An update is serialised once, however many listen.
 */
import type { WebSocket } from "@fastify/websocket";
import { z } from "zod";
import type { AccountName } from "../trade.ts";
import { StreamOutlet, type OutletOptions } from "./stream-outlet.ts";

export interface UpdateStreamOptions {
  /** The account of a key that may read; undefined for any other. */
  readonly accountOf: (keyId: string, secretKey: string) => AccountName | undefined | Promise<AccountName | undefined>;
  /** Calls back with each update of the account as JSON text. Returns how to stop. */
  readonly subscribe: (account: AccountName, listener: (update: string) => void) => () => void;
  readonly outlet: OutletOptions;
}

const AUTHENTICATE_WITHIN_MS = 10_000;
const ATTEMPTS_MAX = 3;
const FRAME_MAX = 16_384;

const frameSchema = z.discriminatedUnion("action", [
  z.looseObject({ action: z.literal("authenticate"), data: z.looseObject({ key_id: z.string(), secret_key: z.string() }) }),
  /** An older form that clients still send. */
  z.looseObject({ action: z.literal("auth"), key: z.string(), secret: z.string() }),
  z.looseObject({ action: z.literal("listen"), data: z.looseObject({ streams: z.array(z.string()).max(20) }) }),
]);

/** Returns how to close the connection at a shutdown. */
export function serveUpdates(socket: WebSocket, { accountOf, subscribe, outlet: options }: UpdateStreamOptions): () => void {
  const outlet = new StreamOutlet(socket, options);
  let account: AccountName | undefined;
  let attempts = 0;
  let stop: (() => void) | undefined;
  const deadline = setTimeout(() => account ?? outlet.drop("not-authenticated"), AUTHENTICATE_WITHIN_MS).unref();
  const answer = (frame: object): void => outlet.answer(JSON.stringify(frame));

  // One frame after the other: a listen must not overtake the authentication before it.
  let before: Promise<void> = Promise.resolve();
  socket.on("message", (data: Buffer) => {
    before = before.then(() => receive(data));
  });
  socket.on("close", () => {
    clearTimeout(deadline);
    stop?.();
  });
  socket.on("error", () => socket.terminate());
  return () => outlet.drop("shutdown");

  async function receive(data: Buffer): Promise<void> {
    const frame = parsed(data);
    if (frame === undefined) answer({ action: "error", data: { error_message: "invalid syntax" } });
    else if (frame.action === "listen") listen(frame.data.streams);
    else if (frame.action === "auth") await authenticate(frame.key, frame.secret);
    else await authenticate(frame.data.key_id, frame.data.secret_key);
  }

  async function authenticate(keyId: string, secretKey: string): Promise<void> {
    account ??= await accountOf(keyId, secretKey);
    answer({ stream: "authorization", data: { status: account === undefined ? "unauthorized" : "authorized", action: "authenticate" } });
    attempts += 1;
    if (account === undefined && attempts >= ATTEMPTS_MAX) outlet.drop("not-authenticated");
  }

  function listen(wanted: readonly string[]): void {
    if (account === undefined) {
      answer({ stream: "authorization", data: { status: "unauthorized", action: "listen" } });
      return;
    }
    const streams = wanted.filter((stream) => stream === "trade_updates");
    stop?.();
    stop = undefined;
    answer({ stream: "listening", data: { streams } });
    if (streams.length > 0) stop = subscribe(account, (update) => outlet.feed(`{"stream":"trade_updates","data":${update}}`));
  }
}

function parsed(data: Buffer): z.output<typeof frameSchema> | undefined {
  if (data.length > FRAME_MAX) return undefined;
  try {
    return frameSchema.safeParse(JSON.parse(data.toString("utf8"))).data;
  } catch {
    // No JSON: the client is told so, and its connection goes on.
    return undefined;
  }
}
