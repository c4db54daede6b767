/** The parts of report.html that need no script: text, tiles, tables. Each function returns markup with all text escaped. */
import type { Json } from "../src/json.ts";
import { moneyToNumber } from "../src/money.ts";
import { REFUSALS, type RefusalCode } from "../src/risk/refusals.ts";
import { countText, decimalText, percentText, ratioText, signedPercentText } from "./figures.ts";
import type { BacktestResult } from "./result.ts";
import type { CurveStatistics, Statistics } from "./statistics.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** The return at which a month has the full color. */
const FULL_COLOR_AT = 0.1;

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

export function headerSection({ strategy, symbols, from, to }: BacktestResult, { sessions }: Statistics): string {
  const names = symbols.length <= 30 ? symbols.join(" ") : `${symbols.slice(0, 30).join(" ")} and ${symbols.length - 30} more`;
  return `<header>
<p class="kind">Backtest</p>
<h1>${escaped(strategy)}</h1>
<p class="range">${from} to ${to} · ${countText(sessions)} sessions</p>
<p class="symbols">${escaped(names)}</p>
</header>`;
}

export function tilesSection(statistics: Statistics): string {
  const { benchmark } = statistics;
  const tiles: [string, string, string | undefined][] = [
    ["Total return", signedPercentText(statistics.totalReturn), benchmark ? signedPercentText(benchmark.totalReturn) : undefined],
    ["CAGR", signedPercentText(statistics.cagr), benchmark ? signedPercentText(benchmark.cagr) : undefined],
    ["Volatility", percentText(statistics.volatility), benchmark ? percentText(benchmark.volatility) : undefined],
    ["Sharpe", ratioText(statistics.sharpe), benchmark ? ratioText(benchmark.sharpe) : undefined],
    ["Max drawdown", percentText(statistics.maxDrawdown.depth), benchmark ? percentText(benchmark.maxDrawdown.depth) : undefined],
    ["Turnover a year", ratioText(statistics.turnover), undefined],
  ];
  const cell = ([name, value, beside]: [string, string, string | undefined]): string =>
    `<div class="tile"><dt>${name}</dt><dd>${value}</dd>${beside === undefined ? "" : `<dd class="beside">benchmark ${beside}</dd>`}</div>`;
  return `<dl class="tiles">\n${tiles.map(cell).join("\n")}\n</dl>`;
}

export function notesSection({ notes }: BacktestResult): string {
  if (notes.length === 0) return "";
  return `<section class="notes"><h2>Before you believe it</h2><ul>\n${notes.map((note) => `<li>${escaped(note)}</li>`).join("\n")}\n</ul></section>`;
}

export function figuresSection(result: BacktestResult, statistics: Statistics): string {
  const curves: CurveStatistics[] = statistics.benchmark ? [statistics, statistics.benchmark] : [statistics];
  const names = [result.strategy, ...(result.benchmark && statistics.benchmark ? [result.benchmark.symbol] : [])];
  const row = (name: string, text: (curve: CurveStatistics) => string): string =>
    `<tr><th scope="row">${name}</th>${curves.map((curve) => `<td>${text(curve)}</td>`).join("")}</tr>`;
  const day = (value: CurveStatistics["bestDay"]): string => (value ? `${signedPercentText(value.value)} <small>${value.date}</small>` : "–");
  const span = ({ maxDrawdown: { peak, trough, recovery } }: CurveStatistics): string => (peak && trough ? `${peak} to ${trough}, ${recovery ? `recovered ${recovery}` : "not recovered"}` : "–");
  const rows = [
    row("Start equity", (curve) => decimalText(curve.startEquity, 2)),
    row("End equity", (curve) => decimalText(curve.endEquity, 2)),
    row("Total return", (curve) => signedPercentText(curve.totalReturn)),
    row("CAGR", (curve) => signedPercentText(curve.cagr, 2)),
    row("Volatility", (curve) => percentText(curve.volatility)),
    row("Sharpe", (curve) => ratioText(curve.sharpe)),
    row("Sortino", (curve) => ratioText(curve.sortino)),
    row("Max drawdown", (curve) => percentText(curve.maxDrawdown.depth)),
    row("Deepest fall", span),
    row("Calmar", (curve) => ratioText(curve.calmar)),
    row("Best day", (curve) => day(curve.bestDay)),
    row("Worst day", (curve) => day(curve.worstDay)),
  ].join("\n");
  return `<section class="pair">
<div><h2>Figures</h2><div class="scroll"><table class="figures curves"><thead><tr><th></th>${names.map((name) => `<th scope="col">${escaped(name)}</th>`).join("")}</tr></thead><tbody>
${rows}
</tbody></table></div>
<p class="hint">A year is 252 sessions for volatility, Sharpe and Sortino, and 365.25 days for growth and turnover. The risk-free rate is zero. Turnover is half of the value traded over average equity.</p></div>
<div><h2>Trading</h2><table class="figures"><tbody>
${tradingRows(result, statistics)}
</tbody></table></div>
</section>`;
}

