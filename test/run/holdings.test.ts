import { describe, expect, test } from "vitest";
import { addQuantity, quantityOf, type Quantity } from "../../src/money.ts";
import type { Broker } from "../../src/ports.ts";
import { advanceRun } from "../../src/run/advance-run.ts";
import { explainRun, explanationText } from "../../src/run/explain.ts";
import { breakerKey } from "../../src/risk/trading-breaker.ts";
import { accountRulesOf } from "../../src/account-settings.ts";
import { epochDayOf, instantOf, sessionDateOf } from "../../src/time.ts";
import type { Symbol } from "../../src/trade.ts";
import { barsOf, datasetOf, deploymentOf, holding } from "../support/made-up-market.ts";
import { RunOnMarket } from "../support/run-on-market.ts";

const MONDAY = "2026-11-23T14:35:00.000Z";
const TUESDAY = "2026-11-24T14:35:00.000Z";
const WEDNESDAY = "2026-11-25T14:35:00.000Z";
const AAA = "AAA" as Symbol;
const [FIFTY_DOLLARS, HUNDRED_DOLLARS] = [[50, 50, 50, 50], [100, 100, 100, 100]] as const;

/** Two shares for one on Tuesday. */
const SPLIT = datasetOf({ AAA: barsOf("2026-11-20", [HUNDRED_DOLLARS, HUNDRED_DOLLARS, FIFTY_DOLLARS, FIFTY_DOLLARS]) }, { AAA: [{ type: "split", exDay: epochDayOf(sessionDateOf("2026-11-24")), ratio: 2 }] });
const STEADY = datasetOf({ AAA: barsOf("2026-11-20", [HUNDRED_DOLLARS, HUNDRED_DOLLARS, HUNDRED_DOLLARS, HUNDRED_DOLLARS]) });

/** A venue that says another quantity of what is held, while `change` is set. */
class Altered {
  change: ((quantity: Quantity) => Quantity) | undefined;

  readonly broker = (venue: Broker): Broker => ({
    account: async () => {
      const account = await venue.account();
      const { change } = this;
      return change ? { ...account, positions: account.positions.map((position) => ({ ...position, quantity: change(position.quantity) })) } : account;
    },
    openOrders: () => venue.openOrders(), assets: (symbols) => venue.assets(symbols), hoursOf: (date) => venue.hoursOf(date),
    submit: (order) => venue.submit(order), find: (id) => venue.find(id), cancel: (id) => venue.cancel(id),
  });
}

const halved = (quantity: Quantity): Quantity => (quantity / 2) as Quantity;
const fiveMore = (quantity: Quantity): Quantity => addQuantity(quantity, quantityOf("5"));

async function afterMonday(dataset = STEADY, then?: "alarm" | "halt"): Promise<{ run: RunOnMarket; venue: Altered }> {
  const venue = new Altered();
  const rules = then && { accountRules: { ...accountRulesOf({ tradingBreaker: {} }), unknownOrigin: { then, symbols: [AAA] } } };
  const run = new RunOnMarket(deploymentOf(holding({ AAA: 0.5 }), ["AAA"], rules), dataset, { from: "2026-11-23", broker: venue.broker });
  expect((await run.play(MONDAY)).outcome).toBe("completed");
  expect(await run.eventsOf(MONDAY, "holdings-changed")).toEqual([]);
  return { run, venue };
}

