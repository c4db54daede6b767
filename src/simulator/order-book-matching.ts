/**
 * What happens when an order enters: post-only and fill-or-kill checks, trades, self-trade prevention, resting, and the
 * cascade of stops that the trades reach. The contract is stated in order-book.ts; this file carries it out.
 *
 * The order in hand has no record until it rests. Its limit and open quantity travel in `registers`, because a double
 * that is passed to a function which is not inlined is boxed on the heap.
 */
import {
  BUY, CANCELED, CANCEL_BOTH, CANCEL_NEWEST, CANCEL_OLDEST, ENDED, FILLED, FOK, FOK_NOT_FILLABLE, LIMIT, MARKET, NO_LIQUIDITY, NO_OWNER, NO_REASON, OPEN, REST,
  SELF_TRADE, SELL, STOP_LIMIT,
} from "./order-book-codes.ts";
import { EventLog } from "./order-book-events.ts";
import type { LevelPool } from "./order-book-levels.ts";
import { OrderPool } from "./order-book-pool.ts";
import { PriceLevels } from "./order-book-price-levels.ts";
import { PendingStops } from "./order-book-stops.ts";
import { flagsOf, isPending, sideOf, timeInForceOf, traitsOf, typeOf } from "./order-book-traits.ts";

/** Doubles of the order in hand. */
const LIMIT_PRICE = 0;
const OPEN_QUANTITY = 1;
/** The price of its first trade, or 0. */
const FIRST_TRADE = 2;
/** The price of the book's last trade, or 0. */
const LAST_TRADE = 3;

/** Beyond every price, but not beyond the ends of the chain: the limit of a market order. */
const WORST_PRICE = [Number.MAX_VALUE, 0] as const;

export class Matching {
  readonly events = new EventLog();
  readonly orders = new OrderPool();
  readonly stops = new PendingStops(this.orders);
  readonly levels: PriceLevels;
  /** Why the order in hand was canceled, where it was. */
  reason = NO_REASON;
  private readonly pool: LevelPool;
  private readonly registers = new Float64Array(4);

  constructor(tickSize: number) {
    this.levels = new PriceLevels(this.orders, tickSize);
    this.pool = this.levels.pool;
  }

  get lastTrade(): number {
    return this.registers[LAST_TRADE]!;
  }

  set lastTrade(price: number) {
    this.registers[LAST_TRADE] = price;
  }

  /** Sets the order in hand; `price` is its limit. */
  takeInHand(price: number, quantity: number): void {
    this.registers[LIMIT_PRICE] = price;
    this.registers[OPEN_QUANTITY] = quantity;
  }

  /** Enters the order in hand, LIMIT or MARKET, and returns how it stands when all stops that this reached are done. */
  enter(id: number, side: number, type: number, timeInForce: number, owner: number, flags: number): number {
    const firstEvent = this.events.count;
    const status = this.enterOne(id, side, type, timeInForce, owner, flags);
    return this.stops.count === 0 ? status : this.cascade(id, side, status, firstEvent);
  }

  /** Activates a stop that was reached when it came, and returns as `enter` does. */
  enterReached(slot: number): number {
    const firstEvent = this.events.count;
    const id = this.orders.id[slot]!;
    const side = sideOf(this.orders.traits[slot]!);
    this.stops.withdraw(slot);
    return this.cascade(id, side, this.activate(slot), firstEvent);
  }

  /** A trade outside the book. */
  print(price: number): void {
    this.registers[FIRST_TRADE] = price;
    this.registers[LAST_TRADE] = price;
    this.activateReached(BUY);
  }

  /** Takes an order out of the book, wherever it stands. */
  remove(slot: number): void {
    const { orders } = this;
    if (isPending(orders.traits[slot]!)) {
      this.stops.withdraw(slot);
      this.stops.forget(slot);
    } else {
      const level = orders.level[slot]!;
      if (this.pool.unlink(level, slot)) this.levels.remove(level);
    }
    this.orders.release(slot);
  }

  /** Puts an order at the end of the queue at its price, with no look at the other side. */
  rest(id: number, side: number, owner: number, flags: number): void {
    const slot = this.orders.allocate(id);
    const price = this.registers[LIMIT_PRICE]!;
    this.orders.quantity[slot >> 1] = this.registers[OPEN_QUANTITY]!;
    this.orders.owner[slot] = owner;
    this.orders.traits[slot] = traitsOf(side, LIMIT, REST, flags);
    this.pool.append(this.levels.obtain(price, side), slot);
  }

  /** Whether an order of `side` with this limit would trade on entry. */
  crosses(side: number, price: number): boolean {
    return side === BUY ? this.pool.price[this.levels.ask]! <= price : this.pool.price[this.levels.bid]! >= price;
  }

  private enterOne(id: number, side: number, type: number, timeInForce: number, owner: number, flags: number): number {
    const registers = this.registers;
    registers[FIRST_TRADE] = 0;
    this.reason = NO_REASON;
    const prevention = owner === NO_OWNER ? 0 : flags & CANCEL_BOTH;
    if (type !== LIMIT) registers[LIMIT_PRICE] = WORST_PRICE[side]!;
    if (timeInForce === FOK && !this.isFillable(side, owner, prevention)) return this.end(id, FOK_NOT_FILLABLE);
    if (this.crosses(side, registers[LIMIT_PRICE]!)) {
      const reason = this.match(id, side, owner, prevention);
      if (registers[OPEN_QUANTITY] === 0) return FILLED;
      if (reason !== NO_REASON) return this.end(id, reason);
    }
    if (type !== LIMIT || timeInForce !== REST) return this.end(id, NO_LIQUIDITY);
    this.rest(id, side, owner, flags);
    return OPEN;
  }

