import { expect, test } from "vitest";
import { decimalText, percentText, ratioText, signedPercentText } from "../../backtest/figures.ts";

test.each([
  [0, 0, "0"],
  [999.995, 2, "1,000.00"],
  [1234567.891, 2, "1,234,567.89"],
  [-1234.5, 1, "-1,234.5"],
  [-0.0001, 2, "0.00"],
  [100, 0, "100"],
])("%d with %i decimals is %s", (value, decimals, text) => expect(decimalText(value, decimals)).toBe(text));

test("percentages carry their unit, and a plus where asked for", () => {
  expect(percentText(0.1234)).toBe("12.3 %");
  expect(signedPercentText(0.1234, 2)).toBe("+12.34 %");
  expect(signedPercentText(1225.075)).toBe("+122,508 %");
  expect(signedPercentText(-0.5)).toBe("-50.0 %");
  expect(signedPercentText(0)).toBe("0.0 %");
  expect(signedPercentText(0.0000001)).toBe("0.0 %");
});

test("what is not defined is a dash", () => {
  expect(percentText(null)).toBe("–");
  expect(signedPercentText(null)).toBe("–");
  expect(ratioText(null)).toBe("–");
});
