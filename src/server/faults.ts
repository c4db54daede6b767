/**
 * Faults on demand: what goes wrong with requests and streams, drawn from a seed (fault-draws.ts), and with the market
 * itself (market-faults.ts).
 *
 * A rule names a fault, the requests it is for and how likely it is. `before` means that the server has done nothing,
 * `after` that it has done all and only the answer is lost.
 */
import { z } from "zod";
import { FaultDraws, matches, probability, route, times } from "./fault-draws.ts";
import { marketFaultSchema } from "./market-fault-rules.ts";

const rule = { route, probability: probability.default(1), times: times.optional() };
const when = z.enum(["before", "after"]);
/** How long a connection is held without an answer. */
const heldMs = z.int().min(0).max(600_000).default(60_000);

const faultRuleSchema = z.discriminatedUnion("fault", [
  z.strictObject({ fault: z.literal("delay"), ...rule, ms: z.int().min(0).max(600_000) }),
  z.strictObject({ fault: z.literal("timeout"), ...rule, when, heldMs }),
  z.strictObject({ fault: z.literal("reset"), ...rule, when }),
  z.strictObject({ fault: z.literal("status"), ...rule, when: when.default("before"), status: z.int().min(400).max(599), retryAfterSeconds: z.number().min(0).optional() }),
  z.strictObject({ fault: z.literal("html"), ...rule, when: when.default("after") }),
  z.strictObject({ fault: z.literal("malformed"), ...rule, when: when.default("after") }),
]);

/** What goes wrong on a stream with one of its messages. */
const streamFaultRuleSchema = z.strictObject({
  fault: z.enum(["duplicate", "reorder", "drop", "disconnect"]),
  probability: probability.default(1),
  times: times.optional(),
});

export const faultPlanSchema = z.strictObject({
  seed: z.int().default(0),
  requests: z.array(faultRuleSchema).max(100).default([]),
  stream: z.array(streamFaultRuleSchema).max(100).default([]),
  market: z.array(marketFaultSchema).max(100).default([]),
});

export type FaultRule = z.output<typeof faultRuleSchema>;
export type StreamFault = z.output<typeof streamFaultRuleSchema>["fault"];
type StreamFaultRule = z.output<typeof streamFaultRuleSchema>;
export type FaultPlan = z.output<typeof faultPlanSchema>;

export const NO_FAULTS: FaultPlan = { seed: 0, requests: [], stream: [], market: [] };

export class FaultInjector {
  #plan!: FaultPlan;
  #requests!: FaultDraws<FaultRule>;
  #stream!: FaultDraws<StreamFaultRule>;

  constructor(plan: FaultPlan = NO_FAULTS) {
    this.follow(plan);
  }

  get plan(): FaultPlan {
    return this.#plan;
  }

  /** Counts begin again. */
  follow(plan: FaultPlan): void {
    this.#plan = plan;
    this.#requests = new FaultDraws(plan.seed, "requests", plan.requests);
    this.#stream = new FaultDraws(plan.seed, "stream", plan.stream);
  }

  ofRequest(method: string, path: string): FaultRule | undefined {
    return this.#requests.draw(`${method} ${kindOfPath(path)}`, (candidate) => matches(candidate.route, method, path))?.rule;
  }

  ofMessage(): StreamFault | undefined {
    return this.#stream.draw("message", () => true)?.rule.fault;
  }

  /** How often each rule has struck, by its place. */
  counts(): { readonly requests: readonly number[]; readonly stream: readonly number[] } {
    return { requests: this.#requests.counts(), stream: this.#stream.counts() };
  }
}

/** Requests for different orders are of one kind. */
function kindOfPath(path: string): string {
  return path.replace(/\/(?=[^/]*\d)[^/]{8,}/g, "/:id");
}
