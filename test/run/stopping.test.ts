import { describe, expect, test } from "vitest";
import { quantityOf, subtractQuantity } from "../../src/money.ts";
import type { Broker } from "../../src/ports.ts";
import { breakerThresholdsSchema } from "../../src/risk/account-rules.ts";
import { instantOf } from "../../src/time.ts";
import { barsOf, datasetOf, deploymentOf, holding } from "../support/made-up-market.ts";
import { RunOnMarket, type MarketOptions } from "../support/run-on-market.ts";

const FROM = "2026-11-16";
const flat = (price: number): ReturnType<typeof barsOf> => barsOf(FROM, Array.from({ length: 10 }, () => [price, price + 1, price - 1, price] as const));
const DATA = datasetOf({ AAA: flat(100), BBB: flat(50) });
const MONDAY = "2026-11-23T14:35:00.000Z";
/** After midday no house stands in the book: orders wait for the close. */
const AFTERNOON = "2026-11-23T18:30:00.000Z";

function market(weights: Readonly<Record<string, number>> = { AAA: 0.5 }, options: Partial<MarketOptions> = {}): RunOnMarket {
  return new RunOnMarket(deploymentOf(holding(weights), DATA.symbols), DATA, { from: FROM, ...options });
}

const typesOf = async (world: RunOnMarket, scheduledAt: string): Promise<readonly string[]> => (await world.events(scheduledAt)).map(({ type }) => type);
const held = (world: RunOnMarket): unknown => world.world.exchange.account(world.deployment.account).positions.map(({ symbol, quantity }) => [symbol, quantity]);

describe("a halt", () => {
  test("before the run starts: the strategy is not asked, nothing is planned, and the reason is kept", async () => {
    const world = market();
    world.world.market.advanceTo(instantOf("2026-11-23T14:00:00Z"));
    await world.halt("the feed looks wrong");
    expect(await world.call(MONDAY)).toBe("refused");
    expect(await typesOf(world, MONDAY)).toEqual(["run-opened", "run-closed"]);
    expect((await world.eventsOf(MONDAY, "run-closed"))[0]!.refused).toEqual([{ code: "HALTED", why: "the feed looks wrong", since: instantOf("2026-11-23T14:00:00Z") }]);
  });

  test("while the run waits for the open: the targets stand, and nothing is traded", async () => {
    const world = market();
    const early = "2026-11-23T14:00:00.000Z";
    expect(await world.call(early)).toBe("call again at 2026-11-23T14:30:00.000Z");
    await world.halt("wait");
    expect(await world.call(early, "2026-11-23T14:30:00.000Z")).toBe("refused");
    expect(held(world)).toEqual([]);
  });

  test("while orders are open: they are canceled and confirmed, and the run says what was filled", async () => {
    const world = market({ AAA: 0.5, BBB: 0.25 });
    expect(await world.call(AFTERNOON)).toBe("call again at 2026-11-23T18:30:01.000Z");
    await world.halt("stop");
    expect(await world.call(AFTERNOON, "2026-11-23T18:30:01.000Z")).toBe("partial");
    expect((await world.eventsOf(AFTERNOON, "order-ended")).map(({ status }) => status)).toEqual(["canceled", "canceled"]);
    expect((await world.eventsOf(AFTERNOON, "run-closed"))[0]).toMatchObject({ outcome: "partial", refused: [{ code: "HALTED" }] });
    world.world.market.advanceTo(instantOf("2026-11-23T21:00:00Z"));
    expect(held(world)).toEqual([]);
  });

  test("while an order of a dead process is still on its way: the run waits for it and cancels it", async () => {
    const underway: (() => Promise<unknown>)[] = [];
    const dying = (venue: Broker): Broker => ({
      ...venue,
      async submit(order) {
        underway.push(() => venue.submit(order));
        throw new Error("the process dies");
      },
    });
    const world = market({ AAA: 0.5 }, { broker: dying });
    await expect(world.call(AFTERNOON)).rejects.toThrow("the process dies");
    await world.halt("stop");
    expect(await world.call(AFTERNOON, "2026-11-23T18:30:05.000Z")).toBe("call again at 2026-11-23T18:30:06.000Z");
    await underway[0]!();
    expect(await world.call(AFTERNOON, "2026-11-23T18:30:06.000Z")).toBe("partial");
    expect((await world.eventsOf(AFTERNOON, "order-ended")).map(({ status }) => status)).toEqual(["canceled"]);
  });

  test("half a minute after a process died between a plan and its orders: nothing is waited for", async () => {
    const world = market({ AAA: 0.5 }, { broker: (venue) => ({ ...venue, submit: () => Promise.reject(new Error("the process dies")) }) });
    await expect(world.call(AFTERNOON)).rejects.toThrow("the process dies");
    await world.halt("stop");
    expect(await world.call(AFTERNOON, "2026-11-23T18:30:30.000Z")).toBe("refused");
  });

  test("is asked for again until the venue has confirmed the cancellation", async () => {
    const slow = (venue: Broker): Broker => ({ ...venue, cancel: async () => undefined });
    const world = market({ AAA: 0.5 }, { broker: slow });
    await world.call(AFTERNOON);
    await world.halt("stop");
    expect(await world.call(AFTERNOON, "2026-11-23T18:30:01.000Z")).toBe("call again at 2026-11-23T18:30:02.000Z");
    // The order was filled at the close before anything canceled it
    expect(await world.call(AFTERNOON, "2026-11-23T21:00:00.000Z")).toBe("partial");
    expect(await world.eventsOf(AFTERNOON, "order-ended")).toMatchObject([{ status: "filled", filledQuantity: quantityOf("500") }]);
  });

  test("that is over before the next call leaves the run as it was", async () => {
    const world = market();
    await world.call(AFTERNOON);
    await world.halt("stop");
    await world.resume("a false alarm");
    expect((await world.play(AFTERNOON, "2026-11-23T18:30:01.000Z")).outcome).toBe("completed");
    expect(held(world)).toEqual([["AAA", quantityOf("500")]]);
  });

  test("of another account is not this run's", async () => {
    const world = market();
    const own = world.deployment;
    world.deployment = { ...own, account: "other" as typeof own.account };
    await world.halt("stop the other");
    world.deployment = own;
    expect(await world.call(MONDAY)).toBe("completed");
  });
});

