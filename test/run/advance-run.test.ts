import { describe, expect, test } from "vitest";
import { moneyOf, priceOf, quantityOf } from "../../src/money.ts";
import type { Broker } from "../../src/ports.ts";
import { hashOf } from "../../src/run/journal.ts";
import { defineStrategy, keep, z } from "../../src/strategy.ts";
import { instantOf, isoOf } from "../../src/time.ts";
import type { Symbol } from "../../src/trade.ts";
import { barsOf, closesOf, datasetOf, deploymentOf, holding } from "../support/made-up-market.ts";
import { RunOnMarket, type MarketOptions } from "../support/run-on-market.ts";

// Ten sessions from Monday 2026-11-16, New York on UTC-5: open 14:30Z, close 21:00Z. Thursday the 26th is Thanksgiving,
// Friday the 27th closes at 18:00Z.
const FROM = "2026-11-16";
const flat = (price: number, volume?: number) => barsOf(FROM, Array.from({ length: 10 }, () => [price, price + 1, price - 1, price] as const), volume);
const DATA = datasetOf({ AAA: flat(100), BBB: flat(50) });

function market(weights: Readonly<Record<string, number>>, schedule: string, overrides: Parameters<typeof deploymentOf>[2] = {}, options: Partial<MarketOptions> & { readonly data?: typeof DATA } = {}): RunOnMarket {
  const { data = DATA, ...rest } = options;
  return new RunOnMarket(deploymentOf(holding(weights, schedule), data.symbols, overrides), data, { from: FROM, ...rest });
}

const MONDAY = "2026-11-23T14:35:00.000Z";
const TUESDAY = "2026-11-24T14:35:00.000Z";

describe("a run is called again", () => {
  test("at the open, when it was due before it: the targets are set by then, and no order planned", async () => {
    const early = market({ AAA: 0.5 }, "every session at open-30m");
    const scheduledAt = "2026-11-23T14:00:00.000Z";
    expect(await early.call(scheduledAt)).toBe("call again at 2026-11-23T14:30:00.000Z");
    expect((await early.events(scheduledAt)).map(({ type }) => type)).toEqual(["run-opened", "view-recorded", "targets-set"]);
    expect(await early.call(scheduledAt, "2026-11-23T14:30:00.000Z")).toBe("completed");
    expect(early.world.exchange.account(early.deployment.account).positions).toMatchObject([{ symbol: "AAA", quantity: quantityOf("500") }]);
  });

  test("at the next open, when it was due after the close", async () => {
    const evening = market({ AAA: 0.5 }, "every session at close+10m");
    expect(await evening.play("2026-11-23T21:10:00.000Z")).toEqual({ calls: ["2026-11-23T21:10:00.000Z", "2026-11-24T14:30:00.000Z"], outcome: "completed" });
    const [view] = await evening.eventsOf("2026-11-23T21:10:00.000Z", "view-recorded");
    expect(view!.session).toBe("2026-11-23");
  });

  test("at the next open, when it was due at the very instant of a close: it has seen that day's bar", async () => {
    const atClose = market({ AAA: 0.5 }, "every session at close");
    expect(await atClose.play("2026-11-23T21:00:00.000Z")).toEqual({ calls: ["2026-11-23T21:00:00.000Z", "2026-11-24T14:30:00.000Z"], outcome: "completed" });
    expect((await atClose.eventsOf("2026-11-23T21:00:00.000Z", "view-recorded"))[0]!.session).toBe("2026-11-23");
  });

  test("over a holiday, at the open of the half day after it", async () => {
    const evening = market({ AAA: 0.5 }, "every session at close+10m");
    expect((await evening.play("2026-11-25T21:10:00.000Z")).calls).toEqual(["2026-11-25T21:10:00.000Z", "2026-11-27T14:30:00.000Z"]);
  });

  test("while orders wait, at intervals that double to five minutes, and at the close", async () => {
    // The house leaves at midday (17:45Z); a market order of the afternoon waits for the closing price
    const afternoon = market({ AAA: 0.5 }, "every session at open+240m");
    const { calls, outcome } = await afternoon.play("2026-11-23T18:30:00.000Z");
    const seconds = calls.map((at) => (instantOf(at) - instantOf("2026-11-23T18:30:00.000Z")) / 1_000);
    expect(seconds.slice(0, 13)).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 812, 1_112]);
    expect(calls.slice(-3)).toEqual(["2026-11-23T20:53:32.000Z", "2026-11-23T20:58:32.000Z", "2026-11-23T21:00:00.000Z"]);
    expect(outcome).toBe("completed");
  });

  test("after the close once more, to see its open orders expired", async () => {
    const belowMarket = market({ AAA: 0.5 }, "every session at open+240m", { executionStyle: "marketable-limit", limits: { collarBps: 0 } }, { data: datasetOf({ AAA: barsOf(FROM, Array.from({ length: 10 }, () => [100, 102, 100, 102] as const)) }) });
    const { calls, outcome } = await belowMarket.play("2026-11-23T18:30:00.000Z");
    expect(calls.slice(-2)).toEqual(["2026-11-23T21:00:00.000Z", "2026-11-23T21:05:00.000Z"]);
    expect(outcome).toBe("partial");
    expect(await belowMarket.eventsOf("2026-11-23T18:30:00.000Z", "order-ended")).toMatchObject([{ status: "expired", filledQuantity: 0, fills: [] }]);
  });

  test("at the close, where data know closes only, and trades at the closing price", async () => {
    const closes = market({ AAA: 1 }, "every session at open+5m", { tradingHours: "closing-auction" }, { data: datasetOf({ AAA: closesOf(FROM, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]) }) });
    expect((await closes.play(MONDAY)).calls).toEqual([MONDAY, "2026-11-23T21:00:00.000Z"]);
    expect((await closes.eventsOf(MONDAY, "order-ended"))[0]!.fills).toMatchObject([{ price: priceOf("60"), at: instantOf("2026-11-23T21:00:00Z") }]);
    expect((await closes.eventsOf(MONDAY, "view-recorded"))[0]!.session).toBe("2026-11-20");
    expect((await closes.play("2026-11-27T14:35:00.000Z")).calls[1]).toBe("2026-11-27T18:00:00.000Z");
  });
});

