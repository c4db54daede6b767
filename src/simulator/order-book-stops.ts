/**
 * Orders that wait for a price: stops, stop-limits and trailing stops.
 *
 * A buy stop is reached by a trade at or above its stop price, a sell stop by a trade at or below it. `collect` takes
 * one trade price, moves the reached stops to the end of the `reached` queue and then lets the trailing stops follow.
 * Reached first is what lies nearest to the price it came from: buys from the lowest stop price up, sells from the
 * highest down, equal stop prices in the order in which the stops were entered.
 *
 * A trailing stop's *water mark* is the lowest (buy) or highest (sell) price seen since it was entered; its stop price
 * lies a distance beyond. A distance in parts per million is taken of the water mark, rounded down, at least 1.
 */
import { BUY, TRAILING_STOP, TRAILING_STOP_PPM } from "./order-book-codes.ts";
import { LevelPool } from "./order-book-levels.ts";
import { doubled } from "./order-book-pool.ts";
import type { OrderPool } from "./order-book-pool.ts";
import { SparseLevels } from "./order-book-sparse.ts";
import { sideOf, stopDetailOf, STOP_DETAILS_MAX, typeOf, withStopDetail } from "./order-book-traits.ts";

/** Doubles of a detail record: limit price, trail, signed water mark, sequence, and two int32 links between trailing stops. */
const DETAIL_DOUBLES = 5;
const DETAIL_INTS = DETAIL_DOUBLES * 2;
const LIMIT = 0;
const TRAIL = 1;
const WATER = 2;
const SEQUENCE = 3;
const TRAILING_NEXT = 8;
const TRAILING_PREVIOUS = 9;
const FIRST_DETAILS = 8;
const FIRST_REACHED = 8;
const PPM = 1_000_000;

export class PendingStops {
  count = 0;
  /** Stops ever entered; the next one's sequence. */
  entered = 0;
  /** Slots of stops that were reached and wait to be activated, from `reachedFirst` on. */
  private reached = new Int32Array(FIRST_REACHED);
  private reachedFirst = 0;
  private reachedEnd = 0;
  private readonly orders: OrderPool;
  private readonly levels: LevelPool;
  /** Buys and sells. A sell side's keys are negated, so that on both sides the lowest key is the next to be reached. */
  private readonly index = [new SparseLevels(), new SparseLevels()];
  private readonly firstTrailing = [0, 0];
  /** No trailing stop of the side has a signed water mark above this. */
  private readonly waterMax = [-Infinity, -Infinity];
  private details = new Float64Array(FIRST_DETAILS * DETAIL_DOUBLES);
  private links = new Int32Array(this.details.buffer);
  private freshDetail = 1;
  private freeDetail = 0;

  constructor(orders: OrderPool) {
    this.orders = orders;
    this.levels = new LevelPool(orders);
  }

  /** For a stop or stop-limit whose record has its traits. */
  addFixed(slot: number, stopPrice: number, limit: number): void {
    this.newDetail(slot, limit, 0);
    const side = this.sideOf(slot);
    this.enqueue(slot, side, signed(side, stopPrice));
  }

  /** `water` is the price to follow from, or 0 to start from the next trade. */
  addTrailing(slot: number, trail: number, water: number): void {
    const detail = this.newDetail(slot, 0, trail);
    const side = this.sideOf(slot);
    const mark = water === 0 ? Infinity : signed(side, water);
    this.details[detail * DETAIL_DOUBLES + WATER] = mark;
    if (mark > this.waterMax[side]!) this.waterMax[side] = mark;
    const first = this.firstTrailing[side]!;
    this.links[detail * DETAIL_INTS + TRAILING_NEXT] = first;
    this.links[detail * DETAIL_INTS + TRAILING_PREVIOUS] = 0;
    if (first !== 0) this.links[this.detailOf(first) * DETAIL_INTS + TRAILING_PREVIOUS] = slot;
    this.firstTrailing[side] = slot;
    this.enqueue(slot, side, this.trailingKey(slot));
  }

  /** Stops waiting for the price. Its details stay until `forget`, its record is the caller's to release. */
  withdraw(slot: number): void {
    const side = this.sideOf(slot);
    this.dequeue(slot, side);
    this.detach(slot, side);
  }

  /** Whether a trade at `price` reaches a stop. */
  isReached(slot: number, price: number): boolean {
    const side = this.sideOf(slot);
    return this.keyOf(slot) <= signed(side, price);
  }

  /** 0 for a trailing stop that has seen no price. */
  stopPriceOf(slot: number): number {
    const key = this.keyOf(slot);
    return key === Infinity ? 0 : signed(this.sideOf(slot), key);
  }

  limitOf(slot: number): number {
    return this.details[this.detailOf(slot) * DETAIL_DOUBLES + LIMIT]!;
  }

  setLimit(slot: number, limit: number): void {
    this.details[this.detailOf(slot) * DETAIL_DOUBLES + LIMIT] = limit;
  }

  trailOf(slot: number): number {
    return this.details[this.detailOf(slot) * DETAIL_DOUBLES + TRAIL]!;
  }

  /** 0 while no trade has been seen. */
  waterOf(slot: number): number {
    const water = this.details[this.detailOf(slot) * DETAIL_DOUBLES + WATER]!;
    return water === Infinity ? 0 : Math.abs(water);
  }

  sequenceOf(slot: number): number {
    return this.details[this.detailOf(slot) * DETAIL_DOUBLES + SEQUENCE]!;
  }

