/** The orders that the exchange knows, by client order id: the open ones, and those that have ended and were not handed over. */
import type { ClientOrderId } from "../trade.ts";
import type { ClientOrder } from "./client-order.ts";
import { NameTable, NO_NUMBER } from "./order-book-names.ts";

export class KnownOrders {
  readonly #numbers = new NameTable();
  readonly #orders: (ClientOrder | undefined)[] = [];
  #ended: ClientOrder[] = [];

  get(id: ClientOrderId): ClientOrder | undefined {
    const number = this.#numbers.numberOf(id);
    return number === NO_NUMBER ? undefined : this.#orders[number];
  }

  /** The order's id is not known yet. */
  add(order: ClientOrder): void {
    const number = this.#numbers.intern(order.clientOrderId);
    this.#orders[number] = order;
    order.known = number;
  }

  /** The order is known, and has ended now. */
  end(order: ClientOrder): void {
    this.#ended.push(order);
  }

  /** By their ends. */
  get ended(): readonly ClientOrder[] {
    return this.#ended;
  }

  /** Forgets the orders that have ended. */
  takeEnded(): readonly ClientOrder[] {
    const ended = this.#ended;
    this.#ended = [];
    for (const { known } of ended) {
      this.#numbers.release(known);
      this.#orders[known] = undefined;
    }
    return ended;
  }

  inOrderOfArrival(): readonly ClientOrder[] {
    return this.#orders.filter((order) => order !== undefined).sort((a, b) => a.number - b.number);
  }
}
