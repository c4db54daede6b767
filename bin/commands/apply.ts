/** `ballast apply`: trade a plan that was printed and kept, if the world is still the one that it was made for. */
import type { Command } from "commander";
import { planKey, type KeptPlan } from "../../src/run/stored-plan.ts";
import { isoOf } from "../../src/time.ts";
import { advanceAtVenue, advanceUntilClosed } from "../advance-at-venue.ts";
import { accountOf, addDeskOptions, deploymentOf, openDesk, type Desk, type DeskOptions } from "../desk.ts";
import { exitCodeOf, RUN_EXIT_CODES } from "../run-exit.ts";
import { tell } from "../run-result.ts";
import { UsageError } from "../usage-error.ts";

interface Options extends DeskOptions {
  readonly wait?: true;
  readonly json?: true;
}

export function register(program: Command): void {
  addDeskOptions(program.command("apply").description("Trade a kept plan: exactly its orders, within its price bounds, or nothing where the world has moved.").argument("<plan-hash>", "as ballast plan --account printed it"))
    .option("--wait", "go on until the run has closed, with a line of progress for each wait")
    .option("--json", "print one JSON object, as ballast run does")
    .addHelpText(
      "after",
      `
Bars, quotes, positions and cash are asked for again. Where one has moved further than the plan tolerates, or the plan's
time has passed, the run is refused with PLAN_STALE and the numbers. The plan's run goes through the same limits and the
same journal as any other. A plan that was applied is not applied again; one that was interrupted goes on.
${RUN_EXIT_CODES}

Examples:
  $ ballast apply 3f9a0c21b4d87e65
  $ ballast apply 3f9a0c21b4d87e65 --wait --table ballast --live main`,
    )
    .action(apply);
}

async function apply(hash: string, options: Options): Promise<void> {
  const desk = openDesk(options);
  try {
    const { plan, approved } = await keptPlan(hash, desk);
    if (options.account !== undefined && options.account !== plan.account) throw new UsageError(`plan ${hash} is for account ${plan.account}, not for ${options.account}`);
    const deployment = deploymentOf(desk.config, plan);
    const trigger = { deployment, scheduledAt: plan.scheduledAt, plan: hash };
    const last = (await desk.store.journal.read(plan.run)).at(-1);
    if (last?.type === "run-closed") {
      process.stderr.write(`plan ${hash} was applied before: its run ended ${last.outcome} at ${isoOf(last.at)}\n`);
      await tell(trigger, undefined, desk, options);
      process.exitCode = exitCodeOf("refused");
      return;
    }
    if (plan.scheduledAt > desk.clock.now()) throw new UsageError(`plan ${hash} is for the run of ${isoOf(plan.scheduledAt)}, which is still to come`);
    if (deployment.settings.accountRules?.approval === "required" && !approved) throw new UsageError(`plan ${hash} is not approved: ballast approve ${hash}`);
    const at = { desk, account: accountOf(desk.config, plan.account), trigger };
    const result = options.wait ? await advanceUntilClosed(at, (line) => process.stderr.write(`${isoOf(desk.clock.now())}  ${line}\n`)) : await advanceAtVenue(at);
    await tell(trigger, result.kind === "closed" ? undefined : result.at, desk, options);
  } finally {
    desk.store.close();
  }
}

/** @throws UsageError */
async function keptPlan(hash: string, { store }: Desk): Promise<KeptPlan> {
  const kept = (await store.state.load(planKey(hash)))?.value;
  if (!kept) throw new UsageError(`${store.name} keeps no plan ${hash}: ballast plan <strategy> --account <name> makes one`);
  return kept;
}
