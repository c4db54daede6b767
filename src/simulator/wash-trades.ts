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
export function washTradeOf(ticket: OrderTicket, open: Iterable<Readonly<ClientOrder>>): Readonly<ClientOrder> | undefined {
  if (ticket.type === "trailing_stop") return undefined;
  for (const order of open) {
    if (order.symbol !== ticket.symbol || order.side === ticket.side || isExempt(order)) continue;
    if (couldMeet(order, ticket)) return order;
  }
  return undefined;
}

function isExempt(order: Readonly<ClientOrder>): boolean {
  return order.type === "trailing_stop" || order.group !== 0;
}

function couldMeet(order: Readonly<ClientOrder>, ticket: OrderTicket): boolean {
  if (!hasLimit(order.type) || !hasLimit(ticket.type)) return true;
  const [buyLimit, sellLimit] = ticket.side === "buy" ? [ticket.limitPrice, order.limitPrice] : [order.limitPrice, ticket.limitPrice];
  return buyLimit! >= sellLimit!;
}

function hasLimit(type: ClientOrder["type"]): boolean {
  return type === "limit" || type === "stop_limit";
}

/**
 * Of the open orders of one account in one symbol, what decides whether `washTradeOf` has an answer, without a walk
 * through them.
 *
 * Orders are only counted until one comes that an order of the other side could meet: most accounts have orders on one
 * side of a symbol. From then on that other side is known by price.
 */
export class WashGuard {
  readonly #buys = new InterestOfSide(-1);
  readonly #sells = new InterestOfSide(1);

  /** An order is taken out with the limit that it had when it was added. */
  add(order: ClientOrder): void {
    if (!isExempt(order)) order.interest = this.#of(order.side).add(order);
  }

  remove(order: ClientOrder): void {
    if (order.interest) this.#of(order.side).remove(order.interest);
    order.interest = undefined;
  }

  /** `open` are the account's open orders, among them those that were added here. */
  mayMeet({ type, side, limitPrice }: OrderTicket, open: Iterable<ClientOrder>): boolean {
    if (type === "trailing_stop") return false;
    const others = this.#of(side === "buy" ? "sell" : "buy");
    if (others.size === 0) return false;
    if (others.atAnyPrice > 0 || !hasLimit(type)) return true;
    const best = others.best(open);
    return side === "buy" ? limitPrice! >= best : limitPrice! <= best;
  }

  #of(side: Side): InterestOfSide {
    return side === "buy" ? this.#buys : this.#sells;
  }
}

/** How many orders there are at one limit. */
export interface Interest {
  /** Times the sign of its side: the least is the best. At any price it is below all. */
  readonly key: number;
  count: number;
}

/**
 * The orders of one side: how many at each limit, and a heap for the best limit, where a limit without orders stays
 * until it comes to the top. Both are there from the first time that the best limit is asked for.
 */
class InterestOfSide {
  size = 0;
  /** 1 where the lowest limit is the best, -1 where the highest is. */
  readonly #sign: 1 | -1;
  readonly #atAnyPrice: Interest = { key: -Infinity, count: 0 };
  /** All with a limit, as long as nobody has asked. */
  readonly #atSomePrice: Interest = { key: Infinity, count: 0 };
  #isByPrice = false;
  readonly #byKey = new Map<number, Interest>();
  readonly #heap: Interest[] = [];

  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  get atAnyPrice(): number {
    return this.#atAnyPrice.count;
  }

  add(order: ClientOrder): Interest {
    const interest = this.#interestOf(order);
    this.size += 1;
    interest.count += 1;
    return interest;
  }

  remove(interest: Interest): void {
    this.size -= 1;
    interest.count -= 1;
  }

  /** The limit that meets most. Only where there is one. */
  best(open: Iterable<ClientOrder>): number {
    if (!this.#isByPrice) this.#sortByPrice(open);
    while (this.#heap[0]!.count === 0) this.#pop();
    return this.#heap[0]!.key * this.#sign;
  }

  #sortByPrice(open: Iterable<ClientOrder>): void {
    this.#isByPrice = true;
    for (const order of open) {
      if (order.interest !== this.#atSomePrice) continue;
      order.interest = this.#interestOf(order);
      order.interest.count += 1;
    }
    this.#atSomePrice.count = 0;
  }

  #interestOf({ type, limitPrice }: ClientOrder): Interest {
    if (!hasLimit(type)) return this.#atAnyPrice;
    return this.#isByPrice ? this.#at(limitPrice! * this.#sign) : this.#atSomePrice;
  }

  #at(key: number): Interest {
    let interest = this.#byKey.get(key);
    if (!interest) {
      interest = { key, count: 0 };
      this.#byKey.set(key, interest);
      this.#push(interest);
    }
    return interest;
  }

  #push(interest: Interest): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(interest);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (heap[parent]!.key <= interest.key) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = interest;
  }

  #pop(): void {
    const heap = this.#heap;
    this.#byKey.delete(heap[0]!.key);
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let place = 0;
    for (let child = 1; child < heap.length; child = 2 * place + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.key < heap[child]!.key) child += 1;
      if (heap[child]!.key >= last.key) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
  }
}
