/** Assets as Alpaca's JSON. All are of one kind: US equities that may be bought, sold and sold short in any part. */
import type { ListedAsset } from "./assets.ts";
import type { Venue } from "./venue.ts";

export function assetView({ settings }: Pick<Venue, "settings">, { id, symbol, name, isActive }: ListedAsset): Readonly<Record<string, unknown>> {
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
    maintenance_margin_requirement: 30,
    margin_requirement_long: "30",
    margin_requirement_short: "30",
    attributes: [],
  };
}
