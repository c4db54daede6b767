import { describe, expect, test } from "vitest";
import { moneyToText, priceOf, shares } from "../../src/money.ts";
import { Exchange, type ExchangeSnapshot } from "../../src/simulator/exchange.ts";
import type { ExchangeSettings } from "../../src/simulator/exchange.ts";
import type { OrderChanges } from "../../src/simulator/order-ticket.ts";
import type { ClientOrderId, SubmitOutcome } from "../../src/trade.ts";
import { ExchangeMarket, ME, ticket, XYZ } from "../support/exchange-market.ts";

const NOON = "2024-07-10T16:00:00Z";
const after = (ms: number): string => new Date(Date.parse(NOON) + ms).toISOString();

/** An exchange that takes a second, at noon, with a locked quote of 100. */
function slow(settings: Partial<ExchangeSettings> = {}, at = NOON): ExchangeMarket {
  const market = new ExchangeMarket(at, { acknowledgeMs: 1_000, ...settings }).price("100");
  market.events();
  return market;
}

function replace(market: ExchangeMarket, id: string, by: string, changes: { readonly qty?: number; readonly limit?: string; readonly stop?: string }): SubmitOutcome {
  const { qty, limit, stop } = changes;
  const wanted: OrderChanges = { clientOrderId: by as ClientOrderId, quantity: qty === undefined ? undefined : shares(qty), limitPrice: limit === undefined ? undefined : priceOf(limit), stopPrice: stop === undefined ? undefined : priceOf(stop) };
  return market.exchange.replace(ME, id as ClientOrderId, wanted);
}

const cancel = (market: ExchangeMarket, id: string): void => market.exchange.cancel(ME, id as ClientOrderId);
const power = (market: ExchangeMarket): string => moneyToText(market.exchange.account(ME).buyingPower);

/** It stands at 99 and is acknowledged; a second after noon. */
function resting(qty = 10): ExchangeMarket {
  const market = slow();
  market.place("a", { side: "buy", type: "limit", qty, limit: "99" });
  market.at(after(1_000)).events();
  return market;
}

describe("an order", () => {
  test("is pending_new until its second is over, and takes no part in matching", () => {
    const market = slow();
    expect(market.place("a", { side: "buy", type: "limit", limit: "100" })).toEqual({ kind: "accepted" });
    market.price("99").walk("98").at(after(999));
    expect(market.status("a")).toBe("pending_new");
    expect(market.fills("a")).toEqual([]);
    market.price("100").at(after(1_000));
    expect(market.events()).toEqual(["a accepted", "a pending_new", "a new", "a fill 10@100"]);
  });

  test("has its money reserved from the beginning", () => {
    const market = slow();
    market.place("a", { side: "buy", type: "limit", qty: 600, limit: "100" });
    expect(power(market)).toBe("40000");
    expect(market.place("b", { side: "buy", type: "limit", qty: 500, limit: "100" })).toMatchObject({ code: "insufficient_buying_power" });
    expect(market.exchange.openOrders(ME)).toMatchObject([{ clientOrderId: "a" }]);
  });

  test("is known at once, so that the same id is a duplicate", () => {
    const market = slow();
    market.place("a", { side: "buy", type: "limit", limit: "99" });
    expect(market.place("a", { side: "buy", type: "limit", limit: "99" })).toEqual({ kind: "duplicate" });
  });

  test("is behind those that were acknowledged before it, whatever their prices", () => {
    const market = slow();
    market.place("a", { side: "buy", type: "limit", limit: "99" });
    market.at(after(500));
    market.place("b", { side: "buy", type: "limit", limit: "99" });
    market.at(after(1_600)).walk("98", 15);
    expect([market.fills("a"), market.fills("b")]).toEqual([["10@99"], ["5@99"]]);
  });

  test.each([
    ["a market order meets the quote of that moment", { side: "buy", type: "market" }, ["a new", "a fill 10@101"]],
    ["what an IOC order does not get then is canceled", { side: "buy", type: "limit", limit: "100", timeInForce: "ioc" }, ["a new", "a canceled"]],
    ["so is a FOK order that cannot have all", { side: "buy", type: "market", qty: 900, timeInForce: "fok" }, ["a new", "a canceled"]],
    ["a stop that was passed in the meantime is triggered", { side: "buy", type: "stop", stop: "100.50" }, ["a new", "a triggered", "a fill 10@101"]],
    ["a trailing stop follows from then on", { side: "buy", type: "trailing_stop", trail: { by: "price", price: priceOf("1") } }, ["a new"]],
  ] as const)("%s", (_name, order, happened) => {
    const market = slow();
    market.place("a", order);
    market.at(after(500)).price("101", 500).events();
    market.at(after(1_000));
    expect(market.events()).toEqual(happened);
  });
});

