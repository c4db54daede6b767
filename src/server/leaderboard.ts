/**
 * Who stands where among the accounts of a venue: by return, Sharpe ratio, drawdown or turnover.
 *
 * An account's curve is its equity at the close of each session since it was opened, its capital before the first, and its
 * equity now as the last. Figures are plain fractions; a year is 252 sessions; the Sharpe ratio is of the returns from
 * close to close, with a risk-free rate of zero; drawdown is from the highest equity so far and zero or negative;
 * turnover is half of all traded value over the average equity, not by the year. What is not defined yet is null and
 * stands behind what is.
 */
import { moneyToNumber, type Money } from "../money.ts";

export interface Entrant {
  readonly name: string;
  readonly capital: Money;
  /** At the closes since the account was opened. */
  readonly closes: readonly Money[];
  readonly equity: Money;
  /** Both sides. */
  readonly traded: Money;
  readonly orders: number;
  readonly fills: number;
}

export interface Standing {
  readonly rank: number;
  readonly name: string;
  readonly equity: number;
  readonly return: number;
  readonly sharpe: number | null;
  readonly maxDrawdown: number;
  readonly turnover: number;
  readonly sessions: number;
  readonly orders: number;
  readonly fills: number;
}

export const LEADERBOARD_ORDERS = ["return", "sharpe", "drawdown", "turnover"] as const;
export type LeaderboardOrder = (typeof LEADERBOARD_ORDERS)[number];

const SESSIONS_A_YEAR = 252;

/** Best first: the highest return or Sharpe ratio, the smallest drawdown or turnover. Equals share a rank and stand by name. */
export function standingsOf(entrants: readonly Entrant[], by: LeaderboardOrder = "return"): readonly Standing[] {
  const figures = entrants.map(figuresOf).sort((a, b) => compare(a, b, by) || (a.name < b.name ? -1 : 1));
  let rank = 0;
  return figures.map((figure, index) => {
    if (index === 0 || compare(figures[index - 1]!, figure, by) !== 0) rank = index + 1;
    return { rank, ...figure };
  });
}

type Figures = Omit<Standing, "rank">;

function figuresOf({ name, capital, closes, equity, traded, orders, fills }: Entrant): Figures {
  const start = moneyToNumber(capital);
  const curve = [...closes, equity].map(moneyToNumber);
  let peak = start;
  let maxDrawdown = 0;
  for (const value of curve) {
    peak = Math.max(peak, value);
    maxDrawdown = Math.min(maxDrawdown, value / peak - 1);
  }
  const now = moneyToNumber(equity);
  return {
    name,
    equity: now,
    return: (now - start) / start,
    sharpe: sharpeOf([start, ...closes.map(moneyToNumber)]),
    maxDrawdown,
    turnover: moneyToNumber(traded) / 2 / (curve.reduce((sum, value) => sum + value, 0) / curve.length),
    sessions: closes.length,
    orders,
    fills,
  };
}

function sharpeOf(closes: readonly number[]): number | null {
  const returns = closes.slice(1).map((value, index) => value / closes[index]! - 1);
  const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length;
  const deviation = Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (returns.length - 1));
  // Differences that are nothing but rounding are no variation.
  return deviation > 1e-12 ? (mean / deviation) * Math.sqrt(SESSIONS_A_YEAR) : null;
}

function compare(a: Figures, b: Figures, by: LeaderboardOrder): number {
  switch (by) {
    case "return":
      return b.return - a.return;
    case "sharpe":
      return (b.sharpe ?? -Infinity) === (a.sharpe ?? -Infinity) ? 0 : (b.sharpe ?? -Infinity) - (a.sharpe ?? -Infinity);
    case "drawdown":
      return b.maxDrawdown - a.maxDrawdown;
    case "turnover":
      return a.turnover - b.turnover;
  }
}
