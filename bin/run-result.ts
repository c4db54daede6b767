/** What a command that runs says at its end, and its exit code: both from the journal. */
import { summaryOf } from "../src/handlers/run-summary.ts";
import { refusalLine } from "../src/risk/refusal-text.ts";
import type { Trigger } from "../src/run/deployment.ts";
import { runIdOf } from "../src/run/run-identity.ts";
import { isoOf, type Instant } from "../src/time.ts";
import type { Desk } from "./desk.ts";
import { exitCodeOf } from "./run-exit.ts";

/** Prints what the journal says of the run, and sets the exit code. */
export async function tell({ deployment, scheduledAt }: Trigger, callAgainAt: Instant | undefined, desk: Desk, { json }: { readonly json?: true }): Promise<void> {
  const run = runIdOf(deployment.account, deployment.strategy.name, scheduledAt);
  const events = await desk.store.journal.read(run);
  const last = events.at(-1);
  const outcome = last?.type === "run-closed" ? last.outcome : undefined;
  const { orders, filled, refusals, kept, equity } = summaryOf(events);
  process.exitCode = exitCodeOf(outcome ?? "waiting");
  if (json) {
    process.stdout.write(`${JSON.stringify({ run, status: outcome ? "closed" : "waiting", outcome: outcome ?? null, callAgainAt: callAgainAt === undefined ? null : isoOf(callAgainAt), orders, filled, refusals, equity: equity ?? null })}\n`);
    return;
  }
  const refused = events.flatMap((event) => ("refused" in event ? event.refused : []));
  const lines = [
    `${run}: ${outcome ?? `waiting, call it again at ${isoOf(callAgainAt!)}`}`,
    `  orders   ${orders} planned, ${filled} filled`,
    ...(kept === undefined ? [] : [`  kept     ${kept}`]),
    ...refused.map((refusal) => `  refused  ${refusalLine(refusal)}`),
    ...(equity === undefined ? [] : [`  equity   ${equity} USD`]),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
