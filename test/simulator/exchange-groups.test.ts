import { describe, expect, test } from "vitest";
import { priceOf } from "../../src/money.ts";
import type { OrderGroup } from "../../src/simulator/order-ticket.ts";
import type { ClientOrderId } from "../../src/trade.ts";
import { ExchangeMarket, ME, ticket, type TicketText } from "../support/exchange-market.ts";

const NOON = "2024-07-10T16:00:00Z";
const id = (text: string): ClientOrderId => text as ClientOrderId;
const tp = (limit: string): { clientOrderId: ClientOrderId; limitPrice: ReturnType<typeof priceOf> } => ({ clientOrderId: id("tp"), limitPrice: priceOf(limit) });
const sl = (stop: string): { clientOrderId: ClientOrderId; stopPrice: ReturnType<typeof priceOf> } => ({ clientOrderId: id("sl"), stopPrice: priceOf(stop) });
const statuses = (market: ExchangeMarket): (string | undefined)[] => ["e", "tp", "sl"].map((one) => market.status(one));

function placed(market: ExchangeMarket, group: OrderGroup): string {
  const outcome = market.exchange.placeGroup(ME, group);
  return outcome.kind === "rejected" ? outcome.code : outcome.kind;
}

function bracket(market: ExchangeMarket, entry: TicketText = { side: "buy", type: "limit", limit: "100" }): string {
  return placed(market, { class: "bracket", entry: ticket("e", entry), takeProfit: tp("110"), stopLoss: sl("95") });
}

function held(market: ExchangeMarket): number {
  return (market.exchange.account(ME).positions[0]?.quantity ?? 0) / 1e9;
}

describe("a bracket", () => {
  test("holds its legs until the entry is filled completely", () => {
    const market = new ExchangeMarket(NOON).price("101");
    bracket(market);
    expect(statuses(market)).toEqual(["new", "held", "held"]);
    market.price("100", 4);
    expect(statuses(market)).toEqual(["partially_filled", "held", "held"]);
    market.price("100");
    expect(statuses(market)).toEqual(["filled", "new", "new"]);
  });

  test("takes the profit and cancels the stop", () => {
    const market = new ExchangeMarket(NOON).price("100");
    bracket(market);
    market.walk("111").walk("90");
    expect([statuses(market), market.fills("tp"), held(market)]).toEqual([["filled", "filled", "canceled"], ["10@110"], 0]);
  });

  test("stops the loss and cancels the profit, also when the market comes back far beyond it", () => {
    const market = new ExchangeMarket(NOON).price("100");
    bracket(market);
    market.walk("94").walk("120");
    expect([statuses(market), market.fills("sl"), held(market)]).toEqual([["filled", "canceled", "filled"], ["10@95"], 0]);
  });

  test("a part of the profit makes the stop smaller", () => {
    const market = new ExchangeMarket(NOON).price("100");
    bracket(market);
    market.walk("111", 4).walk("90");
    expect([market.fills("tp"), market.fills("sl"), held(market)]).toEqual([["4@110"], ["6@95"], 0]);
  });

  test("ends with an entry that ends unfilled", () => {
    const market = new ExchangeMarket(NOON).price("101");
    bracket(market);
    market.exchange.cancel(ME, id("e"));
    expect(statuses(market)).toEqual(["canceled", "canceled", "canceled"]);
  });

  test("canceling one leg cancels the other", () => {
    const market = new ExchangeMarket(NOON).price("100");
    bracket(market);
    market.exchange.cancel(ME, id("tp"));
    expect(statuses(market)).toEqual(["filled", "canceled", "canceled"]);
  });

  test("goes on with a replaced leg", () => {
    const market = new ExchangeMarket(NOON).price("100");
    bracket(market);
    market.exchange.replace(ME, id("tp"), { clientOrderId: id("tp2"), limitPrice: priceOf("105") });
    market.walk("106");
    expect([market.status("tp2"), market.status("sl")]).toEqual(["filled", "canceled"]);
  });

  test.each<[string, Partial<{ profit: string; stop: string; entry: TicketText }>, string]>([
    ["a profit below the entry", { profit: "99" }, "invalid_take_profit"],
    ["a stop at the entry", { stop: "100" }, "invalid_stop_loss"],
    ["a stop above the profit", { profit: "101", stop: "102" }, "invalid_take_profit"],
    ["an IOC entry", { entry: { side: "buy", type: "limit", limit: "100", timeInForce: "ioc" } }, "invalid_time_in_force"],
    ["an extended-hours entry", { entry: { side: "buy", type: "limit", limit: "100", extendedHours: true } }, "invalid_extended_hours"],
    ["a fractional entry", { entry: { side: "buy", type: "limit", limit: "100", qty: 1.5 } }, "fractional_not_simple"],
  ])("%s is rejected, and no order of it exists", (_name, { profit = "110", stop = "95", entry = { side: "buy", type: "limit", limit: "100" } }, expected) => {
    const market = new ExchangeMarket(NOON).price("101");
    expect(placed(market, { class: "bracket", entry: ticket("e", entry), takeProfit: tp(profit), stopLoss: sl(stop) })).toBe(expected);
    expect(statuses(market)).toEqual([undefined, undefined, undefined]);
  });
});

describe("OCO and OTO", () => {
  test("an OCO needs a position, and reserves its shares once", () => {
    const market = new ExchangeMarket(NOON).price("100");
    const oco: OrderGroup = { class: "oco", exit: ticket("tp", { side: "sell", type: "limit", limit: "110" }), stopLoss: sl("95") };
    expect(placed(market, oco)).toBe("oco_without_position");
    market.hold(10);
    expect(placed(market, oco)).toBe("accepted");
    market.walk("94");
    expect([market.status("tp"), market.fills("sl")]).toEqual(["canceled", ["10@95"]]);
  });

  test("an OTO sends its one leg when the entry is filled", () => {
    const market = new ExchangeMarket(NOON).price("100");
    expect(placed(market, { class: "oto", entry: ticket("e", { side: "buy", type: "market" }), stopLoss: sl("95") })).toBe("accepted");
    expect(market.place("more", { side: "sell", type: "market", qty: 1 }).kind).toBe("rejected");
    market.walk("94");
    expect([market.fills("sl"), held(market)]).toEqual([["10@95"], 0]);
  });

  test("legs of a short entry buy back", () => {
    const market = new ExchangeMarket(NOON, {}, { multiplier: 2, shorting: true, debitInterestBps: 0, borrowFeeBps: 0 }).price("100");
    const group: OrderGroup = { class: "bracket", entry: ticket("e", { side: "sell", type: "limit", limit: "100" }), takeProfit: tp("90"), stopLoss: sl("105") };
    expect(placed(market, group)).toBe("accepted");
    expect(held(market)).toBe(-10);
    market.walk("106");
    expect([market.fills("sl"), held(market)]).toEqual([["10@105"], 0]);
    expect(market.exchange.account(ME).cash).toBe(99_950_000_000);
    expect(market.exchange.account(ME).positions).toEqual([]);
  });
});
