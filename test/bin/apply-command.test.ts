import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CONFIG, TRIGGER } from "../handlers/local-world.ts";
import { startOperatorWorld, type Kept, type OperatorWorld } from "./operator-world.ts";

interface Planned {
  readonly plan: string;
  readonly run: string;
  readonly orders: readonly { readonly side: string; readonly symbol: string; readonly quantity: string }[];
}

const APPROVED = CONFIG.replace("feed: iex }", "feed: iex, approval: required }");

let world: OperatorWorld;
afterEach(() => world.close());

const plan = async (...args: readonly string[]): Promise<Planned> => JSON.parse((await world.run("plan", "fixed-weights", "--account", "paper", "--json", ...args)).out) as Planned;
const placed = (): readonly string[] => world.broker.orders.map(({ side, symbol, qty }) => `${side} ${qty} ${symbol}`);

describe.each<[Kept]>([["in a file"], ["in a table"]])("with a store %s", (kept) => {
  beforeEach(async () => {
    world = await startOperatorWorld(kept);
  });

  test("a plan is printed, traded exactly as it was printed, and not traded again", async () => {
    const { plan: hash, run, orders } = await plan();
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(orders.map(({ side, symbol, quantity }) => `${side} ${quantity} ${symbol}`)).toEqual(["buy 396.039524752 IEF", "buy 118.811857425 SPY"]);
    expect(placed()).toEqual([]);
    // 30 of the 50 basis points that are tolerated: targets alone would now ask for other quantities.
    world.broker.prices["SPY"] = 498.5;
    const applied = await world.run("apply", hash);
    expect([applied.code, applied.out]).toEqual([0, expect.stringContaining(`${run}: completed`)]);
    expect(placed()).toEqual(["buy 396.039524752 IEF", "buy 118.811857425 SPY"]);
    const again = await world.run("apply", hash);
    expect([again.code, again.err]).toEqual([5, expect.stringMatching(new RegExp(`^plan ${hash} was applied before: its run ended completed at `))]);
    expect(world.broker.submissions).toBe(2);
    expect((await world.run("journal", run, "--json")).out).toContain(`"plan":"${hash}"`);
  });
});

describe("with a store in a file", () => {
  beforeEach(async () => {
    world = await startOperatorWorld("in a file");
  });

  const refusal = async (hash: string): Promise<unknown> => {
    const { code, out } = await world.run("apply", hash);
    expect(code).toBe(5);
    expect(world.broker.submissions).toBe(0);
    return /refused {2}PLAN_STALE: (.*)\n/.exec(out)?.[1];
  };

  test("a plan is void when a quote, a position or the cash moved further than it tolerates, with each number", async () => {
    const { plan: hash } = await plan();
    world.broker.prices["SPY"] = 505;
    world.broker.foreignShares["IEF"] = 4;
    expect(await refusal(hash)).toBe(`the plan ${hash} no longer fits: 0 shares of IEF were held and 4 shares are, and 50 bps are tolerated; SPY was quoted at 500.00 USD and is at 505.00 USD, 100 bps away, and 50 are tolerated`);
  });

  test("a plan with a wider tolerance is traded, and one whose time has passed is not", async () => {
    const wide = await plan("--tolerance-bps", "150");
    const short = await plan("--valid-minutes", "1");
    world.broker.prices["SPY"] = 505;
    world.skipMs(61_000);
    expect(await refusal(short.plan)).toMatch(/^the plan [0-9a-f]{16} no longer fits: it was made at 2026-11-18T14:35:\S+Z and held until 2026-11-18T14:36:\S+Z, and it was 2026-11-18T14:36:\S+Z; SPY was quoted/);
    expect((await world.run("apply", wide.plan)).code).toBe(0);
    expect(placed()).toEqual(["buy 396.039524752 IEF", "buy 118.811857425 SPY"]);
  });

  test("a plan that was interrupted goes on, with each order once", async () => {
    world.broker.openAnswers = 1;
    const { plan: hash } = await plan();
    expect((await world.run("apply", hash)).code).toBe(3);
    world.broker.prices["SPY"] = 700;
    expect((await world.run("apply", hash)).code).toBe(0);
    expect(world.broker.submissions).toBe(2);
  });

  test("wrong input is named, and nothing is traded", async () => {
    const { plan: hash } = await plan();
    const ahead = await plan("--at", "2026-11-19T14:35:00Z");
    const cases: readonly (readonly [readonly string[], string])[] = [
      [["apply", "0123456789abcdef"], "store.sqlite keeps no plan 0123456789abcdef"],
      [["apply", hash, "--account", "main"], `plan ${hash} is for account paper, not for main`],
      [["apply", ahead.plan], "is for the run of 2026-11-19T14:35:00.000Z, which is still to come"],
      [["approve", hash], "account paper asks for no approval: apply the plan"],
      [["plan", "fixed-weights", "--account", "paper", "--cash", "5"], "--cash is for plans from files, without --account"],
      [["plan", "fixed-weights", "--tolerance-bps", "5"], "--tolerance-bps goes with --account"],
      [["plan", "fixed-weights", "--account", "paper", "--tolerance-bps", "wide"], "--tolerance-bps takes a number from 0 to 10000, not wide"],
      [["plan", "fixed-weights", "--account", "paper", "--at", "2026-11-19T14:00:00Z"], "fixed-weights is not due at 2026-11-19T14:00:00Z"],
    ];
    for (const [args, message] of cases) {
      const { code, out, err } = await world.run(...args);
      expect([args, code, out, err]).toEqual([args, 2, "", expect.stringContaining(message)]);
    }
    expect(world.broker.submissions).toBe(0);
  });
});

describe("on an account with approval: required", () => {
  beforeEach(async () => {
    world = await startOperatorWorld("in a file", APPROVED);
  });

  test("a scheduled run without an approved plan is refused, and one with it trades the plan", async () => {
    const { plan: hash, run } = await plan("--at", TRIGGER.scheduledAt);
    expect((await world.run("apply", hash)).err).toContain(`plan ${hash} is not approved: ballast approve ${hash}`);
    expect((await world.run("approve", hash, "--who", "kim")).out).toBe(`plan ${hash} of ${run} is approved by kim\n`);
    expect((await world.run("run", "--once")).code).toBe(0);
    expect(placed()).toEqual(["buy 396.039524752 IEF", "buy 118.811857425 SPY"]);
    const { code, out } = await world.run("run", "--once", "--at", "now");
    expect([code, out]).toEqual([5, expect.stringContaining("refused  APPROVAL_MISSING: no plan was approved for this run")]);
    expect(world.broker.submissions).toBe(2);
  });
});
