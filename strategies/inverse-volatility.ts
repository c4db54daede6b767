import { defineStrategy, volatilityOf, z } from "ballast";

/** Fully invested, each symbol in proportion to one over its recent volatility: calm ones weigh more. */
export default defineStrategy({
  name: "inverse-volatility",
  description: "weights in inverse proportion to volatility, monthly",
  params: z.object({
    days: z.number().int().min(2).default(60).describe("daily returns from which volatility is measured"),
  }),
  schedule: "first session of month at open+5m",
  lookback: ({ days }) => days + 1,
  signal(view, { days }) {
    const calm = view.symbols
      .map((symbol) => ({ symbol, volatility: volatilityOf(view.bars(symbol).close, days) }))
      .filter(({ volatility }) => volatility > 0);
    const sum = calm.reduce((total, { volatility }) => total + 1 / volatility, 0);
    return calm.map(({ symbol, volatility }) => ({
      symbol,
      weight: 1 / volatility / sum,
      reason: `volatility of ${(100 * volatility * Math.sqrt(252)).toFixed(1)} % a year over ${days} sessions`,
    }));
  },
});
