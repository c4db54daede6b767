import { averageOf, defineStrategy, z, type Target } from "ballast";

/** Holds each symbol while it closes above its own long average, an equal share each; the rest stays in cash. */
export default defineStrategy({
  name: "trend",
  description: "200-day trend following with cash as the alternative",
  params: z.object({
    days: z.number().int().min(2).default(200).describe("length of the average, in sessions"),
  }),
  schedule: "every session at open+5m",
  lookback: ({ days }) => days,
  signal(view, { days }) {
    const share = 1 / view.symbols.length;
    return view.symbols.flatMap((symbol): Target[] => {
      const { close } = view.bars(symbol);
      const average = averageOf(close, days);
      if (!(close.at(-1)! > average)) return [];
      return [{ symbol, weight: share, reason: `closed above its ${days}-day average of ${average.toFixed(2)}` }];
    });
  },
});
