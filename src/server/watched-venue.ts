/**
 * What operators see of a venue beyond its orders: metrics, and the report of surveillance. Both follow the venue's
 * announcements and change nothing.
 *
 * Two clients that trade with each other have a fill each, one after the other's: the two are one trade.
 */
import type { ClientOrderId } from "../trade.ts";
import type { Metrics } from "./metrics.ts";
import { subtractQuantity } from "../money.ts";
import { Surveillance } from "./surveillance.ts";
import type { Venue } from "./venue.ts";
import type { TradeUpdate } from "./venue-replies.ts";

export function watched(venue: Venue, metrics: Metrics): Surveillance {
  const surveillance = new Surveillance();
  let half: TradeUpdate | undefined;
  venue.onUpdate((update) => {
    metrics.orders.inc({ event: update.event });
    if (update.execution) metrics.fills.inc();
    tell(surveillance, update);
    if (update.execution?.against !== "client") return;
    if (half && isOtherHalf(half, update)) {
      const [buy, sell] = half.order.side === "buy" ? [half, update] : [update, half];
      surveillance.trade({ at: update.at, symbol: update.order.symbol, buyer: buy.account, seller: sell.account, quantity: update.execution.quantity, price: update.execution.price, execution: update.execution.name });
      half = undefined;
    } else half = update;
  });
  return surveillance;
}

function isOtherHalf(half: TradeUpdate, update: TradeUpdate): boolean {
  const [one, other] = [half.execution!, update.execution!];
  return half.order.symbol === update.order.symbol && half.order.side !== update.order.side && one.quantity === other.quantity && one.price === other.price;
}

function tell(surveillance: Surveillance, { account, at, event, order, execution }: TradeUpdate): void {
  const left = subtractQuantity(order.quantity, order.filled);
  const happening = { account, at, symbol: order.symbol, order: order.clientOrderId as ClientOrderId, side: order.side, quantity: left };
  if (event === "new" || event === "accepted") surveillance.placed(happening);
  else if (execution) surveillance.filled(happening, execution.quantity);
  else if (event === "canceled" || event === "expired" || event === "replaced") surveillance.canceled(happening);
  // A replacement that lost the race with a fill breaches nothing.
  else if (event === "rejected" && order.replaces === undefined) surveillance.rejected(happening);
}
