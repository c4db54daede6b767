import { defineStrategy, keep, z } from "ballast";

/** Holds stated weights, 60/40 style, and trades only when one has drifted out of its band. */
export default defineStrategy({
  name: "fixed-weights",
  description: "fixed weights with a drift band",
  params: z.object({
    weights: z.record(z.string(), z.number().min(0).max(1)).default({}).describe("share of equity by symbol; none: all alike"),
    band: z.number().min(0).max(1).default(0.05).describe("drift of a weight that is left alone"),
  }),
  schedule: "every session at open+5m",
  lookback: 1,
  universe: ({ weights }) => (Object.keys(weights).length > 0 ? Object.keys(weights) : undefined),
  signal(view, { weights, band }, held) {
    const listed = view.symbols.filter((symbol) => view.bars(symbol).close.length > 0);
    const targets = listed.map((symbol) => ({ symbol, weight: weights[symbol] ?? 1 / listed.length }));
    const drifts = targets.map(({ symbol, weight }) => ({ symbol, drift: (held.weights.get(symbol) ?? 0) - weight }));
    const widest = drifts.reduce((a, b) => (Math.abs(b.drift) > Math.abs(a.drift) ? b : a), { symbol: "", drift: 0 });
    if (held.weights.size > 0 && Math.abs(widest.drift) <= band) return keep(`no weight drifted by more than ${percent(band)}`);
    return targets.map(({ symbol, weight }) => ({ symbol, weight, reason: `${percent(weight)} of equity; ${widest.symbol} was off by ${percent(widest.drift)}` }));
  },
});

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}
