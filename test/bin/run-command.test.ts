import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CONFIG } from "../handlers/local-world.ts";
import { startOperatorWorld, type Kept, type OperatorWorld } from "./operator-world.ts";

const RUN = "paper/fixed-weights/2026-11-18T14:35:00.000Z";
const LIVE = CONFIG.replace("alpaca-paper", "alpaca-live");

let world: OperatorWorld;
afterEach(() => world.close());

describe.each<[Kept]>([["in a file"], ["in a table"]])("with a store %s", (kept) => {
  beforeEach(async () => {
    world = await startOperatorWorld(kept);
  });

  test("the run that is due is completed, said again without trading again, and told by every command", async () => {
    const { code, out, err } = await world.run("run", "--once");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toBe(`${RUN}: completed\n  orders   2 planned, 2 filled\n  equity   100000 USD\n`);
    expect((await world.run("run", "--once", "--json")).out).toBe(`{"run":"${RUN}","status":"closed","outcome":"completed","callAgainAt":null,"orders":2,"filled":2,"refusals":[],"equity":"100000"}\n`);
    expect(world.broker.submissions).toBe(2);

    const journal = await world.run("journal", "last");
    expect(journal.code).toBe(0);
    expect(journal.err).toMatch(/^the chain holds: 10 events, head [0-9a-f]{64}\n$/);
    expect(journal.out).toContain("order-ended      bal-");
    expect((await world.run("journal", RUN, "--json")).out.trimEnd().split("\n")).toHaveLength(10);
    expect((await world.run("explain", "last")).out).toMatch(/^paper\/fixed-weights\/2026-11-18T14:35:00\.000Z: completed\n/);

    const status = JSON.parse((await world.run("status", "--json")).out) as { accounts: unknown[] };
    expect(status.accounts).toMatchObject([
      {
        account: "paper",
        venue: "alpaca-paper",
        breaker: { state: "trading" },
        worker: null,
        budget: { session: "2026-11-18", orders: 2, ordersMax: 400, turnover: "99009.881188", turnoverMax: 2 },
        strategies: [{ strategy: "fixed-weights", last: { run: RUN, outcome: "completed", orders: 2, refusals: [] }, next: "2026-11-19T14:35:00.000Z" }],
        openRuns: [],
        equity: [100000],
        atVenue: { equity: "100000", cash: "990.118812", invested: "99009.881188", positions: 2, dayProfit: "0", openOrders: 0, ofUnknownOrigin: 0 },
      },
    ]);
    const positions = await world.run("positions");
    expect(positions.code).toBe(0);
    expect(positions.out).toContain(`as the journals say since ${RUN} closed`);
  });

  test("a run that waits says when to call it again, shows its open orders, and is gone on with by another process", async () => {
    world.broker.openAnswers = 1;
    const waiting = await world.run("run", "--once");
    expect(waiting.code).toBe(3);
    expect(waiting.out).toMatch(/^paper\/fixed-weights\/2026-11-18T14:35:00\.000Z: waiting, call it again at 2026-11-18T14:35:2\d\.\d{3}Z\n {2}orders {3}2 planned, 0 filled\n$/);
    const orders = JSON.parse((await world.run("orders", "--json")).out) as { orders: unknown[] };
    expect(orders.orders).toMatchObject([
      { side: "buy", symbol: "IEF", remaining: "396.039524752", run: RUN },
      { side: "buy", symbol: "SPY", remaining: "118.811857425", run: RUN },
    ]);
    expect(JSON.parse((await world.run("status", "--json")).out)).toMatchObject({ accounts: [{ openRuns: [RUN], strategies: [{ last: { outcome: "open" } }] }] });
    expect((await world.run("run", "--once")).code).toBe(0);
    expect(world.broker.submissions).toBe(2);
  });
});

