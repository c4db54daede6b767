import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GENESIS, hashOf, type JournalEvent } from "../../src/run/journal.ts";
import { backUpStore, restoreStore } from "../../src/state/sqlite-backup.ts";
import { openSqliteStore, type SqliteStore } from "../../src/state/sqlite.ts";
import { BackupRefused, StoreCorrupt } from "../../src/state/store-errors.ts";
import { instantOf } from "../../src/time.ts";
import type { RunId } from "../../src/trade.ts";
import { eventAt } from "../support/store-contract.ts";
import { unprivileged } from "../support/unprivileged.ts";

const NOW = instantOf("2024-03-01T22:00:00Z");
const run = "acct/trend/2024-03-01T14:35:00.000Z" as RunId;

let folder: string;
let store: SqliteStore;
const at = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ballast-backup-"));
  store = openSqliteStore(at("store"));
  await appendTo(run, 0, 5);
  await store.state.save({ name: "counter", parse: Number }, 7, 0);
  await store.blobs.put(Buffer.from("a view ".repeat(10_000)));
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

async function appendTo(id: RunId, from: number, to: number): Promise<void> {
  let previous = from === 0 ? GENESIS : hashOf((await store.journal.read(id)).at(-1)!);
  for (let seq = from; seq < to; seq += 1) {
    const event: JournalEvent = { ...eventAt(seq), previous };
    await store.journal.append(id, seq, event);
    previous = hashOf(event);
  }
}

function change(file: string, statement: string): void {
  const db = new DatabaseSync(file);
  db.exec(statement);
  db.close();
}

test("a backup of a store that is in use is restored with all that it had then", async () => {
  const manifest = await backUpStore(at("store"), at("copy"), NOW);
  expect(manifest).toMatchObject({ format: 1, createdAt: "2024-03-01T22:00:00.000Z", schema: 2, runs: 1, events: 5, blobs: 1 });
  expect(JSON.parse(readFileSync(at("copy.manifest.json"), "utf8"))).toEqual(manifest);
  await appendTo(run, 5, 8);
  expect(await restoreStore(at("copy"), at("restored"))).toEqual(manifest);
  const restored = openSqliteStore(at("restored"));
  expect(await restored.journal.read(run)).toEqual((await store.journal.read(run)).slice(0, 5));
  expect(await restored.state.load({ name: "counter", parse: Number })).toEqual({ value: 7, version: 1 });
  await restored.journal.append(run, 5, eventAt(5));
  restored.close();
  expect(readdirSync(folder).filter((name) => name.includes("partial"))).toEqual([]);
});

test("a backup that is made while another connection appends is of one moment", async () => {
  const writing = (async () => {
    for (let n = 0; n < 40; n += 1) await appendTo(`busy ${n}` as RunId, 0, 3);
  })();
  const manifest = await backUpStore(at("store"), at("copy"), NOW);
  await writing;
  expect((await restoreStore(at("copy"), at("restored"))).journals).toBe(manifest.journals);
});

describe("a store that may only be read, in a directory that may only be read,", () => {
  beforeEach(async () => {
    await backUpStore(at("store"), at("kept/store"), NOW);
    await restoreStore(at("kept/store"), at("kept/current"));
    openSqliteStore(at("kept/current")).close();
    mkdirSync(at("new"));
    for (const name of readdirSync(at("kept"))) chmodSync(at(`kept/${name}`), 0o444);
    for (const [name, mode] of [["kept", 0o555], ["new", 0o777], [".", 0o755]] as const) chmodSync(at(name), mode);
  });
  afterEach(() => chmodSync(at("kept"), 0o755));

  // A backup is one file; a store that was in use is one with a log beside it when somebody has it open.
  test.each(["store", "current"])("is read and backed up: %s", async (name) => {
    const manifest = await unprivileged(() => backUpStore(at(`kept/${name}`), at("new/copy"), NOW));
    expect(manifest).toMatchObject({ runs: 1, events: 5, blobs: 1 });
    await unprivileged(async () => {
      const kept = openSqliteStore(at(`kept/${name}`), { toRead: true });
      expect(await kept.journal.read(run)).toEqual(await store.journal.read(run));
      await expect(kept.journal.append(run, 5, eventAt(5))).rejects.toThrow("attempt to write a readonly database");
      kept.close();
    });
    expect(readdirSync(at("kept")).sort()).toEqual(["current", "store", "store.manifest.json"]);
  });

  test("is restored as one that may be written", async () => {
    await unprivileged(async () => {
      await restoreStore(at("kept/store"), at("new/restored"));
      const restored = openSqliteStore(at("new/restored"));
      await restored.journal.append(run, 5, eventAt(5));
      restored.close();
    });
  });

  test("is refused to whoever means to write", async () => {
    await unprivileged(() => expect(() => openSqliteStore(at("kept/store"))).toThrow("attempt to write a readonly database"));
  });

  test("is not read without the log beside it that holds its newest writes", async () => {
    chmodSync(at("kept"), 0o755);
    writeFileSync(at("kept/current-wal"), "the newest");
    for (const [name, mode] of [["kept/current-wal", 0o444], ["kept", 0o555]] as const) chmodSync(at(name), mode);
    await unprivileged(async () => {
      expect(() => openSqliteStore(at("kept/current"), { toRead: true })).toThrow("cannot be used");
      await expect(backUpStore(at("kept/current"), at("new/copy"), NOW)).rejects.toThrow("cannot be used");
    });
  });

  test("and that is of an older schema is told to be restored elsewhere", async () => {
    chmodSync(at("kept/store"), 0o644);
    change(at("kept/store"), "PRAGMA user_version = 1");
    chmodSync(at("kept/store"), 0o444);
    await unprivileged(() => expect(() => openSqliteStore(at("kept/store"), { toRead: true })).toThrow("the file has schema version 1, may only be read, and so cannot be brought to 2: restore a backup of it elsewhere"));
  });
});

