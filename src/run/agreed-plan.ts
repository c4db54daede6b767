/** Which plan a run has to keep to: the one it was opened with, or, on an account with approvals, the one approved for it. */
import type { Ports } from "../ports.ts";
import type { Refusal } from "../risk/refusals.ts";
import type { Trigger } from "./deployment.ts";
import type { Run } from "./run.ts";
import { approvedPlanKey, planKey, type StoredPlan } from "./stored-plan.ts";

export interface Agreed {
  readonly hash: string;
  readonly plan: StoredPlan;
}

/** Undefined for a run that may decide by itself. Where nothing is asked for, nothing is read. */
export async function agreedPlan(run: Run, { deployment }: Trigger, { state }: Pick<Ports, "state">): Promise<Agreed | Refusal | undefined> {
  const required = deployment.settings.accountRules?.approval === "required";
  const named = run.opened?.plan;
  if (named === undefined && !required) return undefined;
  const hash = named ?? (await state.load(approvedPlanKey(run.id)))?.value;
  if (hash === undefined) return { code: "APPROVAL_MISSING", run: run.id };
  const kept = (await state.load(planKey(hash)))?.value;
  if (kept?.plan.run !== run.id || (required && !kept.approved)) return { code: "APPROVAL_MISSING", run: run.id, plan: hash };
  return { hash, plan: kept.plan };
}
