/** `ballast keys`: who may use a server, and as which account. */
import { existsSync } from "node:fs";
import { InvalidArgumentError, Option, type Command } from "commander";
import { z } from "zod";
import { moneyOf, moneyToText, ZERO_MONEY } from "../../src/money.ts";
import { openingRefusal } from "../../src/server/countable.ts";
import { ADMIN_SECRET_VARIABLE } from "../../src/server/keys/admin-tokens.ts";
import { newApiKey, scopeSchema, stateOf, type ApiKey } from "../../src/server/keys/api-keys.ts";
import { changeKeys, readKeys } from "../../src/server/keys/key-file.ts";
import { CASH_ACCOUNT } from "../../src/simulator/trading-account.ts";
import { isoOf, type Instant } from "../../src/time.ts";
import type { AccountName } from "../../src/trade.ts";
import { ADMIN_SECRET_FILE_VARIABLE, adminTokens } from "../admin-secret.ts";
import { UsageError } from "../usage-error.ts";

interface In {
  readonly dir: string;
  readonly json?: true;
}

interface Creation extends In {
  readonly cash: string;
  readonly multiplier: 1 | 2 | 4;
  readonly shorting?: boolean;
  readonly scopes: ApiKey["scopes"];
  readonly expires?: number;
}

const DIR = ["--dir <directory>", "the server's directory", ".ballast/venue"] as const;
const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export function register(program: Command): void {
  const keys = program.command("keys").description("Make, list and revoke the API keys of a server, also while it runs.");
  keys
    .command("create")
    .description("Make a key for an account. The secret is shown now and never again.")
    .argument("<account>", "the account's name; it is opened with its first key")
    .option(...DIR)
    .option("--cash <usd>", "what a new account starts with", "100000")
    .option("--multiplier <1|2|4>", "of a new account: 1 for a cash account, 2 or 4 for one on margin", multiplier, 1)
    .option("--shorting", "let a new account on margin sell short")
    .addOption(new Option("--scopes <list>", "trade, read and admin, with commas between").argParser(scopes).default(["trade", "read"], "trade,read"))
    .option("--expires <time>", "when it ends, for instance 12h or 90d from now (default: never)", duration)
    .option("--json", "print { id, secret, account } as one JSON object")
    .addHelpText("after", "\nExamples:\n  $ ballast keys create ann\n  $ ballast keys create short-seller --cash 50000 --multiplier 4 --shorting\n  $ ballast keys create viewer --scopes read --expires 30d --json")
    .action(create);
  keys.command("list").description("List the keys, without their secrets.").option(...DIR).option("--json", "print them as a list").addHelpText("after", "\nExample:\n  $ ballast keys list --dir venue").action(list);
  keys.command("revoke").description("End a key. A server that runs takes notice within a second.").argument("<id>", "the key's id, PK…").option(...DIR).addHelpText("after", "\nExample:\n  $ ballast keys revoke PK2V7C1M9QH4XW8T0RZB").action(revoke);
  keys
    .command("admin-token")
    .description(`Print a token for /sim/v1, signed with the secret in ${ADMIN_SECRET_VARIABLE}, or in the file that ${ADMIN_SECRET_FILE_VARIABLE} names.`)
    .argument("<who>", "who it is for")
    .addOption(new Option("--lasts <time>", "until it ends, for instance 15m, 8h or 7d").argParser(duration).default(UNITS.h, "1h"))
    .addHelpText("after", `\nExample:\n  $ export ${ADMIN_SECRET_VARIABLE}="$(openssl rand -base64 48)"\n  $ curl -H "Authorization: Bearer $(ballast keys admin-token ann)" …`)
    .action(async (who: string, { lasts }: { readonly lasts: number }) => {
      const tokens = adminTokens();
      if (!tokens) throw new UsageError(`neither ${ADMIN_SECRET_VARIABLE} nor ${ADMIN_SECRET_FILE_VARIABLE} is set: it is the secret that the server is started with`);
      process.stdout.write(`${await tokens.issue(who, Date.now(), lasts)}\n`);
    });
}

