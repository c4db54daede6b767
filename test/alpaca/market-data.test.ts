import nock from "nock";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { alpacaMarketData, type Feed } from "../../src/alpaca/market-data.ts";
import { priceOf } from "../../src/money.ts";
import { BrokerUnavailable, MarketDataMissing, type MarketData } from "../../src/ports.ts";
import type { MarketView, Symbol } from "../../src/trade.ts";
import { epochDayOf, instantOf, sessionDateOf } from "../../src/time.ts";
import { SERVER, wireOptions } from "./alpaca-world.ts";

const SPY = "SPY" as Symbol;
const QQQ = "QQQ" as Symbol;
const days = (...dates: string[]): number[] => dates.map((date) => epochDayOf(sessionDateOf(date)));

afterEach(() => nock.cleanAll());

/** Wednesday noon: the last session that has closed is Tuesday's, and Monday was Washington's Birthday. */
const NOON = instantOf("2024-02-21T17:00:00Z");
const WEEK = ["2024-02-14", "2024-02-15", "2024-02-16", "2024-02-20"];

describe("view", () => {
  test("has the closed sessions before now, with all adjustments, from the named feed", async () => {
    onBars({ symbols: "SPY,QQQ", start: "2024-02-14T05:00:00.000Z", end: "2024-02-20T05:00:00.000Z" }).reply(200, { bars: { SPY: bars(WEEK, 500), QQQ: bars(WEEK, 400) }, next_page_token: null });
    const view = await data("iex").view([SPY, QQQ], 4, NOON);
    expect({ ...view, bars: undefined }).toEqual({ asOf: NOON, session: "2024-02-20", symbols: [SPY, QQQ], source: "alpaca:iex", adjustment: "split-and-dividend", bars: undefined });
    expect(view.bars(QQQ)).toEqual({
      kind: "ohlcv",
      days: Int32Array.from(days(...WEEK)),
      open: Float64Array.of(400, 401, 402, 403),
      high: Float64Array.of(402, 403, 404, 405),
      low: Float64Array.of(399, 400, 401, 402),
      close: Float64Array.of(401.5, 402.5, 403.5, 404.5),
      volume: Float64Array.of(1000, 1001, 1002, 1003),
    });
  });

  test("a bar in summer is stamped at 04:00 UTC, in winter at 05:00, and belongs to that day in New York", async () => {
    onBars({ symbols: "SPY", start: "2024-03-08T05:00:00.000Z", end: "2024-03-11T04:00:00.000Z" }).reply(200, {
      bars: { SPY: [bar("2024-03-08T05:00:00Z", 500), bar("2024-03-11T04:00:00Z", 501)] },
    });
    expect(daysOf(await data().view([SPY], 2, instantOf("2024-03-11T20:00:00Z")), SPY)).toEqual(days("2024-03-08", "2024-03-11"));
  });

  test.each([
    ["2024-02-20T20:59:59.999Z", "2024-02-16"],
    ["2024-02-20T21:00:00Z", "2024-02-20"],
  ])("at %s the last session is that of %s", async (asOf, session) => {
    nock(SERVER).get("/v2/stocks/bars").query(true).reply(200, (request: Request) => ({ bars: { SPY: bars([new URL(request.url).searchParams.get("end")!.slice(0, 10)], 500) } }));
    const view = await data().view([SPY], 1, instantOf(asOf));
    expect([view.session, daysOf(view, SPY)]).toEqual([session, days(session)]);
  });

  test("pages are read to the end, also where one cuts a symbol in two, is short, or is empty", async () => {
    onBars().reply(200, { bars: { QQQ: bars(WEEK, 400) }, next_page_token: "a" });
    onBars({ page_token: "a" }).reply(200, { bars: { SPY: bars(WEEK.slice(0, 1), 500) }, next_page_token: "b" });
    onBars({ page_token: "b" }).reply(200, { bars: null, next_page_token: "c" });
    onBars({ page_token: "c" }).reply(200, { bars: { SPY: bars(WEEK.slice(1), 501) }, next_page_token: null });
    const view = await data().view([SPY, QQQ], 4, NOON);
    expect(view.bars(SPY)).toMatchObject({ open: Float64Array.of(500, 501, 502, 503) });
    expect(daysOf(view, QQQ)).toEqual(days(...WEEK));
  });

  test("a hundred and one symbols are asked for in two requests", async () => {
    const symbols = Array.from({ length: 101 }, (_, n) => `S${n}` as Symbol);
    const asked: number[] = [];
    nock(SERVER).get("/v2/stocks/bars").query(true).times(2).reply(200, (request: Request) => {
      const names = new URL(request.url).searchParams.get("symbols")!.split(",");
      asked.push(names.length);
      return { bars: Object.fromEntries(names.map((name) => [name, bars(WEEK, 10)])) };
    });
    const view = await data().view(symbols, 4, NOON);
    expect(asked).toEqual([100, 1]);
    expect(daysOf(view, "S100" as Symbol)).toHaveLength(4);
  });

  test("a symbol that was not asked for is an error", async () => {
    onBars().reply(200, { bars: { SPY: bars(WEEK, 500), QQQ: bars(WEEK, 400) } });
    const view = await data().view([SPY], 4, NOON);
    expect(() => view.bars(QQQ)).toThrow(RangeError);
  });

  describe("is refused, with names and numbers, when", () => {
    test.each<[string, object, string]>([
      ["a session in the middle is missing", { SPY: bars(["2024-02-14", "2024-02-16", "2024-02-20"], 500) }, "Alpaca's sip bars up to 2024-02-20: SPY lacks 1 of 4 sessions (2024-02-15)"],
      ["the last session is missing", { SPY: bars(WEEK.slice(0, 3), 500) }, "SPY lacks 1 of 4 sessions (2024-02-20)"],
      ["a symbol has no bars", {}, "SPY has no bars"],
      ["a symbol's bars are null", { SPY: null }, "SPY has no bars"],
      ["a bar comes twice", { SPY: bars(["2024-02-14", "2024-02-14", "2024-02-15", "2024-02-16", "2024-02-20"], 500) }, "SPY: bar 2024-02-14 does not follow 2024-02-14"],
      ["bars run backwards", { SPY: bars([...WEEK].reverse(), 500) }, "SPY: bar 2024-02-16 does not follow 2024-02-20"],
      ["a bar lies on a holiday", { SPY: bars([...WEEK.slice(0, 3), "2024-02-19", "2024-02-20"], 500) }, "SPY: bar 2024-02-19 is on a day without a session"],
      ["a bar of today came along", { SPY: bars([...WEEK, "2024-02-21"], 500) }, "SPY: bar 2024-02-21 is on a day without a session"],
      ["a price is zero", { SPY: [...bars(WEEK.slice(0, 3), 500), bar("2024-02-20T05:00:00Z", 0)] }, "SPY: bar 2024-02-20 has impossible prices"],
    ])("%s", async (_, answer, message) => {
      onBars().reply(200, { bars: answer });
      const viewing = data("sip").view([SPY], 4, NOON);
      await expect(viewing).rejects.toThrow(MarketDataMissing);
      await expect(viewing).rejects.toThrow(message);
    });

    test("many symbols have defects: the first five are named and the rest counted", async () => {
      const symbols = Array.from({ length: 8 }, (_, n) => `S${n}` as Symbol);
      onBars().reply(200, { bars: { S1: bars(WEEK, 10) } });
      await expect(data().view(symbols, 4, NOON)).rejects.toThrow("S0 has no bars; S2 has no bars; S3 has no bars; S4 has no bars; S5 has no bars; and 2 more symbols");
    });

    test("the subscription does not reach the data", async () => {
      onBars().reply(403, { message: "subscription does not permit querying recent SIP data" });
      await expect(data("sip").view([SPY], 4, NOON)).rejects.toThrow(MarketDataMissing);
    });

    test("the subscription reaches neither the feed nor its fallback", async () => {
      onBars({ feed: "sip" }).reply(403, { message: "subscription does not permit querying recent SIP data" });
      onBars({ feed: "iex" }).reply(403, { message: "forbidden." });
      await expect(data("sip", "iex").view([SPY], 4, NOON)).rejects.toThrow("Alpaca bars are not available on the feed iex: forbidden.");
    });

    test("a number is missing in a bar", async () => {
      onBars().reply(200, { bars: { SPY: [{ t: "2024-02-14T05:00:00Z", o: 1, h: 1, l: 1, c: null, v: 1 }] } });
      await expect(data().view([SPY], 4, NOON)).rejects.toThrow(BrokerUnavailable);
    });
  });

  describe("a first bar inside the window", () => {
    beforeEach(() => void onBars().reply(200, { bars: { SPY: bars(WEEK.slice(2), 500) } }));

    test("is believed when there are no bars before the window: the symbol was listed later", async () => {
      onBars({ symbols: "SPY", start: "2016-01-01T05:00:00.000Z", end: "2024-02-13T05:00:00.000Z", limit: "1" }).reply(200, { bars: {}, next_page_token: null });
      expect(daysOf(await data().view([SPY], 4, NOON), SPY)).toEqual(days("2024-02-16", "2024-02-20"));
    });

    test("is a hole when there are", async () => {
      onBars({ limit: "1" }).reply(200, { bars: { SPY: bars(["2016-01-04"], 200) }, next_page_token: "more" });
      await expect(data().view([SPY], 4, NOON)).rejects.toThrow("SPY has bars before 2024-02-14, but none from then until 2024-02-16");
    });
  });
});

