/**
 * A book for callers whose ids are names: each name is interned once, and the book is spoken to in integers.
 *
 * A name is taken from its submit until its order has ended; then it may be used again. The events of a command can be
 * read, and their numbers turned back with `nameOf`, until the next command: that begins by clearing the log and
 * forgetting what the last one ended. Numbers are dealt out densely and reused, as the book likes them.
 */
import { CANCELED, DUPLICATE_ID, NO_REASON, OPEN, PENDING, REJECTED, UNKNOWN_ID } from "./order-book-codes.ts";
import { NameTable, NO_NUMBER } from "./order-book-names.ts";
import type { Name } from "./order-book-names.ts";
import type { OrderBook } from "./order-book.ts";

export type { Name };

export class OrderBookGateway {
  readonly book: OrderBook;
  /** Why the last command was rejected, or its order canceled by the book. */
  reason: number = NO_REASON;
  private readonly names = new NameTable();
  private readonly owners = new Map<Name, number>();
  /** The number of the last command's own order where that ended at once, or NO_NUMBER. */
  private endedAtOnce = NO_NUMBER;

  constructor(book: OrderBook) {
    this.book = book;
  }

  /** The name behind a number that the events of the last command mention. */
  nameOf(number: number): Name {
    const name = this.names.nameOf(number);
    if (name === undefined) throw new RangeError(`no order has the number ${number}`);
    return name;
  }

  /** The integer that stands for this owner, from 1 on; dealt out for good. */
  ownerOf(name: Name): number {
    let owner = this.owners.get(name);
    if (owner === undefined) {
      owner = this.owners.size + 1;
      this.owners.set(name, owner);
    }
    return owner;
  }

  /** As `OrderBook.submit`. */
  submit(name: Name, side: number, type: number, price: number, stopPrice: number, quantity: number, timeInForce: number, owner: number, flags: number): number {
    this.forgetEnded();
    const number = this.names.intern(name);
    if (number === NO_NUMBER) return this.reject(DUPLICATE_ID);
    const status = this.book.submit(number, side, type, price, stopPrice, quantity, timeInForce, owner, flags);
    this.reason = this.book.reason;
    if (status !== OPEN && status !== PENDING) this.endedAtOnce = number;
    return status;
  }

  /** As `OrderBook.cancel`. */
  cancel(name: Name): number {
    this.forgetEnded();
    const number = this.names.numberOf(name);
    if (number === NO_NUMBER) {
      this.reject(UNKNOWN_ID);
      return 0;
    }
    this.reason = NO_REASON;
    const quantity = this.book.cancel(number);
    this.names.release(number);
    return quantity;
  }

  /** As `OrderBook.reduce`. */
  reduce(name: Name, by: number): number {
    this.forgetEnded();
    const number = this.names.numberOf(name);
    if (number === NO_NUMBER) return this.reject(UNKNOWN_ID);
    const status = this.book.reduce(number, by);
    this.reason = this.book.reason;
    if (status === CANCELED) this.names.release(number);
    return status;
  }

  /** As `OrderBook.replace`. */
  replace(name: Name, price: number, quantity: number): number {
    this.forgetEnded();
    const number = this.names.numberOf(name);
    if (number === NO_NUMBER) return this.reject(UNKNOWN_ID);
    const status = this.book.replace(number, price, quantity);
    this.reason = this.book.reason;
    return status;
  }

  private reject(reason: number): number {
    this.reason = reason;
    return REJECTED;
  }

  /** Before a command: what the last one ended has been read by now. */
  private forgetEnded(): void {
    if (this.endedAtOnce !== NO_NUMBER) this.names.release(this.endedAtOnce);
    this.endedAtOnce = NO_NUMBER;
    const { book, names } = this;
    const { events } = book;
    if (events.count === 0) return;
    for (let index = 0; index < events.count; index++) {
      const maker = events.maker(index);
      if (book.remaining(maker) === 0) names.release(maker);
      const taker = events.taker(index);
      if (taker >= 0 && book.remaining(taker) === 0) names.release(taker);
    }
    events.clear();
  }
}
