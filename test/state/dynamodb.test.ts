import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { JournalConflict, StateConflict, type Clock, type StateKey } from "../../src/ports.ts";
import type { RunId } from "../../src/trade.ts";
import { dynamodbStore, type DynamodbStore } from "../../src/state/dynamodb.ts";
import { EXPIRY_ATTRIBUTE } from "../../src/state/dynamodb-table.ts";
import type { ExpiringKey } from "../../src/state/expiring-key.ts";
import { StoreUnavailable } from "../../src/state/store-errors.ts";
import { instantOf } from "../../src/time.ts";
import { startDynamodb, type DynamodbServer } from "../support/dynamodb-server.ts";
import { eventAt, storeContract } from "../support/store-contract.ts";

let server: DynamodbServer;
beforeAll(async () => {
  server = await startDynamodb();
});
afterAll(() => server.close());

const clock: Clock = { now: () => instantOf("2024-03-01T14:30:00Z") };
let tables = 0;

async function freshTable(): Promise<string> {
  tables += 1;
  await server.createTable(`ballast-${tables}`);
  return `ballast-${tables}`;
}

storeContract("DynamoDB", async () => {
  const tableName = await freshTable();
  return {
    first: dynamodbStore({ client: server.client(3), tableName, clock }),
    second: dynamodbStore({ client: server.client(3), tableName, clock }),
    close: () => undefined,
  };
});

const run = "acct.trend.2024-03-01" as RunId;
const counter: StateKey<number> = { name: "counter", parse: Number };

describe("a put whose answer is lost", () => {
  let tableName: string;
  let store: DynamodbStore;
  beforeEach(async () => {
    tableName = await freshTable();
    store = dynamodbStore({ client: server.client(), tableName, clock });
  });
  afterEach(() => {
    server.fateOf = () => "serve";
  });

  test("is an append that succeeded when the event is there", async () => {
    loseNextPut("lose-answer");
    await store.journal.append(run, 0, eventAt(0));
    await store.journal.append(run, 1, eventAt(1));
    expect(await store.journal.read(run)).toEqual([eventAt(0), eventAt(1)]);
  });

  test("is an append that succeeded when the SDK repeated the put and met its own event", async () => {
    store = dynamodbStore({ client: server.client(3), tableName, clock });
    const puts = loseNextPut("lose-answer");
    await store.journal.append(run, 0, eventAt(0));
    expect(puts()).toBe(2);
  });

  test("is a conflict when another's event was there, be it equal", async () => {
    await dynamodbStore({ client: server.client(), tableName, clock }).journal.append(run, 0, eventAt(0));
    loseNextPut("lose-answer");
    await expect(store.journal.append(run, 0, eventAt(0))).rejects.toThrow(JournalConflict);
  });

  test("is a store that is unavailable when the request never arrived, and the append can be made again", async () => {
    loseNextPut("lose-request");
    await expect(store.journal.append(run, 0, eventAt(0))).rejects.toThrow(StoreUnavailable);
    await store.journal.append(run, 0, eventAt(0));
    expect(await store.journal.read(run)).toEqual([eventAt(0)]);
  });

  test("is a store that is unavailable when reading back fails too", async () => {
    server.fateOf = () => "lose-answer";
    await expect(store.journal.append(run, 0, eventAt(0))).rejects.toThrow(StoreUnavailable);
    server.fateOf = () => "serve";
    expect(await store.journal.read(run)).toEqual([eventAt(0)]);
  });

  test("is a save that succeeded when the value is there", async () => {
    loseNextPut("lose-answer");
    await store.state.save(counter, 1, 0);
    loseNextPut("lose-answer");
    await store.state.save(counter, 2, 1);
    expect(await store.state.load(counter)).toEqual({ value: 2, version: 2 });
  });

  test("is a conflict when another's equal value is there", async () => {
    await dynamodbStore({ client: server.client(), tableName, clock }).state.save(counter, 1, 0);
    loseNextPut("lose-answer");
    await expect(store.state.save(counter, 1, 0)).rejects.toThrow(StateConflict);
  });

  test("is a store that is unavailable when the save never arrived", async () => {
    await store.state.save(counter, 1, 0);
    loseNextPut("lose-request");
    await expect(store.state.save(counter, 2, 1)).rejects.toThrow(StoreUnavailable);
    expect(await store.state.load(counter)).toEqual({ value: 1, version: 1 });
  });
});

describe("time to live", () => {
  test("is set on a value under an expiring key, and on nothing else", async () => {
    const tableName = await freshTable();
    const { journal, state } = dynamodbStore({ client: server.client(), tableName, clock });
    const breaker: ExpiringKey<string> = { name: "breaker", keepForMs: 60_000, parse: String };
    await journal.append(run, 0, eventAt(0));
    await state.save(counter, 1, 0);
    await state.save(breaker, "open", 0);
    const { Items } = await server.client().send(new ScanCommand({ TableName: tableName }));
    const expiries = Items!.map((item) => [item["pk"]!.S, item[EXPIRY_ATTRIBUTE]?.N]);
    expect(expiries.sort()).toEqual([
      ["run#acct.trend.2024-03-01", undefined],
      ["state#breaker", "1709303460"], // 2024-03-01T14:31:00Z
      ["state#counter", undefined],
    ]);
  });
});

describe("a table that cannot be used", () => {
  test("is named, with what DynamoDB said", async () => {
    const { journal, state } = dynamodbStore({ client: server.client(), tableName: "absent", clock });
    for (const use of [() => journal.read(run), () => journal.append(run, 0, eventAt(0)), () => state.load(counter), () => state.save(counter, 1, 0)]) {
      await expect(use()).rejects.toMatchObject({
        name: "StoreUnavailable",
        message: expect.stringMatching(/^could not (read from|write to) the DynamoDB table absent: ResourceNotFoundException: /) as string,
      });
    }
  });

  test("is an error of ours when nobody listens", async () => {
    const client = new DynamoDBClient({ endpoint: "http://127.0.0.1:9", region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" }, maxAttempts: 1 });
    await expect(dynamodbStore({ client, tableName: "any", clock }).journal.read(run)).rejects.toThrow(/ECONNREFUSED/);
  });

  test("an event that is too large even deflated is refused with its sizes before it is sent", async () => {
    const { journal } = dynamodbStore({ client: server.client(), tableName: await freshTable(), clock });
    const incompressible = Array.from({ length: 60_000 }, (_, n) => Math.sin(n)).join();
    await expect(journal.append(run, 0, eventAt(0, incompressible))).rejects.toThrow(/a DynamoDB item holds 400000/);
    expect(await journal.read(run)).toEqual([]);
  });
});

/** Applies `fate` to the next put only; answers with the number of puts that were seen. */
function loseNextPut(fate: "lose-answer" | "lose-request"): () => number {
  let puts = 0;
  server.fateOf = (operation) => {
    if (operation !== "PutItem") return "serve";
    puts += 1;
    return puts === 1 ? fate : "serve";
  };
  return () => puts;
}
