import { expect, test } from "vitest";
import { clientOrderIdOf, runIdOf } from "../../src/run/run-identity.ts";
import { instantOf } from "../../src/time.ts";
import type { AccountName, RunId, Symbol } from "../../src/trade.ts";

test("a run is its account, its strategy and its scheduled instant", () => {
  expect(runIdOf("paper" as AccountName, "momentum", instantOf("2026-12-01T09:35:00-05:00"))).toBe("paper/momentum/2026-12-01T14:35:00.000Z");
});

test("an order is its run, symbol, side and child, in 36 characters that a broker takes", () => {
  const run = "paper/momentum/2026-12-01T14:35:00.000Z" as RunId;
  const ids = [
    clientOrderIdOf(run, "AAA" as Symbol, "buy", 0),
    clientOrderIdOf(run, "AAA" as Symbol, "sell", 0),
    clientOrderIdOf(run, "AAB" as Symbol, "buy", 0),
    clientOrderIdOf(run, "AAA" as Symbol, "buy", 1),
    clientOrderIdOf("paper/momentum/2026-12-02T14:35:00.000Z" as RunId, "AAA" as Symbol, "buy", 0),
  ];
  expect(new Set(ids).size).toBe(5);
  // As printf '…|AAA|buy|0' | sha256sum has it: with another formula, orders that are out in the world would be sent again
  expect(ids[0]).toBe("bal-c8b4182ab799acd97165705ea67ec079");
  for (const id of ids) expect(id).toMatch(/^[a-z0-9-]{36}$/);
});
