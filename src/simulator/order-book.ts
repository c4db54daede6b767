/**
 * A price-time-priority order book on typed arrays: commands in, a log of events out.
 *
 * Amounts. Prices are integers from 1 to 10^15, quantities from 1 to 2^53-1; what a unit is, the caller says. `tickSize`
 * is the grid on which most prices lie: it makes them fast, and other prices are as valid. Ids are the caller's: integers
 * from 0 below 2^31, best dealt out densely, free to be used again once their order has ended. Owners are int32.
 *
 * Matching. An incoming order trades with the best price first, at one price with the order that stands there longest,
 * always at the resting order's price. A command is finished, cascades of stops included, before the next begins.
 *
 * Stops are reached by trades of this book and by `print`, not by quotes. While an order trades, the stops that its
 * trades reach are collected in the order in which the trades reach them; when it has finished they are activated one
 * after the other, and stops that these reach join the end. A stop entered at a price the last trade has already
 * reached is activated at once. Each stop is activated once, so a cascade ends.
 *
 * Ends. An order ends when it is filled, when the caller cancels it, or by an ENDED event with its reason: the rest of
 * a market or IOC order, a FOK order that cannot be filled, self-trade prevention. Rejected commands change nothing.
 *
 * Sizes. An order takes 32 bytes, in pages of 128 neighbouring ids; a level takes 36, the table of pages 4 bytes for
 * each 128 ids up to the highest. Arrays double when they are full and are never copied otherwise; apart from that no
 * command allocates. At most 4 million stops can be pending. Not here: sessions, auctions, expiry, accounts and fees;
 * they are the exchange's.
 *
 * A malformed argument (an unknown side, an id out of range) is a bug of the caller and throws; a quantity or price
 * that is no positive integer is rejected with its reason, since it may have come through from a client.
 */
import {
  BUY, CANCELED, CANCEL_BOTH, DUPLICATE_ID, FOK, INVALID_PRICE, INVALID_QUANTITY, INVALID_STOP_PRICE, LIMIT, NO_LIMIT_PRICE, NO_REASON, OPEN, PENDING, POST_ONLY,
  POST_ONLY_NEEDS_RESTING_LIMIT, POST_ONLY_WOULD_CROSS, REJECTED, REST, SELL, STOP, STOP_LIMIT, TRAILING_STOP, TRAILING_STOP_PPM, UNKNOWN_ID,
} from "./order-book-codes.ts";
import type { EventLog } from "./order-book-events.ts";
import type { LevelPool } from "./order-book-levels.ts";
import { Matching } from "./order-book-matching.ts";
import type { OrderPool } from "./order-book-pool.ts";
import { BOTTOM, TOP } from "./order-book-price-levels.ts";
import { BOOK_SNAPSHOT_VERSION } from "./order-book-snapshot.ts";
import type { BookSnapshot, PendingRow, RestingRow } from "./order-book-snapshot.ts";
import { flagsOf, isPending, sideOf, timeInForceOf, traitsOf, typeOf } from "./order-book-traits.ts";

/** A billion dollars in micro-dollars: up to it all arithmetic on prices is exact. */
const PRICE_MAX = 1e15;
const ID_MAX = 2 ** 31 - 1;

export interface DepthLevel {
  readonly price: number;
  readonly quantity: number;
}

export class OrderBook {
  readonly tickSize: number;
  /** What happened since the log was cleared. */
  readonly events: EventLog;
  /** Why the last command was rejected, or its order canceled by the book; NO_REASON otherwise. */
  reason: number = NO_REASON;
  private readonly matching: Matching;
  private readonly orders: OrderPool;
  private readonly pool: LevelPool;

  constructor(tickSize = 1) {
    if (!(Number.isSafeInteger(tickSize) && tickSize > 0)) throw new RangeError(`tick size must be a positive integer: ${tickSize}`);
    this.tickSize = tickSize;
    this.matching = new Matching(tickSize);
    this.events = this.matching.events;
    this.orders = this.matching.orders;
    this.pool = this.matching.levels.pool;
  }

