/**
 * The orders of a book, a row of 32 bytes each, found by their ids without a search.
 *
 * An order's *slot* is where its row begins, in int32s; slots never leave the order-book files, and slot 0 means "none".
 * Each property has a view of its own on the one buffer, which begins at that property of the first row: so
 * `next[slot]` is an order's next, `quantity[slot >> 1]` its quantity, and all that is asked of an order lies in one or
 * two lines of the processor's caches.
 *
 * Rows lie in pages of 128 neighbouring ids, so that a slot follows from an id by one look into a small table. A page
 * comes with the first of its orders and goes with the last; its place is used again. Ids may therefore grow without end
 * (below 2^31) while memory follows the orders alive, as long as ids alive lie near each other: one that lies alone costs
 * 4 kB. A row whose open quantity is 0 stands for no order.
 */

const PAGE_BITS = 7;
const PAGE_MASK = (1 << PAGE_BITS) - 1;
/** A row is 8 int32s, of which the quantity takes two. */
const ROW_BITS = 3;
const PAGE_INTS = 1 << (PAGE_BITS + ROW_BITS);
const FIRST_PAGES = 2;

export class OrderPool {
  /** The views are made anew by `allocate`: read them again after it. Of this one the index is half a slot. */
  quantity!: Float64Array;
  /** Neighbours in the queue. */
  next!: Int32Array;
  previous!: Int32Array;
  /** The level whose queue the order stands in. */
  level!: Int32Array;
  id!: Int32Array;
  owner!: Int32Array;
  /** See order-book-traits. */
  traits!: Int32Array;
  count = 0;
  /** By the high bits of an id, the first row of its page. Page 0 is empty for ever. */
  private pageStarts = new Int32Array(FIRST_PAGES);
  /** By page, the high bits of its ids. */
  private pageHighs = new Int32Array(FIRST_PAGES);
  /** By page, how many orders it holds. */
  private pageOrders = new Int32Array(FIRST_PAGES);
  private freePages = new Int32Array(FIRST_PAGES);
  private freePageCount = 0;
  private freshSlot = PAGE_INTS;
  /** The page that was added last is kept while it is empty: the next ids belong there. */
  private newestPage = 0;

  constructor() {
    this.view(new ArrayBuffer(FIRST_PAGES * PAGE_INTS * 4));
  }

  /** 0 when no order has this id. */
  slotOf(id: number): number {
    const high = id >>> PAGE_BITS;
    if (high >= this.pageStarts.length) return 0;
    const slot = this.pageStarts[high]! + ((id & PAGE_MASK) << ROW_BITS);
    return this.quantity[slot >> 1] === 0 ? 0 : slot;
  }

  /** A row for `id`, which must be unknown. The quantity is the caller's to set, above 0, before anything else is asked. */
  allocate(id: number): number {
    const high = id >>> PAGE_BITS;
    if (high >= this.pageStarts.length || this.pageStarts[high] === 0) this.addPage(high);
    const slot = this.pageStarts[high]! + ((id & PAGE_MASK) << ROW_BITS);
    this.pageOrders[pageOf(slot)]!++;
    this.id[slot] = id;
    this.count++;
    return slot;
  }

  release(slot: number): void {
    this.quantity[slot >> 1] = 0;
    this.count--;
    const page = pageOf(slot);
    if (--this.pageOrders[page]! === 0 && page !== this.newestPage) this.removePage(page);
  }

  /** Bytes of everything that grows with orders. */
  get bytes(): number {
    const tables = [this.pageStarts, this.pageHighs, this.pageOrders, this.freePages];
    return tables.reduce((bytes, table) => bytes + table.byteLength, this.quantity.buffer.byteLength);
  }

  private addPage(high: number): void {
    if (this.pageOrders[this.newestPage] === 0) this.removePage(this.newestPage);
    while (high >= this.pageStarts.length) this.pageStarts = doubled(this.pageStarts);
    let start = this.freshSlot;
    if (this.freePageCount > 0) {
      start = this.freePages[--this.freePageCount]!;
    } else {
      if (start * 4 === this.quantity.buffer.byteLength) this.grow();
      this.freshSlot = start + PAGE_INTS;
    }
    this.pageStarts[high] = start;
    this.newestPage = pageOf(start);
    this.pageHighs[this.newestPage] = high;
  }

  private removePage(page: number): void {
    if (page === 0) return;
    this.pageStarts[this.pageHighs[page]!] = 0;
    this.freePages[this.freePageCount++] = page * PAGE_INTS;
  }

  private view(buffer: ArrayBuffer): void {
    this.quantity = new Float64Array(buffer);
    this.next = new Int32Array(buffer, 8);
    this.previous = new Int32Array(buffer, 12);
    this.level = new Int32Array(buffer, 16);
    this.id = new Int32Array(buffer, 20);
    this.owner = new Int32Array(buffer, 24);
    this.traits = new Int32Array(buffer, 28);
  }

  private grow(): void {
    this.view(doubledDoubles(this.quantity).buffer);
    this.pageHighs = doubled(this.pageHighs);
    this.pageOrders = doubled(this.pageOrders);
    this.freePages = doubled(this.freePages);
  }
}

function pageOf(slot: number): number {
  return slot >> (PAGE_BITS + ROW_BITS);
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
