import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CommandLog } from "../../../src/server/durable/command-log.ts";
import { backUpDirectory, restoreDirectory } from "../../../src/server/durable/directory-backup.ts";
import { ballast } from "../../support/command-line.ts";

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), "ballast-backup-"));
  fs.mkdirSync(join(root, "venue"));
  fs.writeFileSync(join(root, "venue", "venue.json"), "{}\n");
});
afterEach(() => fs.rmSync(root, { recursive: true }));

const at = (name: string): string => join(root, name);

async function contentOf(directory: string): Promise<{ readonly state: unknown; readonly commands: readonly unknown[] }> {
  let state: unknown;
  const commands: unknown[] = [];
  const log = await CommandLog.open({ directory, policy: { sync: "never" } }, { restore: (restored) => (state = restored), apply: (command) => commands.push(command) });
  await log.close();
  return { state, commands };
}

test("a backup that is taken while commands come is the log up to one of them, and restores to it", async () => {
  const log = await CommandLog.open({ directory: at("venue"), policy: { sync: "never" }, segmentBytesMax: 500 }, { restore: () => undefined, apply: () => undefined });
  const stop = new AbortController();
  let appended = 0;
  const writing = (async () => {
    while (!stop.signal.aborted) {
      const sequence = await log.append({ n: (appended += 1) });
      if (sequence % 50 === 0) await log.snapshot(sequence, { upTo: sequence });
    }
  })();
  while (appended < 120) await new Promise(setImmediate);
  const before = log.acknowledged;
  const manifest = await backUpDirectory(at("venue"), at("copy"), "2026-11-24T17:00:00.000Z");
  stop.abort();
  await writing;
  await log.close();
  expect(manifest.lastSequence).toBeGreaterThanOrEqual(before);

  expect(await restoreDirectory(at("copy"), at("restored"))).toEqual(manifest);
  const { state, commands } = await contentOf(at("restored"));
  const { upTo } = state as { upTo: number };
  expect(commands).toEqual(Array.from({ length: manifest.lastSequence - upTo }, (_, index) => ({ n: upTo + index + 1 })));
});

test("a restore refuses a directory that holds something, a changed file and what is no backup", async () => {
  const log = await CommandLog.open({ directory: at("venue"), policy: { sync: "never" } }, { restore: () => undefined, apply: () => undefined });
  await log.append({ n: 1 });
  await log.append({ n: 2 });
  await log.close();
  await backUpDirectory(at("venue"), at("copy"), "2026-11-24T17:00:00.000Z");
  await expect(restoreDirectory(at("copy"), at("venue"))).rejects.toThrow(`${at("venue")} is not empty`);
  await expect(backUpDirectory(at("venue"), at("copy"), "2026-11-24T17:00:00.000Z")).rejects.toThrow(`${at("copy")} is not empty`);
  await expect(restoreDirectory(at("venue"), at("restored"))).rejects.toThrow("is no backup of a server's directory");
  const file = join(at("copy"), "commands-0000000000000001.log");
  fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace('{"n":2}', '{"n":3}'));
  await expect(restoreDirectory(at("copy"), at("restored"))).rejects.toThrow(`${file} is not the file that was backed up`);
});

test("the command line backs up and restores a directory", async () => {
  await contentOf(at("venue"));
  expect(ballast(["backup", "--dir", at("venue"), "--to", at("copy")])).toMatchObject({ code: 0, out: `${at("copy")}: 2 files up to command 0, verified\n` });
  expect(ballast(["restore", "--from", at("copy"), "--dir", at("restored")]).out).toMatch(/2 files up to command 0 as of 20\S+Z, verified\n$/);
  expect(ballast(["restore", "--from", at("copy"), "--dir", at("restored")])).toMatchObject({ code: 2, err: `ballast: ${at("restored")} is not empty: name one that is, or that is not there\n` });
  expect(ballast(["backup", "--dir", at("nothing"), "--to", at("other")])).toMatchObject({ code: 2, err: `ballast: ${at("nothing")} is no server's directory: it has no venue.json\n` });
});
