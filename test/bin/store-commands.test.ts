import { createHash } from "node:crypto";
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { dynamodbStore } from "../../src/state/dynamodb.ts";
import { exportedLines } from "../../src/state/export.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import { instantOf } from "../../src/time.ts";
import type { AccountName } from "../../src/trade.ts";
import { ballast } from "../support/command-line.ts";
import { mayStartUnprivileged, unprivileged } from "../support/unprivileged.ts";
import { startDynamodb, type DynamodbServer } from "../support/dynamodb-server.ts";

let made: string;
let folder: string;
let server: DynamodbServer;
const at = (name: string): string => join(folder, name);
const RANGE = ["--data", "backtest/data", "--symbols", "AAPL,MSFT", "--from", "2015-01-02", "--to", "2015-04-30"];

beforeAll(async () => {
  made = mkdtempSync(join(tmpdir(), "ballast-made-"));
  expect(ballast(["paper", "momentum", "--replay", ...RANGE, "--state", join(made, "paper.sqlite"), "--json"]).err).toBe("");
  server = await startDynamodb();
});
afterAll(async () => {
  rmSync(made, { recursive: true });
  await server.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ballast-commands-"));
  expect(ballast(["backup", "--store", join(made, "paper.sqlite"), "--to", at("backup")]).code).toBe(0);
  expect(ballast(["restore", "--from", at("backup"), "--store", at("paper.sqlite")]).code).toBe(0);
});
afterEach(() => rmSync(folder, { recursive: true }));

const exported = (...more: string[]): ReturnType<typeof ballast> => ballast(["export", "--account", "simulated", "--store", at("paper.sqlite"), ...more]);
function restoreChanged(): ReturnType<typeof ballast> {
  appendFileSync(at("backup"), "more");
  return ballast(["restore", "--from", at("backup"), "--store", at("copy")]);
}
const parsed = (text: string): Record<string, unknown>[] => text.trimEnd().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);

test("a restored paper run exports what the one that was backed up did, and goes on", () => {
  const before = ballast(["export", "--account", "simulated", "--store", join(made, "paper.sqlite")]);
  expect(exported().out).toBe(before.out);
  const onwards = ["paper", "momentum", "--replay", "--data", "backtest/data", "--symbols", "AAPL,MSFT", "--from", "2015-01-02", "--to", "2015-06-30", "--json"];
  const resumed = JSON.parse(ballast([...onwards, "--state", at("paper.sqlite")]).out) as object;
  expect(resumed).toEqual(JSON.parse(ballast([...onwards, "--state", at("fresh.sqlite")]).out));
});

test("an export is each run with its events, whose lines hash to the next one's previous, and its end", () => {
  const { code, out } = exported();
  expect(code).toBe(0);
  const lines = out.trimEnd().split("\n");
  const objects = parsed(out);
  const runs = objects.filter(({ type }) => type === "run");
  expect(runs.map(({ scheduledAt }) => scheduledAt)).toEqual(["2015-01-02T14:35:00.000Z", "2015-02-02T14:35:00.000Z", "2015-03-02T14:35:00.000Z", "2015-04-01T13:35:00.000Z"]);
  let previous: unknown = "0".repeat(64);
  let count = 0;
  objects.forEach((object, n) => {
    if (object["type"] === "run") {
      expect(object).toMatchObject({ account: "simulated", strategy: "momentum" });
      previous = "0".repeat(64);
      return;
    }
    if (object["type"] === "end") return;
    expect(object["previous"]).toBe(previous);
    previous = createHash("sha256").update(lines[n]!).digest("hex");
    count += 1;
    if (object["type"] === "run-closed") expect(objects.slice(0, n).findLast(({ type }) => type === "run")!["head"]).toBe(previous);
  });
  expect(objects.at(-1)).toEqual({ type: "end", account: "simulated", runs: 4, events: count });
});

