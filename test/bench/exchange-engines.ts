/**
 * What the exchange is measured against, and the exchange with all that it does for an order.
 *
 * The exchange: client order ids, the calendar's hours, Alpaca's validity checks and wash-trade guard, buying power of
 * cash and margin accounts, reserves, Alpaca's fees on every fill, the client's order with its fills, and the event log,
 * of which every kind and quantity is read after every message. Orders that have ended are forgotten every 512 messages. The bare book: the
 * same messages through string ids, and nothing around it.
 */
import { OrderBook as NodejsOrderBook, Side } from "nodejs-order-book";
import { moneyOf, NANOS, type Price, type Quantity } from "../../src/money.ts";
import { ExchangeLog } from "../../src/simulator/exchange-log.ts";
import { Exchange } from "../../src/simulator/exchange.ts";
import { BUY, FILL, LIMIT, REST } from "../../src/simulator/order-book-codes.ts";
import { OrderBookGateway } from "../../src/simulator/order-book-gateway.ts";
import { OrderBook } from "../../src/simulator/order-book.ts";
import { instantOf } from "../../src/time.ts";
import type { AccountName, ClientOrderId, Symbol } from "../../src/trade.ts";
import { CANCEL } from "./book-workloads.ts";
import type { ExchangeWorkload, OrderMessages } from "./exchange-workloads.ts";

export interface ExchangeEngine {
  /** The first `count` messages; returns the shares traded. */
  play(messages: OrderMessages, count: number): number;
}

export const EXCHANGE_ENGINES = {
  exchange: (workload) => new FullExchange(workload),
  "order book with string ids": (workload) => new Books(workload),
  "nodejs-order-book": (workload) => new PeerBooks(workload),
} as const satisfies Record<string, (workload: ExchangeWorkload) => ExchangeEngine>;

export type ExchangeEngineName = keyof typeof EXCHANGE_ENGINES;

const CENT = 10_000;
/** As the server does, about. */
const FORGET_EVERY = 512;
const SHARES_AT_FIRST = 6_000_000;

class FullExchange implements ExchangeEngine {
  readonly #log = new ExchangeLog();
  readonly #exchange: Exchange;
  readonly #accounts: readonly AccountName[];
  readonly #symbols: readonly Symbol[];

  constructor({ accounts, markets }: ExchangeWorkload) {
    const exchange = new Exchange({ fees: "alpaca", halfSpreadBps: 1, wholeShares: true, hours: "calendar", checks: "alpaca", log: this.#log }, instantOf("2026-06-10T14:00:00Z"));
    this.#exchange = exchange;
    this.#symbols = Array.from({ length: markets }, (_, market) => `SYM${market}` as Symbol);
    this.#accounts = Array.from({ length: accounts }, (_, account) => `account-${account}` as AccountName);
    for (const symbol of this.#symbols) exchange.list(symbol);
    for (const [index, name] of this.#accounts.entries()) {
      exchange.openAccount(name, moneyOf("2000000000"), index % 4 < 2 ? undefined : { multiplier: 4, shorting: true, debitInterestBps: 0, borrowFeeBps: 0 });
    }
    for (const [market, symbol] of this.#symbols.entries()) {
      const price = (100 * 100 * CENT) as Price;
      exchange.quote(symbol, { bid: price, ask: price, quantity: (9_000_000 * NANOS) as Quantity }, price);
      for (const [index, name] of this.#accounts.entries()) {
        if ((index + market) % 2 === 0) continue;
        const quantity = ((SHARES_AT_FIRST / markets) * NANOS) as Quantity;
        const outcome = exchange.place(name, { clientOrderId: `first-${market}-${index}` as ClientOrderId, symbol, side: "buy", type: "market", timeInForce: "day", quantity });
        if (outcome.kind !== "accepted" || exchange.find(name, `first-${market}-${index}` as ClientOrderId)?.status !== "filled") throw new Error(JSON.stringify(outcome));
        exchange.quote(symbol, { bid: price, ask: price, quantity: (9_000_000 * NANOS) as Quantity }, price);
      }
      exchange.quote(symbol, { bid: price, ask: price, quantity: 0 as Quantity });
      exchange.halt(symbol); // the house leaves
      exchange.resume(symbol);
    }
    exchange.takeEnded();
    this.#log.drain();
  }

  play(messages: OrderMessages, count: number): number {
    let traded = 0;
    const { kind, market, account, name, side, price, quantity } = messages;
    for (let n = 0; n < count; n++) {
      const trader = this.#accounts[account[n]!]!;
      const clientOrderId = name[n] as ClientOrderId;
      if (kind[n] === CANCEL) this.#exchange.cancel(trader, clientOrderId);
      else {
        const outcome = this.#exchange.place(trader, {
          clientOrderId,
          symbol: this.#symbols[market[n]!]!,
          side: side[n] === BUY ? "buy" : "sell",
          type: "limit",
          timeInForce: "day",
          quantity: (quantity[n]! * NANOS) as Quantity,
          limitPrice: (price[n]! * CENT) as Price,
        });
        if (outcome.kind !== "accepted") throw new Error(`${clientOrderId}: ${JSON.stringify(outcome)}`);
      }
      traded += tradedIn(this.#log);
      if ((n + 1) % FORGET_EVERY === 0) this.#exchange.forgetEnded();
    }
    return traded;
  }
}

/** A trade has two fills. */
function tradedIn(log: ExchangeLog): number {
  let nanos = 0;
  for (let index = 0; index < log.count; index++) {
    const type = log.typeOf(index);
    if (type === "fill" || type === "partial_fill") nanos += log.filledQuantityOf(index);
  }
  log.clear();
  return nanos / 2 / NANOS;
}

class Books implements ExchangeEngine {
  readonly #books: readonly OrderBookGateway[];

  constructor({ markets }: ExchangeWorkload) {
    this.#books = Array.from({ length: markets }, () => new OrderBookGateway(new OrderBook()));
  }

  play(messages: OrderMessages, count: number): number {
    let traded = 0;
    const { kind, market, name, side, price, quantity } = messages;
    for (let n = 0; n < count; n++) {
      const gateway = this.#books[market[n]!]!;
      if (kind[n] === CANCEL) {
        gateway.cancel(name[n]!);
        continue;
      }
      gateway.submit(name[n]!, side[n]!, LIMIT, price[n]!, 0, quantity[n]!, REST, 0, 0);
      const { events } = gateway.book;
      for (let index = 0; index < events.count; index++) if (events.kind(index) === FILL) traded += events.quantity(index);
    }
    return traded;
  }
}

class PeerBooks implements ExchangeEngine {
  readonly #books: readonly NodejsOrderBook[];

  constructor({ markets }: ExchangeWorkload) {
    this.#books = Array.from({ length: markets }, () => new NodejsOrderBook());
  }

  play(messages: OrderMessages, count: number): number {
    let traded = 0;
    const { kind, market, name, side, price, quantity } = messages;
    for (let n = 0; n < count; n++) {
      const book = this.#books[market[n]!]!;
      if (kind[n] === CANCEL) {
        book.cancel(name[n]!);
        continue;
      }
      const size = quantity[n]!;
      const result = book.limit({ id: name[n]!, side: side[n] === BUY ? Side.BUY : Side.SELL, size, price: price[n]! });
      if (result.err) throw new Error(result.err.message);
      traded += size - result.quantityLeft;
    }
    return traded;
  }
}
