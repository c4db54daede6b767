import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { moneyOf } from "../../src/money.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import { judge, serveMarket, type ServedMarket } from "../support/served-market.ts";
import { openApiIsAbsent } from "./openapi.ts";

/** All that the server has of Alpaca's documents. */
const OPERATIONS = [
  "DELETE /v2/orders", "DELETE /v2/orders/{order_id}", "DELETE /v2/positions", "DELETE /v2/positions/{symbol_or_asset_id}", "DELETE /v2/watchlists/{watchlist_id}", "DELETE /v2/watchlists/{watchlist_id}/{symbol}",
  "DELETE /v2/watchlists:by_name", "GET /v1/corporate-actions", "GET /v2/account", "GET /v2/account/activities", "GET /v2/account/activities/{activity_type}", "GET /v2/account/configurations",
  "GET /v2/account/portfolio/history", "GET /v2/assets", "GET /v2/assets/{symbol_or_asset_id}", "GET /v2/calendar", "GET /v2/clock", "GET /v2/orders", "GET /v2/orders/{order_id}", "GET /v2/orders:by_client_order_id",
  "GET /v2/positions", "GET /v2/positions/{symbol_or_asset_id}", "GET /v2/stocks/auctions", "GET /v2/stocks/bars", "GET /v2/stocks/bars/latest", "GET /v2/stocks/meta/conditions/{ticktype}", "GET /v2/stocks/meta/exchanges",
  "GET /v2/stocks/quotes", "GET /v2/stocks/quotes/latest", "GET /v2/stocks/snapshots", "GET /v2/stocks/trades", "GET /v2/stocks/trades/latest", "GET /v2/stocks/{symbol}/auctions", "GET /v2/stocks/{symbol}/bars", "GET /v2/stocks/{symbol}/bars/latest",
  "GET /v2/stocks/{symbol}/quotes", "GET /v2/stocks/{symbol}/quotes/latest", "GET /v2/stocks/{symbol}/snapshot", "GET /v2/stocks/{symbol}/trades", "GET /v2/stocks/{symbol}/trades/latest", "GET /v2/watchlists",
  "GET /v2/watchlists/{watchlist_id}", "GET /v2/watchlists:by_name", "GET /v3/calendar/{market}", "GET /v3/clock", "PATCH /v2/account/configurations", "PATCH /v2/orders/{order_id}", "POST /v2/orders", "POST /v2/watchlists",
  "POST /v2/watchlists/{watchlist_id}", "POST /v2/watchlists:by_name", "PUT /v2/watchlists/{watchlist_id}", "PUT /v2/watchlists:by_name",
];

let market: ServedMarket;
beforeAll(async () => {
  market = await serveMarket();
  await market.quote("99.99", "100.01");
});
afterAll(() => market.server.close());

const order = (more: Readonly<Record<string, unknown>>): unknown => ({ symbol: "AAA", qty: "10", side: "buy", type: "market", time_in_force: "day", ...more });
const get = async <T>(path: string): Promise<T> => {
  const { status, body } = await market.send("ann", "GET", path);
  expect(status, path).toBe(200);
  return body as T;
};
const send = async <T>(method: string, path: string, body?: unknown, expected = 200): Promise<T> => {
  const answer = await market.send("ann", method, path, body);
  expect(answer.status, `${method} ${path} ${JSON.stringify(answer.body)}`).toBe(expected);
  return answer.body as T;
};

interface OrderBody {
  readonly id: string;
  readonly status: string;
  readonly legs: readonly OrderBody[] | null;
}

