import nock from "nock";
import { afterEach, describe, expect, test } from "vitest";
import { alpacaBroker } from "../../src/alpaca/broker.ts";
import { compatibleServer } from "../../src/alpaca/hosts.ts";
import { moneyOf, priceOf, quantityOf } from "../../src/money.ts";
import { BrokerUnavailable } from "../../src/ports.ts";
import type { Order } from "../../src/trade.ts";
import { instantOf, type Instant } from "../../src/time.ts";
import { brokerAt, CANARY_KEY, CANARY_SECRET, clock, ID, limitOrder, NOT_FOUND, onOrderById, SERVER, wireOptions, wireOrder } from "./alpaca-world.ts";

afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
});

const ORDER_ID = "7b08df51-c1ac-453c-99f9-323a5f075f0d";

describe("open orders", () => {
  test("are all that are open on the account, whoever placed them, page by page", async () => {
    const order = (id: number) => ({ id: `id-${id}`, client_order_id: `client-${id}`, symbol: "SPY", side: "buy", qty: "2", filled_qty: "0.5" });
    const firstPage = Array.from({ length: 500 }, (_, i) => order(i));
    const request = nock(SERVER).get("/v2/orders");
    request.query({ status: "open", limit: "500", direction: "asc" }).reply(200, firstPage);
    nock(SERVER).get("/v2/orders").query({ status: "open", limit: "500", direction: "asc", after_order_id: "id-499" }).reply(200, [{ ...order(500), qty: null, side: "sell" }]);
    const orders = await brokerAt().openOrders();
    expect(orders).toHaveLength(501);
    expect(orders[0]).toEqual({ clientOrderId: "client-0", symbol: "SPY", side: "buy", remaining: quantityOf("1.5") });
    expect(orders[500]).toEqual({ clientOrderId: "client-500", symbol: "SPY", side: "sell", remaining: 0 });
  });
});

describe("assets", () => {
  test("say what may be traded; a symbol the venue does not know is absent", async () => {
    nock(SERVER).get("/v2/assets/SPY").reply(200, { status: "active", tradable: true, fractionable: true });
    nock(SERVER).get("/v2/assets/OLD").reply(200, { status: "inactive", tradable: true, fractionable: false });
    nock(SERVER).get("/v2/assets/NONE").reply(404, { code: 40410000, message: "asset not found for NONE" });
    const assets = await brokerAt().assets(["SPY", "OLD", "NONE"] as never);
    expect([...assets]).toEqual([
      ["SPY", { tradable: true, fractionable: true }],
      ["OLD", { tradable: false, fractionable: false }],
    ]);
  });
});

