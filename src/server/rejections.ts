/** The exchange's "no" with the numbers that Alpaca tells beside it. */
import { moneyToText, quantityOf, quantityToText, type Quantity } from "../money.ts";
import type { VenueAccount } from "./venue-account.ts";
import type { VenueOrder } from "./venue-order.ts";
import type { VenueRejection } from "./venue-replies.ts";
import type { VenueState } from "./venue-state.ts";

export function explained({ exchange, orders }: VenueState, { name }: VenueAccount, { symbol, quantity }: VenueOrder, code: string, message: string): VenueRejection {
  switch (code) {
    case "insufficient_buying_power": {
      const [, cost = "", own = ""] = /\(cost: ([\d.]+), available: ([\d.]+)/.exec(message) ?? [];
      const power = exchange.collateralOf(symbol).marginable ? moneyToText(exchange.account(name).buyingPower) : own;
      return { code, message: "insufficient buying power", facts: { buying_power: power, cost_basis: cost } };
    }
    case "insufficient_quantity": {
      const held = Math.abs(exchange.account(name).positions.find((position) => position.symbol === symbol)?.quantity ?? 0);
      const available = quantityOf(/available: ([\d.]+)/.exec(message)?.[1] ?? "0");
      return {
        code,
        message: `insufficient qty available for order (requested: ${quantityToText(quantity)}, available: ${quantityToText(available)})`,
        facts: { symbol, existing_qty: quantityToText(held as Quantity), available: quantityToText(available), held_for_orders: quantityToText((held - available) as Quantity) },
      };
    }
    case "wash_trade": {
      const [, type, existing] = /\(opposite side (\S+) order (\S+) exists\)/.exec(message) ?? [];
      const order = existing === undefined ? undefined : orders.get(existing);
      return { code, message: "potential wash trade detected. use complex orders", facts: { reject_reason: `opposite side ${type ?? "limit"} order exists`, ...(order && { existing_order_id: order.id }) } };
    }
    default:
      return { code, message };
  }
}
