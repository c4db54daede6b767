import { describe, expect, test } from "vitest";
import { curveStatistics, drawdownsOf, statisticsOf } from "../../backtest/statistics.ts";
import { moneyFromNumber } from "../../src/money.ts";
import { sessionsBetween } from "../../src/rules/calendar.ts";
import { epochDayOf, sessionDateOf } from "../../src/time.ts";
import type { Symbol } from "../../src/trade.ts";
import { madeUpResult } from "../support/made-up-result.ts";

const days = (...dates: string[]): Int32Array => Int32Array.from(dates, (date) => epochDayOf(sessionDateOf(date)));
const curve = (dates: string[], equity: number[], start = 100) => curveStatistics(days(...dates), start, Float64Array.from(equity));

describe("a curve of three sessions: +10 %, -10 %, +10 %", () => {
  const statistics = curve(["2020-01-31", "2020-02-03", "2021-01-29"], [110, 99, 108.9]);
  test("grows by 8.9 % in 364 days", () => {
    expect(statistics.totalReturn).toBeCloseTo(0.089, 12);
    expect(statistics.years).toBeCloseTo(364 / 365.25, 12);
    expect(statistics.cagr).toBeCloseTo(0.0893189, 6); // 1.089 ^ (365.25 / 364) - 1
  });
  test("has a deviation of 0.11547 a session", () => {
    expect(statistics.volatility).toBeCloseTo(1.83303, 5); // sqrt(0.08 / 3 / 2) x sqrt(252)
    expect(statistics.sharpe).toBeCloseTo(4.58258, 5); // 0.033333 / 0.11547 x sqrt(252)
    expect(statistics.sortino).toBeCloseTo(9.16515, 5); // 0.033333 / sqrt(0.01 / 3) x sqrt(252)
  });
  test("falls by a tenth and does not recover", () => {
    expect(statistics.maxDrawdown).toEqual({ depth: 99 / 110 - 1, peak: "2020-01-31", trough: "2020-02-03", recovery: null });
    expect(statistics.calmar).toBeCloseTo(0.893189, 5);
  });
  test("has its best and worst days and its periods", () => {
    expect(statistics.bestDay).toEqual({ date: "2020-01-31", value: 110 / 100 - 1 });
    expect(statistics.worstDay).toEqual({ date: "2020-02-03", value: 99 / 110 - 1 });
    expect(statistics.monthly.map(({ period, value }) => [period, value.toFixed(6)])).toEqual([
      ["2020-01", "0.100000"],
      ["2020-02", "-0.100000"],
      ["2021-01", "0.100000"],
    ]);
    expect(statistics.yearly.map(({ period, value }) => [period, value.toFixed(6)])).toEqual([
      ["2020", "-0.010000"],
      ["2021", "0.100000"],
    ]);
  });
});

describe("drawdown", () => {
  test("counts the start equity as the first peak", () => {
    expect(curve(["2020-01-02", "2020-01-03"], [80, 90]).maxDrawdown).toEqual({ depth: 80 / 100 - 1, peak: "2020-01-02", trough: "2020-01-02", recovery: null });
    expect([...drawdownsOf(100, Float64Array.of(80, 120, 90))]).toEqual([80 / 100 - 1, 0, 90 / 120 - 1]);
  });
  test("ends on the first session that is back at the peak", () => {
    const dates = ["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07", "2020-01-08"];
    expect(curve(dates, [120, 90, 96, 120, 130]).maxDrawdown).toEqual({ depth: -0.25, peak: "2020-01-02", trough: "2020-01-03", recovery: "2020-01-07" });
  });
});

describe("what is not defined is null, and JSON has no NaN", () => {
  const expectClean = (value: object): void => {
    const numbers = JSON.stringify(value, (_, one: unknown) => (typeof one === "number" && !Number.isFinite(one) ? "BROKEN" : one));
    expect(numbers).not.toContain("BROKEN");
  };
  test("a curve that stands still", () => {
    const statistics = curve(["2020-01-02", "2020-01-03", "2020-01-06"], [100, 100, 100]);
    expect(statistics).toMatchObject({ totalReturn: 0, cagr: 0, volatility: 0, sharpe: null, sortino: null, calmar: null, maxDrawdown: { depth: 0, peak: null, trough: null, recovery: null } });
    expectClean(statistics);
  });
  test("a curve that only rises has no Sortino and no Calmar ratio", () => {
    const statistics = curve(["2020-01-02", "2020-01-03", "2020-01-06"], [101, 103, 104]);
    expect(statistics).toMatchObject({ sortino: null, calmar: null });
    expect(statistics.sharpe).toBeGreaterThan(0);
    expectClean(statistics);
  });
  test("one session, and none", () => {
    expect(curve(["2020-01-02"], [101])).toMatchObject({ sessions: 1, cagr: null, volatility: null, sharpe: null });
    expect(curve([], [])).toMatchObject({ sessions: 0, endEquity: 100, totalReturn: 0, cagr: null, sharpe: null, bestDay: null, monthly: [] });
    expectClean(curve(["2020-01-02"], [101]));
    expectClean(curve([], []));
  });
  test("a result without trades or days", () => {
    const empty = new Float64Array();
    expectClean(statisticsOf(madeUpResult({ days: new Int32Array(), equity: empty, cash: empty, weights: [empty], fills: [], orders: [], benchmark: { symbol: "SPX" as Symbol, equity: empty } })));
  });
});

