/** An order of a client as the exchange keeps it, from its acceptance to its end. */
import { subtractQuantity, type Price, type Quantity } from "../money.ts";
import type { Instant } from "../time.ts";
import type { AccountName, Fill, Order, OrderRequest, OrderStatus } from "../trade.ts";

export interface ClientOrder extends OrderRequest {
  readonly account: AccountName;
  readonly submittedAt: Instant;
  /** The price by which money is reserved while the order is open. */
  readonly reservePrice: Price;
  status: OrderStatus;
  remaining: Quantity;
  fills: readonly Fill[];
}

export function orderView({ clientOrderId, symbol, side, quantity, status, remaining, fills }: ClientOrder): Order {
  return { clientOrderId, symbol, side, quantity, status, filledQuantity: subtractQuantity(quantity, remaining), fills };
}

export function newClientOrder(request: OrderRequest, account: AccountName, submittedAt: Instant, reservePrice: Price): ClientOrder {
  const { clientOrderId, symbol, side, quantity, type, priceBound } = request;
  return { clientOrderId, symbol, side, quantity, type, priceBound, account, submittedAt, reservePrice, status: "open", remaining: quantity, fills: [] };
}
