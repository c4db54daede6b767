/**
 * report.html: one file that needs nothing else, now or in ten years. Script and style of the charts are inlined, the
 * page asks no server for anything (its content security policy forbids it), and what strategies and data wrote into
 * symbols, reasons and parameters reaches the page as text, never as markup.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { moneyToNumber, quantityToNumber } from "../src/money.ts";
import { isoOf } from "../src/time.ts";
import type { BacktestResult } from "./result.ts";
import { escaped, figuresSection, headerSection, monthsSection, notesSection, settingsSection, tilesSection, tradesSection } from "./report-sections.ts";
import type { Statistics } from "./statistics.ts";

/** Trades that the page itself carries; fills.csv has all. */
export const TRADES_MAX = 5_000;
/** Symbols that the chart of weights tells apart; the rest is one band. */
const BANDS_MAX = 20;

export async function reportPage(result: BacktestResult, statistics: Statistics): Promise<string> {
  const [chartScript, chartStyle, chartLicence, script, style] = await Promise.all([
    textOf(import.meta.resolve("uplot/dist/uPlot.iife.min.js")),
    textOf(import.meta.resolve("uplot/dist/uPlot.min.css")),
    textOf(import.meta.resolve("uplot/LICENSE")),
    textOf(new URL("./report-browser.js", import.meta.url).href),
    textOf(new URL("./report.css", import.meta.url).href),
  ]);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escaped(result.strategy)}, ${result.from} to ${result.to}</title>
<style>${chartStyle}</style>
<style>${style}</style>
</head>
<body>
<main>
${headerSection(result, statistics)}
${tilesSection(statistics)}
${notesSection(result)}
${chartSections(result)}
${figuresSection(result, statistics)}
${monthsSection(statistics)}
${tradesSection(result, TRADES_MAX)}
${settingsSection(result)}
</main>
<script type="application/json" id="data">${inlineJson(pageData(result))}</script>
<!--
The charts are drawn by uPlot, https://github.com/leeoniya/uPlot

${chartLicence.trim()}
-->
<script>${chartScript}</script>
<script>${script}</script>
</body>
</html>
`;
}

function chartSections({ benchmark }: BacktestResult): string {
  const beside = benchmark ? ` against ${escaped(benchmark.symbol)}` : "";
  return `<section class="charts">
<div class="head"><h2>Equity${beside}</h2><label class="toggle"><input type="checkbox" id="log"> log scale</label></div>
<div class="chart" id="equity" role="img" aria-label="Equity${beside} over time, in USD"></div>
<h2>Drawdown</h2>
<div class="chart" id="drawdown" role="img" aria-label="How far equity is below its highest value so far"></div>
<h2>Weights</h2>
<div class="chart" id="weights" role="img" aria-label="Shares of equity by symbol over time"></div>
<p class="hint">What is missing to 100 % is cash. Drag to zoom in, double-click to zoom out. A click on a name hides or shows it.</p>
</section>`;
}

/** What report-browser.js draws from. Columns have a value for each day; an absent value is null. */
function pageData({ days, startEquity, equity, benchmark, strategy, symbols, weights, fills }: BacktestResult) {
  const { names, columns } = bandsOf(symbols, weights, days.length);
  return {
    strategy,
    benchmark: benchmark?.symbol ?? null,
    startEquity: moneyToNumber(startEquity),
    days: [...days],
    equity: Array.from(equity, (value) => fixed(value, 2)),
    benchmarkEquity: benchmark ? Array.from(benchmark.equity, (value) => (Number.isNaN(value) ? null : fixed(value, 2))) : null,
    bands: names,
    weights: columns.map((column) => Array.from(column, (value) => fixed(value, 4))),
    trades: fills.slice(-TRADES_MAX).map(({ at, symbol, side, quantity, price, notional, reason }) => [
      isoOf(at).slice(0, 16).replace("T", " "),
      symbol,
      side,
      quantityToNumber(quantity),
      moneyToNumber(price),
      fixed(moneyToNumber(notional), 2),
      reason,
    ]),
  };
}

/** The symbols with the largest weights on average, in their own order, and the sum of all others. */
function bandsOf(symbols: BacktestResult["symbols"], weights: BacktestResult["weights"], length: number): { names: string[]; columns: Float64Array[] } {
  const sizes = weights.map((column) => column.reduce((sum, value) => sum + Math.abs(value), 0));
  const ranked = [...symbols.keys()].sort((a, b) => sizes[b]! - sizes[a]!);
  const shown = ranked.slice(0, symbols.length > BANDS_MAX ? BANDS_MAX - 1 : BANDS_MAX).sort((a, b) => a - b);
  const names = shown.map((i): string => symbols[i]!);
  const columns = shown.map((i) => weights[i]!);
  if (symbols.length <= BANDS_MAX) return { names, columns };
  const others = ranked.slice(BANDS_MAX - 1);
  const sum = new Float64Array(length);
  for (const i of others) weights[i]!.forEach((value, day) => (sum[day]! += value));
  return { names: [...names, `${others.length} others`], columns: [...columns, sum] };
}

/** Inside a script element only "<" can end the data or begin a comment. */
function inlineJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

function fixed(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

async function textOf(url: string): Promise<string> {
  return readFile(fileURLToPath(url), "utf8");
}
