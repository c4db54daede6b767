import { describe, expect, test } from "vitest";
import { moneyOf, priceOf } from "../../src/money.ts";
import type { ExchangeSnapshot } from "../../src/simulator/exchange.ts";
import { instantOf } from "../../src/time.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import { AAA, BBB, TradingFloor } from "../support/trading-floor.ts";

describe("an order is rejected", () => {
  test.each<[string, (floor: TradingFloor) => string, string]>([
    ["for a symbol without a market", (floor) => floor.buy("1", { symbol: "ZZZ" as Symbol }), "asset_not_found: no market in ZZZ"],
    ["for no shares", (floor) => floor.buy("0"), "invalid_quantity: quantity must be positive"],
    ["for less than no shares", (floor) => floor.sell("-1"), "invalid_quantity: quantity must be positive"],
    ["with a limit of nothing", (floor) => floor.buy("1", { limit: "0" }), "invalid_limit_price: limit price must be positive"],
    ["that sells what is not held", (floor) => floor.sell("1.5"), "insufficient_quantity: insufficient qty available for order (requested: 1.5, available: 0)"],
    ["that costs more than there is, at the ask", (floor) => floor.buy("10"), "insufficient_buying_power: insufficient buying power (cost: 1010, available: 1000)"],
    ["that costs more than there is, at its limit", (floor) => floor.buy("10", { limit: "100.5" }), "insufficient_buying_power: insufficient buying power (cost: 1005, available: 1000)"],
  ])("%s", (_case, send, expected) => {
    const floor = new TradingFloor({ first: "1000" });
    floor.quote("99", "101");
    expect(send(floor)).toBe(expected);
    expect(floor.exchange.snapshot().orders).toEqual([]);
  });

  test("and may be sent again under its id when there is money", () => {
    const floor = new TradingFloor({ first: "1000" });
    floor.quote("100", "100");
    expect(floor.buy("11", { id: "x" })).toMatch(/^insufficient_buying_power/);
    expect(floor.buy("10", { id: "x" })).toBe("x");
  });
});

