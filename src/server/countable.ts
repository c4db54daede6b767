/**
 * What the venue does not take because an account could no longer be counted afterwards.
 *
 * Amounts are exact integers up to 9 billion dollars and 9 million shares (money.ts), and what an account has is
 * multiplied on the way: by its multiplier, by a split. So an account begins with a billion at the most, and no price, split
 * or dividend may make all that one has and owes more than two. The market's own accounts count like every other. One
 * account that cannot be counted would stop the whole market, which counts them all each minute; so a price is refused
 * before it is the last one, whether an operator quotes it or a client's order could trade at it. What is refused has
 * changed nothing.
 */
import { moneyOf, moneyToText, NANOS, priceFromNumber, priceOf, quantityToText, type Money, type Price, type Quantity } from "../money.ts";
import type { Exchange } from "../simulator/exchange.ts";
import type { AccountTerms } from "../simulator/trading-account.ts";
import type { AccountName, Symbol } from "../trade.ts";
import type { CommandOf, OrderForm } from "./commands.ts";
import { rejected, type Rejected } from "./venue-replies.ts";

const CASH_MAX = moneyOf("1000000000");
/** Of all that an account has and owes: short positions and debts count like long ones and cash. */
const WORTH_MAX = moneyOf("2000000000");
/** Holdings below it are let pass uncounted: nobody has hundreds of them. */
const HOLDING_COUNTED = moneyOf("10000000");
/** At this price no position that there can be is worth more than an account may be. */
const PRICE_OF_NO_CONCERN = priceOf("220");
const PRICE_MAX = priceOf("10000000");
const QUANTITY_MAX = 8_000_000_000_000_000 as Quantity;
const RATIO_MIN = 0.001;
const RATIO_MAX = 1_000;
const BPS_MAX = 10_000;

export type Steered = Pick<Exchange, "account" | "accountNames" | "heldAtMost" | "openOrders" | "quantityHeld" | "topOf">;

/** Why an account may not begin so. */
export function openingRefusal(cash: Money, { multiplier, shorting, debitInterestBps, borrowFeeBps }: AccountTerms): Rejected | undefined {
  if (!(cash > 0 && cash <= CASH_MAX)) return rejected("cash_out_of_range", `an account begins with more than 0 and at most ${moneyToText(CASH_MAX)} USD`);
  if (shorting && multiplier === 1) return rejected("invalid_terms", "short sales take a margin account: a multiplier of 2 or 4");
  if (![debitInterestBps, borrowFeeBps].every((bps) => bps >= 0 && bps <= BPS_MAX)) return rejected("invalid_terms", `interest and borrow fees are from 0 to ${BPS_MAX} basis points a year`);
  return undefined;
}

export function quoteRefusal({ symbol, bid, ask, quantity }: Pick<CommandOf<"quote">, "symbol" | "bid" | "ask" | "quantity">, exchange: Steered): Rejected | undefined {
  if (!(bid > 0 && bid <= ask)) return rejected("invalid_quote", "a quote's bid is above 0 and not above its ask");
  if (!(quantity > 0)) return rejected("invalid_quote", "a quote's quantity is above 0");
  return ask > PRICE_MAX ? PRICE_OUT_OF_RANGE : priceRefusal(symbol, ask, exchange);
}

/** `price` is the first after it. */
export function splitRefusal({ symbol, ratio, price }: Pick<CommandOf<"split">, "symbol" | "ratio" | "price">, exchange: Steered): Rejected | undefined {
  if (!(ratio >= RATIO_MIN && ratio <= RATIO_MAX)) return rejected("invalid_ratio", `a split's ratio is from ${RATIO_MIN} to ${RATIO_MAX}`);
  if (price !== undefined && !(price > 0 && price <= PRICE_MAX)) return PRICE_OUT_OF_RANGE;
  const { last } = exchange.topOf(symbol);
  if (last !== undefined && (Math.round(last / ratio) < 1 || last / ratio > PRICE_MAX)) return PRICE_OUT_OF_RANGE;
  for (const name of exchange.accountNames()) {
    const most = exchange.openOrders(name).reduce((sum, order) => (order.symbol === symbol ? sum + order.remaining : sum), Math.abs(exchange.quantityHeld(name, symbol)));
    if (most * ratio > QUANTITY_MAX) return rejected("quantity_out_of_range", `after the split somebody would have more than ${quantityToText(QUANTITY_MAX)} shares of ${symbol}, which cannot be counted`);
  }
  return undefined;
}

