/**
 * Alpaca as a `Broker`, for paper and live accounts and for servers that speak Alpaca's protocol.
 *
 * An order goes out once, with decimal texts, for the day or for an auction. A rejection is believed only after the venue was asked for
 * the client order id: when an earlier submission arrived unnoticed, the second is refused for want of the buying power
 * or the shares that the first one holds, and such an order must not be forgotten. Everything that leaves doubt is
 * `unknown` (errors.ts).
 *
 * An order has ended once the venue says so and has listed its executions. Where the list lags behind the order, the
 * order still counts as open for a minute; after that the order's own numbers stand in for what is not listed. Order
 * types beyond market and limit are not used.
 */
import { trading } from "@alpacahq/alpaca-trade-api/rest";
import { maxOf, moneyToText, quantityToText, subtractQuantity, ZERO_QUANTITY } from "../money.ts";
import { BrokerUnavailable, type Broker, type Clock } from "../ports.ts";
import type { Account, ApprovedOrder, Asset, ClientOrderId, Order, OrderStatus, Position, SessionHours, SubmitOutcome, Symbol, WorkingOrder } from "../trade.ts";
import { MINUTE_MS, type SessionDate } from "../time.ts";
import {
  accountAnswer,
  assetAnswer,
  cancelAnswer,
  openOrdersAnswer,
  orderAnswer,
  positionsAnswer,
  submittedAnswer,
  type AccountAnswer,
  type OpenOrderAnswer,
  type OrderAnswer,
  type PositionAnswer,
} from "./answers.ts";
import { venueHours } from "./calendar.ts";
import { AlpacaFailure } from "./errors.ts";
import { FillBook, totalOf, unlistedFill } from "./fills.ts";
import { basePathOf, paperTrading, type TradingHost } from "./hosts.ts";
import { Wire, type WireOptions } from "./wire.ts";

export interface AlpacaBrokerOptions extends WireOptions {
  readonly clock: Clock;
  /** Paper when absent. */
  readonly host?: TradingHost;
}

export function alpacaBroker(options: AlpacaBrokerOptions): Broker {
  return new AlpacaBroker(options);
}

const LISTING_LAG_MAX_MS = MINUTE_MS;
/** As many as the venue gives at a time. */
const OPEN_ORDERS_A_PAGE = 500;
const OPEN_ORDER_PAGES_MAX = 20;

class AlpacaBroker implements Broker {
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #accounts: trading.AccountsApi;
  readonly #positions: trading.PositionsApi;
  readonly #orders: trading.OrdersApi;
  readonly #assets: trading.AssetsApi;
  readonly #fills: FillBook;
  readonly #configuration: trading.Configuration;

