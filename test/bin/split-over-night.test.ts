import { afterEach, expect, test } from "vitest";
import { startOperatorWorld, type Kept, type OperatorWorld } from "./operator-world.ts";

const DAY_MS = 24 * 60 * 60_000;

let world: OperatorWorld;
afterEach(() => world.close());

test.each<[Kept]>([["in a file"], ["in a table"]])("with a store %s nothing is traded on a split that the broker has not carried out, until a person has spoken", async (kept) => {
  world = await startOperatorWorld(kept);
  expect((await world.run("run", "--once")).code).toBe(0);
  const submitted = world.broker.submissions;
  world.skipMs(DAY_MS);
  world.broker.corporateActions = { forward_splits: [{ id: "1", symbol: "SPY", cusip: "78462F103", new_rate: 5, old_rate: 4, ex_date: "2026-11-19", process_date: "2026-11-19" }] };

  const refused = await world.run("run", "--once");
  expect([refused.code, refused.out]).toEqual([5, expect.stringContaining("refused  SPLIT_NOT_APPLIED SPY: the split of 2026-11-19 should have made 148.514821781 shares of it, and 118.811857425 shares were held still\n")]);
  expect((await world.run("explain", "last", "--account", "paper")).out).toContain("Before the run: paper/fixed-weights/2026-11-18T14:35:00.000Z left 118.811857425 shares, and 118.811857425 shares were held still, in spite of a split on 2026-11-19, one share becoming 1.25 SPY.");
  const plan = await world.run("plan", "fixed-weights", "--account", "paper");
  expect([plan.code, plan.err]).toEqual([2, expect.stringContaining("no plan can be made, SPLIT_NOT_APPLIED: the split of 2026-11-19 should have made")]);
  expect(world.broker.submissions).toBe(submitted);

  expect((await world.run("resume", "--account", "paper", "--why", "there was no split")).code).toBe(0);
  expect((await world.run("run", "--once", "--at", "now")).code).toBe(0);
}, 120_000);

test("a plan names what has changed since the run before", async () => {
  world = await startOperatorWorld("in a file");
  await world.run("run", "--once");
  world.broker.foreignShares["SPY"] = 3;
  const plan = await world.run("plan", "fixed-weights", "--account", "paper");
  expect([plan.code, plan.out]).toEqual([0, expect.stringMatching(/^SPY: paper\/fixed-weights\/2026-11-18T14:35:00.000Z left 118.811857425 shares, and 121.811857425 shares were held, which nothing that is known explains\n/)]);
}, 60_000);
