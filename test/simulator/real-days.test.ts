import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { moneyOf, moneyToText, priceOf, shares } from "../../src/money.ts";
import { ExchangeLog } from "../../src/simulator/exchange-log.ts";
import { Exchange } from "../../src/simulator/exchange.ts";
import { fillProfile, type FillProfileName } from "../../src/simulator/fill-profiles.ts";
import { MinuteReplay, type MinuteBar } from "../../src/simulator/minute-replay.ts";
import type { OrderTicket } from "../../src/simulator/order-ticket.ts";
import { epochDayOf, instantOf, newYorkInstant, sessionDateOf, type Instant } from "../../src/time.ts";
import type { AccountName, ClientOrderId, Symbol } from "../../src/trade.ts";
import { SHARED_DATA, sharedDataIsAbsent } from "../support/shared-data.ts";

const ME = "me" as AccountName;

/** A row's columns by name; the day is the file's, times are New York's. */
function minutesOf(symbol: string, from: string, to: string): readonly MinuteBar[] {
  const folder = `${SHARED_DATA}/minute/${symbol}`;
  return readdirSync(folder)
    .filter((name) => name.endsWith("_trade.csv") && name >= from && name.slice(0, 8) <= to)
    .sort()
    .flatMap((name) => {
      const day = epochDayOf(sessionDateOf(`${name.slice(0, 4)}-${name.slice(4, 6)}-${name.slice(6, 8)}`));
      const quotes = new Map(rows(`${folder}/${name.replace("trade", "quote")}`).map((row) => [row[0], row.map(Number)]));
      return rows(`${folder}/${name}`).map((row) => {
        const [hour, minute] = row[0]!.split(":").map(Number);
        const [, open, high, low, close, volume] = row.map(Number);
        const quote = quotes.get(row[0]);
        return {
          at: newYorkInstant(day, hour! * 60 + minute!),
          open: open!, high: high!, low: low!, close: close!, volume: volume!,
          openQuote: quote && { bid: quote[1]!, ask: quote[6]! },
          closeQuote: quote && { bid: quote[4]!, ask: quote[9]! },
        };
      });
    });
}

function rows(file: string): string[][] {
  return readFileSync(file, "utf8").trim().split("\n").slice(1).map((line) => line.split(","));
}

function world(symbol: string, from: string, to: string, start: Instant, name: FillProfileName, actions: { exDay: ReturnType<typeof epochDayOf>; type: "split"; ratio: number }[] = []): { exchange: Exchange; market: MinuteReplay; log: ExchangeLog; order: (id: string, rest: Omit<OrderTicket, "clientOrderId" | "symbol">) => void } {
  const profile = fillProfile(name, 7);
  const log = new ExchangeLog();
  const exchange = new Exchange({ fees: "alpaca", wholeShares: true, hours: "calendar", log, ...profile.exchange }, start);
  exchange.openAccount(ME, moneyOf("1000000"));
  exchange.list(symbol as Symbol);
  const statistics = { dailyVolume: 100_000_000, dailyVolatility: 0.01, tier: "mega" } as const;
  const market = new MinuteReplay(exchange, [{ symbol: symbol as Symbol, bars: minutesOf(symbol, from, to), actions, statisticsOn: () => statistics }], profile);
  return {
    exchange, market, log,
    order: (id, rest) => expect(exchange.place(ME, { clientOrderId: id as ClientOrderId, symbol: symbol as Symbol, ...rest })).toEqual({ kind: "accepted" }),
  };
}

