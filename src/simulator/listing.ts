/**
 * One symbol's market: its book, the house liquidity in it, and the open client orders.
 *
 * Market data become house orders. `quote` replaces the house's bid and ask and then lets every open client order meet
 * them, market orders first and then limit orders by price, each by order of arrival, at the house's price: a limit
 * order that the market has gapped through fills at the better price. `sweep` lets the market trade through resting
 * limit orders: a limit fills only if the market traded beyond it, and at its limit. A market order that finds no house
 * liquidity waits for the next quote. The house stands in the book only while a client order is matched, on the side
 * that the order can meet; so a quote may be locked (bid = ask), and clients' orders at the house's price go first.
 *
 * Not here: who may trade and what it costs (exchange.ts).
 */
import { minOf, type Price, type Quantity } from "../money.ts";
import type { ClientOrderId, Side } from "../trade.ts";
import type { ClientOrder } from "./client-order.ts";
import { OrderBook } from "./order-book.ts";
import { ALLOW_SELF_TRADE, BUY, FILL, IOC, LIMIT, NO_OWNER, REST, SELL } from "./order-book-codes.ts";

/** Handles in the book: the house's one order, then the clients'. */
const HOUSE = 0;
const FIRST_CLIENT = 1;

export interface HouseQuote {
  readonly bid: Price;
  readonly ask: Price;
  /** On either side. */
  readonly quantity: Quantity;
}

/** What the exchange decides about a match: how much the buyer can pay for, and what a fill does. */
export interface MatchRules {
  affordable(order: ClientOrder, price: Price): Quantity;
  /** Reduces `order.remaining` and ends the order when nothing remains. */
  fill(order: ClientOrder, quantity: Quantity, price: Price): void;
  /** A market order that its account cannot pay for in full ends with what it got. */
  cancelUnpaid(order: ClientOrder): void;
}

interface House {
  readonly bid: Price;
  readonly ask: Price;
  bidQuantity: Quantity;
  askQuantity: Quantity;
}

export interface ListingSnapshot {
  readonly lastPrice: Price | null;
  readonly quotedToday: boolean;
  readonly house: Readonly<House> | null;
  /** By arrival; those that rest in the book are marked. */
  readonly open: readonly { readonly clientOrderId: ClientOrderId; readonly resting: boolean }[];
}

export class Listing {
  lastPrice: Price | undefined;
  quotedToday = false;
  #house: House | undefined;
  readonly #book = new OrderBook();
  readonly #rules: MatchRules;
  /** Open orders by arrival, with their handles while they rest in the book. */
  readonly #open = new Map<ClientOrder, number | undefined>();
  readonly #orderOf = new Map<number, ClientOrder>();
  #nextHandle = FIRST_CLIENT;

  constructor(rules: MatchRules) {
    this.#rules = rules;
  }

  get house(): Pick<HouseQuote, "bid" | "ask"> | undefined {
    return this.#house;
  }

