/**
 * The order book again, slow and obvious: two lists that are sorted whenever order matters, and one look at every stop
 * after every single trade. It keeps the contract of src/simulator/order-book.ts and shares nothing with it but the
 * codes, so that the two can be run against each other.
 */
import {
  BUY, CANCELED, CANCEL_BOTH, CANCEL_NEWEST, CANCEL_OLDEST, DUPLICATE_ID, FILLED, FOK, FOK_NOT_FILLABLE, INVALID_PRICE, INVALID_QUANTITY,
  INVALID_STOP_PRICE, LIMIT, MARKET, NO_LIMIT_PRICE, NO_LIQUIDITY, NO_OWNER, NO_REASON, OPEN, PENDING, POST_ONLY, POST_ONLY_NEEDS_RESTING_LIMIT,
  POST_ONLY_WOULD_CROSS, REJECTED, REST, SELF_TRADE, SELL, STOP_LIMIT, TRAILING_STOP, TRAILING_STOP_PPM, UNKNOWN_ID,
} from "../../src/simulator/order-book-codes.ts";

export type BookEvent =
  | { kind: "fill"; maker: number; taker: number; price: number; quantity: number }
  | { kind: "triggered"; id: number }
  | { kind: "ended"; id: number; quantity: number; reason: number };

interface Resting {
  id: number;
  side: number;
  price: number;
  quantity: number;
  owner: number;
  flags: number;
  arrival: number;
}

interface Stop {
  id: number;
  side: number;
  type: number;
  limit: number;
  /** The stop price, or the distance of a trailing stop. */
  stop: number;
  /** The price that a trailing stop follows from; 0 when none was seen. */
  water: number;
  quantity: number;
  timeInForce: number;
  owner: number;
  flags: number;
  arrival: number;
}

interface Incoming {
  id: number;
  side: number;
  limit: number;
  open: number;
  owner: number;
  prevention: number;
}

export class NaiveOrderBook {
  events: BookEvent[] = [];
  reason = NO_REASON;
  private resting: Resting[] = [];
  private stops: Stop[] = [];
  private reached: Stop[] = [];
  private last = 0;
  private arrivals = 0;

  submit(id: number, side: number, type: number, price: number, stopPrice: number, quantity: number, timeInForce: number, owner: number, flags: number): number {
    this.reason = NO_REASON;
    if (!isAmount(quantity, 2 ** 53 - 1)) return this.reject(INVALID_QUANTITY);
    if ((type === LIMIT || type === STOP_LIMIT) && !isAmount(price, 1e15)) return this.reject(INVALID_PRICE);
    if (this.find(id)) return this.reject(DUPLICATE_ID);
    if (flags >= POST_ONLY) {
      if (type !== LIMIT || timeInForce !== REST) return this.reject(POST_ONLY_NEEDS_RESTING_LIMIT);
      if (this.opposing(side, price).length > 0) return this.reject(POST_ONLY_WOULD_CROSS);
    }
    if (type === MARKET || type === LIMIT) return this.finish(id, this.enter(id, side, type, price, quantity, timeInForce, owner, flags));
    if (!isAmount(stopPrice, 1e15)) return this.reject(INVALID_STOP_PRICE);
    const trails = type === TRAILING_STOP || type === TRAILING_STOP_PPM;
    if (trails && price !== 0 && !isAmount(price, 1e15)) return this.reject(INVALID_PRICE);
    const stop = { id, side, type, limit: price, stop: stopPrice, water: price === 0 ? this.last : price, quantity, timeInForce, owner, flags, arrival: this.arrivals++ };
    this.stops.push(stop);
    if (this.last === 0 || !isReached(stop, this.last)) return PENDING;
    this.stops = this.stops.filter((other) => other !== stop);
    return this.finish(id, this.activate(stop));
  }

  cancel(id: number): number {
    const order = this.find(id);
    this.reason = order ? NO_REASON : UNKNOWN_ID;
    this.forget(id);
    return order?.quantity ?? 0;
  }

  reduce(id: number, by: number): number {
    const order = this.find(id);
    if (!order) return this.reject(UNKNOWN_ID);
    if (!isAmount(by, 2 ** 53 - 1)) return this.reject(INVALID_QUANTITY);
    this.reason = NO_REASON;
    order.quantity -= Math.min(by, order.quantity);
    if (order.quantity > 0) return this.isPending(id) ? PENDING : OPEN;
    this.forget(id);
    return CANCELED;
  }