  private end(id: number, reason: number): number {
    this.events.addEnded(id, this.registers[OPEN_QUANTITY]!, reason);
    this.reason = reason;
    return CANCELED;
  }

  /** Trades the order in hand as far as it goes. SELF_TRADE when prevention ended it. */
  private match(id: number, side: number, owner: number, prevention: number): number {
    const { registers, levels, orders, pool, events } = this;
    const limit = registers[LIMIT_PRICE]!;
    let open = registers[OPEN_QUANTITY]!;
    let reason = NO_REASON;
    let level = side === BUY ? levels.ask : levels.bid;
    let price = pool.price[level]!;
    while (side === BUY ? price <= limit : price >= limit) {
      const openBefore = open;
      let prevented = 0;
      let slot = pool.head[level]!;
      do {
        const available = orders.quantity[slot >> 1]!;
        if (prevention !== 0 && orders.owner[slot] === owner) {
          if (prevention !== CANCEL_OLDEST) reason = SELF_TRADE;
          if (prevention === CANCEL_NEWEST) break;
          events.addEnded(orders.id[slot]!, available, SELF_TRADE);
          prevented += available;
        } else if (available > open) {
          orders.quantity[slot >> 1] = available - open;
          events.addFill(orders.id[slot]!, id, price, open);
          open = 0;
          break;
        } else {
          events.addFill(orders.id[slot]!, id, price, available);
          open -= available;
        }
        const next = orders.next[slot]!;
        orders.release(slot);
        slot = next;
      } while (slot !== 0 && open !== 0 && reason === NO_REASON);
      if (open !== openBefore) {
        if (registers[FIRST_TRADE] === 0) registers[FIRST_TRADE] = price;
        registers[LAST_TRADE] = price;
      }
      pool.head[level] = slot;
      if (slot !== 0) {
        orders.previous[slot] = 0;
        pool.changeTotal(level, open - openBefore - prevented);
        break;
      }
      levels.remove(level);
      if (open === 0 || reason !== NO_REASON) break;
      level = side === BUY ? levels.ask : levels.bid;
      price = pool.price[level]!;
    }
    registers[OPEN_QUANTITY] = open;
    return reason;
  }

  /** Whether the order in hand could trade in full at once, before self-trade prevention would end it. */
  private isFillable(side: number, owner: number, prevention: number): boolean {
    const limit = this.registers[LIMIT_PRICE]!;
    const wanted = this.registers[OPEN_QUANTITY]!;
    const { orders, pool } = this;
    const outward = side === BUY ? pool.up : pool.down;
    let found = 0;
    for (let level = side === BUY ? this.levels.ask : this.levels.bid; ; level = outward[level]!) {
      const price = pool.price[level]!;
      if (side === BUY ? price > limit : price < limit) return false;
      if (prevention === 0) {
        found += pool.total[level]!;
        if (found >= wanted) return true;
        continue;
      }
      for (let slot = pool.head[level]!; slot !== 0; slot = orders.next[slot]!) {
        if (this.orders.owner[slot] !== owner) found += this.orders.quantity[slot >> 1]!;
        else if (prevention !== CANCEL_OLDEST) return false;
        if (found >= wanted) return true;
      }
    }
  }

  /** Activates what the last order's trades have reached, and what those reach, until nothing is left. */
  private activateReached(side: number): void {
    this.collect(side);
    for (let slot = this.stops.takeReached(); slot !== 0; slot = this.stops.takeReached()) {
      const next = sideOf(this.orders.traits[slot]!);
      this.activate(slot);
      this.collect(next);
    }
  }

  /** An order's trades run from the first price to the last in one direction, so those two reach what all of them reach. */
  private collect(side: number): void {
    const first = this.registers[FIRST_TRADE]!;
    const last = this.registers[LAST_TRADE]!;
    if (first === 0) return;
    const behind = side === BUY ? SELL : BUY;
    this.stops.collect(behind, first);
    this.stops.collect(side, first);
    if (last === first) return;
    this.stops.collect(behind, last);
    this.stops.collect(side, last);
  }

  private activate(slot: number): number {
    const { orders } = this;
    const id = orders.id[slot]!;
    const owner = orders.owner[slot]!;
    const traits = orders.traits[slot]!;
    this.takeInHand(this.stops.limitOf(slot), this.orders.quantity[slot >> 1]!);
    this.stops.forget(slot);
    this.orders.release(slot);
    this.events.addTriggered(id);
    return this.enterOne(id, sideOf(traits), typeOf(traits) === STOP_LIMIT ? LIMIT : MARKET, timeInForceOf(traits), owner, flagsOf(traits));
  }

  private cascade(id: number, side: number, status: number, firstEvent: number): number {
    const reason = this.reason;
    this.activateReached(side);
    this.reason = reason;
    if (status !== OPEN || this.orders.slotOf(id) !== 0) return status;
    for (let index = firstEvent; index < this.events.count; index++) {
      if (this.events.kind(index) !== ENDED || this.events.maker(index) !== id) continue;
      this.reason = this.events.reason(index);
      return CANCELED;
    }
    return FILLED;
  }
}