describe("a fallback", () => {
  test("serves what the subscription does not permit of the named feed, and the view says so", async () => {
    onBars({ feed: "sip" }).reply(403, { message: "subscription does not permit querying recent SIP data" });
    onBars({ feed: "iex" }).reply(200, { bars: { SPY: bars(WEEK, 500) } });
    expect((await data("sip", "iex").view([SPY], 4, NOON)).source).toBe("alpaca:iex instead of sip");
  });

  test("is not asked while the named feed answers", async () => {
    onBars({ feed: "sip" }).reply(200, { bars: { SPY: bars(WEEK, 500) } });
    expect((await data("sip", "iex").view([SPY], 4, NOON)).source).toBe("alpaca:sip");
  });

  test("is not asked for what the named feed lacks", async () => {
    onBars({ feed: "sip" }).reply(200, { bars: { SPY: bars(WEEK.slice(0, 3), 500) } });
    await expect(data("sip", "iex").view([SPY], 4, NOON)).rejects.toThrow("Alpaca's sip bars up to 2024-02-20: SPY lacks 1 of 4 sessions");
  });

  test("gives a view of its own bars alone when the named feed is refused half-way", async () => {
    onBars({ feed: "sip" }).reply(200, { bars: { SPY: bars(WEEK.slice(0, 2), 500) }, next_page_token: "page-2" });
    onBars({ feed: "sip", page_token: "page-2" }).reply(403, { message: "subscription does not permit querying recent SIP data" });
    onBars({ feed: "iex" }).reply(200, { bars: { SPY: bars(WEEK, 700) } });
    const view = await data("sip", "iex").view([SPY], 4, NOON);
    expect([view.source, view.bars(SPY).close[0]]).toEqual(["alpaca:iex instead of sip", 701.5]);
  });
});

