import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { serveMarket, type ServedMarket } from "../support/served-market.ts";

let market: ServedMarket;
beforeEach(async () => {
  market = await serveMarket();
  await market.quote("99.99", "100.01");
});
afterEach(() => market.server.close());

const buy = (more: Readonly<Record<string, unknown>> = {}): unknown => ({ symbol: "AAA", qty: "10", side: "buy", type: "market", time_in_force: "day", ...more });

describe("an order", () => {
  test("that meets the quote is answered as filled, and is found by both of its ids", async () => {
    const placed = await market.send("ann", "POST", "/v2/orders", buy({ client_order_id: "mine" }));
    expect(placed.status).toBe(200);
    expect(placed.body).toMatchObject({ client_order_id: "mine", status: "filled", qty: "10", filled_qty: "10", filled_avg_price: "100.01", symbol: "AAA", legs: null });
    const { id } = placed.body as { id: string };
    expect((await market.send("ann", "GET", `/v2/orders/${id}`)).body).toEqual(placed.body);
    expect((await market.send("ann", "GET", "/v2/orders:by_client_order_id?client_order_id=mine")).body).toEqual(placed.body);
    expect((await market.send("ann", "GET", "/v2/account")).body).toMatchObject({ cash: "98999.9", long_market_value: "1000", equity: "99999.9" });
  });

  test("of another account is not there", async () => {
    const placed = await market.send("ann", "POST", "/v2/orders", buy({ client_order_id: "mine" }));
    const { id } = placed.body as { id: string };
    expect(await market.send("bob", "GET", `/v2/orders/${id}`)).toMatchObject({ status: 404, body: { code: 40410000, message: `order not found for ${id}` } });
    expect((await market.send("bob", "GET", "/v2/orders:by_client_order_id?client_order_id=mine")).status).toBe(404);
    expect((await market.send("bob", "POST", "/v2/orders", buy({ client_order_id: "mine" }))).status).toBe(200);
  });

  test("beyond the buying power is refused with the numbers, and leaves no order", async () => {
    const answer = await market.send("ann", "POST", "/v2/orders", buy({ qty: 1_001, client_order_id: "big" }));
    expect(answer).toMatchObject({ status: 403, body: { code: 40310000, message: "insufficient buying power", buying_power: "100000", cost_basis: "100110.01" } });
    expect((await market.send("ann", "GET", "/v2/orders:by_client_order_id?client_order_id=big")).status).toBe(404);
  });
});
