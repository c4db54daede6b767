import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AmountOutOfRange, moneyOf, moneyToText, mulDiv, mulDivDown, mulDivUp, notional, plusBasisPoints, priceFromNumber, priceNear, priceOf, quantityFor, quantityOf, quantityToText, remainderOf, shares, type Money, type Weight, weightFrom, weightFromFraction, weightOf, wholeSharesDown } from "../src/money.ts";

describe("decimal text", () => {
  test.each([
    ["0", 0],
    ["1", 1_000_000],
    ["-12.5", -12_500_000],
    ["0.000001", 1],
    ["1.100000000", 1_100_000],
    ["9007199254.740991", 9_007_199_254_740_991],
  ])("%s USD is %d micro-dollars", (text, micros) => {
    expect(moneyOf(text)).toBe(micros);
  });

  test.each(["", "1.", ".5", "1e3", "0.0000001", "NaN", "1,5", " 1", "9007199254.740992"])("%j is no amount", (text) => {
    expect(() => moneyOf(text)).toThrow(AmountOutOfRange);
  });

  test("quantities have nine decimals", () => {
    expect(quantityOf("1.000000001")).toBe(1_000_000_001);
    expect(() => quantityOf("0.0000000001")).toThrow(AmountOutOfRange);
  });

  test("printing and reading again changes nothing", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(moneyOf(moneyToText(value as Money))).toBe(value);
        expect(quantityOf(quantityToText(value as never))).toBe(value);
      }),
    );
  });

  test("a broker's average price may have more decimals than we keep", () => {
    expect(priceNear("123.45678949")).toBe(123_456_789);
    expect(() => priceNear("")).toThrow(AmountOutOfRange);
  });
});

describe("multiplying and dividing", () => {
  const factor = fc.maxSafeInteger();
  const divisor = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

  test.each([0, -1, -7_000_000_000, Number.NaN])("is refused when the divisor is %d", (c) => {
    expect(() => mulDiv(9_007_199_254_740_991, 3, c)).toThrow(AmountOutOfRange);
    expect(() => mulDivDown(5, 3, c)).toThrow(AmountOutOfRange);
  });

  test("rounds toward zero exactly at any size", () => {
    fc.assert(
      fc.property(factor, factor, divisor, (a, b, c) => {
        const exact = (BigInt(a) * BigInt(b)) / BigInt(c);
        if (exact > BigInt(Number.MAX_SAFE_INTEGER) || exact < -BigInt(Number.MAX_SAFE_INTEGER)) expect(() => mulDivDown(a, b, c)).toThrow(AmountOutOfRange);
        else expect(BigInt(mulDivDown(a, b, c))).toBe(exact);
      }),
      { numRuns: 5_000 },
    );
  });

  test("rounds to the nearest, halves away from zero, exactly at any size", () => {
    fc.assert(
      fc.property(factor, fc.integer({ min: -1_000_000_000_000, max: 1_000_000_000_000 }), fc.integer({ min: 1, max: 1_000_000_000_000 }), (a, b, c) => {
        const product = BigInt(a) * BigInt(b);
        const magnitude = ((product < 0n ? -product : product) * 2n + BigInt(c)) / (2n * BigInt(c));
        const exact = product < 0n ? -magnitude : magnitude;
        if (magnitude > BigInt(Number.MAX_SAFE_INTEGER)) expect(() => mulDiv(a, b, c)).toThrow(AmountOutOfRange);
        else expect(BigInt(mulDiv(a, b, c))).toBe(exact);
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    [1, 1, 2, 1],
    [-1, 1, 2, -1],
    [1, 1, 3, 0],
    [2, 1, 3, 1],
    [9_007_199_254_740_991, 1_000_000, 1_000_000, 9_007_199_254_740_991],
    [9_007_199_254_740_991, 3, 6, 4_503_599_627_370_496],
  ])("%d x %d / %d is %d", (a, b, c, expected) => {
    expect(mulDiv(a, b, c)).toBe(expected);
  });
});

test("a notional is price times quantity", () => {
  expect(notional(priceOf("123.456789"), quantityOf("2.5"))).toBe(308_641_973);
  expect(notional(priceOf("700000"), shares(10))).toBe(7_000_000_000_000);
});

test("the quantity for an amount never costs more than the amount", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e12 }), fc.integer({ min: 1_000_000, max: 1e12 }), (amount, price) => {
      const quantity = quantityFor(amount as Money, price as never);
      expect((BigInt(quantity) * BigInt(price)) / 1_000_000_000n).toBeLessThanOrEqual(BigInt(amount));
      expect(BigInt(quantity + 1) * BigInt(price)).toBeGreaterThan(BigInt(amount) * 1_000_000_000n);
    }),
  );
  expect(() => quantityFor(moneyOf("1"), priceOf("0"))).toThrow(AmountOutOfRange);
});

test("weights are parts per million, and floating point that is no number stays outside", () => {
  expect(weightFromFraction(1 / 3)).toBe(333_333);
  expect(weightFromFraction(-0.5)).toBe(-500_000);
  expect(weightOf(moneyOf("100000"), 333_333 as Weight)).toBe(33_333_300_000);
  expect(weightFrom(moneyOf("25"), moneyOf("100"))).toBe(250_000);
  expect(weightFrom(moneyOf("25"), moneyOf("0"))).toBe(0);
  for (const bad of [Number.NaN, Infinity, -Infinity]) expect(() => weightFromFraction(bad)).toThrow(AmountOutOfRange);
  expect(() => priceFromNumber(1e10)).toThrow(AmountOutOfRange);
});

test("basis points move a price to the nearest micro-dollar", () => {
  expect(plusBasisPoints(priceOf("100"), 1)).toBe(100_010_000);
  expect(plusBasisPoints(priceOf("100"), -0.5)).toBe(99_995_000);
});

test("whole shares are cut, not rounded", () => {
  expect(wholeSharesDown(quantityOf("2.999999999"))).toBe(shares(2));
});

test("remainders and quotients rounded up are those of big integers, at any size", () => {
  const anySafe = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -5, max: 5 }), fc.maxSafeInteger().map((n) => n - (n % 1_000_000_000)));
  fc.assert(
    fc.property(anySafe, fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.constantFrom(1_000_000_000, 1_000_000_000_000)), (a, b) => {
      expect(BigInt(remainderOf(a, b))).toBe(BigInt(a) % BigInt(b));
      const up = (BigInt(Math.abs(a)) * 206n + BigInt(b) * 1_000n - 1n) / (BigInt(b) * 1_000n);
      expect(BigInt(mulDivUp(Math.abs(a), 206, b * 1_000))).toBe(up);
    }),
    { numRuns: 5_000 },
  );
});