describe("money", () => {
  test("is set aside for open buys: limit orders at their limit, market orders at the ask or the last price", () => {
    const floor = new TradingFloor({ first: "10000" });
    floor.quote("99", "101");
    floor.buy("10", { limit: "90" });
    expect([floor.cash(), floor.buyingPower()]).toEqual(["10000", "9100"]);
    floor.sweep("95", "105");
    floor.buy("10"); // the last price is 100
    expect(floor.buyingPower()).toBe("8100");
    expect(floor.buy("81.000001")).toMatch(/^insufficient_buying_power/);
    floor.cancel("order-1");
    expect(floor.buyingPower()).toBe("9000");
  });

  test("is set aside by the order's own bound where a symbol has had no price", () => {
    const floor = new TradingFloor({ first: "1000" });
    expect(floor.buy("10.000001")).toBe("insufficient_buying_power: insufficient buying power (cost: 1000.0001, available: 1000)");
    floor.buy("10");
    expect(floor.buyingPower()).toBe("0");
  });

  test("is set aside for fees too", () => {
    const floor = new TradingFloor({ first: "1001" }, { fees: "ib" });
    floor.quote("99", "101");
    expect(floor.buy("10", { limit: "100.2" })).toBe("insufficient_buying_power: insufficient buying power (cost: 1003, available: 1001)");
    expect(floor.buy("10", { limit: "100" })).toBe("order-2");
    expect(floor.buyingPower()).toBe("0");
    floor.sweep("99", "101");
    expect([floor.state("order-2"), floor.cash()]).toEqual(["filled 10 @ 100", "0"]);
  });

  test("of an order that is filled below its limit is free again", () => {
    const floor = new TradingFloor({ first: "1000" });
    floor.quote("89", "90");
    floor.buy("10", { limit: "100" });
    expect([floor.cash(), floor.buyingPower()]).toEqual(["100", "100"]);
  });

  test("that is there pays for as much of a market order as it can, where the price has risen; the rest is canceled", () => {
    const floor = new TradingFloor({ first: "1000" });
    floor.quote("100", "100");
    floor.sweep("100", "100");
    const waiting = floor.buy("10");
    floor.quote("125", "125");
    expect([floor.state(waiting), floor.cash()]).toEqual(["canceled 8 @ 125", "0"]);
  });

  test("pays the fees of a market order as well", () => {
    const floor = new TradingFloor({ first: "1001" }, { fees: "ib" });
    floor.quote("100", "100");
    floor.sweep("100", "100");
    const waiting = floor.buy("10");
    floor.quote("200", "200");
    expect([floor.state(waiting), floor.cash()]).toEqual(["canceled 5 @ 200", "0"]);
  });

  test("that a limit order has set aside is not spent by a market order that waited for a higher price", () => {
    const floor = new TradingFloor({ first: "1000" });
    floor.quote("100", "100");
    floor.quote("50", "50", 1_000_000, BBB);
    floor.sweep("100", "100");
    const limit = floor.buy("10", { limit: "40", symbol: BBB });
    const waiting = floor.buy("6");
    floor.quote("200", "200");
    expect(floor.state(waiting)).toBe("canceled 3 @ 200");
    floor.sweep("39", "50", 1_000_000, BBB);
    expect([floor.state(limit), floor.cash()]).toEqual(["filled 10 @ 40", "0"]);
  });

  test("comes from a sale at once", () => {
    const floor = new TradingFloor({ first: "1000" });
    floor.quote("100", "100");
    floor.buy("10");
    floor.sell("10");
    expect([floor.cash(), floor.buyingPower(), floor.held()]).toEqual(["1000", "1000", "0"]);
  });

  test("fees of a day are rounded up once, however many fills there are", () => {
    const floor = new TradingFloor({ first: "100000" }, { fees: "alpaca" });
    floor.quote("100", "100");
    floor.buy("100");
    floor.sell("50");
    floor.sell("50");
    // 20.60 USD for each million sold are 0.206; 0.000003 USD for each of 200 shares are 0.0006; the TAF is on holiday
    expect(floor.exchange.feesPaid("first" as AccountName)).toBe(moneyOf("0.22"));
    expect(floor.cash()).toBe("99999.78");
  });
});

describe("shares", () => {
  test("are set aside for open sells", () => {
    const floor = new TradingFloor({ first: "1000" });
    floor.quote("100", "100");
    floor.buy("10");
    floor.sell("6", { limit: "110" });
    expect(floor.sell("4.000000001")).toBe("insufficient_quantity: insufficient qty available for order (requested: 4.000000001, available: 4)");
    expect(floor.state(floor.sell("4"))).toBe("filled 4 @ 100");
    expect(floor.held()).toBe("6");
  });

  test("of one symbol do not stand for another's", () => {
    const floor = new TradingFloor({ first: "1000" });
    floor.quote("100", "100");
    floor.buy("10");
    expect(floor.sell("1", { symbol: BBB })).toMatch(/^insufficient_quantity/);
  });
});

