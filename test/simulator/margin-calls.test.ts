import { describe, expect, test } from "vitest";
import { moneyOf, moneyToText, priceOf, shares } from "../../src/money.ts";
import { Exchange, type ExchangeSnapshot } from "../../src/simulator/exchange.ts";
import type { ExchangeEvent } from "../../src/simulator/exchange-events.ts";
import { dateOfEpochDay } from "../../src/time.ts";
import type { ClientOrderId, Symbol } from "../../src/trade.ts";
import { ExchangeMarket, ME } from "../support/exchange-market.ts";

const ABC = "ABC" as Symbol;
const MARGIN = { multiplier: 2, shorting: true, debitInterestBps: 0, borrowFeeBps: 0 } as const;
/** From a Wednesday on. */
const NOONS = ["2024-07-10T16:00:00Z", "2024-07-11T16:00:00Z", "2024-07-12T16:00:00Z", "2024-07-15T16:00:00Z", "2024-07-16T16:00:00Z"] as const;

/** 10,000 USD of its own and 8,000 borrowed in 180 shares at 100. */
function indebted(): ExchangeMarket {
  return new ExchangeMarket(NOONS[0], {}, MARGIN, "10000").price("100").hold(180);
}

/** The session goes on to its end at this price, and the market to the next noon. */
function closeAt(market: ExchangeMarket, day: number, price: string): void {
  market.price(price).at(NOONS[day + 1]!);
}

function calls(market: ExchangeMarket): string[] {
  return market.log.drain().flatMap((event: ExchangeEvent) => {
    if (event.type === "margin_call") return [`called ${moneyToText(event.amount)} by ${dateOfEpochDay(event.dueOn)}`];
    if (event.type === "margin_call_met") return ["met"];
    return event.type === "liquidation" ? [`${event.side} ${event.quantity / 1e9} ${event.symbol}`] : [];
  });
}

describe("an account with margin", () => {
  test("is called for what its equity lacks at the session's end, until the close of the second session after it", () => {
    const market = indebted();
    // 180 shares at 60 less 8,000 are 2,800; thirty per cent of 10,800 are 3,240.
    closeAt(market, 0, "60");
    expect(calls(market)).toEqual(["called 440 by 2024-07-12"]);
    expect(market.exchange.marginCallOf(ME)).toMatchObject({ amount: moneyOf("440") });
  });

  test("has met its call when its equity suffices at a session's end", () => {
    const market = indebted();
    closeAt(market, 0, "60");
    closeAt(market, 1, "64");
    expect(calls(market)).toEqual(["called 440 by 2024-07-12", "met"]);
    expect(market.exchange.marginCallOf(ME)).toBeUndefined();
    closeAt(market, 2, "60");
    expect(calls(market)).toEqual(["called 440 by 2024-07-16"]);
  });

  test("that has not met its call is sold out of as much as is missing, at the next open", () => {
    const market = indebted();
    for (const day of [0, 1, 2]) closeAt(market, day, "60");
    market.price("60");
    // A share releases 18 USD of margin: 24.4 shares for 440.
    expect(calls(market)).toEqual(["called 440 by 2024-07-12", "sell 25 XYZ"]);
    expect(market.exchange.account(ME).positions).toMatchObject([{ symbol: "XYZ", quantity: shares(155) }]);
    closeAt(market, 3, "60");
    expect(calls(market)).toEqual(["met"]);
  });

  test("is sold out of once more after the next session where the price has fallen on", () => {
    const market = indebted();
    for (const day of [0, 1, 2]) closeAt(market, day, "60");
    closeAt(market, 3, "56");
    // At 56 the 25 leave 155 shares and 6,600 owed: 524 are missing, and a share releases 16.80.
    expect(calls(market).slice(1)).toEqual(["sell 25 XYZ", "sell 32 XYZ"]);
  });

  test("loses its open orders before it is sold out of, so that none of them holds the shares", () => {
    const market = indebted();
    market.place("exit", { side: "sell", type: "limit", qty: 180, limit: "150", timeInForce: "gtc" });
    for (const day of [0, 1, 2]) closeAt(market, day, "60");
    market.price("60");
    expect(market.status("exit")).toBe("canceled");
    expect(market.exchange.account(ME).positions).toMatchObject([{ quantity: shares(155) }]);
  });

  test("with two positions loses the larger first, and of the other what is missing still", () => {
    const market = new ExchangeMarket(NOONS[0], {}, MARGIN, "10000").price("100");
    market.exchange.list(ABC);
    const quote = (price: string): void => market.exchange.quote(ABC, { bid: priceOf(price), ask: priceOf(price), quantity: shares(1_000) }, priceOf(price));
    quote("50");
    market.hold(120);
    market.exchange.place(ME, { clientOrderId: "abc" as ClientOrderId, symbol: ABC, side: "buy", type: "market", quantity: shares(120), timeInForce: "day" });
    for (const day of [0, 1, 2]) {
      quote("25");
      closeAt(market, day, "45");
    }
    // 5,400 and 3,000 less 8,000 are 400 of equity for 1,620 and 900 of margin.
    expect(calls(market)).toEqual(["called 2120 by 2024-07-12", "sell 120 XYZ", "sell 67 ABC"]);
  });

  test("that is short is bought in", () => {
    const market = new ExchangeMarket(NOONS[0], {}, MARGIN, "10000").price("100");
    market.place("short", { side: "sell", type: "market", qty: 100 });
    for (const day of [0, 1, 2]) closeAt(market, day, "160");
    // 20,000 less 16,000 are 4,000 for 4,800: a share releases 48.
    expect(calls(market)).toEqual(["called 800 by 2024-07-12", "buy 17 XYZ"]);
  });

  test("keeps its call in a snapshot", () => {
    const market = indebted();
    closeAt(market, 0, "60");
    market.exchange = Exchange.restore(market.settings, JSON.parse(JSON.stringify(market.exchange.snapshot())) as ExchangeSnapshot);
    market.log.clear();
    for (const day of [1, 2]) closeAt(market, day, "60");
    expect(calls(market)).toEqual(["sell 25 XYZ"]);
  });
});

test("a cash account is never called", () => {
  const market = new ExchangeMarket(NOONS[0], {}, undefined, "10000").price("100").hold(100);
  for (const day of [0, 1, 2]) closeAt(market, day, "1");
  expect(calls(market)).toEqual([]);
});
