/** What may go wrong with the market itself, as operators write it down. */
import { z } from "zod";
import { instantOf } from "../time.ts";
import type { Symbol } from "../trade.ts";
import { probability, route, times } from "./fault-draws.ts";

const symbol = z.string().min(1).transform((name) => name as Symbol);
const instant = z.string().refine(isInstant, 'an instant is RFC 3339, such as "2026-11-24T15:00:00Z"');
/** Of clients' orders and what they ask of them. */
const drawn = { route: route.default("POST /v2/orders"), probability: probability.default(1), times: times.optional(), symbol: symbol.optional() };
const DAY_MS = 86_400_000;

export const marketFaultSchema = z.discriminatedUnion("fault", [
  /** Of an order that can trade at once only a share does, drawn from a tenth to nine tenths where none is said; the rest comes later. */
  z.strictObject({ fault: z.literal("partial-fill"), ...drawn, share: z.number().gt(0).lt(1).optional(), restAfterMs: z.int().min(0).max(30 * DAY_MS).default(1_000) }),
  /** When a client's command strikes it, in the symbol that the command is about. */
  z.strictObject({ fault: z.literal("halt"), ...drawn, forMs: z.int().min(1).max(30 * DAY_MS) }),
  z.strictObject({ fault: z.literal("halt-between"), symbol, from: instant, to: instant }).refine(({ from, to }) => !isInstant(from) || !isInstant(to) || instantOf(from) < instantOf(to), { path: ["to"], error: "a halt ends after it begins" }),
  z.strictObject({ fault: z.literal("split"), symbol, at: instant, ratio: z.number().min(0.001).max(1_000) }),
]);
export type MarketFault = z.output<typeof marketFaultSchema>;

function isInstant(text: string): boolean {
  try {
    return Number.isSafeInteger(instantOf(text));
  } catch {
    // The field's message says what an instant looks like.
    return false;
  }
}
