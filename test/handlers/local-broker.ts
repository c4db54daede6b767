/** As much of Alpaca as a rebalance needs: a cash account, orders that fill in full, daily bars and quotes at one price. */
import type { IncomingMessage } from "node:http";
import { sessionsBetween } from "../../src/rules/calendar.ts";
import { epochDayOf, instantOf, isoOf, newYorkClock, newYorkInstant, plusMs, sessionDateOf, type EpochDay, type Instant } from "../../src/time.ts";

const PRICES: Readonly<Record<string, number>> = { SPY: 500, IEF: 100 };

interface PlacedOrder {
  readonly id: string;
  readonly client_order_id: string;
  readonly symbol: string;
  readonly side: string;
  readonly qty: string;
  readonly submitted_at: string;
  asked: number;
  canceled?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export class LocalBroker {
  readonly orders: PlacedOrder[] = [];
  /** Of quotes and fills; bars stay where they were. */
  readonly prices: Record<string, number> = { ...PRICES };
  /** Submissions that arrived, duplicates included. */
  submissions = 0;
  /** How often an order says that it is still open before it says that it is filled. */
  openAnswers = 0;
  /** Answers with this status instead, while it is set. */
  failure: number | undefined;
  /** Open orders that were placed by another hand. */
  readonly foreignOrders: { readonly id: string; readonly client_order_id: string; readonly symbol: string; readonly side: string; readonly qty: string }[] = [];
  /** Shares that go missing from a position once something of it was filled. */
  readonly lostShares: Record<string, number> = {};
  /** Shares that were brought in, or taken, by another hand. */
  readonly foreignShares: Record<string, number> = {};
  /** By their types, as Alpaca lists them. */
  corporateActions: Readonly<Record<string, readonly unknown[]>> = {};
  /** How far the venue's clock is ahead of everyone's. */
  clockAheadMs = 0;
  /** A day on which the venue has no session, though the calendar has one. */
  closedOn: string | undefined;
  /** The first day of which there are bars, of symbols that were listed lately. */
  readonly barsSince: Record<string, string> = {};
  /** Whether the account takes no orders. */
  blocked = false;
  /** Waited for before an answer, with the request's method and path. */
  beforeAnswer: ((route: string) => Promise<void>) | undefined;
  readonly #now: () => string;
  readonly #keys: { readonly keyId: string; readonly secretKey: string };

  constructor(now: () => string, keys: { readonly keyId: string; readonly secretKey: string }) {
    this.#now = now;
    this.#keys = keys;
  }

  async answerInTime(request: IncomingMessage, body: string): Promise<Answer> {
    await this.beforeAnswer?.(`${request.method} ${new URL(request.url ?? "/", "http://local").pathname}`);
    return this.#answer(request, body);
  }

  #answer(request: IncomingMessage, body: string): Answer {
    const { headers, method = "GET" } = request;
    if (headers["apca-api-key-id"] !== this.#keys.keyId || headers["apca-api-secret-key"] !== this.#keys.secretKey) return { status: 401, body: { message: "unauthorized" } };
    if (this.failure !== undefined) return { status: this.failure, body: { message: `no service for ${this.#keys.secretKey}` } };
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://local");
    switch (`${method} ${pathname}`) {
      case "GET /v2/account":
        return { status: 200, body: { status: "ACTIVE", currency: "USD", cash: this.#cash(), equity: "100000", last_equity: "100000", buying_power: this.#cash(), multiplier: "2", shorting_enabled: true, account_blocked: this.blocked, trading_blocked: false } };
      case "GET /v2/positions":
        return { status: 200, body: this.#positions() };
      case "GET /v2/orders":
        return { status: 200, body: [...this.orders.filter((order) => !this.#isFilled(order) && !order.canceled), ...this.foreignOrders].map((order) => ({ ...order, status: "new", filled_qty: "0" })) };
      case "GET /v2/assets/SPY":
      case "GET /v2/assets/IEF":
        return { status: 200, body: { symbol: pathname.slice(-3), status: "active", tradable: true, fractionable: true } };
      case "GET /v2/calendar":
        return { status: 200, body: sessionsIn(searchParams).filter(({ date }) => date !== this.closedOn) };
      case "GET /v2/clock":
        return { status: 200, body: { timestamp: isoOf(plusMs(instantOf(this.#now()), this.clockAheadMs)), is_open: true } };
      case "GET /v2/account/configurations":
        return { status: 200, body: { no_shorting: false, max_margin_multiplier: "4", a_field_of_tomorrow: null } };
      case `DELETE /v2/orders/${pathname.slice(11)}`:
        return this.#cancel(pathname.slice(11));
      case "POST /v2/orders":
        return this.#place(JSON.parse(body) as PlacedOrder);
      case "GET /v2/orders:by_client_order_id":
        return this.#find(searchParams.get("client_order_id") ?? "");
      case "GET /v2/account/activities/FILL":
        return { status: 200, body: this.orders.filter((order) => this.#isFilled(order)).map((order) => this.#fillOf(order)) };
      case "GET /v2/stocks/bars":
        return { status: 200, body: { bars: barsOf(searchParams, this.barsSince), next_page_token: null } };
      case "GET /v1/corporate-actions":
        return { status: 200, body: { corporate_actions: this.corporateActions, next_page_token: null } };
      case "GET /v2/stocks/quotes/latest":
        return { status: 200, body: { quotes: Object.fromEntries(symbolsOf(searchParams).map((symbol) => [symbol, { t: this.#now(), bp: this.prices[symbol], ap: this.prices[symbol] }])) } };
      default:
        return { status: 404, body: { message: `no ${method} ${pathname} here` } };
    }
  }

  #place(order: PlacedOrder): Answer {
    this.submissions += 1;
    if (this.orders.some(({ client_order_id }) => client_order_id === order.client_order_id)) return { status: 422, body: { code: 40010001, message: "client_order_id must be unique" } };
    this.orders.push({ ...order, id: `venue-${this.orders.length + 1}`, submitted_at: this.#now(), asked: 0 });
    return this.#show(this.orders.at(-1)!);
  }

  #find(clientOrderId: string): Answer {
    const order = this.orders.find(({ client_order_id }) => client_order_id === clientOrderId);
    const foreign = this.foreignOrders.find(({ client_order_id }) => client_order_id === clientOrderId);
    if (foreign) return { status: 200, body: { ...foreign, status: "new", filled_qty: "0" } };
    if (!order) return { status: 404, body: { code: 40410000, message: `order not found for ${clientOrderId}` } };
    order.asked += 1;
    return this.#show(order);
  }

  #show(order: PlacedOrder): Answer {
    const filled = this.#isFilled(order);
    const now = this.#now();
    return { status: 200, body: { ...order, status: order.canceled ? "canceled" : filled ? "filled" : "new", filled_qty: filled ? order.qty : "0", filled_avg_price: filled ? this.prices[order.symbol] : null, filled_at: filled ? now : null, updated_at: now } };
  }

  #cancel(id: string): Answer {
    const foreign = this.foreignOrders.findIndex((order) => order.id === id);
    if (foreign >= 0) this.foreignOrders.splice(foreign, 1);
    const own = this.orders.find((order) => order.id === id);
    if (own) own.canceled = true;
    return { status: 204, body: undefined };
  }

  #cash(): string {
    return (100_000 - this.#filled().reduce((sum, { symbol, side, qty }) => sum + (side === "buy" ? 1 : -1) * this.prices[symbol]! * Number(qty), 0)).toFixed(6);
  }

  #positions(): unknown[] {
    const shares: Record<string, number> = { ...this.foreignShares };
    for (const { symbol, side, qty } of this.#filled()) shares[symbol] = Number(((shares[symbol] ?? 0) + (side === "buy" ? 1 : -1) * Number(qty)).toFixed(9));
    for (const [symbol, lost] of Object.entries(this.lostShares)) if (shares[symbol] !== undefined) shares[symbol] -= lost;
    return Object.entries(shares).filter(([, qty]) => qty !== 0).map(([symbol, qty]) => ({ symbol, qty: String(qty), current_price: String(this.prices[symbol]), avg_entry_price: String(this.prices[symbol]) }));
  }

  #filled(): PlacedOrder[] {
    return this.orders.filter((order) => this.#isFilled(order));
  }

  #isFilled({ asked, canceled }: PlacedOrder): boolean {
    return !canceled && asked > this.openAnswers;
  }

  #fillOf({ id, qty, symbol, submitted_at }: PlacedOrder): unknown {
    return { id: `fill-${id}`, order_id: id, qty, price: String(this.prices[symbol]), transaction_time: submitted_at };
  }
}

function symbolsOf(query: URLSearchParams): string[] {
  return (query.get("symbols") ?? "").split(",");
}

function barsOf(query: URLSearchParams, since: Readonly<Record<string, string>>): Record<string, unknown[]> {
  const [from, to] = [query.get("start"), query.get("end")].map((text) => newYorkClock(instantOf(text!)).day);
  const sessions = sessionsBetween(from!, to!);
  return Object.fromEntries(
    symbolsOf(query).map((symbol) => {
      const price = PRICES[symbol]!;
      return [symbol, sessions.filter(({ date }) => date >= (since[symbol] ?? "")).map(({ day }) => ({ t: isoOf(newYorkInstant(day, 0)), o: price, h: price, l: price, c: price, v: 1_000_000 }))];
    }),
  );
}

/** By our own calendar. */
function sessionsIn(query: URLSearchParams): { date: string; open: string; close: string }[] {
  const day = (name: string): EpochDay => epochDayOf(sessionDateOf(query.get(name)!.slice(0, 10)));
  const time = (at: Instant): string => {
    const { minuteOfDay } = newYorkClock(at);
    return `${String(Math.floor(minuteOfDay / 60)).padStart(2, "0")}:${String(minuteOfDay % 60).padStart(2, "0")}`;
  };
  return sessionsBetween(day("start"), day("end")).map(({ date, open, close }) => ({ date, open: time(open), close: time(close) }));
}
