/**
 * What happened, in order, as a typed log that the caller reads and clears.
 *
 * Three kinds: FILL (maker, taker, price, quantity), TRIGGERED (a pending stop was activated; what it does follows) and
 * ENDED (the book canceled what was open of an order, for a reason; nobody asked for it by id). An event takes 24
 * bytes. The log grows by doubling while it is not cleared and never shrinks, so that a caller who clears after every
 * command or batch makes it allocate nothing.
 */
import { ENDED, FILL, TRIGGERED } from "./order-book-codes.ts";

const INTS = 6;
const DOUBLES = 3;
const MAKER = 4;
const TAKER = 5;
/** In the place of the taker, where an event has none. */
const NO_TAKER_TRIGGERED = -1;
const NO_TAKER_ENDED = -2;
const FIRST_CAPACITY = 16;

export class EventLog {
  /** Events since the last `clear`. */
  count = 0;
  private capacity = FIRST_CAPACITY;
  private ints: Int32Array;
  private doubles: Float64Array;

  constructor() {
    const buffer = new ArrayBuffer(FIRST_CAPACITY * INTS * 4);
    this.ints = new Int32Array(buffer);
    this.doubles = new Float64Array(buffer);
  }

  kind(index: number): typeof FILL | typeof TRIGGERED | typeof ENDED {
    const taker = this.ints[this.checked(index) * INTS + TAKER]!;
    return taker >= 0 ? FILL : taker === NO_TAKER_TRIGGERED ? TRIGGERED : ENDED;
  }

  /** The order that the event is about; of a fill, the one that was resting. */
  maker(index: number): number {
    return this.ints[this.checked(index) * INTS + MAKER]!;
  }

  /** Of a fill, the order that came in. Negative for other kinds. */
  taker(index: number): number {
    return this.ints[this.checked(index) * INTS + TAKER]!;
  }

  /** Of a fill, the maker's price. */
  price(index: number): number {
    return this.doubles[this.checked(index) * DOUBLES]!;
  }

  /** Of a fill, what was traded; of an ended order, what was still open. */
  quantity(index: number): number {
    return this.doubles[this.checked(index) * DOUBLES + 1]!;
  }

  /** Why an order ended, one of the reasons of order-book-codes. */
  reason(index: number): number {
    return this.doubles[this.checked(index) * DOUBLES]!;
  }

  clear(): void {
    this.count = 0;
  }

  /** For the book only, like the two below. */
  addFill(maker: number, taker: number, price: number, quantity: number): void {
    const index = this.count;
    if (index === this.capacity) this.grow();
    this.doubles[index * DOUBLES] = price;
    this.doubles[index * DOUBLES + 1] = quantity;
    this.ints[index * INTS + MAKER] = maker;
    this.ints[index * INTS + TAKER] = taker;
    this.count = index + 1;
  }

  addTriggered(id: number): void {
    this.addFill(id, NO_TAKER_TRIGGERED, 0, 0);
  }

  addEnded(id: number, quantity: number, reason: number): void {
    this.addFill(id, NO_TAKER_ENDED, reason, quantity);
  }

  private checked(index: number): number {
    if (index < 0 || index >= this.count) throw new RangeError(`event ${index} of ${this.count}`);
    return index;
  }

  private grow(): void {
    this.capacity *= 2;
    const ints = new Int32Array(this.capacity * INTS);
    ints.set(this.ints);
    this.ints = ints;
    this.doubles = new Float64Array(ints.buffer);
  }
}