describe("the trading window", () => {
  test("is open to a late call up to the close; the view is cut at the scheduled instant all the same", async () => {
    const late = market({ AAA: 0.5 }, "every session at close+10m");
    expect(await late.call("2026-11-23T21:10:00.000Z", "2026-11-24T21:00:00.000Z")).toBe("completed");
    expect(await late.eventsOf("2026-11-23T21:10:00.000Z", "view-recorded")).toMatchObject([{ asOf: instantOf("2026-11-23T21:10:00Z"), session: "2026-11-23" }]);
  });

  test("has passed a millisecond after the close: the run is missed, and says by how much", async () => {
    const late = market({ AAA: 0.5 }, "every session at open+5m");
    expect(await late.call(MONDAY, "2026-11-23T21:00:00.001Z")).toBe("missed");
    const events = await late.events(MONDAY);
    expect(events.map(({ type }) => type)).toEqual(["run-opened", "run-closed"]);
    expect(events[1]).toMatchObject({ refused: [{ code: "WINDOW_PASSED", closedAt: instantOf("2026-11-23T21:00:00Z"), now: instantOf("2026-11-23T21:00:00.001Z") }] });
  });

  test("ends at the early close of a half day", async () => {
    expect(await market({ AAA: 0.5 }, "every session at open+5m").call("2026-11-27T14:35:00.000Z", "2026-11-27T18:00:00.001Z")).toBe("missed");
  });
});

