import { afterEach, expect, test } from "vitest";
import { CONFIG } from "../handlers/local-world.ts";
import { startOperatorWorld, type OperatorWorld } from "./operator-world.ts";

let world: OperatorWorld;
afterEach(() => world.close());

const configured = (policy: string): string => CONFIG.replace("feed: iex }", `feed: iex, unknownOrigin: ${policy} }`);

/** Another hand holds TLT and has an order open for it. */
async function meet(policy: string): Promise<{ readonly code: number | null; readonly out: string; readonly state: string }> {
  world = await startOperatorWorld("in a file", configured(policy));
  world.broker.prices["TLT"] = 90;
  world.broker.foreignShares["TLT"] = 3;
  world.broker.foreignOrders.push({ id: "venue-x", client_order_id: "by-hand", symbol: "TLT", side: "sell", qty: "2" });
  const { code, out } = await world.run("run", "--once");
  expect(world.broker.submissions).toBe(2);
  const status = JSON.parse((await world.run("status", "--json")).out) as { accounts: [{ breaker: { state: string; why?: string } }] };
  return { code, out, state: `${status.accounts[0].breaker.state} ${status.accounts[0].breaker.why ?? ""}` };
}

test("what no run placed or bought is an alarm: the run trades its own and is no success", async () => {
  const { code, out, state } = await meet("alarm");
  expect([code, state]).toEqual([4, "trading "]);
  expect(out).toContain("refused  ORDER_OF_UNKNOWN_ORIGIN TLT: order by-hand of 2 shares was open, and no run of the account placed it\n");
  expect(out).toContain("refused  POSITION_OF_UNKNOWN_ORIGIN TLT: 3 shares were held, and no strategy of the account trades the symbol\n");
});

test("or a halt, once: after a person's word the closed run does not halt again", async () => {
  const { code, state } = await meet("halt");
  expect([code, state]).toEqual([4, "halted 2 orders and positions of unknown origin in paper/fixed-weights/2026-11-18T14:35:00.000Z"]);
  await world.run("resume", "--account", "paper", "--why", "they are mine");
  await world.run("run", "--once");
  expect((await world.run("status")).out).toMatch(/state +trading/);
});

test("or ignored, and still named by the commands that look", async () => {
  const { code, state } = await meet("ignore");
  expect([code, state]).toEqual([0, "trading "]);
  expect((await world.run("orders")).out).toContain("UNKNOWN ORIGIN");
  expect((await world.run("positions")).out).toMatch(/TLT.*none: UNKNOWN ORIGIN/);
});

test("a venue that takes back a share of what it filled is found out at the end of the run, and halts the account", async () => {
  world = await startOperatorWorld("in a file");
  world.broker.lostShares["SPY"] = 1;
  const { code, out } = await world.run("run", "--once");
  expect(code).toBe(4);
  expect(out).toContain("refused  RECONCILIATION_DIFFERENCE SPY:");
  expect((await world.run("run", "--once", "--at", "now")).out).toContain("refused  HALTED: the account has been halted since");
});
