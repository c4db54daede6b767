/**
 * What makes the exchange reject an order before it knows it.
 *
 * `malformed` is of every order, and includes which type goes with which time in force. `alpacaRejection` is the rest of
 * Alpaca's validity matrix for stocks, price increments (SEC rule 612) and the least order value of one dollar. Where Alpaca gives
 * on-open, on-close, IOC and FOK only to accounts with its smart router, this exchange gives them to all.
 */
import { moneyToText, notional, NANOS, quantityToText, remainderOf, type Money, type Price } from "../money.ts";
import { tickSizeOn } from "../rules/tick-sizes.ts";
import type { EpochDay, Instant } from "../time.ts";
import type { Phase } from "./exchange-events.ts";
import { isAfterCutoff, type Hours } from "./order-hours.ts";
import type { OrderGroup, OrderTicket, TimeInForce } from "./order-ticket.ts";

export interface Rejection {
  readonly code: string;
  readonly message: string;
}

export interface MarketTime {
  readonly now: Instant;
  readonly day: EpochDay;
  readonly phase: Phase;
  readonly hours: Hours;
}

export function malformed(ticket: OrderTicket): Rejection | undefined {
  const { type, timeInForce, quantity, limitPrice, stopPrice, trail } = ticket;
  if (!(quantity > 0)) return rejection("invalid_quantity", "quantity must be positive");
  const needsLimit = type === "limit" || type === "stop_limit";
  const needsStop = type === "stop" || type === "stop_limit";
  if (needsLimit ? !(limitPrice !== undefined && limitPrice > 0) : limitPrice !== undefined) return rejection("invalid_limit_price", needsLimit ? "limit price must be positive" : `a ${type} order has no limit price`);
  if (needsStop ? !(stopPrice !== undefined && stopPrice > 0) : stopPrice !== undefined) return rejection("invalid_stop_price", needsStop ? "stop price must be positive" : `a ${type} order has no stop price`);
  const distance = trail?.by === "price" ? trail.price : trail?.ppm;
  if (type === "trailing_stop" ? !(distance !== undefined && distance > 0 && (trail?.by === "price" || distance < 1_000_000)) : trail) return rejection("invalid_trail", "a trailing stop, and no other order, has one positive distance, as a price or below 100 %");
  if (type !== "market" && type !== "limit" && !OF_STOPS.includes(timeInForce)) return rejection("invalid_time_in_force", `a ${type} order cannot be ${timeInForce}`);
  if ((timeInForce === "gtd") !== (ticket.expiresOn !== undefined)) return rejection("invalid_expiry", "a GTD order, and no other, names its last day");
  return undefined;
}

/** An order worth more than amounts can count exactly, with room for what it costs beside its price; `price` is for one that names none. */
export function oversized({ quantity, limitPrice, stopPrice }: OrderTicket, price: Price | undefined): Rejection | undefined {
  const highest = Math.max(limitPrice ?? 0, stopPrice ?? 0, limitPrice === undefined ? (price ?? 0) : 0);
  return highest * (quantity / NANOS) > ORDER_VALUE_MAX ? rejection("order_too_large", `cost basis must be <= maximal amount of order ${moneyToText(ORDER_VALUE_MAX)}`) : undefined;
}

/** Of orders that the hours alone forbid. */
export function untimely({ timeInForce, expiresOn }: OrderTicket, { now, day, phase, hours }: MarketTime): Rejection | undefined {
  if ((timeInForce === "opg" || timeInForce === "cls") && isAfterCutoff(timeInForce, now, hours)) return rejection("after_cutoff", `${timeInForce} orders are not taken between their cut-off and 19:00`);
  if ((timeInForce === "ioc" || timeInForce === "fok") && phase !== "core") return rejection("market_closed", `${timeInForce} orders are taken while the market is open`);
  if (expiresOn !== undefined && expiresOn < day) return rejection("invalid_expiry", "the order's last day is over");
  return undefined;
}