describe("at the edges of a session", () => {
  test.each([
    ["outside its hours is accepted, and new at the open", "2024-07-10T12:00:00Z", "day", "2024-07-10T13:30:00Z", ["a accepted", "session core", "a new"]],
    ["half a second before the open is accepted until its second is over", "2024-07-10T13:29:59.500Z", "day", "2024-07-10T13:30:01Z", ["a accepted", "session core", "a new"]],
    ["half a second before the end, for the day, expires", "2024-07-10T20:00:00.500Z", "day", "2024-07-10T20:00:02Z", ["a accepted", "a pending_new", "session post", "a expired"]],
    ["half a second before the end, for longer, waits for the next session", "2024-07-10T20:00:00.500Z", "gtc", "2024-07-11T13:30:00Z", ["a accepted", "a pending_new", "session post", "a accepted", "session closed", "session pre", "session core", "a new"]],
    ["half a second before the end, that may not wait, is canceled", "2024-07-10T20:00:00.500Z", "ioc", "2024-07-10T20:00:02Z", ["a accepted", "a pending_new", "session post", "a accepted", "a canceled"]],
    ["for the close that comes before the cut-off is taken, though acknowledged after it", "2024-07-10T19:49:59.500Z", "cls", "2024-07-10T19:55:00Z", ["a accepted", "a pending_new", "a accepted"]],
    ["for the close that comes after the cut-off is rejected", "2024-07-10T19:50:00Z", "cls", "2024-07-10T19:55:00Z", ["a rejected"]],
  ] as const)("an order %s", (_name, placed, timeInForce, until, happened) => {
    const market = slow({}, placed);
    market.place("a", { side: "buy", type: "limit", limit: "90", timeInForce });
    market.at(until);
    expect(market.events()).toEqual(happened);
  });

  test.each([
    ["has taken no part in its auction, and ends with it", 999, ["a canceled"]],
    ["has, once it is acknowledged", 1_000, ["a accepted", "a fill 10@100"]],
  ] as const)("an order for the close %s", (_name, ms, happened) => {
    const market = slow();
    market.place("a", { side: "buy", type: "market", timeInForce: "cls" });
    market.events();
    market.at(after(ms)).exchange.auction(XYZ, "closing", { price: priceOf("100"), quantity: shares(1_000) });
    expect(market.events().filter((event) => event !== "auction")).toEqual(happened);
  });

  test("an order that is acknowledged in a halt goes to work when it ends", () => {
    const market = slow();
    market.place("a", { side: "buy", type: "limit", limit: "100" });
    market.exchange.halt(XYZ);
    market.at(after(1_000));
    market.exchange.resume(XYZ);
    expect(market.status("a")).toBe("new");
    market.price("100");
    expect(market.status("a")).toBe("filled");
  });

  test.each([
    ["canceled, where it is for the day", "day", 2, "canceled", undefined],
    ["canceled by a reverse split", "gtc", 0.1, "canceled", undefined],
    ["adjusted by a forward split, and pending still", "gtc", 2, "pending_new", priceOf("49.5")],
  ] as const)("a pending order is %s", (_name, timeInForce, ratio, status, limitPrice) => {
    const market = slow();
    market.place("a", { side: "buy", type: "limit", limit: "99", timeInForce });
    market.exchange.split(XYZ, ratio, undefined);
    expect(market.status("a")).toBe(status);
    if (limitPrice !== undefined) expect(market.exchange.orderOf(ME, "a" as ClientOrderId)).toMatchObject({ limitPrice, quantity: shares(20) });
    market.at(after(1_000));
    expect(market.status("a")).toBe(status === "canceled" ? "canceled" : "new");
  });
});

