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
import type { Prng, PrngState } from "./prng.ts";

export interface Agent {
  act(exchange: Exchange): void;
  /** All that it remembers; an agent that is made with it goes on in the same way. */
  memory(): AgentMemory;
}

export interface AgentMemory {
  readonly chance: PrngState;
  /** Orders so far. */
  readonly orders: number;
  readonly open: readonly ClientOrderId[];
  readonly prices: readonly number[];
}

interface Seat {
  readonly account: AccountName;
  readonly symbol: Symbol;
  readonly chance: Prng;
  /** Its chance is the seat's. */
  readonly memory?: AgentMemory | undefined;
}

const CENT = 10_000;
/** How far from the last price an agent takes what is offered. */
const REACH = 0.05;

interface MakerHabits {
  readonly halfSpreadCents: number;
  readonly levels: number;
  /** Shares at each price. */
  readonly size: number;
  /** Shares that it wants to hold: one that sells from a stock never runs out of offers, as an order closes a position or opens one and never both. */
  readonly stock?: number;
}

/** Quotes `levels` bids and asks around a fair value, which wanders by a cent at a time and leans against its position. */
export function marketMaker(seat: Seat, fairValue: Price, { halfSpreadCents, levels, size, stock = 0 }: MakerHabits): Agent {
  const orders = new OrderIds(seat);
  let fair: number = seat.memory?.prices[0] ?? fairValue;
  let quoted: readonly ClientOrderId[] = seat.memory?.open ?? [];
  return {
    memory: () => remembered(seat, orders, quoted, [fair]),
    act(exchange) {
      fair = Math.max(CENT * (halfSpreadCents + levels + 1), fair + seat.chance.integer(-1, 1) * CENT);
      for (const id of quoted) exchange.cancel(seat.account, id);
      const held = exchange.account(seat.account).positions.find(({ symbol }) => symbol === seat.symbol)?.quantity ?? 0;
      const centre = fair - Math.max(-halfSpreadCents, Math.min(halfSpreadCents, Math.round((held - shares(stock)) / shares(size * levels)))) * CENT;
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
  const orders = new OrderIds(seat);
  let open: readonly ClientOrderId[] = seat.memory?.open ?? [];
  return {
    memory: () => remembered(seat, orders, open, []),
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
  const orders = new OrderIds(seat);
  const seen: number[] = [...(seat.memory?.prices ?? [])];
  return {
    memory: () => remembered(seat, orders, [], [...seen]),
    act(exchange) {
      const { last } = exchange.topOf(seat.symbol);
      if (last === undefined) return;
      seen.push(last);
      if (seen.length <= memory) return;
      const before = seen.shift()!;
      if (last !== before) take(exchange, seat, orders.next(), last > before ? "buy" : "sell", size, last);
    },
  };
}

/** Takes what is offered, now and then, on either side. */
export function liquidityTaker(seat: Seat, { oneIn, sizeMax }: { readonly oneIn: number; readonly sizeMax: number }): Agent {
  const orders = new OrderIds(seat);
  return {
    memory: () => remembered(seat, orders, [], []),
    act(exchange) {
      const size = seat.chance.integer(1, sizeMax);
      const side = sideBy(seat.chance);
      const takes = seat.chance.integer(1, oneIn) === 1;
      const { last } = exchange.topOf(seat.symbol);
      if (takes && last !== undefined) take(exchange, seat, orders.next(), side, size, last);
    },
  };
}

class OrderIds {
  readonly #account: AccountName;
  #count: number;

  constructor({ account, memory }: Seat) {
    this.#account = account;
    this.#count = memory?.orders ?? 0;
  }

  get count(): number {
    return this.#count;
  }

  next(): ClientOrderId {
    this.#count += 1;
    return `${this.#account}-${this.#count}` as ClientOrderId;
  }
}

function remembered({ chance }: Seat, { count }: OrderIds, open: readonly ClientOrderId[], prices: readonly number[]): AgentMemory {
  return { chance: chance.state, orders: count, open, prices };
}

function sideBy(chance: Prng): Side {
  return chance.integer(0, 1) === 0 ? "buy" : "sell";
}

function limitOrder(exchange: Exchange, { account, symbol }: Seat, clientOrderId: ClientOrderId, side: Side, price: number, size: number): ClientOrderId {
  exchange.place(account, { clientOrderId, symbol, side, type: "limit", quantity: shares(size), timeInForce: "day", limitPrice: price as Price });
  return clientOrderId;
}

/** What is there now, and not far from the last price: where the maker is away, an order of somebody else may stand at any price. */
function take(exchange: Exchange, { account, symbol }: Seat, clientOrderId: ClientOrderId, side: Side, size: number, last: Price): void {
  const worst = last * (side === "buy" ? 1 + REACH : 1 - REACH);
  exchange.place(account, { clientOrderId, symbol, side, type: "limit", quantity: shares(size), timeInForce: "ioc", limitPrice: Math.max(CENT, worst - (worst % CENT)) as Price });
}
