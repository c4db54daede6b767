/**
 * Surveillance of a market in which several accounts trade with each other: what looks like a trade without a trade.
 *
 * It is told of trades between accounts and of what becomes of orders, in the order in which they happen, and keeps a
 * window of them. A finding is a reason to look, not a verdict. Four kinds:
 *
 * - `wash`: one account on both sides of a trade.
 * - `circular`: shares that came back to who sold them, through one to four other accounts within the window, each trade
 *   of about the same quantity at about the same price. The way back is followed in time.
 * - `order-to-trade`: an account that places many orders in a symbol and trades hardly any of them.
 * - `layering`: an account that buys (sells) while at least `layerRatio` times as much of its own rests on the other side,
 *   and takes that away within `layerMs` after.
 * - `limit-breaches`: an account of which many orders were rejected, for want of money or shares or for their shape.
 *
 * Pure: time is the time of what it is told. The window is shorter where more happens than it may hold: the newest 10,000
 * purchases and orders of an account in a symbol. So memory is bounded by the accounts and symbols.
 */
import type { Price, Quantity } from "../money.ts";
import type { Instant } from "../time.ts";
import type { AccountName, ClientOrderId, Side, Symbol } from "../trade.ts";
import { SlidingWindow } from "./sliding-window.ts";

export interface SurveillanceRules {
  readonly windowMs: number;
  /** How far quantities and prices of a circle may differ from the last trade's, as a fraction and in basis points. */
  readonly quantityTolerance: number;
  readonly priceToleranceBps: number;
  /** Accounts in a circle, both ends counted once. */
  readonly circleMax: number;
  readonly ordersMin: number;
  /** Orders placed for one that traded. */
  readonly orderToTradeMax: number;
  readonly layerRatio: number;
  readonly layerMs: number;
  readonly rejectionsMax: number;
}

export const SURVEILLANCE_RULES: SurveillanceRules = {
  windowMs: 600_000,
  quantityTolerance: 0.1,
  priceToleranceBps: 50,
  circleMax: 5,
  ordersMin: 100,
  orderToTradeMax: 50,
  layerRatio: 5,
  layerMs: 10_000,
  rejectionsMax: 100,
};

export interface Trade {
  readonly at: Instant;
  readonly symbol: Symbol;
  readonly buyer: AccountName;
  readonly seller: AccountName;
  readonly quantity: Quantity;
  readonly price: Price;
  /** The exchange's name of it. */
  readonly execution: string;
}

export interface OrderHappening {
  readonly at: Instant;
  readonly account: AccountName;
  readonly symbol: Symbol;
  readonly order: ClientOrderId;
  readonly side: Side;
  /** What is left of the order. */
  readonly quantity: Quantity;
}

export type Finding = { readonly at: Instant; readonly symbol: Symbol } & (
  | { readonly kind: "wash"; readonly account: AccountName; readonly execution: string; readonly quantity: Quantity; readonly price: Price }
  /** Accounts in the order in which the shares went, the first being the one they came back to. */
  | { readonly kind: "circular"; readonly accounts: readonly AccountName[]; readonly executions: readonly string[]; readonly quantity: Quantity; readonly overMs: number }
  | { readonly kind: "order-to-trade"; readonly account: AccountName; readonly orders: number; readonly traded: number; readonly max: number }
  | { readonly kind: "layering"; readonly account: AccountName; readonly traded: Quantity; readonly layered: Quantity; readonly canceledAfterMs: number }
  | { readonly kind: "limit-breaches"; readonly account: AccountName; readonly rejections: number; readonly max: number }
);

/** Of each kind: purchases, orders and rejections of an account in a symbol. */
const NEWEST_KEPT = 10_000;
const FINDINGS_MAX = 1_000;
/** Purchases that one search for a circle looks at. */
const STEPS_MAX = 2_000;

interface Resting {
  readonly side: Side;
  readonly quantity: number;
}

/** A trade, and which one it was of all. */
interface Purchase {
  readonly number: number;
  readonly trade: Trade;
}

interface Layer {
  readonly at: Instant;
  readonly side: Side;
  readonly traded: Quantity;
  canceled: number;
}

