import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { loadMinuteSeries } from "../../backtest/minute-series.ts";
import { minuteMarket } from "../../src/server/minute-market.ts";
import { operate } from "../../src/server/operate.ts";
import type { ServerSettings } from "../../src/server/server-parts.ts";
import { Venue } from "../../src/server/venue.ts";
import { fillProfile, type FillProfileName } from "../../src/simulator/fill-profiles.ts";
import { instantOf, isoOf, sessionDateOf } from "../../src/time.ts";
import { wanderingMinutes, writeMinutes } from "../support/made-up-minutes.ts";
import { serveMarket, venueSettings, type ServedMarket } from "../support/served-market.ts";
import { SHARED_DATA, sharedDataIsAbsent } from "../support/shared-data.ts";

let folder: string;
let market: ServedMarket | undefined;
const sockets: WebSocket[] = [];
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "ballast-minutes-"))));
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await market?.server.close();
  market = undefined;
  rmSync(folder, { recursive: true });
});

interface Range {
  readonly data?: string;
  readonly symbols?: readonly string[];
  readonly profile?: FillProfileName;
}

async function venueOver(from: string, to: string, { data = folder, symbols, profile: name = "realistic" }: Range = {}) {
  const { series } = (await loadMinuteSeries(data, { from: sessionDateOf(from), to: sessionDateOf(to), lookbackSessions: 30, ...(symbols && { symbols }) }))!;
  const profile = fillProfile(name, 7);
  return venueSettings({ startsAt: instantOf(`${from}T04:00:00Z`), market: minuteMarket(series, profile), exchange: { fees: "alpaca", wholeShares: false, checks: "alpaca", ...profile.exchange } });
}

async function serving(from: string, to: string, range: Range & Partial<ServerSettings> = {}): Promise<void> {
  const { data: _data, symbols: _symbols, profile: _profile, ...server } = range;
  market = await serveMarket({ ann: "1000000" }, { extend: (parts) => operate(parts, () => 0), ...server }, new Venue(await venueOver(from, to, range)));
}

/** What a client hears that listens to everything. */
async function listening(): Promise<Record<string, unknown>[]> {
  const heard: Record<string, unknown>[] = [];
  const socket = new WebSocket(`${market!.server.url.replace("http", "ws")}/v2/sip`, { headers: { "apca-api-key-id": "key-ann", "apca-api-secret-key": "secret-ann" } });
  sockets.push(socket);
  socket.on("message", (data: Buffer) => heard.push(...(JSON.parse(data.toString()) as Record<string, unknown>[])));
  await once(socket, "open");
  await expect.poll(() => heard.length).toBe(2);
  socket.send(JSON.stringify({ action: "subscribe", trades: ["*"], quotes: ["*"], bars: ["*"], dailyBars: ["*"] }));
  await expect.poll(() => heard.length).toBe(3);
  heard.length = 0;
  return heard;
}

const got = async (path: string): Promise<unknown> => (await market!.send("ann", "GET", path)).body;
const minutes = ["09:30,10,10.4,9.8,10.2,400", "09:31,10.2,10.3,10.1,10.3,800", "15:59,10.3,10.3,10.3,10.3,4"];
const quotes = ["09:30,9.99,10.19,300,10.01,10.21,500", "09:31,10.19,10.29,100,10.21,10.31,100", "15:59,10.29,10.29,100,10.31,10.31,100"];

