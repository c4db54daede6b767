import { createHash, randomBytes } from "node:crypto";
import { DynamoDBClient, GetItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { JournalConflict, StateConflict, type Clock, type StateKey } from "../../src/ports.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import type { AccountName, RunId } from "../../src/trade.ts";
import { dynamodbStore, type DynamodbStore } from "../../src/state/dynamodb.ts";
import { EXPIRY_ATTRIBUTE } from "../../src/state/dynamodb-table.ts";
import type { ExpiringKey } from "../../src/state/expiring-key.ts";
import { S3BlobStore } from "../../src/state/s3-blobs.ts";
import { StoreUnavailable } from "../../src/state/store-errors.ts";
import { instantOf } from "../../src/time.ts";
import { startDynamodb, type DynamodbServer } from "../support/dynamodb-server.ts";
import { startS3, type S3Server, type StoredObject } from "../support/s3-server.ts";
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

describe("an event that no item can hold", () => {
  // Hexadecimal digits of chance: a megabyte of them deflates to more than half of that.
  const large = (): string => randomBytes(500_000).toString("hex");
  let s3: S3Server;
  let tableName: string;
  let store: DynamodbStore;
  const openStore = (): DynamodbStore => dynamodbStore({ client: server.client(), tableName, clock, blobs: new S3BlobStore({ client: s3.client(), bucket: s3.bucket }) });
  beforeEach(async () => {
    s3 = await startS3();
    tableName = await freshTable();
    store = openStore();
  });
  afterEach(() => s3.close());

  test("lies in the bucket under its hash, with a small item that names it, and is read back byte for byte", async () => {
    const event = eventAt(1, large());
    await store.journal.append(run, 0, eventAt(0));
    await store.journal.append(run, 1, event);
    await store.journal.append(run, 2, eventAt(2));
    const read = await openStore().journal.read(run);
    expect(read.map(({ seq }) => seq)).toEqual([0, 1, 2]);
    expect(JSON.stringify(read[1]) === JSON.stringify(event)).toBe(true);
    const contentHash = createHash("sha256").update(JSON.stringify(event)).digest("hex");
    expect([...s3.objects.keys()]).toEqual([`/ballast-blobs/blobs/${contentHash}`]);
    const { Item } = await server.client().send(new GetItemCommand({ TableName: tableName, Key: { pk: { S: `run#${run}` }, sk: { S: "00000001" } } }));
    expect(Object.keys(Item!).sort()).toEqual(["blob", "pk", "sk", "writer"]);
    expect(Item!["blob"]!.S).toBe(contentHash);
  });

  test("is in the bucket before the item names it: where the bucket refuses, nothing is appended", async () => {
    s3.refusals.push(403);
    await expect(store.journal.append(run, 0, eventAt(0, large()))).rejects.toThrow(StoreUnavailable);
    expect(await store.journal.read(run)).toEqual([]);
    await store.journal.append(run, 0, eventAt(0));
  });

  test("is a corrupt store when the bucket has lost it or changed it, and not an event that is absent", async () => {
    await store.journal.append(run, 0, eventAt(0, large()));
    const [[key, object]] = [...s3.objects] as [[string, StoredObject]];
    object.body = Buffer.from(object.body.map((byte) => byte ^ 1));
    await expect(store.journal.read(run)).rejects.toMatchObject({ name: "BlobCorrupt" });
    s3.objects.delete(key);
    await expect(store.journal.read(run)).rejects.toThrow(/^the event run#.* 00000000 is to lie in the bucket under [0-9a-f]{64}, and does not$/);
  });

  test("is refused by a store that was given no bucket, with the sizes", async () => {
    store = dynamodbStore({ client: server.client(), tableName, clock });
    await expect(store.journal.append(run, 0, eventAt(0, large()))).rejects.toThrow(/^event 0 of run .* has 10\d{5} bytes, a DynamoDB item holds 400000, and the store was given no bucket for larger ones$/);
  });
});

describe("the list of runs", () => {
  const opening = { ...eventAt(0), type: "run-opened", account: "acct", strategy: "trend", scheduledAt: instantOf("2024-03-01T14:35:00Z") } as unknown as JournalEvent;
  const listed = async ({ journal }: DynamodbStore): Promise<string[]> => {
    const found: string[] = [];
    for await (const one of journal.listRuns({ account: "acct" as AccountName })) found.push(one.run);
    return found;
  };

  test("has no run that was interrupted before its first event, and has it once it is opened after all", async () => {
    const tableName = await freshTable();
    const store = dynamodbStore({ client: server.client(), tableName, clock });
    let puts = 0;
    server.fateOf = (operation) => (operation === "PutItem" && (puts += 1) === 2 ? "lose-request" : "serve");
    await expect(store.journal.append(run, 0, opening)).rejects.toThrow(StoreUnavailable);
    server.fateOf = () => "serve";
    expect(await listed(store)).toEqual([]);
    await store.journal.append(run, 0, opening);
    expect(await listed(store)).toEqual([run]);
  });

  test("is read by queries of one partition, and no scan", async () => {
    const tableName = await freshTable();
    const store = dynamodbStore({ client: server.client(), tableName, clock });
    await store.journal.append(run, 0, opening);
    const operations: string[] = [];
    server.fateOf = (operation) => {
      operations.push(operation);
      return "serve";
    };
    await listed(store);
    server.fateOf = () => "serve";
    expect(operations).toEqual(["Query", "GetItem"]);
  });
});

describe("time to live", () => {
  test("is set on a value under an expiring key, and on nothing of a journal", async () => {
    const tableName = await freshTable();
    const store = dynamodbStore({ client: server.client(), tableName, clock });
    const { journal, state } = store;
    const opened = "acct/trend/2024-03-01T14:30:00.000Z" as RunId;
    await store.fencedBy({ account: "acct" as AccountName, token: 1 }).journal.read("acct.claimed" as RunId);
    await journal.append(opened, 0, { ...eventAt(0), type: "run-opened", account: "acct", strategy: "trend", scheduledAt: clock.now() } as unknown as JournalEvent);
    await journal.append(opened, 1, { ...eventAt(1), type: "run-closed" } as unknown as JournalEvent);
    const breaker: ExpiringKey<string> = { name: "breaker", keepForMs: 60_000, parse: String };
    await journal.append(run, 0, eventAt(0));
    await state.save(counter, 1, 0);
    await state.save(breaker, "open", 0);
    const { Items } = await server.client().send(new ScanCommand({ TableName: tableName }));
    const expiries = Items!.map((item) => [item["pk"]!.S, item[EXPIRY_ATTRIBUTE]?.N]);
    expect(expiries.sort()).toEqual([
      ["run#acct.claimed", undefined],
      ["run#acct.trend.2024-03-01", undefined],
      ["run#acct/trend/2024-03-01T14:30:00.000Z", undefined],
      ["run#acct/trend/2024-03-01T14:30:00.000Z", undefined],
      ["runs#acct", undefined],
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