  constructor(options: AlpacaBrokerOptions) {
    this.#wire = new Wire(options);
    this.#clock = options.clock;
    const configuration = new trading.Configuration(this.#wire.configuration(basePathOf(options.host ?? paperTrading)));
    this.#configuration = configuration;
    this.#accounts = new trading.AccountsApi(configuration);
    this.#positions = new trading.PositionsApi(configuration);
    this.#orders = new trading.OrdersApi(configuration);
    this.#assets = new trading.AssetsApi(configuration);
    this.#fills = new FillBook(this.#wire, new trading.AccountActivitiesApi(configuration));
  }

  async account(): Promise<Account> {
    const [account, positions] = await Promise.all([
      this.#wire.read("Alpaca account", () => this.#accounts.getAccountRaw(), accountAnswer),
      this.#wire.read("Alpaca positions", () => this.#positions.getAllOpenPositionsRaw(), positionsAnswer),
    ]);
    if (account.currency !== undefined && account.currency !== "USD") throw new BrokerUnavailable(`the account is kept in ${account.currency}, not in USD`);
    return {
      cash: account.cash,
      equity: account.equity,
      lastEquity: account.last_equity,
      buyingPower: account.buying_power,
      positions: positions.map(positionOf).sort((a, b) => (a.symbol < b.symbol ? -1 : 1)),
      blocked: blockOf(account),
    };
  }

  async openOrders(): Promise<readonly WorkingOrder[]> {
    const found: OpenOrderAnswer[] = [];
    for (let page = 0; page < OPEN_ORDER_PAGES_MAX; page += 1) {
      const last = found.at(-1);
      const request = { status: "open", limit: OPEN_ORDERS_A_PAGE, direction: "asc", ...(last && { afterOrderId: last.id }) } as const;
      const orders = await this.#wire.read("Alpaca open orders", () => this.#orders.getAllOrdersRaw(request), openOrdersAnswer);
      found.push(...orders);
      if (orders.length < OPEN_ORDERS_A_PAGE) return found.map(workingOrderOf);
    }
    throw new BrokerUnavailable(`the account has more than ${OPEN_ORDER_PAGES_MAX * OPEN_ORDERS_A_PAGE} open orders`);
  }

  async assets(symbols: readonly Symbol[]): Promise<ReadonlyMap<Symbol, Asset>> {
    const found = await Promise.all(symbols.map((symbol) => this.#asset(symbol)));
    return new Map(symbols.flatMap((symbol, i) => (found[i] ? [[symbol, found[i]] as const] : [])));
  }

  hoursOf(date: SessionDate): Promise<SessionHours | undefined> {
    return venueHours(this.#wire, this.#configuration, date);
  }

  async #asset(symbol: Symbol): Promise<Asset | undefined> {
    try {
      const { status, tradable, fractionable } = await this.#wire.read(`Alpaca asset ${symbol}`, () => this.#assets.getV2AssetsSymbolOrAssetIdRaw({ symbolOrAssetId: symbol }), assetAnswer);
      return { tradable: tradable && status === "active", fractionable };
    } catch (error) {
      if (failureBehind(error)?.facts.kind === "not-found") return undefined;
      throw error;
    }
  }

  async submit(order: ApprovedOrder): Promise<SubmitOutcome> {
    const what = `Alpaca order ${order.clientOrderId}`;
    try {
      const { client_order_id } = await this.#wire.once(what, () => this.#orders.postOrderRaw({ postOrderRequest: requestOf(order) }), submittedAnswer);
      return client_order_id === order.clientOrderId ? { kind: "accepted" } : { kind: "unknown", cause: `${what}: the answer names order ${client_order_id}` };
    } catch (error) {
      if (!(error instanceof AlpacaFailure)) throw error;
      return this.#outcomeOf(order.clientOrderId, error);
    }
  }

  async find(id: ClientOrderId): Promise<Order | undefined> {
    const answer = await this.#orderAnswer(id);
    if (!answer) return undefined;
    const filled = answer.filled_qty ?? ZERO_QUANTITY;
    const listed = filled > 0 ? await this.#fills.fillsOf(answer) : [];
    const status = statusOf(answer.status);
    const common = { clientOrderId: id, symbol: answer.symbol as Symbol, side: answer.side, quantity: answer.qty };
    if (status === "open" || totalOf(listed) >= filled) return { ...common, status, filledQuantity: maxOf(filled, totalOf(listed)), fills: listed };
    const endedAt = answer.filled_at ?? answer.updated_at ?? answer.submitted_at;
    const now = this.#clock.now();
    if (endedAt === undefined || now - endedAt <= LISTING_LAG_MAX_MS) return { ...common, status: "open", filledQuantity: filled, fills: listed };
    return { ...common, status, filledQuantity: filled, fills: [...listed, unlistedFill(answer, listed, endedAt)] };
  }

  async cancel(id: ClientOrderId): Promise<void> {
    const answer = await this.#orderAnswer(id);
    if (!answer || statusOf(answer.status) !== "open") return;
    try {
      await this.#wire.read(`Alpaca cancel ${id}`, () => this.#orders.deleteOrderByOrderIDRaw({ orderId: answer.id }), cancelAnswer);
    } catch (error) {
      // 404 and 422: it ended in between.
      const kind = failureBehind(error)?.facts.kind;
      if (kind !== "not-found" && kind !== "invalid") throw error;
    }
  }

  async #outcomeOf(id: ClientOrderId, failure: AlpacaFailure): Promise<SubmitOutcome> {
    const { status, code, detail } = failure.facts;
    if (status === 422 && /client_order_id must be unique/i.test(detail)) return { kind: "duplicate" };
    if (failure.meaning.submit === "unknown") return { kind: "unknown", cause: failure.message };
    try {
      if (await this.#orderAnswer(id)) return { kind: "duplicate" };
    } catch (error) {
      if (!(error instanceof BrokerUnavailable)) throw error;
      return { kind: "unknown", cause: `${failure.message}; then ${error.message}` };
    }
    return { kind: "rejected", code: code ?? String(status), message: detail };
  }

  async #orderAnswer(id: ClientOrderId): Promise<OrderAnswer | undefined> {
    const what = `Alpaca order ${id}`;
    try {
      const answer = await this.#wire.read(what, () => this.#orders.getOrderByClientOrderIdRaw({ clientOrderId: id }), orderAnswer);
      if (answer.client_order_id !== id) throw new BrokerUnavailable(`${what}: the answer is order ${answer.client_order_id}`);
      return answer;
    } catch (error) {
      // A 404 without the venue's own code comes from something before it, which knows of no orders.
      const facts = failureBehind(error)?.facts;
      if (facts?.kind === "not-found" && facts.code === "40410000") return undefined;
      throw error;
    }
  }
}

function requestOf(order: ApprovedOrder): trading.PostOrderRequest {
  return {
    symbol: order.symbol,
    qty: quantityToText(order.quantity),
    side: order.side,
    type: order.type,
    timeInForce: order.timeInForce ?? "day",
    clientOrderId: order.clientOrderId,
    ...(order.type === "limit" && { limitPrice: moneyToText(order.priceBound) }),
  };
}

/** Every status that is not certainly final is open: asking once more costs less than forgetting an order. */
function statusOf(wire: string): OrderStatus {
  switch (wire) {
    case "filled":
    case "canceled":
    case "expired":
    case "rejected":
      return wire;
    case "replaced": // by another client: this id is at its end
      return "canceled";
    default:
      return "open";
  }
}

function workingOrderOf({ client_order_id, symbol, side, qty, filled_qty }: OpenOrderAnswer): WorkingOrder {
  const remaining = qty === undefined ? ZERO_QUANTITY : subtractQuantity(qty, filled_qty ?? ZERO_QUANTITY);
  return { clientOrderId: client_order_id, symbol: symbol as Symbol, side, remaining };
}

function positionOf({ symbol, qty, side, avg_entry_price, current_price, lastday_price }: PositionAnswer): Position {
  const marketPrice = current_price ?? lastday_price;
  if (marketPrice === undefined) throw new BrokerUnavailable(`the venue has no price for the position in ${symbol}`);
  const quantity = side === "short" && qty > 0 ? subtractQuantity(ZERO_QUANTITY, qty) : qty;
  return { symbol: symbol as Symbol, quantity, marketPrice, averageEntryPrice: avg_entry_price };
}

/** Statuses in which Alpaca takes no orders. One that is not listed here blocks nothing: the venue would reject. */
const BLOCKED_STATUSES: ReadonlySet<string> = new Set(["ONBOARDING", "SUBMITTED", "SUBMISSION_FAILED", "APPROVAL_PENDING", "ACTION_REQUIRED", "REJECTED", "INACTIVE", "ACCOUNT_CLOSED"]);

function blockOf(account: AccountAnswer): string | undefined {
  if (account.account_blocked) return "the account is blocked";
  if (account.trading_blocked) return "trading is blocked";
  if (account.trade_suspended_by_user) return "trading is suspended in the account's settings";
  return account.status !== undefined && BLOCKED_STATUSES.has(account.status) ? `the account's status is ${account.status}` : undefined;
}

function failureBehind(error: unknown): AlpacaFailure | undefined {
  return error instanceof BrokerUnavailable && error.cause instanceof AlpacaFailure ? error.cause : undefined;
}
