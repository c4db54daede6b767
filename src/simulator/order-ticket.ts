/**
 * An order as a client hands it to the exchange, of every kind that Alpaca knows for stocks.
 *
 * The broker port's `OrderRequest` is the small part of it that runs use: market or limit, DAY or for an auction.
 */
import type { Price, Quantity } from "../money.ts";
import type { EpochDay } from "../time.ts";
import type { ClientOrderId, OrderRequest, Side, Symbol } from "../trade.ts";

export type OrderType = "market" | "limit" | "stop" | "stop_limit" | "trailing_stop";
export type TimeInForce = "day" | "gtc" | "gtd" | "ioc" | "fok" | "opg" | "cls";

/** How far a trailing stop follows behind: a price, or parts per million of the best price. */
export type Trail = { readonly by: "price"; readonly price: Price } | { readonly by: "percent"; readonly ppm: number };

export interface OrderTicket {
  readonly clientOrderId: ClientOrderId;
  readonly symbol: Symbol;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly limitPrice?: Price | undefined;
  readonly stopPrice?: Price | undefined;
  readonly trail?: Trail | undefined;
  /** The last day of a GTD order. */
  readonly expiresOn?: EpochDay | undefined;
  readonly extendedHours?: boolean | undefined;
  /** A market order's worst expected price, by which money is reserved while there is no quote and no last price. */
  readonly priceBound?: Price | undefined;
}

/** An order of its own, with what shall leave the position: a profit taken by limit, a loss stopped, or both. */
export type OrderGroup =
  | { readonly class: "bracket"; readonly entry: OrderTicket; readonly takeProfit: TakeProfit; readonly stopLoss: StopLoss }
  | { readonly class: "oto"; readonly entry: OrderTicket; readonly takeProfit: TakeProfit }
  | { readonly class: "oto"; readonly entry: OrderTicket; readonly stopLoss: StopLoss }
  /** `exit` is the limit order that takes the profit. */
  | { readonly class: "oco"; readonly exit: OrderTicket; readonly stopLoss: StopLoss };

export interface TakeProfit {
  readonly clientOrderId: ClientOrderId;
  readonly limitPrice: Price;
}

export interface StopLoss {
  readonly clientOrderId: ClientOrderId;
  readonly stopPrice: Price;
  /** A stop-limit order with it, a stop order without. */
  readonly limitPrice?: Price | undefined;
}

/** What a replacement changes; the rest stays. */
export interface OrderChanges {
  readonly clientOrderId: ClientOrderId;
  readonly quantity?: Quantity | undefined;
  readonly limitPrice?: Price | undefined;
  readonly stopPrice?: Price | undefined;
  readonly trail?: Trail | undefined;
  readonly timeInForce?: "day" | "gtc" | undefined;
}

export function ticketOf({ clientOrderId, symbol, side, quantity, type, priceBound, timeInForce = "day" }: OrderRequest): OrderTicket {
  const shared = { clientOrderId, symbol, side, quantity, timeInForce } as const;
  return type === "limit" ? { ...shared, type, limitPrice: priceBound } : { ...shared, type, priceBound };
}
