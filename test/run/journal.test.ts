import { expect, test } from "vitest";
import { GENESIS, hashOf, verifyChain, type JournalEvent } from "../../src/run/journal.ts";
import { instantOf } from "../../src/time.ts";

const at = instantOf("2026-11-20T14:35:00Z");

function chained(count: number): JournalEvent[] {
  const events: JournalEvent[] = [];
  for (let seq = 0; seq < count; seq += 1) {
    const previous = seq === 0 ? GENESIS : hashOf(events[seq - 1]!);
    events.push({ type: "order-submitted", clientOrderId: `bal-${seq}` as never, outcome: { kind: "accepted" }, seq, at, previous });
  }
  return events;
}

test("a journal as it was written is whole, also after a round trip through JSON", () => {
  const events = chained(4);
  expect(verifyChain(events).brokenAt).toBeUndefined();
  expect(verifyChain(JSON.parse(JSON.stringify(events)) as JournalEvent[])).toEqual(verifyChain(events));
  expect(verifyChain([])).toEqual({ brokenAt: undefined, head: GENESIS });
});

test.each([
  ["a changed event breaks the link behind it", (events: JournalEvent[]) => events.with(1, { ...events[1]!, at: instantOf("2026-11-20T14:35:01Z") }), 2],
  ["a dropped event", (events: JournalEvent[]) => events.toSpliced(1, 1), 1],
  ["two events that changed places", (events: JournalEvent[]) => [events[0]!, events[2]!, events[1]!, events[3]!], 1],
  ["a first event with a link before it", (events: JournalEvent[]) => events.slice(1), 0],
])("%s is noticed", (_name, change, brokenAt) => {
  expect(verifyChain(change(chained(4))).brokenAt).toBe(brokenAt);
});

test("a change of the last event shows in the head alone", () => {
  const events = chained(3);
  const changed = events.with(2, { ...events[2]!, at: instantOf("2026-11-20T14:36:00Z") });
  expect(verifyChain(changed).brokenAt).toBeUndefined();
  expect(verifyChain(changed).head).not.toBe(verifyChain(events).head);
});
