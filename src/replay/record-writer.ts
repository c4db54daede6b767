/**
 * Collects what one invocation was told and stores it.
 *
 * `flush` is waited for no longer than `patienceMs` in all flushes of an invocation together. What could not be stored
 * is tried again at the next flush; one that is still under way then is not begun a second time. If something is missing
 * at the end, `onTrouble` hears of it, and a replay of the run will say which events cannot be replayed.
 */
import { performance } from "node:perf_hooks";
import type { Json } from "../json.ts";
import { changeState } from "../run/change-state.ts";
import type { Trigger } from "../run/deployment.ts";
import { contentHashOf } from "../state/packed-blob.ts";
import type { RunId } from "../trade.ts";
import type { BlobStore, StateStore } from "../ports.ts";
import { encodeValue } from "./recorded-values.ts";
import { bytesOfSegment, recordKey, type CodeVersion, type InvocationHeader, type RecordedStep } from "./run-record.ts";

export interface Recording {
  readonly blobs: BlobStore;
  /** Holds which blobs are the record of which run. */
  readonly index: StateStore;
  readonly code: CodeVersion;
  /** Takes secrets out of what is stored. */
  readonly mask?: (text: string) => string;
  /** Called at most once an invocation. */
  readonly onTrouble: (run: RunId, why: string) => void;
  readonly patienceMs?: number;
}

const PATIENCE_MS = 5_000;
/** At the end nothing waits for the record but the end itself. */
const LAST_PATIENCE_MS = 2_000;

/** Filled when the answer comes. */
interface Slot {
  step: RecordedStep | undefined;
}

export class RecordWriter {
  readonly #run: RunId;
  readonly #trigger: Trigger;
  readonly #recording: Recording;
  #patienceMs: number;
  #journalLength = 0;
  #wrote = false;
  #slots: Slot[] = [];
  /** Bytes that the slots name and that are not stored yet. */
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #storedBytes = new Set<string>();
  /** Those of this invocation that the index has. */
  #segments: readonly string[] = [];
  /** Stays after a flush that was not waited for to its end. */
  #underWay: Promise<void> | undefined;
  #trouble = "it could not be stored in time";

  constructor(run: RunId, trigger: Trigger, recording: Recording) {
    this.#run = run;
    this.#trigger = trigger;
    this.#recording = recording;
    this.#patienceMs = recording.patienceMs ?? PATIENCE_MS;
  }

  opened(journalLength: number): void {
    this.#journalLength = journalLength;
  }

  answered(call: string, args: readonly unknown[], answer: unknown): void {
    this.#slots.push({ step: this.#stepOf(call, args, answer) });
  }

  appended(place: number, outcome: "written" | "conflict" | "failed"): void {
    this.#wrote = true;
    this.#slots.push({ step: { append: place, outcome } });
  }

  async record<T>(call: string, args: readonly unknown[], ask: () => Promise<T>): Promise<T> {
    const slot: Slot = { step: undefined };
    this.#slots.push(slot);
    try {
      const answer = await ask();
      slot.step = this.#stepOf(call, args, answer);
      return answer;
    } catch (error) {
      slot.step = { call, args: this.#encoded(args), threw: wordsOf(error) };
      throw error;
    }
  }

  /** Never throws. */
  async flush(): Promise<void> {
    if (this.#underWay && !(await this.#waitFor(this.#underWay))) return;
    if (this.#slots[0]?.step === undefined) return;
    this.#underWay = this.#store().then(
      () => undefined,
      (error: unknown) => {
        // Trading goes on; what was not stored is tried again at the next flush.
        this.#trouble = error instanceof Error ? error.message : String(error);
      },
    );
    await this.#waitFor(this.#underWay);
  }

  async finish(): Promise<void> {
    if (!this.#wrote) return;
    this.#patienceMs = Math.max(this.#patienceMs, Math.min(LAST_PATIENCE_MS, this.#recording.patienceMs ?? PATIENCE_MS));
    await this.flush();
    if (this.#slots.length > 0) this.#recording.onTrouble(this.#run, this.#trouble);
  }

  /** False when the patience ended before `work`, which goes on. */
  async #waitFor(work: Promise<void>): Promise<boolean> {
    const since = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), this.#patienceMs)));
    const ended = await Promise.race([work.then(() => true), patience]);
    clearTimeout(timer);
    this.#patienceMs = Math.max(0, this.#patienceMs - (performance.now() - since));
    if (ended && this.#underWay === work) this.#underWay = undefined;
    return ended;
  }

  async #store(): Promise<void> {
    const answered = this.#slots.findIndex(({ step }) => step === undefined);
    const stored = answered < 0 ? this.#slots : this.#slots.slice(0, answered);
    const steps = stored.map(({ step }) => step!);
    const segment = bytesOfSegment({ format: 1, ...(this.#segments.length === 0 && { invocation: this.#header() }), steps }, this.#recording.mask ?? ((text) => text));
    const named = [...this.#bytes];
    await Promise.all([segment, ...named.map(([, bytes]) => bytes)].map((bytes) => this.#recording.blobs.put(bytes)));
    await this.#list(contentHashOf(segment));
    this.#slots = this.#slots.slice(stored.length);
    for (const [name] of named) {
      this.#bytes.delete(name);
      this.#storedBytes.add(name);
    }
  }

  /** Another invocation of the run may list its own at the same time. */
  async #list(segment: string): Promise<void> {
    const before = this.#segments;
    const segments = [...before, segment];
    await changeState(this.#recording.index, recordKey(this.#run), (index) => {
      const invocations = index?.invocations ?? [];
      const own = before.length === 0 ? -1 : invocations.findIndex((one) => one.segments.join() === before.join());
      return { after: { format: 1 as const, invocations: own < 0 ? [...invocations, { segments }] : invocations.with(own, { segments }) }, answer: undefined };
    });
    this.#segments = segments;
  }

  #header(): InvocationHeader {
    const { deployment, scheduledAt } = this.#trigger;
    const { account, strategy, symbols, settings } = deployment;
    return {
      run: this.#run,
      code: this.#recording.code,
      trigger: { account, strategy: strategy.name, scheduledAt, params: strategy.params, symbols, settings: settings as unknown as Json, lookback: strategy.lookback },
      journalLength: this.#journalLength,
    };
  }

  #stepOf(call: string, args: readonly unknown[], answer: unknown): RecordedStep {
    try {
      return { call, args: this.#encoded(args), ...(answer !== undefined && { answer: this.#encode(answer) }) };
    } catch (error) {
      // An answer that cannot be written down is for the replay to miss, not for the run to fail at.
      return { call, args: [], threw: { ...wordsOf(error), name: "NotRecorded" } };
    }
  }

  #encoded(args: readonly unknown[]): readonly Json[] {
    return args.map((one) => this.#encode(one));
  }

  #encode(value: unknown): Json {
    return encodeValue(value, (bytes) => {
      const name = contentHashOf(bytes);
      if (!this.#storedBytes.has(name)) this.#bytes.set(name, bytes);
      return name;
    });
  }
}

function wordsOf(error: unknown): { readonly name: string; readonly message: string } {
  return error instanceof Error ? { name: error.name, message: error.message } : { name: "Error", message: String(error) };
}
