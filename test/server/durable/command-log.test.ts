import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CommandLog, type SyncPolicy } from "../../../src/server/durable/command-log.ts";
import { replayCommands, type LogEnd } from "../../../src/server/durable/log-segments.ts";

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "ballast-log-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(directory, { recursive: true });
});

const EVERY_BATCH: SyncPolicy = { sync: "every-batch" };

interface Opened {
  readonly log: CommandLog;
  readonly commands: readonly unknown[];
  readonly state: unknown;
}

async function open(settings: { readonly policy?: SyncPolicy; readonly segmentBytesMax?: number } = {}): Promise<Opened> {
  const commands: unknown[] = [];
  let state: unknown;
  const log = await CommandLog.open({ directory, policy: EVERY_BATCH, ...settings }, { restore: (restored) => (state = restored), apply: (command) => commands.push(command) });
  return { log, commands, state };
}

const files = (): string[] => fs.readdirSync(directory).filter((name) => !name.startsWith("lock")).sort();

describe("a command log", () => {
  test.each<SyncPolicy>([{ sync: "every-batch" }, { sync: "interval", ms: 5 }, { sync: "never" }])("gives what was acknowledged, in order and numbered, to whoever opens it next, under %o", async (policy) => {
    const { log } = await open({ policy });
    const sequences = await Promise.all(["a", "b\u2028c", "ü"].map((text) => log.append({ text })));
    sequences.push(await log.append({ text: "B1 0000000000001\n" }));
    expect(sequences).toEqual([1, 2, 3, 4]);
    await log.close();
    const next = await open();
    expect(next.commands).toEqual([{ text: "a" }, { text: "b\u2028c" }, { text: "ü" }, { text: "B1 0000000000001\n" }]);
    expect(next.log.recovery).toEqual({ snapshot: undefined, damagedSnapshots: [], commandsReplayed: 4, lastSequence: 4, torn: undefined });
    expect(await next.log.append({ text: "d" })).toBe(5);
    await next.log.close();
  });

  test("shares one sync among all that wait", async () => {
    const syncs = vi.spyOn(fs, "fdatasync");
    const { log } = await open();
    syncs.mockClear();
    await Promise.all(Array.from({ length: 500 }, (_, n) => log.append({ n })));
    expect(syncs).toHaveBeenCalledTimes(1);
    await log.close();
  });

  test("goes on in a new file when one is full, and reads them all", async () => {
    const { log } = await open({ segmentBytesMax: 100 });
    for (let n = 1; n <= 6; n += 1) await log.append({ n });
    await log.close();
    expect(files()).toEqual(["commands-0000000000000001.log", "commands-0000000000000003.log", "commands-0000000000000005.log"]);
    const next = await open();
    expect(next.commands).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }, { n: 6 }]);
    await next.log.close();
  });

  test("is held by one at a time, and free when that one has closed it", async () => {
    const { log } = await open();
    await expect(open()).rejects.toThrow(`${directory} is in use by process ${process.pid}: stop that first`);
    await log.close();
    await (await open()).log.close();
  });

  test("starts from the newest snapshot, and keeps what the one before it needs", async () => {
    const { log } = await open({ segmentBytesMax: 1 });
    for (let n = 1; n <= 9; n += 1) {
      await log.append({ n });
      if (n % 3 === 0) await log.snapshot(n, { upTo: n, list: Array.from({ length: 1_200 }, (_, item) => `${n}/${item}`) });
    }
    await log.append({ n: 10 });
    await log.close();
    expect(files()).toEqual([...[7, 8, 9, 10].map((n) => `commands-${String(n).padStart(16, "0")}.log`), "snapshot-0000000000000006.jsonl", "snapshot-0000000000000009.jsonl"]);
    const next = await open();
    expect(next.state).toMatchObject({ upTo: 9 });
    expect((next.state as { list: readonly string[] }).list).toHaveLength(1_200);
    expect((next.state as { list: readonly string[] }).list[1_199]).toBe("9/1199");
    expect(next.commands).toEqual([{ n: 10 }]);
    await next.log.close();
  });

  test("takes lists of any length anywhere in a state", async () => {
    const { log } = await open();
    const activities = Array.from({ length: 1_300 }, (_, item) => ({ item, nested: Array.from({ length: item === 700 ? 600 : 1 }, (__, n) => n) }));
    const state = { accounts: [{ name: "ann", activities: [] }, { name: "bob", activities, more: { empty: [], nothing: null } }], many: Array.from({ length: 513 }, (_, n) => ({ n, list: n === 512 ? activities : [] })) };
    await log.append({ n: 1 });
    await log.snapshot(1, state);
    await log.append({ n: 2 });
    await log.close();
    expect(Math.max(...fs.readFileSync(join(directory, "snapshot-0000000000000001.jsonl"), "utf8").split("\n").map((line) => line.length))).toBeLessThan(20_000);
    const next = await open();
    expect(next.state).toEqual(state);
    expect(next.commands).toEqual([{ n: 2 }]);
    await next.log.close();
  });

  test("falls back to the snapshot before one that is damaged, and says so", async () => {
    const { log } = await open();
    for (let n = 1; n <= 3; n += 1) {
      await log.append({ n });
      await log.snapshot(n, { upTo: n });
    }
    await log.close();
    const newest = join(directory, "snapshot-0000000000000003.jsonl");
    fs.writeFileSync(newest, fs.readFileSync(newest, "utf8").replace('["upTo",3]', '["upTo",4]'));
    const next = await open();
    expect(next.state).toEqual({ upTo: 2 });
    expect(next.commands).toEqual([{ n: 3 }]);
    expect(next.log.recovery.damagedSnapshots).toEqual([`${newest} is damaged: its digest is of something else`]);
    await next.log.close();
  });

  test("says that commands are missing when a file is gone", async () => {
    const { log } = await open({ segmentBytesMax: 1 });
    for (let n = 1; n <= 3; n += 1) await log.append({ n });
    await log.close();
    fs.rmSync(join(directory, "commands-0000000000000002.log"));
    await expect(open()).rejects.toThrow("commands-0000000000000003.log begins with command 3, but the file before it ends with 1");
    fs.rmSync(join(directory, "commands-0000000000000001.log"));
    await expect(open()).rejects.toThrow(`the commands behind number 0 are missing in ${directory}: its oldest file begins with 3`);
  });
});

