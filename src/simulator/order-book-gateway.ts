/**
 * A book for callers whose ids are names: each name is interned once, and the book is spoken to in integers.
 *
 * A name is taken from its submit until its order has ended; then it may be used again. The events of a command can be
 * read, and their numbers turned back with `nameOf`, until the next command: that begins by clearing the log and
 * forgetting what the last one ended. Numbers are dealt out densely and reused, as the book likes them.
 */
import { CANCELED, DUPLICATE_ID, NO_REASON, OPEN, PENDING, REJECTED, UNKNOWN_ID } from "./order-book-codes.ts";
import type { OrderBook } from "./order-book.ts";

export type Name = string | number;

const NONE = -1;

export class OrderBookGateway {
  readonly book: OrderBook;
  /** Why the last command was rejected, or its order canceled by the book. */
  reason: number = NO_REASON;
  /** Orders alive. */
  private readonly numbers = new Map<Name, number>();
  private readonly names: (Name | undefined)[] = [];
  private readonly free: number[] = [];
  private readonly owners = new Map<Name, number>();
  /** The number of the last command's own order where that ended at once, or NONE. */
  private endedAtOnce = NONE;

  constructor(book: OrderBook) {
    this.book = book;
  }

  /** The name behind a number that the events of the last command mention. */
  nameOf(number: number): Name {
    const name = this.names[number];
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
    if (this.numbers.has(name)) return this.reject(DUPLICATE_ID);
    const number = this.free.length > 0 ? this.free.pop()! : this.names.length;
    this.names[number] = name;
    const status = this.book.submit(number, side, type, price, stopPrice, quantity, timeInForce, owner, flags);
    this.reason = this.book.reason;
    if (status === OPEN || status === PENDING) this.numbers.set(name, number);
    else this.endedAtOnce = number;
    return status;
  }

  /** As `OrderBook.cancel`. */
  cancel(name: Name): number {
    this.forgetEnded();
    const number = this.numbers.get(name);
    if (number === undefined) {
      this.reject(UNKNOWN_ID);
      return 0;
    }
    this.reason = NO_REASON;
    const quantity = this.book.cancel(number);
    this.forget(number);
    return quantity;
  }

  /** As `OrderBook.reduce`. */
  reduce(name: Name, by: number): number {
    this.forgetEnded();
    const number = this.numbers.get(name);
    if (number === undefined) return this.reject(UNKNOWN_ID);
    const status = this.book.reduce(number, by);
    this.reason = this.book.reason;
    if (status === CANCELED) this.forget(number);
    return status;
  }

  /** As `OrderBook.replace`. */
  replace(name: Name, price: number, quantity: number): number {
    this.forgetEnded();
    const number = this.numbers.get(name);
    if (number === undefined) return this.reject(UNKNOWN_ID);
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
    const { book } = this;
    const { events } = book;
    for (let index = 0; index < events.count; index++) {
      const maker = events.maker(index);
      if (book.remaining(maker) === 0) this.forget(maker);
      const taker = events.taker(index);
      if (taker >= 0 && book.remaining(taker) === 0) this.forget(taker);
    }
    events.clear();
    if (this.endedAtOnce !== NONE) this.forget(this.endedAtOnce);
    this.endedAtOnce = NONE;
  }

  private forget(number: number): void {
    const name = this.names[number];
    if (name === undefined) return;
    this.names[number] = undefined;
    if (this.numbers.get(name) === number) this.numbers.delete(name);
    this.free.push(number);
  }
}