describe("minute bars as a served market", () => {
  test("a bar is there when its minute is over, its trades and quotes as they come", async () => {
    writeMinutes(folder, "AAA", "2024-07-10", minutes, quotes);
    await serving("2024-07-10", "2024-07-10");
    const bars = async (timeframe = "1Min"): Promise<unknown[]> => ((await got(`/v2/stocks/AAA/bars?timeframe=${timeframe}&start=2024-07-10`)) as { bars: unknown[] }).bars;
    const latest = async () => ({ trade: ((await got("/v2/stocks/AAA/trades/latest")) as { trade: { p: number; s: number } }).trade, quote: ((await got("/v2/stocks/AAA/quotes/latest")) as { quote: object }).quote });
    await market!.at("2024-07-10T13:30:19Z");
    expect(await bars()).toEqual([]);
    expect(await latest()).toMatchObject({ trade: { t: "2024-07-10T13:30:00.000Z", p: 10, s: 100 }, quote: { t: "2024-07-10T13:30:00.000Z", bp: 9.99, bs: 300, ap: 10.01, as: 500 } });
    await market!.at("2024-07-10T13:30:20Z");
    expect(await latest()).toMatchObject({ trade: { t: "2024-07-10T13:30:20.000Z", p: 9.8 } });
    await market!.at("2024-07-10T13:31:00Z");
    expect(await bars()).toMatchObject([{ t: "2024-07-10T13:30:00.000Z", o: 10, h: 10.4, l: 9.8, c: 10.2, v: 400 }]);
    expect(await got("/v2/stocks/AAA/snapshot")).toMatchObject({ minuteBar: { c: 10.2 }, dailyBar: { t: "2024-07-10T04:00:00.000Z", o: 10, h: 10.4, l: 9.8, c: 10.2 }, latestTrade: { p: 10.2 } });
    await market!.at("2024-07-10T19:59:59Z");
    expect(await bars("1Day")).toEqual([]);
    await market!.at("2024-07-10T20:00:00Z");
    expect(await bars("1Day")).toMatchObject([{ t: "2024-07-10T04:00:00.000Z", o: 10, h: 10.4, l: 9.8, c: 10.3, v: 1204 }]);
    expect(await bars("5Min")).toMatchObject([{ o: 10, c: 10.3, v: 1200 }, { t: "2024-07-10T19:55:00.000Z", v: 4 }]);
  });

  test("streams tell the market's own prints in order, whatever the step, and no client's trades", async () => {
    writeMinutes(folder, "AAA", "2024-07-10", minutes, quotes);
    await serving("2024-07-10", "2024-07-10", { profile: "alpaca-paper" });
    const heard = await listening();
    await market!.at("2024-07-10T13:30:59.500Z");
    const order = await market!.send("ann", "POST", "/v2/orders", { symbol: "AAA", qty: "7", side: "buy", type: "limit", limit_price: "10.50", time_in_force: "day" });
    expect(order.status).toBe(200);
    await market!.at("2024-07-10T21:00:00Z");
    const text = ({ T, t, o, p, bp }: Record<string, unknown>): string => `${String(T)} ${String(t).slice(11, 23)} ${String(o ?? p ?? bp)}`;
    await expect.poll(() => heard.map(text).at(-1)).toBe("d 04:00:00.000 10");
    expect(heard.map(text)).toEqual([
      "q 13:30:00.000 9.99", "t 13:30:00.000 10", "q 13:30:20.000 9.79412", "t 13:30:20.000 9.8", "q 13:30:40.000 10.39376", "t 13:30:40.000 10.4", "q 13:30:59.999 10.19", "t 13:30:59.999 10.2",
      "b 13:30:00.000 10", "q 13:31:00.000 10.19", "t 13:31:00.000 10.2", "q 13:31:20.000 10.09394", "t 13:31:20.000 10.1", "q 13:31:40.000 10.29382", "t 13:31:40.000 10.3", "q 13:31:59.999 10.29", "t 13:31:59.999 10.3",
      "b 13:31:00.000 10.2", "q 19:59:00.000 10.29", "t 19:59:00.000 10.3", "q 19:59:20.000 10.29794", "t 19:59:20.000 10.3", "q 19:59:40.000 10.29794", "t 19:59:40.000 10.3", "q 19:59:59.999 10.29", "t 19:59:59.999 10.3",
      "b 19:59:00.000 10.3", "d 04:00:00.000 10",
    ]);
    const filled = (await got("/v2/orders?status=closed")) as { filled_avg_price: string; filled_qty: string }[];
    expect(filled).toMatchObject([{ filled_qty: "7", filled_avg_price: "10.40624" }]);
  });

  test.each([
    // A fortieth of the bar's 400 shares, a quarter of that at the open; the rest at the quotes that follow.
    ["realistic", "2"],
    // All at the quote, however small.
    ["alpaca-paper", "100"],
  ] as const)("a profile says how much fills at a quote: %s", async (profile, quantity) => {
    writeMinutes(folder, "AAA", "2024-07-10", minutes, quotes);
    await serving("2024-07-10", "2024-07-10", { profile });
    await market!.at("2024-07-10T13:30:00Z");
    const { body } = await market!.send("ann", "POST", "/v2/orders", { symbol: "AAA", qty: "100", side: "buy", type: "market", time_in_force: "day" });
    expect(body).toMatchObject({ filled_qty: quantity });
  });

  test("a split and a dividend act before the first bar of their day", async () => {
    for (const [date, price] of [["2024-07-10", 100], ["2024-07-11", 25]] as const) writeMinutes(folder, "AAA", date, [`09:30,${price},${price},${price},${price},4000000`, `15:59,${price},${price},${price},${price},4000000`]);
    writeFileSync(join(folder, "corporate_actions.csv"), "symbol,ex_date,type,value\nAAA,2024-07-11,split,4\nAAA,2024-07-11,dividend,0.50\n");
    await serving("2024-07-10", "2024-07-11");
    await market!.at("2024-07-10T13:30:00Z");
    await market!.send("ann", "POST", "/v2/orders", { symbol: "AAA", qty: "100", side: "buy", type: "market", time_in_force: "day" });
    await market!.at("2024-07-11T13:29:59Z");
    expect(await got("/v2/positions/AAA")).toMatchObject({ qty: "100" });
    await market!.at("2024-07-11T13:30:01Z");
    expect(await got("/v2/positions/AAA")).toMatchObject({ qty: "400" });
    expect(await got("/v2/account/activities/DIV")).toMatchObject([{ net_amount: "50", symbol: "AAA" }]);
    expect(await got("/v1/corporate-actions?symbols=AAA&start=2024-07-01&end=2024-07-31")).toMatchObject({ corporate_actions: { forward_splits: [{ new_rate: 4 }], cash_dividends: [{ rate: 0.5 }] } });
    expect((await got("/v2/stocks/AAA/bars?timeframe=1Min&start=2024-07-10&adjustment=split")) as object).toMatchObject({ bars: [{ c: 25 }, { c: 25 }] });
  });

  test("as fast as the streams take it: every client hears everything once, and the market stops at the data's end", async () => {
    for (const symbol of ["AAA", "BBB"]) for (const date of ["2024-07-10", "2024-07-11"]) writeMinutes(folder, symbol, date, wanderingMinutes(100));
    let go: () => void = () => undefined;
    const isHeard = new Promise<void>((resolve) => (go = resolve));
    await serving("2024-07-10", "2024-07-11", { time: { mode: "unpaced" }, journal: { append: () => isHeard } });
    const heards = [await listening(), await listening()];
    go();
    await expect.poll(() => isoOf(market!.server.now()), { timeout: 30_000 }).toBe("2024-07-12T04:00:00.000Z");
    for (const heard of heards) {
      await expect.poll(() => heard.filter(({ T }) => T === "d").length).toBe(4);
      const counts = ["t", "q", "b", "d"].map((kind) => heard.filter(({ T }) => T === kind).length);
      expect(counts).toEqual([4 * 390 * 4, 4 * 390 * 4, 4 * 390, 4]);
    }
  });
});