  quote({ bid, ask, quantity }: HouseQuote): void {
    this.#house = { bid, ask, bidQuantity: quantity, askQuantity: quantity };
    if (this.#open.size === 0) return;
    // All that can meet the house leave the book before the first does: the house would take those that still stand there.
    const meeting = [...this.#open].filter(([order, handle]) => handle === undefined || (order.side === "buy" ? order.priceBound >= ask : order.priceBound <= bid));
    for (const [order, handle] of meeting) if (handle !== undefined) this.#takeFromBook(order, handle);
    for (const order of inPriority(meeting.map(([one]) => one))) this.#match(order);
  }

  /** The house leaves; what it did not fill waits. */
  withdraw(): void {
    this.#house = undefined;
  }

  /** The market trades down to `low` and up to `high`, with `quantity` on either side. */
  sweep(low: Price, high: Price, quantity: Quantity): void {
    this.withdraw();
    if (this.#orderOf.size === 0 || quantity === 0) return;
    this.#immediate(HOUSE, SELL, low + 1, quantity);
    if (high > 1) this.#immediate(HOUSE, BUY, high - 1, quantity);
  }

  enter(order: ClientOrder): void {
    this.#open.set(order, undefined);
    this.#match(order);
  }

  /** Takes out an order that has ended. */
  remove(order: ClientOrder): void {
    const handle = this.#open.get(order);
    if (handle !== undefined) this.#takeFromBook(order, handle);
    this.#open.delete(order);
  }

  snapshot(): ListingSnapshot {
    return {
      lastPrice: this.lastPrice ?? null,
      quotedToday: this.quotedToday,
      house: this.#house ? { ...this.#house } : null,
      open: [...this.#open].map(([{ clientOrderId }, handle]) => ({ clientOrderId, resting: handle !== undefined })),
    };
  }

  /** Puts the house and the open orders back as they were. Resting orders keep their places: a price's queue is in order of arrival. */
  restore({ lastPrice, quotedToday, house, open }: ListingSnapshot, orderOf: (id: ClientOrderId) => ClientOrder): void {
    this.lastPrice = lastPrice ?? undefined;
    this.quotedToday = quotedToday;
    for (const { clientOrderId, resting } of open) {
      const order = orderOf(clientOrderId);
      this.#open.set(order, undefined);
      if (resting) this.#matchLimit(order);
    }
    this.#house = house ? { ...house } : undefined;
  }

  #match(order: ClientOrder): void {
    if (order.type === "market") this.#matchMarket(order);
    else this.#matchLimit(order);
  }

  #matchMarket(order: ClientOrder): void {
    if (!this.#house) return;
    const price = order.side === "buy" ? this.#house.ask : this.#house.bid;
    const quantity = order.side === "buy" ? minOf(order.remaining, this.#rules.affordable(order, price)) : order.remaining;
    const unpaid = quantity < order.remaining;
    if (quantity > 0) {
      const handle = this.#register(order);
      this.#againstHouse(order.side, () => {
        this.#book.submit(handle, sideCode(order.side), LIMIT, price, 0, quantity, IOC, NO_OWNER, ALLOW_SELF_TRADE);
      });
      this.#unregister(order, handle);
    }
    if (unpaid && order.status === "open") this.#rules.cancelUnpaid(order);
  }

  #matchLimit(order: ClientOrder): void {
    const handle = this.#register(order);
    this.#againstHouse(order.side, () => {
      this.#book.submit(handle, sideCode(order.side), LIMIT, order.priceBound, 0, order.remaining, REST, NO_OWNER, ALLOW_SELF_TRADE);
    });
  }

  #immediate(handle: number, side: typeof BUY | typeof SELL, price: number, quantity: number): void {
    this.#book.submit(handle, side, LIMIT, price, 0, quantity, IOC, NO_OWNER, ALLOW_SELF_TRADE);
    this.#settleFills();
  }

  /** Runs `command`, an order of `side`, while the other side of the house stands in the book. */
  #againstHouse(side: Side, command: () => void): void {
    const house = this.#house;
    const offered = side === "buy" ? house?.askQuantity : house?.bidQuantity;
    if (!house || !offered) {
      command();
      this.#settleFills();
      return;
    }
    const [houseSide, price] = side === "buy" ? [SELL, house.ask] : [BUY, house.bid];
    this.#book.submit(HOUSE, houseSide, LIMIT, price, 0, offered, REST, NO_OWNER, ALLOW_SELF_TRADE);
    command();
    const left = this.#book.cancel(HOUSE) as Quantity;
    if (side === "buy") house.askQuantity = left;
    else house.bidQuantity = left;
    this.#settleFills();
  }

  #settleFills(): void {
    const { events } = this.#book;
    for (let i = 0; i < events.count; i += 1) {
      if (events.kind(i) !== FILL) continue;
      const price = events.price(i) as Price;
      const quantity = events.quantity(i) as Quantity;
      const maker = this.#orderOf.get(events.maker(i));
      const taker = this.#orderOf.get(events.taker(i));
      for (const order of [maker, taker]) {
        if (!order) continue;
        const handle = this.#open.get(order);
        if (handle !== undefined && order.remaining === quantity) this.#unregister(order, handle);
        this.#rules.fill(order, quantity, price);
      }
    }
    events.clear();
  }

  #register(order: ClientOrder): number {
    const handle = this.#nextHandle;
    this.#nextHandle += 1;
    this.#open.set(order, handle);
    this.#orderOf.set(handle, order);
    return handle;
  }

  #unregister(order: ClientOrder, handle: number): void {
    this.#orderOf.delete(handle);
    if (this.#open.has(order)) this.#open.set(order, undefined);
  }

  #takeFromBook(order: ClientOrder, handle: number): void {
    this.#book.cancel(handle);
    this.#unregister(order, handle);
  }
}

function sideCode(side: Side): typeof BUY | typeof SELL {
  return side === "buy" ? BUY : SELL;
}

/** Market orders by arrival, then limit orders, the better price first; the sort keeps arrivals in order. */
function inPriority(orders: readonly ClientOrder[]): readonly ClientOrder[] {
  const eagerness = ({ type, side, priceBound }: ClientOrder): number => (type === "market" ? Infinity : side === "buy" ? priceBound : 0 - priceBound);
  return orders.toSorted((a, b) => {
    const difference = eagerness(b) - eagerness(a);
    return Number.isNaN(difference) ? 0 : difference;
  });
}