describe("a blocked account", () => {
  const blockedFrom = (call: number) => {
    let calls = 0;
    return (venue: Broker): Broker => ({
      ...venue,
      async account() {
        calls += 1;
        const account = await venue.account();
        return calls >= call ? { ...account, blocked: "trading is suspended" } : account;
      },
    });
  };

  test("is refused before the strategy is asked", async () => {
    const world = market({ AAA: 0.5 }, { broker: blockedFrom(1) });
    expect(await world.call(MONDAY)).toBe("refused");
    expect(await typesOf(world, MONDAY)).toEqual(["run-opened", "run-closed"]);
    expect((await world.eventsOf(MONDAY, "run-closed"))[0]!.refused).toEqual([{ code: "ACCOUNT_BLOCKED", reason: "trading is suspended" }]);
  });

  test("between the sells and the buys leaves the run partial", async () => {
    const world = market({ AAA: 1 });
    expect(await world.call(MONDAY)).toBe("completed");
    world.deployment = deploymentOf(holding({ BBB: 1 }), DATA.symbols);
    const { ports } = world;
    // Asked for the targets, for the sells and for the buys
    world.ports = { ...ports, broker: blockedFrom(3)(ports.broker) };
    const tuesday = "2026-11-24T14:35:00.000Z";
    expect(await world.call(tuesday)).toBe("partial");
    expect(await world.eventsOf(tuesday, "orders-planned")).toMatchObject([{ side: "sell" }]);
    expect(held(world)).toEqual([]);
  });
});

