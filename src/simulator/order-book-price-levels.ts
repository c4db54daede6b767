/**
 * The two sides of a book as one chain of levels, sorted by price: bids below, asks above.
 *
 * `bid` and `ask` are the best levels; their neighbours outward are the next best, so the top and the next level are
 * reached in constant time. A price finds its level through the ladder when it lies on the tick grid inside the ladder's
 * window, else through the sparse index. The window follows the prices: it grows by doubling while its levels fit, and
 * moves to the middle of the market when more prices have missed it than there are levels. Where a level is indexed
 * never shows in what the book answers.
 */
import { BUY } from "./order-book-codes.ts";
import { Ladder, LADDER_TICKS_MAX } from "./order-book-ladder.ts";
import { DOWN, LevelPool, UP } from "./order-book-levels.ts";
import type { OrderPool } from "./order-book-pool.ts";
import { SparseLevels } from "./order-book-sparse.ts";

const MISSES_BEFORE_MOVE = 1024;

export class PriceLevels {
  readonly pool: LevelPool;
  /** The best bid level, or 0. */
  bid = 0;
  /** The best ask level, or 0. */
  ask = 0;
  private lowest = 0;
  private readonly ladder: Ladder;
  private readonly sparse = new SparseLevels();
  /** Prices on the grid that fell outside the window since it last moved. */
  private misses = 0;

  constructor(orders: OrderPool, tickSize: number) {
    this.pool = new LevelPool(orders);
    this.ladder = new Ladder(tickSize);
  }

  /** The level at `price`, made if there is none. It must not cross the other side. */
  obtain(price: number, side: number): number {
    const index = this.ladder.indexOf(price);
    const level = index >= 0 ? this.ladder.at(index) : this.sparse.count === 0 ? 0 : this.sparse.find(price);
    return level !== 0 ? level : this.create(price, side, index);
  }

  /** Takes a level whose queue is empty out of the chain. */
  remove(level: number): void {
    const ints = this.pool.ints;
    const up = ints[level + UP]!;
    const down = ints[level + DOWN]!;
    if (level === this.ask) this.ask = up;
    else if (level === this.bid) this.bid = down;
    if (up !== 0) ints[up + DOWN] = down;
    if (down !== 0) ints[down + UP] = up;
    else this.lowest = up;
    this.removeFromIndex(level);
    this.pool.destroy(level);
  }

  get bytes(): number {
    return this.pool.ints.byteLength + this.ladder.bytes + this.sparse.bytes;
  }

  /** `index` is the price's place on the ladder, or -1. */
  private create(price: number, side: number, index: number): number {
    const level = this.pool.create(price);
    const { ints, amounts } = this.pool;
    const { bid, ask } = this;
    let down = bid;
    let up = ask;
    if (side === BUY && (bid === 0 || price > amounts[bid >> 1]!)) {
      this.bid = level;
    } else if (side !== BUY && (ask === 0 || price < amounts[ask >> 1]!)) {
      this.ask = level;
    } else {
      down = this.levelUnder(price);
      up = down === 0 ? this.lowest : ints[down + UP]!;
    }
    ints[level + DOWN] = down;
    ints[level + UP] = up;
    if (down === 0) this.lowest = level;
    else ints[down + UP] = level;
    if (up !== 0) ints[up + DOWN] = level;
    if (index >= 0) this.ladder.set(index, level);
    else this.addOutside(level, price);
    return level;
  }

  private levelUnder(price: number): number {
    const onLadder = this.ladder.levelUnder(price);
    const off = this.sparse.levelUnder(price);
    if (onLadder === 0 || off === 0) return onLadder + off;
    return this.pool.priceOf(onLadder) > this.pool.priceOf(off) ? onLadder : off;
  }

  /** Indexes a level whose price is not on the ladder, after moving the ladder there if that is due. */
  private addOutside(level: number, price: number): void {
    if (this.ladder.isOnGrid(price)) this.follow(price);
    const index = this.ladder.indexOf(price);
    if (index >= 0) this.ladder.set(index, level);
    else this.sparse.insert(price, level);
  }

  private removeFromIndex(level: number): void {
    const price = this.pool.priceOf(level);
    const index = this.ladder.indexOf(price);
    if (index >= 0) this.ladder.remove(index);
    else this.sparse.remove(price);
  }

  /** `price`, on the grid, fell outside the window: grow it, move it, or bear the miss. */
  private follow(price: number): void {
    const { ladder, pool } = this;
    const low = ladder.isEmpty ? price : Math.min(price, pool.priceOf(ladder.lowest));
    const high = ladder.isEmpty ? price : Math.max(price, pool.priceOf(ladder.highest));
    const wanted = ((high - low) / ladder.tickSize + 1) * 2;
    if (wanted <= LADDER_TICKS_MAX) {
      let ticks = ladder.ticks;
      while (ticks < wanted) ticks *= 2;
      this.moveWindow((low + high) / 2, ticks);
    } else if (++this.misses >= Math.max(MISSES_BEFORE_MOVE, pool.count)) {
      this.moveWindow(this.middleOfMarket(price), LADDER_TICKS_MAX);
    }
  }

  private middleOfMarket(price: number): number {
    if (this.bid === 0 || this.ask === 0) return price;
    return (this.pool.priceOf(this.bid) + this.pool.priceOf(this.ask)) / 2;
  }

  private moveWindow(centre: number, ticks: number): void {
    const { ladder, pool, sparse } = this;
    const first = ladder.isEmpty ? 0 : ladder.lowest;
    const end = ladder.isEmpty ? 0 : pool.ints[ladder.highest + UP]!;
    ladder.moveTo((Math.floor(centre / ladder.tickSize) - ticks / 2) * ladder.tickSize, ticks);
    for (let level = first; level !== end; level = pool.ints[level + UP]!) {
      const price = pool.priceOf(level);
      if (!ladder.isOnGrid(price)) continue; // between two ticks: is in the sparse index already
      const index = ladder.indexOf(price);
      if (index >= 0) ladder.set(index, level);
      else sparse.insert(price, level);
    }
    const top = ladder.base + ticks * ladder.tickSize;
    for (let level = sparse.levelFrom(ladder.base); level !== 0 && pool.priceOf(level) < top; level = sparse.levelFrom(pool.priceOf(level) + 1)) {
      const index = ladder.indexOf(pool.priceOf(level));
      if (index < 0) continue;
      sparse.remove(pool.priceOf(level));
      ladder.set(index, level);
    }
    this.misses = 0;
  }
}
