/**
 * One symbol's market: its book, the house liquidity in it, and the open client orders.
 *
 * Market data become house orders. `quote` replaces the house's bids and asks and then lets every open client order meet
 * them, market orders first and then limit orders by price, each by order of arrival, at the house's price: a limit
 * order that the market has gapped through fills at the better price. `sweep` lets the market trade through resting
 * limit orders on its way from the last price to another: a limit fills only if the market traded beyond it, and at its
 * limit; a stop on the way is triggered where it stands and meets the house's quote around that price. A market order
 * that finds nobody waits. The house stands in the book only while a client order is matched, on the side that the
 * order can meet; so a quote may be locked (bid = ask), and clients' orders at the house's price go first.
 *
 * Stops are reached by `tradedAt`, by a sweep, and by trades between clients; not by quotes or by fills at the house's
 * price. Not here: who may trade and when, what it costs, what else an end or a fill brings about (exchange.ts).
 */
import { minOf, type Price, type Quantity } from "../money.ts";
import { ORDINARY, type Collateral } from "../rules/margin.ts";
import type { ClientOrderId, Side } from "../trade.ts";
import { uncross, type Uncross } from "./auction.ts";
import { ClientBook } from "./client-book.ts";
import type { ClientOrder } from "./client-order.ts";
import type { Counterparty } from "./exchange-events.ts";
import { House, type HouseQuote, type HouseSnapshot } from "./house.ts";
import { OpenOrders } from "./open-orders.ts";
import { PendingStops } from "./pending-stops.ts";

/** What the exchange decides about a match. */
export interface MatchRules {
  /** Whether the order may trade now. */
  isLive(order: ClientOrder): boolean;
  /** Whether it is a short sale that may not come into the market at its price. */
  isBarred(order: ClientOrder): boolean;
  /** How much of it the buyer can pay for. */
  affordable(order: ClientOrder, price: Price): Quantity;
  /** How much of it may match before it is let go on; undefined for all. */
  heldBackTo(order: ClientOrder): Quantity | undefined;
  /** A part of it has matched, and the rest is held back. */
  holdRest(order: ClientOrder): void;
  /** How much of it may match now; the rest meets the next quote. */
  partOf(order: ClientOrder): Quantity;
  /** The quote that comes next is the one that stands. */
  readonly quotesStand: boolean;
  /** Fills `order.matched`: reduces `order.remaining` and ends the order when nothing remains. */
  fill(order: ClientOrder, price: Price, against: Counterparty): void;
  /** A stop was reached; what it becomes is set. False when the order has ended of it. */
  trigger(order: ClientOrder, price: Price): boolean;
  /** An order that may not wait, or that its account cannot pay for in full, ends with what it got. */
  cancel(order: ClientOrder): void;
}

export interface ListingSnapshot {
  readonly lastPrice: Price | null;
  readonly previousClose: Price | null;
  readonly quotedToday: boolean;
  readonly halted: boolean;
  readonly house: HouseSnapshot | null;
  /** By arrival. */
  readonly open: readonly ClientOrderId[];
  /** In the order of their queues. */
  readonly resting: readonly ClientOrderId[];
  /** By arrival. */
  readonly stops: readonly ClientOrderId[];
  /** Where it is not ordinary. */
  readonly collateral?: Collateral;
}

export class Listing {
  lastPrice: Price | undefined;
  /** Of the last session, for the short-sale test. */
  previousClose: Price | undefined;
  quotedToday = false;
  halted = false;
  /** Nobody has more of it, long or short. It does not fall when somebody sells. */
  heldAtMost = 0;
  readonly house = new House();
  readonly book = new ClientBook(this.house);
  readonly stops = new PendingStops();
  /** By arrival. */
  readonly open = new OpenOrders("listing");
  readonly collateral: Collateral;
  readonly #rules: MatchRules;

  constructor(rules: MatchRules, collateral = ORDINARY) {
    this.#rules = rules;
    this.collateral = collateral;
  }

  /** What an account holds of it now. */
  noteHeld(quantity: Quantity): void {
    const held = quantity < 0 ? 0 - quantity : quantity;
    if (held > this.heldAtMost) this.heldAtMost = held;
  }

  enter(order: ClientOrder): void {
    this.open.add(order);
    this.start(order);
  }