describe("account", () => {
  const account = { id: "x", status: "ACTIVE", cash: "10000.5", equity: "26000.1234565", last_equity: "25999", buying_power: "20001", currency: "USD", trading_blocked: false, account_blocked: false, trade_suspended_by_user: false };

  test("is cash, equity, buying power and the positions in the order of their symbols", async () => {
    answerAccount(account, [
      { symbol: "SPY", qty: "30.5", side: "long", current_price: "512.345678949", avg_entry_price: "1", unknown: null },
      { symbol: "AAPL", qty: "-2", side: "short", current_price: "180" },
      { symbol: "QQQ", qty: "0.000000001", current_price: null, lastday_price: "440.1" },
      { symbol: "MSFT", qty: "3", side: "short", current_price: "400" },
    ]);
    expect(await brokerAt().account()).toEqual({
      cash: moneyOf("10000.5"),
      equity: moneyOf("26000.123457"),
      lastEquity: moneyOf("25999"),
      buyingPower: moneyOf("20001"),
      positions: [
        { symbol: "AAPL", quantity: quantityOf("-2"), marketPrice: priceOf("180") },
        { symbol: "MSFT", quantity: quantityOf("-3"), marketPrice: priceOf("400") },
        { symbol: "QQQ", quantity: quantityOf("0.000000001"), marketPrice: priceOf("440.1") },
        { symbol: "SPY", quantity: quantityOf("30.5"), marketPrice: priceOf("512.345679"), averageEntryPrice: priceOf("1") },
      ],
      blocked: undefined,
    });
  });

  test("needs no more than the three amounts, and takes numbers for texts", async () => {
    answerAccount({ cash: -12.25, equity: 1e-7, buying_power: 0 }, []);
    expect(await brokerAt().account()).toEqual({ cash: moneyOf("-12.25"), equity: 0, buyingPower: 0, positions: [], blocked: undefined });
  });

  test.each([
    [{ account_blocked: true }, "the account is blocked"],
    [{ trading_blocked: true }, "trading is blocked"],
    [{ trade_suspended_by_user: true }, "trading is suspended in the account's settings"],
    [{ status: "ACCOUNT_CLOSED" }, "the account's status is ACCOUNT_CLOSED"],
    [{ status: "ONBOARDING" }, "the account's status is ONBOARDING"],
    [{ status: "A_STATUS_OF_TOMORROW" }, undefined],
    [{ status: null, trading_blocked: null, account_blocked: null, trade_suspended_by_user: null }, undefined],
  ])("with %j is blocked because %s", async (fields, blocked) => {
    answerAccount({ ...account, ...fields }, []);
    expect((await brokerAt().account()).blocked).toBe(blocked);
  });

  test.each([
    ["an amount is missing", { ...account, equity: undefined }, [], /equity/],
    ["an amount is no number", { ...account, cash: "n/a" }, [], /not a decimal number: "n\/a"/],
    ["an amount is beyond exact integers", { ...account, cash: "99999999999" }, [], /not a decimal number/],
    ["it is kept in another currency", { ...account, currency: "EUR" }, [], /kept in EUR/],
    ["a position has no price", account, [{ symbol: "DEAD", qty: "1", current_price: null }], /no price for the position in DEAD/],
    ["the positions are no list", account, { message: "ok" }, /not-understood/],
  ])("is not answered when %s", async (_, accountBody, positionsBody, why) => {
    answerAccount(accountBody, positionsBody);
    const error: unknown = await brokerAt().account().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BrokerUnavailable);
    expect((error as Error).message).toMatch(why);
  });

  function answerAccount(body: object, positions: object): void {
    nock(SERVER).get("/v2/account").reply(200, body);
    nock(SERVER).get("/v2/positions").reply(200, positions);
  }
});

describe("submit", () => {
  test("sends a limit order as decimal texts under its client order id, with the keys in the headers", async () => {
    nock(SERVER, { reqheaders: { "APCA-API-KEY-ID": CANARY_KEY, "APCA-API-SECRET-KEY": CANARY_SECRET } })
      .post("/v2/orders", { symbol: "SPY", qty: "10.000000001", side: "buy", type: "limit", time_in_force: "day", limit_price: "512.3", client_order_id: ID })
      .reply(200, wireOrder());
    expect(await brokerAt().submit(limitOrder)).toEqual({ kind: "accepted" });
  });

  test("sends a market order without its price bound", async () => {
    nock(SERVER).post("/v2/orders", { symbol: "SPY", qty: "0.000000001", side: "sell", type: "market", time_in_force: "day", client_order_id: ID }).reply(200, wireOrder());
    expect(await brokerAt().submit({ ...limitOrder, side: "sell", type: "market", quantity: quantityOf("0.000000001") })).toEqual({ kind: "accepted" });
  });

  test("is accepted also when the order was rejected on arrival: finding it will tell", async () => {
    nock(SERVER).post("/v2/orders").reply(200, { client_order_id: ID, status: "rejected" });
    expect(await brokerAt().submit(limitOrder)).toEqual({ kind: "accepted" });
  });
});