describe.skipIf(sharedDataIsAbsent)("real minutes, served", () => {
  test("a week of SPY: the bars are the file's, and an order of each profile fills", async () => {
    await serving("2013-10-07", "2013-10-11", { data: SHARED_DATA, symbols: ["SPY"] });
    await market!.at("2013-10-09T15:00:00Z");
    await market!.send("ann", "POST", "/v2/orders", { symbol: "SPY", qty: "100", side: "buy", type: "market", time_in_force: "day" });
    await market!.at("2013-10-12T00:00:00Z");
    const { bars } = (await got("/v2/stocks/SPY/bars?timeframe=1Min&start=2013-10-07T04:00:00-04:00&end=2013-10-07T23:00:00-04:00")) as { bars: object[] };
    expect(bars.length).toBe(828);
    expect(bars[0]).toMatchObject({ t: "2013-10-07T08:00:00.000Z", o: 167.41, h: 167.41, l: 167.25, c: 167.27, v: 3197 });
    const { bars: days } = (await got("/v2/stocks/SPY/bars?timeframe=1Day&start=2013-10-04")) as { bars: { t: string }[] };
    expect(days.map(({ t }) => t.slice(0, 10))).toEqual(["2013-10-04", "2013-10-07", "2013-10-08", "2013-10-09", "2013-10-10", "2013-10-11"]);
    expect(await got("/v2/orders?status=closed")).toMatchObject([{ status: "filled", filled_qty: "100" }]);
  });

  test("AAPL through its split of 9 June 2014: seven shares for each, at a seventh", async () => {
    await serving("2014-06-05", "2014-06-09", { data: SHARED_DATA, symbols: ["AAPL"] });
    await market!.at("2014-06-06T15:00:00Z");
    await market!.send("ann", "POST", "/v2/orders", { symbol: "AAPL", qty: "10", side: "buy", type: "market", time_in_force: "day" });
    await market!.at("2014-06-06T21:00:00Z");
    const before = (await got("/v2/positions/AAPL")) as { market_value: string };
    await market!.at("2014-06-09T13:30:00Z");
    const after = (await got("/v2/positions/AAPL")) as { qty: string; market_value: string; current_price: string };
    expect([after.qty, Math.floor(Number(after.current_price))]).toEqual(["70", 92]);
    expect(Math.abs(Number(after.market_value) / Number(before.market_value) - 1)).toBeLessThan(0.01);
  });
});
