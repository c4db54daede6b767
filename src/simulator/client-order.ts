/** An order of a client as the exchange keeps it, from its acceptance to its end. */
import { subtractQuantity, type Money, type Price, type Quantity } from "../money.ts";
import type { Instant } from "../time.ts";
import type { AccountName, Fill, Order, OrderRequest, OrderStatus } from "../trade.ts";

/** The price by which money is set aside while a buy is open, and what its fees can be at the most. */
export interface Reserve {
  readonly reservePrice: Price;
  readonly reserveFees: Money;
}

export interface ClientOrder extends OrderRequest, Reserve {
  readonly account: AccountName;
  readonly submittedAt: Instant;
  status: OrderStatus;
  remaining: Quantity;
  fills: readonly Fill[];
}

export function orderView({ clientOrderId, symbol, side, quantity, status, remaining, fills }: ClientOrder): Order {
  return { clientOrderId, symbol, side, quantity, status, filledQuantity: subtractQuantity(quantity, remaining), fills };
}

export function newClientOrder(request: OrderRequest, account: AccountName, submittedAt: Instant, { reservePrice, reserveFees }: Reserve): ClientOrder {
  const { clientOrderId, symbol, side, quantity, type, priceBound } = request;
  return { clientOrderId, symbol, side, quantity, type, priceBound, account, submittedAt, reservePrice, reserveFees, status: "open", remaining: quantity, fills: [] };
}