test("a store that may only be read is exported, explained and journaled as one that may be written", async ({ skip }) => {
  skip(!(await mayStartUnprivileged()));
  const reading = [["export", "--account", "simulated", "--store"], ["explain", "last", "--state"], ["journal", "last", "--json", "--store"], ["replay", "last", "--state"]];
  const before = reading.map((args) => ballast([...args, at("paper.sqlite")]));
  chmodSync(at("paper.sqlite"), 0o444);
  chmodSync(folder, 0o555);
  expect(await unprivileged(() => reading.map((args) => ballast([...args, at("paper.sqlite")])))).toEqual(before);
  expect(before.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  chmodSync(folder, 0o755);
});

test("an export can be of some runs, and go into a file that must not be there", () => {
  const some = ["--strategy", "momentum", "--from", "2015-02-02T14:35:00Z", "--before", "2015-04-01T13:35:00Z", "--out", at("history.jsonl")];
  expect(exported(...some)).toEqual({ code: 0, out: "", err: "" });
  expect(parsed(readFileSync(at("history.jsonl"), "utf8")).filter(({ type }) => type === "run").map(({ scheduledAt }) => scheduledAt)).toEqual(["2015-02-02T14:35:00.000Z", "2015-03-02T14:35:00.000Z"]);
  expect(exported(...some)).toEqual({ code: 2, out: "", err: `ballast: ${at("history.jsonl")} is there already, and is not written over\n` });
});

test("a deployment's export is the same lines as the local store's", async () => {
  await server.createTable("exported");
  const local = openSqliteStore(at("paper.sqlite"));
  const { journal } = dynamodbStore({ client: server.client(3), tableName: "exported", clock: { now: () => instantOf("2024-03-01T14:30:00Z") } });
  for (const run of local.journal.runs()) for (const event of await local.journal.read(run)) await journal.append(run, event.seq, event);
  local.close();
  const lines: string[] = [];
  for await (const line of exportedLines(journal, { account: "simulated" as AccountName })) lines.push(line);
  expect(`${lines.join("\n")}\n`).toBe(exported().out);
});

test("a journal that was changed ends the export with code 1 and the event", () => {
  const db = new DatabaseSync(at("paper.sqlite"));
  db.exec("UPDATE journal SET event = replace(event, '\"equity\":', '\"equity\":1') WHERE seq = 3");
  db.close();
  const { code, err } = exported();
  expect(code).toBe(1);
  expect(err).toBe("ballast: event 4 of run simulated/momentum/2015-01-02T14:35:00.000Z does not follow from the one before it: the journal was changed\n");
});

test.each([
  ["backup over a file", () => ballast(["backup", "--store", at("paper.sqlite"), "--to", at("backup")]), 2, "is there already, and is not written over"],
  ["restore over a store", () => ballast(["restore", "--from", at("backup"), "--store", at("paper.sqlite")]), 2, "is there already, and is not written over"],
  ["backup of a store that is not there", () => ballast(["backup", "--store", at("nowhere"), "--to", at("copy")]), 2, "there is no store"],
  ["restore of what is no backup", () => ballast(["restore", "--from", at("paper.sqlite"), "--store", at("copy")]), 2, "paper.sqlite.manifest.json cannot be used"],
  ["restore of a backup that was changed", () => restoreChanged(), 1, "is not the file that was backed up"],
  ["export of a store that is not there", () => ballast(["export", "--account", "a", "--store", at("nowhere")]), 2, "there is no store"],
  ["export of an account that has no run", () => ballast(["export", "--account", "main", "--store", at("paper.sqlite")]), 2, "holds no run of the account main; it has runs of simulated"],
  ["export with an instant that is none", () => exported("--from", "yesterday"), 2, '--from "yesterday" is not an instant'],
  ["export from a bucket without a table", () => exported("--bucket", "b"), 2, "--bucket goes with --table"],
])("%s is refused in one line", (_, run, code, message) => {
  const ran = run();
  expect(ran.code).toBe(code);
  expect(ran.err).toContain(message);
  expect(ran.err.trimEnd().split("\n")).toHaveLength(1);
});
