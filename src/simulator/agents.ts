/**
 * Seeded clients of the exchange that make a plausible market without data, for load and for teaching.
 *
 * Each acts once when it is asked to, in the order it is asked, and decides by its own generator and the exchange's
 * answers alone; so one seed gives one market. Prices are on whole cents, quantities in whole shares. Their accounts
 * are the caller's to open. An agent that sells short needs an account that may.
 */
import { shares, type Price } from "../money.ts";
import type { AccountName, ClientOrderId, Side, Symbol } from "../trade.ts";
import type { Exchange } from "./exchange.ts";
import type { Prng } from "./prng.ts";

export interface Agent {
  act(exchange: Exchange): void;
}

interface Seat {
  readonly account: AccountName;
  readonly symbol: Symbol;
  readonly chance: Prng;
}

const CENT = 10_000;

/** Quotes `levels` bids and asks around a fair value, which wanders by a cent at a time and leans against its position. */
export function marketMaker(seat: Seat, fairValue: Price, { halfSpreadCents, levels, size }: { readonly halfSpreadCents: number; readonly levels: number; readonly size: number }): Agent {
  const orders = new OrderIds(seat.account);
  let fair: number = fairValue;
  let quoted: readonly ClientOrderId[] = [];
  return {
    act(exchange) {
      fair = Math.max(CENT * (halfSpreadCents + levels + 1), fair + seat.chance.integer(-1, 1) * CENT);
      for (const id of quoted) exchange.cancel(seat.account, id);
      const held = exchange.account(seat.account).positions.find(({ symbol }) => symbol === seat.symbol)?.quantity ?? 0;
      const centre = fair - Math.max(-halfSpreadCents, Math.min(halfSpreadCents, Math.round(held / shares(size * levels)))) * CENT;
      quoted = Array.from({ length: levels }, (_, level) => level).flatMap((level) =>
        (["buy", "sell"] as const).map((side) => {
          const distance = (halfSpreadCents + level) * CENT;
          return limitOrder(exchange, seat, orders.next(), side, centre + (side === "buy" ? -distance : distance), size);
        }),
      );
    },
  };
}

/** Limit orders at random prices near the last one, on either side, and cancels of old ones. */
export function noiseTrader(seat: Seat, { rangeCents, sizeMax, openMax }: { readonly rangeCents: number; readonly sizeMax: number; readonly openMax: number }): Agent {
  const orders = new OrderIds(seat.account);
  let open: readonly ClientOrderId[] = [];
  return {
    act(exchange) {
      const { last, bid, ask } = exchange.topOf(seat.symbol);
      const around = last ?? bid ?? ask;
      if (around === undefined) return;
      const side = sideBy(seat.chance);
      const price = around + seat.chance.integer(-rangeCents, rangeCents) * CENT;
      open = [...open, limitOrder(exchange, seat, orders.next(), side, Math.max(CENT, price - (price % CENT)), seat.chance.integer(1, sizeMax))];
      while (open.length > openMax) {
        exchange.cancel(seat.account, open[0]!);
        open = open.slice(1);
      }
    },
  };
}

/** Buys after the price rose over its last `memory` looks, sells after it fell. */
export function momentumTrader(seat: Seat, { memory, size }: { readonly memory: number; readonly size: number }): Agent {
  const orders = new OrderIds(seat.account);
  const seen: Price[] = [];
  return {
    act(exchange) {
      const { last } = exchange.topOf(seat.symbol);
      if (last === undefined) return;
      seen.push(last);
      if (seen.length <= memory) return;
      const before = seen.shift()!;
      if (last !== before) marketOrder(exchange, seat, orders.next(), last > before ? "buy" : "sell", size);
    },
  };
}

/** Takes what is offered, now and then, on either side. */
export function liquidityTaker(seat: Seat, { oneIn, sizeMax }: { readonly oneIn: number; readonly sizeMax: number }): Agent {
  const orders = new OrderIds(seat.account);
  return {
    act(exchange) {
      const size = seat.chance.integer(1, sizeMax);
      const side = sideBy(seat.chance);
      if (seat.chance.integer(1, oneIn) === 1) marketOrder(exchange, seat, orders.next(), side, size);
    },
  };
}

class OrderIds {
  readonly #account: AccountName;
  #count = 0;

  constructor(account: AccountName) {
    this.#account = account;
  }

  next(): ClientOrderId {
    this.#count += 1;
    return `${this.#account}-${this.#count}` as ClientOrderId;
  }
}

function sideBy(chance: Prng): Side {
  return chance.integer(0, 1) === 0 ? "buy" : "sell";
}

function limitOrder(exchange: Exchange, { account, symbol }: Seat, clientOrderId: ClientOrderId, side: Side, price: number, size: number): ClientOrderId {
  exchange.place(account, { clientOrderId, symbol, side, type: "limit", quantity: shares(size), timeInForce: "day", limitPrice: price as Price });
  return clientOrderId;
}

function marketOrder(exchange: Exchange, { account, symbol }: Seat, clientOrderId: ClientOrderId, side: Side, size: number): void {
  exchange.place(account, { clientOrderId, symbol, side, type: "market", quantity: shares(size), timeInForce: "ioc" });
}
