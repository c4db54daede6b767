/**
 * Alpaca's guard against trading with oneself (user protection, September 2026): a new order is rejected while an open
 * order of the same account and symbol on the other side could meet it.
 *
 *   open market or stop     against anything                     rejected
 *   open limit, stop-limit  against market or stop               rejected
 *   open limit, stop-limit  against limit or stop-limit          rejected if the prices cross
 *
 * Orders of a group and trailing stops are exempt on both sides.
 */
import type { ClientOrder } from "./client-order.ts";
import type { OrderTicket } from "./order-ticket.ts";

/** The open order that forbids `ticket`. */
export function washTradeOf(ticket: OrderTicket, open: Iterable<ClientOrder>): ClientOrder | undefined {
  if (ticket.type === "trailing_stop") return undefined;
  for (const order of open) {
    if (order.symbol !== ticket.symbol || order.side === ticket.side || order.type === "trailing_stop" || order.group !== 0) continue;
    if (couldMeet(order, ticket)) return order;
  }
  return undefined;
}

function couldMeet(order: ClientOrder, ticket: OrderTicket): boolean {
  const hasLimit = (type: ClientOrder["type"]): boolean => type === "limit" || type === "stop_limit";
  if (!hasLimit(order.type) || !hasLimit(ticket.type)) return true;
  const [buyLimit, sellLimit] = ticket.side === "buy" ? [ticket.limitPrice, order.limitPrice] : [order.limitPrice, ticket.limitPrice];
  return buyLimit! >= sellLimit!;
}
