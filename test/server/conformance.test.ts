import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createRequire } from "node:module";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import ccxt from "ccxt";
import { afterEach, expect, test } from "vitest";
import { shares } from "../../src/money.ts";
import { operate } from "../../src/server/operate.ts";
import type { ServerSettings } from "../../src/server/server-parts.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import { selfSigned } from "../support/self-signed.ts";
import { serveMarket, type ServedMarket } from "../support/served-market.ts";

type Row = Readonly<Record<string, string>>;

/** The parts of its CommonJS class that are called here; its own types do not say that it is a constructor. */
interface AlpacaThree {
  readonly data_stream_v2: {
    onConnect(listener: () => void): void;
    onError(listener: (message: string) => void): void;
    onStockQuote(listener: (quote: object) => void): void;
    onStockTrade(listener: (trade: object) => void): void;
    subscribeForQuotes(symbols: string[]): void;
    subscribeForTrades(symbols: string[]): void;
    connect(): void;
    disconnect(): void;
  };
  readonly trade_ws: { onOrderUpdate(listener: (update: { event: string; order: Row }) => void): void; onConnect(listener: () => void): void; subscribe(streams: string[]): void; connect(): void; disconnect(): void };
  getAccount(): Promise<Row>;
  getClock(): Promise<object>;
  createOrder(order: object): Promise<Row>;
  getOrderByClientId(id: string): Promise<Row>;
  replaceOrder(id: string | undefined, changes: object): Promise<Row>;
  cancelOrder(id: string | undefined): Promise<void>;
  getOrder(id: string | undefined): Promise<Row>;
  getPosition(symbol: string): Promise<Row>;
  closePosition(symbol: string): Promise<Row>;
  getPositions(): Promise<readonly Row[]>;
  getAccountActivities(query: object): Promise<readonly Row[]>;
  getLatestQuote(symbol: string): Promise<object>;
}

const AlpacaThree = createRequire(import.meta.url)("alpaca-trade-api-3") as new (options: object) => AlpacaThree;

let market: ServedMarket;
afterEach(() => market.server.close());

async function serving(settings: Partial<ServerSettings> = {}): Promise<string> {
  market = await serveMarket({ ann: "100000" }, { extend: (parts) => operate(parts, () => 0), ...settings });
  await market.quote("99.98", "100.02", 10);
  return market.server.url;
}

const python = process.env["BALLAST_TEST_PYTHON"];

test.skipIf(python === undefined)("alpaca-py works with another URL and nothing else (needs BALLAST_TEST_PYTHON)", async () => {
  const url = await serving();
  const script = fileURLToPath(new URL("alpaca_py_client.py", import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(python!, [script, url, "key-ann", "secret-ann"], { timeout: 50_000 });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout.trim().split("\n").at(-1)!)).toMatchObject({
    account: ["ACTIVE", "100000", "USD"],
    clock: true,
    asset: [true, true],
    partial: ["partially_filled", "10", "100.02"],
    replaced: ["py-2", "20", "99.5"],
    canceled: "canceled",
    closed: ["py-1", "py-2"],
    position: ["10", "100.02", "long"],
    closing: ["sell", "10"],
    positions: 0,
    fills: [["buy", "10", "100.02"], ["sell", "10", "99.98"]],
    quote: [99.98, 100.02],
    updates: ["new py-1", "partial_fill py-1", "replaced py-1", "new py-2", "canceled py-2", expect.stringMatching(/^new /), expect.stringMatching(/^fill /)],
  });
});