  /** Puts an order to work that is open already: a held one, or one whose hours begin. */
  start(order: ClientOrder): void {
    if (order.working !== "stop") {
      if (this.#rules.isLive(order)) this.#bringIn(order);
      return;
    }
    this.stops.add(order, this.lastPrice);
    if (this.lastPrice !== undefined) this.reach(this.lastPrice);
  }

  /** Takes out an order that has ended. */
  remove(order: ClientOrder): void {
    this.withdraw(order);
    this.open.delete(order);
  }

  /** Out of the book and the stops, and still open. */
  withdraw(order: ClientOrder): void {
    this.book.withdraw(order);
    if (order.working === "stop") this.stops.remove(order);
  }

  /** `heir` takes the place of a resting order in its queue, for no more than is left of it. False where it cannot. */
  inherit(order: ClientOrder, heir: ClientOrder): boolean {
    if (!this.book.inherit(order, heir)) return false;
    this.open.delete(order);
    this.open.add(heir);
    return true;
  }

  quote(quote: HouseQuote): void {
    this.house.show(quote);
    if (this.open.size === 0) return;
    const { ask, bid } = quote;
    // All that can meet the house leave the book before the first does: the house would take those that still stand there.
    const meeting = [...this.open].filter((order) => this.#canTrade(order) && (order.handle < 0 || (order.side === "buy" ? order.limitPrice! >= ask : order.limitPrice! <= bid)));
    for (const order of meeting) this.withdraw(order);
    for (const order of inPriority(meeting)) if (this.open.has(order) && order.handle < 0 && this.#canTrade(order)) this.#match(order);
  }

  /** The best bid of the house and of clients; the last price where there is none. */
  bestBid(): Price | undefined {
    const client = this.book.best("buy");
    const house = this.house.bid;
    return client !== undefined && (house === undefined || client > house) ? client : (house ?? this.lastPrice);
  }

  /** The short-sale restriction begins: short sales that work without a limit above the bid end. */
  barShorts(): void {
    for (const order of [...this.open]) if (this.#canTrade(order) && this.#rules.isBarred(order)) this.#rules.cancel(order);
  }

  /** The market traded at `price`, without passing the prices between. */
  tradedAt(price: Price): void {
    this.lastPrice = price;
    this.reach(price);
  }

  /** The market trades from where it is to `to`; `quantity` meets clients on the way, `quoteAt` is the house's quote where a stop is met. What is left of it. */
  sweep(to: Price, quantity: Quantity, quoteAt: (price: Price, quantity: Quantity) => HouseQuote): Quantity {
    this.house.leave();
    const side = this.lastPrice !== undefined && to > this.lastPrice ? "buy" : "sell";
    let left = quantity;
    while (this.stops.size > 0 && this.lastPrice !== undefined) {
      const stop = this.stops.nextOnTheWay(this.lastPrice, to, this.#mayTrigger);
      if (stop === undefined) break;
      left = this.#tradeThrough(side, stop, left);
      this.house.show(quoteAt(stop, left));
      this.tradedAt(stop);
      left = minOf(left, this.house.left(side));
      this.house.leave();
    }
    left = this.#tradeThrough(side, to, left);
    this.tradedAt(to);
    return left;
  }

  /** The market trades down to `low` and up to `high` and stays where it is, with `quantity` on either side. */
  range(low: Price, high: Price, quantity: Quantity): void {
    this.house.leave();
    this.#tradeThrough("sell", low, quantity);
    this.#tradeThrough("buy", high, quantity);
  }

  /** One price for all `orders`, with the house at `reference` on either side for up to `houseQuantity`. */
  auction(orders: readonly ClientOrder[], reference: Price | undefined, houseQuantity: Quantity): Uncross | undefined {
    const house = reference !== undefined && houseQuantity > 0 ? (["buy", "sell"] as const).map((side) => ({ side, limit: reference, quantity: houseQuantity })) : [];
    const clients = orders.map((order) => ({ side: order.side, limit: order.working === "limit" ? order.limitPrice : undefined, quantity: order.remaining }));
    const result = uncross([...clients, ...house], reference ?? this.lastPrice);
    if (!result) return undefined;
    for (const [index, order] of orders.entries()) {
      const affordable = order.side === "buy" && order.working === "market" ? this.#rules.affordable(order, result.price) : order.remaining;
      const quantity = minOf(result.filled[index]!, affordable);
      if (quantity === 0) continue;
      this.withdraw(order);
      order.matched = quantity;
      this.#rules.fill(order, result.price, "auction");
    }
    return result;
  }

  /** Out of the book, for as long as they may not trade. */
  shelve(): void {
    for (const order of this.open) {
      if (order.handle >= 0 && !this.#canTrade(order)) this.withdraw(order);
    }
  }

  /** What may trade now and neither rests nor waits for its price. */
  waiting(): readonly ClientOrder[] {
    return [...this.open].filter((order) => order.handle < 0 && this.#canTrade(order));
  }

  snapshot(): ListingSnapshot {
    const { leverage, marginable } = this.collateral;
    return {
      lastPrice: this.lastPrice ?? null,
      previousClose: this.previousClose ?? null,
      quotedToday: this.quotedToday,
      halted: this.halted,
      house: this.house.snapshot(),
      open: [...this.open].map(({ clientOrderId }) => clientOrderId),
      resting: this.book.resting(),
      stops: this.stops.ids(),
      ...((leverage > 1 || !marginable) && { collateral: { leverage, marginable } }),
    };
  }

  restore(stored: ListingSnapshot, orderOf: (id: ClientOrderId) => ClientOrder): void {
    this.lastPrice = stored.lastPrice ?? undefined;
    this.previousClose = stored.previousClose ?? undefined;
    this.quotedToday = stored.quotedToday;
    for (const id of stored.open) this.open.add(orderOf(id));
    for (const id of stored.resting) {
      const order = orderOf(id);
      this.#submit(order, order.limitPrice!, order.remaining, "rest");
    }
    for (const id of stored.stops) this.stops.add(orderOf(id), undefined);
    this.house.restore(stored.house);
    this.halted = stored.halted;
  }

  #canTrade(order: ClientOrder): boolean {
    return order.working !== "stop" && !this.halted && this.#rules.isLive(order);
  }

  readonly #mayTrigger = (order: ClientOrder): boolean => !this.halted && this.#rules.isLive(order);

  /** Puts the stops to work that a trade at `price` reaches. */
  reach(price: Price): void {
    if (this.stops.size === 0) return;
    for (const order of this.stops.take(price, this.#mayTrigger)) {
      if (this.open.has(order) && this.#rules.trigger(order, price)) this.#bringIn(order);
    }
  }

  #bringIn(order: ClientOrder): void {
    if (this.#rules.isBarred(order)) this.#rules.cancel(order);
    else this.#match(order);
  }

  #match(order: ClientOrder): void {
    if (this.halted) return;
    const { timeInForce } = order;
    const mayRest = timeInForce !== "ioc" && timeInForce !== "fok";
    const held = timeInForce === "fok" ? undefined : this.#rules.heldBackTo(order);
    if ((held !== undefined && this.#matchFirst(order, held)) || (this.house.isPresent && this.#matchPart(order))) {
      // The rest waits for its time, or meets the next quote.
    } else if (order.working === "market") this.#matchMarket(order);
    else this.#submit(order, order.limitPrice!, order.remaining, mayRest ? "rest" : timeInForce);
    if (!mayRest && this.open.has(order)) this.#rules.cancel(order);
  }

  /** No more than `quantity` of an order of which the rest will wait. False where there is nobody to trade with. */
  #matchFirst(order: ClientOrder, quantity: Quantity): boolean {
    if (quantity === 0) return true;
    const price = order.working === "limit" ? order.limitPrice : (this.house.priceFor(order.side, quantity) ?? this.book.best(order.side === "buy" ? "sell" : "buy"));
    if (price === undefined) return false;
    const paid = order.side === "buy" && order.working === "market" ? minOf(quantity, this.#rules.affordable(order, price)) : quantity;
    if (paid === 0 || !this.#submit(order, price, paid, "ioc")) return false;
    if (this.open.has(order)) this.#rules.holdRest(order);
    return true;
  }

  /** Whether only a part of the order may meet the house now; then it has. */
  #matchPart(order: ClientOrder): boolean {
    let part = this.#partOf(order);
    while (part < order.remaining && this.#rules.quotesStand) {
      this.#submit(order, this.house.priceFor(order.side, part)!, part, "ioc");
      part = this.#partOf(order);
    }
    if (part === order.remaining) return false;
    this.#submit(order, this.house.priceFor(order.side, part)!, part, "ioc");
    return true;
  }

  /** Chance has a say only in what meets the house, and what its account pays for in any case. */
  #partOf(order: ClientOrder): Quantity {
    const price = this.house.priceFor(order.side, order.remaining);
    if (price === undefined || order.timeInForce === "fok") return order.remaining;
    if (order.working === "limit" && (order.side === "buy" ? order.limitPrice! < price : order.limitPrice! > price)) return order.remaining;
    if (order.side === "buy" && this.#rules.affordable(order, price) < order.remaining) return order.remaining;
    return this.#rules.partOf(order);
  }

  /** At the house's price where the house is; else level by level through the clients' orders, or for all of a FOK order at once. */
  #matchMarket(order: ClientOrder): void {
    if (order.timeInForce === "fok") {
      this.#matchAll(order);
      return;
    }
    for (;;) {
      const price = this.house.priceFor(order.side, order.remaining) ?? this.book.best(order.side === "buy" ? "sell" : "buy");
      if (price === undefined) return;
      const quantity = order.side === "buy" ? minOf(order.remaining, this.#rules.affordable(order, price)) : order.remaining;
      const unpaid = quantity < order.remaining;
      const happened = quantity > 0 && this.#submit(order, price, quantity, "ioc");
      if (!this.open.has(order)) return;
      if (unpaid) {
        this.#rules.cancel(order);
        return;
      }
      if (!happened || this.house.isPresent) return;
    }
  }

  #matchAll(order: ClientOrder): void {
    const atHouse = this.house.priceFor(order.side, order.remaining);
    const price = atHouse === undefined ? this.book.priceOfAll(order.side, order.remaining) : { worst: atHouse, average: atHouse };
    if (!price || (order.side === "buy" && this.#rules.affordable(order, price.average) < order.remaining)) return;
    this.#submit(order, price.worst, order.remaining, "fok");
  }

  /** Whether anything came of it. */
  #submit(order: ClientOrder, price: Price, quantity: Quantity, timeInForce: "rest" | "ioc" | "fok"): boolean {
    const before = this.book.fills.count;
    this.book.submit(order, price, quantity, timeInForce);
    const happened = this.book.fills.count > before;
    this.#settle(before);
    return happened;
  }

  /** The house trades everything up to just before `to`; what it has left of `quantity`. */
  #tradeThrough(side: Side, to: Price, quantity: Quantity): Quantity {
    const limit = (side === "sell" ? to + 1 : to - 1) as Price;
    if (quantity === 0 || limit < 1) return quantity;
    const before = this.book.fills.count;
    this.book.tradeThrough(side, limit, quantity);
    return (quantity - this.#settle(before)) as Quantity;
  }

  /** Takes what came of a command off the stack, down to `before`; how much was traded. */
  #settle(before: number): number {
    const { fills } = this.book;
    const end = fills.count;
    let settled = 0;
    let traded: Price | undefined;
    for (let i = before; i < end; i += 1) {
      const maker = fills.maker[i];
      const taker = fills.taker[i];
      const price = fills.price[i]!;
      const quantity = fills.quantity[i]!;
      settled += quantity;
      if (quantity === 0) this.#rules.cancel(maker!);
      else {
        if (maker) {
          maker.matched = quantity;
          this.#rules.fill(maker, price, taker ? "client" : "house");
        }
        if (taker) {
          taker.matched = quantity;
          this.#rules.fill(taker, price, maker ? "client" : "house");
        }
        if (maker && taker) traded = price;
      }
    }
    fills.count = before;
    if (traded !== undefined) this.tradedAt(traded);
    return settled;
  }
}

/** Market orders by arrival, then limit orders, the better price first; the sort keeps arrivals in order. */
function inPriority(orders: readonly ClientOrder[]): readonly ClientOrder[] {
  const eagerness = ({ working, side, limitPrice }: ClientOrder): number => (working === "market" ? Infinity : side === "buy" ? limitPrice! : 0 - limitPrice!);
  return orders.toSorted((a, b) => {
    const difference = eagerness(b) - eagerness(a);
    return Number.isNaN(difference) ? 0 : difference;
  });
}
