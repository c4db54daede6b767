import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchHandler } from "../../src/handlers/watch.ts";
import type { RunId } from "../../src/trade.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import { instantOf } from "../../src/time.ts";
import { CONFIG, startLocalWorld, type LocalWorld } from "./local-world.ts";

const RUN = "paper/fixed-weights/2026-11-18T14:35:00.000Z" as RunId;

let world: LocalWorld;
let printed: string[];

beforeEach(async () => {
  world = await startLocalWorld();
  for (const [name, value] of Object.entries(world.env)) vi.stubEnv(name, value);
  printed = [];
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await world.close();
});

/** Each look in a process of its own, as on AWS. */
const look = (at: string): Promise<unknown> => watchHandler({ config: CONFIG, env: world.env, clock: { now: () => instantOf(at) }, output: { write: (line) => void printed.push(line) } })();

const overdue = (): unknown[] => printed.filter((line) => line.includes("_aws")).map((line) => (JSON.parse(line) as { RunsOverdue: number }).RunsOverdue);

const write = (seq: number, type: JournalEvent["type"]): Promise<void> => world.journal.append(RUN, seq, { type, seq, at: 0, previous: "", account: "paper", strategy: "fixed-weights", scheduledAt: instantOf("2026-11-18T14:35:00Z") } as unknown as JournalEvent);

test("the first look asks about nothing before it", async () => {
  expect(await look("2026-11-18T21:30:00Z")).toEqual([]);
});

test("a run that did not start within ten minutes is missed, once", async () => {
  await look("2026-11-18T14:00:00Z");
  expect(await look("2026-11-18T14:44:59Z")).toEqual([]);
  expect(await look("2026-11-18T14:54:00Z")).toEqual([{ run: RUN, missing: "start" }]);
  expect(await look("2026-11-18T15:04:00Z")).toEqual([]);
  expect(await look("2026-11-18T22:30:00Z")).toEqual([]);
  expect(overdue()).toEqual([0, 0, 1, 0, 0]);
});

test("a run that started and closed is not missed", async () => {
  await look("2026-11-18T14:00:00Z");
  await write(0, "run-opened");
  await write(1, "run-closed");
  expect(await look("2026-11-18T14:54:00Z")).toEqual([]);
  expect(await look("2026-11-18T22:30:00Z")).toEqual([]);
});

test("a run that has not closed an hour after its session is missed, once", async () => {
  await look("2026-11-18T14:00:00Z");
  await write(0, "run-opened");
  expect(await look("2026-11-18T21:59:59Z")).toEqual([]);
  expect(await look("2026-11-18T22:00:00Z")).toEqual([{ run: RUN, missing: "end" }]);
  expect(await look("2026-11-18T22:10:00Z")).toEqual([]);
});

test("a watch that was away for days asks about all of them, and not about a weekend", async () => {
  await look("2026-11-13T22:30:00Z");
  expect(await look("2026-11-18T15:00:00Z")).toEqual([
    { run: "paper/fixed-weights/2026-11-16T14:35:00.000Z", missing: "start" },
    { run: "paper/fixed-weights/2026-11-17T14:35:00.000Z", missing: "start" },
    { run: RUN, missing: "start" },
  ]);
});

test("two watches at once both report and neither fails", async () => {
  await look("2026-11-18T14:00:00Z");
  expect(await Promise.all([look("2026-11-18T14:54:00Z"), look("2026-11-18T14:54:00Z")])).toEqual([[{ run: RUN, missing: "start" }], [{ run: RUN, missing: "start" }]]);
});
