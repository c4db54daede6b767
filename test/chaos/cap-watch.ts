/**
 * Watches the caps of a deployment at the venue, whenever one of its orders arrives or fills.
 *
 * What is held and what may still be bought counts at the lowest middle that the venue has quoted in the session so far,
 * an order and turnover at the lowest that was quoted on the side they trade with, and the account at what it could be
 * worth at the session's highest price. What is above a cap then was above it by every quote that a run can have known,
 * and is not because prices moved, or because quotes are in cents. Caps on what is held are looked at when a buy arrives,
 * as they forbid buying and not holding.
 */
import { minOf, moneyToNumber, quantityToNumber, subtractQuantity, weightToNumber, type Price } from "../../src/money.ts";
import type { Session } from "../../src/rules/calendar.ts";
import { hasEnded, type VenueOrder } from "../../src/server/venue-order.ts";
import type { Venue } from "../../src/server/venue.ts";
import { isoOf, newYorkClock, type Instant } from "../../src/time.ts";
import type { Execution, MarketUpdate } from "../../src/server/venue-replies.ts";
import type { Side, Symbol } from "../../src/trade.ts";
import type { DrawnDay } from "./drawn-day.ts";
import type { DrawnMarket } from "./drawn-market.ts";
import type { Violation } from "./violations.ts";

/** Rounding to millionths of equity. */
const SLACK_USD = 1;

interface Lowest {
  readonly bid: Price;
  readonly ask: Price;
  readonly middle: Price;
}

interface Moved {
  readonly shares: number;
  readonly cash: number;
}

export interface ArrivedBuy {
  readonly clientOrderId: string;
  readonly symbol: Symbol;
  readonly strategy: string;
  readonly at: Instant;
  readonly session: Session;
  /** What the symbol is at least of the strategy's equity with it. */
  readonly share: number;
  /** Of the account in dollars, then and at the close before. */
  readonly equity: number;
  readonly lastEquity: number;
}

export class CapWatch {
  readonly #day: DrawnDay;
  readonly #venue: Venue;
  readonly #market: DrawnMarket;
  readonly #found = new Map<string, Violation>();
  /** Of each day's quotes of a symbol so far. */
  readonly #lowest = new Map<string, Lowest>();
  /** Of each strategy's session, and of the account's. */
  readonly #orders = new Map<string, number>();
  /** In dollars, bought and sold. */
  readonly #turnover = new Map<string, number>();
  /** What happened in a session: money and shares that came. */
  readonly #moved = new Map<string, Moved>();
  readonly #buys: ArrivedBuy[] = [];

