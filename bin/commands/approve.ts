/** `ballast approve`: a person's word that a plan may be traded, for accounts that ask for it. */
import { userInfo } from "node:os";
import type { Command } from "commander";
import { changeState } from "../../src/run/change-state.ts";
import { approvedPlanKey, planKey, type KeptPlan } from "../../src/run/stored-plan.ts";
import { isoOf } from "../../src/time.ts";
import { addDeskOptions, deploymentOf, openDesk, type DeskOptions } from "../desk.ts";
import { UsageError } from "../usage-error.ts";

interface Options extends DeskOptions {
  readonly who?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  addDeskOptions(program.command("approve").description("Approve a plan of an account with approval: required; its run may trade it, and nothing else.").argument("<plan-hash>", "as ballast plan --account printed it"))
    .option("--who <name>", "who approves (default: the user of this machine)")
    .option("--json", "print one JSON object: { plan, run, by, at }")
    .addHelpText("after", "\nThe plan of a run to come is traded by its schedule; one of now by ballast apply. Of two plans of a run the one approved last counts.\n\nExamples:\n  $ ballast approve 3f9a0c21b4d87e65 --who kim\n  $ ballast approve 3f9a0c21b4d87e65 --table ballast --json")
    .action(approve);
}

async function approve(hash: string, { who, json, ...options }: Options): Promise<void> {
  const desk = openDesk(options);
  try {
    const word = { by: who ?? userInfo().username, at: desk.clock.now() };
    const { plan } = await changeState(desk.store.state, planKey(hash), (before): { after: KeptPlan; answer: KeptPlan } => {
      if (!before) throw new UsageError(`${desk.store.name} keeps no plan ${hash}: ballast plan <strategy> --account <name> makes one`);
      if (deploymentOf(desk.config, before.plan).settings.accountRules?.approval !== "required") throw new UsageError(`account ${before.plan.account} asks for no approval: apply the plan`);
      const after = { plan: before.plan, approved: word };
      return { after, answer: after };
    });
    await changeState(desk.store.state, approvedPlanKey(plan.run), () => ({ after: hash, answer: undefined }));
    const said = { plan: hash, run: plan.run, by: word.by, at: isoOf(word.at) };
    process.stdout.write(json ? `${JSON.stringify(said)}\n` : `plan ${hash} of ${plan.run} is approved by ${word.by}\n`);
  } finally {
    desk.store.close();
  }
}