describe("quotes", () => {
  test("are two-sided, from the named feed; a side at 0 is no quote, and neither is a symbol left out", async () => {
    nock(SERVER)
      .get("/v2/stocks/quotes/latest")
      .query({ symbols: "SPY,QQQ,AAA,BBB,CCC,DDD", feed: "iex" })
      .reply(200, {
        quotes: {
          SPY: { t: "2024-02-21T16:59:59.123456789Z", bp: 500.12, bs: 3, ap: 500.14, as: 1, c: ["R"], z: "B", bx: "V", ax: "V" },
          QQQ: { t: "2024-02-21T16:59:58Z", bp: 0.1234, ap: 0.1235 },
          AAA: { t: "2024-02-21T16:59:59Z", bp: 0, ap: 10 },
          BBB: { t: "2024-02-21T16:59:59Z", bp: 10, ap: 0 },
          CCC: null,
        },
      });
    const quotes = await data().quotes([SPY, QQQ, ..."AAA,BBB,CCC,DDD".split(",").map((name) => name as Symbol)]);
    expect([...quotes]).toEqual([
      [SPY, { bid: priceOf("500.12"), ask: priceOf("500.14"), at: instantOf("2024-02-21T16:59:59.123Z") }],
      [QQQ, { bid: priceOf("0.1234"), ask: priceOf("0.1235"), at: instantOf("2024-02-21T16:59:58Z") }],
    ]);
  });

  test("of nothing are nothing, without a request", async () => {
    expect((await data().quotes([])).size).toBe(0);
  });
});

