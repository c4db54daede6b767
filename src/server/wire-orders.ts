/** Orders as Alpaca's JSON: amounts as texts, unset fields as null. */
import { moneyToText, quantityToText, type Money, type Price } from "../money.ts";
import { isoOf, type Instant } from "../time.ts";
import type { Venue } from "./venue.ts";
import { averageFillPrice, type VenueOrder } from "./venue-order.ts";

/** Written out and not built as an object first: half the time of an answer. */
export function orderJson(venue: Pick<Venue, "assets" | "order">, order: Readonly<VenueOrder>, nested: boolean): string {
  const legs = nested && order.legs.length > 0 ? `[${order.legs.map((id) => orderJson(venue, venue.order(id)!, false)).join(",")}]` : "null";
  const quantity = order.notional === undefined ? `"${quantityToText(order.quantity)}"` : "null";
  return (
    `{"id":"${order.id}","client_order_id":${JSON.stringify(order.clientOrderId)},"created_at":${time(order.createdAt)},"updated_at":${time(order.updatedAt)},"submitted_at":${time(order.createdAt)}` +
    `,"filled_at":${time(order.filledAt)},"expired_at":${time(order.expiredAt)},"expires_at":${time(order.expiresAt)},"canceled_at":${time(order.canceledAt)},"failed_at":${time(order.failedAt)}` +
    `,"replaced_at":${time(order.replacedAt)},"replaced_by":${text(order.replacedBy)},"replaces":${text(order.replaces)},"asset_id":${text(venue.assets.named(order.symbol)?.id)},"symbol":${JSON.stringify(order.symbol)}` +
    `,"asset_class":"us_equity","notional":${amount(order.notional)},"qty":${quantity},"filled_qty":"${quantityToText(order.filled)}","filled_avg_price":${amount(averageFillPrice(order))}` +
    `,"order_class":"${order.orderClass}","order_type":"${order.type}","type":"${order.type}","side":"${order.side}","position_intent":"${order.positionIntent}","time_in_force":"${order.timeInForce}"` +
    `,"limit_price":${amount(shownLimit(order))},"stop_price":${amount(order.stopPrice)},"status":"${order.status}","extended_hours":${order.extendedHours}` +
    `,"legs":${legs},"trail_percent":${order.trail?.by === "percent" ? `"${order.trail.ppm / 10_000}"` : "null"},"trail_price":${order.trail?.by === "price" ? amount(order.trail.price) : "null"}` +
    `,"hwm":${amount(order.waterMark)},"ratio_qty":null,"subtag":null,"source":null}`
  );
}

/** The collar of a stop order is the venue's own. */
function shownLimit({ type, limitPrice }: VenueOrder): Price | undefined {
  return type === "limit" || type === "stop_limit" ? limitPrice : undefined;
}

/** Instants come again, within an order and with the next one. */
const times = new Map<Instant, string>();
const TIMES_MAX = 1_024;

function time(at: Instant | undefined): string {
  if (at === undefined) return "null";
  let known = times.get(at);
  if (known === undefined) {
    if (times.size === TIMES_MAX) times.clear();
    times.set(at, (known = `"${isoOf(at)}"`));
  }
  return known;
}

function text(value: string | undefined): string {
  return value === undefined ? "null" : `"${value}"`;
}

function amount(value: Money | Price | undefined): string {
  return value === undefined ? "null" : `"${moneyToText(value)}"`;
}
