import { afterEach, expect, test } from "vitest";
import { dailyMarket } from "../../src/server/daily-market.ts";
import { Venue, type VenueSettings, type VenueSnapshot } from "../../src/server/venue.ts";
import { constantProfile } from "../../src/simulator/fill-profiles.ts";
import { epochDayOf, instantOf, sessionDateOf } from "../../src/time.ts";
import type { Symbol } from "../../src/trade.ts";
import { barsOf } from "../support/made-up-market.ts";
import { serveMarket, venueSettings, type ServedMarket } from "../support/served-market.ts";

let market: ServedMarket | undefined;
afterEach(() => market?.server.close());

/** AAA opens at 100 and 102 and closes at 101 and 103; a third of a day's million shares is in each auction. */
function settings(): VenueSettings {
  const series = [{ symbol: "AAA" as Symbol, bars: barsOf("2026-11-24", [[100, 101, 99, 101], [102, 104, 101, 103]]), actions: [] }];
  return venueSettings({ startsAt: instantOf("2026-11-24T05:00:00Z"), market: dailyMarket({ series, from: epochDayOf(sessionDateOf("2026-11-24")), profile: constantProfile({ halfSpreadBps: 1, volumeShareMax: 1 }) }) });
}

async function inAuction(side: string, qty: string, time_in_force: string): Promise<void> {
  expect((await market!.send("ann", "POST", "/v2/orders", { symbol: "AAA", qty, side, type: "market", time_in_force })).status).toBe(200);
}

async function auctions(query = ""): Promise<unknown> {
  return (await market!.send("ann", "GET", `/v2/stocks/AAA/auctions?start=2026-11-24${query}`)).body;
}

const at = (t: string, p: number) => ({ t, x: "V", p, s: 333_333 });
const opening = (t: string, p: number) => [{ ...at(t, p), c: "O" }, { ...at(t, p), c: "Q" }];
const closing = (t: string, p: number) => [{ ...at(t, p), c: "6" }, { ...at(t, p), c: "M" }];
const TUESDAY = { d: "2026-11-24", o: opening("2026-11-24T14:30:00.000Z", 100), c: closing("2026-11-24T21:00:00.000Z", 101) };
const WEDNESDAY = { d: "2026-11-25", o: [], c: closing("2026-11-25T21:00:00.000Z", 103) };

test("on-open and on-close orders of a replayed day meet in its auctions, which are told by day, also after a restore", async () => {
  market = await serveMarket({ ann: "100000" }, {}, new Venue(settings()));
  await inAuction("buy", "7", "opg");
  await market.at("2026-11-24T17:00:00Z");
  expect(await auctions()).toEqual({ symbol: "AAA", auctions: [{ ...TUESDAY, c: [] }], next_page_token: null });
  await inAuction("sell", "3", "cls");
  await market.at("2026-11-25T17:00:00Z");
  await inAuction("sell", "2", "cls");
  await market.at("2026-11-25T22:00:00Z");
  expect(await auctions()).toEqual({ symbol: "AAA", auctions: [TUESDAY, WEDNESDAY], next_page_token: null });
  expect(await auctions("&end=2026-11-24")).toMatchObject({ auctions: [TUESDAY] });
  expect(await auctions("&sort=desc&limit=1")).toMatchObject({ auctions: [WEDNESDAY] });

  const first = (await auctions("&limit=1")) as { next_page_token: string };
  expect(first).toMatchObject({ auctions: [{ ...TUESDAY, c: [] }] });
  expect(await auctions(`&limit=5&page_token=${first.next_page_token}`)).toMatchObject({ auctions: [{ ...TUESDAY, o: [] }, WEDNESDAY], next_page_token: null });

  const again = Venue.restore(settings(), JSON.parse(JSON.stringify(market.server.venue.snapshot())) as VenueSnapshot);
  expect(again.tape.auctions("AAA" as Symbol)).toEqual(market.server.venue.tape.auctions("AAA" as Symbol));
});

test("a halt ends in an auction that has no official price", async () => {
  market = await serveMarket();
  await market.quote("99.99", "100.01");
  await market.send("ann", "POST", "/v2/orders", { symbol: "AAA", qty: "5", side: "buy", type: "market", time_in_force: "day" });
  await market.server.execute({ type: "halt", symbol: "AAA" as Symbol });
  await market.send("ann", "POST", "/v2/orders", { symbol: "AAA", qty: "5", side: "sell", type: "limit", limit_price: "99", time_in_force: "day" });
  await market.send("bob", "POST", "/v2/orders", { symbol: "AAA", qty: "5", side: "buy", type: "limit", limit_price: "101", time_in_force: "day" });
  await market.server.execute({ type: "resume", symbol: "AAA" as Symbol });
  expect((await market.send("ann", "GET", "/v2/positions")).body).toEqual([]);
  expect(await auctions()).toEqual({ symbol: "AAA", auctions: [], next_page_token: null });
});