describe("an id", () => {
  test("names one order for good: sent again it is a duplicate, whatever has become of the first", () => {
    const floor = new TradingFloor({ first: "1000" });
    floor.quote("100", "100");
    expect(floor.buy("1", { id: "x" })).toBe("x");
    expect(floor.buy("5", { id: "x", limit: "50" })).toBe("duplicate");
    expect(floor.state("x")).toBe("filled 1 @ 100");
    floor.buy("1", { id: "y", limit: "50" });
    floor.cancel("y");
    expect(floor.sell("1", { id: "y" })).toBe("duplicate");
    expect(floor.state("y")).toBe("canceled");
  });

  test("of another account is taken; the order can be neither seen nor canceled", () => {
    const floor = new TradingFloor({ first: "1000", second: "1000" });
    floor.quote("99", "101");
    floor.buy("1", { id: "x", limit: "50" });
    expect(floor.buy("1", { id: "x", account: "second" })).toBe("client_order_id_taken: client order id belongs to another account");
    expect(floor.state("x", "second")).toBe("unknown");
    floor.cancel("x", "second");
    expect(floor.state("x")).toBe("open");
  });

  test("that nobody used is unknown, and canceling it is no error", () => {
    const floor = new TradingFloor({ first: "1000" });
    expect(floor.state("nobody")).toBe("unknown");
    expect(() => floor.cancel("nobody")).not.toThrow();
  });

  test("that has been handed over with its order may be asked of its new owner only", () => {
    const floor = new TradingFloor({ first: "1000" });
    floor.quote("100", "100");
    floor.buy("1", { id: "done" });
    floor.buy("1", { id: "open", limit: "50" });
    expect(floor.exchange.takeEnded().map(({ clientOrderId, status }) => [clientOrderId, status])).toEqual([["done", "filled"]]);
    expect([floor.state("done"), floor.state("open")]).toEqual(["unknown", "open"]);
    expect(floor.exchange.takeEnded()).toEqual([]);
  });
});

describe("the end of the session", () => {
  test("expires what is open, frees its money and takes the quotes away", () => {
    const floor = new TradingFloor({ first: "1000" });
    floor.quote("99", "101", 5);
    const part = floor.buy("8", { limit: "101" });
    const limit = floor.buy("1", { limit: "50" });
    floor.exchange.endSession();
    expect([floor.state(part), floor.state(limit), floor.buyingPower()]).toEqual(["expired 5 @ 101", "expired", "495"]);
    expect(floor.exchange.quoteOf(AAA)).toBeUndefined();
    floor.quote("40", "40");
    expect(floor.state(limit)).toBe("expired");
  });

  test("an order that comes after it waits for the next session", () => {
    const floor = new TradingFloor({ first: "1000" });
    floor.quote("100", "100");
    floor.exchange.endSession();
    const overnight = floor.buy("5");
    expect(floor.state(overnight)).toBe("open");
    floor.quote("102", "102");
    expect(floor.state(overnight)).toBe("filled 5 @ 102");
  });

  test("marks the account for the next day", () => {
    const floor = new TradingFloor({ first: "1000" });
    floor.quote("100", "100");
    floor.buy("5");
    floor.quote("120", "120");
    floor.exchange.endSession();
    expect(floor.exchange.account("first" as AccountName)).toMatchObject({ equity: moneyOf("1100"), lastEquity: moneyOf("1100") });
    floor.quote("90", "90");
    expect(floor.exchange.account("first" as AccountName)).toMatchObject({ equity: moneyOf("950"), lastEquity: moneyOf("1100") });
  });
});

describe("a quote", () => {
  test("is the house's, and an indication around the last price while the house is away", () => {
    const floor = new TradingFloor({ first: "1000" }, { halfSpreadBps: 10 });
    expect(floor.exchange.quoteOf(AAA)).toBeUndefined();
    floor.quote("99", "101");
    expect(floor.exchange.quoteOf(AAA)).toEqual({ bid: priceOf("99"), ask: priceOf("101"), at: instantOf("2026-11-23T14:30:00Z") });
    floor.sweep("95", "105");
    floor.exchange.setTime(instantOf("2026-11-23T18:00:00Z"));
    expect(floor.exchange.quoteOf(AAA)).toEqual({ bid: priceOf("99.9"), ask: priceOf("100.1"), at: instantOf("2026-11-23T18:00:00Z") });
  });

  test("time does not go back", () => {
    const floor = new TradingFloor({ first: "1000" });
    floor.exchange.setTime(instantOf("2026-11-23T18:00:00Z"));
    expect(() => floor.exchange.setTime(instantOf("2026-11-23T17:59:59.999Z"))).toThrow("cannot go back");
  });
});