describe("a split over night", () => {
  test("is journaled with the shares before and after it, and traded on", async () => {
    const { run } = await afterMonday(SPLIT);
    expect((await run.play(TUESDAY)).outcome).toBe("unchanged");
    expect((await run.eventsOf(TUESDAY, "holdings-changed")).map(({ changes }) => changes)).toEqual([[
      { since: "test/holding/2026-11-23T14:35:00.000Z", symbol: "AAA", left: quantityOf("500"), held: quantityOf("1000"), expected: quantityOf("1000"), found: "converted", conversions: [{ kind: "split", symbol: "AAA", on: "2026-11-24", becomes: [{ symbol: "AAA", shares: 2 }] }] },
    ]]);
    expect(explanationText(explainRun(await run.events(TUESDAY)))).toContain("Before the run: test/holding/2026-11-23T14:35:00.000Z left 500 shares, and 1,000 shares were held: split on 2026-11-24, one share becoming 2 AAA.");
    expect((await run.play(WEDNESDAY)).outcome).toBe("unchanged");
    expect(await run.eventsOf(WEDNESDAY, "holdings-changed")).toEqual([]);
  });

  test("that the venue has not carried out stops every run until it has", async () => {
    const { run, venue } = await afterMonday(SPLIT);
    venue.change = halved;
    expect((await run.play(TUESDAY)).outcome).toBe("refused");
    expect((await run.eventsOf(TUESDAY, "run-closed"))[0]!.refused).toEqual([{ code: "SPLIT_NOT_APPLIED", symbol: "AAA", exDate: "2026-11-24", held: quantityOf("500"), expected: quantityOf("1000") }]);
    expect((await run.play("2026-11-24T15:35:00.000Z")).outcome).toBe("refused");
    venue.change = undefined;
    expect((await run.play(WEDNESDAY)).outcome).toBe("unchanged");
    expect((await run.eventsOf(WEDNESDAY, "holdings-changed"))[0]!.changes).toMatchObject([{ found: "converted", left: quantityOf("500"), held: quantityOf("1000") }]);
  });

  test("or until a person says that what is held is right", async () => {
    const { run, venue } = await afterMonday(SPLIT);
    venue.change = halved;
    expect((await run.play(TUESDAY)).outcome).toBe("refused");
    await run.resume("there was no split");
    await run.play("2026-11-24T15:35:00.000Z");
    expect(await run.eventsOf("2026-11-24T15:35:00.000Z", "holdings-changed")).toEqual([]);
    expect(await run.eventsOf("2026-11-24T15:35:00.000Z", "targets-set")).toHaveLength(1);
  });

  test("does not stop a liquidation", async () => {
    const { run, venue } = await afterMonday(SPLIT);
    venue.change = halved;
    run.world.market.advanceTo(instantOf(TUESDAY));
    await advanceRun({ deployment: run.deployment, scheduledAt: instantOf(TUESDAY), despiteHalt: true }, run.ports);
    expect(await run.eventsOf(TUESDAY, "targets-set")).toHaveLength(1);
  });
});

describe("a holding that neither a run nor a corporate action has changed", () => {
  const changed = { code: "HOLDING_CHANGED", symbol: "AAA", since: "test/holding/2026-11-23T14:35:00.000Z", left: quantityOf("500"), expected: quantityOf("500"), held: quantityOf("505") };

  test("is journaled, where the account has no rule for it", async () => {
    const { run, venue } = await afterMonday();
    venue.change = fiveMore;
    await run.call(TUESDAY);
    expect((await run.eventsOf(TUESDAY, "holdings-changed"))[0]!.changes).toMatchObject([{ found: "unexplained", left: quantityOf("500"), held: quantityOf("505") }]);
    expect(explanationText(explainRun(await run.events(TUESDAY)))).toContain("AAA\n  Before the run: test/holding/2026-11-23T14:35:00.000Z left 500 shares, and 505 shares were held, which nothing that is known explains.");
  });

  test("is an alarm at the end of the run, and told once", async () => {
    const { run, venue } = await afterMonday(STEADY, "alarm");
    venue.change = fiveMore;
    expect((await run.play(TUESDAY)).outcome).not.toBe("completed");
    expect((await run.eventsOf(TUESDAY, "run-closed"))[0]!.refused).toContainEqual(changed);
    await run.play(WEDNESDAY);
    expect((await run.eventsOf(WEDNESDAY, "run-closed"))[0]!.refused).not.toContainEqual(expect.objectContaining({ code: "HOLDING_CHANGED" }));
  });

  test("halts the account before anything is traded, until a person has spoken", async () => {
    const { run, venue } = await afterMonday(STEADY, "halt");
    venue.change = fiveMore;
    expect((await run.play(TUESDAY)).outcome).toBe("refused");
    expect((await run.eventsOf(TUESDAY, "run-closed"))[0]!.refused).toContainEqual(changed);
    expect(await run.eventsOf(TUESDAY, "targets-set")).toEqual([]);
    expect((await run.state.load(breakerKey(run.deployment.account)))?.value.position).toMatchObject({ kind: "halted", why: "1 orders and positions of unknown origin in test/holding/2026-11-24T14:35:00.000Z" });
    await run.resume("they are mine");
    await run.play(WEDNESDAY);
    expect(await run.eventsOf(WEDNESDAY, "holdings-changed")).toEqual([]);
    expect(await run.eventsOf(WEDNESDAY, "targets-set")).toHaveLength(1);
  });

  test("is asked for once by a run that is called again", async () => {
    const { run, venue } = await afterMonday();
    venue.change = fiveMore;
    const { marketData } = run.ports;
    run.ports = { ...run.ports, marketData: { ...marketData, view: () => Promise.reject(new Error("no bars yet")) } };
    await expect(run.call(TUESDAY)).rejects.toThrow("no bars yet");
    run.ports = { ...run.ports, marketData: { ...marketData, conversions: () => Promise.reject(new Error("asked again")) } };
    await run.call(TUESDAY);
    expect(await run.eventsOf(TUESDAY, "holdings-changed")).toHaveLength(1);
  });
});
