/** An Alpaca that answers what a test tells it to: nock behind the real SDK. */
import nock from "nock";
import { alpacaBroker } from "../../src/alpaca/broker.ts";
import { compatibleServer } from "../../src/alpaca/hosts.ts";
import { ReadBreaker } from "../../src/alpaca/read-breaker.ts";
import type { WireOptions } from "../../src/alpaca/wire.ts";
import { Secret } from "../../src/aws/secret.ts";
import { priceOf, quantityOf } from "../../src/money.ts";
import type { Broker, Clock } from "../../src/ports.ts";
import type { ApprovedOrder, ClientOrderId, Symbol } from "../../src/trade.ts";
import { instantOf } from "../../src/time.ts";

export const SERVER = "http://alpaca.test";
export const CANARY_KEY = "PKCANARY4F1D";
export const CANARY_SECRET = "canarySecret/9e8d+7c==";
export const clock: Clock = { now: () => instantOf("2024-03-01T15:00:00Z") };

export function wireOptions(): WireOptions {
  return {
    keys: { keyId: new Secret(CANARY_KEY), secretKey: new Secret(CANARY_SECRET) },
    breaker: new ReadBreaker("test", clock),
    retryDelayMs: 1,
  };
}

export function brokerAt(server = SERVER, options = wireOptions()): Broker {
  return alpacaBroker({ ...options, host: compatibleServer(server), clock });
}

export const ID = "b-0123456789abcdef" as ClientOrderId;

export const limitOrder = {
  clientOrderId: ID,
  symbol: "SPY" as Symbol,
  side: "buy",
  quantity: quantityOf("10.000000001"),
  type: "limit",
  priceBound: priceOf("512.3"),
} as unknown as ApprovedOrder;

/** As the specification's example of an equity order, cut to a minimum and with what is unknown to us. */
export function wireOrder(fields: object = {}): Record<string, unknown> {
  return {
    id: "7b08df51-c1ac-453c-99f9-323a5f075f0d",
    client_order_id: ID,
    symbol: "SPY",
    side: "buy",
    qty: "10",
    filled_qty: "0",
    filled_avg_price: null,
    status: "accepted",
    notional: null,
    submitted_at: "2024-03-01T14:58:00.123456789Z",
    updated_at: "2024-03-01T14:58:00.2Z",
    filled_at: null,
    a_field_of_tomorrow: { nested: [null] },
    ...fields,
  };
}

export const NOT_FOUND = { code: 40410000, message: "order not found for b-0123456789abcdef" };

export const onOrderById = (): nock.Interceptor => nock(SERVER).get("/v2/orders:by_client_order_id").query({ client_order_id: ID });