describe("corporate actions", () => {
  test("a dividend goes to who held at the close before, counts as equity at once and as cash on its day", () => {
    const floor = new TradingFloor({ first: "1000", second: "1000" });
    floor.quote("100", "100");
    floor.buy("5");
    floor.exchange.endSession();
    floor.dividend(2, "2026-12-01");
    floor.quote("98", "98");
    floor.buy("5", { account: "second" });
    expect([floor.cash(), floor.equity(), floor.buyingPower()]).toEqual(["500", "1000", "500"]);
    floor.payDividends("2026-12-01");
    expect([floor.cash(), floor.cash("second")]).toEqual(["510", "510"]);
    expect(floor.equity("second")).toBe("1000");
  });

  test.each([
    [2, false, "100", "50", "10", "0"],
    [0.1, false, "100", "1000", "0.5", "0"],
    [1.5, true, "90", "60", "7", "30"],
  ])("a split of %d for one with whole shares %s multiplies the shares and divides the price of %s", (ratio, wholeShares, before, after, held, paid) => {
    const floor = new TradingFloor({ first: String(5 * Number(before)) }, { wholeShares });
    floor.quote(before, before);
    floor.buy("5");
    floor.exchange.endSession();
    floor.exchange.split(AAA, ratio, priceOf(after));
    expect([floor.held(), floor.cash(), floor.exchange.account("first" as AccountName).positions[0]!.marketPrice]).toEqual([held, paid, priceOf(after)]);
    expect(floor.equity()).toBe(String(5 * Number(before)));
  });

  test("a split cancels the open orders of its symbol, and no others", () => {
    const floor = new TradingFloor({ first: "10000" });
    floor.quote("100", "100");
    floor.quote("100", "100", 1_000_000, BBB);
    floor.buy("5");
    floor.exchange.endSession();
    const orders = [floor.sell("5"), floor.buy("1", { limit: "90" }), floor.buy("1", { symbol: BBB })];
    floor.exchange.split(AAA, 0.1, priceOf("1000"));
    floor.quote("1000", "1000");
    expect(orders.map((id) => floor.state(id))).toEqual(["canceled", "canceled", "open"]);
    expect(floor.held()).toBe("0.5");
    expect(floor.state(floor.sell("0.5"))).toBe("filled 0.5 @ 1000");
  });
});

test("accounts see their own positions and orders", () => {
  const floor = new TradingFloor({ first: "1000", second: "1000" });
  floor.quote("100", "100");
  floor.buy("5");
  floor.buy("1", { limit: "50", account: "second" });
  expect([floor.held(), floor.held("second")]).toEqual(["5", "0"]);
  expect(floor.exchange.openOrders("first" as AccountName)).toEqual([]);
  expect(floor.exchange.openOrders("second" as AccountName)).toMatchObject([{ clientOrderId: "order-2", symbol: "AAA", side: "buy" }]);
  expect(() => floor.exchange.account("third" as AccountName)).toThrow("no account third");
  expect(() => floor.exchange.openAccount("first" as AccountName, moneyOf("1"))).toThrow("open already");
});

test("an exchange restored from JSON knows its orders, its money and its ids", () => {
  const floor = new TradingFloor({ first: "10000" }, { fees: "alpaca" });
  floor.quote("99", "101", 5);
  floor.buy("8", { limit: "101", id: "part" });
  floor.buy("3", { id: "waiting" });
  const stored = JSON.parse(JSON.stringify(floor.exchange.snapshot())) as ExchangeSnapshot;
  const restored = new TradingFloor({}, { fees: "alpaca" }, stored);
  expect(restored.exchange.snapshot()).toEqual(floor.exchange.snapshot());
  for (const one of [floor, restored]) {
    expect(one.buy("1", { id: "part" })).toBe("duplicate");
    one.quote("98", "99");
    expect([one.state("part"), one.state("waiting"), one.order("part")!.fills.map(({ id }) => id)]).toEqual(["filled 5 @ 101, 3 @ 99", "filled 3 @ 99", ["x1", "x3"]]);
  }
  expect(restored.exchange.snapshot()).toEqual(floor.exchange.snapshot());
});
