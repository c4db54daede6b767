/**
 * The two sides of a book as one chain of levels, sorted by price: bids below, asks above.
 *
 * The chain ends in two levels that hold no orders, `BOTTOM` under every price and `TOP` above, so that no link is ever
 * missing. `bid` and `ask` are the best levels, or the end where a side is empty; their neighbours outward are the next
 * best. A price finds its level through the ladder when it lies on the tick grid inside the ladder's window, else through
 * the sparse index. The window follows the prices: it grows by doubling while its levels fit, and moves to the middle of
 * the market when more prices have missed it than there are levels. Where a level is indexed never shows in what the
 * book answers.
 */
import { BUY } from "./order-book-codes.ts";
import { Ladder, LADDER_TICKS_MAX, OFF_LADDER } from "./order-book-ladder.ts";
import { LevelPool } from "./order-book-levels.ts";
import type { OrderPool } from "./order-book-pool.ts";
import { SparseLevels } from "./order-book-sparse.ts";

export const BOTTOM = 0;
export const TOP = 1;

const MISSES_BEFORE_MOVE = 1024;

export class PriceLevels {
  readonly pool: LevelPool;
  bid = BOTTOM;
  ask = TOP;
  private readonly ladder: Ladder;
  private readonly sparse = new SparseLevels();
  /** Prices on the grid that fell outside the window since it last moved. */
  private misses = 0;

  constructor(orders: OrderPool, tickSize: number) {
    this.pool = new LevelPool(orders);
    this.ladder = new Ladder(tickSize);
    this.pool.price[BOTTOM] = -Infinity;
    this.pool.create(Infinity);
    this.pool.up[BOTTOM] = TOP;
    this.pool.down[TOP] = BOTTOM;
  }

  /** The level at `price`, made if there is none. It must not cross the other side. */
  obtain(price: number, side: number): number {
    const index = this.ladder.indexOf(price);
    const level = index !== OFF_LADDER ? this.ladder.at(index) : this.sparse.count === 0 ? 0 : this.sparse.find(price);
    return level !== 0 ? level : this.create(price, side, index);
  }

  /** Takes a level whose queue is empty out of the chain. */
  remove(level: number): void {
    const { pool } = this;
    const up = pool.up[level]!;
    const down = pool.down[level]!;
    if (level === this.ask) this.ask = up;
    else if (level === this.bid) this.bid = down;
    pool.down[up] = down;
    pool.up[down] = up;
    const index = pool.place[level]!;
    if (index === OFF_LADDER) this.sparse.remove(pool.price[level]!);
    else this.ladder.remove(index);
    pool.destroy(level);
  }

  get bytes(): number {
    return this.pool.bytes + this.ladder.bytes + this.sparse.bytes;
  }

  /** `index` is the price's place on the ladder, or OFF_LADDER. */
  private create(price: number, side: number, index: number): number {
    const { pool } = this;
    const level = pool.create(price);
    let down = this.bid;
    let up = this.ask;
    if (price > pool.price[down]! && price < pool.price[up]!) {
      if (side === BUY) this.bid = level;
      else this.ask = level;
    } else {
      down = this.levelUnder(price, index);
      up = pool.up[down]!;
    }
    pool.down[level] = down;
    pool.up[level] = up;
    pool.up[down] = level;
    pool.down[up] = level;
    if (index !== OFF_LADDER) this.place(level, index);
    else this.placeOutside(level, price);
    return level;
  }

  private levelUnder(price: number, index: number): number {
    const onLadder = index === OFF_LADDER ? this.ladder.levelUnder(price) : this.ladder.levelUnderIndex(index);
    if (this.sparse.count === 0) return onLadder;
    const off = this.sparse.levelUnder(price);
    return this.pool.price[onLadder]! > this.pool.price[off]! ? onLadder : off;
  }

  private place(level: number, index: number): void {
    this.ladder.set(index, level);
    this.pool.place[level] = index;
  }

  /** Indexes a level whose price is not on the ladder, after moving the ladder there if that is due. */
  private placeOutside(level: number, price: number): void {
    if (this.ladder.isOnGrid(price)) this.follow(price);
    const index = this.ladder.indexOf(price);
    if (index !== OFF_LADDER) this.place(level, index);
    else this.putAside(level, price);
  }

  private putAside(level: number, price: number): void {
    this.sparse.insert(price, level);
    this.pool.place[level] = OFF_LADDER;
  }

  /** `price`, on the grid, fell outside the window: grow it, move it, or bear the miss. */
  private follow(price: number): void {
    const { ladder, pool } = this;
    const low = ladder.isEmpty ? price : Math.min(price, pool.price[ladder.lowest]!);
    const high = ladder.isEmpty ? price : Math.max(price, pool.price[ladder.highest]!);
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
    if (this.bid === BOTTOM || this.ask === TOP) return price;
    return (this.pool.price[this.bid]! + this.pool.price[this.ask]!) / 2;
  }

  private moveWindow(centre: number, ticks: number): void {
    const { ladder, pool, sparse } = this;
    const first = ladder.isEmpty ? TOP : ladder.lowest;
    const end = ladder.isEmpty ? TOP : pool.up[ladder.highest]!;
    ladder.moveTo((Math.floor(centre / ladder.tickSize) - ticks / 2) * ladder.tickSize, ticks);
    for (let level = first; level !== end; level = pool.up[level]!) {
      if (pool.place[level] === OFF_LADDER) continue; // a price between two ticks
      const price = pool.price[level]!;
      const index = ladder.indexOf(price);
      if (index !== OFF_LADDER) this.place(level, index);
      else this.putAside(level, price);
    }
    const top = ladder.base + ticks * ladder.tickSize;
    for (let level = sparse.levelFrom(ladder.base); level !== 0 && pool.price[level]! < top; level = sparse.levelFrom(pool.price[level]! + 1)) {
      const index = ladder.indexOf(pool.price[level]!);
      if (index === OFF_LADDER) continue;
      sparse.remove(pool.price[level]!);
      this.place(level, index);
    }
    this.misses = 0;
  }
}
