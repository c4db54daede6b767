/** `ballast replay`: decides a finished run once more from what it was told, and compares; or decides it otherwise. */
import { readFileSync } from "node:fs";
import { Option, type Command } from "commander";
import { parseConfig } from "../../src/config.ts";
import { codeVersion } from "../../src/replay/code-version.ts";
import { replayRun, type Replay } from "../../src/replay/replay-run.ts";
import type { CodeVersion, InvocationHeader } from "../../src/replay/run-record.ts";
import { whatIf } from "../../src/replay/what-if.ts";
import type { Deployment, Trigger } from "../../src/run/deployment.ts";
import type { Strategy } from "../../src/strategy.ts";
import { strategies } from "../../strategies/index.ts";
import { configureStrategy, isStrategyFile, loadStrategy } from "../load-strategy.ts";
import { replayText, whatIfText } from "../replay-text.ts";
import { addWhereOptions, storedRun, type StoredRun, type WhereOptions } from "../stored-runs.ts";
import { UsageError } from "../usage-error.ts";

interface ReplayOptions extends WhereOptions {
  readonly strategy?: string;
  readonly param: readonly string[];
  readonly config?: string;
  readonly json?: true;
}

const EXIT_CODES: Readonly<Record<Replay["kind"], number>> = { identical: 0, different: 1, incomplete: 3 };

export function register(program: Command): void {
  addWhereOptions(program.command("replay").description("Decide a finished run once more from everything it was told then, and compare the journal byte for byte."))
    .argument("<run>", 'the run\'s id, how it begins or ends, or "last"; FILE#run for one in another file')
    .option("--strategy <name or file>", "decide with this strategy; needed for a run of a strategy file")
    .addOption(new Option("--param <key=value>", "what would have been decided with this parameter; may be repeated").argParser((value: string, before: readonly string[]) => [...before, value]).default([], "those it had"))
    .option("--config <file>", "what would have been decided with this file's parameters, limits and execution")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Paper runs and deployed runs are recorded; a backtest is with --record. --param, --config and a strategy of another name
show targets and planned orders as they would have been, as far as what was told then can answer.

Exit codes: 0 identical (or decided otherwise, as asked), 1 a difference, 2 wrong input, 3 inputs are missing.

Examples:
  $ ballast replay last --state paper.sqlite
  $ ballast replay paper/momentum/2026-11-02T14:35:00.000Z --table Ballast-Table --bucket ballast-records
  $ ballast replay last --state paper.sqlite --param top=3`,
    )
    .action(replay);
}

async function replay(asked: string, options: ReplayOptions): Promise<void> {
  const stored = await storedRun(asked, options);
  const [header] = stored.record?.invocations ?? [];
  const given = options.strategy === undefined ? undefined : await loadStrategy(options.strategy);
  const here = codeVersion(options.strategy !== undefined && isStrategyFile(options.strategy) ? options.strategy : undefined);
  if (header && stored.record && isOtherwise(options, header, given)) {
    const decision = await whatIf(stored.events, stored.record, otherTrigger(options, header, given));
    const then = stored.events.filter((event) => event.type === "targets-set" || event.type === "orders-planned");
    process.stdout.write(options.json ? `${JSON.stringify({ run: stored.run, then, ...decision })}\n` : whatIfText(stored.run, then, decision));
    return;
  }
  await printReplay(stored, header?.code, here, given, options);
}

async function printReplay(stored: StoredRun, then: CodeVersion | undefined, here: CodeVersion, given: Strategy | undefined, { json }: ReplayOptions): Promise<void> {
  const result = await replayRun(stored.events, stored.record, (invocation) => sameTrigger(invocation, given));
  process.stdout.write(json ? `${JSON.stringify({ run: stored.run, ...result, code: { then, here } })}\n` : replayText(stored.run, result, then, here));
  process.exitCode = EXIT_CODES[result.kind];
}

function isOtherwise({ param, config }: ReplayOptions, { trigger }: InvocationHeader, given: Strategy | undefined): boolean {
  return param.length > 0 || config !== undefined || (given !== undefined && given.name !== trigger.strategy);
}

function sameTrigger({ trigger }: InvocationHeader, given: Strategy | undefined): Trigger {
  const strategy = given ?? strategyNamed(trigger.strategy);
  return { deployment: { ...deploymentOf(trigger), strategy: configureStrategy(strategy, [], trigger.params) }, scheduledAt: trigger.scheduledAt };
}

/** Under the strategy's recorded name: the orders are those of the run, decided otherwise. */
function otherTrigger({ param, config }: ReplayOptions, { trigger }: InvocationHeader, given: Strategy | undefined): Trigger {
  const base = deploymentOf(trigger);
  const deployed = config === undefined ? undefined : deployedIn(config, trigger, given);
  const strategy = given ?? strategyNamed(trigger.strategy);
  const params = deployed ? deployed.strategy.params : strategy.name === trigger.strategy ? trigger.params : {};
  const configured = { ...configureStrategy(strategy, param, params), name: trigger.strategy };
  const { tradingHours, seed } = base.settings;
  const settings = deployed ? { ...deployed.settings, tradingHours, seed } : base.settings;
  return { deployment: { ...base, strategy: configured, symbols: deployed?.symbols ?? base.symbols, settings }, scheduledAt: trigger.scheduledAt };
}

function deploymentOf({ account, symbols, settings }: InvocationHeader["trigger"]): Omit<Deployment, "strategy"> {
  return { account, symbols, settings } as unknown as Omit<Deployment, "strategy">;
}

function strategyNamed(name: string): Strategy {
  const found = strategies.find((strategy) => strategy.name === name);
  if (!found) throw new UsageError(`the run's strategy ${name} is not in strategies/: give its file with --strategy`);
  return found;
}

function deployedIn(file: string, { account, strategy }: InvocationHeader["trigger"], given: Strategy | undefined): Deployment {
  const { deployments } = parseConfig(readConfig(file), given ? [given, ...strategies] : strategies, file);
  const named = deployments.filter((deployment) => deployment.strategy.name === (given?.name ?? strategy));
  const found = named.find((deployment) => deployment.account === account) ?? named[0];
  if (!found) throw new UsageError(`${file} deploys no strategy named ${given?.name ?? strategy}`);
  return found;
}

function readConfig(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new UsageError(`${file} could not be read`, { cause });
  }
}