  constructor(day: DrawnDay, venue: Venue, market: DrawnMarket) {
    this.#day = day;
    this.#venue = venue;
    this.#market = market;
    venue.onMarket((update) => {
      if (update.type === "quote") this.#noteQuote(update);
    });
    const arrived: VenueOrder[] = [];
    venue.onUpdate(({ event, order, execution }) => {
      if (execution) this.#note(order, execution);
      // An order's first event comes while the exchange still takes it: looked at when the command is done.
      if (event !== "accepted" && event !== "new") return;
      if (arrived.some(({ id }) => id === order.id)) return;
      arrived.push(order);
      queueMicrotask(() => this.#look(order));
    });
  }

  get violations(): readonly Violation[] {
    return [...this.#found.values()];
  }

  /** Each buy as it arrived, with what it must be compared with once the journals are read. */
  get buys(): readonly ArrivedBuy[] {
    return this.#buys;
  }

  #look(order: VenueOrder): void {
    const { symbol, side, quantity, createdAt } = order;
    const { strategies } = this.#day;
    const deployment = strategies.map((one) => one.deployment).find(({ symbols }) => symbols.includes(symbol));
    if (!deployment) {
      this.#say("symbol", `an order came for ${symbol}, which no strategy trades`);
      return;
    }
    const { strategy: { name }, symbols, settings: { limits, accountRules, allocation, executionStyle } } = deployment;
    const session = this.#day.market.sessions.find(({ day }) => day === newYorkClock(createdAt).day);
    if (!session) {
      this.#say("session", `an order came on ${isoOf(createdAt)}, which is no day of a run`);
      return;
    }
    const size = quantityToNumber(quantity) * this.#lowestOf(sideOf(side), symbol, session);
    const account = this.#equityAtMost(session);
    const equity = account * weightToNumber(allocation);
    this.#require(size, moneyToNumber(limits.orderNotionalMax), `order ${order.clientOrderId} of ${symbol}`);
    // A style of execution makes several orders of a planned one, and the caps count planned ones.
    if (typeof executionStyle === "string") this.#count(`${name} on ${session.date}`, limits.ordersPerRunMax);
    if (strategies.every(({ deployment: { settings } }) => typeof settings.executionStyle === "string")) this.#count(`the account on ${session.date}`, accountRules?.ordersPerDayMax ?? Infinity);
    const all = strategies.flatMap((one) => one.deployment.symbols);
    if (limits.turnoverPerRunMax !== undefined) this.#require(this.#turnoverOf(symbols, session), weightToNumber(limits.turnoverPerRunMax) * equity, `turnover of ${name} on ${session.date}`);
    if (accountRules?.turnoverPerDayMax !== undefined) this.#require(this.#turnoverOf(all, session), weightToNumber(accountRules.turnoverPerDayMax) * account, `the account's turnover on ${session.date}`);
    if (side === "sell") return;
    const committed = this.#committed(session);
    const held = (some: readonly Symbol[]): number => some.reduce((sum, one) => sum + (committed.get(one) ?? 0), 0);
    this.#require(held([symbol]), weightToNumber(limits.positionWeightMax) * equity, `position in ${symbol}`);
    if (limits.positionNotionalMax !== undefined) this.#require(held([symbol]), moneyToNumber(limits.positionNotionalMax), `position in ${symbol}`);
    this.#require(held(symbols), weightToNumber(limits.grossExposureMax) * equity, `gross exposure of ${name}`);
    this.#require(held(all), account, "the account's gross exposure");
    for (const group of limits.groups ?? []) if (group.symbols.includes(symbol)) this.#require(held(group.symbols), weightToNumber(group.weightMax) * equity, `group ${group.name}`);
    this.#buys.push({ clientOrderId: order.clientOrderId, symbol, strategy: name, at: createdAt, session, share: held([symbol]) / equity, equity: this.#equityNow(), lastEquity: this.#equityBefore(session) });
  }

  #count(whose: string, max: number): void {
    const orders = (this.#orders.get(whose) ?? 0) + 1;
    this.#orders.set(whose, orders);
    if (orders > max) this.#say(`orders of ${whose}`, `${orders} orders of ${whose}, and at most ${max} are allowed`);
  }

  #note({ symbol, side }: VenueOrder, { quantity, price }: Execution): void {
    const session = this.#day.market.sessions.find(({ day }) => day === newYorkClock(this.#venue.now).day);
    if (!session) return;
    const key = `${session.date} ${symbol}`;
    const bought = quantityToNumber(quantity) * (side === "buy" ? 1 : -1);
    const before = this.#moved.get(key) ?? { shares: 0, cash: 0 };
    this.#moved.set(key, { shares: before.shares + bought, cash: before.cash - bought * moneyToNumber(price) });
    this.#turnover.set(key, (this.#turnover.get(key) ?? 0) + quantityToNumber(quantity) * this.#lowestOf(sideOf(side), symbol, session));
  }