/** Market and limit orders go with every time in force, stops with these; Alpaca has no GTD, which follows GTC here. */
const OF_STOPS: readonly TimeInForce[] = ["day", "gtc", "gtd"];
const ORDER_VALUE_MIN = 1_000_000 as Money;
const ORDER_VALUE_MAX = 4_000_000_000_000_000 as Money;

/** `lastPrice` is for the value of an order that has no price. */
export function alpacaRejection(ticket: OrderTicket, day: EpochDay, lastPrice: Price | undefined): Rejection | undefined {
  const { type, timeInForce, quantity, extendedHours, limitPrice, stopPrice } = ticket;
  if (extendedHours && !(type === "limit" && (timeInForce === "day" || timeInForce === "gtc"))) return rejection("invalid_extended_hours", "extended hours orders must be DAY or GTC limit orders");
  if (remainderOf(quantity, NANOS) !== 0) {
    if (timeInForce !== "day") return rejection("fractional_not_day", "fractional orders must be DAY orders");
    if (type === "trailing_stop") return rejection("fractional_trailing_stop", "trailing stop orders must be of whole shares");
  }
  const offTick = isOffTick(limitPrice, day) ? limitPrice : isOffTick(stopPrice, day) ? stopPrice : undefined;
  if (offTick !== undefined) return rejection("sub_penny", `invalid price ${moneyToText(offTick)}. sub-penny increment does not fulfill minimum pricing criteria`);
  const price = limitPrice ?? stopPrice ?? lastPrice;
  if (price !== undefined && notional(price, quantity) < ORDER_VALUE_MIN) return rejection("below_minimum", `cost basis must be >= minimal amount of order 1 (${quantityToText(quantity)} shares at ${moneyToText(price)})`);
  return undefined;
}

function isOffTick(price: Price | undefined, day: EpochDay): boolean {
  return price !== undefined && remainderOf(price, tickSizeOn(day, price)) !== 0;
}

/** `basePrice` is the entry's limit, or of a market entry the quote it will meet. */
export function groupRejection(group: OrderGroup, basePrice: Price | undefined): Rejection | undefined {
  const main = group.class === "oco" ? group.exit : group.entry;
  if (main.timeInForce !== "day" && main.timeInForce !== "gtc") return rejection("invalid_time_in_force", `${group.class} orders must be DAY or GTC`);
  if (main.extendedHours) return rejection("invalid_extended_hours", `${group.class} orders trade in regular hours only`);
  if (remainderOf(main.quantity, NANOS) !== 0) return rejection("fractional_not_simple", "fractional orders must be simple orders");
  if (main.type === "trailing_stop") return rejection("invalid_order_class", "trailing stop orders must be simple orders");
  if (group.class === "oco" && main.type !== "limit") return rejection("invalid_order_class", "oco orders must be limit orders");
  const exitsLong = group.class === "oco" ? main.side === "sell" : main.side === "buy";
  const takeProfit = group.class === "oco" ? main.limitPrice : "takeProfit" in group ? group.takeProfit.limitPrice : undefined;
  const stop = "stopLoss" in group ? group.stopLoss.stopPrice : undefined;
  if (takeProfit !== undefined && stop !== undefined && (exitsLong ? takeProfit <= stop : takeProfit >= stop)) return rejection("invalid_take_profit", "the take-profit must lie beyond the stop-loss");
  if (group.class === "oco" || basePrice === undefined) return undefined;
  if (takeProfit !== undefined && (exitsLong ? takeProfit < basePrice + CENT : takeProfit > basePrice - CENT)) return rejection("invalid_take_profit", `take_profit.limit_price must be ${exitsLong ? ">= base_price + 0.01" : "<= base_price - 0.01"}`);
  if (stop !== undefined && (exitsLong ? stop > basePrice - CENT : stop < basePrice + CENT)) return rejection("invalid_stop_loss", `stop_loss.stop_price must be ${exitsLong ? "<= base_price - 0.01" : ">= base_price + 0.01"}`);
  return undefined;
}

const CENT = 10_000;

export function rejection(code: string, message: string): Rejection {
  return { code, message };
}
