/**
 * A backtest in a terminal: the curve, the figures beside the benchmark's, what was traded, and how to prove it. Pure
 * functions from a result to text; no line is wider than the width given (from 48 characters on), whatever the data hold.
 */
import pc from "picocolors";
import { moneyToNumber } from "../src/money.ts";
import { dateOfEpochDay, type EpochDay } from "../src/time.ts";
import { brailleChart } from "./chart.ts";
import { countText, decimalText, percentText, ratioText, signedPercentText } from "./figures.ts";
import type { BacktestResult } from "./result.ts";
import type { CurveStatistics, Statistics } from "./statistics.ts";

interface TerminalOptions {
  /** Characters in a line. */
  readonly width: number;
  readonly color: boolean;
}

type Colors = ReturnType<typeof pc.createColors>;

const CHART_ROWS = 9;
const MARGIN = "  ";
/** What a progress line needs behind its bar, so that the bar does not change its length. */
const TAIL_WIDTH = 30;
const NAME_WIDTH = 16;
/** Narrower terminals break lines themselves. */
const WIDTH_MIN = 48;

export function renderResult(result: BacktestResult, statistics: Statistics, { width, color }: TerminalOptions): string {
  const colors = pc.createColors(color);
  const room = Math.max(WIDTH_MIN, width);
  const lines = [
    ...titleLines(result, statistics, room, colors),
    "",
    ...chartLines(result, statistics, room, colors),
    "",
    ...tableLines(result, statistics, room, colors),
    "",
    ...tradingLines(result, statistics, room),
    ...proofLines(result, room, colors),
    ...noteLines(result.notes, room, colors),
  ];
  return `${lines.join("\n")}\n`;
}

/** One line for a terminal that is written over: label, bar, share done, time taken and time left. */
export function progressLine(progress: { readonly label: string; readonly fraction: number; readonly elapsedSeconds: number }, width: number): string {
  const fraction = Math.min(1, Math.max(0, progress.fraction));
  const left = fraction > 0.02 ? `, ${timeText((progress.elapsedSeconds * (1 - fraction)) / fraction)} left` : "";
  const tail = ` ${percentText(fraction, 0).padStart(5)}  ${timeText(progress.elapsedSeconds)}${fraction < 1 ? left : ""}`;
  const label = progress.label.slice(0, Math.max(0, width - TAIL_WIDTH - 13));
  const room = Math.min(40, width - TAIL_WIDTH - label.length - 2);
  const eighths = Math.round(fraction * room * 8);
  const partial = eighths % 8 === 0 ? "" : " ▏▎▍▌▋▊▉"[eighths % 8]!;
  const bar = room < 3 ? "" : `${"█".repeat(eighths >> 3)}${partial}`.padEnd(room, "░");
  return `${label}  ${bar}${tail}`.slice(0, width);
}

function titleLines({ strategy, symbols, from, to }: BacktestResult, { sessions }: Statistics, width: number, colors: Colors): string[] {
  const name = clipped(strategy, width - 20);
  const what = `${from} to ${to}, ${countText(sessions)} sessions`;
  const room = width - MARGIN.length - name.length - what.length - 6;
  const names = symbols.join(" ");
  if (names.length <= room) return [`${MARGIN}${colors.bold(name)} · ${names} · ${colors.dim(what)}`];
  return [`${MARGIN}${colors.bold(name)} · ${shortened(symbols, width - name.length - 5)}`, `${MARGIN}${colors.dim(what)}`];
}

function shortened(symbols: readonly string[], room: number): string {
  const all = symbols.join(" ");
  return all.length <= room ? all : `${countText(symbols.length)} symbols`;
}

function clipped(text: string, room: number): string {
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}

function chartLines({ days, equity }: BacktestResult, { totalReturn }: Statistics, width: number, colors: Colors): string[] {
  if (days.length === 0) return [];
  const highest = equity.reduce((a, b) => Math.max(a, b));
  const columns = width - MARGIN.length - countText(highest).length - 2;
  const { lines, scale } = brailleChart(equity, columns, CHART_ROWS, countText);
  const paint = totalReturn < 0 ? colors.red : colors.green;
  const indent = " ".repeat(lines[0]!.axis.length - 1);
  const [first, last] = [dateOfEpochDay(days[0] as EpochDay), dateOfEpochDay(days.at(-1) as EpochDay)];
  const unit = scale === "log" ? "equity in USD, log scale" : "equity in USD";
  const gap = columns - first.length - last.length;
  const left = Math.max(1, (gap - unit.length) >> 1);
  const below = gap >= unit.length + 2 ? `${first}${" ".repeat(left)}${unit}${" ".repeat(gap - unit.length - left)}${last}` : `${first}${" ".repeat(Math.max(1, gap))}${last}`;
  return [
    ...lines.map(({ axis, plot }) => `${MARGIN}${colors.dim(axis)}${paint(plot)}`),
    `${MARGIN}${colors.dim(`${indent}└${"─".repeat(columns)}`)}`,
    `${MARGIN}${colors.dim(`${indent} ${below}`)}`,
  ];
}

