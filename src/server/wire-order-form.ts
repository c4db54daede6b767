/** An order as a client's JSON asks for it. */
import { z } from "zod";
import type { OrderForm } from "./commands.ts";
import { invalidRequest } from "./wire-errors.ts";
import { given, parsed, wireBoolean, wireMoney, wirePrice, wireQuantity, wireSymbol } from "./wire-requests.ts";

const body = z.looseObject({
  symbol: wireSymbol,
  qty: given(wireQuantity),
  notional: given(wireMoney),
  side: z.enum(["buy", "sell"]),
  type: z.enum(["market", "limit", "stop", "stop_limit", "trailing_stop"]),
  time_in_force: z.enum(["day", "gtc", "opg", "cls", "ioc", "fok"]),
  limit_price: given(wirePrice),
  stop_price: given(wirePrice),
  trail_price: given(wirePrice),
  trail_percent: given(wirePrice),
  extended_hours: given(wireBoolean),
  client_order_id: given(z.string().max(128, "must be at most 128 characters")),
  order_class: given(z.enum(["", "simple", "bracket", "oco", "oto"])),
  take_profit: given(z.looseObject({ limit_price: given(wirePrice) })),
  stop_loss: given(z.looseObject({ stop_price: given(wirePrice), limit_price: given(wirePrice) })),
  position_intent: given(z.enum(["buy_to_open", "buy_to_close", "sell_to_open", "sell_to_close"])),
});

/** @throws WireError */
export function orderFormOf(json: unknown): OrderForm {
  const asked = parsed(body, json ?? {});
  const { qty: quantity, notional, stop_price: stopPrice, extended_hours: extendedHours, client_order_id: clientOrderId, position_intent: positionIntent } = asked;
  if ((quantity === undefined) === (notional === undefined)) throw invalidRequest(quantity === undefined ? "qty or notional is required" : "only one of qty or notional is accepted");
  const orderClass = asked.order_class || "simple";
  const limitPrice = asked.limit_price ?? (orderClass === "oco" ? asked.take_profit?.limit_price : undefined);
  const trail = trailOf(asked);
  return {
    symbol: asked.symbol, side: asked.side, type: asked.type, timeInForce: asked.time_in_force, orderClass,
    ...(quantity !== undefined && { quantity }),
    ...(notional !== undefined && { notional }),
    ...(limitPrice !== undefined && { limitPrice }),
    ...(stopPrice !== undefined && { stopPrice }),
    ...(trail && { trail }),
    ...(extendedHours !== undefined && { extendedHours }),
    ...(clientOrderId !== undefined && clientOrderId !== "" && { clientOrderId }),
    ...exitsOf(asked, orderClass),
    ...(positionIntent && { positionIntent }),
  };
}

function trailOf({ type, trail_price, trail_percent }: z.output<typeof body>): OrderForm["trail"] {
  if (trail_price === undefined && trail_percent === undefined) return undefined;
  if (type !== "trailing_stop") throw invalidRequest("trail_price and trail_percent are for trailing_stop orders");
  if (trail_price === undefined) return { by: "percent", ppm: Math.round(trail_percent! / 100) };
  if (trail_percent !== undefined) throw invalidRequest("only one of trail_price or trail_percent is accepted");
  return { by: "price", price: trail_price };
}

function exitsOf({ take_profit, stop_loss, limit_price }: z.output<typeof body>, orderClass: OrderForm["orderClass"]): Pick<OrderForm, "takeProfit" | "stopLoss"> {
  const profit = take_profit?.limit_price ?? (orderClass === "oco" ? limit_price : undefined);
  const stop = stop_loss?.stop_price;
  const stopLimit = stop_loss?.limit_price;
  if (orderClass === "simple" && (take_profit || stop_loss)) throw invalidRequest("take_profit and stop_loss are for bracket, oco and oto orders");
  if ((orderClass === "bracket" || orderClass === "oco") && profit === undefined) throw invalidRequest(`${orderClass} orders require take_profit.limit_price`);
  if ((orderClass === "bracket" || orderClass === "oco") && stop === undefined) throw invalidRequest(`${orderClass} orders require stop_loss.stop_price`);
  if (orderClass === "oto" && (profit === undefined) === (stop === undefined)) throw invalidRequest("oto orders require either take_profit or stop_loss");
  return {
    ...(profit !== undefined && { takeProfit: { limitPrice: profit } }),
    ...(stop !== undefined && { stopLoss: { stopPrice: stop, ...(stopLimit !== undefined && { limitPrice: stopLimit }) } }),
  };
}
