import { beforeAll, describe, expect, test } from "vitest";
import { diffRuns } from "../../src/replay/diff-runs.ts";
import { replayRun } from "../../src/replay/replay-run.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import type { Account, Bars, MarketView, Quote, RunId, Symbol } from "../../src/trade.ts";
import fixedWeights from "../../strategies/fixed-weights.ts";
import trend from "../../strategies/trend.ts";
import { deploymentOf } from "../support/made-up-market.ts";
import { changedRecord, CODE, recordWeek, threeSymbols, triggerOf, type ChangeableSegment, type Recorded } from "../support/recorded-market.ts";

const SYMBOLS = ["AAA", "BBB", "CCC"];
const deployment = deploymentOf(fixedWeights.configure({ band: 0, weights: { AAA: 0.3, BBB: 0.3, CCC: 0.3 } }), SYMBOLS, { executionStyle: "marketable-limit", limits: { collarBps: 25 } });

let recorded: Recorded;
/** The third of the week: it sells and buys what it holds. */
let run: RunId;
let events: readonly JournalEvent[];

beforeAll(async () => {
  recorded = await recordWeek(deployment, threeSymbols(1));
  run = recorded.runs[2]!;
  events = await recorded.events(run);
  expect(events.filter(({ type }) => type === "order-submitted").length).toBeGreaterThan(1);
});

function answersOf(segment: ChangeableSegment, call: string): readonly unknown[] {
  return segment.steps.filter((step) => step.call === call).map(({ answer }) => answer);
}

/** Replays the third run from its record with one thing changed. */
async function replayChanged(change: (segment: ChangeableSegment) => void, view?: (bytes: Uint8Array) => void) {
  return replayRun(events, await changedRecord(run, recorded, change, view), ({ trigger, ...rest }) => {
    const { deployment: called, scheduledAt } = triggerOf(recorded)({ trigger, ...rest });
    return { deployment: { ...called, strategy: fixedWeights.configure(trigger.params) }, scheduledAt };
  });
}

