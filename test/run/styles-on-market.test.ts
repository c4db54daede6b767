import { describe, expect, test } from "vitest";
import type { ExecutionStyle } from "../../src/execution/execution.ts";
import { styleNamed } from "../../src/execution/style-settings.ts";
import { priceOf, quantityOf, shares } from "../../src/money.ts";
import type { Broker } from "../../src/ports.ts";
import { explainRun, explanationText } from "../../src/run/explain.ts";
import { instantOf } from "../../src/time.ts";
import type { SubmitOutcome } from "../../src/trade.ts";
import { barsOf, datasetOf, deploymentOf, holding } from "../support/made-up-market.ts";
import { RunOnMarket, type MarketOptions } from "../support/run-on-market.ts";

// Sessions from Monday 2026-11-16, New York on UTC-5: open 14:30Z, close 21:00Z. Opens at 100 and closes at 101.
const FROM = "2026-11-16";
const DATA = datasetOf({ AAA: barsOf(FROM, Array.from({ length: 10 }, () => [100, 102, 99, 101] as const)) });

function market(execution: ExecutionStyle, schedule: string, options: Partial<MarketOptions> = {}): RunOnMarket {
  return new RunOnMarket(deploymentOf(holding({ AAA: 0.5 }, schedule), DATA.symbols, { executionStyle: execution, limits: { collarBps: 300 } }), DATA, { from: FROM, ...options });
}

describe("for an auction", () => {
  test("at the close, in whole shares, at the closing price", async () => {
    const world = market(styleNamed("at-close"), "every session at close-30m");
    const at = "2026-11-23T20:30:00.000Z";
    expect((await world.play(at)).outcome).toBe("completed");
    // Half of 100,000 USD at an indication of 100 (midday) is 500 shares; the auction is at 101.
    expect(await world.eventsOf(at, "order-ended")).toMatchObject([{ status: "filled", filledQuantity: quantityOf("500"), fills: [{ price: priceOf("101"), at: instantOf("2026-11-23T21:00:00Z") }] }]);
    expect(await world.eventsOf(at, "child-planned")).toMatchObject([{ step: 0, why: "for the closing auction", order: { timeInForce: "cls", type: "limit" } }]);
    expect(await world.eventsOf(at, "execution-ended")).toMatchObject([{ status: "filled", filledQuantity: quantityOf("500"), why: "filled" }]);
  });

  test("at the open, planned half an hour before it, at the opening price", async () => {
    const world = market(styleNamed("at-open"), "every session at open-60m");
    const at = "2026-11-23T13:30:00.000Z";
    expect(await world.call(at)).toBe("call again at 2026-11-23T14:00:00.000Z");
    expect((await world.play(at, "2026-11-23T14:00:00.000Z")).outcome).toBe("completed");
    expect(await world.eventsOf(at, "order-ended")).toMatchObject([{ status: "filled", fills: [{ price: priceOf("100"), at: instantOf("2026-11-23T14:30:00Z") }] }]);
  });

  test.each([
    ["at-close", "every session at close-30m", "2026-11-23T20:30:00.000Z", "2026-11-23T20:50:00.000Z"],
    ["at-open", "every session at open-60m", "2026-11-23T13:30:00.000Z", "2026-11-23T14:28:00.000Z"],
  ] as const)("%s, a run that comes at the cut-off is missed, and says by how much", async (style, schedule, due, at) => {
    const world = market(styleNamed(style), schedule);
    expect(await world.call(due, at)).toBe("missed");
    expect(await world.eventsOf(due, "run-closed")).toMatchObject([{ refused: [{ code: "AUCTION_CUTOFF_PASSED", auction: style, cutoff: instantOf(at), now: instantOf(at) }] }]);
  });

  test("sells and buys meet the same auction: buys have only the cash from before it", async () => {
    const world = market(styleNamed("at-close"), "every session at close-30m");
    await world.play("2026-11-23T20:30:00.000Z");
    const next = "2026-11-24T20:30:00.000Z";
    await world.play(next);
    const plans = await world.eventsOf(next, "orders-planned");
    expect(plans.map(({ side, at }) => [side, at])).toEqual([["sell", instantOf(next)], ["buy", instantOf(next)]]);
  });
});

