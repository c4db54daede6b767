/**
 * The five ports of an account, on AWS and on a person's machine. The only file that knows live from paper.
 *
 * Broker and market data are Alpaca's. On AWS journal and state are in DynamoDB and the keys in Secrets Manager; a
 * command may bring another store and other keys. Real money needs two words: the venue `alpaca-live` in ballast.yaml,
 * and the account's name in BALLAST_CONFIRM_LIVE, which the stack sets for an account that was confirmed when it was
 * synthesised, and a command for the account that its own `--live` names.
 *
 * On a developer's machine the SDK's own AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_SECRETS_MANAGER lead to local
 * servers, and BALLAST_ALPACA_BASE_URL to one that speaks Alpaca's protocol. The last is taken for loopback hosts only.
 */
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { z } from "zod";
import { alpacaBroker } from "../alpaca/broker.ts";
import { compatibleServer, liveTrading, paperTrading, type TradingHost } from "../alpaca/hosts.ts";
import { alpacaMarketData } from "../alpaca/market-data.ts";
import { RateBudget } from "../alpaca/rate-budget.ts";
import { breakerKey, ReadBreaker } from "../alpaca/read-breaker.ts";
import type { WireOptions } from "../alpaca/wire.ts";
import type { AlpacaKeys, Secret } from "../aws/secret.ts";
import { keysFromSecretsManager, type KeySource } from "../aws/secrets.ts";
import { ConfigInvalid, type AccountConfig } from "../config.ts";
import type { BlobStore, Clock, Ports, StateStore } from "../ports.ts";
import type { AccountName } from "../trade.ts";
import { dynamodbClient, dynamodbStore, type DynamodbStore } from "../state/dynamodb.ts";
import type { FencingStore } from "../state/fence.ts";
import { S3BlobStore, s3Client } from "../state/s3-blobs.ts";
import type { Instant } from "../time.ts";

/** What lib/ tells a function through its environment. */
export const ENVIRONMENT = { table: "BALLAST_TABLE", bucket: "BALLAST_BUCKET", confirmLive: "BALLAST_CONFIRM_LIVE", alpacaBaseUrl: "BALLAST_ALPACA_BASE_URL" } as const;

export type Environment = Readonly<Record<string, string | undefined>>;

export const systemClock: Clock = { now: () => Date.now() as Instant };

export interface Venue<S extends FencingStore = DynamodbStore> {
  readonly ports: Ports & S;
  /** For what else talks to the account's server. */
  readonly host: TradingHost;
  readonly keys: AlpacaKeys;
  /** For the records of the runs. */
  readonly blobs: BlobStore | undefined;
  /** What the log must not show. */
  readonly secrets: readonly Secret[];
  /** Stores the state of the circuit breakers for the next invocation. Nothing is read from the venue after it. */
  readonly keepBreakers: () => Promise<void>;
}

/** @throws ConfigInvalid for an account that may not be traded, KeysUnavailable, StoreUnavailable. */
export type OpenVenue<S extends FencingStore = DynamodbStore> = (account: AccountConfig) => Promise<Venue<S>>;

export type KeysOf = (account: AccountConfig) => Promise<AlpacaKeys>;

/** Clients, keys and permits are kept for as long as the process lives. @throws ConfigInvalid */
export function portsForVenue(env: Environment, clock: Clock): OpenVenue {
  const blobs = blobsOf(env);
  return portsOver({ ...storeOf(env, clock, blobs), ...(blobs && { blobs }) }, secretKeys(clock), env, clock);
}

/** From Secrets Manager, kept as secrets.ts says. */
export function secretKeys(clock: Clock): KeysOf {
  const client = new SecretsManagerClient({ requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true }, maxAttempts: 4 });
  const sources = new Map<AccountName, KeySource>();
  return ({ name, secret }) => {
    const source = sources.get(name) ?? keysFromSecretsManager({ client, secretName: secret, clock });
    sources.set(name, source);
    return source.keys();
  };
}

/** How patient requests to the venue are. */
type Patience = Pick<WireOptions, "timeoutMs" | "retryDelayMs" | "retryTimeMaxMs">;

