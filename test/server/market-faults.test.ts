import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { DurableVenue, verifyVenue } from "../../src/server/durable-venue.ts";
import { faultPlanSchema } from "../../src/server/faults.ts";
import { operate } from "../../src/server/operate.ts";
import type { Venue, VenueSettings } from "../../src/server/venue.ts";
import { agentMarket } from "../../src/server/agent-market.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import type { Instant } from "../../src/time.ts";
import { moneyOf } from "../../src/money.ts";
import { NOON, serveMarket, venueSettings, type ServedMarket } from "../support/served-market.ts";

let market: ServedMarket;
afterEach(() => market.server.close());

async function serving(plan: object, venue?: Venue): Promise<void> {
  market = await serveMarket({ ann: "100000", bob: "100000" }, { extend: (parts) => operate(parts, () => 0) }, venue);
  await market.quote("99.99", "100.01");
  expect((await put(plan)).status).toBe(200);
}

const put = (plan: object): Promise<Response> => fetch(`${market.server.url}/sim/v1/faults`, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(plan) });

interface OrderBody {
  readonly id: string;
  readonly status: string;
  readonly filled_qty: string;
}

async function order(id: string, more: object = {}): Promise<OrderBody> {
  const { status, body } = await market.send("ann", "POST", "/v2/orders", { symbol: "AAA", qty: "10", side: "buy", type: "market", time_in_force: "day", client_order_id: id, ...more });
  expect(status).toBe(200);
  return body as OrderBody;
}

async function find(id: string): Promise<OrderBody> {
  return (await market.send("ann", "GET", `/v2/orders:by_client_order_id?client_order_id=${id}`)).body as OrderBody;
}

describe("an order that fills in parts", () => {
  const plan = (more: object): object => ({ seed: 1, market: [{ fault: "partial-fill", share: 0.3, restAfterMs: 5_000, ...more }] });

  test.each([
    ["a market order", {}],
    ["a limit order that can trade at once", { type: "limit", limit_price: "100.5" }],
  ])("%s gets its share at once, nothing from the next quote, and the rest when its time has come", async (_name, more) => {
    await serving(plan({}));
    expect(await order("a1", more)).toMatchObject({ status: "partially_filled", filled_qty: "3" });
    await market.quote("99.98", "100.02");
    await market.at("2026-11-24T17:00:04.999Z");
    expect(await find("a1")).toMatchObject({ status: "partially_filled", filled_qty: "3" });
    await market.at("2026-11-24T17:00:05Z");
    expect(await find("a1")).toMatchObject({ status: "filled", filled_qty: "10" });
  });

  test("against another client it is the same", async () => {
    await serving({});
    await order("hold");
    // The house leaves with the halt.
    for (const type of ["halt", "resume"] as const) await market.server.execute({ type, symbol: "AAA" as Symbol });
    await order("ask", { side: "sell", type: "limit", limit_price: "100.05" });
    await put(plan({}));
    const bought = await market.send("bob", "POST", "/v2/orders", { symbol: "AAA", qty: "10", side: "buy", type: "limit", limit_price: "100.05", time_in_force: "day" });
    expect(bought.body).toMatchObject({ status: "partially_filled", filled_qty: "3" });
    expect(await find("ask")).toMatchObject({ status: "partially_filled", filled_qty: "3" });
    await market.at("2026-11-24T17:00:05Z");
    expect(await find("ask")).toMatchObject({ status: "filled", filled_qty: "10" });
  });

  test("an IOC order ends with its share, a FOK order and a single share are spared", async () => {
    await serving(plan({}));
    expect(await order("ioc", { time_in_force: "ioc" })).toMatchObject({ status: "canceled", filled_qty: "3" });
    expect(await order("fok", { time_in_force: "fok" })).toMatchObject({ status: "filled", filled_qty: "10" });
    expect(await order("one", { qty: "1" })).toMatchObject({ status: "filled", filled_qty: "1" });
  });

  test("one seed strikes the same orders for the same shares, another seed others", async () => {
    const drawn = async (seed: number): Promise<string[]> => {
      await serving({ seed, market: [{ fault: "partial-fill", probability: 0.5, restAfterMs: 60_000 }] });
      const filled: string[] = [];
      for (let number = 1; number <= 12; number += 1) filled.push((await order(`o${number}`)).filled_qty);
      await market.server.close();
      return filled;
    };
    const first = await drawn(7);
    expect(await drawn(7)).toEqual(first);
    expect(first.filter((quantity) => quantity === "10").length).toBeGreaterThan(2);
    expect(new Set(first).size).toBeGreaterThan(3);
    expect(await drawn(8)).not.toEqual(first);
  });
});