describe("the end of the window", () => {
  test("cancels what is still open, asks until it has ended, and submits nothing", async () => {
    const submitted: string[] = [];
    const canceled: string[] = [];
    const watched = (venue: Broker): Broker => ({
      ...venue,
      async submit(order) {
        submitted.push(order.clientOrderId);
        return venue.submit(order);
      },
      async cancel(id) {
        canceled.push(id);
        return venue.cancel(id);
      },
    });
    const world = new RunOnMarket(deploymentOf(holding({ AAA: 0.5 }), DATA.symbols, { executionStyle: "marketable-limit", limits: { collarBps: 0 } }), datasetOf({ AAA: barsOf(FROM, Array.from({ length: 10 }, () => [100, 110, 100, 110] as const)), BBB: flat(50) }), { from: FROM, broker: watched });
    expect(await world.call(AFTERNOON)).toBe("call again at 2026-11-23T18:30:01.000Z");
    expect(await world.call(AFTERNOON, "2026-11-23T21:00:00.000Z")).toMatch(/^call again/);
    expect(canceled).toEqual([]);
    expect(await world.call(AFTERNOON, "2026-11-23T21:00:00.500Z")).toBe("partial");
    expect([submitted.length, canceled]).toEqual([1, submitted]);
    expect(await world.eventsOf(AFTERNOON, "order-ended")).toMatchObject([{ status: "canceled", filledQuantity: 0 }]);
    expect((await world.eventsOf(AFTERNOON, "run-closed"))[0]!.refused).toMatchObject([{ code: "WINDOW_PASSED" }]);
  });
});

describe("the trading breaker of the account", () => {
  const rules = { accountRules: { tradingBreaker: breakerThresholdsSchema.parse({ coolingHours: 25, unknownMax: 2 }) } };
  const TUESDAY = "2026-11-24T14:35:00.000Z";
  const WEDNESDAY = "2026-11-25T15:35:00.000Z";

  test("cools after too many doubtful answers: the next run is refused and says until when, the one after it trades", async () => {
    const mute = (venue: Broker): Broker => ({
      ...venue,
      async submit(order) {
        await venue.submit(order);
        return { kind: "unknown", cause: "timeout" };
      },
    });
    const world = new RunOnMarket(deploymentOf(holding({ AAA: 0.5, BBB: 0.25 }), DATA.symbols, rules), DATA, { from: FROM, broker: mute });
    expect(await world.call(MONDAY)).toBe("completed");
    world.deployment = deploymentOf(holding({ AAA: 0.25 }), DATA.symbols, rules);
    expect(await world.call(TUESDAY)).toBe("refused");
    expect((await world.eventsOf(TUESDAY, "run-closed"))[0]!.refused).toMatchObject([{ code: "COOLING", until: instantOf("2026-11-24T15:35:00Z"), why: "2 submissions had no clear answer (unknownMax 2)" }]);
    expect(await world.call(WEDNESDAY)).toBe("completed");
  });

  test("halts when the account holds something else than its fills say", async () => {
    let shares = 0;
    const leaking = (venue: Broker): Broker => ({
      ...venue,
      async account() {
        const account = await venue.account();
        const positions = account.positions.map((position) => ({ ...position, quantity: subtractQuantity(position.quantity, quantityOf(String(shares))) }));
        return { ...account, positions };
      },
      async submit(order) {
        shares = 1;
        return venue.submit(order);
      },
    });
    const world = new RunOnMarket(deploymentOf(holding({ AAA: 0.5 }), DATA.symbols, rules), DATA, { from: FROM, broker: leaking });
    expect(await world.call(MONDAY)).toBe("partial");
    expect((await world.eventsOf(MONDAY, "run-closed"))[0]!.refused).toEqual([{ code: "RECONCILIATION_DIFFERENCE", symbol: "AAA", expected: quantityOf("500"), held: quantityOf("499") }]);
    expect(await world.call(TUESDAY)).toBe("refused");
    expect((await world.eventsOf(TUESDAY, "run-closed"))[0]!.refused).toMatchObject([{ code: "HALTED", why: `1 differences between journal and account after test/holding/${MONDAY}` }]);
    await world.resume("one share was lent out");
    expect(await world.call(TUESDAY)).toBe("refused");
    expect(await world.call(WEDNESDAY)).not.toBe("refused");
  });
});