describe("a run ends", () => {
  test("completed, sells first, and buys planned from the account as the sells left it", async () => {
    const world = market({ AAA: 1 }, "every session at open+5m");
    expect(await world.call(MONDAY)).toBe("completed");
    world.deployment = deploymentOf(holding({ BBB: 1 }), DATA.symbols);
    expect(await world.call(TUESDAY)).toBe("completed");
    expect((await world.events(TUESDAY)).map(({ type }) => type)).toEqual([
      "run-opened",
      "view-recorded",
      "targets-set",
      "orders-planned",
      "order-submitted",
      "order-ended",
      "orders-planned",
      "order-submitted",
      "order-ended",
      "run-closed",
    ]);
    expect(await world.eventsOf(TUESDAY, "orders-planned")).toMatchObject([
      { side: "sell", cash: 0, orders: [{ symbol: "AAA", side: "sell", quantity: quantityOf("1000"), closesPosition: true }] },
      { side: "buy", cash: moneyOf("100000"), orders: [{ symbol: "BBB", side: "buy", quantity: quantityOf("2000") }] },
    ]);
    expect((await world.eventsOf(TUESDAY, "run-closed"))[0]).toMatchObject({ outcome: "completed", refused: [], cash: 0, equity: moneyOf("100000"), positions: [{ symbol: "BBB", quantity: quantityOf("2000") }] });
  });

  test("completed, when all the money goes into limit orders with commissions", async () => {
    const small = market({ AAA: 0.99 }, "every session at open+5m", { fees: "ib", executionStyle: "marketable-limit" }, { cash: 150 });
    expect(await small.call(MONDAY)).toBe("completed");
    expect(small.world.exchange.account(small.deployment.account).cash).toBeLessThan(moneyOf("3"));
  });

  test("unchanged, when everything is at its target, and when the differences are too small to trade", async () => {
    const world = market({ AAA: 0.5 }, "every session at open+5m");
    expect(await world.call(MONDAY)).toBe("completed");
    expect(await world.call(TUESDAY)).toBe("unchanged");
    expect(await market({ AAA: 0.000001 }, "every session at open+5m").call(MONDAY)).toBe("unchanged");
    expect(await market({}, "every session at open+5m").call(MONDAY)).toBe("unchanged");
  });

  test("unchanged at once, before the open, when the strategy keeps what it has", async () => {
    const keeping = defineStrategy({ name: "keeping", description: "", params: z.object({}), schedule: "every session at open-30m", lookback: 1, signal: () => keep("nothing drifted") });
    const world = new RunOnMarket(deploymentOf(keeping.configure({}), DATA.symbols), DATA, { from: FROM });
    expect(await world.call("2026-11-23T14:00:00.000Z")).toBe("unchanged");
    expect((await world.events("2026-11-23T14:00:00.000Z")).map(({ type }) => type)).toEqual(["run-opened", "view-recorded", "targets-set", "run-closed"]);
    expect(await world.eventsOf("2026-11-23T14:00:00.000Z", "targets-set")).toMatchObject([{ keep: "nothing drifted", targets: [] }]);
  });

  test("partial, when one of its orders was refused and the others filled", async () => {
    const world = market({ AAA: 0.5, BBB: 0.1 }, "every session at open+5m", { limits: { orderNotionalMax: 20_000 } });
    expect(await world.call(MONDAY)).toBe("partial");
    expect(world.world.exchange.account(world.deployment.account).positions.map(({ symbol }) => symbol)).toEqual(["BBB"]);
  });

  test("refused, when nothing it wanted was allowed", async () => {
    expect(await market({ AAA: 0.5 }, "every session at open+5m", { limits: { orderNotionalMax: 20_000 } }).call(MONDAY)).toBe("refused");
    expect(await market({ AAA: -0.5 }, "every session at open+5m").call(MONDAY)).toBe("refused");
  });

  test("partial, with what was filled, when the market is too thin", async () => {
    // A third of 300 shares trades at the open and a third at the close; the rest of the order expires
    const thin = market({ AAA: 0.5 }, "every session at open+5m", {}, { data: datasetOf({ AAA: flat(100, 300) }) });
    expect((await thin.play(MONDAY)).outcome).toBe("partial");
    expect(await thin.eventsOf(MONDAY, "order-ended")).toMatchObject([
      { status: "expired", filledQuantity: quantityOf("200"), fills: [{ quantity: quantityOf("100"), at: instantOf(MONDAY) }, { quantity: quantityOf("100"), at: instantOf("2026-11-23T21:00:00Z") }] },
    ]);
  });

  test("partial without buying, when its sells were not filled by the close", async () => {
    // On Tuesday only 300 shares of AAA are traded
    const volumes = [1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 300, 1e6, 1e6, 1e6];
    const data = datasetOf({ AAA: barsOf(FROM, Array.from({ length: 10 }, () => [100, 100, 100, 100] as const), volumes), BBB: flat(50) });
    const world = market({ AAA: 1 }, "every session at open+5m", {}, { data });
    expect(await world.call(MONDAY)).toBe("completed");
    world.deployment = deploymentOf(holding({ BBB: 1 }), data.symbols);
    expect((await world.play(TUESDAY)).outcome).toBe("partial");
    expect(await world.eventsOf(TUESDAY, "orders-planned")).toMatchObject([{ side: "sell" }]);
    expect(world.world.exchange.account(world.deployment.account).positions).toMatchObject([{ symbol: "AAA", quantity: quantityOf("800") }]);
  });

  test("partial, when the venue rejects an order, which is not sent again; the others are", async () => {
    const sent: string[] = [];
    const picky = (venue: Broker): Broker => ({
      ...venue,
      async submit(order) {
        sent.push(order.symbol);
        return order.symbol === ("AAA" as Symbol) ? { kind: "rejected", code: "40310000", message: "trading is halted" } : venue.submit(order);
      },
    });
    const world = market({ AAA: 0.5, BBB: 0.5 }, "every session at open+5m", {}, { broker: picky });
    expect((await world.play(MONDAY)).outcome).toBe("partial");
    expect(sent).toEqual(["AAA", "BBB"]);
    expect((await world.eventsOf(MONDAY, "order-submitted"))[0]!.outcome).toEqual({ kind: "rejected", code: "40310000", message: "trading is halted" });
    expect((await world.eventsOf(MONDAY, "run-closed"))[0]!.refused).toEqual([]);
  });
});