describe("every route answers as Alpaca's documents say", () => {
  test("account and configurations", async () => {
    expect(await get("/v2/account")).toMatchObject({ status: "ACTIVE", cash: "100000", buying_power: "100000", multiplier: "1", currency: "USD" });
    expect(await send("PATCH", "/v2/account/configurations", { no_shorting: true })).toMatchObject({ no_shorting: true, suspend_trade: false, max_margin_multiplier: "4" });
    expect(await get("/v2/account/configurations")).toMatchObject({ no_shorting: true });
  });

  test("an order of each class, the list of them, a replacement and cancels", async () => {
    await send("POST", "/v2/orders", order({ client_order_id: "first" }));
    const bracket = await send<OrderBody>("POST", "/v2/orders", order({ type: "limit", limit_price: "90", order_class: "bracket", take_profit: { limit_price: "95" }, stop_loss: { stop_price: "80", limit_price: "79" } }));
    expect(bracket.legs?.map(({ status }) => status)).toEqual(["held", "held"]);
    const oto = await send<OrderBody>("POST", "/v2/orders", order({ type: "limit", limit_price: "89", order_class: "oto", stop_loss: { stop_price: "80" } }));
    expect(oto.legs?.length).toBe(1);
    const oco = await send<OrderBody>("POST", "/v2/orders", order({ side: "sell", type: "limit", order_class: "oco", take_profit: { limit_price: "110" }, stop_loss: { stop_price: "85" } }));
    expect(oco).toMatchObject({ status: "new", limit_price: "110", legs: [{ type: "stop", stop_price: "85" }] });
    await send("DELETE", `/v2/orders/${oco.id}`, undefined, 204);
    expect((await get<OrderBody>(`/v2/orders/${oco.id}?nested=true`)).legs?.map(({ status }) => status)).toEqual(["canceled"]);
    expect(await send("POST", "/v2/orders", order({ qty: undefined, notional: "250.5" }))).toMatchObject({ notional: "250.5", qty: null, status: "filled", filled_qty: "2.504749525" });
    const trailing = await send<OrderBody>("POST", "/v2/orders", order({ side: "sell", qty: "5", type: "trailing_stop", trail_percent: "2.5", time_in_force: "gtc" }));
    expect(trailing).toMatchObject({ trail_percent: "2.5", trail_price: null, stop_price: "97.5", hwm: "100" });
    const limit = await send<OrderBody>("POST", "/v2/orders", order({ type: "limit", limit_price: "70.5", client_order_id: "second" }));
    const heir = await send<OrderBody>("PATCH", `/v2/orders/${limit.id}`, { qty: "7", limit_price: "71" });
    expect(heir).toMatchObject({ replaces: limit.id, qty: "7", limit_price: "71", status: "new" });
    expect(await get(`/v2/orders/${limit.id}`)).toMatchObject({ status: "replaced", replaced_by: heir.id });
    expect((await get<OrderBody[]>("/v2/orders")).map(({ id }) => id)).toEqual([heir.id, trailing.id, oto.legs![0]!.id, oto.id, ...bracket.legs!.map(({ id }) => id).reverse(), bracket.id]);
    expect((await get<OrderBody[]>("/v2/orders?nested=true&limit=1&direction=asc"))[0]).toMatchObject({ id: bracket.id, legs: [{ limit_price: "95" }, { stop_price: "80", limit_price: "79" }] });
    expect(await get("/v2/orders?status=closed&symbols=AAA&side=buy&limit=2")).toMatchObject([{ id: limit.id }, { notional: "250.5" }]);
    expect((await get<OrderBody[]>(`/v2/orders?status=all&direction=asc&after_order_id=${trailing.id}`)).map(({ id }) => id)).toEqual([limit.id, heir.id]);
    expect(await get("/v2/orders:by_client_order_id?client_order_id=first")).toMatchObject({ status: "filled" });
    const canceled = await send<{ id: string; status: number }[]>("DELETE", "/v2/orders", undefined, 207);
    expect(canceled.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 200]);
    expect(await get("/v2/orders")).toEqual([]);
  });

  test("positions, one of them, and closing a part, one and all", async () => {
    expect(await get("/v2/positions")).toMatchObject([{ symbol: "AAA", qty: "12.504749525", qty_available: "12.504749525", side: "long", avg_entry_price: "100.01", current_price: "100", unrealized_plpc: "-0.00009999000099966" }].map(({ unrealized_plpc: _, ...rest }) => rest));
    const { asset_id } = await get<{ asset_id: string }>("/v2/positions/AAA");
    expect(await get(`/v2/positions/${asset_id}`)).toMatchObject({ symbol: "AAA" });
    expect(await send("DELETE", "/v2/positions/AAA?qty=2.5")).toMatchObject({ side: "sell", qty: "2.5", status: "filled", position_intent: "sell_to_close" });
    expect(await send("DELETE", "/v2/positions/AAA?percentage=50")).toMatchObject({ qty: "5.002374762", status: "filled" });
    expect(await send("DELETE", "/v2/positions?cancel_orders=true", undefined, 207)).toMatchObject([{ symbol: "AAA", status: 200, body: { qty: "5.002374763", status: "filled" } }]);
    expect((await market.send("ann", "GET", "/v2/positions/AAA")).body).toEqual({ code: 40410000, message: "position does not exist" });
  });

  test("assets, clock and calendars", async () => {
    expect((await get<{ symbol: string }[]>("/v2/assets?status=active&asset_class=us_equity")).map(({ symbol }) => symbol)).toEqual(["AAA", "BBB"]);
    expect(await get("/v2/assets/BBB")).toMatchObject({ symbol: "BBB", class: "us_equity", tradable: true, fractionable: true, easy_to_borrow: true });
    expect(await get("/v2/clock")).toEqual({ timestamp: "2026-11-24T12:00:00.000-05:00", is_open: true, next_open: "2026-11-25T09:30:00.000-05:00", next_close: "2026-11-24T16:00:00.000-05:00" });
    expect(await get("/v2/calendar?start=2026-11-25&end=2026-11-30")).toEqual([
      { date: "2026-11-25", open: "09:30", close: "16:00", session_open: "0400", session_close: "2000", settlement_date: "2026-11-27" },
      { date: "2026-11-27", open: "09:30", close: "13:00", session_open: "0400", session_close: "1700", settlement_date: "2026-11-30" },
      { date: "2026-11-30", open: "09:30", close: "16:00", session_open: "0400", session_close: "2000", settlement_date: "2026-12-01" },
    ]);
    expect(await get("/v2/calendar?start=2026-11-27&end=2026-11-30&date_type=SETTLEMENT")).toMatchObject([{ date: "2026-11-25" }, { date: "2026-11-27" }]);
    expect(await get("/v3/clock?markets=NYSE&time=2026-11-24T13:00:00Z")).toMatchObject({ clocks: [{ market: { acronym: "NYSE" }, is_market_day: true, phase: "pre", phase_until: "2026-11-24T09:30:00.000-05:00" }] });
    expect(await get("/v3/calendar/NYSE?start=2026-11-27&end=2026-11-27&timezone=UTC")).toMatchObject({ calendar: [{ date: "2026-11-27", core_start: "2026-11-27T14:30:00.000Z", core_end: "2026-11-27T18:00:00.000Z" }] });
  });

  test("activities by page, and the portfolio's history", async () => {
    const all = await get<{ id: string; activity_type: string }[]>("/v2/account/activities");
    expect(all.map(({ activity_type }) => activity_type)).toEqual(["FILL", "FILL", "FILL", "FILL", "FILL", "CSD"]);
    const first = await get<{ id: string }[]>("/v2/account/activities/FILL?page_size=2");
    const second = await get<{ id: string }[]>(`/v2/account/activities/FILL?page_size=2&page_token=${first[1]!.id}`);
    expect([...first, ...second].map(({ id }) => id)).toEqual(all.slice(0, 4).map(({ id }) => id));
    expect(await get("/v2/account/activities?category=non_trade_activity")).toMatchObject([{ activity_type: "CSD", net_amount: "100000" }]);
    expect(await get("/v2/account/portfolio/history?period=1D&timeframe=1H")).toMatchObject({ timeframe: "1H", base_value: 100000, timestamp: [1795539600] });
  });

  test("watchlists, by id and by name", async () => {
    const { id } = await send<{ id: string }>("POST", "/v2/watchlists", { name: "mine", symbols: ["AAA"] });
    expect(await get("/v2/watchlists")).toMatchObject([{ id, name: "mine" }]);
    expect(await send("POST", `/v2/watchlists/${id}`, { symbol: "BBB" })).toMatchObject({ assets: [{ symbol: "AAA" }, { symbol: "BBB" }] });
    expect(await send("DELETE", `/v2/watchlists/${id}/AAA`)).toMatchObject({ assets: [{ symbol: "BBB" }] });
    expect(await send("PUT", `/v2/watchlists/${id}`, { name: "yours" })).toMatchObject({ name: "yours", assets: [{ symbol: "BBB" }] });
    expect(await get(`/v2/watchlists/${id}`)).toMatchObject({ name: "yours" });
    expect(await get("/v2/watchlists:by_name?name=yours")).toMatchObject({ id });
    expect(await send("POST", "/v2/watchlists:by_name?name=yours", { symbol: "AAA" })).toMatchObject({ assets: [{ symbol: "BBB" }, { symbol: "AAA" }] });
    expect(await send("PUT", "/v2/watchlists:by_name?name=yours", { name: "ours", symbols: [] })).toMatchObject({ assets: [] });
    expect((await market.send("bob", "GET", `/v2/watchlists/${id}`)).status).toBe(404);
    await send("DELETE", "/v2/watchlists:by_name?name=ours", undefined, 204);
    const again = await send<{ id: string }>("POST", "/v2/watchlists", { name: "mine" });
    await send("DELETE", `/v2/watchlists/${again.id}`, undefined, 204);
  });

  test("what was traded and quoted, and corporate actions", async () => {
    await market.server.execute({ type: "dividend", symbol: "BBB" as Symbol, amount: 0.5 });
    await market.server.execute({ type: "split", symbol: "AAA" as Symbol, ratio: 2 });
    await market.at("2026-11-24T17:05:00Z");
    const bar = { t: "2026-11-24T17:00:00.000Z", o: 100.01, h: 100.01, l: 99.99, c: 99.99, v: 25, n: 5 };
    expect(await get("/v2/stocks/bars?symbols=AAA,BBB&timeframe=1Min")).toMatchObject({ bars: { AAA: [bar] }, next_page_token: null });
    expect(await get("/v2/stocks/AAA/bars?timeframe=1T&adjustment=all")).toMatchObject({ symbol: "AAA", bars: [{ c: 99.99 }] });
    expect(await get("/v2/stocks/bars/latest?symbols=AAA")).toMatchObject({ bars: { AAA: bar } });
    expect(await get("/v2/stocks/AAA/bars/latest")).toMatchObject({ bar });
    const page = await get<{ trades: Record<string, { i: number }[]>; next_page_token: string }>("/v2/stocks/trades?symbols=AAA&limit=2");
    expect(page.trades["AAA"]!.map(({ i }) => i)).toEqual([1, 2]);
    expect(await get(`/v2/stocks/trades?symbols=AAA&limit=3&page_token=${page.next_page_token}`)).toMatchObject({ trades: { AAA: [{ i: 3 }, { i: 4 }, { i: 5 }] }, next_page_token: null });
    expect(await get("/v2/stocks/AAA/trades?sort=desc&limit=1")).toMatchObject({ trades: [{ i: 5 }] });
    expect(await get("/v2/stocks/trades/latest?symbols=AAA&feed=iex")).toMatchObject({ trades: { AAA: { i: 5 } } });
    expect(await get("/v2/stocks/AAA/trades/latest")).toMatchObject({ trade: { p: 99.99 } });
    expect(await get("/v2/stocks/quotes?symbols=AAA")).toMatchObject({ quotes: { AAA: [{ bp: 99.99, bs: 1000, ap: 100.01, as: 1000 }, { as: 990 }, { as: 987 }, { bs: 998 }, { bs: 992 }, { bs: 987 }, { bp: 50, bs: 0, ap: 50 }] } });
    expect((await get<{ quotes: unknown[] }>("/v2/stocks/AAA/quotes")).quotes.length).toBeGreaterThan(0);
    expect(await get("/v2/stocks/quotes/latest?symbols=AAA")).toMatchObject({ quotes: { AAA: { t: "2026-11-24T17:00:00.000Z" } } });
    expect(await get("/v2/stocks/AAA/quotes/latest")).toMatchObject({ symbol: "AAA" });
    expect(await get("/v2/stocks/snapshots?symbols=AAA")).toMatchObject({ AAA: { latestTrade: { i: 5 }, minuteBar: bar, dailyBar: { o: 100.01 } } });
    expect(await get("/v2/stocks/AAA/snapshot")).toMatchObject({ symbol: "AAA" });
    expect(await get("/v2/stocks/meta/exchanges")).toMatchObject({ V: "Simulated exchange" });
    expect(await get("/v2/stocks/meta/conditions/trade")).toMatchObject({ "@": "Regular Sale" });
    expect(await get("/v1/corporate-actions?symbols=AAA")).toMatchObject({ corporate_actions: { forward_splits: [{ symbol: "AAA", new_rate: 2, old_rate: 1, ex_date: "2026-11-24" }] }, next_page_token: null });
  });
});

