/**
 * Watches the caps of a deployment at the venue, whenever one of its orders arrives or fills.
 *
 * What is bought and what may still be bought counts at the session's lowest price, and the account at what it could be
 * worth at the session's highest: what is above a cap then is not above it because prices moved. Caps on what is held
 * are looked at when a buy arrives, as they forbid buying and not holding.
 */
import { moneyToNumber, quantityToNumber, subtractQuantity, weightToNumber } from "../../src/money.ts";
import type { Session } from "../../src/rules/calendar.ts";
import { hasEnded, type VenueOrder } from "../../src/server/venue-order.ts";
import type { Venue } from "../../src/server/venue.ts";
import { isoOf, newYorkClock } from "../../src/time.ts";
import type { Execution } from "../../src/server/venue-replies.ts";
import type { Symbol } from "../../src/trade.ts";
import type { DrawnDay } from "./drawn-day.ts";
import type { DrawnMarket } from "./drawn-market.ts";
import type { Violation } from "./violations.ts";

/** Rounding to millionths of equity and to cents. */
const SLACK_USD = 1;

export class CapWatch {
  readonly #day: DrawnDay;
  readonly #venue: Venue;
  readonly #market: DrawnMarket;
  readonly #found = new Map<string, Violation>();
  /** Of each session. */
  readonly #orders = new Map<string, number>();
  /** In dollars, bought and sold. */
  readonly #turnover = new Map<string, number>();

  constructor(day: DrawnDay, venue: Venue, market: DrawnMarket) {
    this.#day = day;
    this.#venue = venue;
    this.#market = market;
    const arrived: VenueOrder[] = [];
    venue.onUpdate(({ event, order, execution }) => {
      if (execution) this.#addTurnover(order, execution);
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

  #look(order: VenueOrder): void {
    const { symbol, side, quantity, createdAt } = order;
    const deployment = this.#day.strategies.map((one) => one.deployment).find(({ symbols }) => symbols.includes(symbol));
    if (!deployment) {
      this.#say("symbol", `an order came for ${symbol}, which no strategy trades`);
      return;
    }
    const { settings: { limits, accountRules, allocation, executionStyle } } = deployment;
    const session = this.#day.market.sessions.find(({ day }) => day === newYorkClock(createdAt).day);
    if (!session) {
      this.#say("session", `an order came on ${isoOf(createdAt)}, which is no day of a run`);
      return;
    }
    const size = quantityToNumber(quantity) * this.#lowest(symbol, session);
    const account = this.#equityAtMost(session);
    const equity = account * weightToNumber(allocation);
    this.#require(size, moneyToNumber(limits.orderNotionalMax), `order ${order.clientOrderId} of ${symbol}`);
    const orders = (this.#orders.get(session.date) ?? 0) + 1;
    this.#orders.set(session.date, orders);
    const ordersMax = Math.min(limits.ordersPerRunMax, accountRules?.ordersPerDayMax ?? Infinity);
    // A style of execution makes several orders of a planned one, and the caps count planned ones.
    if (typeof executionStyle === "string" && orders > ordersMax) this.#say("orders", `${orders} orders on ${session.date}, and at most ${ordersMax} are allowed`);
    const turnover = (this.#turnover.get(session.date) ?? 0) + this.#stillOpen(session);
    if (limits.turnoverPerRunMax !== undefined) this.#require(turnover, weightToNumber(limits.turnoverPerRunMax) * equity, `turnover on ${session.date}`);
    if (accountRules?.turnoverPerDayMax !== undefined) this.#require(turnover, weightToNumber(accountRules.turnoverPerDayMax) * account, `the account's turnover on ${session.date}`);
    if (side === "sell") return;
    const committed = this.#committed(session);
    this.#require(committed.get(symbol) ?? 0, weightToNumber(limits.positionWeightMax) * equity, `position in ${symbol}`);
    if (limits.positionNotionalMax !== undefined) this.#require(committed.get(symbol) ?? 0, moneyToNumber(limits.positionNotionalMax), `position in ${symbol}`);
    this.#require([...committed.values()].reduce((sum, value) => sum + value, 0), weightToNumber(limits.grossExposureMax) * equity, "gross exposure");
  }

  #addTurnover({ symbol }: VenueOrder, { quantity }: Execution): void {
    const session = this.#day.market.sessions.find(({ day }) => day === newYorkClock(this.#venue.now).day);
    if (session) this.#turnover.set(session.date, (this.#turnover.get(session.date) ?? 0) + quantityToNumber(quantity) * this.#lowest(symbol, session));
  }

  /** In dollars at the lowest. */
  #stillOpen(session: Session): number {
    return [...this.#venue.accounts.get(this.#day.account)!.orders.open].reduce((sum, { symbol, quantity, filled }) => sum + quantityToNumber(subtractQuantity(quantity, filled)) * this.#lowest(symbol, session), 0);
  }

  /** What is held and what open orders would still buy, in dollars at the lowest. */
  #committed(session: Session): ReadonlyMap<Symbol, number> {
    const { account } = this.#day;
    const quantities = new Map(this.#venue.exchange.account(account).positions.map(({ symbol, quantity }) => [symbol, quantityToNumber(quantity)]));
    for (const order of this.#venue.accounts.get(account)!.orders.open) {
      if (order.side === "buy" && !hasEnded(order)) quantities.set(order.symbol, (quantities.get(order.symbol) ?? 0) + quantityToNumber(order.quantity) - quantityToNumber(order.filled));
    }
    return new Map([...quantities].map(([symbol, quantity]) => [symbol, quantity * this.#lowest(symbol, session)]));
  }

  #equityAtMost(session: Session): number {
    const { cash, positions } = this.#venue.exchange.account(this.#day.account);
    const atHighest = positions.reduce((sum, { symbol, quantity }) => sum + quantityToNumber(quantity) * moneyToNumber(this.#market.rangeOf(symbol, session.day).high), moneyToNumber(cash));
    // What was sold at less than the highest was worth more before.
    const gain = Math.max(...this.#day.market.symbols.map((symbol) => this.#market.rangeOf(symbol, session.day).high / this.#market.rangeOf(symbol, session.day).low));
    return atHighest * gain;
  }

  #lowest(symbol: Symbol, session: Session): number {
    return moneyToNumber(this.#market.rangeOf(symbol, session.day).low);
  }

  #require(value: number, max: number, what: string): void {
    if (value > max + SLACK_USD) this.#say(what, `${what}: ${value.toFixed(2)} USD at the day's lowest price, and the cap is ${max.toFixed(2)} USD`);
  }

  #say(what: string, facts: string): void {
    if (!this.#found.has(what)) this.#found.set(what, { kind: "capBreaches", facts });
  }
}

