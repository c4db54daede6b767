/** The gate's facts on a market that moves: what is asked, what is journaled, and what a resumed run judges by. */
import { describe, expect, test } from "vitest";
import { explainRun, explanationText, runsMeant, splitRuns } from "../../src/run/explain.ts";
import { quantityOf } from "../../src/money.ts";
import { defineStrategy, keep, z } from "../../src/strategy.ts";
import type { Broker } from "../../src/ports.ts";
import { instantOf } from "../../src/time.ts";
import type { Symbol, WorkingOrder } from "../../src/trade.ts";
import { barsOf, datasetOf, deploymentOf, holding } from "../support/made-up-market.ts";
import { RunOnMarket } from "../support/run-on-market.ts";

// Ten sessions from Monday 2026-11-16; AAA at 100 with 1,000 shares a day, BBB at 50 with 1,000,000
const FROM = "2026-11-16";
const flat = (price: number, volume?: number) => barsOf(FROM, Array.from({ length: 10 }, () => [price, price, price, price] as const), volume);
const DATA = datasetOf({ AAA: flat(100, 1_000), BBB: flat(50) });
const MONDAY = "2026-11-23T14:35:00.000Z";

function market(weights: Readonly<Record<string, number>>, limits: NonNullable<Parameters<typeof deploymentOf>[2]>["limits"] = {}, broker?: (venue: Broker) => Broker): RunOnMarket {
  return new RunOnMarket(deploymentOf(holding(weights), DATA.symbols, { limits }), DATA, { from: FROM, ...(broker && { broker }) });
}

const working = (side: "buy" | "sell", clientOrderId = "by-hand"): WorkingOrder => ({ clientOrderId, symbol: "AAA" as Symbol, side, remaining: quantityOf("3") });

describe("facts from the bars", () => {
  test("are journaled with the targets where a limit asks for them, of what is wanted and of what is held", async () => {
    const run = market({ AAA: 0.1 }, { volumeShareMax: 0.2 });
    expect((await run.play(MONDAY)).outcome).toBe("completed");
    expect((await run.eventsOf(MONDAY, "targets-set"))[0]!.facts).toEqual({ AAA: { day: "2026-11-20", ageSessions: 0, close: 100_000_000, averageVolume: 1_000, volatility: 0 } });
  });

  test("are neither taken nor journaled where none does", async () => {
    const run = market({ AAA: 0.1 });
    await run.play(MONDAY);
    expect((await run.eventsOf(MONDAY, "targets-set"))[0]).not.toHaveProperty("facts");
  });

  test("refuse what is too large a share of the volume, and the run is partial", async () => {
    const run = market({ AAA: 0.5, BBB: 0.3 }, { volumeShareMax: 0.2 });
    expect((await run.play(MONDAY)).outcome).toBe("partial");
    expect((await run.eventsOf(MONDAY, "orders-planned"))[1]!.refused).toEqual([{ code: "VOLUME_SHARE_EXCEEDS_MAX", symbol: "AAA", side: "buy", quantity: 500_000_000_000, averageVolume: 1_000, max: 200_000 }]);
  });

  test("are not asked for again by a run that is resumed: it judges by its journal", async () => {
    const before = "2026-11-23T14:00:00.000Z";
    const limits = { barAgeSessionsMax: 0, priceMoveMax: 0.1 };
    const run = new RunOnMarket(deploymentOf(holding({ BBB: 0.5 }, "every session at open-30m"), DATA.symbols, { limits }), DATA, { from: FROM });
    await run.call(before);
    const { marketData } = run.ports;
    run.ports = { ...run.ports, marketData: { ...marketData, view: () => Promise.reject(new Error("the bars are gone")) } };
    expect(await run.call(before, "2026-11-23T14:30:00.000Z")).toBe("completed");
  });
});