  /** One that is crossed, or has a side only, is none to trade on. */
  #noteQuote({ symbol, at, bid, ask }: Extract<MarketUpdate, { type: "quote" }>): void {
    if (bid <= 0 || bid > ask) return;
    const key = `${newYorkClock(at).day} ${symbol}`;
    const quoted = { bid, ask, middle: ((bid + ask) / 2) as Price };
    const before = this.#lowest.get(key) ?? quoted;
    this.#lowest.set(key, { bid: minOf(before.bid, quoted.bid), ask: minOf(before.ask, quoted.ask), middle: minOf(before.middle, quoted.middle) });
  }

  /** In dollars at the lowest, with what open orders may still trade. */
  #turnoverOf(symbols: readonly Symbol[], session: Session): number {
    const open = [...this.#venue.accounts.get(this.#day.account)!.orders.open].filter(({ symbol }) => symbols.includes(symbol));
    const filled = symbols.reduce((sum, symbol) => sum + (this.#turnover.get(`${session.date} ${symbol}`) ?? 0), 0);
    return open.reduce((sum, { symbol, side, quantity, filled: done }) => sum + quantityToNumber(subtractQuantity(quantity, done)) * this.#lowestOf(sideOf(side), symbol, session), filled);
  }

  /** What is held and what open orders would still buy, in dollars at the lowest. */
  #committed(session: Session): ReadonlyMap<Symbol, number> {
    const { account } = this.#day;
    const quantities = new Map(this.#venue.exchange.account(account).positions.map(({ symbol, quantity }) => [symbol, quantityToNumber(quantity)]));
    for (const order of this.#venue.accounts.get(account)!.orders.open) {
      if (order.side === "buy" && !hasEnded(order)) quantities.set(order.symbol, (quantities.get(order.symbol) ?? 0) + quantityToNumber(order.quantity) - quantityToNumber(order.filled));
    }
    return new Map([...quantities].map(([symbol, quantity]) => [symbol, quantity * this.#lowestOf("middle", symbol, session)]));
  }

  /** At the middles of the minute. */
  #equityNow(): number {
    const { cash, positions } = this.#venue.exchange.account(this.#day.account);
    return positions.reduce((sum, { symbol, quantity }) => sum + quantityToNumber(quantity) * this.#market.middleAt(symbol, this.#venue.now), moneyToNumber(cash));
  }

  /** At the close of the session before: what is held now without what this session brought. */
  #equityBefore({ date, day }: Session): number {
    const { sessions, split } = this.#day.market;
    const before = sessions[sessions.findIndex((session) => session.day === day) - 1];
    if (!before) return moneyToNumber(this.#day.cash);
    const { cash, positions } = this.#venue.exchange.account(this.#day.account);
    const held = new Map(positions.map(({ symbol, quantity }) => [symbol, quantityToNumber(quantity)]));
    return this.#day.market.symbols.reduce((sum, symbol) => {
      const moved = this.#moved.get(`${date} ${symbol}`) ?? { shares: 0, cash: 0 };
      const ratio = split?.symbol === symbol && split.exDay === day ? split.ratio : 1;
      return sum - moved.cash + (((held.get(symbol) ?? 0) - moved.shares) / ratio) * this.#market.middleAt(symbol, before.close);
    }, moneyToNumber(cash));
  }

  #equityAtMost(session: Session): number {
    const { cash, positions } = this.#venue.exchange.account(this.#day.account);
    const atHighest = positions.reduce((sum, { symbol, quantity }) => sum + quantityToNumber(quantity) * moneyToNumber(this.#market.rangeOf(symbol, session.day).high), moneyToNumber(cash));
    // What was sold at less than the highest was worth more before.
    const gain = Math.max(...this.#day.market.symbols.map((symbol) => this.#market.rangeOf(symbol, session.day).high / this.#market.rangeOf(symbol, session.day).low));
    return atHighest * gain;
  }

  /** In dollars. Nothing is traded that nobody has quoted, so that is above every cap. */
  #lowestOf(price: keyof Lowest, symbol: Symbol, { day }: Session): number {
    const lowest = this.#lowest.get(`${day} ${symbol}`);
    return lowest ? moneyToNumber(lowest[price]) : Infinity;
  }

  #require(value: number, max: number, what: string): void {
    if (value > max + SLACK_USD) this.#say(what, `${what}: ${value.toFixed(2)} USD at the session's lowest quote, and the cap is ${max.toFixed(2)} USD`);
  }

  #say(what: string, facts: string): void {
    if (!this.#found.has(what)) this.#found.set(what, { kind: "capBreaches", facts });
  }
}

/** Of the quote, that an order trades with. */
function sideOf(side: Side): "bid" | "ask" {
  return side === "buy" ? "ask" : "bid";
}