describe("a cancel", () => {
  test("makes the order pending_cancel, and is done a second later", () => {
    const market = resting();
    cancel(market, "a");
    expect(market.status("a")).toBe("pending_cancel");
    market.at(after(1_999));
    expect(market.status("a")).toBe("pending_cancel");
    market.at(after(2_000));
    expect(market.events()).toEqual(["a pending_cancel", "a canceled"]);
  });

  test("is rejected when the order has been filled in between", () => {
    const market = resting();
    cancel(market, "a");
    market.at(after(1_500)).walk("98");
    expect(market.events()).toEqual(["a pending_cancel", "a fill 10@99", "a cancel_rejected"]);
    expect(market.at(after(3_000)).events()).toEqual([]);
    expect(market.status("a")).toBe("filled");
  });

  test("takes what a part has left, and the order is pending_cancel through the part", () => {
    const market = resting();
    cancel(market, "a");
    market.walk("98", 4);
    expect(market.status("a")).toBe("pending_cancel");
    market.at(after(2_000));
    expect(market.events()).toEqual(["a pending_cancel", "a partial_fill 4@99", "a canceled"]);
    expect(market.exchange.account(ME).buyingPower).toBe(market.exchange.account(ME).cash);
  });

  test("of an order that is pending_new finds it in the market, or filled", () => {
    const [market, other] = [slow(), slow()];
    for (const one of [market, other]) {
      one.place("a", { side: "buy", type: "limit", limit: "99" });
      one.at(after(400));
      cancel(one, "a");
      expect(one.status("a")).toBe("pending_cancel");
      one.events();
    }
    market.at(after(1_400));
    expect(market.events()).toEqual(["a new", "a canceled"]);
    other.at(after(1_000)).walk("98").at(after(1_400));
    expect(other.events()).toEqual(["a new", "a fill 10@99", "a cancel_rejected"]);
  });

  test("asked for twice is one cancel", () => {
    const market = resting();
    cancel(market, "a");
    market.at(after(1_500));
    cancel(market, "a");
    market.at(after(5_000));
    expect(market.events()).toEqual(["a pending_cancel", "a canceled"]);
  });

  test("of an order that is pending_replace is rejected", () => {
    const market = resting();
    replace(market, "a", "b", { limit: "98" });
    cancel(market, "a");
    market.at(after(2_000));
    expect(market.events()).toEqual(["a pending_replace", "b pending_new", "a cancel_rejected", "a replaced"]);
  });

  test("of what waits outside its hours takes its second too", () => {
    const market = slow({}, "2024-07-10T12:00:00Z");
    market.place("a", { side: "buy", type: "limit", limit: "99" });
    market.at("2024-07-10T12:10:00Z");
    cancel(market, "a");
    expect(market.status("a")).toBe("pending_cancel");
    expect(market.at("2024-07-10T12:10:01Z").status("a")).toBe("canceled");
  });

  test("goes through in a halt", () => {
    const market = resting();
    market.exchange.halt(XYZ);
    cancel(market, "a");
    expect(market.at(after(2_000)).status("a")).toBe("canceled");
  });

  test("of an order that expires in between is rejected, and of one that was canceled otherwise says no more", () => {
    const market = slow({}, "2024-07-10T19:59:00Z");
    market.place("a", { side: "buy", type: "limit", limit: "99" });
    market.place("b", { side: "buy", type: "limit", limit: "99", timeInForce: "gtc" });
    market.at("2024-07-10T20:00:00.500Z").events();
    cancel(market, "a");
    cancel(market, "b");
    market.at("2024-07-10T20:00:01Z");
    market.exchange.split(XYZ, 0.1, undefined);
    market.at("2024-07-10T20:00:05Z");
    expect(market.events()).toEqual(["a pending_cancel", "b pending_cancel", "session post", "a expired", "a cancel_rejected", "b done_for_day", "split", "b canceled"]);
  });
});

