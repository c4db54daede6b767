/**
 * Assets as Alpaca's JSON. All are US equities that may be bought, sold and sold short in any part. What margin they need
 * follows from what they are as collateral and from their price; of one that has none yet it is told as of a share that is
 * not cheap. Alpaca has no word for a fund's leverage: the requirement tells it.
 */
import { priceOf } from "../money.ts";
import { maintenancePercent } from "../rules/margin.ts";
import { newYorkClock } from "../time.ts";
import type { ListedAsset } from "./assets.ts";
import type { Venue } from "./venue.ts";

export function assetView({ settings, exchange, now }: Pick<Venue, "settings" | "exchange" | "now">, { id, symbol, name, isActive }: ListedAsset): Readonly<Record<string, unknown>> {
  const terms = { price: (isActive ? exchange.topOf(symbol).last : undefined) ?? NOT_CHEAP, ...exchange.collateralOf(symbol) };
  const { day } = newYorkClock(now);
  const long = maintenancePercent("long", terms, day);
  return {
    id,
    class: "us_equity",
    exchange: "NYSE",
    symbol,
    name,
    status: isActive ? "active" : "inactive",
    cusip: null,
    tradable: isActive,
    marginable: terms.marginable,
    shortable: true,
    easy_to_borrow: true,
    borrow_status: "easy_to_borrow",
    fractionable: !settings.exchange.wholeShares,
    maintenance_margin_requirement: long,
    margin_requirement_long: String(long),
    margin_requirement_short: String(maintenancePercent("short", terms, day)),
    attributes: [],
  };
}

const NOT_CHEAP = priceOf("100");
