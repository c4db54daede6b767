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

test("where clients trade with each other, on-open and on-close orders meet what is ordered, and what they do not get is canceled", async () => {
  market = await serveMarket({ ann: "100000", bob: "100000" });
  const order = async (account: string, side: string, qty: string, time_in_force: string, limit_price?: string): Promise<void> => {
    expect((await market!.send(account, "POST", "/v2/orders", { symbol: "AAA", qty, side, type: limit_price === undefined ? "market" : "limit", time_in_force, limit_price })).status).toBe(200);
  };
  const ofAnn = async (): Promise<readonly unknown[]> => {
    const orders = (await market!.send("ann", "GET", "/v2/orders?status=all&direction=asc")).body as readonly Record<string, unknown>[];
    return orders.map(({ time_in_force, status, filled_qty, filled_avg_price }) => [time_in_force, status, filled_qty, filled_avg_price]);
  };
  await market.quote("99.99", "100.01");
  await order("bob", "buy", "10", "day");

  await market.at("2026-11-25T13:00:00Z");
  await order("ann", "buy", "5", "opg");
  await order("ann", "buy", "5", "opg", "98.00");
  await order("bob", "sell", "4", "day", "99.50");
  await market.at("2026-11-25T14:30:00Z");
  // Of the prices at which four trade, 100 is the last one's.
  const opened = [["opg", "canceled", "4", "100"], ["opg", "canceled", "0", null]];
  expect(await ofAnn()).toEqual(opened);

  await order("ann", "sell", "3", "cls");
  await order("bob", "buy", "2", "gtc", "97.00");
  await order("bob", "buy", "2", "gtc", "96.00");
  await market.at("2026-11-25T20:59:59Z");
  expect(await ofAnn()).toEqual([...opened, ["cls", "accepted_for_bidding", "0", null]]);
  await market.at("2026-11-25T21:00:00Z");
  expect(await ofAnn()).toEqual([...opened, ["cls", "filled", "3", "96"]]);
  const print = (t: string, p: number, s: number, conditions: readonly string[]) => conditions.map((c) => ({ t, x: "V", p, s, c }));
  expect(await auctions()).toMatchObject({ auctions: [{ d: "2026-11-25", o: print("2026-11-25T14:30:00.000Z", 100, 4, ["O", "Q"]), c: print("2026-11-25T21:00:00.000Z", 96, 3, ["6", "M"]) }] });
});

test("a stop that the opening trade reaches meets the orders that waited for the open, and not only those that stood there before", async () => {
  market = await serveMarket({ ann: "100000", bob: "100000", carl: "100000" });
  const order = async (account: string, qty: string, asked: object): Promise<void> => {
    expect((await market!.send(account, "POST", "/v2/orders", { symbol: "AAA", qty, time_in_force: "day", ...asked })).status).toBe(200);
  };
  await market.quote("99.99", "100.01");
  await order("ann", "10", { side: "buy", type: "market" });
  await order("bob", "5", { side: "buy", type: "market" });
  await order("ann", "10", { side: "sell", type: "stop", stop_price: "99", time_in_force: "gtc" });
  await market.at("2026-11-25T13:00:00Z");
  await order("bob", "10", { side: "buy", type: "limit", limit_price: "50", extended_hours: true });
  await order("carl", "20", { side: "buy", type: "limit", limit_price: "98" });
  await order("bob", "5", { side: "sell", type: "limit", limit_price: "98" });
  await market.at("2026-11-25T14:30:00Z");
  expect((await market.send("ann", "GET", "/v2/orders?status=closed")).body).toMatchObject([{ type: "stop", status: "filled", filled_avg_price: "98" }, { type: "market" }]);
});