function tradingRows(result: BacktestResult, statistics: Statistics): string {
  const rows: [string, string][] = [
    ["Orders", countText(statistics.orders)],
    ["Fills", countText(statistics.fills)],
    ["Spread, USD", decimalText(moneyToNumber(result.costs.spread), 2)],
    ["Impact, USD", decimalText(moneyToNumber(result.costs.impact), 2)],
    ["Fees, USD", decimalText(moneyToNumber(result.fees), 2)],
    ["Cost of trading, USD", decimalText(statistics.tradingCost, 2)],
    ["Cost in basis points of what was traded", ratioText(statistics.tradingCostShare === null ? null : 10_000 * statistics.tradingCostShare)],
    ["Turnover a year", ratioText(statistics.turnover)],
    ["Exposure", percentText(statistics.exposure)],
    ...Object.entries(result.outcomes).map(([outcome, count]): [string, string] => [`Runs ${outcome}`, countText(count)]),
    ...Object.entries(result.refusals).map(([code, count]): [string, string] => [
      `Refused: ${escaped(REFUSALS[code as RefusalCode].meaning)}`,
      countText(count),
    ]),
  ];
  return rows.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`).join("\n");
}

/** A row a year, a column a month, colored by the return. */
export function monthsSection({ monthly, yearly }: Statistics): string {
  const returns = new Map(monthly.map(({ period, value }) => [period, value]));
  const heat = (value: number | undefined): string => {
    if (value === undefined) return "<td></td>";
    const strength = Math.min(1, Math.abs(value) / FULL_COLOR_AT);
    return `<td class="${value < 0 ? "loss" : "gain"}" style="--heat:${strength.toFixed(2)}">${decimalText(value * 100, 1)}</td>`;
  };
  const rows = yearly.map(({ period, value }) => {
    const cells = MONTHS.map((_, month) => heat(returns.get(`${period}-${String(month + 1).padStart(2, "0")}`)));
    return `<tr><th scope="row">${period}</th>${cells.join("")}<td class="year ${value < 0 ? "down" : "up"}">${decimalText(value * 100, 1)}</td></tr>`;
  });
  return `<section><h2>Monthly returns, %</h2><div class="scroll"><table class="months">
<thead><tr><th></th>${MONTHS.map((month) => `<th scope="col">${month}</th>`).join("")}<th scope="col">Year</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody></table></div></section>`;
}

export function tradesSection({ fills }: BacktestResult, max: number): string {
  const capped = fills.length > max ? `<p class="hint">The latest ${countText(max)} of ${countText(fills.length)} fills; fills.csv has all of them.</p>` : "";
  const columns: [string, string][] = [
    ["Time (UTC)", ""],
    ["Symbol", ""],
    ["Side", ""],
    ["Quantity", "number"],
    ["Price", "number"],
    ["Value, USD", "number"],
    ["Reason", ""],
  ];
  return `<section id="trades"><div class="head"><h2>Trades</h2>
<div class="filters"><input type="search" id="find" placeholder="Symbol, reason, date" aria-label="Filter by symbol, reason or date">
<select id="side" aria-label="Filter by side"><option value="">Buys and sells</option><option value="buy">Buys</option><option value="sell">Sells</option></select></div></div>
${capped}
<div class="scroll"><table class="trades"><thead><tr>${columns.map(([name, kind], i) => `<th scope="col"${kind && ` class="${kind}"`}><button type="button" data-column="${i}">${name}</button></th>`).join("")}</tr></thead><tbody></tbody></table></div>
<p class="hint"><span id="shown"></span> <button type="button" id="more">Show more</button></p>
</section>`;
}

export function settingsSection(result: BacktestResult): string {
  const { params, profile, settings, seed, dataHash, journalHash, seconds, barsPerSecond } = result;
  const list = (entries: [string, Json | undefined][]): string =>
    entries.map(([name, value]) => `<tr><th scope="row">${escaped(name)}</th><td>${escaped(typeof value === "string" ? value : JSON.stringify(value ?? null))}</td></tr>`).join("\n");
  const given = typeof params === "object" && params !== null && !Array.isArray(params) ? Object.entries(params as Record<string, Json>) : [["params", params] as [string, Json]];
  return `<section class="pair">
<div><h2>Parameters</h2><table class="settings"><tbody>
${list(given.length === 0 ? [["", "none"]] : given)}
</tbody></table></div>
<div><h2>Settings</h2><table class="settings"><tbody>
${list([["profile", profile], ...Object.entries(settings)])}
</tbody></table></div>
</section>
<section><h2>Proof</h2>
<p>The same strategy, parameters, settings, data and seed give the same journal, byte for byte. The journal hash is the SHA-256 of journal.jsonl.</p>
<table class="settings proof"><tbody>
${list([
  ["Data", dataHash],
  ["Journal", journalHash],
  ["Seed", seed],
  ["Time taken", `${decimalText(seconds, 2)} s, ${countText(barsPerSecond)} bars a second`],
])}
</tbody></table></section>`;
}
