/**
 * Seeded random commands for an order book, and a lock-step run of the fast book against the naive one.
 *
 * A market decides where prices lie. The number of orders alive is held near `alive`, so that the naive book stays
 * affordable and queues, partial fills and cascades stay frequent.
 */
import {
  BUY, FILL, FOK, IOC, LIMIT, MARKET, POST_ONLY, REST, SELL, STOP, STOP_LIMIT, TRAILING_STOP, TRAILING_STOP_PPM, TRIGGERED,
} from "../../src/simulator/order-book-codes.ts";
import type { BookSnapshot } from "../../src/simulator/order-book-snapshot.ts";
import { OrderBook } from "../../src/simulator/order-book.ts";
import type { Prng } from "../../src/simulator/prng.ts";
import { NaiveOrderBook } from "./naive-order-book.ts";
import type { BookEvent } from "./naive-order-book.ts";

export interface Market {
  readonly name: string;
  readonly tickSize: number;
  readonly alive: number;
  /** `n` is the number of the command, for markets that move. */
  price(prng: Prng, n: number): number;
  quantity(prng: Prng): number;
}

export const MARKETS: readonly Market[] = [
  { name: "few ticks", tickSize: 1, alive: 24, price: (prng) => prng.integer(95, 105), quantity: (prng) => prng.integer(1, 12) },
  {
    name: "micro-dollars with some prices between the ticks",
    tickSize: 10_000,
    alive: 24,
    price: (prng) => 100_000_000 + prng.integer(-12, 12) * (prng.integer(0, 3) === 0 ? 2_500 : 10_000),
    quantity: (prng) => prng.integer(1, 12) * 1_000_000_000,
  },
  {
    name: "prices and quantities at any distance, up to the limits",
    tickSize: 1,
    alive: 16,
    price: (prng) => Math.max(1, Math.min(1e15, prng.integer(0, 3) * 10 ** prng.integer(0, 15) + prng.integer(-1, 1))),
    quantity: (prng) => (prng.integer(0, 9) === 0 ? Number.MAX_SAFE_INTEGER - prng.integer(0, 9) : prng.integer(1, 20) * 10 ** prng.integer(0, 12)),
  },
  {
    name: "a market that wanders over more ticks than the ladder has, with orders far off",
    tickSize: 5,
    alive: 40,
    price: (prng, n) => 5 * (40_000 + Math.abs((n % 40_000) - 20_000) * 3 + (prng.integer(0, 5) === 0 ? prng.integer(-30_000, 30_000) : prng.integer(-20, 20))),
    quantity: (prng) => prng.integer(1, 12),
  },
];

export type Command =
  | { op: "submit"; args: [id: number, side: number, type: number, price: number, stopPrice: number, quantity: number, timeInForce: number, owner: number, flags: number] }
  | { op: "cancel"; id: number }
  | { op: "reduce"; id: number; by: number }
  | { op: "replace"; id: number; price: number; quantity: number }
  | { op: "print"; price: number };

export type Book = Pick<
  OrderBook,
  | "submit" | "cancel" | "reduce" | "replace" | "print" | "reason" | "bestBid" | "bestBidQuantity" | "bestAsk" | "bestAskQuantity"
  | "lastTrade" | "remaining" | "isPending" | "stopPriceOf" | "orderCount" | "depth" | "forEachOrder"
>;

/** Draws the next command for a market in which `alive` orders stand; ids come from 0 to twice the market's number. */
function drawCommand(prng: Prng, market: Market, alive: number, n: number): Command {
  const id = prng.integer(0, market.alive * 2);
  const isCrowded = alive > market.alive;
  const draw = prng.integer(0, 99);
  if (draw < (isCrowded ? 30 : 8)) return { op: "cancel", id };
  if (draw < (isCrowded ? 38 : 14)) return { op: "reduce", id, by: Math.max(1, Math.floor(market.quantity(prng) / 2)) };
  if (draw < (isCrowded ? 46 : 24)) {
    return { op: "replace", id, price: prng.integer(0, 2) === 0 ? 0 : market.price(prng, n), quantity: prng.integer(0, 2) === 0 ? 0 : market.quantity(prng) };
  }
  if (draw === 99) return { op: "print", price: market.price(prng, n) };
  return { op: "submit", args: drawOrder(prng, market, id, n) };
}

