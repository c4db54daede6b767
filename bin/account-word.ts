/** What `halt` and `resume` share: whose word, on which account, in which store. */
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import type { Command } from "commander";
import type { StateStore } from "../src/ports.ts";
import type { TradingBreaker } from "../src/risk/trading-breaker.ts";
import type { Word } from "../src/run/halt-account.ts";
import { dynamodbClient, dynamodbStore } from "../src/state/dynamodb.ts";
import { openSqliteStore } from "../src/state/sqlite.ts";
import { isoOf, type Instant } from "../src/time.ts";
import type { AccountName } from "../src/trade.ts";
import { UsageError } from "./usage-error.ts";

interface WordOptions {
  readonly why: string;
  readonly who?: string;
  readonly account: string;
  readonly state: string;
  readonly table?: string;
  readonly json?: true;
}

export function addWordOptions(command: Command): Command {
  return command
    .requiredOption("--why <text>", "the reason, kept with the change")
    .option("--who <name>", "who says so (default: the user of this machine)")
    .option("--account <name>", "the account", "simulated")
    .option("--state <file>", "the state file of a local paper run", ".ballast/paper.sqlite")
    .option("--table <name>", "the DynamoDB table of a deployment, instead of a state file")
    .option("--json", "print one JSON object");
}

export async function sayWord(options: WordOptions, say: (state: StateStore, word: Word) => Promise<TradingBreaker>): Promise<void> {
  const { why, account, json } = options;
  if (why.trim() === "") throw new UsageError("--why must say why");
  const store = openStore(options);
  try {
    const breaker = await say(store.state, { account: account as AccountName, who: options.who ?? userInfo().username, why, now: Date.now() as Instant });
    process.stdout.write(json ? `${JSON.stringify({ account, position: breaker.position, history: breaker.history })}\n` : textOf(account, breaker));
  } finally {
    store.close();
  }
}

function openStore({ state: file, table }: WordOptions): { readonly state: StateStore; close(): void } {
  if (table !== undefined) {
    const client = dynamodbClient();
    return { state: dynamodbStore({ client, tableName: table, clock: { now: () => Date.now() as Instant } }).state, close: () => client.destroy() };
  }
  if (!existsSync(file)) throw new UsageError(`there is no state file ${file}`);
  return openSqliteStore(file);
}

function textOf(account: string, { position, history }: TradingBreaker): string {
  const changes = history.slice(-10).map(({ at, to, by, why }) => `  ${isoOf(at)}  ${to.padEnd(7)}  ${by}: ${why}\n`);
  return `${account} is ${position.kind === "closed" ? "trading" : position.kind}\n${changes.join("")}`;
}
