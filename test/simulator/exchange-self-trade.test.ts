import { describe, expect, test } from "vitest";
import { Exchange, type ExchangeSnapshot } from "../../src/simulator/exchange.ts";
import type { AccountTerms, SelfTrade } from "../../src/simulator/trading-account.ts";
import { ExchangeMarket, YOU } from "../support/exchange-market.ts";

const NOON = "2024-07-10T16:00:00Z";
const terms = (selfTrade?: SelfTrade): AccountTerms => ({ multiplier: 2, shorting: true, debitInterestBps: 0, borrowFeeBps: 0, ...(selfTrade && { selfTrade }) });

describe("two orders of one account that would trade with each other", () => {
  test.each([
    [undefined, "filled", "filled", ["s fill 10@100", "b fill 10@100"]],
    ["cancel_newest", "new", "canceled", ["b canceled"]],
    ["cancel_oldest", "canceled", "new", ["s canceled"]],
    ["cancel_both", "canceled", "canceled", ["s canceled", "b canceled"]],
  ] as const)("with %s: the one that rests is %s, the one that comes is %s", (selfTrade, resting, coming, events) => {
    const market = new ExchangeMarket(NOON, {}, terms(selfTrade));
    market.place("s", { side: "sell", type: "limit", limit: "100" });
    market.events();
    market.place("b", { side: "buy", type: "limit", limit: "100" });
    expect([market.status("s"), market.status("b")]).toEqual([resting, coming]);
    expect(market.events()).toEqual(["b accepted", "b new", ...events]);
  });

  test("leave the orders of others alone: what stands before is traded, what stands behind is met", () => {
    const market = new ExchangeMarket(NOON, {}, terms("cancel_oldest"));
    market.place("other", { side: "sell", type: "limit", limit: "100", qty: 4 }, YOU);
    market.place("own", { side: "sell", type: "limit", limit: "100", qty: 5 });
    market.place("behind", { side: "sell", type: "limit", limit: "100", qty: 3 }, YOU);
    market.place("b", { side: "buy", type: "limit", limit: "100", qty: 10 });
    expect(market.fills("b")).toEqual(["4@100", "3@100"]);
    expect([market.status("own"), market.status("b")]).toEqual(["canceled", "partially_filled"]);
  });

  test("a market order goes on to the next price when the oldest gives way", () => {
    const market = new ExchangeMarket(NOON, {}, terms("cancel_oldest"));
    market.place("own", { side: "sell", type: "limit", limit: "100" });
    market.place("other", { side: "sell", type: "limit", limit: "101" }, YOU);
    market.place("b", { side: "buy", type: "market" });
    expect(market.fills("b")).toEqual(["10@101"]);
    expect(market.status("own")).toBe("canceled");
  });

  test("the terms are those of the order that comes, also after a restore", () => {
    const market = new ExchangeMarket(NOON, {}, terms("cancel_newest"));
    market.place("s", { side: "sell", type: "limit", limit: "100" });
    market.exchange = Exchange.restore(market.settings, JSON.parse(JSON.stringify(market.exchange.snapshot())) as ExchangeSnapshot);
    market.place("b", { side: "buy", type: "limit", limit: "100" });
    market.place("c", { side: "buy", type: "limit", limit: "100" }, YOU);
    expect([market.status("b"), market.status("s"), market.status("c", YOU)]).toEqual(["canceled", "filled", "filled"]);
  });
});

describe("a fill-or-kill market order among clients alone", () => {
  const asks = (): ExchangeMarket => {
    const market = new ExchangeMarket(NOON, {}, terms());
    market.place("s1", { side: "sell", type: "limit", limit: "100", qty: 5 }, YOU);
    market.place("s2", { side: "sell", type: "limit", limit: "102", qty: 5 }, YOU);
    return market;
  };

  test("is filled through the whole depth", () => {
    const market = asks();
    market.place("b", { side: "buy", type: "market", timeInForce: "fok", qty: 8 });
    expect(market.fills("b")).toEqual(["5@100", "3@102"]);
  });

  test("is canceled without a fill when the whole depth does not have it", () => {
    const market = asks();
    market.place("b", { side: "buy", type: "market", timeInForce: "fok", qty: 11 });
    expect([market.status("b"), market.fills("b")]).toEqual(["canceled", []]);
    expect(market.exchange.topOf("XYZ" as never).ask).toBe(100_000_000);
  });

  test("is canceled without a fill when a cash account can pay for the best price only", () => {
    const market = new ExchangeMarket(NOON, {}, terms());
    market.exchange.openAccount("poor" as never, 803_000_000 as never);
    market.place("s1", { side: "sell", type: "limit", limit: "100", qty: 5 }, YOU);
    market.place("s2", { side: "sell", type: "limit", limit: "102", qty: 5 }, YOU);
    market.place("b", { side: "buy", type: "market", timeInForce: "fok", qty: 8 }, "poor" as never);
    expect(market.status("b", "poor" as never)).toBe("canceled");
    market.place("c", { side: "buy", type: "market", timeInForce: "fok", qty: 7 }, "poor" as never);
    expect(market.fills("c", "poor" as never)).toEqual(["5@100", "2@102"]);
  });
});

describe("short sales that wait when rule 201 begins", () => {
  const restricted = (): ExchangeMarket => new ExchangeMarket(NOON, { shortSaleRestriction: true }, terms()).price("100").at("2024-07-11T15:00:00Z").price("100");

  test("stay with a limit above the bid and fill there", () => {
    const market = restricted();
    market.place("s", { side: "sell", type: "limit", limit: "101" });
    market.price("90").price("101.5");
    expect(market.fills("s")).toEqual(["10@101.5"]);
  });

  test("are canceled when a stop turns them into market orders", () => {
    const market = restricted();
    market.place("s", { side: "sell", type: "stop", stop: "95" });
    market.events();
    market.walk("89");
    expect(market.status("s")).toBe("canceled");
    expect(market.fills("s")).toEqual([]);
  });

  test("are canceled where they work without a limit, and sales of shares that are held are not", () => {
    const market = new ExchangeMarket(NOON, { shortSaleRestriction: true }, terms()).price("100");
    market.hold(10).at("2024-07-11T15:00:00Z").price("100", 0);
    market.place("long", { side: "sell", type: "market" });
    market.place("short", { side: "sell", type: "market", qty: 5 }, YOU);
    market.price("90");
    expect([market.status("long"), market.status("short", YOU)]).toEqual(["filled", "canceled"]);
  });
});
