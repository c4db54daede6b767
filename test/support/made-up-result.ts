import type { BacktestResult, FillRow, OrderRow } from "../../backtest/result.ts";
import { moneyFromNumber, notional, priceFromNumber, type Quantity } from "../../src/money.ts";
import { sessionsBetween } from "../../src/rules/calendar.ts";
import { epochDayOf, plusMs, sessionDateOf } from "../../src/time.ts";
import type { ClientOrderId, Symbol } from "../../src/trade.ts";

/** Evenly distributed over 0 to 1: the linear congruential generator of Numerical Recipes. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A backtest that never ran but looks like one: monthly rotation between four symbols, with crises. */
export function madeUpResult(over: Partial<BacktestResult> = {}, range = { from: "2005-01-03", to: "2020-12-31" }): BacktestResult {
  const [from, to] = [sessionDateOf(range.from), sessionDateOf(range.to)];
  const sessions = sessionsBetween(epochDayOf(from), epochDayOf(to));
  const random = chance(11);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const symbols = ["AAPL", "JPM", "KO", "XOM"] as Symbol[];
  const weights = symbols.map(() => new Float64Array(sessions.length));
  const [equity, cash, benchmark] = [new Float64Array(sessions.length), new Float64Array(sessions.length), new Float64Array(sessions.length)];
  const orders: OrderRow[] = [];
  const fills: FillRow[] = [];
  let held = [0, 0, 0, 0];
  let [value, index] = [100_000, 100_000];
  sessions.forEach((session, i) => {
    const stress = session.date >= "2008-09-01" && session.date < "2009-03-10" ? 3 : session.date >= "2020-02-20" && session.date < "2020-03-24" ? 4 : 1;
    const market = 0.0004 + normal() * 0.0075 * stress - (stress > 1 ? 0.0028 : 0);
    index *= 1 + market;
    value *= 1 + held.reduce((sum, weight) => sum + weight, 0) * (market * 0.8 + 0.00018 + normal() * 0.004);
    if (i > 0 && session.date.slice(0, 7) !== sessions[i - 1]!.date.slice(0, 7)) {
      const invested = stress > 1 ? 0.35 : 0.98;
      const next = symbols.map(() => random());
      const best = [...next].sort((a, b) => b - a).slice(0, 2);
      const targets = next.map((score) => (best.includes(score) ? invested / 2 : 0));
      targets.forEach((target, k) => {
        if (target === held[k]) return;
        const side = target > held[k]! ? "buy" : "sell";
        const price = priceFromNumber(Number((30 + 60 * random()).toFixed(2)));
        const quantity = Math.round((Math.abs(target - held[k]!) * value * 1e15) / price) as Quantity;
        const clientOrderId = `bal-${String(orders.length).padStart(32, "0")}` as ClientOrderId;
        const reason = target > held[k]! ? `rank ${best.indexOf(next[k]!) + 1} of 4 by 12-month return` : "no longer among the first 2";
        const what = { clientOrderId, symbol: symbols[k]!, side, quantity, reason } as const;
        orders.push({ scheduledAt: session.open, plannedAt: plusMs(session.open, 300_000), ...what, type: "market", referencePrice: price, priceBound: price, expectedFees: moneyFromNumber(1), status: "filled", filledQuantity: quantity });
        fills.push({ id: `x-${fills.length + 1}`, at: plusMs(session.open, 300_000), ...what, price, notional: notional(price, quantity) });
      });
      held = targets;
    }
    equity[i] = value;
    benchmark[i] = index;
    cash[i] = value * (1 - held.reduce((sum, weight) => sum + weight, 0));
    held.forEach((weight, k) => (weights[k]![i] = weight));
  });
  return {
    strategy: "momentum",
    params: { top: 2, months: 12, skipMonths: 1 },
    symbols,
    from,
    to,
    startEquity: moneyFromNumber(100_000),
    days: Int32Array.from(sessions, (session) => session.day),
    equity,
    cash,
    weights,
    benchmark: { symbol: "SPX" as Symbol, equity: benchmark },
    orders,
    fills,
    outcomes: { completed: 181, unchanged: 9, partial: 2 },
    refusals: { QUOTE_STALE: 2 },
    profile: "constant",
    fees: moneyFromNumber(432.1),
    costs: { spread: moneyFromNumber(1_250.5), impact: moneyFromNumber(60) },
    dataHash: "3f".repeat(32),
    journalHash: "a1".repeat(32),
    seed: 1,
    settings: { prices: "raw", fees: "alpaca", slippageBps: 2, shares: "fractional" },
    notes: ["Data: made up. Source: a generator. Licence: none."],
    seconds: 1.234,
    barsPerSecond: 13_050,
    ...over,
  };
}
