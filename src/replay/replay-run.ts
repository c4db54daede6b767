/**
 * A finished run, decided once more from its record: the path itself, over the recorded answers.
 *
 * Each recorded invocation is called again as it was called then, and each event that it would write is compared with
 * the journal, byte for byte. An invocation that lost a race or died is no difference: an event is reproduced when any
 * invocation makes it. An event that none makes is a difference if one makes another in its place, and cannot be
 * replayed if none comes so far.
 */
import { JournalConflict } from "../ports.ts";
import { advanceRun } from "../run/advance-run.ts";
import type { Trigger } from "../run/deployment.ts";
import { verifyChain, type JournalEvent } from "../run/journal.ts";
import { answeringPorts } from "./answering-ports.ts";
import { firstDifference, type Difference } from "./first-difference.ts";
import { inputsBehind } from "./inputs-behind.ts";
import type { RecordedInvocation, RunRecord } from "./read-record.ts";
import { NotAskedThen, RecordedAnswers, RecordEnds } from "./recorded-answers.ts";
import type { InvocationHeader } from "./run-record.ts";

export type Replay =
  | {
      readonly kind: "identical";
      readonly events: number;
      /** The hash of the last event. */
      readonly head: string;
      /** Places of events that the journal alone vouches for: the process died before their inputs were stored. */
      readonly stated: readonly number[];
    }
  | {
      readonly kind: "different";
      readonly event: number;
      readonly type: JournalEvent["type"];
      /** `left` is what the journal has, `right` what is decided now; undefined where nothing is decided. */
      readonly difference: Difference | undefined;
      /** What the event was decided from, the likeliest cause first; or why nothing was decided. */
      readonly causes: readonly string[];
    }
  | { readonly kind: "incomplete"; readonly missing: readonly number[]; readonly why: readonly string[] };

/** How to call the recorded invocation. */
export type TriggerOf = (invocation: InvocationHeader) => Trigger;

export async function replayRun(events: readonly JournalEvent[], record: RunRecord | undefined, triggerOf: TriggerOf): Promise<Replay> {
  const { brokenAt, head } = verifyChain(events);
  if (brokenAt !== undefined) return { kind: "different", event: brokenAt, type: events[brokenAt]!.type, difference: undefined, causes: ["the journal was changed: this event does not follow from the one before it"] };
  if (!record) return { kind: "incomplete", missing: events.map((_, place) => place), why: ["the run was not recorded"] };
  const ends: End[] = [];
  for (const invocation of record.invocations) ends.push(await replayInvocation(events, invocation, record, triggerOf(invocation)));
  const reproduced = new Set(ends.flatMap((end) => end.reproduced));
  const stated = [...new Set(ends.flatMap((end) => end.stated))].filter((place) => !reproduced.has(place)).sort((a, b) => a - b);
  const missing = events.map((_, place) => place).filter((place) => !reproduced.has(place) && !stated.includes(place));
  const first = missing[0];
  if (first === undefined) return { kind: "identical", events: events.length, head, stated };
  const other = ends.find((end) => end.at === first && end.kind === "different");
  if (other) return { kind: "different", event: first, type: events[first]!.type, ...other.different! };
  return { kind: "incomplete", missing, why: [...record.lost, ...ends.filter((end) => end.at === first && end.why !== undefined).map((end) => end.why!)] };
}

/** Where and why the replay of one invocation ended. */
interface End {
  readonly kind: "over" | "different" | "lost";
  /** Places whose events were made again from the record, and from what the journal states. */
  readonly reproduced: readonly number[];
  readonly stated: readonly number[];
  /** The place it had come to. */
  readonly at: number;
  readonly why?: string;
  readonly different?: { readonly difference: Difference | undefined; readonly causes: readonly string[] };
}

class Differs extends Error {
  override readonly name = "Differs";
  readonly event: JournalEvent;

  constructor(event: JournalEvent) {
    super("another event is decided now");
    this.event = event;
  }
}

async function replayInvocation(events: readonly JournalEvent[], invocation: RecordedInvocation, { bytesOf }: RunRecord, trigger: Trigger): Promise<End> {
  const reproduced: number[] = [];
  const stated: number[] = [];
  let at = invocation.journalLength;
  const answers = new RecordedAnswers(invocation, bytesOf, () => events[at]);
  const ports = answeringPorts(answers, {
    read: async () => events.slice(0, invocation.journalLength),
    async append(_run, place, event) {
      at = place;
      if (answers.outcome === "conflict") throw new JournalConflict("lost then");
      const written = events[place];
      // Decided, and then the process died or the store refused it.
      if (!written) throw new RecordEnds("the journal");
      if (JSON.stringify(written) !== JSON.stringify(event)) throw new Differs(event);
      (answers.appended().stated ? stated : reproduced).push(place);
      at = place + 1;
    },
  });
  try {
    await advanceRun(trigger, ports);
    return { kind: "over", reproduced, stated, at };
  } catch (error) {
    const end = { reproduced, stated, at };
    if (error instanceof Differs) {
      const difference = firstDifference(events[at], error.event)!;
      return { kind: "different", ...end, different: { difference, causes: inputsBehind(events[at]!, error.event, difference, invocation, at, bytesOf) } };
    }
    if (error instanceof NotAskedThen) return { kind: "different", ...end, different: { difference: undefined, causes: [error.message] } };
    if (error instanceof RecordEnds) return { kind: "lost", ...end };
    // Whatever ended the invocation then ends it now; if events are missing behind it, this is why.
    return { kind: "lost", ...end, why: error instanceof Error ? error.message : String(error) };
  }
}