describe.skipIf(sharedDataIsAbsent)("real minutes", () => {
  test.each(["realistic", "alpaca-paper", "peer"] as const)("SPY from 7 to 11 October 2013: every kind of order, nothing lost (%s)", (name) => {
    const { exchange, market, log, order } = world("SPY", "20131007", "20131011", instantOf("2013-10-07T07:00:00Z"), name);
    order("at-open", { side: "buy", type: "market", quantity: shares(100), timeInForce: "opg" });
    order("limit", { side: "buy", type: "limit", limitPrice: priceOf("165.50"), quantity: shares(200), timeInForce: "gtc" });
    market.advanceTo(instantOf("2013-10-07T14:00:00Z"));
    order("stop", { side: "sell", type: "stop", stopPrice: priceOf("167.00"), quantity: shares(50), timeInForce: "gtc" });
    order("trail", { side: "sell", type: "trailing_stop", trail: { by: "percent", ppm: 20_000 }, quantity: shares(50), timeInForce: "gtc" });
    market.advanceTo(instantOf("2013-10-10T19:00:00Z"));
    order("at-close", { side: "buy", type: "market", quantity: shares(10), timeInForce: "cls" });
    market.advanceTo(instantOf("2013-10-12T02:00:00Z"));
    const filled = (id: string): number => exchange.orderOf(ME, id as ClientOrderId)!.fills.reduce((sum, { quantity }) => sum + quantity, 0) / 1e9;
    // The low of the week was 164.53 on the 9th; the stop was passed on the 8th.
    expect(["at-open", "limit", "stop", "trail", "at-close"].map(filled)).toEqual([100, 200, 50, 50, 10]);
    for (const id of ["limit"]) for (const { price } of exchange.orderOf(ME, id as ClientOrderId)!.fills) expect(price).toBeLessThanOrEqual(165_500_000);
    const spent = log.drain().reduce((sum, event) => {
      if (event.type !== "fill" && event.type !== "partial_fill") return sum;
      const { side } = exchange.orderOf(ME, event.order)!;
      return sum + (side === "buy" ? 1 : -1) * Math.round((event.price * event.quantity) / 1e9);
    }, 0);
    const fees = exchange.feesPaid(ME);
    expect(exchange.account(ME).cash).toBe(1_000_000_000_000 - spent - fees);
    expect(fees > 0).toBe(name !== "alpaca-paper");
    expect(exchange.account(ME).positions.map(({ quantity }) => quantity / 1e9)).toEqual([210]);
  });

  test("AAPL through its 7-for-1 split of 9 June 2014: positions, open orders and cash", () => {
    const split = { type: "split", exDay: epochDayOf(sessionDateOf("2014-06-09")), ratio: 7 } as const;
    const { exchange, market, log, order } = world("AAPL", "20140605", "20140609", instantOf("2014-06-05T07:00:00Z"), "peer", [split]);
    order("buy", { side: "buy", type: "market", quantity: shares(100), timeInForce: "day" });
    market.advanceTo(instantOf("2014-06-06T19:00:00Z"));
    order("lower", { side: "buy", type: "limit", limitPrice: priceOf("600.00"), quantity: shares(10), timeInForce: "gtc" });
    order("stop", { side: "sell", type: "stop", stopPrice: priceOf("630.00"), quantity: shares(10), timeInForce: "gtc" });
    order("profit", { side: "sell", type: "limit", limitPrice: priceOf("700.00"), quantity: shares(10), timeInForce: "gtc" });
    market.advanceTo(instantOf("2014-06-07T01:00:00Z"));
    const before = exchange.account(ME);
    expect(before.positions[0]!.quantity).toBe(shares(100));
    market.advanceTo(instantOf("2014-06-09T08:30:00Z"));
    const after = exchange.account(ME);
    expect([after.positions[0]!.quantity, after.cash]).toEqual([shares(700), before.cash]);
    expect(Math.abs(after.equity / before.equity - 1)).toBeLessThan(0.002);
    const view = (id: string): unknown[] => {
      const found = exchange.orderOf(ME, id as ClientOrderId)!;
      return [found.status, found.quantity / 1e9, moneyToText(found.limitPrice ?? found.stopPrice!)];
    };
    expect([view("lower"), view("stop"), view("profit")]).toEqual([
      ["done_for_day", 70, "85.71"],
      ["done_for_day", 70, "90"],
      ["done_for_day", 10, "700"],
    ]);
    market.advanceTo(instantOf("2014-06-09T20:30:00Z"));
    expect([view("lower")[0], view("stop")[0], view("profit")[0]]).toEqual(["done_for_day", "done_for_day", "done_for_day"]);
    expect(log.drain().filter(({ type }) => type === "split" || type === "restated").map(({ type }) => type)).toEqual(["split", "restated", "restated"]);
  });
});