  replace(id: number, price: number, quantity: number): number {
    const order = this.find(id);
    if (!order) return this.reject(UNKNOWN_ID);
    if (quantity !== 0 && !isAmount(quantity, 2 ** 53 - 1)) return this.reject(INVALID_QUANTITY);
    if (price !== 0 && !isAmount(price, 1e15)) return this.reject(INVALID_PRICE);
    this.reason = NO_REASON;
    const newQuantity = quantity === 0 ? order.quantity : quantity;
    if (!("price" in order)) {
      if (price !== 0 && order.type !== STOP_LIMIT) return this.reject(NO_LIMIT_PRICE);
      if (price !== 0) order.limit = price;
      order.quantity = newQuantity;
      return PENDING;
    }
    const newPrice = price === 0 ? order.price : price;
    if (newPrice !== order.price) {
      if (order.flags >= POST_ONLY && this.opposing(order.side, newPrice).length > 0) return this.reject(POST_ONLY_WOULD_CROSS);
      this.forget(id);
      return this.finish(id, this.enter(id, order.side, LIMIT, newPrice, newQuantity, REST, order.owner, order.flags));
    }
    if (newQuantity > order.quantity) order.arrival = this.arrivals++;
    order.quantity = newQuantity;
    return OPEN;
  }

  print(price: number): void {
    this.reason = NO_REASON;
    this.traded(price, BUY);
    this.finish(-1, OPEN);
  }

  bestBid(): number {
    return this.depth(BUY, 1)[0]?.price ?? 0;
  }

  bestBidQuantity(): number {
    return this.depth(BUY, 1)[0]?.quantity ?? 0;
  }

  bestAsk(): number {
    return this.depth(SELL, 1)[0]?.price ?? 0;
  }

  bestAskQuantity(): number {
    return this.depth(SELL, 1)[0]?.quantity ?? 0;
  }

  lastTrade(): number {
    return this.last;
  }

  remaining(id: number): number {
    return this.find(id)?.quantity ?? 0;
  }

  isPending(id: number): boolean {
    return this.stops.some((stop) => stop.id === id);
  }

  stopPriceOf(id: number): number {
    const stop = this.stops.find((other) => other.id === id);
    return stop && Number.isFinite(stopPriceOf(stop)) ? stopPriceOf(stop) : 0;
  }

  get orderCount(): number {
    return this.resting.length + this.stops.length;
  }

  depth(side: number, levels: number): { price: number; quantity: number }[] {
    const result: { price: number; quantity: number }[] = [];
    for (const order of this.queue(side)) {
      const level = result.at(-1);
      if (level?.price === order.price) level.quantity += order.quantity;
      else if (result.length === levels) break;
      else result.push({ price: order.price, quantity: order.quantity });
    }
    return result;
  }

  forEachOrder(visit: (id: number, side: number, price: number, quantity: number, owner: number) => void): void {
    for (const order of [...this.queue(BUY), ...this.queue(SELL)]) visit(order.id, order.side, order.price, order.quantity, order.owner);
  }

  private enter(id: number, side: number, type: number, price: number, quantity: number, timeInForce: number, owner: number, flags: number): number {
    this.reason = NO_REASON;
    const limit = type === LIMIT ? price : side === BUY ? Infinity : 0;
    const order = { id, side, limit, open: quantity, owner, prevention: owner === NO_OWNER ? 0 : flags & CANCEL_BOTH };
    if (timeInForce === FOK && !this.isFillable(order)) return this.end(id, quantity, FOK_NOT_FILLABLE);
    const isPrevented = this.match(order);
    if (order.open === 0) return FILLED;
    if (isPrevented) return this.end(id, order.open, SELF_TRADE);
    if (type === MARKET || timeInForce !== REST) return this.end(id, order.open, NO_LIQUIDITY);
    this.resting.push({ id, side, price, quantity: order.open, owner, flags, arrival: this.arrivals++ });
    return OPEN;
  }