describe("find", () => {
  test("an order that the venue does not know is undefined", async () => {
    onOrderById().reply(404, NOT_FOUND);
    expect(await brokerAt().find(ID)).toBeUndefined();
  });

  test.each([
    ["in HTML", "<html>404</html>"],
    ["without the venue's code", { message: "endpoint not found" }],
  ])("a 404 %s is no word of the venue about the order", async (_, body) => {
    onOrderById().reply(404, body);
    await expect(brokerAt().find(ID)).rejects.toThrow(BrokerUnavailable);
  });

  test("an answer about another order is refused", async () => {
    onOrderById().reply(200, wireOrder({ client_order_id: "b-other" }));
    await expect(brokerAt().find(ID)).rejects.toThrow("the answer is order b-other");
  });

  test.each<[string, Order["status"]]>([
    ["new", "open"],
    ["accepted", "open"],
    ["pending_new", "open"],
    ["accepted_for_bidding", "open"],
    ["partially_filled", "open"],
    ["pending_cancel", "open"],
    ["pending_replace", "open"],
    ["held", "open"],
    ["stopped", "open"],
    ["suspended", "open"],
    ["calculated", "open"],
    ["done_for_day", "open"],
    ["pending_review", "open"],
    ["a_status_of_tomorrow", "open"],
    ["canceled", "canceled"],
    ["replaced", "canceled"],
    ["expired", "expired"],
    ["rejected", "rejected"],
  ])("the venue's %s is %s", async (wire, status) => {
    onOrderById().reply(200, wireOrder({ status: wire }));
    expect(await brokerAt().find(ID)).toEqual({ clientOrderId: ID, symbol: "SPY", side: "buy", quantity: quantityOf("10"), status, filledQuantity: 0, fills: [] });
  });

  test("an order with nothing but the necessary fields is enough", async () => {
    onOrderById().reply(200, { id: "1", client_order_id: ID, symbol: "SPY", side: "sell", qty: "1", status: "new" });
    expect(await brokerAt().find(ID)).toMatchObject({ side: "sell", status: "open", filledQuantity: 0, fills: [] });
  });

  test("fills have the venue's ids, their own prices and times, oldest first, those of other orders left out", async () => {
    onOrderById().reply(200, wireOrder({ status: "filled", filled_qty: "10", filled_avg_price: "511.6" }));
    onFills().reply(200, [
      fill("20240301145903::c", "6", "512", "2024-03-01T14:59:03.123456Z"),
      fill("20240301145902::x", "99", "1", "2024-03-01T14:59:02Z", "another-order"),
      fill("20240301145901::b", "3", "511", "2024-03-01T14:59:01Z"),
      fill("20240301145901::a", "1", "510.99999949", "2024-03-01T14:59:01Z"),
    ]);
    expect(await brokerAt().find(ID)).toMatchObject({
      status: "filled",
      filledQuantity: quantityOf("10"),
      fills: [
        { id: "20240301145901::a", quantity: quantityOf("1"), price: priceOf("510.999999"), at: instantOf("2024-03-01T14:59:01Z") },
        { id: "20240301145901::b", quantity: quantityOf("3"), price: priceOf("511"), at: instantOf("2024-03-01T14:59:01Z") },
        { id: "20240301145903::c", quantity: quantityOf("6"), price: priceOf("512"), at: instantOf("2024-03-01T14:59:03.123Z") },
      ],
    });
  });

  test("a partial fill shows while the order is open, grows with the next, and is not counted twice", async () => {
    const broker = brokerAt();
    onOrderById().reply(200, wireOrder({ status: "partially_filled", filled_qty: "4" }));
    onFills().reply(200, [fill("1", "4", "512")]);
    expect(summary(await broker.find(ID))).toEqual(["open", 4, ["1"]]);
    onOrderById().reply(200, wireOrder({ status: "filled", filled_qty: "10" }));
    onFills().reply(200, [fill("2", "6", "512"), fill("1", "4", "512"), fill("1", "4", "512")]);
    expect(summary(await broker.find(ID))).toEqual(["filled", 10, ["1", "2"]]);
  });

  test("an open order whose executions run ahead of its numbers counts the executions", async () => {
    onOrderById().reply(200, wireOrder({ status: "partially_filled", filled_qty: "4" }));
    onFills().reply(200, [fill("2", "3", "512"), fill("1", "4", "512")]);
    expect(summary(await brokerAt().find(ID))).toEqual(["open", 7, ["1", "2"]]);
  });

  test("a canceled order keeps the fills it had", async () => {
    onOrderById().reply(200, wireOrder({ status: "canceled", filled_qty: "4" }));
    onFills().reply(200, [fill("1", "4", "512")]);
    expect(summary(await brokerAt().find(ID))).toEqual(["canceled", 4, ["1"]]);
  });

  test("fills are looked for page by page until they add up", async () => {
    const filler = (page: number) => Array.from({ length: 100 }, (_, n) => fill(`${page}-${n}`, "1", "1", "2024-03-01T14:59:00Z", "another-order"));
    onOrderById().reply(200, wireOrder({ status: "filled", filled_qty: "10" }));
    onFills().reply(200, [fill("late", "6", "512"), ...filler(1).slice(1)]);
    onFills({ page_token: "1-99" }).reply(200, filler(2));
    onFills({ page_token: "2-99" }).reply(200, [fill("early", "4", "512"), ...filler(3).slice(1)]);
    expect(summary(await brokerAt().find(ID))).toEqual(["filled", 10, ["early", "late"]]);
  });

  test("fills of several orders that were read together are read once", async () => {
    const broker = brokerAt();
    const other = "b-other" as typeof ID;
    onOrderById().reply(200, wireOrder({ status: "filled", filled_qty: "10" }));
    nock(SERVER).get("/v2/orders:by_client_order_id").query({ client_order_id: other }).reply(200, wireOrder({ id: "other", client_order_id: other, status: "filled", filled_qty: "2" }));
    onFills().reply(200, [fill("2", "2", "100", "2024-03-01T14:59:00Z", "other"), fill("1", "10", "512")]);
    expect(summary(await broker.find(ID))).toEqual(["filled", 10, ["1"]]);
    expect(summary(await broker.find(other))).toEqual(["filled", 2, ["2"]]);
  });

  describe("while the executions are listed late", () => {
    const filled = { status: "filled", filled_qty: "10", filled_avg_price: "511.4", filled_at: "2024-03-01T14:59:00Z" };

    test("an order that ended within the last minute still counts as open", async () => {
      onOrderById().reply(200, wireOrder(filled));
      onFills().reply(200, [fill("1", "4", "512")]);
      expect(summary(await brokerWithClock("2024-03-01T15:00:00Z").find(ID))).toEqual(["open", 10, ["1"]]);
    });

    test("after that the order's own average stands in for what is not listed", async () => {
      onOrderById().reply(200, wireOrder(filled));
      onFills().reply(200, [fill("1", "4", "512")]);
      const order = await brokerWithClock("2024-03-01T15:00:00.001Z").find(ID);
      expect(summary(order)).toEqual(["filled", 10, ["1", `${ORDER_ID}/unlisted`]]);
      // 10 at 511.4 are 5114; 4 at 512 are 2048; the other 6 cost 3066.
      expect(order!.fills[1]).toEqual({ id: `${ORDER_ID}/unlisted`, quantity: quantityOf("6"), price: priceOf("511"), at: instantOf("2024-03-01T14:59:00Z") });
    });

    test("an order without a price is not answered", async () => {
      onOrderById().reply(200, wireOrder({ ...filled, filled_avg_price: null }));
      onFills().reply(200, []);
      await expect(brokerWithClock("2024-03-01T16:00:00Z").find(ID)).rejects.toThrow("the venue tells no price");
    });
  });
});

