import { describe, expect, test } from "vitest";
import type { Closed } from "../../src/run/close-run.ts";
import { drive, type DriveState } from "../../src/run/drive.ts";
import type { CallAgainAt } from "../../src/run/work-orders.ts";
import type { Instant } from "../../src/time.ts";
import type { RunId } from "../../src/trade.ts";

const at = (n: number): Instant => n as Instant;
const AFRESH: DriveState = { triggeredTo: at(0), waiting: [] };
const closed = (scheduledAt: Instant): Closed => ({ kind: "closed", run: `run of ${scheduledAt}` as RunId, outcome: "completed" });

/** Runs of 10, 20 and 30; each asks to be called again when `again` says so. Every line is a call, at its instant. */
async function driven(again: Readonly<Record<number, readonly number[]>>, { until = 100, state = AFRESH, stopAfter = Infinity, due = [10, 20, 30] } = {}): Promise<{ lines: readonly string[]; state: DriveState; kept: readonly DriveState[] }> {
  const lines: string[] = [];
  const kept: DriveState[] = [];
  const asked = new Map(Object.entries(again).map(([run, instants]) => [Number(run), [...instants]]));
  let now = 0;
  class Stopped extends Error {}
  try {
    const left = await drive(due.map(at), at(until), state, {
      moveTo(instant) {
        expect(instant).toBeGreaterThanOrEqual(now);
        now = instant;
      },
      async advance(scheduledAt): Promise<Closed | CallAgainAt> {
        lines.push(`${scheduledAt} at ${now}`);
        const next = asked.get(scheduledAt)?.shift();
        return next === undefined ? closed(scheduledAt) : { kind: "call-again", at: at(next) };
      },
      async keep(step) {
        kept.push(step);
        if (kept.length === stopAfter) throw new Stopped();
      },
      onClosed: ({ run }, when) => lines.push(`${run} closed at ${when}`),
    });
    return { lines, state: left, kept };
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    return { lines, state: kept.at(-1)!, kept };
  }
}

describe("the loop", () => {
  test("triggers each scheduled instant once, in order, up to and including the last", async () => {
    expect((await driven({}, { until: 20 })).lines).toEqual(["10 at 10", "run of 10 closed at 10", "20 at 20", "run of 20 closed at 20"]);
    expect((await driven({}, { until: 19 })).lines).toHaveLength(2);
  });

  test("calls a run again when it asked for it, between the others", async () => {
    expect((await driven({ 10: [15, 25] })).lines).toEqual(["10 at 10", "10 at 15", "20 at 20", "run of 20 closed at 20", "10 at 25", "run of 10 closed at 25", "30 at 30", "run of 30 closed at 30"]);
  });

  test("calls the older run first where instants are the same", async () => {
    const lines = (await driven({ 10: [30], 20: [30] })).lines.filter((line) => line.endsWith("at 30") && !line.startsWith("run"));
    expect(lines).toEqual(["10 at 30", "20 at 30", "30 at 30"]);
  });

  test("moves on by a millisecond when a run asks for an instant that has been", async () => {
    expect((await driven({ 10: [10, 3] }, { until: 12 })).lines).toEqual(["10 at 10", "10 at 11", "10 at 12", "run of 10 closed at 12"]);
  });

  test("leaves what lies beyond its end, and goes on from there", async () => {
    const first = await driven({ 10: [25] }, { until: 20 });
    expect(first.state).toEqual({ triggeredTo: 20, waiting: [{ scheduledAt: 10, at: 25 }] });
    expect((await driven({}, { state: first.state })).lines).toEqual(["10 at 25", "run of 10 closed at 25", "30 at 30", "run of 30 closed at 30"]);
  });

  test("goes on after any step from what it kept", async () => {
    const again = { 10: [15, 25], 20: [30, 30] };
    const whole = await driven(again);
    for (let step = 1; step < whole.kept.length; step += 1) {
      const first = await driven(again, { stopAfter: step });
      const calls = first.lines.filter((line) => !line.startsWith("run")).map((line) => Number(line.split(" ")[0]));
      const rest = Object.fromEntries(Object.entries(again).map(([run, instants]) => [run, instants.slice(calls.filter((one) => one === Number(run)).length)]));
      const second = await driven(rest, { state: JSON.parse(JSON.stringify(first.state)) as DriveState });
      expect([...first.lines, ...second.lines]).toEqual(whole.lines);
    }
  });
});
