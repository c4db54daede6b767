/** `ballast run`: one scheduled run of a deployed strategy, at its venue, by this machine. */
import type { Command } from "commander";
import { isDue, scheduledInstants } from "../../src/rules/schedule.ts";
import { tradingWindowOf, type Deployment } from "../../src/run/deployment.ts";
import { runIdOf } from "../../src/run/run-identity.ts";
import { DAY_MS, instantOf, isoOf, plusMs, type Instant } from "../../src/time.ts";
import { advanceAtVenue, advanceUntilClosed } from "../advance-at-venue.ts";
import { accountOf, addDeskOptions, deploymentOf, openDesk, type Desk, type DeskOptions } from "../desk.ts";
import { RUN_EXIT_CODES } from "../run-exit.ts";
import { tell } from "../run-result.ts";
import { UsageError } from "../usage-error.ts";

interface Options extends DeskOptions {
  readonly once?: true;
  readonly wait?: true;
  readonly at?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  addDeskOptions(program.command("run").description("Run a deployed strategy at its venue, now, and say what became of it."))
    .option("--strategy <name>", "the strategy (default: the account's only one)")
    .option("--once", "one step: do all that can be done now, and end")
    .option("--wait", "go on until the run has closed, with a line of progress for each wait")
    .option("--at <instant>", 'the scheduled instant that is meant, or "now" for a run out of turn (default: the last one that was due)')
    .option("--json", "print one JSON object: { run, status, outcome, callAgainAt, orders, filled, refusals, equity }")
    .addHelpText(
      "after",
      `
The same run can be called any number of times, here and by a schedule: its orders are placed once.
${RUN_EXIT_CODES}

Examples:
  $ ballast run --once --account paper --strategy momentum
  $ ballast run --wait --account paper --strategy momentum --at 2026-11-18T14:35:00Z
  $ ballast run --wait --account main --strategy momentum --table ballast --live main`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  if (!options.once && !options.wait) throw new UsageError("say --once for one step, or --wait to go on until the run has closed");
  const desk = openDesk(options, { create: true });
  try {
    const deployment = deploymentOf(desk.config, options);
    const account = accountOf(desk.config, deployment.account);
    const trigger = { deployment, scheduledAt: await instantMeant(options.at, deployment, desk) };
    const at = { desk, account, trigger };
    const result = options.wait ? await advanceUntilClosed(at, (line) => process.stderr.write(`${isoOf(desk.clock.now())}  ${line}\n`)) : await advanceAtVenue(at);
    await tell(trigger, result.kind === "closed" ? undefined : result.at, desk, options);
  } finally {
    desk.store.close();
  }
}

/** A schedule has an instant at least once a year. */
const LOOK_BACK_MS = 400 * DAY_MS;

async function instantMeant(asked: string | undefined, deployment: Deployment, { clock, store }: Desk): Promise<Instant> {
  const now = clock.now();
  const { strategy, settings, account } = deployment;
  if (asked === "now") return now;
  if (asked !== undefined) return instantAsked(asked, deployment, now);
  const due = scheduledInstants(strategy.schedule, plusMs(now, -LOOK_BACK_MS), now).at(-1);
  if (due === undefined) throw new UsageError(`${strategy.name} has not been due yet: --at now runs it out of turn`);
  const started = (await store.journal.read(runIdOf(account, strategy.name, due))).length > 0;
  if (started || now <= tradingWindowOf(due, settings.tradingHours).closesAt) return due;
  throw new UsageError(`${strategy.name} was last due at ${isoOf(due)}, and its session has closed: --at now runs it out of turn, --at ${isoOf(due)} records that it was missed`);
}

function instantAsked(asked: string, { strategy }: Deployment, now: Instant): Instant {
  let at: Instant;
  try {
    at = instantOf(asked);
  } catch (cause) {
    throw new UsageError(`--at ${JSON.stringify(asked)} is neither "now" nor an instant such as 2026-11-18T14:35:00Z`, { cause });
  }
  if (at > now) throw new UsageError(`--at ${asked} lies in the future`);
  if (!isDue(strategy.schedule, at)) throw new UsageError(`${strategy.name} was not due at ${asked}: see ballast schedule ${strategy.name}, or give --at now`);
  return at;
}
