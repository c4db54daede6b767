/**
 * The orders of a book: 32 bytes each in one buffer, found by their ids without a search.
 *
 * A record's *slot* is the offset of its first int32; slots never leave the order-book files, and slot 0 means "none".
 * Records lie in pages of 128 neighbouring ids, so that a slot follows from an id by one look into a small table. A page
 * comes with the first of its orders and goes with the last; its place is used again. Ids may therefore grow without end
 * (below 2^31) while memory follows the orders alive, as long as ids alive lie near each other: one that lies alone
 * costs 4 kB. A record whose open quantity is 0 stands for no order.
 */

/** Int32s in a record; the open quantity is the double at `slot >> 1`. */
const STRIDE = 8;
export const NEXT = 2;
export const PREVIOUS = 3;
/** The price level whose queue the order stands in. */
export const LEVEL = 4;
export const ID = 5;
export const OWNER = 6;
/** See order-book-traits. */
export const TRAITS = 7;

const PAGE_BITS = 7;
const PAGE_MASK = (1 << PAGE_BITS) - 1;
/** Int32s in a page of records. */
const PAGE = STRIDE << PAGE_BITS;
const PAGE_SHIFT = 10;
const FIRST_PAGES = 2;

export class OrderPool {
  /** Reallocated by `allocate`: read these again after it. */
  ints = new Int32Array(FIRST_PAGES * PAGE);
  amounts = new Float64Array(this.ints.buffer);
  count = 0;
  /** By the high bits of an id, where its page starts in `ints`. Page 0 is empty for ever. */
  private pageStarts = new Int32Array(FIRST_PAGES);
  /** By page, how many orders it holds. */
  private pageOrders = new Int32Array(FIRST_PAGES);
  private freePages = new Int32Array(FIRST_PAGES);
  private freePageCount = 0;
  private freshPage = PAGE;

  /** 0 when no order has this id. */
  slotOf(id: number): number {
    const high = id >>> PAGE_BITS;
    if (high >= this.pageStarts.length) return 0;
    const slot = this.pageStarts[high]! + (id & PAGE_MASK) * STRIDE;
    return this.amounts[slot >> 1] === 0 ? 0 : slot;
  }

  /** A record for `id`, which must be unknown. The quantity is the caller's to set, above 0, before anything else is asked. */
  allocate(id: number): number {
    const high = id >>> PAGE_BITS;
    if (high >= this.pageStarts.length || this.pageStarts[high] === 0) this.addPage(high);
    const slot = this.pageStarts[high]! + (id & PAGE_MASK) * STRIDE;
    this.pageOrders[slot >> PAGE_SHIFT]!++;
    this.ints[slot + ID] = id;
    this.count++;
    return slot;
  }

  release(slot: number): void {
    this.amounts[slot >> 1] = 0;
    this.count--;
    if (--this.pageOrders[slot >> PAGE_SHIFT]! === 0) this.removePage(slot);
  }

  /** Bytes of everything that grows with orders. */
  get bytes(): number {
    return this.ints.byteLength + this.pageStarts.byteLength + this.pageOrders.byteLength + this.freePages.byteLength;
  }

  private addPage(high: number): void {
    while (high >= this.pageStarts.length) this.pageStarts = doubled(this.pageStarts);
    let start = this.freshPage;
    if (this.freePageCount > 0) {
      start = this.freePages[--this.freePageCount]!;
    } else {
      if (start === this.ints.length) this.grow();
      this.freshPage = start + PAGE;
    }
    this.pageStarts[high] = start;
  }

  private removePage(slot: number): void {
    this.pageStarts[this.ints[slot + ID]! >>> PAGE_BITS] = 0;
    this.freePages[this.freePageCount++] = slot & -PAGE;
  }

  private grow(): void {
    this.ints = doubled(this.ints);
    this.amounts = new Float64Array(this.ints.buffer);
    this.pageOrders = doubled(this.pageOrders);
    this.freePages = doubled(this.freePages);
  }
}

export function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