describe("trading", () => {
  const sessions = days("2020-01-02", "2020-07-01", "2021-01-01");
  const base = madeUpResult();
  const fill = { ...base.fills[0]!, notional: moneyFromNumber(90_000) };
  const result = { ...base, benchmark: { symbol: "SPX" as Symbol, equity: Float64Array.of(100_000, 100_000, 100_000) }, days: sessions, equity: Float64Array.of(100_000, 110_000, 90_000), cash: new Float64Array(3), weights: [Float64Array.of(0, 0.5, 1), Float64Array.of(0, -0.25, 0)], fills: [fill, fill], orders: base.orders.slice(0, 1) };
  test("turnover is half of the traded value over average equity, a year", () => {
    expect(statisticsOf(result).turnover).toBeCloseTo((180_000 / 2 / 100_000 / 365) * 365.25, 12);
  });
  test("exposure is the average share that was invested, short or long", () => expect(statisticsOf(result).exposure).toBeCloseTo((0 + 0.75 + 1) / 3, 12));
  test("orders and fills are counted", () => expect(statisticsOf(result)).toMatchObject({ orders: 1, fills: 2 }));
  test("a benchmark is measured from the day on which it joins", () => {
    const benchmark = { symbol: "SPX" as Symbol, equity: Float64Array.of(Number.NaN, 110_000, 121_000) };
    expect(statisticsOf({ ...result, benchmark }).benchmark).toMatchObject({ sessions: 2, startEquity: 110_000, endEquity: 121_000 });
    expect(statisticsOf({ ...result, benchmark: { ...benchmark, equity: Float64Array.of(101_000, 110_000, 121_000) } }).benchmark).toMatchObject({ sessions: 3, startEquity: 100_000 });
    expect(statisticsOf({ ...result, benchmark: { ...benchmark, equity: new Float64Array(3).fill(Number.NaN) } }).benchmark).toBeNull();
  });
});

/**
 * A random walk and what pandas 2 and numpy 2 say of it, with the start equity of 100,000 put before:
 * r = s.pct_change(); r.std() * sqrt(252); r.mean() / r.std() * sqrt(252);
 * r.mean() * sqrt(252) / sqrt((r.clip(upper=0) ** 2).mean()); (s / s.cummax() - 1).min(); s.groupby(month).last()
 */
test("agrees with pandas on a random walk of 45 sessions", () => {
  const equity = [
    100101.48, 100560.44, 100330.19, 99358.28, 98915.53, 97837.38, 98005.83, 99680.02, 99190.94, 98551.59, 99229.43, 99753.63, 99979.57, 98963.21, 99027.44,
    99952.72, 98440.37, 97998.24, 95860.44, 94472.91, 92479.46, 92311.04, 90999.36, 91386.58, 91649.87, 91535.93, 88862.98, 88377.4, 88414.34, 88622.98,
    87084.34, 86672.16, 85741.11, 84994.64, 86161.69, 85412.91, 85464.99, 86457.46, 85938.44, 85909.19, 86108.97, 86260.99, 85079.16, 85241.97, 86717.16,
  ];
  const sessions = sessionsBetween(epochDayOf(sessionDateOf("2020-01-13")), epochDayOf(sessionDateOf("2020-03-17")));
  const statistics = curveStatistics(Int32Array.from(sessions, (session) => session.day), 100_000, Float64Array.from(equity));
  expect(statistics.totalReturn).toBeCloseTo(-0.13282839999999996, 12);
  expect(statistics.cagr).toBeCloseTo(-0.5566327965419852, 12);
  expect(statistics.volatility).toBeCloseTo(0.15886456443968303, 12);
  expect(statistics.sharpe).toBeCloseTo(-4.937806152465011, 12);
  expect(statistics.sortino).toBeCloseTo(-5.456864755760269, 12);
  expect(statistics.calmar).toBeCloseTo(-3.596039968308247, 12);
  expect(statistics.maxDrawdown).toEqual({ depth: expect.closeTo(-0.1547904921657065, 12) as number, peak: "2020-01-14", trough: "2020-03-02", recovery: null });
  expect(statistics.bestDay).toEqual({ date: "2020-03-17", value: expect.closeTo(0.01730591163015127, 12) as number });
  expect(statistics.worstDay).toEqual({ date: "2020-02-20", value: expect.closeTo(-0.029201101687610476, 12) as number });
  expect(statistics.monthly.map(({ value }) => value.toFixed(6))).toEqual(["-0.010368", "-0.133606", "0.011384"]);
});
