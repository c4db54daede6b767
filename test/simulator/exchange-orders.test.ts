import { describe, expect, test } from "vitest";
import { priceOf, shares } from "../../src/money.ts";
import { epochDayOf, sessionDateOf } from "../../src/time.ts";
import type { ClientOrderId } from "../../src/trade.ts";
import { ExchangeMarket, ME, XYZ, YOU, type TicketText } from "../support/exchange-market.ts";

/** Wednesday in summer: pre-market from 08:00Z, open 13:30Z, close 20:00Z, post to 00:00Z. */
const OPEN = "2024-07-10T13:30:00Z";
const NOON = "2024-07-10T16:00:00Z";
const code = (market: ExchangeMarket, text: TicketText, id = "x"): string => {
  const outcome = market.place(id, text);
  return outcome.kind === "rejected" ? outcome.code : outcome.kind;
};

describe("the life of an order", () => {
  test("a market order in the session is accepted, new and filled at the quote", () => {
    const market = new ExchangeMarket(NOON).price("100");
    market.place("a", { side: "buy", type: "market" });
    expect(market.events()).toEqual(["a accepted", "a new", "a fill 10@100"]);
  });

  test("one that comes before the open waits for it and meets the first quote", () => {
    const market = new ExchangeMarket("2024-07-10T12:00:00Z");
    market.place("a", { side: "buy", type: "market" });
    expect(market.status("a")).toBe("accepted");
    market.at(OPEN).price("101");
    expect(market.events()).toEqual(["a accepted", "session core", "a new", "a fill 10@101"]);
  });

  test("a fill tells whether the house, a client or an auction was on the other side", () => {
    const market = new ExchangeMarket("2024-07-10T12:00:00Z");
    market.place("o", { side: "buy", type: "market", timeInForce: "opg", qty: 1 });
    market.at(OPEN);
    market.exchange.auction(XYZ, "opening", { price: priceOf("100"), quantity: shares(1) });
    market.price("100", 5);
    market.place("h", { side: "buy", type: "market", qty: 2 }, YOU);
    market.place("a", { side: "buy", type: "limit", limit: "100", qty: 5 });
    market.place("b", { side: "sell", type: "limit", limit: "100", qty: 2 }, YOU);
    const fills = market.log.drain().flatMap((event) => (event.type === "fill" || event.type === "partial_fill" ? [`${event.order} ${event.quantity / 1e9} ${event.against}`] : []));
    expect(fills).toEqual(["o 1 auction", "h 2 house", "a 3 house", "a 2 client", "b 2 client"]);
  });

  test("every event has the next number", () => {
    const market = new ExchangeMarket(NOON).price("100");
    market.place("a", { side: "buy", type: "market" });
    market.place("b", { side: "buy", type: "limit", limit: "90" });
    market.exchange.cancel(ME, "b" as ClientOrderId);
    expect(market.log.drain().map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("a fill of a part is told as one, and the rest fills later", () => {
    const market = new ExchangeMarket(NOON).price("100", 4);
    market.place("a", { side: "buy", type: "market" });
    expect(market.status("a")).toBe("partially_filled");
    market.price("101");
    expect(market.fills("a")).toEqual(["4@100", "6@101"]);
    expect(market.status("a")).toBe("filled");
  });

  test("a DAY order expires with its session, a GTC order is done for the day and new at the next open", () => {
    const market = new ExchangeMarket(NOON).price("100");
    market.place("d", { side: "buy", type: "limit", limit: "90" });
    market.place("g", { side: "buy", type: "limit", limit: "91", timeInForce: "gtc" });
    market.at("2024-07-10T20:01:00Z");
    expect([market.status("d"), market.status("g")]).toEqual(["expired", "done_for_day"]);
    market.at("2024-07-11T14:00:00Z");
    expect(market.status("g")).toBe("new");
    market.walk("90");
    expect(market.fills("g")).toEqual(["10@91"]);
  });

  test("a GTC order is canceled at 16:15 of its ninetieth day", () => {
    const market = new ExchangeMarket(NOON).price("100");
    market.place("g", { side: "buy", type: "limit", limit: "90", timeInForce: "gtc" });
    market.at("2024-10-08T20:14:59Z");
    expect(market.status("g")).toBe("done_for_day");
    market.at("2024-10-08T20:15:00Z");
    expect(market.status("g")).toBe("canceled");
  });

  test("a GTD order lives to its last day", () => {
    const market = new ExchangeMarket(NOON).price("100");
    market.place("g", { side: "buy", type: "limit", limit: "90", timeInForce: "gtd", expiresOn: epochDayOf(sessionDateOf("2024-07-11")) });
    market.at("2024-07-11T19:00:00Z");
    expect(market.status("g")).toBe("new");
    market.at("2024-07-12T13:00:00Z");
    expect(market.status("g")).toBe("expired");
  });
});

describe("times in force", () => {
  test("IOC takes what is there and the rest is canceled", () => {
    const market = new ExchangeMarket(NOON).price("100", 4);
    market.place("a", { side: "buy", type: "limit", limit: "100", timeInForce: "ioc" });
    expect([market.status("a"), market.fills("a")]).toEqual(["canceled", ["4@100"]]);
  });

  test.each([
    ["4 shares offered: nothing", 4, "canceled", []],
    ["10 shares offered: all", 10, "filled", ["10@100"]],
  ])("FOK with %s", (_name, offered, status, fills) => {
    const market = new ExchangeMarket(NOON).price("100", offered);
    market.place("a", { side: "buy", type: "limit", limit: "100", timeInForce: "fok" });
    expect([market.status("a"), market.fills("a")]).toEqual([status, fills]);
  });

  test.each([
    ["opg", "2024-07-10T13:27:59Z", "accepted"],
    ["opg", "2024-07-10T13:28:00Z", "after_cutoff"],
    ["opg", "2024-07-10T22:59:59Z", "after_cutoff"],
    ["opg", "2024-07-10T23:00:00Z", "accepted"],
    ["cls", "2024-07-10T19:49:59Z", "accepted"],
    ["cls", "2024-07-10T19:50:00Z", "after_cutoff"],
    ["ioc", "2024-07-10T13:00:00Z", "market_closed"],
  ] as const)("a %s order at %s: %s", (timeInForce, at, expected) => {
    expect(code(new ExchangeMarket(at), { side: "buy", type: "limit", limit: "10", timeInForce })).toBe(expected);
  });

  test("an on-open order fills in the opening auction at its price, and what is left is canceled", () => {
    const market = new ExchangeMarket("2024-07-10T12:00:00Z");
    market.place("a", { side: "buy", type: "market", timeInForce: "opg" });
    market.place("b", { side: "buy", type: "limit", limit: "99", timeInForce: "opg" });
    expect(market.status("a")).toBe("accepted_for_bidding");
    market.at(OPEN).exchange.auction(XYZ, "opening", { price: priceOf("100"), quantity: shares(6) });
    expect([market.fills("a"), market.status("a"), market.status("b")]).toEqual([["6@100"], "canceled", "canceled"]);
  });

  test("an extended-hours limit trades before the open, a plain one does not", () => {
    const market = new ExchangeMarket("2024-07-10T09:00:00Z");
    market.place("e", { side: "buy", type: "limit", limit: "100", extendedHours: true });
    market.place("d", { side: "buy", type: "limit", limit: "100" });
    market.price("99");
    expect([market.fills("e"), market.fills("d")]).toEqual([["10@99"], []]);
  });
});

describe("stops", () => {
  test("a sell stop on the way of the market fills where it stands, one that a gap passes at the price after the gap", () => {
    const market = new ExchangeMarket(NOON).price("100").hold(20);
    market.place("near", { side: "sell", type: "stop", stop: "98" });
    market.place("far", { side: "sell", type: "stop", stop: "90" });
    market.walk("95").price("85");
    expect([market.fills("near"), market.fills("far")]).toEqual([["10@98"], ["10@85"]]);
  });

  test("a stop-limit that a gap has passed waits at its limit", () => {
    const market = new ExchangeMarket(NOON).price("100").hold(10);
    market.place("a", { side: "sell", type: "stop_limit", stop: "98", limit: "97" });
    market.price("95");
    expect([market.status("a"), market.fills("a")]).toEqual(["new", []]);
    market.walk("98");
    expect(market.fills("a")).toEqual(["10@97"]);
  });

  test.each([
    [{ by: "price", price: priceOf("3") }, "10@107"],
    [{ by: "percent", ppm: 100_000 }, "10@99"],
  ] as const)("a trailing stop of %j follows to 110 and sells below", (trail, fill) => {
    const market = new ExchangeMarket(NOON).price("100").hold(10);
    market.place("a", { side: "sell", type: "trailing_stop", trail });
    market.walk("110").walk("95");
    expect(market.fills("a")).toEqual([fill]);
  });

  test("with Alpaca's checks a buy stop has a limit 2.5 % above it", () => {
    const market = new ExchangeMarket(NOON, { checks: "alpaca" }).price("100");
    market.place("a", { side: "buy", type: "stop", stop: "110" });
    market.price("115");
    expect([market.status("a"), market.fills("a")]).toEqual(["new", []]);
    market.price("112");
    expect(market.fills("a")).toEqual(["10@112"]);
  });
});

describe("replacing", () => {
  const replaced = (market: ExchangeMarket, changes: object, id = "a"): string => {
    const outcome = market.exchange.replace(ME, id as ClientOrderId, { clientOrderId: "b" as ClientOrderId, ...changes });
    return outcome.kind === "rejected" ? outcome.code : outcome.kind;
  };

  test("the old order is replaced by a new one with what was filled carried over", () => {
    const market = new ExchangeMarket(NOON).price("100", 4);
    market.place("a", { side: "buy", type: "limit", limit: "100" });
    expect(replaced(market, { quantity: shares(6), limitPrice: priceOf("99") })).toBe("accepted");
    market.price("99");
    expect([market.status("a"), market.status("b"), market.fills("b")]).toEqual(["replaced", "filled", ["4@100", "2@99"]]);
  });

  test("a smaller quantity keeps the place in the queue, a new price loses it", () => {
    for (const [changes, first] of [[{ quantity: shares(5) }, "b"], [{ limitPrice: priceOf("89.99") }, "c"]] as const) {
      const market = new ExchangeMarket(NOON).price("100");
      market.place("a", { side: "buy", type: "limit", limit: "90" });
      market.place("c", { side: "buy", type: "limit", limit: "90" });
      replaced(market, changes);
      market.walk("89", 5);
      expect(market.fills(first).length).toBe(1);
    }
  });

  test.each([
    ["nothing changed", {}, "unchanged"],
    ["no more than is filled", { quantity: shares(4) }, "invalid_quantity"],
    ["more than the money pays for", { quantity: shares(2000) }, "insufficient_buying_power"],
    ["an unknown order", { id: "zz" }, "order_not_found"],
  ] as const)("%s is rejected", (_name, changes, expected) => {
    const market = new ExchangeMarket(NOON).price("100", 4);
    market.place("a", { side: "buy", type: "limit", limit: "100" });
    const { id, ...rest } = { id: "a", ...changes };
    expect(replaced(market, rest, id)).toBe(expected);
  });

  test("an order that waits for its session cannot be replaced", () => {
    const market = new ExchangeMarket("2024-07-10T07:00:00Z");
    market.place("a", { side: "buy", type: "limit", limit: "100" });
    expect(replaced(market, { quantity: shares(5) })).toBe("not_replaceable");
  });
});

describe("Alpaca's validity matrix", () => {
  const limit = { side: "buy", type: "limit", limit: "100" } as const;
  test.each<[string, TicketText, string]>([
    ["a market order, on open", { side: "buy", type: "market", timeInForce: "cls" }, "accepted"],
    ["a stop, IOC", { side: "buy", type: "stop", stop: "110", timeInForce: "ioc" }, "invalid_time_in_force"],
    ["a stop, on close", { side: "buy", type: "stop", stop: "110", timeInForce: "cls" }, "invalid_time_in_force"],
    ["a trailing stop, GTC", { side: "buy", type: "trailing_stop", trail: { by: "price", price: priceOf("1") }, timeInForce: "gtc" }, "accepted"],
    ["a trailing stop, FOK", { side: "buy", type: "trailing_stop", trail: { by: "price", price: priceOf("1") }, timeInForce: "fok" }, "invalid_time_in_force"],
    ["an extended-hours market order", { side: "buy", type: "market", extendedHours: true }, "invalid_extended_hours"],
    ["an extended-hours IOC limit", { ...limit, timeInForce: "ioc", extendedHours: true }, "invalid_extended_hours"],
    ["a fractional DAY limit", { ...limit, qty: 0.5 }, "accepted"],
    ["a fractional GTC limit", { ...limit, qty: 0.5, timeInForce: "gtc" }, "fractional_not_day"],
    ["a fractional trailing stop", { side: "buy", type: "trailing_stop", trail: { by: "price", price: priceOf("1") }, qty: 0.5 }, "fractional_trailing_stop"],
    ["half a cent", { ...limit, limit: "100.005" }, "sub_penny"],
    ["half a dollar's worth", { ...limit, qty: 0.005 }, "below_minimum"],
    ["more than amounts can count", { ...limit, limit: "1000000", qty: 9_000_000 }, "order_too_large"],
    ["a limit order without a limit", { side: "buy", type: "limit" }, "invalid_limit_price"],
    ["a market order with a limit", { side: "buy", type: "market", limit: "1" }, "invalid_limit_price"],
    ["a stop without a stop price", { side: "buy", type: "stop" }, "invalid_stop_price"],
    ["a trailing stop without a distance", { side: "buy", type: "trailing_stop" }, "invalid_trail"],
    ["a GTD order without a day", { ...limit, timeInForce: "gtd" }, "invalid_expiry"],
    ["nothing at all", { ...limit, qty: 0 }, "invalid_quantity"],
    ["more than there is money for", { ...limit, qty: 1001 }, "insufficient_buying_power"],
    ["shares that are not held", { side: "sell", type: "market" }, "insufficient_quantity"],
  ])("%s: %s", (_name, text, expected) => {
    expect(code(new ExchangeMarket(NOON, { checks: "alpaca" }).price("100"), text)).toBe(expected);
  });

  test.each<[TicketText, TicketText, string]>([
    [{ side: "sell", type: "limit", limit: "105" }, { side: "buy", type: "market" }, "wash_trade"],
    [{ side: "sell", type: "limit", limit: "105" }, { side: "buy", type: "limit", limit: "105" }, "wash_trade"],
    [{ side: "sell", type: "limit", limit: "105" }, { side: "buy", type: "limit", limit: "104.99" }, "accepted"],
    [{ side: "sell", type: "stop", stop: "95" }, { side: "buy", type: "limit", limit: "90" }, "wash_trade"],
    [{ side: "sell", type: "trailing_stop", trail: { by: "price", price: priceOf("1") } }, { side: "buy", type: "market" }, "accepted"],
  ])("with an open %j, a new %j: %s", (open, next, expected) => {
    const market = new ExchangeMarket(NOON, { checks: "alpaca" }).price("100").hold(10);
    market.place("open", open);
    expect(code(market, next)).toBe(expected);
  });
});

describe("a halt", () => {
  test("suspends orders, and trading resumes with one price for those that cross", () => {
    const market = new ExchangeMarket(NOON).price("100").hold(10);
    market.place("s", { side: "sell", type: "limit", limit: "105" });
    market.exchange.halt(XYZ);
    expect(market.status("s")).toBe("suspended");
    market.place("b", { side: "buy", type: "limit", limit: "106" }, YOU);
    market.price("103");
    expect(market.fills("b", YOU)).toEqual([]);
    market.exchange.resume(XYZ);
    expect([market.fills("s"), market.fills("b", YOU)]).toEqual([["10@105"], ["10@105"]]);
  });
});
