/** A small market for tests of the exchange: one symbol, one account, times and prices written as text. */
import { moneyOf, priceOf, shares, type Price } from "../../src/money.ts";
import { toldStatus } from "../../src/simulator/client-order.ts";
import type { ExchangeEvent } from "../../src/simulator/exchange-events.ts";
import { ExchangeLog } from "../../src/simulator/exchange-log.ts";
import { Exchange, type ExchangeSettings } from "../../src/simulator/exchange.ts";
import type { OrderTicket } from "../../src/simulator/order-ticket.ts";
import type { AccountTerms } from "../../src/simulator/trading-account.ts";
import { instantOf } from "../../src/time.ts";
import type { AccountName, ClientOrderId, SubmitOutcome, Symbol } from "../../src/trade.ts";

export const XYZ = "XYZ" as Symbol;
export const ME = "me" as AccountName;
export const YOU = "you" as AccountName;

export type TicketText = Pick<OrderTicket, "side" | "type"> & Partial<Pick<OrderTicket, "timeInForce" | "trail" | "extendedHours" | "expiresOn" | "symbol">> & { readonly qty?: number; readonly limit?: string; readonly stop?: string };

export class ExchangeMarket {
  readonly log = new ExchangeLog();
  readonly settings: ExchangeSettings;
  exchange: Exchange;

  constructor(at: string, settings: Partial<ExchangeSettings> = {}, terms?: AccountTerms, cash = "100000") {
    this.settings = { fees: "none", halfSpreadBps: 0, wholeShares: true, hours: "calendar", log: this.log, ...settings };
    this.exchange = new Exchange(this.settings, instantOf(at));
    for (const name of [ME, YOU]) this.exchange.openAccount(name, moneyOf(cash), terms);
    this.exchange.list(XYZ);
  }

  at(time: string): this {
    this.exchange.setTime(instantOf(time));
    return this;
  }

  /** A locked quote at which a trade has printed. */
  price(text: string, count = 1_000_000): this {
    this.exchange.quote(XYZ, { bid: priceOf(text), ask: priceOf(text), quantity: shares(count) }, priceOf(text));
    return this;
  }

  walk(text: string, count = 1_000_000): this {
    this.exchange.walk(XYZ, priceOf(text), shares(count));
    return this;
  }

  place(id: string, text: TicketText, account = ME): SubmitOutcome {
    return this.exchange.place(account, ticket(id, text));
  }

  /** The account gets shares in the market as it is. */
  hold(count: number): this {
    this.place(`hold-${count}`, { side: "buy", type: "market", qty: count });
    return this;
  }

  status(id: string, account = ME): string | undefined {
    const order = this.exchange.orderOf(account, id as ClientOrderId);
    return order && toldStatus(order);
  }

  fills(id: string, account = ME): string[] {
    return (this.exchange.orderOf(account, id as ClientOrderId)?.fills ?? []).map(({ quantity, price }) => `${quantity / 1e9}@${price / 1e6}`);
  }

  /** What happened since the last call, in short. */
  events(): string[] {
    return this.log.drain().map(inShort);
  }
}

export function ticket(id: string, { side, type, qty = 10, limit, stop, symbol = XYZ, timeInForce = "day", ...rest }: TicketText): OrderTicket {
  const price = (text: string | undefined): Price | undefined => (text === undefined ? undefined : priceOf(text));
  return { clientOrderId: id as ClientOrderId, symbol, side, type, quantity: shares(qty), timeInForce, limitPrice: price(limit), stopPrice: price(stop), ...rest };
}

function inShort(event: ExchangeEvent): string {
  if (!("order" in event)) return event.type === "session" ? `session ${event.phase}` : event.type;
  return event.type === "fill" || event.type === "partial_fill" ? `${event.order} ${event.type} ${event.quantity / 1e9}@${event.price / 1e6}` : `${event.order} ${event.type}`;
}