  private match(order: Incoming): boolean {
    while (order.open > 0) {
      const maker = this.opposing(order.side, order.limit)[0];
      if (!maker) return false;
      if (order.prevention !== 0 && maker.owner === order.owner) {
        if (order.prevention !== CANCEL_NEWEST) {
          this.forget(maker.id);
          this.events.push({ kind: "ended", id: maker.id, quantity: maker.quantity, reason: SELF_TRADE });
        }
        if (order.prevention !== CANCEL_OLDEST) return true;
        continue;
      }
      const quantity = Math.min(maker.quantity, order.open);
      maker.quantity -= quantity;
      order.open -= quantity;
      if (maker.quantity === 0) this.forget(maker.id);
      this.events.push({ kind: "fill", maker: maker.id, taker: order.id, price: maker.price, quantity });
      this.traded(maker.price, order.side);
    }
    return false;
  }

  private isFillable(order: Incoming): boolean {
    let open = order.open;
    for (const maker of this.opposing(order.side, order.limit)) {
      if (order.prevention !== 0 && maker.owner === order.owner) {
        if (order.prevention === CANCEL_OLDEST) continue;
        return false;
      }
      open -= maker.quantity;
      if (open <= 0) return true;
    }
    return false;
  }

  /** One trade: the stops it reaches queue up, first those behind the direction in which the price goes; then trails follow. */
  private traded(price: number, direction: number): void {
    this.last = price;
    for (const side of direction === BUY ? [SELL, BUY] : [BUY, SELL]) {
      const sign = side === BUY ? 1 : -1;
      const reached = this.stops.filter((stop) => stop.side === side && isReached(stop, price));
      reached.sort((a, b) => sign * (stopPriceOf(a) - stopPriceOf(b)) || a.arrival - b.arrival);
      this.reached.push(...reached);
      this.stops = this.stops.filter((stop) => !reached.includes(stop));
    }
    for (const stop of this.stops) {
      if (stop.water === 0 || (stop.side === BUY ? price < stop.water : price > stop.water)) stop.water = price;
    }
  }

  /** Runs the cascade, then says how the command's own order stands. */
  private finish(id: number, status: number): number {
    const reason = this.reason;
    for (let stop = this.reached.shift(); stop; stop = this.reached.shift()) this.activate(stop);
    this.reason = reason;
    if (status !== OPEN || id < 0 || this.find(id)) return status;
    const ended = this.events.findLast((event) => event.kind === "ended" && event.id === id);
    if (ended?.kind !== "ended") return FILLED;
    this.reason = ended.reason;
    return CANCELED;
  }

  private activate(stop: Stop): number {
    this.events.push({ kind: "triggered", id: stop.id });
    return this.enter(stop.id, stop.side, stop.type === STOP_LIMIT ? LIMIT : MARKET, stop.limit, stop.quantity, stop.timeInForce, stop.owner, stop.flags);
  }

  private end(id: number, quantity: number, reason: number): number {
    this.events.push({ kind: "ended", id, quantity, reason });
    this.reason = reason;
    return CANCELED;
  }

  private reject(reason: number): number {
    this.reason = reason;
    return REJECTED;
  }

  private find(id: number): Resting | Stop | undefined {
    return this.resting.find((order) => order.id === id) ?? this.stops.find((stop) => stop.id === id);
  }

  private forget(id: number): void {
    this.resting = this.resting.filter((order) => order.id !== id);
    this.stops = this.stops.filter((stop) => stop.id !== id);
  }

  /** The orders of a side, best price first, longest standing first. */
  private queue(side: number): Resting[] {
    const sign = side === BUY ? -1 : 1;
    return this.resting.filter((order) => order.side === side).sort((a, b) => sign * (a.price - b.price) || a.arrival - b.arrival);
  }

  /** What an order of `side` with this limit could trade with, in the order in which it would. */
  private opposing(side: number, limit: number): Resting[] {
    return side === BUY ? this.queue(SELL).filter((order) => order.price <= limit) : this.queue(BUY).filter((order) => order.price >= limit);
  }
}

function isReached(stop: Stop, price: number): boolean {
  return stop.side === BUY ? price >= stopPriceOf(stop) : price <= stopPriceOf(stop);
}

function stopPriceOf(stop: Stop): number {
  if (stop.type !== TRAILING_STOP && stop.type !== TRAILING_STOP_PPM) return stop.stop;
  if (stop.water === 0) return stop.side === BUY ? Infinity : -Infinity;
  const distance = stop.type === TRAILING_STOP ? stop.stop : Math.max(1, Number((BigInt(stop.water) * BigInt(stop.stop)) / 1_000_000n));
  return stop.side === BUY ? stop.water + distance : stop.water - distance;
}

function isAmount(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && value <= max;
}