export function portsOver<S extends FencingStore & { readonly blobs?: BlobStore }>(store: S, keysOf: KeysOf, env: Environment, clock: Clock, patience: Patience = {}): OpenVenue<S> {
  const budgets = new Map<string, RateBudget>();
  const budgetOf = (name: string, requestsPerMinute: number): RateBudget => {
    const budget = budgets.get(name) ?? new RateBudget({ name, requestsPerMinute, state: store.state, clock });
    budgets.set(name, budget);
    return budget;
  };
  return async (account) => {
    const host = tradingHostOf(account, env);
    const keys = await keysOf(account);
    const trading = await restoreBreaker(`alpaca-trading/${account.name}`, store.state, clock);
    const data = await restoreBreaker(`alpaca-data/${account.name}`, store.state, clock);
    const url = env[ENVIRONMENT.alpacaBaseUrl];
    return {
      ports: {
        clock,
        ...store,
        broker: alpacaBroker({ ...patience, keys, host, clock, breaker: trading.breaker, budget: budgetOf(`alpaca-trading/${account.name}`, account.requestsPerMinute) }),
        marketData: alpacaMarketData({
          ...patience,
          keys,
          feed: account.feed,
          ...(account.feedFallback && { feedFallback: account.feedFallback }),
          breaker: data.breaker,
          budget: budgetOf(`alpaca-data/${account.name}`, account.dataRequestsPerMinute),
          ...(url !== undefined && { url }),
        }),
      },
      host,
      keys,
      blobs: store.blobs,
      secrets: [keys.keyId, keys.secretKey],
      keepBreakers: async () => {
        await Promise.all([trading.keep(), data.keep()]);
      },
    };
  };
}

/** Journal and state alone, for handlers that need no broker. @throws ConfigInvalid */
export function storeOf(env: Environment, clock: Clock, blobs = blobsOf(env)): DynamodbStore {
  const tableName = z.string().min(1).safeParse(env[ENVIRONMENT.table]);
  if (!tableName.success) throw new ConfigInvalid(`${ENVIRONMENT.table} must name the DynamoDB table`);
  return dynamodbStore({ client: dynamodbClient(), tableName: tableName.data, clock, ...(blobs && { blobs }) });
}

/** The bucket for records and for what no item of the table can hold, where there is one. */
export function blobsOf(env: Environment): BlobStore | undefined {
  const bucket = env[ENVIRONMENT.bucket];
  return bucket === undefined || bucket === "" ? undefined : new S3BlobStore({ client: s3Client(), bucket });
}

function tradingHostOf({ name, venue }: AccountConfig, env: Environment): TradingHost {
  const confirmed = venue === "alpaca-live" && env[ENVIRONMENT.confirmLive] === name;
  if (venue === "alpaca-live" && !confirmed) {
    throw new ConfigInvalid(`account ${name} trades real money, and ${ENVIRONMENT.confirmLive} does not say ${name}: deploy it with -c confirmLive=${name}, or give the command --live ${name}`);
  }
  const url = env[ENVIRONMENT.alpacaBaseUrl];
  if (url !== undefined) return loopbackServer(url);
  return confirmed ? liveTrading({ configuredVenue: "live", confirmation: "trade real money" }) : paperTrading;
}

function loopbackServer(url: string): TradingHost {
  const hostname = URL.canParse(url) ? new URL(url).hostname : "";
  if (!/^(127(\.\d{1,3}){3}|localhost|\[::1\])$/.test(hostname)) throw new ConfigInvalid(`${ENVIRONMENT.alpacaBaseUrl} is for servers on this machine, not for ${url}`);
  return compatibleServer(url);
}

async function restoreBreaker(name: string, state: StateStore, clock: Clock): Promise<{ readonly breaker: ReadBreaker; keep(): Promise<void> }> {
  const key = breakerKey(name);
  const stored = await state.load(key);
  const before = stored?.value ?? { kind: "closed" };
  const breaker = new ReadBreaker(name, clock, before);
  return {
    breaker,
    async keep() {
      const after = breaker.state();
      breaker.close();
      if (JSON.stringify(after) === JSON.stringify(before)) return;
      try {
        await state.save(key, after, stored?.version ?? 0);
      } catch {
        // Another invocation was faster, or the store is away: the next one finds out by a few reads of its own.
      }
    },
  };
}