  /** The book of which `snapshot` was taken: what it answers from now on is the same. The event log starts empty. */
  static restore(snapshot: BookSnapshot): OrderBook {
    const version: number = snapshot.version;
    if (version !== BOOK_SNAPSHOT_VERSION) throw new RangeError(`order book snapshot has version ${version}, not ${BOOK_SNAPSHOT_VERSION}`);
    const book = new OrderBook(snapshot.tickSize);
    book.matching.lastTrade = snapshot.lastTrade;
    for (const [id, side, price, quantity, owner, flags] of snapshot.resting) {
      book.matching.takeInHand(price, quantity);
      book.matching.rest(id, side, owner, flags);
    }
    for (const row of snapshot.pending) book.restorePending(row);
    book.matching.stops.entered = snapshot.stopsEntered;
    return book;
  }

  /**
   * Enters an order and says how it stands: OPEN, FILLED, CANCELED, REJECTED or PENDING.
   *
   * `price` is the limit of LIMIT and STOP_LIMIT; for a trailing stop the price to follow from, or 0 for the last
   * trade; else it is ignored. `stopPrice` is the stop price, or a trailing stop's distance. `flags` is one of the
   * four self-trade preventions, plus POST_ONLY. A market order never rests, whatever its time in force.
   */
  submit(id: number, side: number, type: number, price: number, stopPrice: number, quantity: number, timeInForce: number, owner: number, flags: number): number {
    if (id >>> 0 !== id || id > ID_MAX) throw new RangeError(`not an order id: ${id}`);
    if (side >>> 0 > SELL || type >>> 0 > TRAILING_STOP_PPM || timeInForce >>> 0 > FOK || flags >>> 0 > (POST_ONLY | CANCEL_BOTH)) {
      throw new RangeError(`not an order: side ${side}, type ${type}, time in force ${timeInForce}, flags ${flags}`);
    }
    if (!isQuantity(quantity)) return this.reject(INVALID_QUANTITY);
    if ((type === LIMIT || type === STOP_LIMIT) && !isPrice(price)) return this.reject(INVALID_PRICE);
    if (this.orders.slotOf(id) !== 0) return this.reject(DUPLICATE_ID);
    if (flags >= POST_ONLY) {
      if (type !== LIMIT || timeInForce !== REST) return this.reject(POST_ONLY_NEEDS_RESTING_LIMIT);
      if (this.matching.crosses(side, price)) return this.reject(POST_ONLY_WOULD_CROSS);
    }
    if (type >= STOP) return this.submitStop(id, side, type, price, stopPrice, quantity, timeInForce, owner, flags);
    this.matching.takeInHand(price, quantity);
    const status = this.matching.enter(id, side, type, timeInForce, owner, flags);
    this.reason = this.matching.reason;
    return status;
  }

  /** Ends an order, resting or pending. Returns what was still open of it, or 0 when there is no such order. */
  cancel(id: number): number {
    const slot = this.orders.slotOf(id);
    if (slot === 0) {
      this.reason = UNKNOWN_ID;
      return 0;
    }
    this.reason = NO_REASON;
    const quantity = this.orders.quantity[slot >> 1]!;
    this.matching.remove(slot);
    return quantity;
  }

  /** Takes `by` off the open quantity; the order keeps its place. CANCELED when nothing is left. */
  reduce(id: number, by: number): number {
    const slot = this.orders.slotOf(id);
    if (slot === 0) return this.reject(UNKNOWN_ID);
    if (!isQuantity(by)) return this.reject(INVALID_QUANTITY);
    this.reason = NO_REASON;
    const open = this.orders.quantity[slot >> 1]!;
    if (by < open) return this.resize(slot, open - by);
    this.matching.remove(slot);
    return CANCELED;
  }

