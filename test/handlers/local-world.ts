/**
 * The world of a handler on this machine: DynamoDB's wire (dynalite), a Secrets Manager that knows one secret, and a
 * small broker that speaks as much of Alpaca as a rebalance needs. All on loopback, reached by environment variables
 * alone, so that a bundled handler in a process of its own meets the same world as one in the test.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import type { Journal, StateStore } from "../../src/ports.ts";
import { dynamodbClient, dynamodbStore } from "../../src/state/dynamodb.ts";
import { PARTITION_KEY, SORT_KEY } from "../../src/state/dynamodb-table.ts";
import { instantOf, isoOf, plusMs, type Instant } from "../../src/time.ts";
import { LocalBroker, type Answer } from "./local-broker.ts";

export const CANARY_KEY_ID = "PKCANARYA1B2C3";
export const CANARY_SECRET = "canary/Secret+7f3e==";
export const SECRET_NAME = "ballast/test";
const TABLE = "ballast-test";

/** A Wednesday with a session; the schedule's instant is 09:35 in New York. */
const SCHEDULED_AT = "2026-11-18T14:35:00Z";

export const CONFIG = `
accounts:
  paper: { venue: alpaca-paper, secret: ${SECRET_NAME}, feed: iex }
strategies:
  - strategy: fixed-weights
    account: paper
    params: { weights: { SPY: 0.6, IEF: 0.4 }, band: 0.05 }
    limits: { positionWeightMax: 0.7 }
`;

export const TRIGGER = { account: "paper", strategy: "fixed-weights", scheduledAt: SCHEDULED_AT };

export interface LocalWorld {
  readonly broker: LocalBroker;
  readonly journal: Journal;
  readonly state: StateStore;
  /** All that a handler needs to find this world. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts twenty seconds after the scheduled instant and goes on at the pace of real time. */
  readonly clock: { now(): Instant };
  /** Lets time pass at once. */
  skipMs(ms: number): void;
  close(): Promise<void>;
}

export async function startLocalWorld(): Promise<LocalWorld> {
  const startedAt = Date.now();
  let skippedMs = 0;
  const clock = { now: () => plusMs(instantOf(SCHEDULED_AT), 20_000 + skippedMs + Date.now() - startedAt) };
  const broker = new LocalBroker(() => isoOf(clock.now()), { keyId: CANARY_KEY_ID, secretKey: CANARY_SECRET });
  const alpaca = await listening(createServer((request, answer) => void reply(request, answer, (body) => broker.answerInTime(request, body))));
  const secrets = await listening(createServer((request, answer) => void reply(request, answer, secretOf)));
  const dynamodb = await listening(dynalite({ createTableMs: 0 }));
  const client = dynamodbClient({ endpoint: urlOf(dynamodb), region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } });
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [
        { AttributeName: PARTITION_KEY, KeyType: "HASH" },
        { AttributeName: SORT_KEY, KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: PARTITION_KEY, AttributeType: "S" },
        { AttributeName: SORT_KEY, AttributeType: "S" },
      ],
    }),
  );
  return {
    broker,
    clock,
    skipMs: (ms) => void (skippedMs += ms),
    ...dynamodbStore({ client, tableName: TABLE, clock }),
    env: {
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      AWS_ENDPOINT_URL_DYNAMODB: urlOf(dynamodb),
      AWS_ENDPOINT_URL_SECRETS_MANAGER: urlOf(secrets),
      BALLAST_ALPACA_BASE_URL: urlOf(alpaca),
      BALLAST_TABLE: TABLE,
    },
    async close() {
      client.destroy();
      await Promise.all([alpaca, secrets, dynamodb].map(closed));
    },
  };
}

function secretOf(body: string): Answer {
  const { SecretId } = JSON.parse(body) as { SecretId: string };
  if (SecretId !== SECRET_NAME) return { status: 400, body: { __type: "ResourceNotFoundException", message: "no such secret" } };
  return { status: 200, body: { Name: SECRET_NAME, SecretString: JSON.stringify({ keyId: CANARY_KEY_ID, secretKey: CANARY_SECRET }) } };
}

async function reply(request: IncomingMessage, answer: ServerResponse, respond: (body: string) => Answer | Promise<Answer>): Promise<void> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const { status, body } = await respond(text);
  answer.writeHead(status, { "content-type": "application/json" });
  answer.end(body === undefined ? "" : JSON.stringify(body));
}

function listening(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