describe("a replacement", () => {
  test("leaves the order to trade, and takes its place a second later", () => {
    const market = resting();
    expect(replace(market, "a", "b", { limit: "98", qty: 12 })).toEqual({ kind: "accepted" });
    expect([market.status("a"), market.status("b")]).toEqual(["pending_replace", "pending_new"]);
    market.walk("98.50", 4).at(after(2_000));
    expect(market.events()).toEqual(["a pending_replace", "b pending_new", "a partial_fill 4@99", "a replaced"]);
    expect(market.status("b")).toBe("partially_filled");
    expect(market.exchange.orderOf(ME, "b" as ClientOrderId)).toMatchObject({ remaining: shares(8), replaces: "a" });
    expect(power(market)).toBe("98820");
  });

  test("keeps the place in the queue when only the quantity falls", () => {
    const market = resting();
    market.place("z", { side: "buy", type: "limit", limit: "99" });
    market.at(after(2_000));
    replace(market, "a", "b", { qty: 6 });
    market.at(after(3_000)).walk("98", 8);
    expect([market.fills("b"), market.fills("z")]).toEqual([["6@99"], ["2@99"]]);
  });

  test("is rejected when the order has been filled in between", () => {
    const market = resting();
    replace(market, "a", "b", { limit: "98" });
    market.at(after(1_500)).walk("97").at(after(3_000));
    expect(market.events()).toEqual(["a pending_replace", "b pending_new", "a fill 10@99", "a replace_rejected", "b rejected"]);
    expect([market.status("a"), market.status("b")]).toEqual(["filled", "rejected"]);
    expect(market.exchange.account(ME).buyingPower).toBe(market.exchange.account(ME).cash);
  });

  test("to no more than has been filled in between is rejected, and the order goes on", () => {
    const market = resting();
    replace(market, "a", "b", { qty: 4 });
    market.walk("98", 5).at(after(2_000));
    expect(market.events().slice(-2)).toEqual(["a replace_rejected", "b rejected"]);
    expect(market.status("a")).toBe("partially_filled");
  });

  test.each([
    ["a higher limit is the dearer one", { limit: "100" }, "99000", "99000"],
    ["a lower limit, until it is done", { limit: "90" }, "99010", "99100"],
    ["more shares are the dearer one", { qty: 20 }, "98020", "98020"],
  ] as const)("reserves by the larger of the two orders: %s", (_name, changes, before, done) => {
    const market = resting();
    market.price("101");
    replace(market, "a", "b", changes);
    expect(power(market)).toBe(before);
    market.at(after(2_000));
    expect(power(market)).toBe(done);
  });

  test("is not taken of an order that is not new yet, or is asked for something already", () => {
    const market = slow();
    market.place("a", { side: "buy", type: "limit", limit: "99" });
    expect(replace(market, "a", "b", { limit: "98" })).toMatchObject({ message: "cannot replace order in pending_new status" });
    market.at(after(1_000));
    replace(market, "a", "b", { limit: "98" });
    expect(replace(market, "a", "c", { limit: "97" })).toMatchObject({ message: "cannot replace order in pending_replace status" });
    expect(replace(market, "b", "c", { limit: "97" })).toMatchObject({ message: "cannot replace order in pending_new status" });
    expect(replace(market, "a", "b", { limit: "98" })).toEqual({ kind: "duplicate" });
    market.at(after(2_000));
    cancel(market, "b");
    expect(replace(market, "b", "c", { limit: "97" })).toMatchObject({ message: "cannot replace order in pending_cancel status" });
  });

  test("can be canceled itself: in its place, or rejected with it", () => {
    const [market, other] = [resting(), resting()];
    for (const one of [market, other]) {
      replace(one, "a", "b", { limit: "98" });
      cancel(one, "b");
      one.events();
    }
    market.at(after(2_000));
    expect(market.events()).toEqual(["a replaced", "b canceled"]);
    other.walk("97").at(after(2_000));
    expect(other.events()).toEqual(["a fill 10@99", "a replace_rejected", "b rejected", "b cancel_rejected"]);
  });

  test.each([
    ["a halt", (market: ExchangeMarket) => market.exchange.halt(XYZ), ["halted", "a suspended", "a replace_rejected", "b rejected"]],
    ["a split", (market: ExchangeMarket) => market.exchange.split(XYZ, 2, undefined), ["split", "a replace_rejected", "b rejected", "a restated"]],
    ["a new symbol", (market: ExchangeMarket) => market.exchange.changeSymbol(XYZ, "NEW" as typeof XYZ), ["a replace_rejected", "b rejected", "symbol_changed"]],
    ["a delisting", (market: ExchangeMarket) => market.exchange.delist(XYZ, priceOf("100")), ["a canceled", "a replace_rejected", "b rejected", "delisted"]],
    ["the session's end", (market: ExchangeMarket) => market.at("2024-07-10T20:00:01Z"), ["a replaced", "session post", "b done_for_day"]],
  ] as const)("through %s", (_name, happens, happened) => {
    const market = slow();
    market.place("a", { side: "buy", type: "limit", limit: "99", timeInForce: "gtc" });
    market.at(after(1_000)).events();
    replace(market, "a", "b", { limit: "98" });
    market.events();
    happens(market);
    market.at("2024-07-10T20:00:01Z");
    expect(market.events().filter((event) => !event.startsWith("session") || happened.some((one) => one === event)).slice(0, happened.length)).toEqual(happened);
  });
});