describe("the venue's calendar of the session", () => {
  // Monday 2026-11-23 opens at 14:30Z and closes at 21:00Z.
  const ours = { open: instantOf("2026-11-23T14:30:00Z"), close: instantOf("2026-11-23T21:00:00Z") };
  const closesEarly = { open: ours.open, close: instantOf("2026-11-23T18:00:00Z") };

  test.each([
    ["with other hours", closesEarly, closesEarly],
    ["without the session", undefined, null],
  ])("%s stops the run before the strategy is asked", async (_case, hours, venue) => {
    const run = market({ AAA: 0.1 }, {}, (broker) => ({ ...broker, hoursOf: async () => hours }));
    expect((await run.play(MONDAY)).outcome).toBe("refused");
    expect(await run.eventsOf(MONDAY, "targets-set")).toEqual([]);
    expect((await run.eventsOf(MONDAY, "run-closed"))[0]!.refused).toEqual([{ code: "CALENDAR_DIFFERS", session: "2026-11-23", ours, venue }]);
  });

  test("that agrees lets the run go on", async () => {
    const run = market({ AAA: 0.1 }, {}, (broker) => ({ ...broker, hoursOf: async () => ours }));
    expect((await run.play(MONDAY)).outcome).toBe("completed");
  });
});

describe("what is open at the venue", () => {
  test.each([
    ["of the same side", "buy", "ORDER_ALREADY_WORKING"],
    ["of the other side", "sell", "OPPOSITE_ORDER_WORKING"],
  ] as const)("and was not placed by the run, %s, refuses the order", async (_case, side, code) => {
    const run = market({ AAA: 0.1 }, {}, (venue) => ({ ...venue, openOrders: async () => [working(side)] }));
    expect((await run.play(MONDAY)).outcome).toBe("refused");
    expect((await run.eventsOf(MONDAY, "orders-planned"))[1]!.refused).toEqual([{ code, symbol: "AAA", side: "buy", working: "by-hand", remaining: 3_000_000_000 }]);
  });

  test("is asked for before the account, so that an order that fills in between is not traded twice", async () => {
    const asked: string[] = [];
    const run = market({ AAA: 0.1 }, {}, (venue) => ({
      ...venue,
      openOrders: () => (asked.push("open orders"), venue.openOrders()),
      account: () => (asked.push("account"), venue.account()),
    }));
    await run.play(MONDAY);
    expect(asked).toEqual(["account", "open orders", "account", "open orders", "account", "account"]);
  });

  test("a symbol without fractions is bought in whole shares", async () => {
    const run = market({ AAA: 0.0355 }, {}, (venue) => ({ ...venue, assets: async (symbols) => new Map(symbols.map((symbol) => [symbol, { tradable: true, fractionable: false }])) }));
    expect((await run.play(MONDAY)).outcome).toBe("completed");
    expect((await run.eventsOf(MONDAY, "orders-planned"))[1]!.orders).toMatchObject([{ symbol: "AAA", quantity: quantityOf("35") }]);
  });
});

