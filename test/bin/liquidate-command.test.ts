import { afterEach, describe, expect, test } from "vitest";
import { CONFIG } from "../handlers/local-world.ts";
import { startOperatorWorld, type Kept, type OperatorWorld } from "./operator-world.ts";

let world: OperatorWorld;
afterEach(() => world.close());

const sales = (): readonly string[] => world.broker.orders.filter(({ side }) => side === "sell").map(({ symbol, qty }) => `${qty} ${symbol}`);

test.each<[Kept]>([["in a file"], ["in a table"]])("with a store %s the account is halted, its orders are canceled and all it holds is sold, whoever bought it", async (kept) => {
  world = await startOperatorWorld(kept);
  await world.run("run", "--once");
  world.broker.foreignShares["SPY"] = 3;
  world.broker.foreignOrders.push({ id: "venue-x", client_order_id: "by-hand", symbol: "SPY", side: "buy", qty: "7" });
  const { code, out, err } = await world.run("liquidate", "--confirm", "paper");
  expect([code, out]).toEqual([0, expect.stringMatching(/^paper\/liquidate\/2026-11-18T14:3\S+Z: completed\n {2}orders {3}2 planned, 2 filled\n/)]);
  expect(err).toBe('paper stays halted: ballast resume --account paper --why "…" lets it trade again\n');
  expect(sales()).toEqual(["396.039524752 IEF", "121.811857425 SPY"]);
  expect(world.broker.foreignOrders).toEqual([]);
  expect((await world.run("journal", "last", "--json")).out).toContain('"params":{"canceled":["by-hand"]}');
  expect((await world.run("run", "--once", "--at", "now")).out).toContain("refused  HALTED");
});

describe("with a store in a file", () => {
  test("a liquidation that waits is gone on with by the same command, with each sale once", async () => {
    world = await startOperatorWorld("in a file");
    await world.run("run", "--once");
    world.broker.openAnswers = 1;
    for (const order of world.broker.orders) order.asked = 2;
    expect((await world.run("liquidate", "--confirm", "paper")).code).toBe(3);
    const { code, out } = await world.run("liquidate", "--confirm", "paper");
    expect([code, out]).toEqual([0, expect.stringContaining("2 planned, 2 filled")]);
    expect(sales()).toHaveLength(2);
    expect(world.broker.submissions).toBe(4);
  });

  test("a daily budget that is spent holds no sale back, and the sales count in it", async () => {
    world = await startOperatorWorld("in a file", CONFIG.replace("feed: iex }", "feed: iex, rules: { ordersPerDayMax: 2, turnoverPerDayMax: 1 } }"));
    await world.run("run", "--once");
    const budget = async (): Promise<unknown> => (JSON.parse((await world.run("status", "--json")).out) as { accounts: readonly { budget: unknown }[] }).accounts[0]!.budget;
    expect(await budget()).toMatchObject({ orders: 2, ordersMax: 2, turnover: "99009.881188", turnoverMax: 1 });
    expect((await world.run("liquidate", "--confirm", "paper")).code).toBe(0);
    expect(sales()).toEqual(["396.039524752 IEF", "118.811857425 SPY"]);
    expect(await budget()).toMatchObject({ orders: 4, turnover: "198019.762376" });
    await world.run("resume", "--account", "paper", "--why", "it was a drill");
    expect((await world.run("run", "--once", "--at", "now")).out).toContain("ORDERS_PER_DAY_EXCEED_MAX");
  });

  test("what could not be sold is named, and is no success", async () => {
    world = await startOperatorWorld("in a file");
    world.broker.foreignShares["SPY"] = 3;
    world.broker.foreignShares["IEF"] = -5;
    const { code, err } = await world.run("liquidate", "--confirm", "paper");
    expect(code).toBe(4);
    expect(err).toContain("left: -5 IEF\n");
    expect(sales()).toEqual(["3 SPY"]);
  });

  test("nothing is halted and nothing sold without the right word", async () => {
    world = await startOperatorWorld("in a file", CONFIG.replace("alpaca-paper", "alpaca-live"));
    world.broker.foreignShares["SPY"] = 3;
    for (const [args, message] of [[["--confirm", "main"], "the configuration has no account main"], [["--confirm", "paper"], "or give the command --live paper"], [[], "required option '--confirm <account>' not specified"]] as const) {
      const { code, err } = await world.run("liquidate", ...args);
      expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    }
    expect((await world.run("status", "--json")).out).toContain('"breaker":{"state":"trading"}');
    expect(sales()).toEqual([]);
  });
});
