/** Activities as Alpaca's JSON. */
import { moneyToText, quantityToText, ZERO_QUANTITY } from "../money.ts";
import { isoOf } from "../time.ts";
import { activityId, type Activity } from "./activities.ts";

export function activityView(activity: Activity): Readonly<Record<string, unknown>> {
  const id = activityId(activity);
  if (activity.type === "FILL") {
    const isDone = activity.leaves === ZERO_QUANTITY;
    return {
      id,
      activity_type: "FILL",
      type: isDone ? "fill" : "partial_fill",
      transaction_time: isoOf(activity.at),
      order_id: activity.order,
      order_status: isDone ? "filled" : "partially_filled",
      symbol: activity.symbol,
      side: activity.side,
      qty: quantityToText(activity.quantity),
      price: moneyToText(activity.price),
      cum_qty: quantityToText(activity.filled),
      leaves_qty: quantityToText(activity.leaves),
    };
  }
  const { type, date, at, amount, description, symbol, quantity, perShare } = activity;
  return {
    id,
    activity_type: type,
    date: `${date}T00:00:00Z`,
    created_at: isoOf(at),
    net_amount: moneyToText(amount),
    description,
    status: "executed",
    currency: "USD",
    ...(symbol !== undefined && { symbol }),
    ...(quantity !== undefined && { qty: quantityToText(quantity) }),
    ...(perShare !== undefined && { per_share_amount: String(perShare) }),
  };
}
