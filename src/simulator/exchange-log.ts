/**
 * The exchange's events as they come, in columns, until they are drained or cleared.
 *
 * Fills and an order's plain events, which are nearly all there are, are kept as numbers and names, and become objects
 * when somebody drains the log; so a reader that asks for a kind and a quantity makes none. An exchange without a log
 * counts its events and keeps none.
 */
import type { Price, Quantity } from "../money.ts";
import type { Instant } from "../time.ts";
import type { AccountName, ClientOrderId } from "../trade.ts";
import type { Counterparty, ExchangeEvent, PlainOrderEvent } from "./exchange-events.ts";
import { executionName } from "./order-fills.ts";

/** Numbers of an event: its sequence number, its instant, and of a fill the execution, price, quantity and position. */
const WIDTH = 6;
const FIRST_CAPACITY = 64;
/** A longer log lets go of its space and of the names in it when it is emptied. */
const KEPT_CAPACITY = 4_096;

export class ExchangeLog {
  /** Events since the log was emptied. */
  count = 0;
  #numbers = new Float64Array(FIRST_CAPACITY * WIDTH);
  #types: ExchangeEvent["type"][] = [];
  #accounts: (AccountName | undefined)[] = [];
  #orders: (ClientOrderId | undefined)[] = [];
  #against: (Counterparty | undefined)[] = [];
  /** Of all other kinds the event itself. */
  #whole: (ExchangeEvent | undefined)[] = [];

  append(event: ExchangeEvent): void {
    const row = this.#enter(event.type, event.seq, event.at);
    this.#accounts[row] = undefined;
    this.#orders[row] = undefined;
    this.#against[row] = undefined;
    this.#whole[row] = event;
    this.#numbers[row * WIDTH + 4] = event.type === "fill" || event.type === "partial_fill" ? event.quantity : 0;
  }

  appendPlain(type: PlainOrderEvent, account: AccountName, order: ClientOrderId, seq: number, at: Instant): void {
    const row = this.#enter(type, seq, at);
    this.#accounts[row] = account;
    this.#orders[row] = order;
    this.#against[row] = undefined;
    this.#whole[row] = undefined;
    this.#numbers[row * WIDTH + 4] = 0;
  }

  appendFill(type: "partial_fill" | "fill", account: AccountName, order: ClientOrderId, execution: number, price: Price, quantity: Quantity, against: Counterparty, positionQuantity: Quantity, seq: number, at: Instant): void {
    const row = this.#enter(type, seq, at);
    this.#accounts[row] = account;
    this.#orders[row] = order;
    this.#against[row] = against;
    this.#whole[row] = undefined;
    const numbers = this.#numbers;
    numbers[row * WIDTH + 2] = execution;
    numbers[row * WIDTH + 3] = price;
    numbers[row * WIDTH + 4] = quantity;
    numbers[row * WIDTH + 5] = positionQuantity;
  }

  /** By the place in the log, from 0. */
  typeOf(index: number): ExchangeEvent["type"] {
    return this.#types[this.#checked(index)]!;
  }

  /** What a fill traded; zero of other kinds. */
  filledQuantityOf(index: number): Quantity {
    return this.#numbers[this.#checked(index) * WIDTH + 4]! as Quantity;
  }

  /** Forgets the events. */
  clear(): void {
    if (this.count > KEPT_CAPACITY) {
      this.#numbers = new Float64Array(FIRST_CAPACITY * WIDTH);
      this.#types = [];
      this.#accounts = [];
      this.#orders = [];
      this.#against = [];
      this.#whole = [];
    }
    this.count = 0;
  }

  /** The events since the last call, in order. */
  drain(): readonly ExchangeEvent[] {
    const events = Array.from({ length: this.count }, (_, row) => this.#whole[row] ?? this.#eventAt(row));
    this.clear();
    return events;
  }

  #eventAt(row: number): ExchangeEvent {
    const type = this.#types[row] as PlainOrderEvent | "fill" | "partial_fill";
    const [seq, at, execution, price, quantity, positionQuantity] = this.#numbers.subarray(row * WIDTH, (row + 1) * WIDTH) as unknown as [number, Instant, number, Price, Quantity, Quantity];
    const whose = { type, account: this.#accounts[row]!, order: this.#orders[row]! };
    if (type !== "fill" && type !== "partial_fill") return { ...whose, type, seq, at };
    return { ...whose, type, execution: executionName(execution), price, quantity, against: this.#against[row]!, positionQuantity, seq, at };
  }

  #enter(type: ExchangeEvent["type"], seq: number, at: Instant): number {
    const row = this.count++;
    if (row * WIDTH === this.#numbers.length) {
      const wider = new Float64Array(this.#numbers.length * 2);
      wider.set(this.#numbers);
      this.#numbers = wider;
    }
    this.#types[row] = type;
    this.#numbers[row * WIDTH] = seq;
    this.#numbers[row * WIDTH + 1] = at;
    return row;
  }

  #checked(index: number): number {
    if (!(index >= 0 && index < this.count)) throw new RangeError(`event ${index} of ${this.count}`);
    return index;
  }
}