describe("conversions", () => {
  const on = (date: string) => sessionDateOf(date);

  test("are what each corporate action makes of one share; actions that change none are not asked for", async () => {
    onActions({ symbols: "AAPL,FB", start: "2024-02-12", end: "2024-02-28" }).reply(200, {
      corporate_actions: {
        forward_splits: [{ id: "1", symbol: "AAPL", cusip: "037833100", new_rate: 4, old_rate: 1, ex_date: "2024-02-20", process_date: "2024-02-20" }],
        reverse_splits: [{ id: "2", symbol: "AAPL", old_cusip: "a", new_cusip: "b", new_symbol: "AAPLN", new_rate: 1, old_rate: 20, ex_date: "2024-02-21", process_date: "2024-02-23" }],
        unit_splits: [{ id: "3", old_symbol: "AAPL", old_rate: 1, new_symbol: "N", new_rate: 1, alternate_symbol: "W", alternate_rate: 0.5, process_date: "2024-02-20", effective_date: "2024-02-19" }],
        stock_dividends: [{ id: "4", symbol: "AAPL", rate: 0.05, ex_date: "2024-02-13", process_date: "2024-02-20" }],
        spin_offs: [{ id: "5", source_symbol: "AAPL", source_rate: 3, new_symbol: "NEW", new_rate: 1, ex_date: "2024-02-19", process_date: "2024-02-20" }],
        cash_mergers: [{ id: "6", acquiree_symbol: "FB", rate: 80, process_date: "2024-02-20", effective_date: "2024-02-20" }],
        stock_mergers: [{ id: "7", acquiree_symbol: "FB", acquiree_rate: 2, acquirer_symbol: "QQQ", acquirer_rate: 1, process_date: "2024-02-20" }],
        stock_and_cash_mergers: [{ id: "8", acquiree_symbol: "FB", acquiree_rate: 1, acquirer_symbol: "QQQ", acquirer_rate: 0.25, cash_rate: 3, process_date: "2024-02-20" }],
        name_changes: [{ id: "9", old_symbol: "FB", new_symbol: "META", process_date: "2024-02-21", a_field_of_tomorrow: {} }],
        redemptions: [{ id: "10", symbol: "FB", rate: 10, process_date: "2024-02-20" }],
        worthless_removals: [{ id: "11", symbol: "FB", process_date: "2024-02-20" }],
      },
      next_page_token: null,
    });
    const found = await data().conversions(["AAPL" as Symbol, "FB" as Symbol], on("2024-02-19"), on("2024-02-21"));
    expect(found.map(({ kind, symbol, on: date, becomes }) => `${date} ${kind} ${symbol}: ${becomes.map((one) => `${one.shares} ${one.symbol}`).join(", ")}`)).toEqual([
      "2024-02-20 split AAPL: 4 AAPL",
      "2024-02-21 split AAPL: 0.05 AAPLN",
      "2024-02-20 unit-split AAPL: 1 N, 0.5 W",
      "2024-02-20 stock-dividend AAPL: 1.05 AAPL",
      "2024-02-20 spin-off AAPL: 1 AAPL, 0.3333333333333333 NEW",
      "2024-02-20 merger FB: ",
      "2024-02-20 merger FB: 0.5 QQQ",
      "2024-02-20 merger FB: 0.25 QQQ",
      "2024-02-21 symbol-change FB: 1 META",
      "2024-02-20 redemption FB: ",
      "2024-02-20 removal FB: ",
    ]);
  });

  test("of a split count from its ex-date, however late it is processed, and are read page by page", async () => {
    const late = { id: "1", symbol: "SPY", new_rate: 2, old_rate: 1, ex_date: "2024-02-20", process_date: "2024-02-23" };
    const early = { ...late, id: "2", ex_date: "2024-02-16", process_date: "2024-02-20" };
    onActions({ symbols: "SPY" }).reply(200, { corporate_actions: { forward_splits: [late] }, next_page_token: "more" });
    onActions({ symbols: "SPY", page_token: "more" }).reply(200, { corporate_actions: { forward_splits: [early] }, next_page_token: null });
    expect(await data().conversions([SPY], on("2024-02-19"), on("2024-02-20"))).toEqual([{ kind: "split", symbol: "SPY", on: "2024-02-20", becomes: [{ symbol: "SPY", shares: 2 }] }]);
  });

  test.each([
    ["a rate is 0", { symbol: "SPY", new_rate: 0, old_rate: 1, ex_date: "2024-02-20" }],
    ["a date is missing", { symbol: "SPY", new_rate: 2, old_rate: 1 }],
  ])("are refused when %s", async (_name, split) => {
    onActions({ symbols: "SPY" }).reply(200, { corporate_actions: { forward_splits: [split] }, next_page_token: null });
    await expect(data().conversions([SPY], on("2024-02-19"), on("2024-02-20"))).rejects.toThrow(BrokerUnavailable);
  });
});