describe("explain", () => {
  async function told(run: RunOnMarket): Promise<string> {
    await run.play(MONDAY);
    return explanationText(explainRun(await run.events(MONDAY)));
  }

  test("says which rule decided for each order, and for each that was not placed", async () => {
    const run = market({ AAA: 0.5, BBB: 0.9 }, { positionWeightMax: 0.6, grossExposureMax: 0.55, volumeShareMax: 0.2 });
    const text = await told(run);
    const [planned] = (await run.eventsOf(MONDAY, "orders-planned"))[1]!.orders;
    // 0.5 and 0.6 are 1.1: halved
    expect(text).toBe(`test/holding/2026-11-23T14:35:00.000Z: partial
It was due at 2026-11-23T14:35:00.000Z and first called at 2026-11-23T14:35:00.000Z.
holding was shown up to 1 daily bars of each symbol, ending with the session of 2026-11-20, from files.
Sells were planned at 2026-11-23T14:35:00.000Z from an equity of 100,000.00 USD and cash of 100,000.00 USD: 0 orders, 0 refused.
Buys were planned at 2026-11-23T14:35:00.000Z from an equity of 100,000.00 USD and cash of 100,000.00 USD: 1 order, 1 refused.
It ended partial at 2026-11-23T14:35:00.000Z with an equity of 100,000.00 USD, of which 70,000.00 USD in cash, and 1 position. Its fills cost 0.00 USD against the prices at which they were planned, fees included: 0 basis points of 30,000.00 USD.

AAA
  Target: 25 % of equity, less than the 50 % that were asked for, because: 0.5 of equity.
  Cut: all targets added up to 110 %, and grossExposureMax allows 55 %.
  Buy refused, VOLUME_SHARE_EXCEEDS_MAX: the order was for 250 shares, 1,000 trade in an average day, and volumeShareMax allows 20 % of them.

BBB
  Target: 30 % of equity, less than the 90 % that were asked for, because: 0.9 of equity.
  Cut: positionWeightMax allows a position 60 % of equity.
  Cut: all targets added up to 110 %, and grossExposureMax allows 55 %.
  Buy 600 shares at about 50.00 USD, worth 30,000.00 USD, as a market order no worse than 50.50 USD, with fees of about 0.00 USD and an expected impact of 0 basis points: 0.9 of equity.
  Submitted at 2026-11-23T14:35:00.000Z as ${planned!.clientOrderId}: accepted.
  Filled 600 shares of 600 shares at 50.00 USD on average.
`);
  });

  test("says what the venue rejected, and with which words", async () => {
    const text = await told(market({ AAA: 0.1 }, {}, (venue) => ({ ...venue, submit: async () => ({ kind: "rejected", code: "40310000", message: "insufficient buying power" }) })));
    expect(text).toMatch(/ {2}Submitted at 2026-11-23T14:35:00\.000Z as bal-[0-9a-f]{32}: the venue rejected it, 40310000: insufficient buying power\.\n/);
  });

  test("says why a strategy kept everything", async () => {
    const keeping = defineStrategy({ name: "keeping", description: "keeps", params: z.object({}), schedule: "every session at open+5m", lookback: 1, signal: () => keep("nothing drifted") }).configure({});
    expect(await told(new RunOnMarket(deploymentOf(keeping, DATA.symbols), DATA, { from: FROM }))).toContain("\nIt kept every position as it was: nothing drifted.\n");
  });

  test("says that a run which came too late asked nobody", async () => {
    const late = market({ AAA: 0.1 });
    await late.call(MONDAY, "2026-11-23T21:00:00.001Z");
    const text = explanationText(explainRun(await late.events(MONDAY)));
    expect(text).toContain("\nThe strategy was not asked.\n");
    expect(text).toContain("\nRefused, WINDOW_PASSED: the session closed at 2026-11-23T21:00:00.000Z, and it was 2026-11-23T21:00:00.001Z.\n");
  });

  test("says so of a symbol that is at its target already, and of a run that is not closed", async () => {
    const run = market({ AAA: 0.1 });
    await run.play(MONDAY);
    const tuesday = "2026-11-24T14:35:00.000Z";
    await run.play(tuesday);
    const events = await run.events(tuesday);
    expect(explainRun(events).symbols).toEqual([{ symbol: "AAA", sentences: ["Target: 10 % of equity, because: 0.1 of equity.", "No order: it was at its target already, to the unit that may be traded."] }]);
    expect(explainRun(events.slice(0, 3))).toMatchObject({ outcome: undefined, symbols: [{ sentences: ["Target: 10 % of equity, because: 0.1 of equity.", "No order was planned."] }] });
  });

  test("needs the opening of a run", async () => {
    const run = market({ AAA: 0.1 });
    await run.play(MONDAY);
    const events = await run.events(MONDAY);
    expect(() => explainRun(events.slice(1))).toThrow(new RangeError("the journal does not begin with the opening of a run"));
    expect([...splitRuns([...events, ...events.slice(1)]).keys()]).toEqual(["test/holding/2026-11-23T14:35:00.000Z"]);
  });
});

describe("a run is meant by", () => {
  const runs = ["a/s/2026-01-02", "a/s/2026-01-05", "b/s/2026-01-05"];
  test.each([
    ["last", ["b/s/2026-01-05"]],
    ["a/s/2026-01-02", ["a/s/2026-01-02"]],
    ["2026-01-02", ["a/s/2026-01-02"]],
    ["2026-01-05", ["a/s/2026-01-05", "b/s/2026-01-05"]],
    ["b", ["b/s/2026-01-05"]],
    ["2026", []],
  ])("%s", (asked, meant) => {
    expect(runsMeant(asked, runs)).toEqual(meant);
  });
});
