/** A result as one JSON object, for programs. Fractions are fractions: a return of 0.1 is 10 %. */
import type { Json } from "../src/json.ts";
import { moneyToNumber } from "../src/money.ts";
import type { BacktestResult } from "./result.ts";
import type { Statistics } from "./statistics.ts";

export function summaryOf(result: BacktestResult, statistics: Statistics): Json {
  const { strategy, params, symbols, from, to, profile, fees, costs, dataHash, journalHash, seed, settings, outcomes, refusals, notes, seconds, barsPerSecond } = result;
  const { maxDrawdown, benchmark, ...figures } = statistics;
  return {
    strategy,
    params,
    symbols,
    from,
    to,
    ...figuresOf(figures),
    maxDrawdown: maxDrawdown.depth,
    drawdown: { peak: maxDrawdown.peak, trough: maxDrawdown.trough, recovery: maxDrawdown.recovery },
    profile,
    fees: moneyToNumber(fees),
    spreadCost: moneyToNumber(costs.spread),
    impactCost: moneyToNumber(costs.impact),
    tradingCost: statistics.tradingCost,
    tradingCostShare: statistics.tradingCostShare,
    benchmark: benchmark && result.benchmark ? { symbol: result.benchmark.symbol, ...figuresOf(benchmark), maxDrawdown: benchmark.maxDrawdown.depth } : null,
    outcomes,
    refusals,
    seed,
    settings,
    notes,
    dataHash,
    journalHash,
    seconds,
    barsPerSecond,
  };
}

type Figures = Pick<Statistics, "sessions" | "years" | "startEquity" | "endEquity" | "totalReturn" | "cagr" | "volatility" | "sharpe" | "sortino" | "calmar"> &
  Partial<Pick<Statistics, "orders" | "fills" | "turnover" | "exposure">>;

function figuresOf({ sessions, years, startEquity, endEquity, totalReturn, cagr, volatility, sharpe, sortino, calmar, orders, fills, turnover, exposure }: Figures) {
  return { sessions, years, startEquity, endEquity, totalReturn, cagr, volatility, sharpe, sortino, calmar, orders, fills, turnover, exposure };
}
