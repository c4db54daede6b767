import { expect, test } from "vitest";
import { moneyOf } from "../../src/money.ts";
import { operate } from "../../src/server/operate.ts";
import { Venue, type VenueSnapshot } from "../../src/server/venue.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import { serveMarket, venueSettings } from "../support/served-market.ts";

test("an account that does not meet its margin call sees the house's orders and fills among its own", async () => {
  const venue = new Venue(venueSettings());
  const terms = { multiplier: 2, shorting: false, debitInterestBps: 0, borrowFeeBps: 0 } as const;
  venue.apply({ type: "open-account", at: venue.now, account: "ann" as AccountName, cash: moneyOf("10000"), terms });
  const market = await serveMarket({}, { extend: (parts) => operate(parts, () => 0) }, venue);
  try {
    const calls = async (): Promise<unknown> => ((await (await fetch(`${market.server.url}/sim/v1/margin-calls`)).json()) as { calls: unknown }).calls;
    await market.quote("100", "100");
    await market.send("ann", "POST", "/v2/orders", { symbol: "AAA", qty: "180", side: "buy", type: "market", time_in_force: "day" });
    await market.quote("60", "60");
    // From a Tuesday; Thursday is Thanksgiving, so the second session after it is Friday, which closes at 13:00.
    await market.at("2026-11-25T15:00:00Z");
    expect(await calls()).toEqual([{ account: "ann", amount: "440", due_on: "2026-11-27" }]);
    await market.at("2026-11-27T18:30:00Z");
    expect((await market.send("ann", "GET", "/v2/orders?status=open")).body).toMatchObject([{ symbol: "AAA", side: "sell", type: "market", qty: "25", status: "accepted", position_intent: "sell_to_close" }]);
    await market.at("2026-11-30T15:00:00Z");
    await market.quote("60", "60");
    expect((await market.send("ann", "GET", "/v2/positions")).body).toMatchObject([{ symbol: "AAA", qty: "155" }]);
    expect((await market.send("ann", "GET", "/v2/account/activities/FILL")).body).toMatchObject([{ side: "sell", qty: "25", price: "60" }, { side: "buy", qty: "180" }]);
    await market.at("2026-11-30T21:30:00Z");
    expect(await calls()).toEqual([]);
  } finally {
    await market.server.close();
  }
});

test.each([
  ["no price yet", undefined, 30, "30"],
  ["20 USD", "20", 30, "30"],
  ["12 USD, where five a share are more than thirty per cent of a short position", "12", 30, "41.67"],
  ["5.50 USD", "5.50", 50, "90.91"],
  ["2 USD", "2", 100, "125"],
] as const)("an asset tells what margin it needs at its price: %s", async (_name, price, long, short) => {
  const market = await serveMarket({ ann: "100" });
  try {
    if (price !== undefined) await market.quote(price, price);
    expect((await market.send("ann", "GET", "/v2/assets/AAA")).body).toMatchObject({ marginable: true, maintenance_margin_requirement: long, margin_requirement_long: String(long), margin_requirement_short: short });
  } finally {
    await market.server.close();
  }
});

test("funds with leverage and shares that are not lent on tell it, need more margin, and are so after a restore", async () => {
  const venue = new Venue(venueSettings());
  const terms = { multiplier: 4, shorting: true, debitInterestBps: 0, borrowFeeBps: 0 } as const;
  venue.apply({ type: "open-account", at: venue.now, account: "ann" as AccountName, cash: moneyOf("100000"), terms });
  venue.apply({ type: "list", at: venue.now, symbol: "UP3" as Symbol, leverage: 3 });
  venue.apply({ type: "list", at: venue.now, symbol: "OTC" as Symbol, marginable: false });
  const market = await serveMarket({}, {}, Venue.restore(venueSettings(), JSON.parse(JSON.stringify(venue.snapshot())) as VenueSnapshot));
  try {
    for (const symbol of ["UP3", "OTC"]) await market.quote("100", "100", 10_000, symbol);
    const asked = async (path: string): Promise<unknown> => (await market.send("ann", "GET", path)).body;
    const order = (symbol: string, qty: string) => market.send("ann", "POST", "/v2/orders", { symbol, qty, side: "buy", type: "market", time_in_force: "day" });
    expect(await asked("/v2/assets/UP3")).toMatchObject({ marginable: true, maintenance_margin_requirement: 75, margin_requirement_long: "75", margin_requirement_short: "30" });
    expect(await asked("/v2/assets/OTC")).toMatchObject({ marginable: false, maintenance_margin_requirement: 100, margin_requirement_long: "100" });
    expect(await order("UP3", "500")).toMatchObject({ status: 200 });
    expect(await asked("/v2/account")).toMatchObject({ equity: "100000", initial_margin: "25000", maintenance_margin: "37500", buying_power: "250000", non_marginable_buying_power: "75000" });
    expect(await order("OTC", "751")).toMatchObject({ status: 403, body: { message: "insufficient buying power", buying_power: "75000", cost_basis: "75100" } });
    expect(await order("OTC", "500")).toMatchObject({ status: 200 });
    expect(await asked("/v2/account")).toMatchObject({ initial_margin: "75000", maintenance_margin: "87500", buying_power: "50000", non_marginable_buying_power: "25000" });
    expect(await asked("/v2/positions/OTC")).toMatchObject({ asset_marginable: false });
  } finally {
    await market.server.close();
  }
});
