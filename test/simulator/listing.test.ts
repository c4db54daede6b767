import { describe, expect, test } from "vitest";
import { TradingFloor } from "../support/trading-floor.ts";

const rich = (): TradingFloor => new TradingFloor({ first: "1000000", second: "1000000" });

/** With a hundred shares bought at 50 for each account. */
function holders(): TradingFloor {
  const floor = rich();
  floor.quote("50", "50");
  floor.buy("100");
  floor.buy("100", { account: "second" });
  floor.exchange.endSession();
  return floor;
}

describe("a market order", () => {
  test("meets the house at once: a buy at the ask, a sell at the bid", () => {
    const floor = rich();
    floor.quote("99", "101");
    const bought = floor.buy("10");
    expect(floor.state(bought)).toBe("filled 10 @ 101");
    expect(floor.state(floor.sell("4"))).toBe("filled 4 @ 99");
    expect(floor.held()).toBe("6");
  });

  test("waits while there is no house, and fills at the next quote whatever that is", () => {
    const floor = rich();
    const early = floor.buy("10");
    expect(floor.state(early)).toBe("open");
    floor.quote("99", "101");
    expect(floor.state(early)).toBe("filled 10 @ 101");
  });

  test("is not filled while the market trades through the day's range", () => {
    const floor = rich();
    floor.quote("99", "101");
    floor.sweep("90", "110");
    const waiting = floor.buy("10");
    floor.sweep("80", "120");
    expect(floor.state(waiting)).toBe("open");
    floor.quote("104", "106");
    expect(floor.state(waiting)).toBe("filled 10 @ 106");
  });

  test("takes what the house has, and the rest from the next quote", () => {
    const floor = rich();
    floor.quote("99", "101", 30);
    const large = floor.buy("50");
    expect(floor.state(large)).toBe("open 30 @ 101");
    expect(floor.state(floor.buy("1"))).toBe("open");
    floor.quote("102", "103", 30);
    expect(floor.state(large)).toBe("filled 30 @ 101, 20 @ 103");
  });

  test("finds nothing where the house has nothing", () => {
    const floor = rich();
    floor.quote("99", "101", 0);
    expect(floor.state(floor.buy("1"))).toBe("open");
  });
});

describe("a limit order", () => {
  test.each([
    // bid and ask, limit, what became of a buy
    ["99", "101", "101", "filled 10 @ 101"],
    ["99", "101", "105", "filled 10 @ 101"],
    ["99", "101", "100.999999", "open"],
    ["100", "100", "100", "filled 10 @ 100"],
  ])("to buy meets a quote of %s to %s at %s: %s", (bid, ask, limit, expected) => {
    const floor = rich();
    floor.quote(bid, ask);
    expect(floor.state(floor.buy("10", { limit }))).toBe(expected);
  });

  test.each([
    ["99", "101", "99", "filled 10 @ 99"],
    ["99", "101", "95", "filled 10 @ 99"],
    ["99", "101", "99.000001", "open"],
  ])("to sell meets a quote of %s to %s at %s: %s", (bid, ask, limit, expected) => {
    const floor = holders();
    floor.quote(bid, ask);
    expect(floor.state(floor.sell("10", { limit }))).toBe(expected);
  });

  test("fills at the better price when the market gaps beyond it", () => {
    const floor = holders();
    floor.quote("99", "101");
    const buy = floor.buy("10", { limit: "98" });
    const sell = floor.sell("10", { limit: "103" });
    floor.quote("94", "95");
    expect(floor.state(buy)).toBe("filled 10 @ 95");
    floor.quote("107", "108");
    expect(floor.state(sell)).toBe("filled 10 @ 107");
  });

  test.each([
    // low and high, what became of a buy at 98 and of a sell at 103
    ["98", "103", "open", "open"],
    ["97.999999", "103.000001", "filled 10 @ 98", "filled 10 @ 103"],
    ["90", "102", "filled 10 @ 98", "open"],
    ["98.5", "110", "open", "filled 10 @ 103"],
  ])("is filled at its limit when the market trades through it, not when it touches it: %s to %s", (low, high, bought, sold) => {
    const floor = holders();
    floor.quote("99", "101");
    const buy = floor.buy("10", { limit: "98" });
    const sell = floor.sell("10", { limit: "103" });
    floor.sweep(low, high);
    expect([floor.state(buy), floor.state(sell)]).toEqual([bought, sold]);
  });

  test("is filled by as much as is traded through it, the rest stays", () => {
    const floor = rich();
    floor.quote("99", "101");
    const buy = floor.buy("10", { limit: "98" });
    floor.sweep("97", "101", 4);
    expect(floor.state(buy)).toBe("open 4 @ 98");
    floor.sweep("97", "101", 0);
    expect(floor.state(buy)).toBe("open 4 @ 98");
    floor.quote("96", "97", 1);
    expect(floor.state(buy)).toBe("open 4 @ 98, 1 @ 97");
    floor.quote("98", "98", 100);
    expect(floor.state(buy)).toBe("filled 4 @ 98, 1 @ 97, 5 @ 98");
  });
});