describe("a replay from a record in which one thing was changed names it", () => {
  test("nothing", async () => {
    expect(await replayChanged(() => undefined)).toMatchObject({ kind: "identical", events: events.length });
  });

  test("a quote", async () => {
    const order = events.flatMap((event) => (event.type === "orders-planned" ? event.orders : []))[0]!;
    const replay = await replayChanged((segment) => {
      for (const answer of answersOf(segment, "marketData.quotes") as { $map: [string, Record<string, number>][] }[]) {
        const quote = answer.$map.find(([symbol]) => symbol === order.symbol)?.[1];
        if (quote) {
          quote["bid"]! += 10_000;
          quote["ask"]! += 10_000;
        }
      }
    });
    expect(replay).toMatchObject({ kind: "different", type: "orders-planned", difference: { path: expect.stringMatching(/^orders\[\d\]\./) as string } });
    expect(replay.kind === "different" && replay.causes).toEqual([expect.stringMatching(new RegExp(`^quotes of ${order.symbol}: the journal was decided by (bid|ask) [\\d.]+ USD, the record has [\\d.]+ USD$`))]);
  });

  test("a position", async () => {
    const replay = await replayChanged((segment) => {
      for (const account of answersOf(segment, "broker.account") as { positions: { symbol: string; quantity: number }[] }[]) account.positions.find(({ symbol }) => symbol === "BBB")!.quantity += 2_000_000_000;
    });
    expect(replay).toMatchObject({ kind: "different", event: 1, type: "view-recorded", difference: { path: "type", right: "holdings-changed" } });
    expect(replay.kind === "different" && replay.causes).toEqual([expect.stringMatching(/^position of BBB: the journal was decided by [\d.]+, the record has [\d.]+$/)]);
  });

  test("a bar", async () => {
    const replay = await replayChanged(
      () => undefined,
      (bytes) => void (bytes[bytes.length - 1]! ^= 1),
    );
    expect(replay).toMatchObject({ kind: "different", event: 1, type: "view-recorded", difference: { path: "viewHash" } });
    expect(replay.kind === "different" && replay.causes).toEqual([expect.stringMatching(/^view of the bars: the journal has the fingerprint [0-9a-f]{16}…, the record [0-9a-f]{16}…$/)]);
  });

  test.each([
    ["a limit", (segment: ChangeableSegment) => segment.invocation && (segment.invocation.trigger.settings.limits["collarBps"] = 50), "config limits.collarBps: the journal has 25, the record 50"],
    ["a parameter", (segment: ChangeableSegment) => segment.invocation && (segment.invocation.trigger.params["band"] = 0.01), "config params.band: the journal has 0, the record 0.01"],
  ])("%s", async (_, change, cause) => {
    expect(await replayChanged(change)).toMatchObject({ kind: "different", event: 0, type: "run-opened", causes: [cause] });
  });

  test("the clock", async () => {
    const replay = await replayChanged((segment) => {
      for (const step of segment.steps) if (step.call === "clock.now") step.answer = (step.answer as number) + 1;
    });
    expect(replay).toMatchObject({ kind: "different", event: 0, difference: { path: "at" }, causes: ["clock: the journal has 2020-04-01T13:35:00.000Z, the record 2020-04-01T13:35:00.001Z"] });
  });

  test("an answer to an order", async () => {
    const replay = await replayChanged((segment) => {
      for (const outcome of answersOf(segment, "broker.submit") as { kind: string }[]) outcome.kind = "duplicate";
    });
    expect(replay).toMatchObject({ kind: "different", type: "order-submitted", difference: { path: "outcome.kind", left: "accepted", right: "duplicate" } });
    expect(replay.kind === "different" && replay.causes[0]).toMatch(/^answer to order bal-[0-9a-f]{32}: kind: the record has duplicate$/);
  });

  test("an event of the journal", async () => {
    const changed = events.map((event, place) => (place === 2 ? ({ ...event, refused: [] , keep: "no" } as unknown as JournalEvent) : event));
    expect(await replayRun(changed, await recorded.record(run), triggerOf(recorded))).toMatchObject({ kind: "different", event: 3, causes: ["the journal was changed: this event does not follow from the one before it"] });
  });
});

