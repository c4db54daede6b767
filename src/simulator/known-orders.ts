/** The orders that the exchange knows, by client order id: the open ones, and those that have ended and were not handed over. */
import type { ClientOrderId } from "../trade.ts";
import { ClientOrder } from "./client-order.ts";
import { NameTable } from "./order-book-names.ts";
import { OrderAmounts } from "./order-amounts.ts";
import { OrderFills } from "./order-fills.ts";

export class KnownOrders {
  readonly #orders = new NameTable<ClientOrder>(({ clientOrderId }) => clientOrderId);
  /** Its places are used again: an array that is emptied would grow anew each time. */
  readonly #ended: ClientOrder[] = [];
  #endedCount = 0;
  readonly #blanks: ClientOrder[] = [];
  readonly #fills = new OrderFills();
  readonly #amounts = new OrderAmounts();

  get(id: ClientOrderId): ClientOrder | undefined {
    return this.#orders.find(id);
  }

  /** The order's id is not known yet. */
  add(order: ClientOrder): void {
    order.known = this.#orders.intern(order);
  }

  /** The order is known, and has ended now. */
  end(order: ClientOrder): void {
    this.#ended[this.#endedCount++] = order;
  }

  /** By their ends. */
  get ended(): readonly ClientOrder[] {
    return this.#ended.slice(0, this.#endedCount);
  }

  /** An order to begin with: of one that was forgotten, or new. */
  blank(): ClientOrder {
    return this.#blanks.pop() ?? new ClientOrder(this.#fills, this.#amounts);
  }

  /** Forgets the orders that have ended. */
  forgetEnded(): void {
    for (let i = 0; i < this.#endedCount; i += 1) {
      const order = this.#ended[i]!;
      this.#orders.release(order.known);
      order.forgetFills();
      // The other orders of a group may still know it.
      if (order.group === 0) this.#blanks.push(order);
    }
    this.#endedCount = 0;
  }

  inOrderOfArrival(): readonly ClientOrder[] {
    return this.#orders.all().sort((a, b) => a.number - b.number);
  }
}