describe("among client orders", () => {
  test("market orders come before limit orders, limit orders by price, and those alike by arrival", () => {
    const floor = rich();
    const atHundred = floor.buy("10", { limit: "100" });
    const atHundredToo = floor.buy("10", { limit: "100", account: "second" });
    const higher = floor.buy("10", { limit: "101", account: "second" });
    const market = floor.buy("10", { account: "second" });
    const states = (): readonly string[] => [floor.state(market, "second"), floor.state(higher, "second"), floor.state(atHundred), floor.state(atHundredToo, "second")];
    floor.quote("98", "99", 15);
    expect(states()).toEqual(["filled 10 @ 99", "open 5 @ 99", "open", "open"]);
    floor.quote("98", "99", 10);
    expect(states()).toEqual(["filled 10 @ 99", "filled 5 @ 99, 5 @ 99", "open 5 @ 99", "open"]);
    floor.quote("98", "99", 10);
    expect(states()).toEqual(["filled 10 @ 99", "filled 5 @ 99, 5 @ 99", "filled 5 @ 99, 5 @ 99", "open 5 @ 99"]);
  });

  test("a sweep serves the better price first, and at one price who came first", () => {
    const floor = rich();
    floor.quote("99", "101");
    const early = floor.buy("10", { limit: "97" });
    const late = floor.buy("10", { limit: "97", account: "second" });
    const higher = floor.buy("10", { limit: "98", account: "second" });
    floor.sweep("90", "101", 15);
    expect([floor.state(higher, "second"), floor.state(early), floor.state(late, "second")]).toEqual(["filled 10 @ 98", "open 5 @ 97", "open"]);
  });

  test("a part fill does not cost an order its place", () => {
    const floor = rich();
    floor.quote("99", "101");
    const early = floor.buy("10", { limit: "98" });
    const late = floor.buy("10", { limit: "98", account: "second" });
    floor.quote("97", "98", 5);
    floor.sweep("90", "98", 5);
    expect([floor.state(early), floor.state(late, "second")]).toEqual(["filled 5 @ 98, 5 @ 98", "open"]);
  });

  test("an order meets a client's better price before the house's", () => {
    const floor = holders();
    floor.quote("97", "103", 5);
    const offer = floor.sell("10", { limit: "101", account: "second" });
    const buy = floor.buy("12");
    expect(floor.state(buy)).toBe("filled 10 @ 101, 2 @ 103");
    expect(floor.state(offer, "second")).toBe("filled 10 @ 101");
  });

  test("an order that one before it has filled at the same quote is not filled again", () => {
    const floor = holders();
    const offer = floor.sell("10", { limit: "100", account: "second" });
    const waiting = floor.buy("10");
    floor.quote("95", "105");
    expect(floor.state(waiting)).toBe("filled 10 @ 100");
    expect(floor.state(offer, "second")).toBe("filled 10 @ 100");
    expect(floor.exchange.snapshot().listings[0]![1].open).toEqual([]);
    expect([floor.held(), floor.held("second")]).toEqual(["110", "90"]);
  });

  test("of one account may meet each other: money and shares stay", () => {
    const floor = holders();
    floor.quote("95", "105");
    const offer = floor.sell("10", { limit: "100" });
    const bid = floor.buy("10", { limit: "101" });
    expect([floor.state(offer), floor.state(bid)]).toEqual(["filled 10 @ 100", "filled 10 @ 100"]);
    expect([floor.held(), floor.cash()]).toEqual(["100", "995000"]);
  });
});
