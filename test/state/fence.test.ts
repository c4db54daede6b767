import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { JournalConflict, StateConflict, type Broker, type StateKey } from "../../src/ports.ts";
import { dynamodbStore } from "../../src/state/dynamodb.ts";
import { LeaseLost, type Fence, type FencingStore } from "../../src/state/fence.ts";
import { acquireLease, underLease } from "../../src/state/lease.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import { instantOf, plusMs, type Instant } from "../../src/time.ts";
import type { AccountName, ApprovedOrder, ClientOrderId, RunId } from "../../src/trade.ts";
import { startDynamodb, type DynamodbServer } from "../support/dynamodb-server.ts";
import { eventAt } from "../support/store-contract.ts";

const AT = instantOf("2024-03-01T14:30:00Z");
const account = "acct" as AccountName;
const run = "acct/trend/2024-03-01T14:30:00.000Z" as RunId;
const counter: StateKey<number> = { name: "counter", parse: Number };

let server: DynamodbServer;
beforeAll(async () => {
  server = await startDynamodb();
});
afterAll(() => server.close());
let cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps) cleanUp();
  cleanUps = [];
});

let tables = 0;
async function freshTable(): Promise<string> {
  tables += 1;
  await server.createTable(`fenced-${tables}`);
  return `fenced-${tables}`;
}

const stores: [string, () => Promise<{ first: FencingStore; second: FencingStore }>][] = [
  [
    "SQLite",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "ballast-fence-"));
      const [first, second] = [openSqliteStore(join(folder, "s")), openSqliteStore(join(folder, "s"))];
      cleanUps.push(() => {
        first.close();
        second.close();
        rmSync(folder, { recursive: true });
      });
      return { first, second };
    },
  ],
  [
    "DynamoDB",
    async () => {
      const tableName = await freshTable();
      const open = (): FencingStore => dynamodbStore({ client: server.client(3), tableName, clock: { now: () => AT } });
      return { first: open(), second: open() };
    },
  ],
];

async function acquired(store: FencingStore, holder: string, now: Instant = AT): Promise<Fence> {
  const acquisition = await acquireLease(store.state, account, holder, now, 0);
  if (acquisition.kind !== "acquired") throw new Error(`held by ${acquisition.by}`);
  return acquisition.lease;
}

describe.each(stores)("on %s", (_, open) => {
  test("once a later token exists, the earlier holder's appends and saves are refused and change nothing", async () => {
    const { first, second } = await open();
    const old = first.fencedBy(await acquired(first, "one"));
    await old.journal.append(run, 0, eventAt(0));
    await old.state.save(counter, 1, 0);
    const later = second.fencedBy(await acquired(second, "two"));
    await expect(old.journal.append(run, 1, eventAt(1, "late"))).rejects.toThrow("the lease 1 on account acct was lost to two, who has 2");
    await expect(old.journal.append(run, 1, eventAt(1, "late"))).rejects.toThrow(LeaseLost);
    await expect(old.journal.append("another run" as RunId, 0, eventAt(0, "late"))).rejects.toThrow(LeaseLost);
    await expect(old.state.save(counter, 2, 1)).rejects.toThrow(LeaseLost);
    await expect(old.state.save({ ...counter, name: "new" }, 2, 0)).rejects.toThrow(LeaseLost);
    expect(await later.journal.read(run)).toEqual([eventAt(0)]);
    expect(await later.state.load(counter)).toEqual({ value: 1, version: 1 });
  });

  test("the newest holder writes, loses its races as races, and reads what it wrote", async () => {
    const { first, second } = await open();
    await acquired(first, "one");
    const newest = first.fencedBy(await acquired(first, "two"));
    expect(await newest.journal.read(run)).toEqual([]);
    await newest.journal.append(run, 0, eventAt(0));
    await newest.journal.append(run, 1, eventAt(1));
    expect(await newest.journal.read(run)).toEqual([eventAt(0), eventAt(1)]);
    expect(await newest.journal.read(run)).toEqual([eventAt(0), eventAt(1)]);
    await newest.journal.append(run, 2, eventAt(2));
    await newest.state.save(counter, 1, 0);
    await expect(newest.journal.append(run, 2, eventAt(2))).rejects.toThrow(JournalConflict);
    await expect(newest.journal.append(run, 4, eventAt(4))).rejects.toThrow(JournalConflict);
    await expect(newest.state.save(counter, 1, 0)).rejects.toThrow(StateConflict);
    expect(await second.journal.read(run)).toHaveLength(3);
  });

  test("a holder of another account is not refused, nor is a writer without a lease", async () => {
    const { first, second } = await open();
    const other = first.fencedBy({ account: "other" as AccountName, token: 1 });
    const holder = second.fencedBy(await acquired(second, "one"));
    await acquired(second, "two");
    await other.journal.append(run, 0, eventAt(0));
    await first.state.save(counter, 1, 0);
    await first.journal.append(run, 1, eventAt(1));
    await expect(holder.journal.append(run, 2, eventAt(2))).rejects.toThrow(LeaseLost);
  });

  test("orders and cancels are requested only under the newest token", async () => {
    const { first, second } = await open();
    const asked: string[] = [];
    const broker = { submit: async () => (asked.push("submit"), { kind: "accepted" }), cancel: async () => void asked.push("cancel"), find: async () => void asked.push("find") } as unknown as Broker;
    let now = AT;
    const held = underLease({ store: first, clock: { now: () => now }, account, holder: "one" }, async (ports) => {
      const guarded = ports.broker(broker);
      await guarded.submit({} as ApprovedOrder);
      now = plusMs(AT, 61_000);
      expect(await acquireLease(second.state, account, "two", now, 60_000)).toMatchObject({ kind: "acquired", lease: { token: 2 } });
      await guarded.find("x" as ClientOrderId);
      await expect(guarded.cancel("x" as ClientOrderId)).rejects.toThrow(LeaseLost);
      await guarded.submit({} as ApprovedOrder);
    });
    await expect(held).rejects.toThrow(LeaseLost);
    expect(asked).toEqual(["submit", "find"]);
    expect(await acquireLease(second.state, account, "three", now, 60_000)).toMatchObject({ kind: "held", by: "two" });
  });

  test("a holder at work keeps its lease for longer than the lease was given for, and gives it back at the end", async () => {
    const { first, second } = await open();
    let now = AT;
    const held = await underLease({ store: first, clock: { now: () => now }, account, holder: "one" }, async ({ journal }) => {
      for (let seq = 0; seq < 5; seq += 1) {
        now = plusMs(now, 40_000);
        await journal.append(run, seq, eventAt(seq));
        expect(await acquireLease(second.state, account, "two", now, 60_000)).toMatchObject({ kind: "held", by: "one" });
      }
      return "done";
    });
    expect(held).toEqual({ kind: "done", answer: "done" });
    expect(await acquireLease(second.state, account, "two", now, 60_000)).toMatchObject({ kind: "acquired", lease: { token: 2 } });
  });
});