  /**
   * Gives an order another price or another open quantity; 0 leaves either as it is. It keeps its place when the price
   * stays and the quantity does not grow; else it goes behind the others, or trades at once where the new price
   * crosses. Rejected, it stays as it was. Of a pending stop the quantity can be replaced, of a stop-limit the limit too.
   */
  replace(id: number, price: number, quantity: number): number {
    const slot = this.orders.slotOf(id);
    if (slot === 0) return this.reject(UNKNOWN_ID);
    if (quantity !== 0 && !isQuantity(quantity)) return this.reject(INVALID_QUANTITY);
    if (price !== 0 && !isPrice(price)) return this.reject(INVALID_PRICE);
    const traits = this.orders.traits[slot]!;
    const newOpen = quantity === 0 ? this.orders.quantity[slot >> 1]! : quantity;
    if (isPending(traits)) {
      if (price !== 0 && typeOf(traits) !== STOP_LIMIT) return this.reject(NO_LIMIT_PRICE);
      if (price !== 0) this.matching.stops.setLimit(slot, price);
      return this.resize(slot, newOpen);
    }
    const level = this.orders.level[slot]!;
    if (price === 0 || price === this.pool.price[level]!) return this.resize(slot, newOpen);
    const side = sideOf(traits);
    const flags = flagsOf(traits);
    if (flags >= POST_ONLY && this.matching.crosses(side, price)) return this.reject(POST_ONLY_WOULD_CROSS);
    const owner = this.orders.owner[slot]!;
    this.matching.remove(slot);
    this.matching.takeInHand(price, newOpen);
    const status = this.matching.enter(id, side, LIMIT, REST, owner, flags);
    this.reason = this.matching.reason;
    return status;
  }

  /** A trade at `price` outside this book: it becomes the last trade and reaches stops. */
  print(price: number): void {
    if (!isPrice(price)) throw new RangeError(`not a price: ${price}`);
    this.reason = NO_REASON;
    this.matching.print(price);
  }

  /** 0 when there is no bid. So for the three below. */
  bestBid(): number {
    const { bid } = this.matching.levels;
    return bid === BOTTOM ? 0 : this.pool.price[bid]!;
  }

  bestBidQuantity(): number {
    return this.pool.total[this.matching.levels.bid]!;
  }

  bestAsk(): number {
    const { ask } = this.matching.levels;
    return ask === TOP ? 0 : this.pool.price[ask]!;
  }

  bestAskQuantity(): number {
    return this.pool.total[this.matching.levels.ask]!;
  }

  /** The price of the last trade or `print`, or 0. */
  lastTrade(): number {
    return this.matching.lastTrade;
  }

  /** What is open of an order, resting or pending; 0 when it is unknown or has ended. */
  remaining(id: number): number {
    return this.orders.quantity[this.orders.slotOf(id) >> 1]!;
  }

  /** Whether the order is a stop that waits for its price. */
  isPending(id: number): boolean {
    return isPending(this.orders.traits[this.orders.slotOf(id)]!);
  }

  /** Where a pending stop is reached as things stand; 0 for a trailing stop that has seen no price, and for all other orders. */
  stopPriceOf(id: number): number {
    const slot = this.orders.slotOf(id);
    return isPending(this.orders.traits[slot]!) ? this.matching.stops.stopPriceOf(slot) : 0;
  }

  /** Orders alive, resting and pending. */
  get orderCount(): number {
    return this.orders.count;
  }

  /** Bytes held for orders, levels and the ways to find them. */
  get bytes(): number {
    return this.orders.bytes + this.matching.levels.bytes;
  }

  /** The total at each price of a side, best first, at most `levels` of them. */
  depth(side: number, levels: number): DepthLevel[] {
    const result: DepthLevel[] = [];
    const { pool } = this;
    const outward = side === BUY ? pool.down : pool.up;
    for (let level = this.bestLevel(side); level > TOP && result.length < levels; level = outward[level]!) {
      result.push({ price: pool.price[level]!, quantity: pool.total[level]! });
    }
    return result;
  }

  /** Every resting order: bids, then asks, best price first, longest standing first. */
  forEachOrder(visit: (id: number, side: number, price: number, quantity: number, owner: number) => void): void {
    for (const [id, side, price, quantity, owner] of this.restingRows()) visit(id, side, price, quantity, owner);
  }

  /** All that decides what the book will answer, as plain data. Events that were not read are not part of it. */
  snapshot(): BookSnapshot {
    const { stops, lastTrade } = this.matching;
    const pending = [BUY, SELL].flatMap((side) => [...stops.inOrder(side)].map((slot) => this.pendingRow(slot)));
    return { version: BOOK_SNAPSHOT_VERSION, tickSize: this.tickSize, lastTrade, stopsEntered: stops.entered, resting: [...this.restingRows()], pending };
  }

