/**
 * Margin calls, and what becomes of an account that does not meet one.
 *
 * At the end of a session an account with margin whose equity is below its maintenance margin is called for what is
 * missing, and has until the close of the second session after it (rules/margin.ts). A call is met at the first session's end
 * at which equity suffices, however it came to that. One that is due and not met ends with a liquidation: the account's open orders
 * are canceled, and the house places market orders for the next open in the account's name: of its largest position as
 * much as releases the margin that is missing at the last prices, then of the next. What those leave missing is liquidated
 * after the next session.
 */
import { addQuantity, maxOf, minOf, moneyOf, mulDiv, NANOS, notional, remainderOf, subtractMoney, subtractQuantity, ZERO_MONEY, type Money, type Quantity } from "../money.ts";
import { marginCallDueOn, positionMaintenance, type MarginPosition } from "../rules/margin.ts";
import type { EpochDay } from "../time.ts";
import type { ClientOrderId, Symbol } from "../trade.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { OrderLife } from "./order-life.ts";
import type { OrderTicket } from "./order-ticket.ts";
import type { TradingAccount } from "./trading-account.ts";

/** Alpaca takes no order for less. */
const ORDER_VALUE_MIN = moneyOf("1");

/** At the end of the session of `day`, once every account has been charged and marked. */
export function callMargin(state: ExchangeState, life: OrderLife, place: (account: TradingAccount, ticket: OrderTicket) => void, day: EpochDay): void {
  for (const account of state.accounts.values()) {
    if (account.terms.multiplier === 1) continue;
    const missing = subtractMoney(account.maintenance(state, day), account.equity(state, day));
    const call = account.marginCall;
    if (missing <= 0) {
      if (call) state.emit({ type: "margin_call_met", account: account.name });
      account.marginCall = undefined;
    } else if (!call) {
      account.marginCall = { amount: missing, dueOn: marginCallDueOn(day) };
      state.emit({ type: "margin_call", account: account.name, ...account.marginCall });
    } else if (day >= call.dueOn) liquidate(state, life, place, account, missing, day);
  }
}

function liquidate(state: ExchangeState, life: OrderLife, place: (account: TradingAccount, ticket: OrderTicket) => void, account: TradingAccount, missing: Money, day: EpochDay): void {
  for (const order of [...account.open]) life.end(order, "canceled");
  let left = missing;
  for (const position of bySize(account.marginPositions(state))) {
    if (left <= 0) return;
    const quantity = sharesReleasing(left, position, day);
    if (notional(position.price, quantity) < ORDER_VALUE_MIN) continue;
    left = subtractMoney(left, releasedBy(quantity, position, day));
    const by = state.settings.houseOrderId?.(state.seq + 1) ?? (`liquidation-${state.seq + 1}` as ClientOrderId);
    const symbol = position.symbol as Symbol;
    const side = position.quantity > 0 ? "sell" : "buy";
    state.emit({ type: "liquidation", account: account.name, by, symbol, side, quantity });
    place(account, { clientOrderId: by, symbol, side, quantity, type: "market", timeInForce: "day", priceBound: position.price });
  }
}

/** The largest first. One without a price can release nothing. */
function bySize(positions: readonly MarginPosition[]): readonly MarginPosition[] {
  const value = ({ price, quantity }: MarginPosition): Money => notional(price, Math.abs(quantity) as Quantity);
  return positions.filter(({ price }) => price > 0).toSorted((a, b) => value(b) - value(a));
}

/** In whole shares, up to all of the position. */
function sharesReleasing(missing: Money, position: MarginPosition, day: EpochDay): Quantity {
  const all = Math.abs(position.quantity) as Quantity;
  const released = releasedBy(all, position, day);
  if (released <= missing) return all;
  const exact = mulDiv(all, missing, released) as Quantity;
  return minOf(all, addQuantity(subtractQuantity(exact, remainderOf(exact, NANOS) as Quantity), NANOS as Quantity));
}

function releasedBy(quantity: Quantity, position: MarginPosition, day: EpochDay): Money {
  return maxOf(positionMaintenance({ ...position, quantity: (position.quantity > 0 ? quantity : 0 - quantity) as Quantity }, day), ZERO_MONEY);
}