describe("the difference of two runs names the first event and field that differ, and the input that did it", () => {
  /** The same week, told something else on Wednesday and after. */
  async function toldOtherwise(told: (call: string, answer: unknown) => unknown) {
    const other = await recordWeek(deployment, threeSymbols(1), { to: "2020-04-01", told });
    return diff(other);
  }

  async function diff(other: Recorded, what: "everything" | "decisions" = "everything") {
    const found = diffRuns({ events, record: await recorded.record(run) }, { events: await other.events(run), record: await other.record(run) }, what);
    if (found.kind === "same") throw new Error("they are the same");
    return found;
  }

  const onWednesday = (quote: Quote): boolean => new Date(quote.at).toISOString().startsWith("2020-04-01");

  test("a quote", async () => {
    const found = await toldOtherwise((call, answer) => {
      if (call !== "quotes") return answer;
      return new Map([...(answer as Map<Symbol, Quote>)].map(([symbol, quote]) => [symbol, symbol === "BBB" && onWednesday(quote) ? { ...quote, bid: quote.bid + 50_000, ask: quote.ask + 50_000 } : quote]));
    });
    expect(found.types).toEqual(["orders-planned", "orders-planned"]);
    expect(found.inputs.map(({ input }) => input)).toEqual(["quotes of BBB: bid", "quotes of BBB: ask"]);
    expect(Number.parseFloat(found.inputs[0]!.right) - Number.parseFloat(found.inputs[0]!.left)).toBeCloseTo(0.05);
  });

  test("a position", async () => {
    let accounts = 0;
    const found = await toldOtherwise((call, answer) => {
      const account = answer as Account;
      // Four questions in each run; the ninth is the first of the third.
      if (call !== "account" || (accounts += 1) !== 9) return answer;
      return { ...account, positions: account.positions.map((position) => (position.symbol === "AAA" ? { ...position, quantity: position.quantity + 2_000_000_000 } : position)) };
    });
    expect(found).toMatchObject({ event: 1, types: ["view-recorded", "holdings-changed"], difference: { path: "type" } });
    expect(found.inputs).toMatchObject([{ input: "position of AAA" }, { input: "view of the bars (1 sessions)", right: "not asked" }]);
    expect(Number(found.inputs[0]!.right) - Number(found.inputs[0]!.left)).toBeCloseTo(2);
  });

  test("a bar", async () => {
    const found = await toldOtherwise((call, answer) => {
      const view = answer as MarketView;
      if (call !== "view" || view.session !== "2020-03-31") return answer;
      const change = (bars: Bars): Bars => ({ ...bars, close: bars.close.map((close, row) => (row === bars.close.length - 1 ? 95.25 : close)) });
      return { ...view, bars: (symbol: Symbol) => (symbol === "CCC" ? change(view.bars(symbol)) : view.bars(symbol)) };
    });
    expect(found).toMatchObject({ event: 1, difference: { path: "viewHash" } });
    expect(found.inputs).toEqual([{ input: "bar 2020-03-31 close of CCC", left: expect.stringMatching(/^[\d.]+$/) as string, right: "95.25" }]);
  });

  test("a limit, and what else it has the run do is no input", async () => {
    const other = await recordWeek({ ...deployment, settings: { ...deployment.settings, limits: { ...deployment.settings.limits, collarBps: 50 } } }, threeSymbols(1), { to: "2020-04-01" });
    const found = await diff(other);
    expect(found).toMatchObject({ event: 0, difference: { path: "settings.limits.collarBps", left: 25, right: 50 }, inputs: [{ input: "config limits.collarBps", left: "25", right: "50" }] });
    expect(await diff(other, "decisions")).toMatchObject({ types: ["orders-planned", "orders-planned"], difference: { path: "orders[0].priceBound" }, inputs: [{ input: "config limits.collarBps" }] });
  });

  test("the code, when nothing else differs but instants", async () => {
    const other = await recordWeek(deployment, threeSymbols(1), { to: "2020-04-01", recording: { code: { ...CODE, sources: "changed" } } });
    const late = (await other.events(run)).map((event, place) => (place === 2 ? { ...event, reason: "otherwise" } : event)) as unknown as readonly JournalEvent[];
    const found = diffRuns({ events, record: await recorded.record(run) }, { events: late, record: await other.record(run) }, "everything");
    expect(found).toMatchObject({ kind: "different", event: 2, difference: { path: "reason" }, inputs: [{ input: "code: sources", left: "made up", right: "changed" }] });
  });

  test("runs of different accounts that decided the same have the same decisions", async () => {
    const other = await recordWeek({ ...deployment, account: "other" as typeof deployment.account }, threeSymbols(1), { to: "2020-04-01" });
    const theirs = { events: await other.events(other.runs[2]!), record: await other.record(other.runs[2]!) };
    const ours = { events, record: await recorded.record(run) };
    expect(diffRuns(ours, theirs, "everything")).toMatchObject({ kind: "different", event: 0, difference: { path: "account", left: "test", right: "other" } });
    expect(diffRuns(ours, theirs, "decisions")).toMatchObject({ kind: "same" });
  });

  test("without records, settings and fingerprints are compared", async () => {
    const other = await recordWeek(deploymentOf(trend.configure({ days: 10 }), SYMBOLS), threeSymbols(1), { to: "2020-04-01" });
    const found = diffRuns({ events, record: undefined }, { events: await other.events(other.runs[2]!), record: undefined }, "everything");
    expect(found).toMatchObject({ kind: "different", unrecorded: ["left", "right"], difference: { path: "strategy" } });
    expect(found.kind === "different" && found.inputs.map(({ input }) => input)).toContain("config strategy");
  });
});
