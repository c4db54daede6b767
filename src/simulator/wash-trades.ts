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
import type { Side } from "../trade.ts";
import type { ClientOrder } from "./client-order.ts";
import type { OrderTicket } from "./order-ticket.ts";

/** The open order that forbids `ticket`. */
export function washTradeOf(ticket: OrderTicket, open: Iterable<ClientOrder>): ClientOrder | undefined {
  if (ticket.type === "trailing_stop") return undefined;
  for (const order of open) {
    if (order.symbol !== ticket.symbol || order.side === ticket.side || isExempt(order)) continue;
    if (couldMeet(order, ticket)) return order;
  }
  return undefined;
}

function isExempt(order: ClientOrder): boolean {
  return order.type === "trailing_stop" || order.group !== 0;
}

function couldMeet(order: ClientOrder, ticket: OrderTicket): boolean {
  if (!hasLimit(order.type) || !hasLimit(ticket.type)) return true;
  const [buyLimit, sellLimit] = ticket.side === "buy" ? [ticket.limitPrice, order.limitPrice] : [order.limitPrice, ticket.limitPrice];
  return buyLimit! >= sellLimit!;
}

function hasLimit(type: ClientOrder["type"]): boolean {
  return type === "limit" || type === "stop_limit";
}

/** Of the open orders of one account in one symbol, what decides whether `washTradeOf` has an answer, without a walk through them. */
export class WashGuard {
  readonly #buys = new Interest(-1);
  readonly #sells = new Interest(1);

  /** An order is taken out with the limit that it had when it was added. */
  add(order: ClientOrder): void {
    if (!isExempt(order)) this.#of(order.side).add(hasLimit(order.type) ? order.limitPrice : undefined);
  }

  remove(order: ClientOrder): void {
    if (!isExempt(order)) this.#of(order.side).remove(hasLimit(order.type) ? order.limitPrice : undefined);
  }

  mayMeet({ type, side, limitPrice }: OrderTicket): boolean {
    if (type === "trailing_stop") return false;
    const others = this.#of(side === "buy" ? "sell" : "buy");
    if (others.size === 0) return false;
    if (others.atAnyPrice > 0 || !hasLimit(type)) return true;
    return side === "buy" ? limitPrice! >= others.best() : limitPrice! <= others.best();
  }

  #of(side: Side): Interest {
    return side === "buy" ? this.#buys : this.#sells;
  }
}

/** The orders of one side: how many at each limit, and a heap for the best limit, where a limit without orders stays until it comes to the top. */
class Interest {
  size = 0;
  atAnyPrice = 0;
  /** 1 where the lowest limit is the best, -1 where the highest is. */
  readonly #sign: 1 | -1;
  readonly #counts = new Map<number, number>();
  readonly #heap: number[] = [];

  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  add(limit: number | undefined): void {
    this.size += 1;
    if (limit === undefined) this.atAnyPrice += 1;
    else {
      const key = limit * this.#sign;
      const count = this.#counts.get(key);
      this.#counts.set(key, (count ?? 0) + 1);
      if (count === undefined) this.#push(key);
    }
  }

  remove(limit: number | undefined): void {
    this.size -= 1;
    if (limit === undefined) this.atAnyPrice -= 1;
    else this.#counts.set(limit * this.#sign, this.#counts.get(limit * this.#sign)! - 1);
  }

  /** The limit that meets most. Only where there is one. */
  best(): number {
    while (this.#counts.get(this.#heap[0]!) === 0) this.#pop();
    return this.#heap[0]! * this.#sign;
  }

  #push(key: number): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(key);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (heap[parent]! <= key) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = key;
  }

  #pop(): void {
    const heap = this.#heap;
    this.#counts.delete(heap[0]!);
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let place = 0;
    for (let child = 1; child < heap.length; child = 2 * place + 1) {
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child += 1;
      if (heap[child]! >= last) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
  }
}
