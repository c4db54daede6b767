/** What `halt` and `resume` share: whose word, on which account, in which store. */
import { userInfo } from "node:os";
import type { Command } from "commander";
import type { StateStore } from "../src/ports.ts";
import type { TradingBreaker } from "../src/risk/trading-breaker.ts";
import type { Word } from "../src/run/halt-account.ts";
import { isoOf, type Instant } from "../src/time.ts";
import type { AccountName } from "../src/trade.ts";
import { addStoreOptions, openStore, type StoreOptions } from "./desk.ts";
import { UsageError } from "./usage-error.ts";

interface WordOptions extends StoreOptions {
  readonly why: string;
  readonly who?: string;
  readonly account: string;
  readonly json?: true;
}

export function addWordOptions(command: Command): Command {
  return addStoreOptions(command)
    .requiredOption("--why <text>", "the reason, kept with the change")
    .option("--who <name>", "who says so (default: the user of this machine)")
    .option("--account <name>", "the account", "simulated")
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

function textOf(account: string, { position, history }: TradingBreaker): string {
  const changes = history.slice(-10).map(({ at, to, by, why }) => `  ${isoOf(at)}  ${WORDS[to].padEnd(7)}  ${by}: ${why}\n`);
  return `${account} is ${WORDS[position.kind]}\n${changes.join("")}`;
}

/** A breaker that is closed lets an account trade. */
const WORDS = { closed: "trading", cooling: "cooling", halted: "halted" } as const;
