/**
 * What corporate actions do to positions and to open orders, as Alpaca does it.
 *
 * A split cancels waiting DAY orders, whose prices and quantities it has made wrong. A reverse split cancels every GTC
 * and GTD order from before, too; a forward split changes the quantity and price of GTC buy limits and sell stops and
 * leaves the other GTC orders alone. An order that would then sell more than is held is
 * canceled. A new symbol takes positions and orders along. Where a share is paid out or delisted its orders are canceled.
 */
import { mulDivDown, NANOS, type Price, type Quantity } from "../money.ts";
import { tickSizeOn } from "../rules/tick-sizes.ts";
import type { Symbol } from "../trade.ts";
import { refuseRequest } from "./acknowledgements.ts";
import { isEnded, type ClientOrder } from "./client-order.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { OrderLife } from "./order-life.ts";
import { closable } from "./trading-account.ts";

/** `price` is the first price after the split, for cash in lieu; without one the last price is divided. */
export function applySplit(state: ExchangeState, life: OrderLife, symbol: Symbol, ratio: number, price: Price | undefined): void {
  const listing = state.listing(symbol);
  if (listing.lastPrice !== undefined) listing.lastPrice = divided(listing.lastPrice, ratio);
  if (listing.previousClose !== undefined) listing.previousClose = divided(listing.previousClose, ratio);
  listing.house.leave();
  const inLieuAt = price ?? listing.lastPrice;
  listing.heldAtMost = 0;
  for (const { ledger } of state.accounts.values()) {
    ledger.applySplit(symbol, ratio, state.settings.wholeShares && inLieuAt !== undefined ? { price: inLieuAt } : undefined);
    listing.noteHeld(ledger.quantityOf(symbol));
  }
  state.emit({ type: "split", symbol, ratio });
  for (const order of [...listing.open]) {
    const isLasting = order.timeInForce === "gtc" || order.timeInForce === "gtd";
    if (!isLasting || ratio < 1) life.end(order, "canceled");
    else if (ratio > 1 && isAdjusted(order)) adjust(state, life, order, ratio);
  }
  for (const order of [...listing.open]) {
    if (isEnded(order)) continue;
    const { trader, stake } = order;
    trader.reserve(order);
    if (order.side === "sell" && !trader.terms.shorting && order.status !== "held" && closable(stake) < 0) life.end(order, "canceled");
  }
}

/** Holders have the same shares under another name; open orders go on under it. */
export function changeSymbol(state: ExchangeState, life: OrderLife, symbol: Symbol, to: Symbol): void {
  if (state.listings.has(to)) throw new Error(`the exchange lists ${to} already`);
  const listing = state.listing(symbol);
  for (const order of listing.open) if (order.requested === "replace") refuseRequest(state, life, order, { code: "order_restated", message: `${symbol} has become ${to}` });
  for (const account of state.accounts.values()) {
    const moved = [...listing.open].filter((order) => order.account === account.name);
    for (const order of moved) account.remove(order);
    account.ledger.rename(symbol, to);
    for (const order of moved) order.stake = account.stakeIn(to);
    for (const order of moved) account.add(order);
  }
  state.setListing(symbol, undefined);
  state.setListing(to, listing);
  state.emit({ type: "symbol_changed", symbol, to });
}

/** The share ends: a cash merger at its price, a delisting at what is paid, which may be nothing. Who is short pays. */
export function payOutAndDelist(state: ExchangeState, life: OrderLife, symbol: Symbol, price: Price): void {
  const listing = state.listing(symbol);
  for (const order of [...listing.open]) life.end(order, "canceled");
  for (const { ledger } of state.accounts.values()) ledger.payOut(symbol, price);
  state.setListing(symbol, undefined);
  state.emit({ type: "delisted", symbol, price });
}

function isAdjusted({ side, type }: ClientOrder): boolean {
  return side === "buy" ? type === "limit" : type === "stop" || type === "stop_limit";
}

/** Prices to the nearest tick, quantities down to whole shares. */
function adjust(state: ExchangeState, life: OrderLife, order: ClientOrder, ratio: number): void {
  const listing = state.listing(order.symbol);
  const wasResting = order.handle >= 0;
  if (wasResting) listing.withdraw(order);
  const onTick = (price: Price): Price => {
    const exact = divided(price, ratio);
    const tick = tickSizeOn(state.day, exact);
    return Math.max(tick, Math.round(exact / tick) * tick) as Price;
  };
  const multiplied = (quantity: Quantity): Quantity => mulDivDown(quantity, Math.round(ratio * 1_000_000), 1_000_000) as Quantity;
  const filled = order.quantity - order.remaining;
  order.stake.washGuard.remove(order);
  order.remaining = wholeUnless(multiplied(order.remaining), order.remaining);
  order.quantity = (multiplied(filled as Quantity) + order.remaining) as Quantity;
  if (order.limitPrice !== undefined) order.limitPrice = onTick(order.limitPrice);
  if (order.stopPrice !== undefined) order.stopPrice = onTick(order.stopPrice);
  order.stake.washGuard.add(order);
  order.reservePrice = order.limitPrice ?? order.stopPrice ?? order.reservePrice;
  life.restate(order);
  if (wasResting) listing.start(order);
}

function wholeUnless(after: Quantity, before: Quantity): Quantity {
  return before % NANOS === 0 ? ((after - (after % NANOS)) as Quantity) : after;
}

function divided(price: Price, ratio: number): Price {
  return Math.round(price / ratio) as Price;
}