  /** Moves what a trade at `price` reaches to the queue of the reached, then lets the trailing stops follow the price. */
  collect(side: number, price: number): void {
    const key = signed(side, price);
    const index = this.index[side]!;
    while (index.firstKey <= key) {
      const slot = this.levels.head[index.first]!;
      this.withdraw(slot);
      if (this.reachedEnd === this.reached.length) this.reached = doubled(this.reached);
      this.reached[this.reachedEnd++] = slot;
    }
    if (key < this.waterMax[side]!) this.follow(side, key);
  }

  /** The next reached stop, out of the queue, or 0. Its details stay until `forget`. */
  takeReached(): number {
    if (this.reachedFirst < this.reachedEnd) return this.reached[this.reachedFirst++]!;
    this.reachedFirst = this.reachedEnd = 0;
    return 0;
  }

  /** Frees the details of a stop that waits no longer. */
  forget(slot: number): void {
    const detail = this.detailOf(slot);
    this.links[detail * DETAIL_INTS + TRAILING_NEXT] = this.freeDetail;
    this.freeDetail = detail;
    this.count--;
  }

  /** Slots of all pending stops of a side, the next to be reached first. */
  *inOrder(side: number): Generator<number> {
    const index = this.index[side]!;
    for (let level = index.levelFrom(-Infinity); level !== 0; level = index.levelAbove(this.levels.price[level]!)) {
      for (let slot = this.levels.head[level]!; slot !== 0; slot = this.orders.next[slot]!) yield slot;
    }
  }

  private newDetail(slot: number, limit: number, trail: number): number {
    let detail = this.freeDetail;
    if (detail !== 0) {
      this.freeDetail = this.links[detail * DETAIL_INTS + TRAILING_NEXT]!;
    } else {
      if (this.freshDetail === STOP_DETAILS_MAX) throw new RangeError(`a book holds at most ${STOP_DETAILS_MAX - 1} pending stops`);
      detail = this.freshDetail++;
      if (this.freshDetail * DETAIL_DOUBLES > this.details.length) {
        const larger = new Float64Array(this.details.length * 2);
        larger.set(this.details);
        this.details = larger;
        this.links = new Int32Array(larger.buffer);
      }
    }
    const start = detail * DETAIL_DOUBLES;
    this.details[start + LIMIT] = limit;
    this.details[start + TRAIL] = trail;
    this.details[start + WATER] = 0;
    this.details[start + SEQUENCE] = this.entered++;
    this.orders.traits[slot] = withStopDetail(this.orders.traits[slot]!, detail);
    this.count++;
    return detail;
  }

  private detailOf(slot: number): number {
    return stopDetailOf(this.orders.traits[slot]!);
  }

  private sideOf(slot: number): number {
    return sideOf(this.orders.traits[slot]!);
  }

  private keyOf(slot: number): number {
    return this.levels.price[this.orders.level[slot]!]!;
  }

  private trailingKey(slot: number): number {
    const water = this.details[this.detailOf(slot) * DETAIL_DOUBLES + WATER]!;
    const trail = this.trailOf(slot);
    const isPpm = typeOf(this.orders.traits[slot]!) === TRAILING_STOP_PPM;
    return water + (isPpm && water !== Infinity ? partsPerMillion(Math.abs(water), trail) : trail);
  }

  /** Brings every trailing stop of the side whose water mark lies above `key` down to it. */
  private follow(side: number, key: number): void {
    for (let slot = this.firstTrailing[side]!; slot !== 0; slot = this.links[this.detailOf(slot) * DETAIL_INTS + TRAILING_NEXT]!) {
      const water = this.detailOf(slot) * DETAIL_DOUBLES + WATER;
      if (this.details[water]! <= key) continue;
      this.dequeue(slot, side);
      this.details[water] = key;
      this.enqueue(slot, side, this.trailingKey(slot));
    }
    this.waterMax[side] = key;
  }

  private enqueue(slot: number, side: number, key: number): void {
    const index = this.index[side]!;
    let level = index.find(key);
    if (level === 0) {
      level = this.levels.create(key);
      index.insert(key, level);
    }
    const sequence = this.sequenceOf(slot);
    let before = this.levels.tail[level]!;
    while (before !== 0 && this.sequenceOf(before) > sequence) before = this.orders.previous[before]!;
    this.levels.insertAfter(level, before, slot);
  }

  private dequeue(slot: number, side: number): void {
    const level = this.orders.level[slot]!;
    if (!this.levels.unlink(level, slot)) return;
    this.index[side]!.remove(this.levels.price[level]!);
    this.levels.destroy(level);
  }

  /** Takes a trailing stop out of the list of those that follow the price. */
  private detach(slot: number, side: number): void {
    const type = typeOf(this.orders.traits[slot]!);
    if (type !== TRAILING_STOP && type !== TRAILING_STOP_PPM) return;
    const links = this.links;
    const detail = this.detailOf(slot) * DETAIL_INTS;
    const next = links[detail + TRAILING_NEXT]!;
    const previous = links[detail + TRAILING_PREVIOUS]!;
    if (previous === 0) this.firstTrailing[side] = next;
    else links[this.detailOf(previous) * DETAIL_INTS + TRAILING_NEXT] = next;
    if (next !== 0) links[this.detailOf(next) * DETAIL_INTS + TRAILING_PREVIOUS] = previous;
  }
}

function signed(side: number, price: number): number {
  return side === BUY ? price : -price;
}

/** Rounded down and at least 1, exact for prices up to 1e12: whole millions and the rest are taken separately. */
function partsPerMillion(price: number, parts: number): number {
  const millions = Math.floor(price / PPM);
  return Math.max(1, millions * parts + Math.floor(((price - millions * PPM) * parts) / PPM));
}