function drawOrder(prng: Prng, market: Market, id: number, n: number): [number, number, number, number, number, number, number, number, number] {
  const draw = prng.integer(0, 99);
  const type = draw < 62 ? LIMIT : draw < 74 ? MARKET : draw < 82 ? STOP : draw < 90 ? STOP_LIMIT : draw < 96 ? TRAILING_STOP : TRAILING_STOP_PPM;
  const trails = type === TRAILING_STOP || type === TRAILING_STOP_PPM;
  const price = type === LIMIT || type === STOP_LIMIT ? market.price(prng, n) : trails && prng.integer(0, 3) === 0 ? market.price(prng, n) : 0;
  const stopPrice = type === TRAILING_STOP ? market.tickSize * prng.integer(1, 5) : type === TRAILING_STOP_PPM ? prng.integer(1, 60_000) : type >= STOP ? market.price(prng, n) : 0;
  const force = prng.integer(0, 9);
  const timeInForce = force < 7 ? REST : force < 9 ? IOC : FOK;
  const flags = prng.integer(0, 3) + (prng.integer(0, 9) === 0 ? POST_ONLY : 0);
  return [id, prng.integer(0, 1) === 0 ? BUY : SELL, type, price, stopPrice, market.quantity(prng), timeInForce, prng.integer(0, 4), flags];
}

export function apply(book: Book, command: Command): number {
  switch (command.op) {
    case "submit":
      return book.submit(...command.args);
    case "cancel":
      return book.cancel(command.id);
    case "reduce":
      return book.reduce(command.id, command.by);
    case "replace":
      return book.replace(command.id, command.price, command.quantity);
    case "print":
      book.print(command.price);
      return 0;
  }
}

/** Reads and clears the log of the fast book. */
export function drain(book: OrderBook): BookEvent[] {
  const { events } = book;
  const result: BookEvent[] = [];
  for (let i = 0; i < events.count; i++) {
    const kind = events.kind(i);
    if (kind === FILL) result.push({ kind: "fill", maker: events.maker(i), taker: events.taker(i), price: events.price(i), quantity: events.quantity(i) });
    else if (kind === TRIGGERED) result.push({ kind: "triggered", id: events.maker(i) });
    else result.push({ kind: "ended", id: events.maker(i), quantity: events.quantity(i), reason: events.reason(i) });
  }
  events.clear();
  return result;
}

/** All that can be asked of a book, but its events. */
export function describeBook(book: Book, idMax: number): unknown {
  const orders: number[][] = [];
  book.forEachOrder((...order) => orders.push(order));
  const pending: number[][] = [];
  for (let id = 0; id <= idMax; id++) {
    if (book.isPending(id)) pending.push([id, book.remaining(id), book.stopPriceOf(id)]);
  }
  return { orders, pending, bids: book.depth(BUY, 1000), asks: book.depth(SELL, 1000), last: book.lastTrade(), count: book.orderCount };
}

export interface Tally {
  commands: number;
  fills: number;
  triggered: number;
  ended: number;
}

/** Runs both books on `count` commands. @throws Error naming the command at which they first differ. */
export function runBothBooks(prng: Prng, market: Market, count: number): Tally {
  let fast = new OrderBook(market.tickSize);
  const naive = new NaiveOrderBook();
  const tally = { commands: count, fills: 0, triggered: 0, ended: 0 };
  const idMax = market.alive * 2;
  for (let n = 0; n < count; n++) {
    const command = drawCommand(prng, market, naive.orderCount, n);
    const answers = [apply(fast, command), fast.reason, fast.bestBid(), fast.bestBidQuantity(), fast.bestAsk(), fast.bestAskQuantity(), fast.lastTrade()];
    const expected = [apply(naive, command), naive.reason, naive.bestBid(), naive.bestBidQuantity(), naive.bestAsk(), naive.bestAskQuantity(), naive.lastTrade()];
    const events = drain(fast);
    assertSame(n, command, answers, expected);
    assertSame(n, command, events, naive.events);
    if (n % 16 === 0) assertSame(n, command, describeBook(fast, idMax), describeBook(naive, idMax));
    if (n % 20_000 === 19_999) fast = OrderBook.restore(JSON.parse(JSON.stringify(fast.snapshot())) as BookSnapshot);
    for (const event of naive.events) tally[event.kind === "fill" ? "fills" : event.kind]++;
    naive.events = [];
  }
  return tally;
}

function assertSame(n: number, command: Command, actual: unknown, expected: unknown): void {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (got !== wanted) throw new Error(`command ${n} ${JSON.stringify(command)}\n  fast:  ${got}\n  naive: ${wanted}`);
}
