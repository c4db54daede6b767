/**
 * The orders of a book: 32 bytes each in one buffer, and the way from an id to its record.
 *
 * A record is found by its *slot*, the offset of its first int32. Slots are reused last in, first out, and never leave
 * the order-book files. Slot 0 means "none". The id index is paged: an id costs four bytes on a page of 1,024
 * neighbouring ids, a page without orders is reused, so ids may grow without end (below 2^31) while memory follows the
 * orders alive, as long as ids alive lie near each other.
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

const PAGE_BITS = 10;
const PAGE = 1 << PAGE_BITS;
const PAGE_MASK = PAGE - 1;
const FIRST_ORDERS = 16;
const FIRST_PAGES = 2;

export class OrderPool {
  /** Reallocated by `allocate`: read these again after it. */
  ints = new Int32Array(FIRST_ORDERS * STRIDE);
  amounts = new Float64Array(this.ints.buffer);
  count = 0;
  private free = 0;
  private fresh = STRIDE;
  private index = new Int32Array(FIRST_PAGES * PAGE);
  /** By the high bits of an id, where its page starts in `index`. Page 0 is empty for ever. */
  private pageStarts = new Int32Array(FIRST_PAGES);
  private pageOrders = new Int32Array(FIRST_PAGES);
  private freePages: number[] = [];
  private freshPage = PAGE;

  /** 0 when no order has this id. */
  slotOf(id: number): number {
    const high = id >>> PAGE_BITS;
    return high < this.pageStarts.length ? this.index[this.pageStarts[high]! + (id & PAGE_MASK)]! : 0;
  }

  /** A record for `id`, which must be unknown; its links are zero. */
  allocate(id: number): number {
    let slot = this.free;
    if (slot !== 0) {
      this.free = this.ints[slot + NEXT]!;
    } else {
      slot = this.fresh;
      if (slot === this.ints.length) this.growOrders();
      this.fresh = slot + STRIDE;
    }
    const ints = this.ints;
    ints[slot + NEXT] = 0;
    ints[slot + PREVIOUS] = 0;
    ints[slot + ID] = id;
    this.count++;
    const high = id >>> PAGE_BITS;
    if (high >= this.pageStarts.length || this.pageStarts[high] === 0) this.addPage(high);
    const start = this.pageStarts[high]!;
    this.index[start + (id & PAGE_MASK)] = slot;
    this.pageOrders[start >> PAGE_BITS]!++;
    return slot;
  }

  release(slot: number): void {
    const ints = this.ints;
    const id = ints[slot + ID]!;
    const high = id >>> PAGE_BITS;
    const start = this.pageStarts[high]!;
    this.index[start + (id & PAGE_MASK)] = 0;
    if (--this.pageOrders[start >> PAGE_BITS]! === 0) {
      this.pageStarts[high] = 0;
      this.freePages.push(start);
    }
    ints[slot + NEXT] = this.free;
    this.free = slot;
    this.count--;
  }

  /** Bytes of everything that grows with orders, for the bench. */
  get bytes(): number {
    return this.ints.byteLength + this.index.byteLength + this.pageStarts.byteLength + this.pageOrders.byteLength;
  }

  private growOrders(): void {
    this.ints = doubled(this.ints);
    this.amounts = new Float64Array(this.ints.buffer);
  }

  private addPage(high: number): void {
    while (high >= this.pageStarts.length) this.pageStarts = doubled(this.pageStarts);
    let start = this.freePages.pop();
    if (start === undefined) {
      start = this.freshPage;
      if (start === this.index.length) {
        this.index = doubled(this.index);
        this.pageOrders = doubled(this.pageOrders);
      }
      this.freshPage = start + PAGE;
    }
    this.pageStarts[high] = start;
  }
}

export function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