/** An account in a symbol. */
class Conduct {
  readonly orders = new SlidingWindow<Instant>();
  /** Orders that traded, by the time of their newest fill. */
  readonly traded = new Map<ClientOrderId, Instant>();
  readonly rejections = new SlidingWindow<Instant>();
  readonly #purchases = new SlidingWindow<Purchase>();
  readonly layers = new SlidingWindow<Layer>();
  readonly silentUntil = new Map<Finding["kind"], Instant>();
  readonly #resting = new Map<ClientOrderId, Resting>();
  readonly #sums = { buy: 0, sell: 0 };

  restingOn(side: Side): number {
    return this.#sums[side];
  }

  /** Returns what rested of the order before. */
  rest(order: ClientOrderId, side: Side, quantity: number): number {
    const before = this.#resting.get(order);
    if (before) this.#sums[before.side] -= before.quantity;
    this.#resting.delete(order);
    if (quantity > 0) this.#resting.set(order, { side, quantity });
    this.#sums[side] += quantity;
    return before?.quantity ?? 0;
  }

  bought(purchase: Purchase, before: number): void {
    this.#purchases.push(purchase);
    this.#purchases.forgetWhile(({ trade }) => trade.at < before);
    this.#purchases.keepNewest(NEWEST_KEPT);
  }

  /** The newest first. */
  *purchases(since: number): Generator<Purchase> {
    for (let index = this.#purchases.size - 1; index >= 0; index -= 1) {
      const purchase = this.#purchases.at(index)!;
      if (purchase.trade.at < since) return;
      yield purchase;
    }
  }

  forgetLayers(before: number): void {
    this.layers.forgetWhile(({ at }) => at < before);
    this.layers.keepNewest(NEWEST_KEPT);
  }

  forget(before: number): void {
    for (const instants of [this.orders, this.rejections]) {
      instants.forgetWhile((at) => at < before);
      instants.keepNewest(NEWEST_KEPT);
    }
    // Orders and those of them that traded are counted over the same time.
    const since = this.orders.size === NEWEST_KEPT ? this.orders.at(0)! : before;
    for (const [order, at] of this.traded) {
      if (at >= since && this.traded.size <= NEWEST_KEPT) break;
      this.traded.delete(order);
    }
  }
}

export class Surveillance {
  readonly #rules: SurveillanceRules;
  #trades = 0;
  readonly #conduct = new Map<string, Conduct>();
  readonly #findings: Finding[] = [];
  /** Found since the beginning; the report holds the newest of them. */
  readonly #counts = new Map<Finding["kind"], number>();

  constructor(rules: SurveillanceRules = SURVEILLANCE_RULES) {
    this.#rules = rules;
  }

  trade(trade: Trade): void {
    const { at, symbol, buyer, seller, quantity, price, execution } = trade;
    if (buyer === seller) this.#found({ kind: "wash", at, symbol, account: buyer, execution, quantity, price });
    this.#trades += 1;
    const circle = buyer === seller ? undefined : this.#circleClosedBy(trade);
    if (circle) {
      const way = [...circle, trade];
      this.#found({ kind: "circular", at, symbol, accounts: way.map((one) => one.seller), executions: way.map((one) => one.execution), quantity, overMs: at - way[0]!.at });
    }
    this.#conductOf(buyer, symbol).bought({ number: this.#trades, trade }, at - this.#rules.windowMs);
  }

