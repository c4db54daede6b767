/** `ballast positions`: what the account holds at the venue, beside what the journals say that it holds. */
import Table from "cli-table3";
import type { Command } from "commander";
import { moneyToText, notional, quantityToText, type Quantity } from "../../src/money.ts";
import type { Broker } from "../../src/ports.ts";
import { bookOf, comparePositions, type AccountBook, type ComparedPosition } from "../../src/run/account-book.ts";
import { isoOf } from "../../src/time.ts";
import type { Account, Side, Symbol } from "../../src/trade.ts";
import { accountOf, addDeskOptions, openDesk, type DeskOptions } from "../desk.ts";
import { recentRuns } from "../recent-runs.ts";

interface Options extends DeskOptions {
  readonly json?: true;
}

export function register(program: Command): void {
  addDeskOptions(program.command("positions").description("Compare the positions at the venue with what the journals of the account's runs say."))
    .option("--json", "print one JSON object: { account, since, positions: [{ symbol, ours, held, difference, strategy, price, value }], equity, cash }; shares and USD as texts")
    .addHelpText(
      "after",
      `
"Ours" is what the account held at the end of the run that closed last, plus what runs have filled since. A difference is
a trade, a transfer or a split that no run made. A symbol that no strategy trades has no strategy beside it.
Exit codes: 0 no differences, 1 failed, 2 wrong input, 4 differences.

Examples:
  $ ballast positions --account paper
  $ ballast positions --account main --table ballast --live main --json`,
    )
    .action(positions);
}

const RUNS_LOOKED_AT = 50;

async function positions({ json, ...options }: Options): Promise<void> {
  const desk = openDesk(options, { create: true });
  try {
    const { name } = accountOf(desk.config, options.account);
    const { ports, keepBreakers } = await desk.openVenue(accountOf(desk.config, name));
    const book = bookOf(await recentRuns(desk.store, name, RUNS_LOOKED_AT));
    const partial = await filledByOpenOrders(book, ports.broker);
    const account = await ports.broker.account().finally(keepBreakers);
    const compared = comparePositions(book, account.positions, partial);
    const strategyOf = new Map(desk.config.deployments.filter(({ account: on }) => on === name).flatMap(({ strategy, symbols }) => symbols.map((symbol) => [symbol, strategy.name] as const)));
    const rows = compared.map((one) => rowOf(one, account, strategyOf.get(one.symbol)));
    const since = book.holdings ? { run: book.holdings.since, at: isoOf(book.holdings.at) } : null;
    if (rows.some(({ difference }) => difference !== "0")) process.exitCode = 4;
    const totals = { equity: moneyToText(account.equity), cash: moneyToText(account.cash) };
    process.stdout.write(json ? `${JSON.stringify({ account: name, since, positions: rows, ...totals })}\n` : asText(name, rows, since, totals));
  } finally {
    desk.store.close();
  }
}

async function filledByOpenOrders({ orders, holdings }: AccountBook, broker: Broker): Promise<readonly { readonly symbol: Symbol; readonly side: Side; readonly quantity: Quantity }[]> {
  const filled: { symbol: Symbol; side: Side; quantity: Quantity }[] = [];
  for (const { order, ended } of orders.values()) {
    if (ended || !holdings) continue;
    const found = await broker.find(order.clientOrderId);
    for (const { quantity, at } of found?.fills ?? []) if (at > holdings.at) filled.push({ symbol: order.symbol, side: order.side, quantity });
  }
  return filled;
}

type Row = ReturnType<typeof rowOf>;

function rowOf({ symbol, ours, held, difference }: ComparedPosition, { positions: atVenue }: Account, strategy: string | undefined) {
  const price = atVenue.find((one) => one.symbol === symbol)?.marketPrice;
  return {
    symbol,
    ours: ours === undefined ? null : quantityToText(ours),
    held: quantityToText(held),
    difference: quantityToText(difference),
    strategy: strategy ?? null,
    price: price === undefined ? null : moneyToText(price),
    value: price === undefined ? null : moneyToText(notional(price, held)),
  };
}

function asText(account: string, rows: readonly Row[], since: { readonly run: string; readonly at: string } | null, { equity, cash }: { readonly equity: string; readonly cash: string }): string {
  const table = new Table({ head: ["Symbol", "Ours", "Venue", "Difference", "Price", "Value", "Strategy"], colAligns: ["left", "right", "right", "right", "right", "right", "left"], style: { head: [], border: [], compact: true } });
  for (const { symbol, ours, held, difference, price, value, strategy } of rows) table.push([symbol, ours ?? "?", held, difference === "0" ? "" : difference, price ?? "", value ?? "", strategy ?? "none: UNKNOWN ORIGIN"]);
  const differences = rows.filter(({ difference }) => difference !== "0").length;
  return [
    ...(rows.length === 0 ? [`${account} holds no positions.`] : [table.toString()]),
    `equity ${equity} USD, of which cash ${cash}`,
    since === null ? "no run of this account has closed yet: there is nothing to compare with" : `${differences === 0 ? "as" : `${differences} different from what`} the journals say since ${since.run} closed at ${since.at}`,
    "",
  ].join("\n");
}