test("version 3.1.3 of the JavaScript SDK works with another URL and nothing else", async () => {
  const url = await serving();
  const client = new AlpacaThree({ keyId: "key-ann", secretKey: "secret-ann", baseUrl: url, dataBaseUrl: url });
  const updates: string[] = [];
  const stream = client.trade_ws;
  stream.onOrderUpdate(({ event, order }) => void updates.push(`${event} ${order.client_order_id}`));
  const isListening = new Promise<void>((resolve) => {
    stream.onConnect(() => {
      stream.subscribe(["trade_updates"]);
      setTimeout(resolve, 1_500);
    });
  });
  stream.connect();
  await isListening;

  expect(await client.getAccount()).toMatchObject({ status: "ACTIVE", cash: "100000" });
  expect(await client.getClock()).toMatchObject({ is_open: true });
  const order = { symbol: "AAA", side: "buy", type: "limit", time_in_force: "day" };
  const placed = await client.createOrder({ ...order, qty: 25, limit_price: 100.02, client_order_id: "js-1" });
  expect(await client.getOrderByClientId("js-1")).toMatchObject({ status: "partially_filled", filled_qty: "10" });
  const replaced = await client.replaceOrder(placed.id, { qty: 20, limit_price: 99.5, client_order_id: "js-2" });
  expect(replaced).toMatchObject({ client_order_id: "js-2", qty: "20" });
  await client.cancelOrder(replaced.id);
  expect(await client.getOrder(replaced.id)).toMatchObject({ status: "canceled" });
  expect(await client.getPosition("AAA")).toMatchObject({ qty: "10", avg_entry_price: "100.02" });
  expect(await client.closePosition("AAA")).toMatchObject({ side: "sell", qty: "10" });
  expect(await client.getPositions()).toEqual([]);
  expect((await client.getAccountActivities({ activityTypes: "FILL", direction: "asc" })).map(({ side, qty }) => [side, qty])).toEqual([["buy", "10"], ["sell", "10"]]);
  expect(await client.getLatestQuote("AAA")).toMatchObject({ BidPrice: 99.98, AskPrice: 100.02 });
  await expect.poll(() => updates, { timeout: 20_000 }).toEqual(["new js-1", "partial_fill js-1", "replaced js-1", "new js-2", "canceled js-2", "new", "fill"].map((text) => expect.stringContaining(text) as string));
  stream.disconnect();
});

test("version 3.1.3 hears market data over TLS, which is the only way it knows", async () => {
  const tls = await selfSigned();
  const trusted = getCACertificates("default");
  setDefaultCACertificates([...trusted, tls.cert]);
  try {
    const url = await serving({ tls });
    const stream = new AlpacaThree({ keyId: "key-ann", secretKey: "secret-ann", baseUrl: url, dataBaseUrl: url, dataStreamUrl: url, feed: "iex" }).data_stream_v2;
    const heard: object[] = [];
    stream.onError((message) => void heard.push({ message }));
    stream.onStockQuote((quote) => void heard.push(quote));
    stream.onStockTrade((trade) => void heard.push(trade));
    const isConnected = new Promise<void>((resolve) => stream.onConnect(resolve));
    stream.connect();
    await isConnected;
    stream.subscribeForQuotes(["AAA"]);
    stream.subscribeForTrades(["AAA"]);
    // What it subscribes to is in force with the answer to it, which this client keeps to itself.
    await expect.poll(async () => {
      await market.quote("99.97", "100.03", 10);
      await market.quote("99.98", "100.02", 10);
      return heard.length;
    }, { timeout: 10_000 }).toBeGreaterThan(0);
    heard.length = 0;
    await market.quote("99.90", "100.10", 7);
    await expect.poll(() => heard).toContainEqual(expect.objectContaining({ Symbol: "AAA", BidPrice: 99.9, BidSize: 7, AskPrice: 100.1, AskSize: 7 }));
    await market.server.execute({ type: "place", account: "ann" as AccountName, order: { symbol: "AAA" as Symbol, side: "buy", type: "market", timeInForce: "day", orderClass: "simple", quantity: shares(2) } });
    await expect.poll(() => heard).toContainEqual(expect.objectContaining({ Symbol: "AAA", Price: 100.1, Size: 2 }));
    stream.disconnect();
  } finally {
    setDefaultCACertificates(trusted);
  }
});

test("ccxt's client works with another URL and nothing else, for the account and its orders", async () => {
  const url = await serving();
  const client = new ccxt.alpaca({ apiKey: "key-ann", secret: "secret-ann" });
  client.urls["api"] = { trader: url, market: url };
  const answer = await client.traderPrivatePostV2Orders({ symbol: "AAA", qty: "5", side: "buy", type: "limit", time_in_force: "day", limit_price: "100.02", client_order_id: "ccxt-1" });
  expect(answer).toMatchObject({ client_order_id: "ccxt-1", status: "filled" });
  expect(await client.traderPrivateGetV2Account()).toMatchObject({ status: "ACTIVE", cash: "99499.9" });
  expect(await client.traderPrivateGetV2Positions()).toMatchObject([{ symbol: "AAA", qty: "5" }]);
});
