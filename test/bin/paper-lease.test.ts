import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acquireLease } from "../../src/state/lease.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import type { Instant } from "../../src/time.ts";
import type { AccountName } from "../../src/trade.ts";
import { ballast } from "../support/command-line.ts";

let folder: string;
let state: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ballast-paper-"));
  state = join(folder, "paper.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true }));

const paper = (): ReturnType<typeof ballast> => ballast(["paper", "trend", "--replay", "--data", "backtest/data", "--symbols", "AAPL", "--from", "2015-01-02", "--to", "2015-02-27", "--state", state, "--json"]);

async function heldBy(holder: string): Promise<void> {
  const store = openSqliteStore(state);
  await acquireLease(store.state, "simulated" as AccountName, holder, Date.now() as Instant, 60_000);
  store.close();
}

test("while another process works for the account nothing is done, and who it is is said", async () => {
  await heldBy(`process ${process.pid} on ${hostname()}`);
  const { code, out, err } = paper();
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(`ballast: process ${process.pid} on ${hostname()} works for account simulated: wait until it has ended`);
});

test("what a process left that was killed on this machine is taken over at once", async () => {
  const { pid } = spawnSync(process.execPath, ["--eval", "0"]);
  await heldBy(`process ${pid} on ${hostname()}`);
  expect(paper().code).toBe(0);
  expect(paper().code).toBe(0);
});

test("the lease of another machine's process has to run out", async () => {
  await heldBy("process 1 on elsewhere");
  expect(paper().err).toContain("process 1 on elsewhere works for account simulated");
});