describe("with a store in a file", () => {
  beforeEach(async () => {
    world = await startOperatorWorld("in a file");
  });

  test("--wait goes on until the run has closed, with a line for each wait", async () => {
    world.broker.openAnswers = 2;
    const { code, out, err } = await world.run("run", "--wait");
    expect(code).toBe(0);
    expect(out).toContain(`${RUN}: completed`);
    expect(err).toMatch(/^(\S+Z {2}waits until \S+Z.*\n)+$/);
    expect(world.broker.submissions).toBe(2);
  });

  test("an order that no run placed is named, and refuses the run's order of the symbol", async () => {
    world.broker.foreignOrders.push({ id: "venue-x", client_order_id: "by-hand", symbol: "SPY", side: "sell", qty: "7" });
    expect((await world.run("orders")).out).toContain("UNKNOWN ORIGIN");
    const { code, out } = await world.run("run", "--once");
    expect(code).toBe(4);
    expect(out).toContain("refused  OPPOSITE_ORDER_WORKING SPY: order by-hand of the other side was open for 7 shares");
  });

  test("shares that no run bought are a difference", async () => {
    await world.run("run", "--once");
    world.broker.foreignShares["SPY"] = 3;
    const { code, out } = await world.run("positions");
    expect(code).toBe(4);
    expect(out).toMatch(/SPY[ │]+118\.811857425[ │]+121\.811857425[ │]+3[ │]+500[ │]+60905\.928713[ │]+fixed-weights/);
    expect(out).toContain("1 different from what the journals say");
  });

  test("a halted account's run is refused with the reason, and the status shows the halt", async () => {
    await world.run("run", "--once", "--at", "2026-11-16T14:35:00Z");
    expect((await world.run("halt", "--account", "paper", "--why", "an incident")).code).toBe(0);
    const ran = await world.run("run", "--once");
    expect([ran.code, ran.out]).toEqual([5, expect.stringMatching(/refused {2}HALTED: the account has been halted since \S+: an incident/)]);
    expect((await world.run("status")).out).toContain("HALTED since");
  });

  test("a run whose session has closed is recorded as missed", async () => {
    const { code, out } = await world.run("run", "--once", "--at", "2026-11-17T14:35:00Z");
    expect(code).toBe(5);
    expect(out).toContain("paper/fixed-weights/2026-11-17T14:35:00.000Z: missed");
  });

  test("a venue that does not take the keys ends the run with one clear line, and the status says so in its place", async () => {
    world.broker.failure = 403;
    const { code, out, err } = await world.run("run", "--once");
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^ballast: Alpaca (account|positions): forbidden, HTTP 403: .*\n$/);
    expect((await world.run("status")).out).toMatch(/at venue +not known: Alpaca (account|open orders|positions): forbidden/);
  });

  test("wrong input is named, and nothing is traded", async () => {
    const cases: readonly (readonly [readonly string[], string])[] = [
      [["run"], "say --once for one step, or --wait to go on until the run has closed"],
      [["run", "--once", "--at", "yesterday"], '--at "yesterday" is neither "now" nor an instant'],
      [["run", "--once", "--at", "2026-11-18T14:34:00Z"], "fixed-weights was not due at 2026-11-18T14:34:00Z"],
      [["run", "--once", "--at", "2026-11-19T14:35:00Z"], "--at 2026-11-19T14:35:00Z lies in the future"],
      [["run", "--once", "--account", "main"], "the configuration has no account main; it has paper"],
      [["run", "--once", "--strategy", "trend"], "account paper runs no strategy trend; it runs fixed-weights"],
      [["run", "--once", "--config", "none.yaml"], "the configuration none.yaml could not be read"],
      [["run", "--once", "--table", "x"], "give --store or --table, not both"],
      [["status"], "there is no state file store.sqlite"],
    ];
    for (const [args, message] of cases) {
      const { code, out, err } = await world.run(...args);
      expect([args, code, out, err]).toEqual([args, 2, "", expect.stringContaining(`ballast: ${message}`)]);
      rmSync(join(world.folder, "store.sqlite"), { force: true });
    }
    expect(world.broker.submissions).toBe(0);
  });

  test("real money is traded only by a command that names the account, whatever the environment says", async () => {
    world.configure(LIVE);
    for (const args of [[], ["--live", "main"]]) {
      const { code, err } = await world.run("run", "--once", ...args);
      expect(code).toBe(2);
      expect(err).toContain("account paper trades real money, and BALLAST_CONFIRM_LIVE does not say paper: deploy it with -c confirmLive=paper, or give the command --live paper");
    }
    expect(world.broker.submissions).toBe(0);
    expect((await world.run("run", "--once", "--live", "paper")).code).toBe(0);
    expect(world.broker.submissions).toBe(2);
  });
});