  placed({ at, account, symbol, order, side, quantity }: OrderHappening): void {
    const conduct = this.#conductOf(account, symbol);
    conduct.rest(order, side, quantity);
    conduct.orders.push(at);
    conduct.forget(at - this.#rules.windowMs);
    const { ordersMin, orderToTradeMax } = this.#rules;
    const orders = conduct.orders.size;
    const traded = conduct.traded.size;
    if (orders >= ordersMin && orders > orderToTradeMax * traded) this.#foundOnce(conduct, { kind: "order-to-trade", at, symbol, account, orders, traded, max: orderToTradeMax });
  }

  /** `quantity` is what is left of the order; `traded` what this fill took. */
  filled({ at, account, symbol, order, side, quantity }: OrderHappening, traded: Quantity): void {
    const conduct = this.#conductOf(account, symbol);
    conduct.traded.delete(order);
    conduct.traded.set(order, at);
    conduct.rest(order, side, quantity);
    if (conduct.restingOn(side === "buy" ? "sell" : "buy") < this.#rules.layerRatio * traded) return;
    conduct.forgetLayers(at - this.#rules.layerMs);
    conduct.layers.push({ at, side, traded, canceled: 0 });
  }

  canceled({ at, account, symbol, order, side }: Omit<OrderHappening, "quantity">): void {
    const conduct = this.#conductOf(account, symbol);
    const taken = conduct.rest(order, side, 0);
    conduct.forgetLayers(at - this.#rules.layerMs);
    for (const layer of conduct.layers) {
      if (layer.side === side) continue;
      layer.canceled += taken;
      if (layer.canceled < this.#rules.layerRatio * layer.traded) continue;
      this.#foundOnce(conduct, { kind: "layering", at, symbol, account, traded: layer.traded, layered: layer.canceled as Quantity, canceledAfterMs: at - layer.at });
    }
  }

  rejected({ at, account, symbol }: Pick<OrderHappening, "at" | "account" | "symbol">): void {
    const conduct = this.#conductOf(account, symbol);
    conduct.rejections.push(at);
    conduct.forget(at - this.#rules.windowMs);
    const rejections = conduct.rejections.size;
    const max = this.#rules.rejectionsMax;
    if (rejections > max) this.#foundOnce(conduct, { kind: "limit-breaches", at, symbol, account, rejections, max });
  }

  /** The newest findings, oldest first, and how many there have been of each kind. */
  report(): { readonly counts: Readonly<Partial<Record<Finding["kind"], number>>>; readonly findings: readonly Finding[] } {
    return { counts: Object.fromEntries(this.#counts), findings: [...this.#findings] };
  }

  /**
   * Earlier trades by which the shares had gone from the trade's buyer to its seller, one after the other. The newest
   * trade closes the circle, so the way is sought from its end.
   */
  #circleClosedBy(last: Trade): readonly Trade[] | undefined {
    const { circleMax, windowMs } = this.#rules;
    let steps = 0;
    const backFrom = (holder: AccountName, before: number, passed: readonly AccountName[]): readonly Trade[] | undefined => {
      for (const { number, trade } of this.#conductOf(holder, last.symbol).purchases(last.at - windowMs)) {
        steps += 1;
        if (steps > STEPS_MAX) return undefined;
        if (number >= before || trade.seller === holder || !this.#isAlike(trade, last)) continue;
        if (trade.seller === last.buyer) return [trade];
        if (passed.length + 1 >= circleMax || passed.includes(trade.seller)) continue;
        const way = backFrom(trade.seller, number, [...passed, trade.seller]);
        if (way) return [...way, trade];
      }
      return undefined;
    };
    return backFrom(last.seller, this.#trades, [last.seller]);
  }

  #isAlike(trade: Trade, last: Trade): boolean {
    const { quantityTolerance, priceToleranceBps } = this.#rules;
    return Math.abs(trade.quantity - last.quantity) <= quantityTolerance * last.quantity && Math.abs(trade.price - last.price) * 10_000 <= priceToleranceBps * last.price;
  }

  #conductOf(account: AccountName, symbol: Symbol): Conduct {
    const key = `${symbol} ${account}`;
    let conduct = this.#conduct.get(key);
    if (!conduct) this.#conduct.set(key, (conduct = new Conduct()));
    return conduct;
  }

  /** Of what goes on, one finding a window is enough. */
  #foundOnce(conduct: Conduct, finding: Finding): void {
    if (finding.at < (conduct.silentUntil.get(finding.kind) ?? -Infinity)) return;
    conduct.silentUntil.set(finding.kind, (finding.at + this.#rules.windowMs) as Instant);
    this.#found(finding);
  }

  #found(finding: Finding): void {
    this.#counts.set(finding.kind, (this.#counts.get(finding.kind) ?? 0) + 1);
    this.#findings.push(finding);
    if (this.#findings.length > FINDINGS_MAX) this.#findings.shift();
  }
}
