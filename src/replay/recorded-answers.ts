/**
 * The answers of one recorded invocation, given again.
 *
 * Its steps are cut at its appends: what was asked before an event is looked up among what was recorded before that
 * event, by call and arguments, in the recorded order. A clock that is asked more often than it was then stands still.
 *
 * Where the record ends before the journal does, its process died: what the venue said of orders is then taken from the
 * events that state it (`stated`), and anything else ends the replay of this invocation.
 */
import type { Json } from "../json.ts";
import { BrokerUnavailable, JournalConflict, MarketDataMissing, StateConflict } from "../ports.ts";
import { ZERO_QUANTITY } from "../money.ts";
import type { JournalEvent } from "../run/journal.ts";
import type { Instant } from "../time.ts";
import type { ClientOrderId, Order, OrderRequest, SubmitOutcome } from "../trade.ts";
import type { RecordedInvocation, RunRecord } from "./read-record.ts";
import { decodeValue, type BytesOf } from "./recorded-values.ts";
import type { RecordedCall } from "./run-record.ts";

/** The record has no more of what this invocation was told. */
export class RecordEnds extends Error {
  override readonly name = "RecordEnds";
}

/** The run asked for something that it was not told then. */
export class NotAskedThen extends Error {
  override readonly name = "NotAskedThen";
  readonly call: string;

  constructor(call: string, args: readonly Json[]) {
    super(`${callText(call, args)} was not asked then`);
    this.call = call;
  }
}

/** What was recorded before one append, and that append; without one, the record ends there. */
export interface Section {
  readonly calls: readonly RecordedCall[];
  readonly append: number | undefined;
  readonly outcome: "written" | "conflict" | "failed" | undefined;
}

export function sectionsOf({ steps }: Pick<RecordedInvocation, "steps">): readonly Section[] {
  const sections: Section[] = [];
  let calls: RecordedCall[] = [];
  for (const step of steps) {
    if ("call" in step) calls.push(step);
    else {
      sections.push({ calls, append: step.append, outcome: step.outcome });
      calls = [];
    }
  }
  return [...sections, { calls, append: undefined, outcome: undefined }];
}

/** What was asked before the event at `place` by the invocation that wrote it, or else by the last that came so far. */
export function callsBefore({ invocations }: RunRecord, place: number): readonly RecordedCall[] {
  const reaching = invocations.flatMap((invocation) => sectionsOf(invocation).flatMap((section, index) => ((section.append ?? invocation.journalLength + index) === place ? [section] : [])));
  return (reaching.find(({ outcome }) => outcome === "written") ?? reaching.at(-1))?.calls ?? [];
}

export class RecordedAnswers {
  readonly #sections: readonly Section[];
  readonly #bytesOf: BytesOf;
  /** The event that the journal has at the place that comes next. */
  readonly #next: () => JournalEvent | undefined;
  #section = 0;
  #left: RecordedCall[];
  #lastClock: Instant | undefined;
  #stated = false;

  constructor(invocation: RecordedInvocation, bytesOf: BytesOf, next: () => JournalEvent | undefined) {
    this.#sections = sectionsOf(invocation);
    this.#bytesOf = bytesOf;
    this.#next = next;
    this.#left = [...this.#sections[0]!.calls];
  }

  now(): Instant {
    const place = this.#left.findIndex(({ call }) => call === "clock.now");
    if (place >= 0) this.#lastClock = this.#left.splice(place, 1)[0]!.answer as Instant;
    else if (this.#recordEnded) this.#lastClock = this.#stateInput()?.at ?? this.#lastClock;
    if (this.#lastClock === undefined) throw new RecordEnds("the clock");
    return this.#lastClock;
  }

  /** @throws what was thrown then, NotAskedThen, RecordEnds. */
  answer(call: string, args: readonly Json[]): unknown {
    const text = JSON.stringify(args);
    const place = this.#left.findIndex((recorded) => recorded.call === call && JSON.stringify(recorded.args) === text);
    if (place < 0) {
      if (this.#recordEnded) return this.#answerOfJournal(call, args);
      throw new NotAskedThen(call, args);
    }
    const [recorded] = this.#left.splice(place, 1);
    if (recorded!.threw) throw errorOf(recorded!.threw);
    return decodeValue(recorded!.answer, this.#bytesOf);
  }

  /** What became of the append that is made now. */
  get outcome(): Section["outcome"] {
    return this.#sections[this.#section]!.outcome;
  }

  /** Goes on behind the append. Whether the event before it was made from what the journal states, not from the record. */
  appended(): { readonly stated: boolean } {
    const stated = this.#stated;
    this.#stated = false;
    if (this.#section < this.#sections.length - 1) {
      this.#section += 1;
      this.#left = [...this.#sections[this.#section]!.calls];
    }
    return { stated };
  }

  get #recordEnded(): boolean {
    return this.#section === this.#sections.length - 1 && this.#left.every(({ call }) => call === "clock.now");
  }

  #stateInput(): JournalEvent | undefined {
    this.#stated = true;
    return this.#next();
  }

  #answerOfJournal(call: string, args: readonly Json[]): unknown {
    const next = this.#stateInput();
    if (call === "broker.submit" && next?.type === "order-submitted" && next.clientOrderId === (args[0] as unknown as OrderRequest).clientOrderId) return next.outcome satisfies SubmitOutcome;
    if (call === "broker.find" && next) return foundAs(args[0] as ClientOrderId, next);
    if (call === "broker.cancel" && next?.type === "order-ended") return undefined;
    throw new RecordEnds(callText(call, args));
  }
}

/** An order that was not the next to end was open, unless it is sent again. */
function foundAs(clientOrderId: ClientOrderId, next: JournalEvent): Partial<Order> | undefined {
  const meant = "clientOrderId" in next && next.clientOrderId === clientOrderId;
  if (meant && next.type === "order-submitted") return undefined;
  if (!meant || next.type !== "order-ended") return { clientOrderId, status: "open", filledQuantity: ZERO_QUANTITY, fills: [] };
  const { status, filledQuantity, fills } = next;
  return status === "not-received" ? undefined : { clientOrderId, status, filledQuantity, fills };
}

function callText(call: string, args: readonly Json[]): string {
  const text = JSON.stringify(args).slice(1, -1);
  return `${call}(${text.length > 100 ? `${text.slice(0, 100)}…` : text})`;
}

/** The errors that a run tells apart keep their class. */
function errorOf({ name, message }: { readonly name: string; readonly message: string }): Error {
  const known = [BrokerUnavailable, JournalConflict, MarketDataMissing, StateConflict].find((kind) => kind.name === name);
  return known ? new known(message) : Object.assign(new Error(message), { name });
}
