/** An exchange on 2026-11-23 in decimals: quotes and orders are a line each, and so is what became of them. */
import { moneyOf, moneyToText, priceOf, quantityOf, quantityToText, shares, ZERO_QUANTITY, type Price } from "../../src/money.ts";
import { Exchange, type ExchangeSettings, type ExchangeSnapshot } from "../../src/simulator/exchange.ts";
import { epochDayOf, instantOf, sessionDateOf } from "../../src/time.ts";
import type { AccountName, ClientOrderId, Order, OrderRequest, Side, Symbol } from "../../src/trade.ts";

export const AAA = "AAA" as Symbol;
export const BBB = "BBB" as Symbol;
const OPENED_AT = instantOf("2026-11-23T14:30:00Z");

export interface OrderOptions {
  readonly limit?: string;
  readonly id?: string;
  readonly account?: string;
  readonly symbol?: Symbol;
}

export class TradingFloor {
  readonly exchange: Exchange;
  #orders = 0;

  /** Opens the accounts with their cash, and lists AAA and BBB. */
  constructor(accounts: Readonly<Record<string, string>>, settings: Partial<ExchangeSettings> = {}, restored?: ExchangeSnapshot) {
    const complete: ExchangeSettings = { fees: "none", halfSpreadBps: 0, wholeShares: false, ...settings };
    this.exchange = restored ? Exchange.restore(complete, restored) : new Exchange(complete, OPENED_AT);
    if (restored) return;
    for (const [name, cash] of Object.entries(accounts)) this.exchange.openAccount(name as AccountName, moneyOf(cash));
    for (const symbol of [AAA, BBB]) this.exchange.list(symbol);
  }

  /** The house buys at `bid` and sells at `ask`, that many shares on either side; the last price is the middle. */
  quote(bid: string, ask: string, count = 1_000_000, symbol = AAA): void {
    const last = Math.round((priceOf(bid) + priceOf(ask)) / 2) as Price;
    this.exchange.quote(symbol, { bid: priceOf(bid), ask: priceOf(ask), quantity: shares(count) }, last);
  }

  sweep(low: string, high: string, count = 1_000_000, symbol = AAA): void {
    this.exchange.sweep(symbol, priceOf(low), priceOf(high), shares(count));
  }

  /** Sends an order; its id, or "code: message". */
  buy(quantity: string, options: OrderOptions = {}): string {
    return this.#send("buy", quantity, options);
  }

  sell(quantity: string, options: OrderOptions = {}): string {
    return this.#send("sell", quantity, options);
  }

  /** "filled 10 @ 99, 5 @ 98.5". */
  state(id: string, account = "first"): string {
    const order = this.order(id, account);
    if (!order) return "unknown";
    return [order.status, order.fills.map(({ quantity, price }) => `${quantityToText(quantity)} @ ${moneyToText(price)}`).join(", ")].join(" ").trim();
  }

  order(id: string, account = "first"): Order | undefined {
    return this.exchange.find(account as AccountName, id as ClientOrderId);
  }

  cancel(id: string, account = "first"): void {
    this.exchange.cancel(account as AccountName, id as ClientOrderId);
  }

  cash(account = "first"): string {
    return moneyToText(this.exchange.account(account as AccountName).cash);
  }

  buyingPower(account = "first"): string {
    return moneyToText(this.exchange.account(account as AccountName).buyingPower);
  }

  equity(account = "first"): string {
    return moneyToText(this.exchange.account(account as AccountName).equity);
  }

  held(account = "first", symbol = AAA): string {
    return quantityToText(this.exchange.account(account as AccountName).positions.find((position) => position.symbol === symbol)?.quantity ?? ZERO_QUANTITY);
  }

  dividend(amount: number, payDate?: string, symbol = AAA): void {
    this.exchange.accrueDividend(symbol, amount, payDate === undefined ? undefined : epochDayOf(sessionDateOf(payDate)));
  }

  payDividends(date: string): void {
    this.exchange.payDividendsDue(epochDayOf(sessionDateOf(date)));
  }

  #send(side: Side, quantity: string, { limit, id = `order-${(this.#orders += 1)}`, account = "first", symbol = AAA }: OrderOptions): string {
    const request: OrderRequest = {
      clientOrderId: id as ClientOrderId,
      symbol,
      side,
      quantity: quantityOf(quantity),
      type: limit === undefined ? "market" : "limit",
      priceBound: priceOf(limit ?? "100"),
    };
    const outcome = this.exchange.submit(account as AccountName, request);
    switch (outcome.kind) {
      case "accepted":
        return id;
      case "rejected":
        return `${outcome.code}: ${outcome.message}`;
      default:
        return outcome.kind;
    }
  }
}