describe("on DynamoDB, where the lease and the journal are different items", () => {
  /** A client whose next put under `pk` waits until it is let go. */
  function pausing(client: DynamoDBClient, pk: string): { readonly arrived: Promise<void>; readonly letGo: () => void } {
    let arrive = (): void => undefined;
    let letGo = (): void => undefined;
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const { Item } = args.input as { Item?: { pk?: unknown } };
        if (context.commandName === "PutItemCommand" && JSON.stringify(Item?.pk).includes(pk)) {
          arrive();
          await gate;
        }
        return next(args);
      },
      { step: "initialize" },
    );
    return { arrived, letGo };
  }

  test("an append that is on its way while another acquires the lease and reads the run is refused when it arrives", async () => {
    const tableName = await freshTable();
    const slowClient = server.client();
    const slow = dynamodbStore({ client: slowClient, tableName, clock: { now: () => AT } });
    const fast = dynamodbStore({ client: server.client(), tableName, clock: { now: () => AT } });
    const old = slow.fencedBy(await acquired(slow, "one"));
    await old.journal.read(run);
    await old.journal.append(run, 0, eventAt(0));
    const { arrived, letGo } = pausing(slowClient, "run#");
    const late = old.journal.append(run, 1, eventAt(1, "late"));
    await arrived;
    const later = fast.fencedBy(await acquired(fast, "two"));
    expect(await later.journal.read(run)).toHaveLength(1);
    letGo();
    await expect(late).rejects.toThrow(LeaseLost);
    await later.journal.append(run, 1, eventAt(1, "two"));
    expect(await fast.journal.read(run)).toEqual([eventAt(0), eventAt(1, "two")]);
  });

  test("an append that arrives before the later holder has read the run is an event like any other", async () => {
    const tableName = await freshTable();
    const slowClient = server.client();
    const slow = dynamodbStore({ client: slowClient, tableName, clock: { now: () => AT } });
    const fast = dynamodbStore({ client: server.client(), tableName, clock: { now: () => AT } });
    const old = slow.fencedBy(await acquired(slow, "one"));
    const { arrived, letGo } = pausing(slowClient, "run#");
    const late = old.journal.append(run, 0, eventAt(0, "late"));
    await arrived;
    const later = fast.fencedBy(await acquired(fast, "two"));
    letGo();
    await late;
    expect(await later.journal.read(run)).toEqual([eventAt(0, "late")]);
    await later.journal.append(run, 1, eventAt(1, "two"));
  });

  test("a save that is on its way is refused by the version that the later holder saved", async () => {
    const tableName = await freshTable();
    const slowClient = server.client();
    const slow = dynamodbStore({ client: slowClient, tableName, clock: { now: () => AT } });
    const fast = dynamodbStore({ client: server.client(), tableName, clock: { now: () => AT } });
    const old = slow.fencedBy(await acquired(slow, "one"));
    const { arrived, letGo } = pausing(slowClient, "state#counter");
    const late = old.state.save(counter, 1, 0);
    await arrived;
    await fast.fencedBy(await acquired(fast, "two")).state.save(counter, 2, 0);
    letGo();
    await expect(late).rejects.toThrow(StateConflict);
    expect(await fast.state.load(counter)).toEqual({ value: 2, version: 1 });
  });
});
