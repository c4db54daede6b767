import { defineStrategy, returnOver, z } from "ballast";

/** Each month holds the few symbols that rose most over the past year, leaving out the last month; never a loser. */
export default defineStrategy({
  name: "momentum",
  description: "cross-sectional momentum rotation: the top N of the universe, monthly",
  params: z.object({
    top: z.number().int().min(1).default(5).describe("how many symbols to hold"),
    days: z.number().int().min(2).default(231).describe("sessions over which the rise is measured"),
    skip: z.number().int().min(0).default(21).describe("newest sessions that are left out"),
  }),
  schedule: "first session of month at open+5m",
  lookback: ({ days, skip }) => days + skip + 1,
  signal(view, { top, days, skip }) {
    return view.symbols
      .map((symbol) => ({ symbol, rise: returnOver(view.bars(symbol).close, days, skip) }))
      .filter(({ rise }) => rise > 0)
      .sort((a, b) => b.rise - a.rise)
      .slice(0, top)
      .map(({ symbol, rise }, rank) => ({ symbol, weight: 1 / top, reason: `rank ${rank + 1}: rose ${(100 * rise).toFixed(1)} % in ${days} sessions` }));
  },
});
