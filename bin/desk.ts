/**
 * What an operator's command stands on: the configuration, one store and the way to an account's venue.
 *
 * The same options choose the same things for every command. `--store` is a file on this machine, with the broker's keys
 * in APCA_API_KEY_ID and APCA_API_SECRET_KEY; `--table` (or BALLAST_TABLE, where no file is named) is a deployment's, with
 * the keys in Secrets Manager. An account of real money is opened only by a command whose own `--live` names it: what
 * the environment says of that counts for Lambda alone.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { Option, type Command } from "commander";
import { keysFromEnvironment } from "../src/aws/secrets.ts";
import { parseConfig, type AccountConfig, type Config } from "../src/config.ts";
import { blobsOf, ENVIRONMENT, portsOver, secretKeys, storeOf, systemClock, type Environment, type KeysOf, type Venue } from "../src/handlers/ports-for-venue.ts";
import { makeDirectory } from "../src/make-directory.ts";
import type { BlobStore, Clock, Journal, RunIndex } from "../src/ports.ts";
import type { Deployment } from "../src/run/deployment.ts";
import { SCHEMA_VERSION } from "../src/state/sqlite-schema.ts";
import type { FencingStore } from "../src/state/fence.ts";
import { openSqliteStore } from "../src/state/sqlite.ts";
import type { AccountName, RunId } from "../src/trade.ts";
import { strategies } from "../strategies/index.ts";
import { DEFAULT_STORE } from "./default-store.ts";
import { UsageError } from "./usage-error.ts";

export interface StoreOptions {
  readonly store?: string;
  readonly table?: string;
}

export interface DeskOptions extends StoreOptions {
  readonly config: string;
  readonly account?: string;
  readonly strategy?: string;
  readonly live?: string;
}

export interface DeskStore extends FencingStore {
  readonly journal: Journal & RunIndex;
  /** For messages: "the store paper.sqlite". */
  readonly name: string;
  readonly schema: string;
  /** Where records for a replay are kept; beside a table, the bucket that BALLAST_BUCKET names. */
  readonly blobs?: BlobStore;
  /** In the order of their first events, or of their instants. A store that cannot list them all asks which accounts are meant. */
  runIds(accounts: () => readonly AccountName[]): Promise<readonly RunId[]>;
  close(): void;
}

export interface Desk {
  readonly config: Config;
  readonly store: DeskStore;
  readonly clock: Clock;
  readonly keysOf: KeysOf;
  readonly env: Environment;
  /** @throws UsageError, ConfigInvalid, KeysUnavailable, StoreUnavailable */
  openVenue(account: AccountConfig): Promise<Venue<DeskStore>>;
}

export function addStoreOptions(command: Command): Command {
  return command
    .addOption(new Option("--state, --store <file>", `the store on this machine, an SQLite file (default: ${DEFAULT_STORE})`))
    .addOption(new Option("--table <name>", "the DynamoDB table of a deployment instead (default: BALLAST_TABLE, where --store is not given)"));
}

export function addDeskOptions(command: Command): Command {
  return addStoreOptions(command.option("--config <file>", "the configuration", "ballast.yaml").option("--account <name>", "the account (default: the only one)")).option("--live <account>", "confirm by its name that an account of real money is meant");
}

/** A store that is not there is made only where `create` says so, and one that may only be read will do where `toRead` does. @throws UsageError, ConfigInvalid, StoreUnavailable */
export function openStore({ store: file, table }: StoreOptions, how: { readonly create?: true; readonly toRead?: true } = {}): DeskStore {
  if (file !== undefined && table !== undefined) throw new UsageError("give --store or --table, not both");
  const tableName = table ?? (file === undefined ? process.env[ENVIRONMENT.table] : undefined);
  if (tableName !== undefined && tableName !== "") return tableStore(tableName);
  return fileStore(file ?? DEFAULT_STORE, how);
}

/** @throws UsageError, ConfigInvalid, StoreUnavailable */
export function openDesk(options: DeskOptions, how: { readonly create?: true } = {}): Desk {
  const config = readConfig(options.config);
  const store = openStore(options, how);
  const isLocal = store.schema.startsWith("SQLite");
  const keysOf: KeysOf = isLocal ? async () => keysFromEnvironment(process.env) : secretKeys(systemClock);
  const env = { ...process.env, [ENVIRONMENT.confirmLive]: options.live };
  return { config, store, clock: systemClock, keysOf, env, openVenue: portsOver(store, keysOf, env, systemClock) };
}

export function readConfig(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new UsageError(`the configuration ${file} could not be read: name one with --config`, { cause });
  }
  return parseConfig(text, strategies, file);
}

/** The account that is meant. @throws UsageError */
export function accountOf({ accounts }: Config, asked: string | undefined): AccountConfig {
  const names = [...accounts.keys()];
  if (asked === undefined && names.length !== 1) throw new UsageError(`say which account with --account: ${names.join(", ")}`);
  const found = accounts.get((asked ?? names[0]!) as AccountName);
  if (!found) throw new UsageError(`the configuration has no account ${asked}; it has ${names.join(", ")}`);
  return found;
}

/** The strategy that is meant, on its account. @throws UsageError */
export function deploymentOf(config: Config, { account: asked, strategy }: Pick<DeskOptions, "account" | "strategy">): Deployment {
  const { name } = accountOf(config, asked);
  const here = config.deployments.filter((one) => one.account === name);
  const found = strategy === undefined && here.length === 1 ? here[0] : here.find((one) => one.strategy.name === strategy);
  if (found) return found;
  const names = here.map((one) => one.strategy.name).join(", ") || "none";
  throw new UsageError(strategy === undefined ? `say which strategy with --strategy: ${names}` : `account ${name} runs no strategy ${strategy}; it runs ${names}`);
}

function fileStore(file: string, { create, toRead }: NonNullable<Parameters<typeof openStore>[1]>): DeskStore {
  if (!existsSync(file)) {
    if (!create) throw new UsageError(`there is no state file ${file}: ballast paper and ballast run make it; --store names another`);
    makeDirectory(dirname(file));
  }
  const store = openSqliteStore(file, { ...(toRead && { toRead }) });
  return { ...store, name: file, schema: `SQLite schema ${SCHEMA_VERSION}`, runIds: async () => store.journal.runs() };
}

function tableStore(tableName: string): DeskStore {
  const blobs = blobsOf(process.env);
  const store = storeOf({ ...process.env, [ENVIRONMENT.table]: tableName }, systemClock, blobs);
  return {
    ...store,
    ...(blobs && { blobs }),
    name: `table ${tableName}`,
    schema: "DynamoDB table",
    async runIds(accounts) {
      const found: RunId[] = [];
      for (const account of accounts()) for await (const { run } of store.journal.listRuns({ account })) found.push(run);
      return found;
    },
    close: () => undefined,
  };
}
