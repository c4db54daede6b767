/**
 * The trading stream as an alarm clock: it says that something may have changed, and the truth is asked for by REST.
 *
 * So an update that is lost, late, doubled or out of order does no harm; it is a poll more or less. A connection that
 * drops is opened again after a fifth of a second, then at growing intervals of at most five; silence is noticed within
 * seven seconds. Updates are not replayed after that (Alpaca's documentation), which is why every new connection counts
 * as a change itself. Rejected keys end the stream for good, and the caller goes on by the clock alone.
 */
import { streaming } from "@alpacahq/alpaca-trade-api";
import { z } from "zod";
import type { AlpacaKeys } from "../aws/secret.ts";
import { basePathOf, paperTrading, type TradingHost } from "./hosts.ts";

/** What is shown of an update. */
export interface TradeUpdate {
  /** Alpaca's word: new, fill, partial_fill, canceled, … */
  readonly event: string;
  readonly clientOrderId: string;
  readonly symbol: string;
}

export interface TradeUpdates {
  readonly state: "listening" | "away" | "refused";
  /** True as soon as something may have changed since the last call that said so; false once `ms` have passed. */
  changed(ms: number): Promise<boolean>;
  close(): void;
}

export interface TradeUpdatesOptions {
  readonly keys: AlpacaKeys;
  /** Paper when absent. */
  readonly host?: TradingHost;
  readonly onUpdate?: (update: TradeUpdate) => void;
}

const RECONNECT_MIN_MS = 200;
const RECONNECT_MAX_MS = 5_000;
const PING_EVERY_MS = 5_000;
const PONG_WITHIN_MS = 2_000;

export function tradeUpdates({ keys, host = paperTrading, onUpdate }: TradeUpdatesOptions): TradeUpdates {
  const stream = new streaming.TradingStream({
    credentials: { keyId: keys.keyId.reveal(), secret: keys.secretKey.reveal() },
    url: `${basePathOf(host).replace(/^http/, "ws")}/stream`,
    maxReconnectAttempts: streaming.UNLIMITED_RECONNECT_ATTEMPTS,
    initialReconnectMs: RECONNECT_MIN_MS,
    maxReconnectMs: RECONNECT_MAX_MS,
    pingIntervalMs: PING_EVERY_MS,
    pongWaitMs: PONG_WITHIN_MS,
  });
  let state: TradeUpdates["state"] = "away";
  let news = false;
  let wake: () => void = () => undefined;
  const tell = (): void => {
    news = true;
    wake();
  };
  stream.on(streaming.EVENT.SUBSCRIPTION, () => {
    state = "listening";
    tell();
  });
  stream.on(streaming.EVENT.STATE_CHANGE, (next: streaming.STATE) => {
    if (next !== streaming.STATE.AUTHENTICATED) state = "away";
  });
  stream.on(streaming.EVENT.TRADE_UPDATE, (update: unknown) => {
    const known = updateSchema.safeParse(update);
    if (known.success) onUpdate?.(known.data);
    tell();
  });
  void stream.whenAuthenticated().then(({ status }) => {
    if (status === streaming.STREAM_AUTH_STATUS.SERVER_REJECTED) state = "refused";
  });
  stream.subscribeTradeUpdates();
  stream.connect();
  return {
    get state() {
      return state;
    },
    async changed(ms) {
      if (!news) await tellingOrTime(ms);
      const changed = news;
      news = false;
      return changed;
    },
    close: () => {
      stream.disconnect();
      wake();
    },
  };

  function tellingOrTime(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        wake = () => undefined;
        resolve();
      }
      wake = done;
    });
  }
}

/** Read of the frame itself: the SDK's model of an order is not needed for a message. */
const updateSchema = z
  .looseObject({ event: z.string(), order: z.looseObject({ client_order_id: z.string(), symbol: z.string() }) })
  .transform(({ event, order }): TradeUpdate => ({ event, clientOrderId: order.client_order_id, symbol: order.symbol }));
