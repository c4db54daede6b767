import { afterEach, expect, test } from "vitest";
import { simulatedWorld } from "../../backtest/simulated-world.ts";
import { alpacaBroker } from "../../src/alpaca/broker.ts";
import { compatibleServer } from "../../src/alpaca/hosts.ts";
import { alpacaMarketData } from "../../src/alpaca/market-data.ts";
import { ReadBreaker } from "../../src/alpaca/read-breaker.ts";
import type { WireOptions } from "../../src/alpaca/wire.ts";
import { Secret } from "../../src/aws/secret.ts";
import { moneyOf, priceOf, quantityOf } from "../../src/money.ts";
import type { Clock, Ports } from "../../src/ports.ts";
import { advanceRun } from "../../src/run/advance-run.ts";
import type { Deployment } from "../../src/run/deployment.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import { runIdOf } from "../../src/run/run-identity.ts";
import { dailyMarket } from "../../src/server/daily-market.ts";
import { constantProfile } from "../../src/simulator/fill-profiles.ts";
import { clientsAlone } from "../../src/server/market-source.ts";
import { Venue } from "../../src/server/venue.ts";
import { MemoryJournal, MemoryStateStore } from "../../src/state/memory.ts";
import { epochDayOf, instantOf, newYorkInstant, sessionDateOf, type Instant } from "../../src/time.ts";
import type { ApprovedOrder, ClientOrderId, Symbol } from "../../src/trade.ts";
import { barsOf, datasetOf, deploymentOf, holding, worldSettings } from "../support/made-up-market.ts";
import { serveMarket, venueSettings, type ServedMarket } from "../support/served-market.ts";

let market: ServedMarket;
afterEach(() => market.server.close());

function wireOf(clock: Clock): WireOptions {
  return { keys: { keyId: new Secret("key-ann"), secretKey: new Secret("secret-ann") }, breaker: new ReadBreaker("test", clock), retryDelayMs: 1 };
}

test("the Alpaca adapter sees its account, places an order, finds its fills and its position", async () => {
  market = await serveMarket();
  await market.quote("99.99", "100.01", 6);
  const clock: Clock = { now: () => market.server.now() };
  const broker = alpacaBroker({ ...wireOf(clock), host: compatibleServer(market.server.url), clock });
  const data = alpacaMarketData({ ...wireOf(clock), feed: "sip", url: market.server.url });
  const order = { clientOrderId: "b-0001" as ClientOrderId, symbol: "AAA" as Symbol, side: "buy", quantity: quantityOf("10"), type: "limit", priceBound: priceOf("100.05") } as unknown as ApprovedOrder;

  expect(await broker.account()).toMatchObject({ cash: moneyOf("100000"), buyingPower: moneyOf("100000"), positions: [], blocked: undefined });
  expect(await data.quotes(["AAA", "BBB"] as Symbol[])).toEqual(new Map([["AAA", { bid: priceOf("99.99"), ask: priceOf("100.01"), at: market.server.now() }]]));
  expect(await broker.assets(["AAA", "ZZZ"] as Symbol[])).toEqual(new Map([["AAA", { tradable: true, fractionable: true }]]));
  expect(await broker.hoursOf(sessionDateOf("2026-11-27"))).toEqual({ open: instantOf("2026-11-27T14:30:00Z"), close: instantOf("2026-11-27T18:00:00Z") });
  expect(await broker.submit(order)).toEqual({ kind: "accepted" });
  expect(await broker.submit(order)).toEqual({ kind: "duplicate" });
  expect(await broker.openOrders()).toEqual([{ clientOrderId: "b-0001", symbol: "AAA", side: "buy", remaining: quantityOf("4") }]);
  await market.quote("100.01", "100.03", 6);
  expect(await broker.find(order.clientOrderId)).toMatchObject({ status: "filled", filledQuantity: quantityOf("10"), fills: [{ quantity: quantityOf("6"), price: priceOf("100.01") }, { quantity: quantityOf("4"), price: priceOf("100.03") }] });
  expect((await broker.account()).positions).toEqual([{ symbol: "AAA", quantity: quantityOf("10"), marketPrice: priceOf("100.02"), averageEntryPrice: priceOf("100.018") }]);
  expect(await broker.find("b-0002" as ClientOrderId)).toBeUndefined();
});