describe("a closed run", () => {
  test("answers every later call with its outcome, asks nobody and changes nothing", async () => {
    const world = market({ AAA: 0.5 }, "every session at open+5m");
    expect(await world.call(MONDAY)).toBe("completed");
    const events = await world.events(MONDAY);
    const unreachable = new Proxy({}, { get: () => expect.fail("a closed run asked for something") }) as never;
    world.ports = { ...world.ports, broker: unreachable, marketData: unreachable, state: { load: (key) => world.state.load(key), save: unreachable } };
    expect(await world.call(MONDAY, "2026-11-23T20:00:00.000Z")).toBe("completed");
    expect(await world.call(MONDAY, "2026-12-30T15:00:00.000Z")).toBe("completed");
    expect(await world.events(MONDAY)).toEqual(events);
  });
});

test("of two calls at once one goes on, and the other stops with JournalConflict", async () => {
  const world = market({ AAA: 0.5, BBB: 0.5 }, "every session at open+5m");
  const answers = await Promise.allSettled([world.call(MONDAY), world.call(MONDAY)]);
  expect(answers.map((answer) => (answer.status === "fulfilled" ? answer.value : (answer.reason as Error).name)).sort()).toEqual(["JournalConflict", "completed"]);
  expect(world.world.exchange.account(world.deployment.account).positions).toMatchObject([{ quantity: quantityOf("500") }, { quantity: quantityOf("1000") }]);
});

test("what the strategy was shown is recorded again when a crash came before its answer and prices have moved", async () => {
  const data = datasetOf({ AAA: barsOf(FROM, Array.from({ length: 10 }, () => [100, 121, 99, 120] as const)) });
  const world = market({ AAA: 0.5 }, "every session at open+5m", {}, { data });
  await world.call(MONDAY);
  const { journal } = world;
  world.ports = {
    ...world.ports,
    journal: {
      read: (run) => journal.read(run),
      append: (run, length, event) => (event.type === "targets-set" ? Promise.reject(new Error("the process died")) : journal.append(run, length, event)),
    },
  };
  await expect(world.call(TUESDAY)).rejects.toThrow("the process died");
  world.ports = { ...world.ports, journal };
  await world.call(TUESDAY, "2026-11-24T21:00:00.000Z");
  // 500 shares at 100 are half of 100,000; at 120 they are 60,000 of 110,000
  expect((await world.eventsOf(TUESDAY, "view-recorded")).map(({ held, seq }) => [seq, held])).toEqual([
    [1, { AAA: 0.5 }],
    [2, { AAA: 0.545455 }],
  ]);
});

test("each event carries its place, its instant and the hash of the event before it", async () => {
  const world = market({ AAA: 0.5, BBB: 0.5 }, "every session at open-30m");
  await world.play("2026-11-23T14:00:00.000Z");
  const events = await world.events("2026-11-23T14:00:00.000Z");
  expect(events.length).toBeGreaterThan(8);
  expect(events[0]!.previous).toBe("0".repeat(64));
  events.forEach((event, place) => {
    expect(event.seq).toBe(place);
    if (place > 0) expect(event.previous).toBe(hashOf(events[place - 1]!));
  });
  expect([...new Set(events.map(({ at }) => isoOf(at)))]).toEqual(["2026-11-23T14:00:00.000Z", "2026-11-23T14:30:00.000Z"]);
});
