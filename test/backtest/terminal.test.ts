import { describe, expect, test } from "vitest";
import { brailleChart } from "../../backtest/chart.ts";
import { statisticsOf } from "../../backtest/statistics.ts";
import { progressLine, renderResult } from "../../backtest/terminal.ts";
import type { BacktestResult } from "../../backtest/result.ts";
import type { Symbol } from "../../src/trade.ts";
import { madeUpResult } from "../support/made-up-result.ts";

const result = madeUpResult();
const render = (one: BacktestResult, width: number, color = false): string => renderResult(one, statisticsOf(one), { width, color });
const manySymbols = Array.from({ length: 60 }, (_, i) => `SYM${i}` as Symbol);

describe("a result in a terminal", () => {
  test("shows the figures, the benchmark beside them, the trades and the hashes", () => {
    const text = render(result, 80);
    expect(text).toContain("momentum · AAPL JPM KO XOM · 2005-01-03 to 2020-12-31, 4,028 sessions");
    expect(text).toMatch(/^ +momentum +SPX$/m);
    expect(text).toMatch(/^ {2}End equity +580,872\.70 +189,159\.48$/m);
    expect(text).toMatch(/^ {2}Sharpe +1\.02 +0\.35$/m);
    expect(text).toMatch(/^ {4}recovered +2010-07-06 +2015-01-29$/m);
    expect(text).toContain("411 orders, 411 fills, turnover 6.25 a year, exposure 95 %");
    expect(text).toContain("  Profile constant, trading cost 1,742.60 USD (0.35 bp of value),\n  spread 1,250.50, impact 60.00, fees 432.10\n");
    expect(text).toContain("Runs: 181 completed, 9 unchanged, 2 partial");
    expect(text).toContain("Refused: QUOTE_STALE 2");
    expect(text).toContain("data 3f3f3f3f3f3f, journal a1a1a1a1a1a1, seed 1, 1.23 s, 13,050 bars/s");
    expect(text).toContain("! Data: made up.");
  });
  const { benchmark: _, ...alone } = result;
  test.each([48, 60, 80, 200])("no line is wider than %i", (width) => {
    const strained = madeUpResult({ strategy: "a-strategy-with-a-very-long-name", symbols: manySymbols, notes: [`A note with ${"longword".repeat(30)} in it`] });
    for (const one of [result, alone, strained]) {
      for (const line of render(one, width).split("\n")) expect(line.length).toBeLessThanOrEqual(width);
    }
  });
  test("has colors only where they are asked for", () => {
    expect(render(result, 80)).not.toContain("\u001b");
    expect(render(result, 80, true)).toContain("\u001b[32m");
  });
  test("says what is not known of an empty result", () => {
    const empty = new Float64Array();
    const text = render({ ...alone, days: new Int32Array(), equity: empty, cash: empty, weights: [], orders: [], fills: [], outcomes: {}, refusals: {} }, 80);
    expect(text).toMatch(/^ {2}CAGR +–$/m);
    expect(text).toContain("0 orders, 0 fills, turnover – a year, exposure –");
    expect(text).toContain("Runs: none");
  });
});

describe("the chart", () => {
  const plot = (values: number[], columns = 4, rows = 2): string[] => brailleChart(Float64Array.from(values), columns, rows, String).lines.map((line) => `${line.axis}${line.plot}`);
  test("rises from the lower left to the upper right", () => expect(plot([0, 1, 2, 3, 4, 5, 6, 7])).toEqual(["7 ┤  ⣠⠞", "0 ┤⣠⠞⠁ "]));
  test("keeps a spike that falls between two columns", () => {
    const values = new Array<number>(800).fill(10);
    values[401] = 11;
    expect(plot(values)[0]).toBe("11 ┤  ⡇ ");
  });
  test("draws a value that does not move in the middle", () => expect(plot([5, 5, 5])).toEqual(["  │    ", "5 ┤⠉⠉⠉⠉"]));
  test("turns to a log scale when the values span more than a factor of four", () => {
    const { scale, lines } = brailleChart(Float64Array.of(1, 10, 100), 3, 3, String);
    expect(scale).toBe("log");
    expect(lines.map((line) => line.axis)).toEqual(["100 ┤", " 10 ┤", "  1 ┤"]);
    expect(brailleChart(Float64Array.of(0, 100), 3, 3, String).scale).toBe("linear");
  });
});

describe("the progress line", () => {
  test.each([
    [0, "momentum  ░░░░░░░░░░░░░░░░░░░░   0 %  0.0 s"],
    [0.25, "momentum  █████░░░░░░░░░░░░░░░  25 %  2.0 s, 6.0 s left"],
    [0.5125, "momentum  ██████████▎░░░░░░░░░  51 %  4.1 s, 3.9 s left"],
    [1, "momentum  ████████████████████ 100 %  8.0 s"],
    [7, "momentum  ████████████████████ 100 %  56.0 s"],
  ])("at %d", (fraction, line) => expect(progressLine({ label: "momentum", fraction, elapsedSeconds: fraction * 8 }, 60)).toBe(line));
  test("counts minutes", () => expect(progressLine({ label: "x", fraction: 0.5, elapsedSeconds: 125 }, 80)).toContain("50 %  2 min 5 s, 2 min 5 s left"));
  test.each([10, 30, 40, 80])("is never wider than %i", (width) => {
    for (const fraction of [0, 0.01, 0.5, 0.999, 1]) expect(progressLine({ label: "a rather long label", fraction, elapsedSeconds: 1234 }, width).length).toBeLessThanOrEqual(width);
  });
});
