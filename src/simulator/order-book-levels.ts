/**
 * Price levels, a column for each property: the queue of orders at one price, and its total.
 *
 * A level is its row in the columns; 0 means "none". `up` and `down` chain levels by price for whoever keeps them
 * sorted. Totals above 2^53-1 are the rounded sum of the queue, front to back, and become exact again when they come
 * below it.
 */
import { doubled, doubledDoubles } from "./order-book-pool.ts";
import type { OrderPool } from "./order-book-pool.ts";

const FIRST_LEVELS = 16;

export class LevelPool {
  /** The columns are reallocated by `create`: read them again after it. 36 bytes a row. */
  price = new Float64Array(FIRST_LEVELS);
  total = new Float64Array(FIRST_LEVELS);
  /** The order that stands there longest, and the one that came last; 0 when the queue is empty. */
  head = new Int32Array(FIRST_LEVELS);
  tail = new Int32Array(FIRST_LEVELS);
  up = new Int32Array(FIRST_LEVELS);
  down = new Int32Array(FIRST_LEVELS);
  /** For whoever indexes levels by price. */
  place = new Int32Array(FIRST_LEVELS);
  count = 0;
  private free = 0;
  private fresh = 1;
  private readonly orders: OrderPool;

  constructor(orders: OrderPool) {
    this.orders = orders;
  }

  /** An empty level; its links are the caller's to set. */
  create(price: number): number {
    let level = this.free;
    if (level !== 0) {
      this.free = this.up[level]!;
    } else {
      level = this.fresh++;
      if (level === this.up.length) this.grow();
    }
    this.price[level] = price;
    this.total[level] = 0;
    this.head[level] = 0;
    this.tail[level] = 0;
    this.count++;
    return level;
  }

  destroy(level: number): void {
    this.up[level] = this.free;
    this.free = level;
    this.count--;
  }

  /** Puts an order that stands nowhere at the end of the queue. */
  append(level: number, slot: number): void {
    const { orders } = this;
    const last = this.tail[level]!;
    this.tail[level] = slot;
    orders.level[slot] = level;
    orders.previous[slot] = last;
    orders.next[slot] = 0;
    if (last === 0) this.head[level] = slot;
    else orders.next[last] = slot;
    const total = this.total[level]! + orders.quantity[slot >> 1]!;
    this.total[level] = total <= Number.MAX_SAFE_INTEGER ? total : this.sumOf(level);
  }

  /** Puts an order that stands nowhere behind `before`, or at the front when that is 0. */
  insertAfter(level: number, before: number, slot: number): void {
    const { orders } = this;
    const next = before === 0 ? this.head[level]! : orders.next[before]!;
    orders.level[slot] = level;
    orders.previous[slot] = before;
    orders.next[slot] = next;
    if (before === 0) this.head[level] = slot;
    else orders.next[before] = slot;
    if (next === 0) this.tail[level] = slot;
    else orders.previous[next] = slot;
    this.changeTotal(level, orders.quantity[slot >> 1]!);
  }

  /** Takes an order out of the queue. Whether that is empty now. */
  unlink(level: number, slot: number): boolean {
    const { orders } = this;
    const next = orders.next[slot]!;
    const previous = orders.previous[slot]!;
    if (previous === 0) this.head[level] = next;
    else orders.next[previous] = next;
    if (next === 0) this.tail[level] = previous;
    else orders.previous[next] = previous;
    this.changeTotal(level, -orders.quantity[slot >> 1]!);
    return next === 0 && previous === 0;
  }

  /** After the queue has changed by `change`. */
  changeTotal(level: number, change: number): void {
    const before = this.total[level]!;
    const after = before + change;
    this.total[level] = before > Number.MAX_SAFE_INTEGER || after > Number.MAX_SAFE_INTEGER ? this.sumOf(level) : after;
  }

  get bytes(): number {
    return this.price.byteLength * 2 + this.head.byteLength * 5;
  }

  private sumOf(level: number): number {
    let sum = 0;
    for (let slot = this.head[level]!; slot !== 0; slot = this.orders.next[slot]!) sum += this.orders.quantity[slot >> 1]!;
    return sum;
  }

  private grow(): void {
    this.price = doubledDoubles(this.price);
    this.total = doubledDoubles(this.total);
    this.head = doubled(this.head);
    this.tail = doubled(this.tail);
    this.up = doubled(this.up);
    this.down = doubled(this.down);
    this.place = doubled(this.place);
  }
}
