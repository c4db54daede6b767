/**
 * Assets as Alpaca's JSON. All are of one kind: US equities that may be bought, sold and sold short in any part, on
 * margin. What margin they need follows their price; of one that has none yet it is told as of a share that is not cheap.
 */
import { priceOf } from "../money.ts";
import { maintenancePercent } from "../rules/margin.ts";
import { newYorkClock } from "../time.ts";
import type { ListedAsset } from "./assets.ts";
import type { Venue } from "./venue.ts";

export function assetView({ settings, exchange, now }: Pick<Venue, "settings" | "exchange" | "now">, { id, symbol, name, isActive }: ListedAsset): Readonly<Record<string, unknown>> {
  const terms = { price: (isActive ? exchange.topOf(symbol).last : undefined) ?? NOT_CHEAP, leverage: 1, marginable: true } as const;
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
    marginable: true,
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
