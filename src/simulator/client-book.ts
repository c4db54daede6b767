/**
 * One symbol's order book as its clients' orders see it: orders go in, and what has happened to them comes out.
 *
 * The house stands in the book only while a client's order is matched, on the side that the order can meet. An order
 * that is done is out of the book before anyone hears of it. An account's self-trade prevention is the book's: of two
 * orders of one account that would trade, the newest, the oldest or both end.
 */
import type { Price, Quantity } from "../money.ts";
import type { ClientOrderId, Side } from "../trade.ts";
import type { ClientOrder } from "./client-order.ts";
import type { House } from "./house.ts";
import { OrderBook, type DepthLevel } from "./order-book.ts";
import { ALLOW_SELF_TRADE, BUY, CANCEL_BOTH, CANCEL_NEWEST, CANCEL_OLDEST, ENDED, FILL, FOK, IOC, LIMIT, NO_OWNER, OPEN, REST, SELF_TRADE, SELL } from "./order-book-codes.ts";
import type { SelfTrade } from "./trading-account.ts";

/** Handles in the book: the house's orders, then the clients'. */
const HOUSE = 0;
const FIRST_CLIENT = 64;
/** Most prices lie on whole cents. */
const TICK = 10_000;

const PREVENTION = { allow: ALLOW_SELF_TRADE, cancel_newest: CANCEL_NEWEST, cancel_oldest: CANCEL_OLDEST, cancel_both: CANCEL_BOTH } as const satisfies Record<SelfTrade, number>;

/**
 * What came of commands, as a stack: whoever gives a command takes off what it has put on, and what that brings about
 * may give further ones.
 */
class BookFills {
  count = 0;
  /** The house's orders are undefined. */
  readonly maker: (ClientOrder | undefined)[] = [];
  readonly taker: (ClientOrder | undefined)[] = [];
  readonly price: Price[] = [];
  /** 0 where self-trade prevention has ended the maker instead; it may be the order that came in. */
  readonly quantity: Quantity[] = [];

  push(maker: ClientOrder | undefined, taker: ClientOrder | undefined, price: Price, quantity: Quantity): void {
    const place = this.count++;
    this.maker[place] = maker;
    this.taker[place] = taker;
    this.price[place] = price;
    this.quantity[place] = quantity;
  }
}

export class ClientBook {
  /** Of `submit` and `tradeThrough`. */
  readonly fills = new BookFills();
  readonly #book = new OrderBook(TICK);
  readonly #house: House;
  /** By handle; one that is free keeps its last order, and the house's have none. */
  readonly #orderOf: (ClientOrder | undefined)[] = [];
  readonly #freeHandles: number[] = [];
  #nextHandle = FIRST_CLIENT;

  constructor(house: House) {
    this.#house = house;
  }

  /** Of clients' orders. */
  best(side: Side): Price | undefined {
    const price = side === "buy" ? this.#book.bestBid() : this.#book.bestAsk();
    return price === 0 ? undefined : (price as Price);
  }

  /** Of clients' orders, by price, the best first. */
  depth(side: Side, levels: number): readonly DepthLevel[] {
    return this.#book.depth(side === "buy" ? BUY : SELL, levels);
  }

  /** Enters the order while the other side of the house stands in the book. */
  submit(order: ClientOrder, price: Price, quantity: Quantity, timeInForce: "rest" | "ioc" | "fok"): void {
    const book = this.#book;
    const handle = this.#freeHandles.pop() ?? this.#nextHandle++;
    this.#orderOf[handle] = order;
    order.handle = handle;
    const side = order.side === "buy" ? BUY : SELL;
    const levels = this.#house.levelsFor(order.side);
    for (let i = 0; i < levels.length; i += 1) {
      if (levels[i]!.quantity > 0) book.submit(HOUSE + i, side === BUY ? SELL : BUY, LIMIT, levels[i]!.price, 0, levels[i]!.quantity, REST, NO_OWNER, ALLOW_SELF_TRADE);
    }
    const { number, terms } = order.trader;
    const prevention = terms.selfTrade === undefined ? ALLOW_SELF_TRADE : PREVENTION[terms.selfTrade];
    const status = book.submit(handle, side, LIMIT, price, 0, quantity, timeInForce === "rest" ? REST : timeInForce === "ioc" ? IOC : FOK, number, prevention);
    for (let i = 0; i < levels.length; i += 1) {
      if (levels[i]!.quantity > 0) levels[i]!.quantity = book.cancel(HOUSE + i) as Quantity;
    }
    if (book.events.count > 0) this.#takeFills();
    if (status !== OPEN) this.#free(order);
  }

  /** The house trades everything up to `limit`. */
  tradeThrough(side: Side, limit: Price, quantity: Quantity): void {
    const best = this.best(side === "sell" ? "buy" : "sell");
    if (best === undefined || (side === "sell" ? best < limit : best > limit)) return;
    this.#book.submit(HOUSE, side === "buy" ? BUY : SELL, LIMIT, limit, 0, quantity, IOC, NO_OWNER, ALLOW_SELF_TRADE);
    this.#takeFills();
  }

  /** What an order for all of `quantity` would come to among clients' orders: its worst price, and its average rounded up. */
  priceOfAll(side: Side, quantity: Quantity): { readonly worst: Price; readonly average: Price } | undefined {
    let left: number = quantity;
    let average = 0;
    for (const level of this.#book.depth(side === "buy" ? SELL : BUY, Infinity)) {
      const taken = Math.min(left, level.quantity);
      average += level.price * (taken / quantity);
      left -= taken;
      if (left === 0) return { worst: level.price as Price, average: Math.min(Math.ceil(average), side === "buy" ? level.price : Infinity) as Price };
    }
    return undefined;
  }

  withdraw(order: ClientOrder): void {
    if (order.handle < 0) return;
    this.#book.cancel(order.handle);
    this.#free(order);
  }

  /** `heir` takes the place of a resting order in its queue, for no more than is left of it. False where it cannot. */
  inherit(order: ClientOrder, heir: ClientOrder): boolean {
    const { handle } = order;
    if (handle < 0 || heir.limitPrice !== order.limitPrice || heir.remaining > order.remaining) return false;
    if (heir.remaining < order.remaining) this.#book.reduce(handle, order.remaining - heir.remaining);
    this.#orderOf[handle] = heir;
    heir.handle = handle;
    order.handle = -1;
    return true;
  }

  /** In the order of their queues. */
  resting(): readonly ClientOrderId[] {
    const ids: ClientOrderId[] = [];
    this.#book.forEachOrder((handle) => ids.push(this.#orderOf[handle]!.clientOrderId));
    return ids;
  }

  #takeFills(): void {
    const { events } = this.#book;
    const { fills } = this;
    const before = fills.count;
    for (let i = 0; i < events.count; i += 1) {
      const kind = events.kind(i);
      const maker = this.#orderOf[events.maker(i)];
      if (kind === FILL) fills.push(maker, this.#orderOf[events.taker(i)], events.price(i) as Price, events.quantity(i) as Quantity);
      else if (kind === ENDED && events.reason(i) === SELF_TRADE) fills.push(maker, undefined, 0 as Price, 0 as Quantity);
    }
    events.clear();
    for (let i = before; i < fills.count; i += 1) {
      const maker = fills.maker[i];
      if (maker && maker.handle >= 0 && this.#book.remaining(maker.handle) === 0) this.#free(maker);
    }
  }

  #free(order: ClientOrder): void {
    if (order.handle < 0) return;
    this.#freeHandles.push(order.handle);
    order.handle = -1;
  }
}
