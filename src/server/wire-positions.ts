/** Positions as Alpaca's JSON: amounts as texts, changes as fractions. */
import { moneyToText, notional, quantityToText, subtractMoney, type Money, type Price, type Quantity } from "../money.ts";
import type { Position, Symbol } from "../trade.ts";
import type { Venue } from "./venue.ts";
import type { VenueAccount } from "./venue-account.ts";

export function positionViews(venue: Venue, account: VenueAccount): readonly Readonly<Record<string, unknown>>[] {
  return venue.exchange.account(account.name).positions.map((position) => positionView(venue, account, position));
}

export function positionView(venue: Venue, account: VenueAccount, { symbol, quantity, marketPrice, averageEntryPrice = 0 as Price }: Position): Readonly<Record<string, unknown>> {
  const value = notional(marketPrice, quantity);
  const cost = notional(averageEntryPrice, quantity);
  const profit = subtractMoney(value, cost);
  const basis = account.basis.of(symbol);
  const today = subtractMoney(value, basis);
  const before = venue.lastClose(symbol) ?? marketPrice;
  return {
    asset_id: venue.assets.named(symbol)?.id,
    symbol,
    exchange: "NYSE",
    asset_class: "us_equity",
    asset_marginable: venue.exchange.collateralOf(symbol).marginable,
    qty: quantityToText(quantity),
    qty_available: quantityToText((Math.sign(quantity) * (Math.abs(quantity) - closingOf(venue, account, symbol))) as Quantity),
    avg_entry_price: moneyToText(averageEntryPrice),
    side: quantity < 0 ? "short" : "long",
    market_value: moneyToText(value),
    cost_basis: moneyToText(cost),
    unrealized_pl: moneyToText(profit),
    unrealized_plpc: fraction(profit, cost),
    unrealized_intraday_pl: moneyToText(today),
    unrealized_intraday_plpc: fraction(today, basis),
    current_price: moneyToText(marketPrice),
    lastday_price: moneyToText(before),
    change_today: fraction(subtractMoney(marketPrice as number as Money, before as number as Money), before as number as Money),
  };
}

/** Shares that open orders are about to close. */
function closingOf(venue: Venue, account: VenueAccount, symbol: Symbol): number {
  let closing = 0;
  for (const order of account.orders.open) {
    if (order.symbol === symbol) closing += venue.exchange.orderOf(account.name, order.id as Parameters<Venue["exchange"]["orderOf"]>[1])?.reservedShares ?? 0;
  }
  return closing;
}

function fraction(part: Money, whole: Money): string {
  if (whole === 0) return "0";
  const text = String(part / Math.abs(whole));
  return text.includes("e") ? (part / Math.abs(whole)).toFixed(20).replace(/0+$/, "0") : text;
}
