import { describe, expect, test } from "vitest";
import { continuePaper } from "../../backtest/paper.ts";
import { journalHashOf, journalLines, type ReplayRecord } from "../../backtest/result.ts";
import { runBacktest } from "../../backtest/run-backtest.ts";
import type { WorldSettings } from "../../backtest/simulated-world.ts";
import { moneyToNumber } from "../../src/money.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import type { FillProfileName } from "../../src/simulator/fill-profiles.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import { instantOf, plusMs, sessionDateOf } from "../../src/time.ts";
import { churning } from "../support/churning.ts";
import { closesOf, datasetOf, deploymentOf, wanderingBars, worldSettings } from "../support/made-up-market.ts";

const PROFILES = ["peer", "alpaca-paper", "realistic"] as const;
const FROM = "2026-10-26";
const TO = sessionDateOf("2026-11-20");


/** Two symbols from a month before the first run on, so many shares a day. */
function churningUnder(fillProfile: FillProfileName | undefined, { volume = 1_000_000, seed = 1 } = {}): WorldSettings {
  const data = datasetOf({ AAA: wanderingBars("2026-09-21", 45, 1, volume), BBB: wanderingBars("2026-09-21", 45, 2, volume) });
  const fees = fillProfile === "alpaca-paper" ? "none" : "alpaca";
  return worldSettings(data, deploymentOf(churning.configure({}), data.symbols, { fees, seed, ...(fillProfile && { fillProfile }) }), FROM, 100_000, 1);
}

const played = (profile: FillProfileName | undefined, options: Parameters<typeof churningUnder>[1] = {}): Promise<ReplayRecord> => runBacktest({ ...churningUnder(profile, options), to: TO });
const linesOf = ({ runs }: Pick<ReplayRecord, "runs">): readonly string[] => [...journalLines(runs)];

test("a strategy that trades much ends best under peer, then alpaca-paper, then realistic, by what trading cost", async () => {
  const ends = new Map<FillProfileName, number>();
  const costs = new Map<FillProfileName, number>();
  for (const profile of PROFILES) {
    const record = await played(profile);
    ends.set(profile, record.equity.at(-1)!);
    costs.set(profile, moneyToNumber(record.costs.spread) + moneyToNumber(record.costs.impact) + moneyToNumber(record.feesPaid));
    expect({ spread: record.costs.spread > 0, impact: record.costs.impact > 0, fees: record.feesPaid > 0 }, profile).toEqual({ spread: profile !== "peer", impact: profile === "realistic", fees: profile !== "alpaca-paper" });
  }
  const [peer, paper, realistic] = PROFILES.map((profile) => ends.get(profile)!) as [number, number, number];
  expect(peer - paper).toBeGreaterThan(500);
  expect(paper - realistic).toBeGreaterThan(500);
  // What is missing in the end is what was paid on the way, but for the gains on it.
  const [cheap, , dear] = PROFILES.map((profile) => costs.get(profile)!) as [number, number, number];
  expect((peer - realistic) / (dear - cheap)).toBeGreaterThan(0.9);
  expect((peer - realistic) / (dear - cheap)).toBeLessThan(1.1);
});

describe.each([...PROFILES, undefined])("under the profile %s", (profile) => {
  test("the same seed gives the same journal, and the journal says which profile it was", async () => {
    const [one, other] = [await played(profile), await played(profile)];
    expect(journalHashOf(one.runs)).toBe(journalHashOf(other.runs));
    const opened = one.runs[0]![0] as Extract<JournalEvent, { type: "run-opened" }>;
    expect((opened.settings as { fillProfile?: string }).fillProfile).toBe(profile);
  });

  test("a paper run that begins anew every two hours writes the journal of the backtest", async () => {
    const settings = churningUnder(profile, { volume: 100_000 });
    const store = openSqliteStore(":memory:", { synchronous: "off" });
    const end = instantOf("2026-11-06T23:59:00Z");
    for (let at = instantOf("2026-10-26T06:00:00Z"); at < end; at = plusMs(at, 7_200_000)) await continuePaper(settings, store, at, () => undefined);
    await continuePaper(settings, store, end, () => undefined);
    const runs = await Promise.all(store.journal.runs().map((run) => store.journal.read(run)));
    const expected = linesOf(await runBacktest({ ...settings, to: sessionDateOf("2026-11-06") }));
    expect(expected.length).toBeGreaterThan(50);
    expect(linesOf({ runs })).toEqual(expected);
    store.close();
  });
});

test("the seed decides what alpaca-paper fills in parts, and nothing under the others", async () => {
  const fillsOf = async (profile: FillProfileName, seed: number): Promise<unknown> =>
    (await played(profile, { seed })).runs.flat().flatMap((event) => (event.type === "order-ended" ? event.fills.map(({ quantity, price }) => [quantity, price]) : []));
  expect(await fillsOf("alpaca-paper", 1)).not.toEqual(await fillsOf("alpaca-paper", 2));
  for (const profile of ["peer", "realistic"] as const) expect(await fillsOf(profile, 1)).toEqual(await fillsOf(profile, 2));
});

test("a paper run is not continued under another profile", async () => {
  const store = openSqliteStore(":memory:", { synchronous: "off" });
  await continuePaper(churningUnder("realistic"), store, instantOf("2026-10-27T06:00:00Z"), () => undefined);
  for (const other of ["peer", undefined] as const) {
    await expect(continuePaper(churningUnder(other), store, instantOf("2026-10-28T06:00:00Z"), () => undefined)).rejects.toMatchObject({ name: "PaperRunDiffers" });
  }
  store.close();
});

test.each([
  ["peer", 0, 0],
  ["alpaca-paper", 2, 0],
  ["realistic", 2, 0],
] as const)("closes alone under %s cost %d basis points of spread and %d of impact", async (profile, spread, impact) => {
  const data = datasetOf({ AAA: closesOf("2026-10-26", new Array<number>(20).fill(100)), BBB: closesOf("2026-10-26", new Array<number>(20).fill(50)) });
  const deployment = deploymentOf(churning.configure({}), data.symbols, { fees: "none", fillProfile: profile, tradingHours: "closing-auction" });
  const { costs, runs } = await runBacktest({ ...worldSettings(data, deployment, FROM), to: TO });
  const traded = runs.flat().flatMap((event) => (event.type === "order-ended" ? event.fills : [])).reduce((sum, { price, quantity }) => sum + (price / 1e6) * (quantity / 1e9), 0);
  expect((10_000 * moneyToNumber(costs.spread)) / traded).toBeCloseTo(spread, 3);
  expect((10_000 * moneyToNumber(costs.impact)) / traded).toBe(impact);
});