test("the opening auction of the next day, which crossed orders that came before it", async () => {
  await market.at("2026-11-25T13:00:00Z");
  await send("POST", "/v2/orders", order({ symbol: "BBB", qty: "20", type: "limit", limit_price: "50.1" }));
  await market.server.execute({ type: "open-account", account: "cat" as AccountName, cash: moneyOf("100000"), terms: { multiplier: 2, shorting: true, debitInterestBps: 0, borrowFeeBps: 0 } });
  expect((await market.send("cat", "POST", "/v2/orders", order({ symbol: "BBB", qty: "12", side: "sell", type: "limit", limit_price: "50" }))).status).toBe(200);
  await market.at("2026-11-25T15:00:00Z");
  const printed = { t: "2026-11-25T14:30:00.000Z", x: "V", p: 50, s: 12 };
  const auctions = [{ d: "2026-11-25", o: [{ ...printed, c: "O" }, { ...printed, c: "Q" }], c: [] }];
  expect(await get("/v2/stocks/auctions?symbols=AAA,BBB&start=2026-11-24")).toEqual({ auctions: { BBB: auctions }, next_page_token: null });
  expect(await get("/v2/stocks/BBB/auctions")).toEqual({ symbol: "BBB", auctions, next_page_token: null });
  expect(await get("/v2/stocks/BBB/auctions?start=2026-11-24&end=2026-11-24")).toEqual({ symbol: "BBB", auctions: [], next_page_token: null });
  expect(await get("/v2/stocks/AAA/auctions?start=2026-11-24&feed=otc")).toMatchObject({ auctions: [] });
});

test.skipIf(openApiIsAbsent)("every operation that the server has was held to the documents", () => {
  expect([...judge!.judged].sort()).toEqual(OPERATIONS);
});
