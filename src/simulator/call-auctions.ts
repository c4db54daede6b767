/**
 * Where many orders of a symbol trade at one price: in the opening and the closing auction, and among those that have
 * come while there was no trading, before the first of them goes to work. The event, the last price and the end of the
 * orders that were meant for the auction alone are seen to here; how the price is found is auction.ts.
 */
import type { Price, Quantity } from "../money.ts";
import type { Symbol } from "../trade.ts";
import { isEnded, type ClientOrder } from "./client-order.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { Listing } from "./listing.ts";
import type { OrderLife } from "./order-life.ts";

/** Orders for the auction, with the house on both sides at its price, or without a house every order that may trade. */
export function holdAuction(state: ExchangeState, life: OrderLife, symbol: Symbol, auction: "opening" | "closing", house: { readonly price: Price; readonly quantity: Quantity } | undefined): void {
  const listing = state.listing(symbol);
  const timeInForce = auction === "opening" ? "opg" : "cls";
  const meant = [...listing.open].filter((order) => order.timeInForce === timeInForce || (!house && order.working !== "stop" && life.isLive(order)));
  const bidding = meant.filter(({ acknowledged }) => acknowledged);
  const result = bidding.length === 0 ? undefined : listing.auction(bidding, house?.price, house?.quantity ?? (0 as Quantity));
  if (result) state.emit({ type: "auction", symbol, auction, price: result.price, quantity: result.quantity });
  for (const order of meant) if (order.timeInForce === timeInForce) life.end(order, "canceled");
  if (!house && bidding.length > 0) goToWork(listing, listing.waiting(), result?.price);
}

/** The closing auction that the exchange holds itself, where there is an order for it. */
export function closeTrading(state: ExchangeState, life: OrderLife, symbol: Symbol): void {
  const listing = state.listing(symbol);
  if (!listing.halted && isBidFor(listing, "cls")) holdAuction(state, life, symbol, "closing", undefined);
}

function isBidFor({ open }: Listing, timeInForce: "opg" | "cls"): boolean {
  for (const order of open) if (order.timeInForce === timeInForce) return true;
  return false;
}

/** Orders whose hours begin, or whose halt is over: crossing ones trade at one price, the rest goes to work. */
export function beginTrading(state: ExchangeState, life: OrderLife, symbol: Symbol): void {
  const listing = state.listing(symbol);
  if (listing.open.size === 0 || listing.halted) return;
  for (const order of listing.open) if (life.isLive(order)) life.wake(order);
  if (state.phase === "core" && isBidFor(listing, "opg") && state.settings.ownAuctions) {
    holdAuction(state, life, symbol, "opening", undefined);
    return;
  }
  const waiting = listing.waiting();
  const mayCross = waiting.some(({ side }) => side === "buy") && waiting.some(({ side }) => side === "sell");
  const result = mayCross ? listing.auction(waiting, listing.lastPrice, 0 as Quantity) : undefined;
  if (result) state.emit({ type: "auction", symbol, auction: "opening", price: result.price, quantity: result.quantity });
  goToWork(listing, waiting, result?.price);
}

/** What is left after a trade at `price`. A stop that this has reached meets all of it, and not what stood there before. */
function goToWork(listing: Listing, waiting: readonly ClientOrder[], price: Price | undefined): void {
  if (price !== undefined) listing.lastPrice = price;
  for (const order of waiting) if (!isEnded(order) && order.handle < 0) listing.start(order);
  if (price !== undefined) listing.reach(price);
}