  private reject(reason: number): number {
    this.reason = reason;
    return REJECTED;
  }

  private submitStop(id: number, side: number, type: number, price: number, stopPrice: number, quantity: number, timeInForce: number, owner: number, flags: number): number {
    const { stops, lastTrade } = this.matching;
    if (!isPrice(stopPrice)) return this.reject(INVALID_STOP_PRICE);
    const trails = type >= TRAILING_STOP;
    if (trails && price !== 0 && !isPrice(price)) return this.reject(INVALID_PRICE);
    const slot = this.allocatePending(id, side, type, quantity, timeInForce, owner, flags);
    if (trails) stops.addTrailing(slot, stopPrice, price === 0 ? lastTrade : price);
    else stops.addFixed(slot, stopPrice, type === STOP_LIMIT ? price : 0);
    this.reason = NO_REASON;
    if (lastTrade === 0 || !stops.isReached(slot, lastTrade)) return PENDING;
    const status = this.matching.enterReached(slot);
    this.reason = this.matching.reason;
    return status;
  }

  private allocatePending(id: number, side: number, type: number, quantity: number, timeInForce: number, owner: number, flags: number): number {
    const slot = this.orders.allocate(id);
    this.orders.quantity[slot >> 1] = quantity;
    this.orders.owner[slot] = owner;
    this.orders.traits[slot] = traitsOf(side, type, timeInForce, flags);
    return slot;
  }

  /** Sets the open quantity of an order whose price stays. */
  private resize(slot: number, newOpen: number): number {
    this.reason = NO_REASON;
    const { orders } = this;
    const change = newOpen - orders.quantity[slot >> 1]!;
    if (isPending(orders.traits[slot]!)) {
      orders.quantity[slot >> 1] = newOpen;
      return PENDING;
    }
    const level = orders.level[slot]!;
    if (change > 0) {
      this.pool.unlink(level, slot);
      orders.quantity[slot >> 1] = newOpen;
      this.pool.append(level, slot);
    } else {
      orders.quantity[slot >> 1] = newOpen;
      this.pool.changeTotal(level, change);
    }
    return OPEN;
  }

  private bestLevel(side: number): number {
    return side === BUY ? this.matching.levels.bid : this.matching.levels.ask;
  }

  private *restingRows(): Generator<RestingRow> {
    const { orders, pool } = this;
    for (const side of [BUY, SELL]) {
      const outward = side === BUY ? pool.down : pool.up;
      for (let level = this.bestLevel(side); level > TOP; level = outward[level]!) {
        const price = this.pool.price[level]!;
        for (let slot = this.pool.head[level]!; slot !== 0; slot = this.orders.next[slot]!) {
          yield [orders.id[slot]!, side, price, orders.quantity[slot >> 1]!, orders.owner[slot]!, flagsOf(orders.traits[slot]!)];
        }
      }
    }
  }

  private pendingRow(slot: number): PendingRow {
    const { orders } = this;
    const { stops } = this.matching;
    const traits = orders.traits[slot]!;
    const trails = typeOf(traits) >= TRAILING_STOP;
    return {
      id: orders.id[slot]!, side: sideOf(traits), type: typeOf(traits), quantity: orders.quantity[slot >> 1]!, timeInForce: timeInForceOf(traits),
      owner: orders.owner[slot]!, flags: flagsOf(traits), sequence: stops.sequenceOf(slot),
      price: trails ? stops.waterOf(slot) : stops.limitOf(slot), stopPrice: trails ? stops.trailOf(slot) : stops.stopPriceOf(slot),
    };
  }

  private restorePending(row: PendingRow): void {
    const { stops } = this.matching;
    const slot = this.allocatePending(row.id, row.side, row.type, row.quantity, row.timeInForce, row.owner, row.flags);
    stops.entered = row.sequence;
    if (row.type >= TRAILING_STOP) stops.addTrailing(slot, row.stopPrice, row.price);
    else stops.addFixed(slot, row.stopPrice, row.price);
  }
}

function isQuantity(value: number): boolean {
  return value > 0 && Number.isSafeInteger(value);
}

function isPrice(value: number): boolean {
  return value > 0 && value <= PRICE_MAX && Number.isSafeInteger(value);
}
