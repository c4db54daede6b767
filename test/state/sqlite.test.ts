import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AccountName, RunId } from "../../src/trade.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import { SCHEMA_VERSION } from "../../src/state/sqlite-schema.ts";
import { StoreUnavailable } from "../../src/state/store-errors.ts";
import { eventAt, storeContract } from "../support/store-contract.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ballast-sqlite-"));
  file = join(folder, "store.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true }));

storeContract("SQLite", async () => {
  const first = openSqliteStore(file, { synchronous: "off" });
  const second = openSqliteStore(file, { synchronous: "off" });
  return {
    first,
    second,
    close() {
      first.close();
      second.close();
    },
  };
});

test("runs are listed in the order of their opening", async () => {
  const store = openSqliteStore(file);
  await store.journal.append("b" as RunId, 0, eventAt(0));
  await store.journal.append("a" as RunId, 0, eventAt(0));
  await store.journal.append("b" as RunId, 1, eventAt(1));
  expect(store.journal.runs()).toEqual(["b", "a"]);
  store.close();
});

test("what was written is there after the file is closed and opened again", async () => {
  const before = openSqliteStore(file);
  await before.journal.append("a" as RunId, 0, eventAt(0));
  before.close();
  const after = openSqliteStore(file);
  expect(await after.journal.read("a" as RunId)).toEqual([eventAt(0)]);
  after.close();
});

test.each([
  [{}, "full"],
  [{ synchronous: "full" }, "full"],
  [{ synchronous: "off" }, "off"],
] as const)("with the options %o a write has come as far as SQLite's synchronous = %s", (options, level) => {
  const exec = vi.spyOn(DatabaseSync.prototype, "exec");
  openSqliteStore(file, options).close();
  expect(exec).toHaveBeenCalledWith(`PRAGMA synchronous = ${level}`);
  exec.mockRestore();
});

test("a closed store says so", async () => {
  const store = openSqliteStore(file);
  store.close();
  await expect(store.journal.read("a" as RunId)).rejects.toThrow(StoreUnavailable);
});

describe("a file that cannot be used is refused with its path and the reason, and left as it was", () => {
  test.each([
    ["a text file", () => writeFileSync(file, "symbol,close\n".repeat(500)), "file is not a database"],
    ["another program's database", () => withDatabase((db) => db.exec("CREATE TABLE invoices (id INTEGER)")), "another program"],
    [
      "a file of a newer schema",
      () => {
        openSqliteStore(file).close();
        withDatabase((db) => db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`));
      },
      `schema version ${SCHEMA_VERSION + 1}, made by a newer Ballast; this one reads up to ${SCHEMA_VERSION}`,
    ],
  ])("%s", (_, make, reason) => {
    make();
    const before = readFileSync(file);
    expect(() => openSqliteStore(file)).toThrow(StoreUnavailable);
    expect(() => openSqliteStore(file)).toThrow(`the store file ${file} cannot be used`);
    expect(() => openSqliteStore(file)).toThrow(reason);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("a folder that does not exist", () => {
    expect(() => openSqliteStore(join(folder, "no", "store.sqlite"))).toThrow(StoreUnavailable);
  });
});

test("a step that fails leaves a new file without any table", () => {
  withDatabase((db) => db.exec("PRAGMA application_id = 0x426c7374; CREATE TABLE state (name TEXT)"));
  expect(() => openSqliteStore(file)).toThrow("table state already exists");
  withDatabase((db) => expect(db.prepare("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "state" }]));
});

test("a file of the first schema becomes a current one: its journal stays as it was, and its runs are listed", async () => {
  const opening = JSON.stringify({ ...eventAt(0), type: "run-opened", account: "acct", strategy: "trend", scheduledAt: 1_709_303_700_000 });
  withDatabase((db) => {
    db.exec(`
      CREATE TABLE journal (id INTEGER PRIMARY KEY, run TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL, UNIQUE (run, seq)) STRICT;
      CREATE INDEX journal_openings ON journal (id) WHERE seq = 0;
      CREATE TABLE state (name TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL) STRICT;
      PRAGMA application_id = 0x426c7374; PRAGMA user_version = 1;`);
    db.prepare("INSERT INTO journal (run, seq, event) VALUES ('old run', 0, ?), ('old run', 1, ?)").run(opening, JSON.stringify(eventAt(1)));
    db.exec("INSERT INTO state VALUES ('counter', 7, '42')");
  });
  const store = openSqliteStore(file);
  expect((await store.journal.read("old run" as RunId)).map((event) => JSON.stringify(event))).toEqual([opening, JSON.stringify(eventAt(1))]);
  expect(await store.state.load({ name: "counter", parse: Number })).toEqual({ value: 42, version: 7 });
  const listed = [];
  for await (const one of store.journal.listRuns({ account: "acct" as AccountName })) listed.push(one);
  expect(listed).toEqual([{ run: "old run", account: "acct", strategy: "trend", scheduledAt: 1_709_303_700_000 }]);
  store.close();
  withDatabase((db) => expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: 2 }));
});

test("the runs of an account are found by an index", () => {
  const store = openSqliteStore(file);
  withDatabase((db) => {
    const plan = db.prepare("EXPLAIN QUERY PLAN SELECT run FROM journal WHERE seq = 0 AND event ->> '$.type' = 'run-opened' AND event ->> '$.account' = ? AND event ->> '$.scheduledAt' >= ?").all("a", 0);
    expect(plan.map(({ detail }) => detail)).toEqual(["SEARCH journal USING INDEX journal_runs (<expr>=? AND <expr>>?)"]);
  });
  store.close();
});

test("a damaged file is refused when it is opened, and not written to", async () => {
  const store = openSqliteStore(file);
  for (let seq = 0; seq < 60; seq += 1) await store.journal.append("a" as RunId, seq, eventAt(seq, "x".repeat(3_000)));
  store.close();
  const bytes = readFileSync(file);
  bytes.fill(0xff, 4096 * 12, 4096 * 16);
  writeFileSync(file, bytes);
  expect(() => openSqliteStore(file)).toThrow(StoreUnavailable);
  expect(() => openSqliteStore(file)).toThrow(/is damaged \(.+\): restore a backup of it/);
  expect(readFileSync(file).equals(bytes)).toBe(true);
});

describe("while another process has the file locked", () => {
  const holding = (ms: number): Promise<string> =>
    outputOf([
      "--input-type=module",
      "--eval",
      `import { DatabaseSync } from "node:sqlite";
       import { writeFileSync } from "node:fs";
       const db = new DatabaseSync(process.argv[1]);
       db.exec("BEGIN IMMEDIATE");
       writeFileSync(process.argv[1] + ".locked", "");
       setTimeout(() => { db.exec("COMMIT"); process.stdout.write("released"); }, ${ms});`,
      file,
    ]);
  const locked = async (): Promise<void> => {
    while (!existsSync(`${file}.locked`)) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  test("a write waits for it", async () => {
    const store = openSqliteStore(file);
    const other = holding(400);
    await locked();
    await store.journal.append("a" as RunId, 0, eventAt(0));
    expect(await other).toBe("released");
    expect(await store.journal.read("a" as RunId)).toHaveLength(1);
    store.close();
  });

  test("a write that waited for five seconds gives up, with the file and the reason, and has written nothing", async () => {
    const store = openSqliteStore(file);
    const other = holding(7_000);
    await locked();
    await expect(store.journal.append("a" as RunId, 0, eventAt(0))).rejects.toThrow(new StoreUnavailable(`the store file ${file} cannot be used: database is locked`));
    expect(await store.journal.read("a" as RunId)).toEqual([]);
    expect(await other).toBe("released");
    store.close();
  });
});

test("four processes that open a new file and append to one run at once leave every place written once", async () => {
  const program = `
    import { openSqliteStore } from ${JSON.stringify(join(import.meta.dirname, "../../src/state/sqlite.ts"))};
    const store = openSqliteStore(process.argv[1]);
    let won = 0;
    for (let seq = 0; seq < 40; seq += 1) {
      await store.journal.append("shared", seq, { seq, by: process.pid }).then(() => { won += 1; }, (error) => { if (error.name !== "JournalConflict") throw error; });
    }
    process.stdout.write(String(won));`;
  const won = await Promise.all(Array.from({ length: 4 }, () => outputOf(["--input-type=module", "--eval", program, file])));
  expect(won.map(Number).reduce((sum, count) => sum + count)).toBe(40);
  const store = openSqliteStore(file);
  expect((await store.journal.read("shared" as RunId)).map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, seq) => seq));
  store.close();
});

test("an append that returned is there after the process is killed", async () => {
  const program = `
    import { openSqliteStore } from ${JSON.stringify(join(import.meta.dirname, "../../src/state/sqlite.ts"))};
    const store = openSqliteStore(process.argv[1]);
    for (let seq = 0; seq < 5; seq += 1) await store.journal.append("killed", seq, { seq });
    process.kill(process.pid, "SIGKILL");`;
  await expect(outputOf(["--input-type=module", "--eval", program, file])).rejects.toThrow("SIGKILL");
  const store = openSqliteStore(file);
  expect(await store.journal.read("killed" as RunId)).toHaveLength(5);
  store.close();
});

function withDatabase(work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(file);
  work(db);
  db.close();
}

function outputOf(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => (out += String(chunk)));
    child.stderr.on("data", (chunk) => (err += String(chunk)));
    child.on("close", (code, signal) => (code === 0 ? resolve(out) : reject(new Error(`ended with ${signal ?? code}: ${err}`))));
  });
}
