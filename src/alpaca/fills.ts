/**
 * The executions of an order, from the account's FILL activities: each with the venue's id, its own price and its time.
 *
 * Activities cannot be asked for by order. They are read newest first, a hundred at a time, until those of the order
 * add up to what the order says was filled; what was read along the way is kept for the account's other orders, so that
 * fifty orders filled together cost one page and not fifty. An execution counts once, by its id, whenever and in
 * whichever order it is listed.
 */
import type { trading } from "@alpacahq/alpaca-trade-api/rest";
import { addMoney, addQuantity, mulDiv, NANOS, notional, subtractMoney, subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Price, type Quantity } from "../money.ts";
import { BrokerUnavailable } from "../ports.ts";
import type { Fill } from "../trade.ts";
import { MINUTE_MS, type Instant } from "../time.ts";
import { fillsAnswer, type FillAnswer, type OrderAnswer } from "./answers.ts";
import type { Wire } from "./wire.ts";

const PAGE_SIZE = 100;
const PAGES_MAX = 100;
const KEPT_ORDERS_MAX = 5_000;

export class FillBook {
  readonly #wire: Wire;
  readonly #activities: trading.AccountActivitiesApi;
  readonly #byOrder = new Map<string, Map<string, Fill>>();

  constructor(wire: Wire, activities: trading.AccountActivitiesApi) {
    this.#wire = wire;
    this.#activities = activities;
  }

  /** Oldest first. They may still add up to less than the order's filled quantity, when the venue lists them late. */
  async fillsOf(order: OrderAnswer): Promise<readonly Fill[]> {
    const filled = order.filled_qty ?? ZERO_QUANTITY;
    if (totalOf(this.#of(order.id)) < filled) await this.#readBack(order, filled);
    return this.#of(order.id);
  }

  #of(orderId: string): Fill[] {
    return [...(this.#byOrder.get(orderId)?.values() ?? [])].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  }

  async #readBack(order: OrderAnswer, filled: Quantity): Promise<void> {
    // No execution precedes its order; a minute is for clocks that differ.
    const after = order.submitted_at === undefined ? {} : { after: new Date(order.submitted_at - MINUTE_MS) };
    let from = {};
    for (let page = 1; page <= PAGES_MAX; page += 1) {
      const answers = await this.#wire.read(
        "Alpaca fills",
        () => this.#activities.getAccountActivitiesByActivityTypeRaw({ activityType: "FILL", direction: "desc", pageSize: PAGE_SIZE, ...after, ...from }),
        fillsAnswer,
      );
      for (const answer of answers) this.#keep(answer);
      const last = answers.at(-1);
      if (!last || answers.length < PAGE_SIZE || totalOf(this.#of(order.id)) >= filled) return;
      from = { pageToken: last.id };
    }
    throw new BrokerUnavailable(`the fills of order ${order.client_order_id} are not among the account's last ${PAGES_MAX * PAGE_SIZE}`);
  }

  #keep({ id, order_id, qty, price, transaction_time }: FillAnswer): void {
    if (this.#byOrder.size >= KEPT_ORDERS_MAX) this.#byOrder.clear();
    const fills = this.#byOrder.get(order_id) ?? new Map<string, Fill>();
    fills.set(id, { id, quantity: qty, price, at: transaction_time });
    this.#byOrder.set(order_id, fills);
  }
}

export function totalOf(fills: readonly Fill[]): Quantity {
  return fills.reduce((total, { quantity }) => addQuantity(total, quantity), ZERO_QUANTITY);
}

/**
 * What an order's own numbers say beyond the executions that are listed, as one fill at the price that makes up the
 * order's average. For an order whose executions the venue does not list although it ended a while ago.
 */
export function unlistedFill(order: OrderAnswer, listed: readonly Fill[], at: Instant): Fill {
  const filled = order.filled_qty ?? ZERO_QUANTITY;
  const quantity = subtractQuantity(filled, totalOf(listed));
  if (order.filled_avg_price === undefined) throw new BrokerUnavailable(`order ${order.client_order_id} was filled, but the venue tells no price`);
  const listedValue = listed.reduce((value, fill) => addMoney(value, notional(fill.price, fill.quantity)), ZERO_MONEY);
  const price = mulDiv(subtractMoney(notional(order.filled_avg_price, filled), listedValue), NANOS, quantity) as Price;
  return { id: `${order.id}/unlisted`, quantity, price: price > 0 ? price : order.filled_avg_price, at };
}