describe("over time", () => {
  const AT = "2026-11-23T14:35:00.000Z";
  const twap = { style: "twap", minutes: 9, slices: 3, capBps: 10, participationMax: 1 } as const;

  test("TWAP places a slice every three minutes, and the run explains it", async () => {
    const world = market(twap, "every session at open+5m");
    const { calls, outcome } = await world.play(AT);
    expect(outcome).toBe("completed");
    expect((await world.eventsOf(AT, "child-planned")).map(({ step, at, order }) => [step, at, order.quantity])).toEqual([
      [0, instantOf("2026-11-23T14:35:00Z"), 166_666_666_666],
      [1, instantOf("2026-11-23T14:38:00Z"), 166_666_666_667],
      [2, instantOf("2026-11-23T14:41:00Z"), 166_666_666_667],
    ]);
    expect(calls).toEqual([AT, "2026-11-23T14:38:00.000Z", "2026-11-23T14:41:00.000Z"]);
    const text = explanationText(explainRun(await world.events(AT)));
    expect(text).toContain("At 2026-11-23T14:38:00.000Z buy 166.666666667 shares at 100.10 USD or better: slice 2 of 3.");
    expect(text).toContain("In all 500 shares were filled at 100.00 USD on average.");
  });

  test("what the market does not give is given up, and the run is partial", async () => {
    const world = market({ style: "walk-the-book", steps: 2, capBps: 10, patienceMinMs: 5_000, patienceMaxMs: 10_000 }, "every session at open+240m");
    const due = "2026-11-23T18:30:00.000Z";
    expect((await world.play(due)).outcome).toBe("partial");
    expect(await world.eventsOf(due, "execution-ended")).toMatchObject([{ status: "canceled", filledQuantity: 0, why: "not filled after 2 steps" }]);
    expect(world.world.exchange.openOrders(world.deployment.account)).toEqual([]);
  });

  test("a halt in the middle takes back what is open and reports what was done", async () => {
    const world = market(twap, "every session at open+5m");
    await world.call(AT);
    await world.halt("a look at it");
    expect(await world.call(AT, "2026-11-23T14:36:00.000Z")).toBe("partial");
    expect(await world.eventsOf(AT, "execution-ended")).toMatchObject([{ status: "canceled", filledQuantity: 166_666_666_666, why: "the run was stopped" }]);
  });

  const answering = (outcome: (submissions: number) => SubmitOutcome | undefined) => {
    let submissions = 0;
    return (venue: Broker): Broker => ({
      ...venue,
      submit: async (order) => {
        submissions += 1;
        return outcome(submissions) ?? venue.submit(order);
      },
    });
  };

  test("an order that the venue rejects is not tried in other words", async () => {
    const broker = answering((submissions) => (submissions === 2 ? { kind: "rejected", code: "40310000", message: "no" } : undefined));
    const world = market(twap, "every session at open+5m", { broker });
    expect((await world.play(AT)).outcome).toBe("partial");
    expect(await world.eventsOf(AT, "execution-ended")).toMatchObject([{ status: "rejected", filledQuantity: 166_666_666_666, why: "the venue rejected its order" }]);
    expect(await world.eventsOf(AT, "child-planned")).toHaveLength(2);
  });

  test("while an order is in doubt no other is placed; unknown to the venue it is sent again under its own id", async () => {
    const broker = answering((submissions) => (submissions === 1 ? { kind: "unknown", cause: "no answer" } : undefined));
    const world = market(twap, "every session at open+5m", { broker });
    const { calls, outcome } = await world.play(AT);
    expect(outcome).toBe("completed");
    expect(calls.slice(0, 6)).toEqual([AT, ...[1, 2, 4, 8, 16].map((seconds) => `2026-11-23T14:35:${String(seconds).padStart(2, "0")}.000Z`)]);
    const submitted = await world.eventsOf(AT, "order-submitted");
    expect(submitted.map(({ outcome: { kind } }) => kind)).toEqual(["unknown", "accepted", "accepted", "accepted"]);
    expect(submitted[0]!.clientOrderId).toBe(submitted[1]!.clientOrderId);
    expect(world.world.exchange.account(world.deployment.account).positions).toMatchObject([{ quantity: shares(500) }]);
  });
});