describe("a disk that refuses", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });

  test("a sync fails the commands that wait for it and every later one, and what comes next finds out what the disk has", async () => {
    const { log } = await open();
    await log.append({ n: 1 });
    vi.spyOn(fs, "fdatasync").mockImplementationOnce((_file, done) => done(Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" })));
    const [second, third] = [log.append({ n: 2 }), log.append({ n: 3 })];
    await expect(second).rejects.toThrow("cannot be written (EIO: i/o error, fdatasync): nothing more is acknowledged");
    await expect(third).rejects.toThrow("EIO");
    await expect(log.append({ n: 4 })).rejects.toThrow("EIO");
    expect(log.failure?.name).toBe("CommandLogFailed");
    expect(log.acknowledged).toBe(1);
    await log.close();
    const next = await open();
    // Written and not acknowledged: they may be there, and here they are.
    expect(next.commands).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    await next.log.close();
  });

  test("half of a write leaves a torn end, which the next opening cuts", async () => {
    const { log } = await open();
    await log.append({ n: 1 });
    const write = fs.writeSync.bind(fs) as (...args: unknown[]) => number;
    vi.spyOn(fs, "writeSync")
      .mockImplementationOnce(((file: number, bytes: Buffer, from: number) => write(file, bytes, from, 20)) as never)
      .mockImplementationOnce(() => { throw full; });
    await expect(log.append({ n: 2 })).rejects.toThrow("ENOSPC");
    await log.close();
    const next = await open();
    expect(next.commands).toEqual([{ n: 1 }]);
    expect(next.log.recovery.torn).toEqual({ path: join(directory, "commands-0000000000000001.log"), offset: 52, bytes: 20 });
    expect(await next.log.append({ n: 2 })).toBe(2);
    await next.log.close();
    const last = await open();
    expect(last.commands).toEqual([{ n: 1 }, { n: 2 }]);
    expect(last.log.recovery.torn).toBeUndefined();
    await last.log.close();
  });

  test("a short write is finished by the next", async () => {
    const { log } = await open();
    const write = fs.writeSync.bind(fs) as (...args: unknown[]) => number;
    vi.spyOn(fs, "writeSync").mockImplementationOnce(((file: number, bytes: Buffer, from: number) => write(file, bytes, from, 7)) as never);
    await log.append({ n: 1 });
    await log.close();
    const next = await open();
    expect(next.commands).toEqual([{ n: 1 }]);
    await next.log.close();
  });

  test("a sync of the interval is noticed by the next command", async () => {
    const { log } = await open({ policy: { sync: "interval", ms: 1 } });
    const refused = new Promise<void>((resolve) => {
      vi.spyOn(fs, "fdatasync").mockImplementationOnce((_file, done) => {
        done(full);
        resolve();
      });
    });
    await log.append({ n: 1 });
    await refused;
    await expect(log.append({ n: 2 })).rejects.toThrow("ENOSPC");
    await log.close();
  });
});