describe("cancel", () => {
  test("cancels an open order under the venue's id", async () => {
    onOrderById().reply(200, wireOrder());
    nock(SERVER).delete(`/v2/orders/${ORDER_ID}`).reply(204);
    await brokerAt().cancel(ID);
  });

  test.each(["filled", "canceled", "expired", "rejected"])("does nothing to an order that is %s", async (status) => {
    onOrderById().reply(200, wireOrder({ status }));
    await brokerAt().cancel(ID);
  });

  test("does nothing about an order that the venue does not know", async () => {
    onOrderById().reply(404, NOT_FOUND);
    await brokerAt().cancel(ID);
  });

  test.each([
    [422, { code: 42210000, message: "order is not cancelable" }],
    [404, NOT_FOUND],
  ])("is content when the order ended in between: HTTP %d", async (status, body) => {
    onOrderById().reply(200, wireOrder());
    nock(SERVER).delete(`/v2/orders/${ORDER_ID}`).reply(status, body);
    await brokerAt().cancel(ID);
  });

  test("is repeated where the answer is lost, and an error when it never arrives", async () => {
    onOrderById().reply(200, wireOrder());
    nock(SERVER).delete(`/v2/orders/${ORDER_ID}`).times(5).reply(502);
    await expect(brokerAt().cancel(ID)).rejects.toThrow(BrokerUnavailable);
  });
});

function onFills(query: object = {}): nock.Interceptor {
  const expected = { direction: "desc", page_size: "100", after: "2024-03-01T14:57:00.123Z", ...query };
  return nock(SERVER).get("/v2/account/activities/FILL").query(expected);
}

function fill(id: string, qty: string, price: string, at = "2024-03-01T14:59:00Z", orderId = ORDER_ID): object {
  return { id, activity_type: "FILL", type: "partial_fill", order_id: orderId, symbol: "SPY", side: "buy", qty, price, cum_qty: qty, leaves_qty: "0", transaction_time: at };
}

function summary(order: Order | undefined): unknown {
  return order && [order.status, order.filledQuantity / 1e9, order.fills.map(({ id }) => id)];
}

function brokerWithClock(now: string): ReturnType<typeof alpacaBroker> {
  return alpacaBroker({ ...wireOptions(), host: compatibleServer(SERVER), clock: { ...clock, now: (): Instant => instantOf(now) } });
}