async function create(account: string, { dir, cash, multiplier, shorting = false, scopes: granted, expires, json }: Creation, command: Command): Promise<void> {
  if (!/^[\w.-]{1,64}$/.test(account)) throw new UsageError(`an account's name has up to 64 letters, digits, dots, dashes and underscores: ${JSON.stringify(account)}`);
  const startingCash = cashOf(cash);
  const refused = openingRefusal(startingCash, { ...CASH_ACCOUNT, multiplier, shorting });
  if (refused) throw new UsageError(refused.rejection.message);
  const asked: Pick<ApiKey, "startingCash" | "terms"> = { startingCash, terms: { multiplier, shorting } };
  const said = (name: string): boolean => command.getOptionValueSource(name) === "cli";
  const now = Date.now() as Instant;
  let made: ReturnType<typeof newApiKey> | undefined;
  await changeKeys(dir, (others) => {
    const first = others.find((other) => other.account === account);
    const { startingCash: standing, terms = CASH_TERMS } = first ?? asked;
    if ((said("cash") && startingCash !== standing) || (said("multiplier") && multiplier !== terms.multiplier) || (said("shorting") && shorting !== terms.shorting)) throw new UsageError(`account ${account} was given its first key with ${moneyToText(standing)} USD, ${termsText(terms)}, and stays so: leave out --cash, --multiplier and --shorting, or take another name`);
    made = newApiKey({ account: account as AccountName, startingCash: standing, terms, scopes: granted, createdAt: now, ...(expires !== undefined && { expiresAt: (now + expires) as Instant }) });
    return [...others, made.key];
  });
  const { key, secret } = made!;
  if (json) process.stdout.write(`${JSON.stringify({ id: key.id, secret, account })}\n`);
  else process.stdout.write(`APCA_API_KEY_ID=${key.id}\nAPCA_API_SECRET_KEY=${secret}\n`);
}

const CASH_TERMS = { multiplier: 1, shorting: false } as const;

function termsText({ multiplier, shorting }: NonNullable<ApiKey["terms"]>): string {
  if (multiplier === 1) return "a cash account";
  return `a multiplier of ${multiplier}${shorting ? " and short sales" : ""}`;
}

function list({ dir, json }: In): void {
  if (!existsSync(dir)) throw new UsageError(`there is no directory ${dir}`);
  const now = Date.now();
  const rows = readKeys(dir).map((key) => ({ id: key.id, account: key.account, scopes: key.scopes, state: stateOf(key, now), createdAt: isoOf(key.createdAt), ...(key.expiresAt !== undefined && { expiresAt: isoOf(key.expiresAt) }), startingCash: moneyToText(key.startingCash), ...(key.terms ?? CASH_TERMS) }));
  if (json) process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
  else process.stdout.write(rows.map(({ id, account, scopes: granted, state, expiresAt, ...terms }) => `${id}  ${state.padEnd(8)}  ${account}  ${granted.join(",")}  ${termsText(terms)}${expiresAt === undefined ? "" : `  until ${expiresAt}`}\n`).join("") || `no keys in ${dir}\n`);
}

async function revoke(id: string, { dir }: In): Promise<void> {
  await changeKeys(dir, (keys) => {
    const key = keys.find((one) => one.id === id);
    if (!key) throw new UsageError(`no key ${id} in ${dir}: ballast keys list tells which there are`);
    return keys.map((one) => (one === key ? { ...one, revokedAt: one.revokedAt ?? (Date.now() as Instant) } : one));
  });
  process.stdout.write(`${id} is revoked\n`);
}

function cashOf(text: string): ReturnType<typeof moneyOf> {
  try {
    const cash = moneyOf(text);
    if (cash > ZERO_MONEY) return cash;
  } catch {
    // Told below.
  }
  throw new UsageError(`--cash ${JSON.stringify(text)} is not an amount in dollars above 0`);
}

function scopes(text: string): ApiKey["scopes"] {
  const parsed = z.array(scopeSchema).min(1).safeParse(text.split(",").map((scope) => scope.trim()));
  if (!parsed.success) throw new InvalidArgumentError("Scopes are trade, read and admin.");
  return parsed.data;
}

function multiplier(text: string): 1 | 2 | 4 {
  const found = ([1, 2, 4] as const).find((one) => String(one) === text);
  if (found === undefined) throw new InvalidArgumentError("It is 1, 2 or 4.");
  return found;
}

function duration(text: string): number {
  const [, amount, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (amount === undefined || Number(amount) === 0) throw new InvalidArgumentError("It is a number with m, h or d, for instance 12h.");
  return Number(amount) * UNITS[unit as keyof typeof UNITS];
}