describe("what a killed process leaves", () => {
  const path = (): string => join(directory, "commands-0000000000000001.log");

  /** The bytes of three commands, sealed by a close or not, and where each ends. */
  async function threeCommands(): Promise<{ readonly unsealed: Buffer; readonly sealed: Buffer; readonly ends: readonly number[] }> {
    const { log } = await open();
    const ends: number[] = [];
    for (let n = 1; n <= 3; n += 1) {
      await log.append({ n });
      ends.push(fs.statSync(path()).size);
    }
    const unsealed = fs.readFileSync(path());
    await log.close();
    return { unsealed, sealed: fs.readFileSync(path()), ends };
  }

  function replayed(bytes: Buffer): { readonly commands: readonly unknown[]; readonly torn: LogEnd["torn"] } {
    fs.rmSync(path());
    fs.writeFileSync(path(), bytes);
    const commands: unknown[] = [];
    const { torn } = replayCommands(directory, 0, (command) => commands.push(command));
    return { commands, torn };
  }

  test("is cut at every byte of the last record, and is the log up to there", async () => {
    const { unsealed, ends } = await threeCommands();
    for (let length = ends[1]!; length < ends[2]!; length += 1) {
      const { commands, torn } = replayed(unsealed.subarray(0, length));
      expect(commands).toEqual([{ n: 1 }, { n: 2 }]);
      expect(torn).toEqual(length === ends[1] ? undefined : { path: path(), offset: ends[1], bytes: length - ends[1]! });
    }
  });

  test("and closed, with any bit of any byte flipped later, is refused or whole", async () => {
    const { sealed, ends } = await threeCommands();
    for (let at = 0; at < sealed.length * 8; at += 1) {
      const flipped = Buffer.from(sealed);
      flipped[at >> 3]! ^= 1 << (at & 7);
      if (at >> 3 < ends[2]!) {
        const start = [0, ...ends].findLast((end) => end <= at >> 3)!;
        expect(() => replayed(flipped)).toThrow(`${path()} is damaged at byte ${start}, behind command ${[0, ...ends].indexOf(start)}, and whole records go on at byte ${ends[[0, ...ends].indexOf(start)]}: restore a backup`);
      } else {
        // The seal: no command is in it.
        const { commands, torn } = replayed(flipped);
        expect(commands).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
        expect(torn?.offset).toBe(ends[2]);
      }
    }
  });

  test("with any bit of its last record flipped, is told as a torn end", async () => {
    const { unsealed, ends } = await threeCommands();
    for (let at = ends[1]! * 8; at < ends[2]! * 8; at += 1) {
      const flipped = Buffer.from(unsealed);
      flipped[at >> 3]! ^= 1 << (at & 7);
      const { commands, torn } = replayed(flipped);
      expect(commands).toEqual([{ n: 1 }, { n: 2 }]);
      expect(torn).toEqual({ path: path(), offset: ends[1], bytes: ends[2]! - ends[1]! });
    }
  });
});