const BARS = datasetOf({
  AAA: barsOf("2026-11-23", [
    [100, 112, 99, 110],
    [120, 121, 117, 118],
    [118, 119, 117, 118],
  ]),
  BBB: barsOf("2026-11-23", [
    [50, 50, 50, 50],
    [49, 52, 48, 51],
    [51, 52, 50, 51.5],
  ]),
});

test("a strategy run over the wire places the orders of the same run on the exchange in process", async () => {
  const deployment = deploymentOf(holding({ AAA: 0.5, BBB: 0.3 }), ["AAA", "BBB"], { fees: "alpaca" });
  const settings = worldSettings(BARS, deployment, "2026-11-23", 100_000, 1);
  const scheduled = ["2026-11-24T14:35:00Z", "2026-11-25T14:35:00Z"].map(instantOf);

  const inProcess = simulatedWorld(settings, { journal: new MemoryJournal(), state: new MemoryStateStore() }, () => undefined);
  const expected = await play(deployment, scheduled, inProcess.ports, async (at) => inProcess.market.advanceTo(at));

  const from = epochDayOf(sessionDateOf("2026-11-23"));
  const series = deployment.symbols.map((symbol) => BARS.series.get(symbol)!);
  const source = dailyMarket({ series, from, profile: constantProfile(settings.liquidity) });
  const venue = new Venue(venueSettings({ startsAt: newYorkInstant(from, 0), market: source, exchange: { fees: "alpaca", halfSpreadBps: 1, wholeShares: deployment.settings.shares === "whole" } }));
  market = await serveMarket({ ann: "100000" }, {}, venue);
  const clock: Clock = { now: () => market.server.now() };
  const ports: Ports = {
    clock,
    broker: alpacaBroker({ ...wireOf(clock), host: compatibleServer(market.server.url), clock }),
    marketData: alpacaMarketData({ ...wireOf(clock), feed: "sip", url: market.server.url }),
    journal: new MemoryJournal(),
    state: new MemoryStateStore(),
  };
  const overTheWire = await play(deployment, scheduled, ports, (at) => market.server.moveTo(at));

  expect(expected.length).toBeGreaterThan(3);
  expect(overTheWire).toEqual(expected);
});

test("the Alpaca adapter is told of a split when its ex-date has come", async () => {
  const from = sessionDateOf("2026-11-23");
  const exDate = sessionDateOf("2026-11-24");
  const split = datasetOf({ AAA: barsOf("2026-11-23", [[100, 100, 100, 100], [50, 50, 50, 50]]) }, { AAA: [{ type: "split", exDay: epochDayOf(exDate), ratio: 2 }] });
  const source = dailyMarket({ series: [split.series.get("AAA" as Symbol)!], from: epochDayOf(from), profile: constantProfile({ halfSpreadBps: 1, volumeShareMax: 1 }) });
  market = await serveMarket({ ann: "100000" }, {}, new Venue(venueSettings({ startsAt: newYorkInstant(epochDayOf(from), 0), market: source })));
  const data = alpacaMarketData({ ...wireOf({ now: () => market.server.now() }), feed: "sip", url: market.server.url });
  const conversions = () => data.conversions(["AAA" as Symbol], from, exDate);

  await market.server.moveTo(instantOf("2026-11-23T20:00:00Z"));
  expect(await conversions()).toEqual([]);
  await market.server.moveTo(instantOf("2026-11-24T15:00:00Z"));
  expect(await conversions()).toEqual([{ kind: "split", symbol: "AAA", on: "2026-11-24", becomes: [{ symbol: "AAA", shares: 2 }] }]);
});