describe("groups", () => {
  const bracket = (market: ExchangeMarket): SubmitOutcome =>
    market.exchange.placeGroup(ME, { class: "bracket", entry: ticket("entry", { side: "buy", type: "limit", limit: "99" }), takeProfit: { clientOrderId: "profit" as ClientOrderId, limitPrice: priceOf("105") }, stopLoss: { clientOrderId: "loss" as ClientOrderId, stopPrice: priceOf("95") } });

  test("an entry is pending_new, its legs are held and go to work at once when it is filled", () => {
    const market = slow();
    bracket(market);
    expect(market.events()).toEqual(["entry accepted", "entry pending_new", "profit held", "loss held"]);
    market.at(after(1_000)).walk("98");
    expect(market.events()).toEqual(["entry new", "entry fill 10@99", "profit new", "loss new"]);
  });

  test("a cancel of the entry takes the legs along when it is done, and not when the entry is filled first", () => {
    const [market, other] = [slow(), slow()];
    for (const one of [market, other]) {
      bracket(one);
      one.at(after(1_000));
      cancel(one, "entry");
      one.events();
    }
    market.at(after(2_000));
    expect(market.events()).toEqual(["entry canceled", "profit canceled", "loss canceled"]);
    other.walk("98").at(after(2_000));
    expect(other.events()).toEqual(["entry fill 10@99", "entry cancel_rejected", "profit new", "loss new"]);
  });

  test("both orders of an OCO are pending_new, and one that fills as it comes in ends the other before it has", () => {
    const market = slow();
    market.hold(10).at(after(1_000)).events();
    market.exchange.placeGroup(ME, { class: "oco", exit: ticket("profit", { side: "sell", type: "limit", limit: "105" }), stopLoss: { clientOrderId: "loss" as ClientOrderId, stopPrice: priceOf("95") } });
    expect([market.status("profit"), market.status("loss")]).toEqual(["pending_new", "pending_new"]);
    market.price("106").events();
    market.at(after(2_000));
    expect(market.events()).toEqual(["profit new", "profit fill 10@106", "loss canceled"]);
  });

  test("a take-profit that fills in part rejects what was asked of the stop-loss beside it", () => {
    const market = slow();
    bracket(market);
    market.at(after(1_000)).walk("98").price("100");
    replace(market, "loss", "tighter", { stop: "97" });
    market.events();
    market.walk("106", 4).at(after(2_000));
    expect(market.events()).toEqual(["profit partial_fill 4@105", "loss replace_rejected", "tighter rejected", "loss restated"]);
  });
});

describe("a snapshot in the middle", () => {
  test("has the same future", () => {
    const market = resting();
    market.place("z", { side: "buy", type: "limit", limit: "99" });
    replace(market, "a", "b", { limit: "100", qty: 20 });
    const stored = JSON.parse(JSON.stringify(market.exchange.snapshot())) as ExchangeSnapshot;
    const go = (): unknown => {
      market.log.clear();
      const before = power(market);
      market.at(after(1_500)).walk("98.90", 3).at(after(2_000)).price("98");
      return [before, market.events(), market.exchange.snapshot()];
    };
    const [original] = [go()];
    market.exchange = Exchange.restore(market.settings, stored);
    expect(go()).toEqual(original);
  });

  test("what was asked for before goes first, also where the exchange is faster now", () => {
    const market = slow();
    market.place("a", { side: "buy", type: "limit", limit: "99" });
    market.exchange = Exchange.restore({ ...market.settings, acknowledgeMs: 10 }, market.exchange.snapshot());
    market.place("b", { side: "buy", type: "limit", limit: "99" });
    market.at(after(999));
    expect([market.status("a"), market.status("b")]).toEqual(["pending_new", "pending_new"]);
    market.at(after(1_000));
    expect([market.status("a"), market.status("b")]).toEqual(["new", "new"]);
  });
});

test("an exchange that answers at once is never asked to wait", () => {
  const market = new ExchangeMarket(NOON, { acknowledgeMs: 0 }).price("100");
  market.place("a", { side: "buy", type: "limit", limit: "99" });
  replace(market, "a", "b", { limit: "98" });
  cancel(market, "b");
  expect(market.events()).toEqual(["a accepted", "a new", "a replaced", "b canceled"]);
});
