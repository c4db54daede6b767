/** `ballast settlement`: when trades settle. */
import Table from "cli-table3";
import { Option, type Command } from "commander";
import { NotATradingDay, settlementCycleOn, settlementDate, SettlementOutOfRange, type SettlementCycle } from "../../src/rules/settlement.ts";
import { dateOfEpochDay, type EpochDay } from "../../src/time.ts";
import { dayOfArgument } from "../date-argument.ts";
import { UsageError } from "../usage-error.ts";

export function register(program: Command): void {
  program
    .command("settlement")
    .description("Print the settlement dates of trades, by the cycle in force on the trade date: T+5, T+3, T+2 or T+1.")
    .argument("<trade-dates...>", "days on which trades were made, YYYY-MM-DD, from 1988 to 2029")
    .addOption(new Option("--force-cycle <days>", "settle after this many settlement days whatever the date says").choices(["1", "2", "3", "5"]))
    .option("--json", "print a JSON list of { tradeDate, settlementDate, cycle }")
    .addHelpText("after", "\nExamples:\n  $ ballast settlement 2026-11-25 2026-12-24\n  $ ballast settlement 2017-09-01 2017-09-05 --json\n  $ ballast settlement 2026-11-25 --force-cycle 2")
    .action(printSettlements);
}

interface Options {
  readonly forceCycle?: "1" | "2" | "3" | "5";
  readonly json?: true;
}

function printSettlements(tradeDates: readonly string[], { forceCycle, json }: Options): void {
  const forced = forceCycle === undefined ? undefined : (Number(forceCycle) as SettlementCycle);
  const rows = tradeDates.map((text) => settlementOf(dayOfArgument(text, "trade date"), forced));
  if (json) {
    process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
    return;
  }
  const table = new Table({ head: ["Trade", "Settlement", "Cycle"], style: { head: [], border: [], compact: true } });
  for (const { tradeDate, settlementDate: settles, cycle } of rows) table.push([tradeDate, settles, `T+${cycle}`]);
  process.stdout.write(`${table.toString()}\n`);
}

function settlementOf(tradeDay: EpochDay, forced: SettlementCycle | undefined) {
  try {
    const settles = settlementDate(tradeDay, forced === undefined ? {} : { forceCycle: forced });
    return { tradeDate: dateOfEpochDay(tradeDay), settlementDate: dateOfEpochDay(settles), cycle: forced ?? settlementCycleOn(tradeDay) };
  } catch (failure) {
    if (failure instanceof NotATradingDay || failure instanceof SettlementOutOfRange) throw new UsageError(failure.message, { cause: failure });
    throw failure;
  }
}
