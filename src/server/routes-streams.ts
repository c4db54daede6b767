/**
 * /stream and /v2/{feed} over the venue's own announcements. The market of this venue is one, so every feed carries it.
 *
 * An update is rendered when it is announced, and only while somebody of its account listens.
 */
import websocket, { type WebSocket, type WebsocketHandler } from "@fastify/websocket";
import type { FastifyReply, FastifyRequest } from "fastify";
import { moneyToNumber, moneyToText, quantityToText } from "../money.ts";
import { isoOf } from "../time.ts";
import type { AccountName } from "../trade.ts";
import { EncodedMessage, refuseConnection, serveMarketData, type MarketMessage } from "./data-stream.ts";
import { executionId } from "./derived-ids.ts";
import type { FaultInjector } from "./faults.ts";
import { keysIn } from "./gate.ts";
import { refuseBytes } from "./refused-bytes.ts";
import type { Identity, ServerParts } from "./server-parts.ts";
import type { DropReason, OutletOptions } from "./stream-outlet.ts";
import type { ShownBar } from "./printed-market.ts";
import { loginOf } from "./seasons.ts";
import { serveUpdates } from "./update-stream.ts";
import type { Venue } from "./venue.ts";
import type { MarketBar, MarketUpdate, TradeUpdate } from "./venue-replies.ts";
import { barView, quoteView, tradeView } from "./wire-market-data.ts";
import { WireError } from "./wire-errors.ts";
import { orderJson } from "./wire-orders.ts";

export interface StreamWatch {
  readonly sent: (stream: "trade_updates" | "market_data") => void;
  readonly dropped: (reason: DropReason) => void;
  readonly opened: (change: 1 | -1) => void;
}

const FRAME_MAX = 2 * 1_048_576;
/** Of one key, on the market data streams. */
const DATA_CONNECTIONS_MAX = 10;
const SYMBOLS_MAX = 10_000;

export async function streamRoutes({ app, venue, settings }: ServerParts, faults: FaultInjector, watch: StreamWatch): Promise<void> {
  await app.register(websocket, { options: { maxPayload: FRAME_MAX } });
  // Of an upgrade that is none, as without its key.
  app.websocketServer.on("wsClientError", refuseBytes);
  const updates = updatesOf(venue);
  const market = marketOf(venue);
  const closers = new Set<() => void>();
  const readers = new Map<string, number>();
  const outlet = (stream: "trade_updates" | "market_data", { raw }: FastifyRequest): OutletOptions => ({ connection: raw.socket, faults, onSent: () => watch.sent(stream), onDropped: watch.dropped });
  const identityOf = (keyId: string, secretKey: string): Identity | undefined => {
    const identity = settings.authenticator.authenticate(keyId, secretKey);
    return identity && (identity.scopes.has("read") || identity.scopes.has("trade")) ? identity : undefined;
  };
  const opened = (socket: WebSocket, close: () => void): void => {
    closers.add(close);
    watch.opened(1);
    socket.on("close", () => {
      closers.delete(close);
      watch.opened(-1);
    });
  };

  const stream = (url: string, wsHandler: WebsocketHandler): void => void app.route({ method: "GET", url, handler: askForUpgrade, wsHandler });

  stream("/stream", (socket, request) => {
    opened(socket, serveUpdates(socket, { accountOf: (keyId, secretKey) => identityOf(keyId, secretKey)?.account, subscribe: updates, outlet: outlet("trade_updates", request) }));
  });
  for (const feed of ["iex", "sip", "delayed_sip"]) {
    stream(`/v2/${feed}`, (socket, request) => {
      const encoding = request.headers["content-type"] === "application/msgpack" ? "msgpack" : "json";
      let holder: string | undefined;
      const isPermitted = (keyId: string, secretKey: string): boolean => {
        const identity = identityOf(keyId, secretKey);
        if (!identity) return false;
        const open = (readers.get(identity.keyId) ?? 0) + 1;
        if (open > DATA_CONNECTIONS_MAX) {
          refuseConnection(socket, encoding);
          return false;
        }
        holder = identity.keyId;
        readers.set(holder, open);
        return true;
      };
      opened(socket, serveMarketData(socket, { isPermitted, keysInHeaders: keysIn(request), encoding, subscribe: market, symbolsMax: SYMBOLS_MAX, outlet: outlet("market_data", request) }));
      socket.on("close", () => {
        if (holder !== undefined) readers.set(holder, (readers.get(holder) ?? 1) - 1);
      });
    });
  }
  app.addHook("preClose", async () => {
    for (const close of closers) close();
  });
}

async function askForUpgrade(_request: FastifyRequest, reply: FastifyReply): Promise<never> {
  reply.header("upgrade", "websocket");
  throw new WireError(426, 42610000, "a stream is read over a WebSocket");
}

type Unsubscribe = () => void;

function updatesOf(venue: Venue): (account: AccountName, listener: (update: string) => void) => Unsubscribe {
  const listeners = new Map<AccountName, Set<(update: string) => void>>();
  venue.onUpdate((update) => {
    const own = listeners.get(loginOf(update.account));
    if (!own || own.size === 0) return;
    const text = updateJson(venue, update);
    for (const listener of own) listener(text);
  });
  return (account, listener) => {
    const own = listeners.get(account) ?? new Set();
    listeners.set(account, own.add(listener));
    return () => void own.delete(listener);
  };
}

function updateJson(venue: Venue, { event, at, order, execution }: TradeUpdate): string {
  const fill = execution ? `,"execution_id":"${executionId(venue.settings.salt, execution.name)}","price":"${moneyToText(execution.price)}","qty":"${quantityToText(execution.quantity)}","position_qty":"${quantityToText(execution.positionQuantity)}"` : "";
  return `{"event":"${event}","timestamp":"${isoOf(at)}"${fill},"order":${orderJson(venue, order, false)}}`;
}

function marketOf(venue: Venue): (listener: (message: EncodedMessage) => void) => Unsubscribe {
  const listeners = new Set<(message: EncodedMessage) => void>();
  venue.onMarket((update) => {
    if (listeners.size === 0) return;
    const message = new EncodedMessage(messageOf(update));
    for (const listener of listeners) listener(message);
  });
  return (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
}

function messageOf(update: MarketUpdate): MarketMessage {
  const S = update.symbol;
  switch (update.type) {
    case "trade":
      return { T: "t", S, ...tradeView(update), t: new Date(update.at) };
    case "quote":
      return { T: "q", S, ...quoteView(update), t: new Date(update.at) };
    case "bar":
      return { T: update.timeframe === "day" ? "d" : "b", S, ...barView(inNumbers(update.bar)), t: new Date(update.bar.at) };
    case "halted":
      return { T: "s", S, t: new Date(update.at), sc: "H", sm: "Trading Halt", rc: "", rm: "", z: "A" };
    case "resumed":
      return { T: "s", S, t: new Date(update.at), sc: "T", sm: "Trading Resumption", rc: "", rm: "", z: "A" };
  }
}

function inNumbers({ at, open, high, low, close, volume, trades, average }: MarketBar): ShownBar {
  return { at, open: moneyToNumber(open), high: moneyToNumber(high), low: moneyToNumber(low), close: moneyToNumber(close), volume, trades, average: moneyToNumber(average) };
}
