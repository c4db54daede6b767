/**
 * What fills cost beside fees, measured where they happen: against the middle of the house's quote, the way to its best
 * price is spread and the way beyond is impact. A limit order that the market trades through fills at its own price and
 * costs neither; nor does a fill against another client. Told of the events of an exchange, in order.
 */
import { addMoney, mulDiv, NANOS, ZERO_MONEY, type Money } from "../src/money.ts";
import type { Exchange } from "../src/simulator/exchange.ts";
import type { ExchangeEvent } from "../src/simulator/exchange-events.ts";

export interface Costs {
  readonly spread: Money;
  readonly impact: Money;
}

export class TradingCosts {
  #spread = ZERO_MONEY;
  #impact = ZERO_MONEY;

  get sum(): Costs {
    return { spread: this.#spread, impact: this.#impact };
  }

  add(event: ExchangeEvent, exchange: Pick<Exchange, "orderOf" | "houseQuoteOf">): void {
    if ((event.type !== "fill" && event.type !== "partial_fill") || event.against !== "house") return;
    const { symbol, side } = exchange.orderOf(event.account, event.order)!;
    const house = exchange.houseQuoteOf(symbol);
    if (!house) return;
    const { price, quantity } = event;
    this.#spread = addMoney(this.#spread, mulDiv(house.ask - house.bid, quantity, 2 * NANOS) as Money);
    this.#impact = addMoney(this.#impact, mulDiv(side === "buy" ? price - house.ask : house.bid - price, quantity, NANOS) as Money);
  }
}
