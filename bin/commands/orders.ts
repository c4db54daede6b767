/** `ballast orders`: what is open at the venue, and whose it is. */
import Table from "cli-table3";
import type { Command } from "commander";
import { quantityToText } from "../../src/money.ts";
import { bookOf, placeOrders } from "../../src/run/account-book.ts";
import { accountOf, addDeskOptions, openDesk, type DeskOptions } from "../desk.ts";
import { recentRuns } from "../recent-runs.ts";

interface Options extends DeskOptions {
  readonly json?: true;
}

export function register(program: Command): void {
  addDeskOptions(program.command("orders").description("List the orders that are open at the venue, each with the run that placed it; one that no run placed is of unknown origin."))
    .option("--json", "print one JSON object: { account, orders: [{ clientOrderId, side, symbol, remaining, run }] }; a run of null is an order of unknown origin")
    .addHelpText("after", "\nExit codes: 0, also with orders of unknown origin; 1 failed, 2 wrong input.\n\nExamples:\n  $ ballast orders --account paper\n  $ ballast orders --account main --table ballast --live main --json")
    .action(orders);
}

/** DAY orders end with their session; no strategy has more runs in one. */
const RUNS_LOOKED_AT = 50;

async function orders({ json, ...options }: Options): Promise<void> {
  const desk = openDesk(options, { create: true });
  try {
    const account = accountOf(desk.config, options.account);
    const { ports, keepBreakers } = await desk.openVenue(account);
    const working = await ports.broker.openOrders().finally(keepBreakers);
    const placed = placeOrders(bookOf(await recentRuns(desk.store, account.name, RUNS_LOOKED_AT)), working);
    const rows = placed.map(({ working: { clientOrderId, side, symbol, remaining }, run }) => ({ clientOrderId, side, symbol, remaining: quantityToText(remaining), run: run ?? null }));
    process.stdout.write(json ? `${JSON.stringify({ account: account.name, orders: rows })}\n` : asText(account.name, rows));
  } finally {
    desk.store.close();
  }
}

function asText(account: string, rows: readonly { readonly clientOrderId: string; readonly side: string; readonly symbol: string; readonly remaining: string; readonly run: string | null }[]): string {
  if (rows.length === 0) return `${account} has no open orders at the venue.\n`;
  const table = new Table({ head: ["Order", "Side", "Symbol", "Remaining", "Run"], colAligns: ["left", "left", "left", "right", "left"], style: { head: [], border: [], compact: true } });
  for (const { clientOrderId, side, symbol, remaining, run } of rows) table.push([clientOrderId, side, symbol, remaining, run ?? "UNKNOWN ORIGIN"]);
  const unknown = rows.filter(({ run }) => run === null).length;
  return `${table.toString()}\n${unknown === 0 ? "" : `${unknown} of ${rows.length} were placed by no run that is in the journal; no run trades their symbols until they have ended.\n`}`;
}
