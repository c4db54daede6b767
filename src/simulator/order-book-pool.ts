/**
 * The orders of a book, a column for each property, found by their ids without a search.
 *
 * An order's *slot* is its row in the columns; slots never leave the order-book files, and slot 0 means "none". Rows lie
 * in pages of 128 neighbouring ids, so that a slot follows from an id by one look into a small table. A page comes with
 * the first of its orders and goes with the last; its place is used again. Ids may therefore grow without end (below
 * 2^31) while memory follows the orders alive, as long as ids alive lie near each other: one that lies alone costs 4 kB.
 * A row whose open quantity is 0 stands for no order.
 */

const PAGE_BITS = 7;
const PAGE_ROWS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_ROWS - 1;
const FIRST_PAGES = 2;

export class OrderPool {
  /** The columns are reallocated by `allocate`: read them again after it. 32 bytes a row. */
  quantity = new Float64Array(FIRST_PAGES * PAGE_ROWS);
  /** Neighbours in the queue. */
  next = new Int32Array(FIRST_PAGES * PAGE_ROWS);
  previous = new Int32Array(FIRST_PAGES * PAGE_ROWS);
  /** The level whose queue the order stands in. */
  level = new Int32Array(FIRST_PAGES * PAGE_ROWS);
  id = new Int32Array(FIRST_PAGES * PAGE_ROWS);
  owner = new Int32Array(FIRST_PAGES * PAGE_ROWS);
  /** See order-book-traits. */
  traits = new Int32Array(FIRST_PAGES * PAGE_ROWS);
  count = 0;
  /** By the high bits of an id, the first row of its page. Page 0 is empty for ever. */
  private pageStarts = new Int32Array(FIRST_PAGES);
  /** By page, the high bits of its ids. */
  private pageHighs = new Int32Array(FIRST_PAGES);
  /** By page, how many orders it holds. */
  private pageOrders = new Int32Array(FIRST_PAGES);
  private freePages = new Int32Array(FIRST_PAGES);
  private freePageCount = 0;
  private freshRow = PAGE_ROWS;
  /** The page that was added last is kept while it is empty: the next ids belong there. */
  private newestPage = 0;

  /** 0 when no order has this id. */
  slotOf(id: number): number {
    const high = id >>> PAGE_BITS;
    if (high >= this.pageStarts.length) return 0;
    const slot = this.pageStarts[high]! + (id & PAGE_MASK);
    return this.quantity[slot] === 0 ? 0 : slot;
  }

  /** A row for `id`, which must be unknown. The quantity is the caller's to set, above 0, before anything else is asked. */
  allocate(id: number): number {
    const high = id >>> PAGE_BITS;
    if (high >= this.pageStarts.length || this.pageStarts[high] === 0) this.addPage(high);
    const slot = this.pageStarts[high]! + (id & PAGE_MASK);
    this.pageOrders[slot >> PAGE_BITS]!++;
    this.id[slot] = id;
    this.count++;
    return slot;
  }

  release(slot: number): void {
    this.quantity[slot] = 0;
    this.count--;
    if (--this.pageOrders[slot >> PAGE_BITS]! === 0 && slot >> PAGE_BITS !== this.newestPage) this.removePage(slot >> PAGE_BITS);
  }

  /** Bytes of everything that grows with orders. */
  get bytes(): number {
    const columns = [this.quantity, this.next, this.previous, this.level, this.id, this.owner, this.traits, this.pageStarts, this.pageHighs, this.pageOrders, this.freePages];
    return columns.reduce((bytes, column) => bytes + column.byteLength, 0);
  }

  private addPage(high: number): void {
    if (this.pageOrders[this.newestPage] === 0) this.removePage(this.newestPage);
    while (high >= this.pageStarts.length) this.pageStarts = doubled(this.pageStarts);
    let start = this.freshRow;
    if (this.freePageCount > 0) {
      start = this.freePages[--this.freePageCount]!;
    } else {
      if (start === this.next.length) this.grow();
      this.freshRow = start + PAGE_ROWS;
    }
    this.pageStarts[high] = start;
    this.newestPage = start >> PAGE_BITS;
    this.pageHighs[this.newestPage] = high;
  }

  private removePage(page: number): void {
    if (page === 0) return;
    this.pageStarts[this.pageHighs[page]!] = 0;
    this.freePages[this.freePageCount++] = page * PAGE_ROWS;
  }

  private grow(): void {
    this.quantity = doubledDoubles(this.quantity);
    this.next = doubled(this.next);
    this.previous = doubled(this.previous);
    this.level = doubled(this.level);
    this.id = doubled(this.id);
    this.owner = doubled(this.owner);
    this.traits = doubled(this.traits);
    this.pageHighs = doubled(this.pageHighs);
    this.pageOrders = doubled(this.pageOrders);
    this.freePages = doubled(this.freePages);
  }
}

export function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

export function doubledDoubles(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
