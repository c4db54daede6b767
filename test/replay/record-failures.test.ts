import { describe, expect, test } from "vitest";
import type { BlobStore } from "../../src/ports.ts";
import { replayRun } from "../../src/replay/replay-run.ts";
import fixedWeights from "../../strategies/fixed-weights.ts";
import { Secret } from "../../src/aws/secret.ts";
import { deploymentOf } from "../support/made-up-market.ts";
import { recordWeek, threeSymbols, triggerOf, type MemoryBlobs, type Recorded } from "../support/recorded-market.ts";

const deployment = deploymentOf(fixedWeights.configure({ band: 0, weights: { AAA: 0.3, BBB: 0.3, CCC: 0.3 } }), ["AAA", "BBB", "CCC"]);
const MONDAY = "2020-03-30";

const play = (blobs?: (blobs: BlobStore) => BlobStore, recording = {}): Promise<Recorded> => recordWeek(deployment, threeSymbols(1), { to: MONDAY, recording, ...(blobs && { blobs }) });

async function journalOf(recorded: Recorded): Promise<string> {
  return JSON.stringify(await recorded.events(recorded.runs[0]!));
}

async function replayFirst(recorded: Recorded) {
  const run = recorded.runs[0]!;
  return replayRun(await recorded.events(run), await recorded.record(run), triggerOf(recorded));
}

/** Takes the first `count` puts, and then fails or hangs as told. */
function failing(count: number, put: () => Promise<never>, until = Infinity): (blobs: BlobStore) => BlobStore {
  let puts = 0;
  return (blobs) => ({
    put: (bytes) => {
      puts += 1;
      return puts > count && puts <= until ? put() : blobs.put(bytes);
    },
    get: (name) => blobs.get(name),
  });
}

const refuse = (): Promise<never> => Promise.reject(new Error("no room"));
const hang = (): Promise<never> => new Promise(() => undefined);

describe("a store of records that fails", () => {
  test.each([
    ["always", failing(0, refuse)],
    ["after the first events", failing(2, refuse)],
    ["by never answering", failing(2, hang)],
  ])("%s changes nothing of what is traded, and the run says that it cannot be replayed", async (_, blobs) => {
    const recorded = await play(blobs, { patienceMs: 20 });
    expect(await journalOf(recorded)).toBe(await journalOf(await play()));
    expect(recorded.troubles).toHaveLength(1);
    expect((await replayFirst(recorded)).kind).toBe("incomplete");
  });

  test("for a while leaves a whole record all the same", async () => {
    const recorded = await play(failing(1, refuse, 3));
    expect(recorded.troubles).toEqual([]);
    expect(await replayFirst(recorded)).toMatchObject({ kind: "identical", stated: [] });
  });

  test("names the events whose inputs are missing", async () => {
    const recorded = await play(failing(3, refuse));
    expect((await recorded.events(recorded.runs[0]!)).map(({ type }) => type)).toEqual([
      ...["run-opened", "view-recorded", "targets-set", "orders-planned", "orders-planned", "order-submitted", "order-submitted", "order-submitted"],
      ...["order-ended", "order-ended", "order-ended", "run-closed"],
    ]);
    // The targets were set from the view and the account, which are there; only the clock is missing, and the event has it.
    expect(await replayFirst(recorded)).toMatchObject({ kind: "incomplete", missing: [3, 4, 5, 6, 7, 8, 9, 10, 11], why: [] });
    expect(recorded.troubles).toEqual(["no room"]);
  });
});

describe("a record that was damaged", () => {
  test.each([
    ["a part that is gone", (blobs: MemoryBlobs, name: string) => void blobs.stored.delete(name), "is not in the store"],
    ["a part that was changed", (blobs: MemoryBlobs, name: string) => void blobs.stored.set(name, Buffer.from("{}")), "was changed: its content is not what it is named by"],
  ])("has %s, and the replay says which", async (_, damage, why) => {
    const recorded = await play();
    const names = [...recorded.blobs.stored.keys()];
    damage(recorded.blobs, names[1]!);
    const replay = await replayFirst(recorded);
    expect(replay).toMatchObject({ kind: "incomplete" });
    expect(replay.kind === "incomplete" && replay.why[0]).toContain(why);
  });
});

test("a run that was not recorded cannot be replayed", async () => {
  const recorded = await play();
  const run = recorded.runs[0]!;
  expect(await replayRun(await recorded.events(run), undefined, triggerOf(recorded))).toMatchObject({ kind: "incomplete", why: ["the run was not recorded"] });
});

test("a secret that a port lets slip is in no byte of the record", async () => {
  const canary = new Secret('canary/Secret+"7f3e"==');
  const recorded = await recordWeek(deployment, threeSymbols(1), {
    to: MONDAY,
    recording: { mask: (text: string) => canary.maskIn(text) },
    told: (call, answer) => (call === "submit" ? { kind: "rejected", code: canary.reveal(), message: `Authorization: ${JSON.stringify(canary.reveal())}` } : answer),
  });
  const stored = Buffer.concat([...recorded.blobs.stored.values()]).toString("latin1");
  expect(stored).toContain("[secret]");
  for (const form of [canary.reveal(), JSON.stringify(canary.reveal()).slice(1, -1), "7f3e"]) expect(stored).not.toContain(form);
});
