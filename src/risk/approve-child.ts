/**
 * The one way from an approved order to the orders that a style of execution makes of it: each stays within what was
 * reviewed. A style that asks for more is a bug, so it is an assertion and no refusal.
 */
import { subtractQuantity, type Price, type Quantity } from "../money.ts";
import type { ApprovedOrder, ClientOrderId, TimeInForce } from "../trade.ts";

export interface ChildRequest {
  readonly clientOrderId: ClientOrderId;
  readonly quantity: Quantity;
  readonly limit: Price;
  readonly timeInForce: TimeInForce;
}

/** `filled` is what the orders before it got; none of them may be open any more. */
export function approveChild(intent: ApprovedOrder, filled: Quantity, { clientOrderId, quantity, limit, timeInForce }: ChildRequest): ApprovedOrder {
  const { symbol, side, priceBound } = intent;
  const left = subtractQuantity(intent.quantity, filled);
  if (!(quantity > 0 && quantity <= left)) throw new Error(`${clientOrderId}: ${quantity} of ${symbol} is not within the ${left} that are left of ${intent.clientOrderId}`);
  if (!(limit > 0 && (side === "buy" ? limit <= priceBound : limit >= priceBound))) throw new Error(`${clientOrderId}: a limit of ${limit} is worse than the bound of ${priceBound} of ${intent.clientOrderId}`);
  return { clientOrderId, symbol, side, quantity, type: "limit", priceBound: limit, timeInForce } as unknown as ApprovedOrder;
}
