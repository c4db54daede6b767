/**
 * Where two runs part, and what they were told differently before that.
 *
 * Journals are compared event by event; the hash of the event before is left out, since it only repeats an earlier
 * difference. Runs of other accounts or instants name their orders otherwise, so client order ids are compared by what
 * they stand for. Inputs are compared in the order in which they were asked for, up to the event that differs. Instants
 * always differ between two real runs: they are named last, and behind a difference of the code.
 */
import { hashOf, type JournalEvent } from "../run/journal.ts";
import { inputDifferences, type InputDifference } from "./diff-inputs.ts";
import { firstDifference, type Difference } from "./first-difference.ts";
import type { RunRecord } from "./read-record.ts";

export interface RecordedRun {
  readonly events: readonly JournalEvent[];
  readonly record: RunRecord | undefined;
}

export type RunDiff =
  | { readonly kind: "same"; readonly events: number; readonly heads: readonly [string, string] }
  | {
      readonly kind: "different";
      /** The place of the first event that differs. */
      readonly event: number;
      readonly types: readonly [JournalEvent["type"] | undefined, JournalEvent["type"] | undefined];
      readonly difference: Difference;
      /** The likeliest cause first. */
      readonly inputs: readonly InputDifference[];
      /** Which of the two has no record: without it only settings and fingerprints can be compared. */
      readonly unrecorded: readonly ("left" | "right")[];
    };

/** `decisions` compares targets, orders and refusals alone: not when, not under which id, and not what became of them. */
export function diffRuns(left: RecordedRun, right: RecordedRun, what: "everything" | "decisions"): RunDiff {
  const [ofLeft, ofRight] = [comparable(left.events, what), comparable(right.events, what)];
  const length = Math.max(ofLeft.length, ofRight.length);
  for (let place = 0; place < length; place += 1) {
    const [a, b] = [ofLeft[place], ofRight[place]];
    const difference = firstDifference(a?.shown, b?.shown);
    if (!difference) continue;
    const upTo = a?.seq ?? b!.seq;
    const unrecorded = [...(left.record ? [] : ["left" as const]), ...(right.record ? [] : ["right" as const])];
    return { kind: "different", event: upTo, types: [left.events[upTo]?.type, right.events[upTo]?.type], difference, inputs: inputDifferences(left, right, upTo), unrecorded };
  }
  return { kind: "same", events: left.events.length, heads: [headOf(left.events), headOf(right.events)] };
}

interface Comparable {
  readonly seq: number;
  readonly shown: unknown;
}

function comparable(events: readonly JournalEvent[], what: "everything" | "decisions"): readonly Comparable[] {
  const ids = orderNames(events);
  const named = (event: object): unknown => JSON.parse(JSON.stringify(event), (key, value: unknown) => (key === "clientOrderId" ? (ids.get(value as string) ?? value) : value));
  return events.flatMap((event): Comparable[] => {
    const { previous: _, ...rest } = event;
    if (what === "everything") return [{ seq: event.seq, shown: named(rest) }];
    if (event.type === "targets-set") return [{ seq: event.seq, shown: { type: event.type, keep: event.keep, targets: event.targets, refused: event.refused } }];
    if (event.type === "orders-planned") return [{ seq: event.seq, shown: named({ type: event.type, side: event.side, orders: event.orders, refused: event.refused }) }];
    return [];
  });
}

/** "buy AAPL #1" for the first client order id of that symbol and side: what it stands for in any run. */
function orderNames(events: readonly JournalEvent[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const event of events) {
    if (event.type !== "orders-planned") continue;
    for (const { clientOrderId, side, symbol } of event.orders) {
      const count = (counts.get(`${side} ${symbol}`) ?? 0) + 1;
      counts.set(`${side} ${symbol}`, count);
      names.set(clientOrderId, `${side} ${symbol} #${count}`);
    }
  }
  return names;
}

function headOf(events: readonly JournalEvent[]): string {
  return hashOf(events.at(-1)!);
}
