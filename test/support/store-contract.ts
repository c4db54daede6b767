/**
 * What every store keeps true, as one suite: run by the tests of the memory, the SQLite and the DynamoDB store.
 *
 * `open` gives two openings of one fresh store, as two invocations would have them.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { JournalConflict, StateConflict, type Journal, type RunFilter, type RunIndex, type StateKey, type StateStore } from "../../src/ports.ts";
import type { AccountName, RunId } from "../../src/trade.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import type { Lease } from "../../src/state/fence.ts";
import { acquireLease, releaseLease, renewLease, type Acquisition } from "../../src/state/lease.ts";
import { instantOf, type SessionDate } from "../../src/time.ts";

export interface Opening {
  readonly journal: Journal & RunIndex;
  readonly state: StateStore;
}

export interface OpenedStore {
  readonly first: Opening;
  readonly second: Opening;
  close(): Promise<void> | void;
}

const AT = instantOf("2024-03-01T14:30:00Z");
const run = "acct.trend.2024-03-01" as RunId;
const account = "acct" as AccountName;

interface Memo {
  readonly note: string;
  readonly numbers: readonly number[];
}

const memo: StateKey<Memo> = {
  name: "memo/α",
  parse(stored) {
    if (typeof stored !== "object" || stored === null || !("note" in stored)) throw new Error("no note");
    return stored as Memo;
  },
};

export function eventAt(seq: number, source = "files:3f"): JournalEvent {
  return {
    seq,
    at: AT,
    previous: "0".repeat(64),
    type: "view-recorded",
    asOf: AT,
    session: "2024-02-29" as SessionDate,
    source,
    adjustment: "raw",
    lookback: 200,
    held: {},
    viewHash: "ab".repeat(32),
  };
}

export function storeContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} keeps the store contract`, () => {
    let store: OpenedStore;
    let journal: Journal & RunIndex;
    let state: StateStore;

    beforeEach(async () => {
      store = await open();
      ({ journal, state } = store.first);
    });
    afterEach(() => store.close());

    describe("journal", () => {
      test("a run that nobody opened has no events", async () => {
        expect(await journal.read(run)).toEqual([]);
      });

      test("events come back in order and byte for byte, from any opening", async () => {
        for (let seq = 0; seq < 25; seq += 1) await journal.append(run, seq, eventAt(seq));
        const read = await store.second.journal.read(run);
        expect(read.map((event) => JSON.stringify(event))).toEqual(Array.from({ length: 25 }, (_, seq) => JSON.stringify(eventAt(seq))));
      });

      test.each([
        ["an occupied place", 1],
        ["a place beyond the end", 3],
      ])("an append at %s is a conflict and changes nothing", async (_, place) => {
        await journal.append(run, 0, eventAt(0));
        await journal.append(run, 1, eventAt(1));
        for (const appender of [journal, store.second.journal]) {
          await expect(appender.append(run, place, eventAt(place, "late"))).rejects.toThrow(JournalConflict);
        }
        expect(await journal.read(run)).toEqual([eventAt(0), eventAt(1)]);
      });

      test("a first event beyond the beginning is a conflict", async () => {
        await expect(journal.append(run, 1, eventAt(1))).rejects.toThrow(JournalConflict);
        expect(await journal.read(run)).toEqual([]);
      });

      test("the same event appended twice is a conflict: an append is not idempotent", async () => {
        await journal.append(run, 0, eventAt(0));
        await expect(journal.append(run, 0, eventAt(0))).rejects.toThrow(JournalConflict);
        await expect(store.second.journal.append(run, 0, eventAt(0))).rejects.toThrow(JournalConflict);
      });

      test("of appenders at one place exactly one wins, and its event stays", async () => {
        const appenders = Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? store.first : store.second).journal.append(run, 0, eventAt(0, `appender ${n}`)));
        const outcomes = await Promise.allSettled(appenders);
        const winner = outcomes.findIndex((outcome) => outcome.status === "fulfilled");
        expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
        for (const outcome of outcomes) if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(JournalConflict);
        expect(await journal.read(run)).toEqual([eventAt(0, `appender ${winner}`)]);
      });

      test("of two appenders of equal events one wins", async () => {
        const outcomes = await Promise.allSettled([journal.append(run, 0, eventAt(0)), store.second.journal.append(run, 0, eventAt(0))]);
        expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(["fulfilled", "rejected"]);
      });

      test("runs do not see each other's events, also where one's name begins with the other's", async () => {
        const longer = `${run}#0` as RunId;
        await journal.append(run, 0, eventAt(0, "short"));
        await journal.append(longer, 0, eventAt(0, "long"));
        await journal.append(longer, 1, eventAt(1, "long"));
        expect(await journal.read(run)).toEqual([eventAt(0, "short")]);
        expect(await journal.read(longer)).toHaveLength(2);
      });

      test("an array that was read does not grow with the run", async () => {
        await journal.append(run, 0, eventAt(0));
        const read = await journal.read(run);
        await journal.append(run, 1, eventAt(1));
        expect(read).toHaveLength(1);
      });

      test.each([
        ["text in many scripts", "Zürich 東京 🦜 עברית \u0000 \ud800 \" \\ \n \u2028"],
        ["two megabytes", "0123456789 ".repeat(190_000)],
      ])("an event with %s survives", async (_, source) => {
        await journal.append(run, 0, eventAt(0, source));
        const [read] = await store.second.journal.read(run);
        expect(JSON.stringify(read) === JSON.stringify(eventAt(0, source))).toBe(true);
      });

      test("a run of three megabytes in many events is read whole", async () => {
        const source = "x".repeat(90_000);
        for (let seq = 0; seq < 34; seq += 1) await journal.append(run, seq, eventAt(seq, source));
        expect((await store.second.journal.read(run)).map(({ seq }) => seq)).toEqual(Array.from({ length: 34 }, (_, seq) => seq));
      });
    });

    describe("index of runs", () => {
      const opened = async (strategy: string, scheduledAt: string, of = "acct"): Promise<void> => {
        const id = `${of}/${strategy}/${scheduledAt}` as RunId;
        await journal.append(id, 0, { type: "run-opened", account: of, strategy, scheduledAt: instantOf(scheduledAt), params: {}, symbols: [], settings: {}, seq: 0, at: AT, previous: "0".repeat(64) });
        await journal.append(id, 1, eventAt(1));
      };
      const listed = async (filter: Omit<RunFilter, "account">, of = account): Promise<string[]> => {
        const found: string[] = [];
        for await (const { run: id } of store.second.journal.listRuns({ account: of, ...filter })) found.push(id);
        return found;
      };

      beforeEach(async () => {
        await opened("trend", "2024-03-04T14:35:00Z");
        await opened("momentum", "2024-03-01T14:35:00Z");
        await opened("trend", "2024-03-01T14:35:00Z");
        await opened("trend", "2024-02-01T14:35:00Z");
        await opened("trend", "2024-02-01T14:35:00Z", "acct2");
      });

      const FEBRUARY = "acct/trend/2024-02-01T14:35:00Z";
      const MARCH_M = "acct/momentum/2024-03-01T14:35:00Z";
      const MARCH_T = "acct/trend/2024-03-01T14:35:00Z";
      const MARCH_4 = "acct/trend/2024-03-04T14:35:00Z";

      test("an account's runs come by their scheduled instants and then by their strategies, whenever they were opened", async () => {
        expect(await listed({})).toEqual([FEBRUARY, MARCH_M, MARCH_T, MARCH_4]);
        expect(await listed({ newestFirst: true })).toEqual([MARCH_4, MARCH_T, MARCH_M, FEBRUARY]);
      });

      test("a listed run carries what it is named by", async () => {
        const found = [];
        for await (const one of journal.listRuns({ account, strategy: "momentum" })) found.push(one);
        expect(found).toEqual([{ run: MARCH_M, account: "acct", strategy: "momentum", scheduledAt: instantOf("2024-03-01T14:35:00Z") }]);
      });

      test("a range has its first instant and not its last", async () => {
        expect(await listed({ from: instantOf("2024-02-01T14:35:00Z"), before: instantOf("2024-03-04T14:35:00Z") })).toEqual([FEBRUARY, MARCH_M, MARCH_T]);
        expect(await listed({ from: instantOf("2024-02-01T14:35:00.001Z"), before: instantOf("2024-03-04T14:35:00.001Z") })).toEqual([MARCH_M, MARCH_T, MARCH_4]);
        expect(await listed({ from: instantOf("2024-03-01T14:35:00Z"), before: instantOf("2024-03-01T14:35:00Z") })).toEqual([]);
      });

      test("a strategy's runs are its own, and an account's are not those of one whose name begins alike", async () => {
        expect(await listed({ strategy: "trend", from: instantOf("2024-03-01T00:00:00Z") })).toEqual([MARCH_T, MARCH_4]);
        expect(await listed({ strategy: "tren" })).toEqual([]);
        expect(await listed({}, "acct2" as AccountName)).toEqual(["acct2/trend/2024-02-01T14:35:00Z"]);
        expect(await listed({}, "nobody" as AccountName)).toEqual([]);
      });

      test("a run that lost the race for its first event is listed once", async () => {
        await expect(opened("trend", "2024-02-01T14:35:00Z")).rejects.toThrow(JournalConflict);
        expect(await listed({ before: instantOf("2024-03-01T00:00:00Z") })).toEqual([FEBRUARY]);
      });
    });

    describe("state", () => {
      test("a key that nobody saved holds nothing", async () => {
        expect(await state.load(memo)).toBeUndefined();
      });

      test("the first save makes version 1, the next version 2", async () => {
        await state.save(memo, { note: "one", numbers: [] }, 0);
        expect(await store.second.state.load(memo)).toEqual({ value: { note: "one", numbers: [] }, version: 1 });
        await store.second.state.save(memo, { note: "two", numbers: [0.1, -3] }, 1);
        expect(await state.load(memo)).toEqual({ value: { note: "two", numbers: [0.1, -3] }, version: 2 });
      });

      test.each([0, 1, 3])("a save that expects version %d of a value at version 2 is a conflict and changes nothing", async (expected) => {
        await state.save(memo, { note: "one", numbers: [] }, 0);
        await state.save(memo, { note: "two", numbers: [] }, 1);
        await expect(store.second.state.save(memo, { note: "late", numbers: [] }, expected)).rejects.toThrow(StateConflict);
        expect(await state.load(memo)).toEqual({ value: { note: "two", numbers: [] }, version: 2 });
      });

      test("a save that expects a version of a key that holds nothing is a conflict", async () => {
        await expect(state.save(memo, { note: "one", numbers: [] }, 1)).rejects.toThrow(StateConflict);
      });

      test("of savers of one version exactly one wins, and its value stays", async () => {
        await state.save(memo, { note: "start", numbers: [] }, 0);
        const savers = Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? store.first : store.second).state.save(memo, { note: `saver ${n}`, numbers: [] }, 1));
        const outcomes = await Promise.allSettled(savers);
        const winner = outcomes.findIndex((outcome) => outcome.status === "fulfilled");
        for (const [n, outcome] of outcomes.entries()) if (n !== winner) expect(outcome).toMatchObject({ status: "rejected", reason: { name: "StateConflict" } });
        expect(await state.load(memo)).toEqual({ value: { note: `saver ${winner}`, numbers: [] }, version: 2 });
      });

      test("what a caller does to its value later reaches neither the store nor another reader", async () => {
        const mine = { note: "saved", numbers: [1] };
        await state.save(memo, mine, 0);
        mine.numbers.push(2);
        const read = await state.load(memo);
        (read!.value.numbers as number[]).push(3);
        expect((await state.load(memo))!.value.numbers).toEqual([1]);
      });

      test("a value that the key does not recognise is an error that names the key, never a value", async () => {
        await state.save({ ...memo, parse: (stored) => stored as Memo }, { other: 1 } as unknown as Memo, 0);
        await expect(state.load(memo)).rejects.toMatchObject({ name: "StoreCorrupt", message: expect.stringContaining('"memo/α"') as string });
      });

      test("a value that is not JSON is a TypeError and saves nothing", async () => {
        await expect(state.save(memo, undefined as unknown as Memo, 0)).rejects.toThrow(TypeError);
        expect(await state.load(memo)).toBeUndefined();
      });

      test("a value of a megabyte survives", async () => {
        const numbers = Array.from({ length: 150_000 }, (_, n) => n);
        await state.save(memo, { note: "big", numbers }, 0);
        expect((await store.second.state.load(memo))!.value.numbers).toEqual(numbers);
      });
    });

    describe("lease", () => {
      const minute = 60_000;
      const at = (ms: number): typeof AT => (AT + ms) as typeof AT;

      test("a lease that is held is refused to another, with its holder and its end", async () => {
        expect(await acquire("one", at(0))).toEqual({ kind: "acquired", lease: { account, holder: "one", token: 1, until: at(minute) } });
        expect(await acquire("two", at(minute - 1))).toEqual({ kind: "held", by: "one", until: at(minute) });
      });

      test("a lease that ran out goes to the next with a larger token, and its old holder cannot renew it", async () => {
        const old = leaseOf(await acquire("one", at(0)));
        const next = leaseOf(await acquire("two", at(minute)));
        expect(next.token).toBe(2);
        expect(await renewLease(state, old, at(minute + 1), minute)).toBeUndefined();
        await releaseLease(state, old, at(minute + 2));
        expect(await acquire("three", at(minute + 3))).toEqual({ kind: "held", by: "two", until: at(2 * minute) });
      });

      test("a renewed lease keeps its token and holds for longer", async () => {
        const lease = leaseOf(await acquire("one", at(0)));
        expect(await renewLease(state, lease, at(minute - 1), minute)).toEqual({ ...lease, until: at(2 * minute - 1) });
        expect(await acquire("two", at(minute))).toMatchObject({ kind: "held" });
      });

      test("a lease that ran out and that nobody took is renewed, and is then held again", async () => {
        const lease = leaseOf(await acquire("one", at(0)));
        expect(await renewLease(state, lease, at(minute), minute)).toEqual({ ...lease, until: at(2 * minute) });
        expect(await acquire("two", at(minute + 1))).toEqual({ kind: "held", by: "one", until: at(2 * minute) });
      });

      test("a holder may renew many times at once", async () => {
        const lease = leaseOf(await acquire("one", at(0)));
        const renewed = await Promise.all(Array.from({ length: 8 }, (_, n) => renewLease(state, lease, at(n), minute)));
        expect(renewed.map((one) => one?.token)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
      });

      test("the lease of a holder that is known to be dead is taken over at once, under the new holder's name", async () => {
        await acquire("dead", at(0));
        expect(await acquireLease(state, account, "alive", at(1), minute, "dead")).toMatchObject({ kind: "acquired", lease: { holder: "alive", token: 2 } });
        expect(await acquireLease(state, account, "third", at(2), minute, "dead")).toEqual({ kind: "held", by: "alive", until: at(minute + 1) });
      });

      test("a released lease is free at once, and the tokens go on counting", async () => {
        await releaseLease(state, leaseOf(await acquire("one", at(0))), at(1));
        expect(leaseOf(await acquire("two", at(1))).token).toBe(2);
      });

      test("of ten that ask at once exactly one acquires", async () => {
        const asked = await Promise.all(Array.from({ length: 10 }, (_, n) => acquireLease((n % 2 === 0 ? store.first : store.second).state, account, `holder ${n}`, at(0), minute)));
        expect(asked.filter(({ kind }) => kind === "acquired")).toHaveLength(1);
      });

      async function acquire(holder: string, now: typeof AT): Promise<Acquisition> {
        return acquireLease(state, account, holder, now, minute);
      }

      function leaseOf(acquisition: Acquisition): Lease {
        if (acquisition.kind !== "acquired") throw new Error(`held by ${acquisition.by}`);
        return acquisition.lease;
      }
    });
  });
}
