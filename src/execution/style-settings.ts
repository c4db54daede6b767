/** Styles of execution as ballast.yaml and the command line name them: a name alone, or a name with its settings. */
import { z } from "zod";
import type { ExecutionStyle } from "./execution.ts";

export const EXECUTION_STYLES = ["market", "marketable-limit", "walk-the-book", "twap", "vwap", "at-open", "at-close"] as const;

const capBps = z.number().min(0).max(1_000).default(10);
const patience = z.int().min(1_000).max(3_600_000);
const slices = { minutes: z.number().gt(0).max(390).default(30), slices: z.int().min(1).max(100).default(6), capBps, participationMax: z.number().gt(0).max(1).default(0.1) };

const styles = z.discriminatedUnion(
  "style",
  [
    z.strictObject({ style: z.literal("market") }),
    z.strictObject({ style: z.literal("marketable-limit") }),
    z
      .strictObject({ style: z.literal("walk-the-book"), steps: z.int().min(2).max(20).default(4), capBps, patienceMinMs: patience.default(5_000), patienceMaxMs: patience.default(60_000) })
      .refine(({ patienceMinMs, patienceMaxMs }) => patienceMinMs <= patienceMaxMs, { path: ["patienceMinMs"], error: "is longer than patienceMaxMs" }),
    z.strictObject({ style: z.literal("twap"), ...slices }),
    z.strictObject({ style: z.literal("vwap"), ...slices }),
    z.strictObject({ style: z.literal("at-open") }),
    z.strictObject({ style: z.literal("at-close") }),
  ],
  { error: `must be one of ${EXECUTION_STYLES.join(", ")}` },
);

export const executionSchema = z.preprocess((given) => (typeof given === "string" ? { style: given } : given), styles).transform(whole);

/** With the defaults of its settings. */
export function styleNamed(name: (typeof EXECUTION_STYLES)[number]): ExecutionStyle {
  return whole(styles.parse({ style: name }));
}

function whole(style: z.output<typeof styles>): ExecutionStyle {
  return style.style === "market" || style.style === "marketable-limit" ? style.style : style;
}

export function styleText(style: ExecutionStyle): string {
  return typeof style === "string" ? style : style.style;
}