test("a walk through the book copes with an exchange that takes its time: each step ends before the next begins", async () => {
  const walk = { style: "walk-the-book", steps: 3, capBps: 20, patienceMinMs: 4_000, patienceMaxMs: 4_000 } as const;
  const deployment = deploymentOf(holding({ AAA: 0.5 }), ["AAA"], { executionStyle: walk, limits: { collarBps: 300 } });
  const source = clientsAlone(["AAA"] as Symbol[], "calendar");
  const startsAt = instantOf("2026-11-24T14:30:00Z");
  const venue = new Venue(venueSettings({ startsAt, market: source, exchange: { fees: "none", halfSpreadBps: 1, wholeShares: false, checks: "alpaca", acknowledgeMs: 1_500 } }));
  market = await serveMarket({ ann: "100000" }, {}, venue);
  const statuses: string[] = [];
  venue.onUpdate(({ event, order: { status } }) => statuses.push(event === status ? status : `${event}: ${status}`));
  const clock: Clock = { now: () => market.server.now() };
  const data = alpacaMarketData({ ...wireOf(clock), feed: "sip", url: market.server.url });
  const history = simulatedWorld(worldSettings(BARS, deployment, "2026-11-23"), { journal: new MemoryJournal(), state: new MemoryStateStore() }, () => undefined).ports.marketData;
  const ports: Ports = {
    clock,
    broker: alpacaBroker({ ...wireOf(clock), host: compatibleServer(market.server.url), clock }),
    marketData: { quotes: (symbols) => data.quotes(symbols), view: (symbols, lookback, asOf) => history.view(symbols, lookback, asOf), conversions: async () => [] },
    journal: new MemoryJournal(),
    state: new MemoryStateStore(),
  };
  const told = await play(deployment, [instantOf("2026-11-24T14:35:00Z")], ports, async (at) => {
    // The quote goes away from the second step, which stands at the touch, and comes back while that is being canceled.
    const isSecondCancel = statuses.filter((status) => status === "pending_cancel").length === 2;
    if (isSecondCancel) await market.quote("119.90", "120.10", 1_000);
    await market.server.moveTo(at);
    await market.quote("119.90", !isSecondCancel && at > instantOf("2026-11-24T14:35:08Z") ? "120.14" : "120.10", 1_000);
  });
  expect(statuses).toEqual(["pending_new", "new", "pending_cancel", "canceled", "pending_new", "new", "pending_cancel", "fill: filled", "order_cancel_rejected: filled"]);
  expect(told).toMatchObject([
    { type: "order-submitted", outcome: { kind: "accepted" } },
    { type: "order-ended", status: "canceled", filledQuantity: 0 },
    { type: "order-submitted", outcome: { kind: "accepted" } },
    { type: "order-ended", status: "filled", fills: [{ price: priceOf("120.1") }] },
  ]);
  expect((await ports.broker.account()).positions).toMatchObject([{ symbol: "AAA", quantity: 416_666_666_666 }]);
});

/** Calls each run until it closes; what was ordered, and what became of it. */
async function play(deployment: Deployment, scheduled: readonly Instant[], ports: Ports, moveTo: (at: Instant) => Promise<void>): Promise<readonly unknown[]> {
  const told: unknown[] = [];
  for (const scheduledAt of scheduled) {
    for (let at = scheduledAt, calls = 0; calls < 1_000; calls += 1) {
      await moveTo(at);
      const answer = await advanceRun({ deployment, scheduledAt }, ports);
      if (answer.kind === "closed") break;
      at = answer.at > at ? answer.at : ((at + 1) as Instant);
    }
    for (const event of await ports.journal.read(runIdOf(deployment.account, deployment.strategy.name, scheduledAt))) told.push(...orderFacts(event));
  }
  return told;
}

function orderFacts(event: JournalEvent): readonly unknown[] {
  return event.type === "order-submitted" || event.type === "order-ended" ? [JSON.parse(JSON.stringify(event, (key, value: unknown) => (["hash", "previous", "id", "at"].includes(key) ? undefined : value)))] : [];
}