describe("a halt", () => {
  test("between two instants lets orders wait, and ends", async () => {
    await serving({ market: [{ fault: "halt-between", symbol: "AAA", from: "2026-11-24T17:10:00Z", to: "2026-11-24T17:20:00Z" }] });
    await market.at("2026-11-24T17:15:00Z");
    expect(await order("waits", { type: "limit", limit_price: "101" })).toMatchObject({ filled_qty: "0" });
    await market.at("2026-11-24T17:20:00Z");
    await market.quote("99.99", "100.01");
    expect(await find("waits")).toMatchObject({ status: "filled" });
    expect(await (await fetch(`${market.server.url}/sim/v1/faults`)).json()).toMatchObject({ struck: { market: [1] } });
  });

  test("that an order strikes halts its symbol for as long as the rule says, and no other", async () => {
    await serving({ market: [{ fault: "halt", forMs: 60_000, times: 1 }] });
    await market.quote("49.99", "50.01", 1_000, "BBB");
    expect(await order("struck", { type: "limit", limit_price: "101" })).toMatchObject({ filled_qty: "0" });
    expect(await order("other", { symbol: "BBB" })).toMatchObject({ status: "filled" });
    await market.at("2026-11-24T17:01:00Z");
    await market.quote("99.99", "100.01");
    expect(await find("struck")).toMatchObject({ status: "filled" });
  });

  test("ends with its plan, and one that an operator made stays", async () => {
    await serving({ market: [{ fault: "halt", forMs: 3_600_000, times: 1 }] });
    await order("struck", { type: "limit", limit_price: "90" });
    await market.server.execute({ type: "halt", symbol: "BBB" as Symbol });
    await fetch(`${market.server.url}/sim/v1/faults`, { method: "DELETE" });
    await market.quote("99.99", "100.01");
    await market.quote("49.99", "50.01", 1_000, "BBB");
    expect(await order("a", {})).toMatchObject({ status: "filled" });
    expect(await order("b", { symbol: "BBB", type: "limit", limit_price: "60" })).toMatchObject({ filled_qty: "0" });
  });
});

test("a split comes at its instant: more shares at a lower price", async () => {
  await serving({ market: [{ fault: "split", symbol: "AAA", at: "2026-11-24T17:30:00Z", ratio: 4 }] });
  await order("ten");
  await market.at("2026-11-24T17:29:59Z");
  expect((await market.send("ann", "GET", "/v2/positions/AAA")).body).toMatchObject({ qty: "10", current_price: "100" });
  await market.at("2026-11-24T18:00:00Z");
  expect((await market.send("ann", "GET", "/v2/positions/AAA")).body).toMatchObject({ qty: "40", current_price: "25" });
  expect((await market.send("ann", "GET", "/v1/corporate-actions?symbols=AAA")).body).toMatchObject({ corporate_actions: { forward_splits: [{ new_rate: 4 }] } });
});

test.each([
  [{ market: [{ fault: "split", symbol: "AAA", at: "soon", ratio: 2 }] }, "market.0.at: an instant is RFC 3339"],
  [{ market: [{ fault: "split", symbol: "AAA", at: "2026-11-24T17:30:00Z", ratio: 0 }] }, "market.0.ratio: "],
  [{ market: [{ fault: "halt-between", symbol: "AAA", from: "2026-11-24T18:00:00Z", to: "2026-11-24T17:00:00Z" }] }, "market.0.to: a halt ends after it begins"],
  [{ market: [{ fault: "partial-fill", share: 1 }] }, "market.0.share: "],
  [{ market: [{ fault: "halt", symbol: "ZZZ", forMs: 1 }] }, 'market.0.symbol: asset "ZZZ" not found'],
  [{ market: [{ fault: "explode" }] }, "market.0.fault: "],
])("%j is refused by its field", async (plan, message) => {
  await serving({});
  const answer = await put(plan);
  expect(answer.status).toBe(422);
  expect(((await answer.json()) as { message: string }).message).toContain(message);
});

test("a market of agents with faults is the same after a kill in the middle: from its log, and from a snapshot", async () => {
  market = await serveMarket({});
  const settings: VenueSettings = venueSettings({ market: agentMarket(["AAA"] as Symbol[], 7, "always") });
  const directory = mkdtempSync(join(tmpdir(), "ballast-faults-"));
  const open = (): Promise<DurableVenue> => DurableVenue.open({ directory, policy: { sync: "never" }, snapshotEvery: 40, venue: settings, onSnapshotFailure: (error) => { throw error; } });
  const plan = faultPlanSchema.parse({ seed: 3, market: [{ fault: "partial-fill", probability: 0.5, restAfterMs: 7_000 }, { fault: "halt", probability: 0.1, forMs: 5_000 }, { fault: "split", symbol: "AAA", at: "2026-11-24T17:02:00Z", ratio: 3 }] });
  const ann = "ann" as AccountName;
  const play = async (durable: DurableVenue, from: number, to: number): Promise<void> => {
    for (let number = from; number < to; number += 1) {
      const at = (NOON + number * 2_000) as Instant;
      const command = number === 0 ? { type: "open-account", at, account: ann, cash: moneyOf("10000000") } as const
        : number === 1 ? { type: "market-faults", at, seed: plan.seed, market: plan.market } as const
        : { type: "place", at, account: ann, order: { symbol: "AAA" as Symbol, side: "buy", type: "market", timeInForce: "day", orderClass: "simple", quantity: 20_000_000_000 as never, clientOrderId: `o${number}` } } as const;
      await durable.append(command);
      durable.venue.apply(command);
    }
  };
  const whole = await open();
  await play(whole, 0, 100);
  const expected = whole.digest();
  const struck = whole.venue.faults.counts();
  await whole.release();
  rmSync(directory, { recursive: true });
  expect(struck[0]).toBeGreaterThan(20);
  expect(struck[1]).toBeGreaterThan(2);
  expect(struck[2]).toBe(1);

  const before = await open();
  await play(before, 0, 55);
  await before.release();
  const after = await open();
  await play(after, 55, 100);
  expect(after.digest()).toBe(expected);
  await after.close();
  expect(await verifyVenue(directory, settings)).toMatchObject({ agrees: true });
  rmSync(directory, { recursive: true });
});