export function dividendRefusal({ symbol, amount }: Pick<CommandOf<"dividend">, "symbol" | "amount">, exchange: Steered): Rejected | undefined {
  if (!(amount >= 1 / 1_000_000 && amount <= PRICE_MAX / 1_000_000)) return rejected("invalid_dividend", `a dividend is from 0.000001 to ${moneyToText(PRICE_MAX)} USD a share`);
  const perShare = priceFromNumber(amount);
  return mostWorth(exchange, (name) => worth(exchange.quantityHeld(name, symbol), perShare)) > WORTH_MAX ? beyond(`after a dividend of ${moneyToText(perShare)} USD on ${symbol}`) : undefined;
}

/** Why an order may not come into the market at its prices, or at the one that it would meet. */
export function orderPriceRefusal({ symbol, limitPrice, stopPrice, takeProfit, stopLoss }: Pick<OrderForm, "symbol" | "limitPrice" | "stopPrice" | "takeProfit" | "stopLoss">, exchange: Steered): Rejected | undefined {
  const named = Math.max(limitPrice ?? 0, stopPrice ?? 0, takeProfit?.limitPrice ?? 0, stopLoss?.stopPrice ?? 0, stopLoss?.limitPrice ?? 0);
  if (named > 0 && named <= PRICE_OF_NO_CONCERN) return undefined;
  const { last = 0, ask = 0 } = exchange.topOf(symbol);
  const price = (named === 0 ? ask : named) as Price;
  if (price > PRICE_MAX) return PRICE_OUT_OF_RANGE;
  if (price <= last || price <= PRICE_OF_NO_CONCERN || !priceRefusal(symbol, price, exchange)) return undefined;
  return rejected("price_out_of_range", `${symbol} is not traded at ${moneyToText(price)} USD: what is held of it could not be counted`);
}

/** Why nobody may make `price` the last one. Accounts are counted only where somebody may hold enough of the symbol. */
function priceRefusal(symbol: Symbol, price: Price, exchange: Steered): Rejected | undefined {
  if (worth(exchange.heldAtMost(symbol), price) <= HOLDING_COUNTED) return undefined;
  const { last = 0 as Price } = exchange.topOf(symbol);
  const most = mostWorth(exchange, (name) => {
    const held = exchange.quantityHeld(name, symbol);
    const then = worth(held, price);
    return then > HOLDING_COUNTED ? then - worth(held, last) : 0;
  });
  return most > WORTH_MAX ? beyond(`at ${moneyToText(price)} USD for ${symbol}`) : undefined;
}

/** Of those accounts to which something would come; in floating point, as the limit is far below what can be counted. */
function mostWorth(exchange: Steered, more: (account: AccountName) => number): number {
  let most = 0;
  for (const name of exchange.accountNames()) {
    const added = more(name);
    if (added <= 0) continue;
    const { cash, positions } = exchange.account(name);
    most = Math.max(most, positions.reduce((sum, { marketPrice, quantity }) => sum + worth(quantity, marketPrice), Math.abs(cash)) + added);
  }
  return most;
}

function worth(quantity: Quantity, price: Price): number {
  return (Math.abs(quantity) / NANOS) * price;
}

function beyond(when: string): Rejected {
  return rejected("worth_out_of_range", `${when} somebody would have more than ${moneyToText(WORTH_MAX)} USD, which cannot be counted`);
}

const PRICE_OUT_OF_RANGE = rejected("price_out_of_range", `a price is above 0 and at most ${moneyToText(PRICE_MAX)} USD`);
