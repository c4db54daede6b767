import { describe, expect, test } from "vitest";
import { Prng } from "../../src/simulator/prng.ts";
import { MARKETS, runBothBooks } from "../support/book-commands.ts";

describe.each(MARKETS)("on $name", (market) => {
  test.each([1, 2])("the fast book and the naive book answer 50,000 random commands alike (seed %i)", (seed) => {
    const tally = runBothBooks(new Prng(seed), market, 50_000);
    // The run proves something only if it trades, triggers and ends orders.
    expect(tally.fills).toBeGreaterThan(5_000);
    expect(tally.triggered).toBeGreaterThan(500);
    expect(tally.ended).toBeGreaterThan(1_000);
  });
});
