/**
 * Price levels: 32 bytes each, with the queue of orders at one price and that queue's total.
 *
 * A level is found by the offset of its first int32; 0 means "none". `UP` and `DOWN` chain levels by price for whoever
 * keeps them sorted. Totals above 2^53-1 are the rounded sum of the queue, front to back, and become exact again when
 * they come below it.
 */
import { doubled, NEXT, PREVIOUS, LEVEL } from "./order-book-pool.ts";
import type { OrderPool } from "./order-book-pool.ts";

const STRIDE = 8;
/** Doubles of a record, from `level >> 1`: price, then total. */
export const TOTAL = 1;
export const HEAD = 4;
export const TAIL = 5;
export const UP = 6;
export const DOWN = 7;

const FIRST_LEVELS = 16;

export class LevelPool {
  /** Reallocated by `create`: read these again after it. */
  ints = new Int32Array(FIRST_LEVELS * STRIDE);
  amounts = new Float64Array(this.ints.buffer);
  count = 0;
  private free = 0;
  private fresh = STRIDE;
  private readonly orders: OrderPool;

  constructor(orders: OrderPool) {
    this.orders = orders;
  }

  priceOf(level: number): number {
    return this.amounts[level >> 1]!;
  }

  /** An empty level; its links are the caller's to set. */
  create(price: number): number {
    let level = this.free;
    if (level !== 0) {
      this.free = this.ints[level + UP]!;
    } else {
      level = this.fresh;
      if (level === this.ints.length) {
        this.ints = doubled(this.ints);
        this.amounts = new Float64Array(this.ints.buffer);
      }
      this.fresh = level + STRIDE;
    }
    this.ints[level + HEAD] = 0;
    this.ints[level + TAIL] = 0;
    this.amounts[level >> 1] = price;
    this.amounts[(level >> 1) + TOTAL] = 0;
    this.count++;
    return level;
  }

  destroy(level: number): void {
    this.ints[level + UP] = this.free;
    this.free = level;
    this.count--;
  }

  /** Puts an order that stands nowhere at the end of the queue. */
  append(level: number, slot: number): void {
    const ints = this.ints;
    const orders = this.orders.ints;
    const last = ints[level + TAIL]!;
    orders[slot + LEVEL] = level;
    orders[slot + PREVIOUS] = last;
    orders[slot + NEXT] = 0;
    if (last === 0) ints[level + HEAD] = slot;
    else orders[last + NEXT] = slot;
    ints[level + TAIL] = slot;
    this.changeTotal(level, this.orders.amounts[slot >> 1]!);
  }

  /** Puts an order that stands nowhere behind `before`, or at the front when that is 0. */
  insertAfter(level: number, before: number, slot: number): void {
    const ints = this.ints;
    const orders = this.orders.ints;
    const next = before === 0 ? ints[level + HEAD]! : orders[before + NEXT]!;
    orders[slot + LEVEL] = level;
    orders[slot + PREVIOUS] = before;
    orders[slot + NEXT] = next;
    if (before === 0) ints[level + HEAD] = slot;
    else orders[before + NEXT] = slot;
    if (next === 0) ints[level + TAIL] = slot;
    else orders[next + PREVIOUS] = slot;
    this.changeTotal(level, this.orders.amounts[slot >> 1]!);
  }

  /** Takes an order out of the queue. */
  unlink(level: number, slot: number): void {
    const ints = this.ints;
    const orders = this.orders.ints;
    const next = orders[slot + NEXT]!;
    const previous = orders[slot + PREVIOUS]!;
    if (previous === 0) ints[level + HEAD] = next;
    else orders[previous + NEXT] = next;
    if (next === 0) ints[level + TAIL] = previous;
    else orders[next + PREVIOUS] = previous;
    this.changeTotal(level, -this.orders.amounts[slot >> 1]!);
  }

  /** After the queue has changed by `change`. */
  changeTotal(level: number, change: number): void {
    const before = this.amounts[(level >> 1) + TOTAL]!;
    const after = before + change;
    this.amounts[(level >> 1) + TOTAL] = before > Number.MAX_SAFE_INTEGER || after > Number.MAX_SAFE_INTEGER ? this.sumOf(level) : after;
  }

  private sumOf(level: number): number {
    let sum = 0;
    for (let slot = this.ints[level + HEAD]!; slot !== 0; slot = this.orders.ints[slot + NEXT]!) sum += this.orders.amounts[slot >> 1]!;
    return sum;
  }
}
