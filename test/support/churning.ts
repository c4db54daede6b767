/** A strategy that trades as much as it can: it sells all that it has and buys another symbol every session. */
import { defineStrategy, z } from "../../src/strategy.ts";

export const churning = defineStrategy({
  name: "churning",
  description: "swaps its holdings every session and remembers how often",
  params: z.object({}),
  schedule: "every session at open+5m",
  lookback: 1,
  memory: { schema: z.object({ count: z.number() }), initial: { count: 0 } },
  signal(view, _params, { memory }) {
    const symbol = view.symbols[memory.count % view.symbols.length]!;
    return { answer: [{ symbol, weight: 0.9, reason: `turn ${memory.count}` }], memory: { count: memory.count + 1 } };
  },
});
