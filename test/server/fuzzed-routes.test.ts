/** Nobody's requests harm the server or show one account to another. BALLAST_FUZZ_FACTOR asks for so many times as many. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Unstamped } from "../../src/server/server-parts.ts";
import type { Symbol } from "../../src/trade.ts";
import { expectAlways, FUZZ_TIMEOUT_MS } from "../support/fuzzing.ts";
import { hostileRequests, routesAsked, type HostileRequest } from "../support/hostile-requests.ts";
import { HostileWorld, OWNERS } from "../support/hostile-world.ts";

const AAA = "AAA" as Symbol;

/** What happens at the market between two requests. */
const happenings: fc.Arbitrary<Unstamped | { readonly aheadMs: number }> = fc.oneof(
  fc.integer({ min: 90, max: 110 }).map((dollars) => ({ type: "quote", symbol: AAA, bid: dollars * 1_000_000 - 10_000, ask: dollars * 1_000_000 + 10_000, quantity: 50_000_000_000 }) as Unstamped),
  fc.constantFrom<Unstamped>({ type: "halt", symbol: AAA }, { type: "resume", symbol: AAA }, { type: "resume", symbol: AAA }, { type: "split", symbol: AAA, ratio: 2 }, { type: "split", symbol: AAA, ratio: 0.1 }, { type: "dividend", symbol: AAA, amount: 0.25 }),
  fc.constantFrom<Unstamped>({ type: "market-faults", seed: 1, market: [] }, { type: "market-faults", seed: 2, market: [{ fault: "partial-fill", route: "* /*", probability: 0.7, restAfterMs: 90_000 }, { fault: "halt", route: "* /*", probability: 0.1, forMs: 60_000 }] }),
  fc.constantFrom(1_000, 60_000, 3_600_000, 14_400_001, 86_400_000).map((aheadMs) => ({ aheadMs })),
);

type Step = { readonly request: HostileRequest } | { readonly happens: Unstamped | { readonly aheadMs: number } };

test("whatever is asked, every answer is an answer of Alpaca's interface, and of the account that asked", { timeout: FUZZ_TIMEOUT_MS }, async () => {
  const step: fc.Arbitrary<Step> = fc.oneof({ weight: 12, arbitrary: hostileRequests(OWNERS).map((request) => ({ request })) }, { weight: 1, arbitrary: happenings.map((happens) => ({ happens })) });
  await expectAlways(fc.array(step, { minLength: 1, maxLength: 60, size: "max" }), { runs: 30 }, async (steps) => {
    const world = await HostileWorld.open();
    try {
      for (const one of steps) {
        if ("happens" in one) {
          const { happens } = one;
          if ("aheadMs" in happens) await world.server.moveTo((world.server.venue.now + happens.aheadMs) as typeof world.server.venue.now);
          else await world.market(happens);
        } else {
          const defect = await world.defectOf(one.request);
          if (defect !== undefined) throw new Error(`${defect}\n  to ${JSON.stringify(one.request).slice(0, 2_000)}`);
        }
        const leak = world.streamLeak();
        if (leak !== undefined) throw new Error(leak);
      }
    } finally {
      const differs = await world.close();
      if (differs !== undefined) throw new Error(differs);
    }
  });
});

test("requests are drawn for every route that the server has, and for no other", async () => {
  const world = await HostileWorld.open();
  const routes = world.routes();
  await world.close();
  expect(routes.length).toBeGreaterThan(70);
  expect([...new Set(routesAsked())].sort()).toEqual([...routes].sort());
});
