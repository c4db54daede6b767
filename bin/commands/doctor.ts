/** `ballast doctor`: whether an account is ready to be traded, check by check. */
import type { Command } from "commander";
import pc from "picocolors";
import { ConfigInvalid } from "../../src/config.ts";
import { StoreUnavailable } from "../../src/state/store-errors.ts";
import { accountOf, addDeskOptions, openDesk, type Desk, type DeskOptions } from "../desk.ts";
import { checkAccount, checkStore, type Finding } from "../doctor-checks.ts";
import { UsageError } from "../usage-error.ts";

interface Options extends DeskOptions {
  readonly sessions: string;
  readonly json?: true;
}

export function register(program: Command): void {
  addDeskOptions(program.command("doctor").description("Check configuration, store, keys, host, permissions, clock, calendar, market data and the bars that strategies look back on, and say what to do."))
    .option("--sessions <n>", "of how many sessions to come the calendars are compared, at most 250", "20")
    .option("--json", "print one JSON object: { findings: [{ account, check, level, says, remedy }] }")
    .addHelpText(
      "after",
      `
Nothing is traded, and no key is printed. Without --account all accounts of the configuration are checked.
Exit codes: 0 nothing fails (there may be warnings), 1 something fails, 2 wrong input.

Examples:
  $ ballast doctor
  $ ballast doctor --account main --table ballast --live main --json`,
    )
    .action(doctor);
}

async function doctor({ json, sessions, ...options }: Options): Promise<void> {
  const count = Number(sessions);
  if (!Number.isInteger(count) || count < 1 || count > 250) throw new UsageError(`--sessions takes a whole number from 1 to 250, not ${sessions}`);
  const findings = await allFindings(options, count);
  process.stdout.write(json ? `${JSON.stringify({ findings })}\n` : findings.map(lineOf).join(""));
  if (findings.some(({ level }) => level === "FAIL")) process.exitCode = 1;
}

async function allFindings(options: DeskOptions, sessions: number): Promise<readonly Finding[]> {
  let desk: Desk;
  try {
    desk = openDesk(options, { create: true });
  } catch (error) {
    if (error instanceof ConfigInvalid) return [{ account: "(all)", check: "config", level: "FAIL", says: error.message, remedy: "mend the file: ballast check shows what it means" }];
    if (error instanceof StoreUnavailable) return [{ account: "(all)", check: "store", level: "FAIL", says: error.message, remedy: "name another with --store, or restore it from a backup" }];
    throw error;
  }
  try {
    const accounts = options.account === undefined ? [...desk.config.accounts.values()] : [accountOf(desk.config, options.account)];
    const store = await checkStore(desk);
    const findings: Finding[] = [{ account: "(all)", check: "config", level: "OK", says: `${options.config}: ${counted(desk.config.accounts.size, "account", "accounts")}, ${counted(desk.config.deployments.length, "strategy", "strategies")}` }, store];
    if (store.level === "FAIL") return findings;
    for (const account of accounts) findings.push(...(await checkAccount(account, desk, sessions)));
    return findings;
  } finally {
    desk.store.close();
  }
}

const PAINT = { OK: pc.green, WARN: pc.yellow, FAIL: pc.red } as const;

function lineOf({ account, check, level, says, remedy }: Finding): string {
  return `${PAINT[level](level.padEnd(4))}  ${account.padEnd(10)}  ${check.padEnd(11)}  ${says}${remedy === undefined ? "" : `: ${remedy}`}\n`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