describe("nothing is written over", () => {
  test.each(["copy", "copy.manifest.json"])("by a backup, where %s is there", async (name) => {
    writeFileSync(at(name), "mine");
    await expect(backUpStore(at("store"), at("copy"), NOW)).rejects.toThrow(`${at(name)} is there already, and is not written over`);
    expect(readFileSync(at(name), "utf8")).toBe("mine");
  });

  test.each(["target", "target-wal"])("by a restore, where %s is there", async (name) => {
    await backUpStore(at("store"), at("copy"), NOW);
    writeFileSync(at(name), "mine");
    await expect(restoreStore(at("copy"), at("target"))).rejects.toThrow(`${at(name)} is there already`);
    expect(readFileSync(at(name), "utf8")).toBe("mine");
  });
});

describe("a backup is refused and leaves no file", () => {
  test("of a store whose journal was changed, with the event", async () => {
    change(at("store"), `UPDATE journal SET event = replace(event, 'files:3f', 'files:4f') WHERE seq = 2`);
    await expect(backUpStore(at("store"), at("copy"), NOW)).rejects.toThrow(new StoreCorrupt(`event 3 of run ${run} does not follow from the one before it: the journal was changed`));
    expect(existsSync(at("copy"))).toBe(false);
    expect(existsSync(at("copy.manifest.json"))).toBe(false);
  });

  test("of a store with a changed blob", async () => {
    change(at("store"), `UPDATE blob SET bytes = zeroblob(10), encoding = 'identity'`);
    await expect(backUpStore(at("store"), at("copy"), NOW)).rejects.toThrow("have the hash");
    expect(existsSync(at("copy"))).toBe(false);
  });

  test("of another program's file, and of one that is not there", async () => {
    change(at("other"), "CREATE TABLE invoices (id INTEGER)");
    await expect(backUpStore(at("other"), at("copy"), NOW)).rejects.toThrow("the file is a database of another program");
    await expect(backUpStore(at("nowhere"), at("copy"), NOW)).rejects.toThrow(new BackupRefused(`there is no store ${at("nowhere")}`));
    expect(existsSync(at("nowhere"))).toBe(false);
  });
});

describe("a restore is refused and leaves no file", () => {
  beforeEach(() => backUpStore(at("store"), at("copy"), NOW));
  afterEach(() => expect(existsSync(at("target"))).toBe(false));

  test("from a copy of which a byte was changed", async () => {
    const bytes = readFileSync(at("copy"));
    bytes[bytes.length - 100]! ^= 1;
    writeFileSync(at("copy"), bytes);
    await expect(restoreStore(at("copy"), at("target"))).rejects.toThrow("is not the file that was backed up");
  });

  test("from a copy that was cut and its manifest's hash made to fit: the journals are compared as well", async () => {
    change(at("copy"), "DELETE FROM journal WHERE seq = 4");
    const manifest = JSON.parse(readFileSync(at("copy.manifest.json"), "utf8")) as object;
    writeFileSync(at("copy.manifest.json"), JSON.stringify({ ...manifest, sha256: createHash("sha256").update(readFileSync(at("copy"))).digest("hex") }));
    await expect(restoreStore(at("copy"), at("target"))).rejects.toThrow(`the journals in ${at("copy")} are not those of its manifest`);
  });

  test("without its manifest", async () => {
    rmSync(at("copy.manifest.json"));
    await expect(restoreStore(at("copy"), at("target"))).rejects.toThrow(`the backup's manifest ${at("copy.manifest.json")} cannot be used`);
  });
});