/** What a curve has one of, by name. */
const FIGURES: readonly (readonly [string, (curve: CurveStatistics) => string])[] = [
  ["End equity", (curve) => decimalText(curve.endEquity, 2)],
  ["Total return", (curve) => signedPercentText(curve.totalReturn)],
  ["CAGR", (curve) => signedPercentText(curve.cagr, 2)],
  ["Volatility", (curve) => percentText(curve.volatility)],
  ["Sharpe", (curve) => ratioText(curve.sharpe)],
  ["Sortino", (curve) => ratioText(curve.sortino)],
  ["Max drawdown", (curve) => percentText(curve.maxDrawdown.depth)],
  ["  from", (curve) => curve.maxDrawdown.peak ?? "–"],
  ["  to", (curve) => curve.maxDrawdown.trough ?? "–"],
  ["  recovered", (curve) => curve.maxDrawdown.recovery ?? "–"],
  ["Calmar", (curve) => ratioText(curve.calmar)],
  ["Best day", (curve) => signedPercentText(curve.bestDay?.value ?? null)],
  ["Worst day", (curve) => signedPercentText(curve.worstDay?.value ?? null)],
];

/** The benchmark has its column where there is room for it. */
function tableLines(result: BacktestResult, statistics: Statistics, width: number, colors: Colors): string[] {
  const columns = [columnOf(result.strategy, statistics)];
  if (result.benchmark && statistics.benchmark) columns.push(columnOf(result.benchmark.symbol, statistics.benchmark));
  const widths = columns.map((column) => Math.max(...column.map((cell) => cell.length)) + 3);
  if (widths.reduce((sum, one) => sum + one, MARGIN.length + NAME_WIDTH) > width) columns.splice(1);
  const row = (i: number): string => columns.map((column, k) => column[i]!.padStart(widths[k]!)).join("");
  return [`${MARGIN}${" ".repeat(NAME_WIDTH)}${colors.dim(row(0))}`, ...FIGURES.map(([name], i) => `${MARGIN}${colors.dim(name.padEnd(NAME_WIDTH))}${row(i + 1)}`)];
}

function columnOf(name: string, curve: CurveStatistics): string[] {
  return [clipped(name, NAME_WIDTH), ...FIGURES.map(([, text]) => text(curve))];
}

function tradingLines(result: BacktestResult, statistics: Statistics, width: number): string[] {
  const outcomes = Object.entries(result.outcomes).map(([outcome, count]) => `${countText(count)} ${outcome}`);
  const refusals = Object.entries(result.refusals).map(([code, count]) => `${code} ${countText(count)}`);
  return [
    ...filled(
      [
        `${countText(statistics.orders)} orders`,
        `${countText(statistics.fills)} fills`,
        `turnover ${ratioText(statistics.turnover)} a year`,
        `exposure ${percentText(statistics.exposure, 0)}`,
      ],
      width,
    ),
    ...filled(costParts(result, statistics), width),
    ...filled([`Runs: ${outcomes.length === 0 ? "none" : outcomes[0]!}`, ...outcomes.slice(1)], width),
    ...(refusals.length === 0 ? [] : filled([`Refused: ${refusals[0]!}`, ...refusals.slice(1)], width)),
  ];
}

function costParts({ profile, costs, fees }: BacktestResult, { tradingCost, tradingCostShare }: Statistics): string[] {
  const share = tradingCostShare === null ? "" : ` (${decimalText(10_000 * tradingCostShare, 2)} bp of value)`;
  return [
    `Profile ${profile}`,
    `trading cost ${decimalText(tradingCost, 2)} USD${share}`,
    `spread ${decimalText(moneyToNumber(costs.spread), 2)}`,
    `impact ${decimalText(moneyToNumber(costs.impact), 2)}`,
    `fees ${decimalText(moneyToNumber(fees), 2)}`,
  ];
}

function proofLines(result: BacktestResult, width: number, colors: Colors): string[] {
  return filled(
    [
      `data ${result.dataHash.slice(0, 12)}`,
      `journal ${result.journalHash.slice(0, 12)}`,
      `seed ${result.seed}`,
      `${decimalText(result.seconds, 2)} s`,
      `${countText(result.barsPerSecond)} bars/s`,
    ],
    width,
  ).map((line) => colors.dim(line));
}

function noteLines(notes: readonly string[], width: number, colors: Colors): string[] {
  if (notes.length === 0) return [];
  return ["", ...notes.flatMap((note) => wrapped(note, width - 4).map((line, i) => `${MARGIN}${i === 0 ? colors.yellow("!") : " "} ${line}`))];
}

/** Parts joined by commas, as many on a line as fit. */
function filled(parts: readonly string[], width: number): string[] {
  return wrapped(parts.map((part) => part.replaceAll(" ", "\u00a0")).join(", "), width - MARGIN.length).map((line) => `${MARGIN}${line.replaceAll("\u00a0", " ")}`);
}

/** Breaks at spaces; a word that is wider than the line is cut. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/ +/).flatMap((one) => one.match(new RegExp(`.{1,${width}}`, "gu")) ?? [])) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}

function timeText(seconds: number): string {
  if (seconds < 60) return `${decimalText(seconds, 1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}
