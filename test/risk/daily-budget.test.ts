import { rmSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountRulesOf } from "../../src/account-settings.ts";
import { moneyOf, priceOf, quantityOf } from "../../src/money.ts";
import type { StateStore } from "../../src/ports.ts";
import type { Candidate } from "../../src/risk/candidate.ts";
import { dailyBudgetKey, reserveBudget, type DailyBudget } from "../../src/risk/daily-budget.ts";
import { changeState } from "../../src/run/change-state.ts";
import { dynamodbStore } from "../../src/state/dynamodb.ts";
import { MemoryStateStore } from "../../src/state/memory.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import { instantOf, sessionDateOf } from "../../src/time.ts";
import type { AccountName, ApprovedOrder, ClientOrderId, RunId, Side, Symbol } from "../../src/trade.ts";
import { startDynamodb, type DynamodbServer } from "../support/dynamodb-server.ts";

const SESSION = sessionDateOf("2026-11-23");

/** An order of 1,000 USD. */
function order(symbol: string, side: Side = "buy"): Candidate & ApprovedOrder {
  return {
    clientOrderId: `order-${symbol}` as ClientOrderId,
    symbol: symbol as Symbol,
    side,
    quantity: quantityOf("10"),
    type: "market",
    priceBound: priceOf("101"),
    referencePrice: priceOf("100"),
    expectedFees: moneyOf("0"),
    closesPosition: false,
  } as unknown as Candidate & ApprovedOrder;
}

function reserve(budget: DailyBudget | undefined, run: string, orders: readonly string[], rules: Parameters<typeof accountRulesOf>[0], side: Side = "buy", session = SESSION) {
  return reserveBudget(budget, { session, run: run as RunId, side, orders: orders.map((symbol) => order(symbol, side)), equity: moneyOf("10000") }, accountRulesOf(rules));
}

const symbolsOf = (orders: readonly { readonly symbol: string }[]): readonly string[] => orders.map(({ symbol }) => symbol);

describe("the orders of a session", () => {
  test("are let through up to the maximum, whichever run they are of", () => {
    const first = reserve(undefined, "one", ["A", "B"], { ordersPerDayMax: 3 });
    const second = reserve(first.budget, "two", ["C", "D"], { ordersPerDayMax: 3 });
    expect([symbolsOf(first.approved), symbolsOf(second.approved)]).toEqual([["A", "B"], ["C"]]);
    expect(second.refused).toEqual([{ code: "ORDERS_PER_DAY_EXCEED_MAX", symbol: "D", side: "buy", used: 3, max: 3 }]);
  });

  test("turn over exactly the maximum of equity, and no more", () => {
    const first = reserve(undefined, "one", ["A"], { turnoverPerDayMax: 0.2 }, "sell");
    const second = reserve(first.budget, "one", ["B", "C"], { turnoverPerDayMax: 0.2 });
    expect(symbolsOf(second.approved)).toEqual(["B"]);
    expect(second.refused).toEqual([{ code: "TURNOVER_PER_DAY_EXCEEDS_MAX", symbol: "C", side: "buy", turnover: 3_000_000_000, max: 2_000_000_000 }]);
  });

  test("are reserved in the place of the run's own earlier reservation", () => {
    const first = reserve(undefined, "one", ["A", "B"], { ordersPerDayMax: 2 });
    const again = reserve(first.budget, "one", ["A", "B"], { ordersPerDayMax: 2 });
    expect(symbolsOf(again.approved)).toEqual(["A", "B"]);
    expect(again.budget).toEqual(first.budget);
  });

  test("stay reserved when the run plans fewer as it is resumed", () => {
    const first = reserve(undefined, "one", ["A", "B"], { ordersPerDayMax: 2 });
    const again = reserve(first.budget, "one", ["A"], { ordersPerDayMax: 2 });
    expect(symbolsOf(reserve(again.budget, "two", ["C"], { ordersPerDayMax: 2 }).approved)).toEqual([]);
  });

  test("are none of the next session's", () => {
    const first = reserve(undefined, "one", ["A"], { ordersPerDayMax: 1 });
    expect(symbolsOf(reserve(first.budget, "two", ["B"], { ordersPerDayMax: 1 }, "buy", sessionDateOf("2026-11-24")).approved)).toEqual(["B"]);
  });
});

describe("forty runs at once", () => {
  let server: DynamodbServer;
  const directory = mkdtempSync(join(tmpdir(), "ballast-budget-"));
  beforeAll(async () => {
    server = await startDynamodb();
    await server.createTable("budget");
  });
  afterAll(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });

  const stores: readonly (readonly [string, () => readonly [StateStore, StateStore]])[] = [
    ["memory", () => { const store = new MemoryStateStore(); return [store, store]; }],
    ["SQLite", () => [openSqliteStore(join(directory, "b.sqlite"), { synchronous: "off" }).state, openSqliteStore(join(directory, "b.sqlite"), { synchronous: "off" }).state]],
    ["DynamoDB", () => [openDynamodb(), openDynamodb()]],
  ];

  function openDynamodb(): StateStore {
    return dynamodbStore({ client: server.client(3), tableName: "budget", clock: { now: () => instantOf("2026-11-23T15:00:00Z") } }).state;
  }

  test.each(stores)("of two strategies, over the %s store, spend the session's budget once", async (_name, open) => {
    const [one, two] = open();
    const rules = accountRulesOf({ ordersPerDayMax: 25 });
    const approved = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        changeState(n % 2 === 0 ? one : two, dailyBudgetKey("acct" as AccountName), (before) => {
          const answer = reserveBudget(before, { session: SESSION, run: `run ${n}` as RunId, side: "buy" as const, orders: [order(`S${n}`)], equity: moneyOf("10000") }, rules);
          return { after: answer.budget, answer: answer.approved.length };
        }),
      ),
    );
    expect(approved.reduce((sum, count) => sum + count, 0)).toBe(25);
    const kept = await one.load(dailyBudgetKey("acct" as AccountName));
    expect(kept!.value.reservations.reduce((sum, { orders }) => sum + orders, 0)).toBe(25);
  });
});
