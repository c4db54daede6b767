/** The orders that the exchange knows, by client order id: the open ones, and those that have ended and were not handed over. */
import type { ClientOrderId } from "../trade.ts";
import { ClientOrder } from "./client-order.ts";
import { NameTable, NO_NUMBER } from "./order-book-names.ts";
import { OrderAmounts } from "./order-amounts.ts";
import { OrderFills } from "./order-fills.ts";

export class KnownOrders {
  readonly #numbers = new NameTable();
  readonly #orders: (ClientOrder | undefined)[] = [];
  readonly #ended: ClientOrder[] = [];
  readonly #blanks: ClientOrder[] = [];
  readonly #fills = new OrderFills();
  readonly #amounts = new OrderAmounts();

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

  /** An order to begin with: of one that was forgotten, or new. */
  blank(): ClientOrder {
    return this.#blanks.pop() ?? new ClientOrder(this.#fills, this.#amounts);
  }

  /** Forgets the orders that have ended. */
  forgetEnded(): void {
    for (const order of this.#ended) {
      this.#numbers.release(order.known);
      this.#orders[order.known] = undefined;
      order.forgetFills();
      // The other orders of a group may still know it.
      if (order.group === 0) this.#blanks.push(order);
    }
    this.#ended.length = 0;
  }

  inOrderOfArrival(): readonly ClientOrder[] {
    return this.#orders.filter((order) => order !== undefined).sort((a, b) => a.number - b.number);
  }
}