function onActions(query: Record<string, string>): nock.Interceptor {
  const types = "forward_split,reverse_split,unit_split,stock_dividend,spin_off,cash_merger,stock_merger,stock_and_cash_merger,name_change,redemption,worthless_removal";
  return nock(SERVER)
    .get("/v1/corporate-actions")
    .query((sent) => Object.entries({ types, sort: "asc", limit: "1000", ...query }).every(([name, value]) => sent[name] === value) && (query["page_token"] === undefined) === (sent["page_token"] === undefined));
}

function data(feed: Feed = "iex", feedFallback?: Feed): MarketData {
  return alpacaMarketData({ ...wireOptions(), feed, ...(feedFallback && { feedFallback }), url: SERVER });
}

function onBars(query: Record<string, string> = {}): nock.Interceptor {
  const fixed: Record<string, string> = { timeframe: "1Day", adjustment: "all", sort: "asc", limit: "10000", ...query };
  return nock(SERVER)
    .get("/v2/stocks/bars")
    .query((sent) => Object.entries(fixed).every(([name, value]) => sent[name] === value) && (query["page_token"] === undefined) === (sent["page_token"] === undefined) && (sent["feed"] === "iex" || sent["feed"] === "sip"));
}

function bars(dates: readonly string[], first: number): object[] {
  return dates.map((date, n) => bar(`${date}T05:00:00Z`, first + n, 1000 + n));
}

function bar(t: string, open: number, volume = 1000): object {
  return { t, o: open, h: open + 2, l: open - 1, c: open + 1.5, v: volume, n: 5, vw: open };
}

function daysOf(view: MarketView, symbol: Symbol): number[] {
  return [...view.bars(symbol).days];
}
