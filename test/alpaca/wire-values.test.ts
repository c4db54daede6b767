import { describe, expect, test } from "vitest";
import { wireDate, wireInstant, wireMoney, wirePrice, wireQuantity } from "../../src/alpaca/wire-values.ts";

describe("amounts", () => {
  test.each([
    ["122086.5", 122_086_500_000],
    ["0", 0],
    ["-0", 0],
    ["-0.0000001", 0],
    ["+5", 5_000_000],
    ["0.0000004999", 0],
    ["0.0000005", 1],
    ["-0.0000005", -1],
    ["0.1234565", 123_457],
    ["9007199254.740991", 9_007_199_254_740_991],
    ["2.675", 2_675_000],
    [0.1, 100_000],
    [1e-7, 0],
    [5e-7, 1],
    [512.3, 512_300_000],
    [-3, -3_000_000],
  ])("the money %s is %d micro-dollars", (wire, micros) => {
    expect(wireMoney.parse(wire)).toBe(micros);
    expect(wirePrice.parse(wire)).toBe(micros);
  });

  test.each([
    ["10.000000001", 10_000_000_001],
    ["0.0000000005", 1],
    [1e-9, 1],
    ["-2", -2_000_000_000],
  ])("the quantity %s is %d nano-shares", (wire, nanos) => {
    expect(wireQuantity.parse(wire)).toBe(nanos);
  });

  test.each(["", " 1", "1,000", "1e3", "0x10", "NaN", "Infinity", ".5", "1.", "--1", "9007199254.740992", 1e21, Number.NaN, Number.POSITIVE_INFINITY, null, undefined, true, {}])("%o is no amount", (wire) => {
    expect(wireMoney.safeParse(wire).success).toBe(false);
  });
});

test.each([
  ["2022-02-02T18:55:09.981482Z", "2022-02-02T18:55:09.981Z"],
  ["2022-02-02T18:55:09.123456789Z", "2022-02-02T18:55:09.123Z"],
  ["2022-02-02T13:55:09-05:00", "2022-02-02T18:55:09.000Z"],
])("the timestamp %s is the instant %s", (wire, iso) => {
  expect(new Date(wireInstant.parse(wire)).toISOString()).toBe(iso);
});

test.each(["2022-02-02", "2022-02-02T18:55:09", "2022-13-02T18:55:09Z", "", 5])("%o is no timestamp", (wire) => {
  expect(wireInstant.safeParse(wire).success).toBe(false);
});

test("a date is a real one written YYYY-MM-DD", () => {
  expect(wireDate.parse("2024-02-29")).toBe("2024-02-29");
  expect(wireDate.safeParse("2023-02-29").success).toBe(false);
  expect(wireDate.safeParse("2024-2-9").success).toBe(false);
});
