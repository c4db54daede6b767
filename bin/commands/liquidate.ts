/** `ballast liquidate`: halt an account, cancel what is open, sell what it holds. */
import { userInfo } from "node:os";
import type { Command } from "commander";
import { quantityToText } from "../../src/money.ts";
import { breakerKey } from "../../src/risk/trading-breaker.ts";
import { haltAccount } from "../../src/run/halt-account.ts";
import type { Trigger } from "../../src/run/deployment.ts";
import type { AccountConfig } from "../../src/config.ts";
import type { Symbol } from "../../src/trade.ts";
import { advanceAtVenue, advanceUntilClosed } from "../advance-at-venue.ts";
import { accountOf, addDeskOptions, deploymentOf, openDesk, type Desk, type DeskOptions } from "../desk.ts";
import { LIQUIDATION, liquidationOf, withoutBars } from "../liquidation.ts";
import { underLocalLease } from "../local-lease.ts";
import { recentRuns } from "../recent-runs.ts";
import { exitCodeOf, RUN_EXIT_CODES } from "../run-exit.ts";
import { tell } from "../run-result.ts";
import { UsageError } from "../usage-error.ts";

interface Options extends DeskOptions {
  readonly confirm: string;
  readonly wait?: true;
  readonly json?: true;
}

export function register(program: Command): void {
  addDeskOptions(program.command("liquidate").description("Halt an account, cancel its open orders and sell what it holds."))
    .requiredOption("--confirm <account>", "the account's name: everything it holds is sold")
    .option("--strategy <name>", "sell the symbols of this strategy only")
    .option("--wait", "go on until everything has ended, with a line of progress for each wait")
    .option("--json", "print one JSON object, as ballast run does")
    .addHelpText(
      "after",
      `
The account is halted first, so that no schedule trades against the sales, and stays halted until ballast resume. The
sales are a run of their own, ACCOUNT/liquidate/INSTANT: the same command goes on with one that has not ended, and places
no order twice. With the market closed they wait for the open. No daily budget holds them back, but they count in the
budget of their session. What is left at the end is named.
${RUN_EXIT_CODES}

Examples:
  $ ballast liquidate --confirm paper --wait
  $ ballast liquidate --confirm main --strategy momentum --table ballast --live main`,
    )
    .action(liquidate);
}

async function liquidate({ confirm, ...options }: Options): Promise<void> {
  if (options.account !== undefined && options.account !== confirm) throw new UsageError(`--confirm ${confirm} is not --account ${options.account}`);
  const desk = openDesk(options, { create: true });
  try {
    const account = accountOf(desk.config, confirm);
    const only = options.strategy === undefined ? undefined : new Set(deploymentOf(desk.config, { account: confirm, strategy: options.strategy }).symbols);
    await desk.openVenue(account); // Nothing is halted for an account that may not be opened.
    await halt(account, desk);
    const trigger = (await openLiquidation(account, desk)) ?? (await newLiquidation(account, only, desk));
    const at = { desk, account, trigger, through: withoutBars };
    const result = options.wait ? await advanceUntilClosed(at, (line) => process.stderr.write(`${line}\n`)) : await advanceAtVenue(at);
    await tell(trigger, result.kind === "closed" ? undefined : result.at, desk, options);
    if (result.kind === "closed") await nameWhatIsLeft(account, only, desk);
    process.stderr.write(`${confirm} stays halted: ballast resume --account ${confirm} --why "…" lets it trade again\n`);
  } finally {
    desk.store.close();
  }
}

async function halt({ name }: AccountConfig, { store, clock }: Desk): Promise<void> {
  const breaker = (await store.state.load(breakerKey(name)))?.value;
  if (breaker?.position.kind !== "halted") await haltAccount(store.state, { account: name, who: userInfo().username, why: "liquidation", now: clock.now() });
}

/** The liquidation that has not ended yet, where there is one. */
async function openLiquidation({ name }: AccountConfig, { store, config }: Desk): Promise<Trigger | undefined> {
  const [last] = await recentRuns(store, name, 1, LIQUIDATION);
  const opened = last?.events[0];
  if (opened?.type !== "run-opened" || last?.events.at(-1)?.type === "run-closed") return undefined;
  return { deployment: liquidationOf(name, opened.symbols, [], someDeployment(name, config)), scheduledAt: opened.scheduledAt, despiteHalt: true };
}

/** Cancels under the lease: no run is between two steps then, and after the halt none takes another. */
async function newLiquidation(account: AccountConfig, only: ReadonlySet<Symbol> | undefined, desk: Desk): Promise<Trigger> {
  const { ports, keepBreakers } = await desk.openVenue(account);
  return underLocalLease(desk.store, account.name, async (held) => {
    const broker = held.broker(ports.broker);
    const concerned = async () => (await broker.openOrders()).filter(({ symbol }) => only?.has(symbol) ?? true);
    const open = await concerned();
    for (const { clientOrderId } of open) await broker.cancel(clientOrderId as Parameters<typeof broker.cancel>[0]);
    for (let attempt = 0; open.length > 0 && attempt < CONFIRMATIONS_MAX && (await concerned()).length > 0; attempt += 1) await new Promise((resolve) => setTimeout(resolve, CONFIRM_EVERY_MS));
    const { positions } = await broker.account();
    const symbols = positions.filter(({ symbol, quantity }) => quantity > 0 && (only?.has(symbol) ?? true)).map(({ symbol }) => symbol);
    const deployment = liquidationOf(account.name, symbols, open.map(({ clientOrderId }) => clientOrderId), someDeployment(account.name, desk.config));
    return { deployment, scheduledAt: desk.clock.now(), despiteHalt: true as const };
  }).finally(keepBreakers);
}

/** How long a cancel may take; an order that is open after that keeps its symbol from being sold, and the run says so. */
const CONFIRMATIONS_MAX = 10;
const CONFIRM_EVERY_MS = 500;

function someDeployment(account: AccountConfig["name"], { deployments }: Desk["config"]) {
  const found = deployments.find((one) => one.account === account);
  if (!found) throw new UsageError(`no strategy runs on account ${account}: close its positions at the broker`);
  return found;
}

async function nameWhatIsLeft(account: AccountConfig, only: ReadonlySet<Symbol> | undefined, desk: Desk): Promise<void> {
  const { ports, keepBreakers } = await desk.openVenue(account);
  const { positions } = await ports.broker.account().finally(keepBreakers);
  const left = positions.filter(({ symbol }) => only?.has(symbol) ?? true);
  if (left.length === 0) return;
  process.stderr.write(`left: ${left.map(({ symbol, quantity }) => `${quantityToText(quantity)} ${symbol}`).join(", ")}\n`);
  if (process.exitCode === 0) process.exitCode = exitCodeOf("partial");
}

