import { describe, expect, test } from "vitest";
import { averageOf, returnOver, volatilityOf } from "../src/indicators.ts";

const column = (...values: readonly number[]): Float64Array => Float64Array.from(values);

describe("averageOf", () => {
  test.each([
    [[1, 2, 3, 4], 4, 2.5],
    [[1, 2, 3, 4], 2, 3.5],
    [[1, 2, 3, 4], 1, 4],
    [[7], 1, 7],
  ])("%j over the last %d is %d", (values, count, mean) => {
    expect(averageOf(column(...values), count)).toBe(mean);
  });

  test.each([
    [[1, 2, 3], 4],
    [[], 1],
    [[1, 2, 3], 0],
  ])("%j over the last %d is no number", (values, count) => {
    expect(averageOf(column(...values), count)).toBeNaN();
  });
});

describe("returnOver", () => {
  test.each([
    // from 100 to 121 in two bars
    [[50, 100, 110, 121], 2, 0, 0.21],
    [[50, 100, 110, 121], 1, 0, 0.1],
    // leaving out the newest: from 100 to 110
    [[50, 100, 110, 121], 1, 1, 0.1],
    [[50, 100, 110, 121], 2, 1, 1.2],
    [[80, 60], 1, 0, -0.25],
    [[100, 110], 0, 0, 0],
  ])("%j over %d bars, leaving out %d, is %d", (closes, count, skip, expected) => {
    expect(returnOver(column(...closes), count, skip)).toBeCloseTo(expected, 12);
  });

  test.each([
    [[100, 110], 2, 0],
    [[100, 110], 1, 1],
    [[], 0, 0],
    [[100], 0, 1],
  ])("%j over %d bars, leaving out %d, is no number", (closes, count, skip) => {
    expect(returnOver(column(...closes), count, skip)).toBeNaN();
  });
});

describe("volatilityOf", () => {
  test.each([
    // returns of +10 %, -10 %: mean 0, squares add up to 0.02, over one: 0.1 x the root of 2
    [[100, 110, 99], 2, 0.1414213562373095],
    // +10 %, -10 %, +10 %: mean 1/30; deviations 1/15, -2/15, 1/15: squares add up to 0.0266…, over two: 0.0133…
    [[100, 110, 99, 108.9], 3, 0.11547005383792514],
    // the last two of them
    [[1, 2, 100, 110, 99], 2, 0.1414213562373095],
    [[100, 100, 100], 2, 0],
    [[100, 110, 121], 2, 0],
  ])("%j over %d returns is %d", (closes, count, expected) => {
    expect(volatilityOf(column(...closes), count)).toBeCloseTo(expected, 12);
  });

  test.each([
    [[100, 110], 2],
    [[100, 110, 99], 1],
    [[], 2],
  ])("%j over %d returns is no number", (closes, count) => {
    expect(volatilityOf(column(...closes), count)).toBeNaN();
  });
});
