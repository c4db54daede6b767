import fc from "fast-check";
import { expect, test } from "vitest";
import { priceOf, shares, type Price } from "../../src/money.ts";
import { uncross, type AuctionInterest } from "../../src/simulator/auction.ts";

const interest: fc.Arbitrary<AuctionInterest> = fc.record({
  side: fc.constantFrom("buy" as const, "sell" as const),
  limit: fc.option(fc.integer({ min: 95, max: 105 }).map((dollars) => priceOf(String(dollars))), { nil: undefined }),
  quantity: fc.integer({ min: 1, max: 9 }).map(shares),
});

/** At one price: how much trades, what is left over, how far it is from the reference. */
function outcomeAt(price: Price, interests: readonly AuctionInterest[], reference: Price | undefined): readonly [number, number, number] {
  const willing = (side: "buy" | "sell") => interests.filter(({ side: own, limit }) => own === side && (limit === undefined || (side === "buy" ? limit >= price : limit <= price))).reduce((sum, { quantity }) => sum + quantity, 0);
  const [bought, sold] = [willing("buy"), willing("sell")];
  return [Math.min(bought, sold), Math.abs(bought - sold), reference === undefined ? 0 : Math.abs(price - reference)];
}

test("the price trades the most, then leaves the least, then is the nearest to the reference, then the lowest; both sides get as much", () => {
  let traded = 0;
  fc.assert(
    fc.property(fc.array(interest, { maxLength: 30 }), fc.option(fc.constant(priceOf("100.5")), { nil: undefined }), (interests, reference) => {
      const prices = [...interests.map(({ limit }) => limit), reference].filter((price) => price !== undefined).sort((a, b) => a - b);
      const ranked = prices.map((price) => ({ price, outcome: outcomeAt(price, interests, reference) })).sort(({ outcome: a }, { outcome: b }) => b[0] - a[0] || a[1] - b[1] || a[2] - b[2]);
      const result = uncross(interests, reference);
      const best = ranked[0];
      expect([result?.price, result?.quantity]).toEqual(best && best.outcome[0] > 0 ? [best.price, best.outcome[0]] : [undefined, undefined]);
      if (!result) return;
      traded += 1;
      for (const side of ["buy", "sell"] as const) {
        expect(result.filled.reduce((sum, filled, index) => (interests[index]!.side === side ? sum + filled : sum), 0)).toBe(result.quantity);
      }
      for (const [index, filled] of result.filled.entries()) {
        const { side, limit, quantity } = interests[index]!;
        expect(filled).toBeLessThanOrEqual(quantity);
        if (filled > 0 && limit !== undefined) expect(side === "buy" ? limit >= result.price : limit <= result.price).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
  expect(traded).toBeGreaterThan(100);
});

test("market orders are filled first, then better limits, then by arrival", () => {
  const asked = (limit: string | undefined, quantity: number): AuctionInterest => ({ side: "buy", limit: limit === undefined ? undefined : priceOf(limit), quantity: shares(quantity) });
  const result = uncross([asked("100", 2), asked("100", 2), asked("101", 2), asked(undefined, 2), { side: "sell", limit: priceOf("100"), quantity: shares(7) }], undefined)!;
  expect([result.price, result.filled]).toEqual([priceOf("100"), [2, 1, 2, 2, 7].map(shares)]);
});
