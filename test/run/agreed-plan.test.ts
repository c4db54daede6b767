import { describe, expect, test } from "vitest";
import { moneyOf, priceOf, quantityOf, weightFromFraction, type Weight } from "../../src/money.ts";
import { hashOfPlan, movedSince, movedTargets, planKey, type StoredPlan } from "../../src/run/stored-plan.ts";
import { advanceRun } from "../../src/run/advance-run.ts";
import { runIdOf } from "../../src/run/run-identity.ts";
import { instantOf } from "../../src/time.ts";
import type { AccountName, RunId, Symbol } from "../../src/trade.ts";
import { accountOf, barsOf, datasetOf, deploymentOf, holding, quotesOf } from "../support/made-up-market.ts";
import { RunOnMarket } from "../support/run-on-market.ts";

const NOW = instantOf("2026-11-23T14:40:00Z");
const MONDAY = "2026-11-23T14:35:00.000Z";
const AAA = "AAA" as Symbol;

const PLAN: StoredPlan = {
  run: runIdOf("test" as AccountName, "holding", instantOf(MONDAY)),
  account: "test" as AccountName,
  strategy: "holding",
  scheduledAt: instantOf(MONDAY),
  madeAt: instantOf(MONDAY),
  validUntil: NOW,
  toleranceBps: 50,
  equity: moneyOf("100000"),
  cash: moneyOf("100000"),
  targets: { [AAA]: weightFromFraction(0.5) },
  held: { [AAA]: quantityOf("0"), ["BBB" as Symbol]: quantityOf("0") },
  quotes: { [AAA]: { bid: priceOf("100"), ask: priceOf("100") } },
  orders: [{ side: "buy", symbol: AAA, quantity: quantityOf("123"), priceBound: priceOf("101"), reason: "as agreed" }],
};

describe("what moved since a plan was made", () => {
  const world = { now: NOW, account: accountOf("100000"), quotes: quotesOf(NOW, { AAA: "100" }) };
  test.each([
    ["nothing", {}, []],
    ["a quote by as much as is tolerated", { quotes: quotesOf(NOW, { AAA: "100.5" }) }, []],
    ["a quote by a hundredth more", { quotes: quotesOf(NOW, { AAA: "100.5001" }) }, [{ what: "quote", symbol: "AAA", planned: 100_000_000, found: 100_500_100, movedBps: 50.01, toleranceBps: 50 }]],
    ["a quote that is gone", { quotes: new Map() }, [{ what: "quote", symbol: "AAA", planned: 100_000_000, found: null, movedBps: null, toleranceBps: 50 }]],
    ["cash by as much as is tolerated", { account: accountOf("99500") }, []],
    ["cash by more", { account: accountOf("99000") }, [{ what: "cash", planned: 100_000_000_000, found: 99_000_000_000, movedBps: 100, toleranceBps: 50 }]],
    ["a position that was not there", { account: accountOf("100000", { BBB: ["1", "1"] }) }, [{ what: "position", symbol: "BBB", planned: 0, found: 1_000_000_000, toleranceBps: 50 }]],
    ["a position of another strategy's", { account: accountOf("100000", { ZZZ: ["1", "1"] }) }, []],
    ["the time, by a millisecond", { now: (NOW + 1) as typeof NOW }, [{ what: "age", madeAt: instantOf(MONDAY), validUntil: NOW, now: NOW + 1 }]],
  ])("%s", (_, changed, moved) => {
    expect(movedSince(PLAN, "sell", { ...world, ...changed })).toEqual(moved);
  });

  test("before the buys only the quotes count", () => {
    expect(movedSince(PLAN, "buy", { now: (NOW + 1) as typeof NOW, account: accountOf("5"), quotes: world.quotes })).toEqual([]);
  });

  test("a target that moved, came or went", () => {
    const weight = (fraction: number): Weight => weightFromFraction(fraction);
    expect(movedTargets(PLAN, [{ symbol: AAA, weight: weight(0.504), reason: "" }])).toEqual([]);
    expect(movedTargets(PLAN, [{ symbol: "BBB" as Symbol, weight: weight(0.1), reason: "" }])).toMatchObject([
      { what: "target", symbol: "AAA", planned: 500_000, found: 0 },
      { what: "target", symbol: "BBB", planned: 0, found: 100_000 },
    ]);
  });
});

describe("a run with a plan", () => {
  const flat = barsOf("2026-11-16", Array.from({ length: 10 }, () => [100, 101, 99, 100] as const));
  const world = (): RunOnMarket => new RunOnMarket(deploymentOf(holding({ AAA: 0.5 }), ["AAA", "BBB"]), datasetOf({ AAA: flat, BBB: flat }), { from: "2026-11-16" });

  async function traded(market: RunOnMarket, plan: StoredPlan): Promise<unknown> {
    const hash = hashOfPlan(plan);
    await market.state.save(planKey(hash), { plan }, 0);
    market.world.market.advanceTo(instantOf(MONDAY));
    return advanceRun({ deployment: market.deployment, scheduledAt: instantOf(MONDAY), plan: hash }, market.ports);
  }

  test("trades the planned quantity, not the one that its targets ask for", async () => {
    const market = world();
    expect(await traded(market, PLAN)).toMatchObject({ outcome: "completed" });
    expect(market.world.exchange.account(market.deployment.account).positions).toMatchObject([{ symbol: "AAA", quantity: quantityOf("123") }]);
  });

  test("that the limits would not let through trades nothing", async () => {
    const market = world();
    market.deployment = deploymentOf(holding({ AAA: 0.5 }), ["AAA", "BBB"], { limits: { orderNotionalMax: 10_000 } });
    expect(await traded(market, PLAN)).toMatchObject({ outcome: "refused" });
    expect((await market.eventsOf(MONDAY, "orders-planned"))[1]!.refused).toMatchObject([{ code: "ORDER_NOTIONAL_EXCEEDS_MAX" }]);
  });

  test("of other targets is refused before an order is planned", async () => {
    const market = world();
    expect(await traded(market, { ...PLAN, targets: { [AAA]: weightFromFraction(0.4) } })).toMatchObject({ outcome: "refused" });
    expect((await market.eventsOf(MONDAY, "run-closed"))[0]!.refused).toMatchObject([{ code: "PLAN_STALE", moved: [{ what: "target", symbol: "AAA", planned: 400_000, found: 500_000 }] }]);
    expect(await market.eventsOf(MONDAY, "orders-planned")).toEqual([]);
  });

  test("of another run is no plan for this one", async () => {
    const market = world();
    expect(await traded(market, { ...PLAN, run: "test/holding/2026-11-24T14:35:00.000Z" as RunId })).toMatchObject({ outcome: "refused" });
    expect((await market.eventsOf(MONDAY, "run-closed"))[0]!.refused).toMatchObject([{ code: "APPROVAL_MISSING" }]);
  });
});
