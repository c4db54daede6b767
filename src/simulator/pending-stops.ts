/**
 * The stops of one symbol that wait for their price, and how trailing stops follow the market.
 *
 * A sell stop is reached by a trade at or below its stop price, a buy stop by one at or above. Stops that one trade
 * reaches are activated by arrival. A trailing stop follows the best price since it was entered, the last trade included.
 */
import { mulDiv, type Price } from "../money.ts";
import type { ClientOrderId } from "../trade.ts";
import type { ClientOrder } from "./client-order.ts";

export class PendingStops {
  /** By arrival. */
  readonly #waiting = new Set<ClientOrder>();

  get size(): number {
    return this.#waiting.size;
  }

  add(order: ClientOrder, lastPrice: Price | undefined): void {
    this.#waiting.add(order);
    if (order.trail && lastPrice !== undefined) follow(order, lastPrice);
  }

  ids(): readonly ClientOrderId[] {
    return [...this.#waiting].map(({ clientOrderId }) => clientOrderId);
  }

  remove(order: ClientOrder): void {
    this.#waiting.delete(order);
  }

  /** Takes out the stops that a trade at `price` reaches; the others follow it. */
  take(price: Price, mayTrigger: (order: ClientOrder) => boolean): readonly ClientOrder[] {
    const reached = [];
    for (const order of this.#waiting) {
      if (!mayTrigger(order)) continue;
      if (isReached(order, price)) reached.push(order);
      else if (order.trail) follow(order, price);
    }
    for (const order of reached) this.#waiting.delete(order);
    return reached;
  }

  /** The first stop price that the market meets on its way from `from` to `to`. */
  nextOnTheWay(from: Price, to: Price, mayTrigger: (order: ClientOrder) => boolean): Price | undefined {
    let next: Price | undefined;
    for (const order of this.#waiting) {
      const { side, stopPrice } = order;
      if (stopPrice === undefined || !mayTrigger(order)) continue;
      const isMet = side === "sell" ? stopPrice < from && stopPrice >= to : stopPrice > from && stopPrice <= to;
      if (isMet && (next === undefined || (side === "sell" ? stopPrice > next : stopPrice < next))) next = stopPrice;
    }
    return next;
  }
}

function isReached({ side, stopPrice }: ClientOrder, price: Price): boolean {
  return stopPrice !== undefined && (side === "sell" ? price <= stopPrice : price >= stopPrice);
}

function follow(order: ClientOrder, price: Price): void {
  const { trail, side, waterMark } = order;
  if (!trail || (waterMark !== undefined && (side === "sell" ? price <= waterMark : price >= waterMark))) return;
  order.waterMark = price;
  const distance = trail.by === "price" ? trail.price : mulDiv(price, trail.ppm, 1_000_000);
  order.stopPrice = (side === "sell" ? price - distance : price + distance) as Price;
}
