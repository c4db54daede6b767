/**
 * Faults on demand: what goes wrong with which request, drawn from a seed.
 *
 * A rule names a fault, the requests it is for and how likely it is; of the rules that strike, the first counts. Whether
 * a rule strikes depends on the plan's seed, the rule's place, the kind of request and how many of that kind came
 * before. So a run meets the same faults again, however its requests of different kinds interleave. `before` means that
 * the server has done nothing, `after` that it has done all and only the answer is lost.
 */
import { hash } from "node:crypto";
import { z } from "zod";

const rule = {
  /** "POST /v2/orders", "GET /v2/*": a method or *, and a path in which * stands for anything. */
  route: z.string().regex(/^(\*|[A-Z]+) \/\S*$/, 'a route is a method or * and a path, such as "POST /v2/orders" or "* /v2/*"'),
  /** Of one request. */
  probability: z.number().min(0).max(1).default(1),
  /** Strikes no more after so many. */
  times: z.int().positive().optional(),
};
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
  probability: z.number().min(0).max(1).default(1),
  times: z.int().positive().optional(),
});

export const faultPlanSchema = z.strictObject({
  seed: z.int().default(0),
  requests: z.array(faultRuleSchema).max(100).default([]),
  stream: z.array(streamFaultRuleSchema).max(100).default([]),
});

export type FaultRule = z.output<typeof faultRuleSchema>;
export type StreamFault = z.output<typeof streamFaultRuleSchema>["fault"];
type FaultPlan = z.output<typeof faultPlanSchema>;

const NO_FAULTS: FaultPlan = { seed: 0, requests: [], stream: [] };

export class FaultInjector {
  #plan: FaultPlan;
  #seen = new Map<string, number>();
  #struck = new Map<string, number>();

  constructor(plan: FaultPlan = NO_FAULTS) {
    this.#plan = plan;
  }

  get plan(): FaultPlan {
    return this.#plan;
  }

  /** Counts begin again. */
  follow(plan: FaultPlan): void {
    this.#plan = plan;
    this.#seen = new Map();
    this.#struck = new Map();
  }

  ofRequest(method: string, path: string): FaultRule | undefined {
    const kind = `${method} ${kindOfPath(path)}`;
    return this.#draw("requests", kind, this.#plan.requests, ({ route }) => matches(route, method, path));
  }

  ofMessage(): StreamFault | undefined {
    return this.#draw("stream", "message", this.#plan.stream, () => true)?.fault;
  }

  /** How often each rule has struck, by its place. */
  counts(): { readonly requests: readonly number[]; readonly stream: readonly number[] } {
    const of = (list: "requests" | "stream"): number[] => this.#plan[list].map((_, place) => this.#struck.get(`${list} ${place}`) ?? 0);
    return { requests: of("requests"), stream: of("stream") };
  }

  #draw<R extends { readonly probability: number; readonly times?: number | undefined }>(list: string, kind: string, rules: readonly R[], applies: (rule: R) => boolean): R | undefined {
    if (rules.length === 0) return undefined;
    const count = (this.#seen.get(kind) ?? 0) + 1;
    this.#seen.set(kind, count);
    for (const [place, candidate] of rules.entries()) {
      const struck = this.#struck.get(`${list} ${place}`) ?? 0;
      if (!applies(candidate) || struck >= (candidate.times ?? Infinity)) continue;
      if (fractionOf(`${this.#plan.seed} ${list} ${place} ${kind} ${count}`) >= candidate.probability) continue;
      this.#struck.set(`${list} ${place}`, struck + 1);
      return candidate;
    }
    return undefined;
  }
}

/** From 0 to below 1. */
function fractionOf(text: string): number {
  return parseInt(hash("sha256", text).slice(0, 12), 16) / 2 ** 48;
}

/** Requests for different orders are of one kind. */
function kindOfPath(path: string): string {
  return path.replace(/\/(?=[^/]*\d)[^/]{8,}/g, "/:id");
}

function matches(route: string, method: string, path: string): boolean {
  const [wantedMethod = "*", wantedPath = "/*"] = route.split(" ");
  if (wantedMethod !== "*" && wantedMethod !== method) return false;
  const parts = wantedPath.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(path);
}
