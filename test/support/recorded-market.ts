/** Made-up sessions that are run and recorded, in processes that may die, and everything that is left of them. */
import { simulatedWorld } from "../../backtest/simulated-world.ts";
import type { Dataset } from "../../backtest/dataset.ts";
import type { BlobStore, ContentHash } from "../../src/ports.ts";
import { readRecord, type RunRecord } from "../../src/replay/read-record.ts";
import { advanceRecorded } from "../../src/replay/recording.ts";
import type { Recording } from "../../src/replay/record-writer.ts";
import { scheduledInstants } from "../../src/rules/schedule.ts";
import type { Deployment, Trigger } from "../../src/run/deployment.ts";
import { drive } from "../../src/run/drive.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import { MemoryJournal, MemoryStateStore } from "../../src/state/memory.ts";
import { recordKey, type InvocationHeader } from "../../src/replay/run-record.ts";
import { contentHashOf } from "../../src/state/packed-blob.ts";
import { BlobCorrupt } from "../../src/state/store-errors.ts";
import { instantOf, plusMs } from "../../src/time.ts";
import type { RunId } from "../../src/trade.ts";
import { datasetOf, wanderingBars, worldSettings } from "./made-up-market.ts";

const FROM = "2020-01-02";
const START = instantOf("2020-03-30T00:00:00-04:00");
const FRIDAY = "2020-04-03";

export function threeSymbols(seed: number): Dataset {
  return datasetOf({ AAA: wanderingBars(FROM, 80, seed), BBB: wanderingBars(FROM, 80, seed + 1), CCC: wanderingBars(FROM, 80, seed + 2) });
}

/** With its bytes open to be damaged. */
export class MemoryBlobs implements BlobStore {
  readonly stored = new Map<string, Uint8Array>();

  async put(bytes: Uint8Array): Promise<ContentHash> {
    const name = contentHashOf(bytes);
    this.stored.set(name, bytes);
    return name;
  }

  async get(name: ContentHash): Promise<Uint8Array | undefined> {
    const bytes = this.stored.get(name);
    if (bytes && contentHashOf(bytes) !== name) throw new BlobCorrupt(`the bytes of ${name} were changed`);
    return bytes;
  }
}

class Died extends Error {}

export interface Recorded {
  readonly deployment: Deployment;
  readonly runs: readonly RunId[];
  readonly effects: number;
  readonly blobs: MemoryBlobs;
  readonly state: MemoryStateStore;
  readonly troubles: readonly string[];
  events(run: RunId): Promise<readonly JournalEvent[]>;
  record(run: RunId): Promise<RunRecord | undefined>;
}

export interface RecordedOptions {
  /** The process dies at its n-th call of a port or a store, its own records included; 0: never. */
  readonly dieAt?: number;
  readonly when?: "before" | "after";
  /** 0: another process goes on at once. */
  readonly redeliverAfterMs?: number;
  /** The last day, of a week that begins on Monday 2020-03-30. */
  readonly to?: string;
  /** Stands before the store of the records. */
  readonly blobs?: (blobs: BlobStore) => BlobStore;
  readonly recording?: Partial<Recording>;
  /** What the run is told instead of `answer`. */
  readonly told?: (call: string, answer: unknown) => unknown;
}

export const CODE = { ballast: "0.0.0", sources: "made up" };

/** Plays a week of `dataset`, or the days up to `to`. */
export async function recordWeek(deployment: Deployment, dataset: Dataset, { dieAt = 0, when = "after", redeliverAfterMs = 0, to = FRIDAY, blobs: before = (blobs) => blobs, recording = {}, told = (_, answer) => answer }: RecordedOptions = {}): Promise<Recorded> {
  const end = instantOf(`${to}T23:59:00-04:00`);
  const journal = new MemoryJournal();
  const state = new MemoryStateStore();
  const blobs = new MemoryBlobs();
  const troubles: string[] = [];
  const world = simulatedWorld(worldSettings(dataset, deployment, FROM), { journal, state }, () => undefined);
  world.market.advanceTo(START);
  let effects = 0;
  /** A process that has died does nothing more, whatever still runs in it. */
  let life = 0;
  const mortal = <T extends object>(port: T, mine: number): T =>
    new Proxy(port, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]): Promise<unknown> => {
          if (life !== mine) throw new Died();
          effects += 1;
          const dies = effects === dieAt;
          if (dies) life += 1;
          if (dies && when === "before") throw new Died();
          const result = told(String(name), await (value as (...all: unknown[]) => Promise<unknown>).apply(target, args));
          if (dies) throw new Died();
          return result;
        };
      },
    });
  const invoke = (trigger: Trigger) => {
    const mine = life;
    const { clock, marketData, broker } = world.ports;
    const ports = { clock, marketData: mortal(marketData, mine), broker: mortal(broker, mine), journal: mortal(journal, mine), state: mortal(state, mine) };
    return advanceRecorded(trigger, ports, { blobs: mortal(before(blobs), mine), index: mortal(state, mine), code: CODE, onTrouble: (_run, why) => void troubles.push(why), ...recording });
  };
  const advance = async (trigger: Trigger): ReturnType<typeof advanceRecorded> => {
    const mine = life;
    const result = await invoke(trigger).catch((error: unknown) => {
      if (!(error instanceof Died)) throw error;
      return undefined;
    });
    // One that died after its last effect has come to its answer, and nobody has heard it.
    if (result && life === mine) return result;
    return redeliverAfterMs === 0 ? advance(trigger) : { kind: "call-again", at: plusMs(world.exchange.now, redeliverAfterMs) };
  };
  await drive(scheduledInstants(deployment.strategy.schedule, START, end), end, { triggeredTo: START, waiting: [] }, {
    moveTo: (at) => world.market.advanceTo(at > world.exchange.now ? at : world.exchange.now),
    advance: (scheduledAt) => advance({ deployment, scheduledAt }),
  });
  return { deployment, runs: journal.runs(), effects, blobs, state, troubles, events: (run) => journal.read(run), record: (run) => readRecord(run, { index: state, blobs }) };
}

/** The strategy that ran, as the record says it was called. */
export function triggerOf({ deployment }: Pick<Recorded, "deployment">): (header: InvocationHeader) => Trigger {
  return ({ trigger: { account, symbols, settings, scheduledAt } }) => ({
    deployment: { account, strategy: deployment.strategy, symbols, settings } as unknown as Deployment,
    scheduledAt,
  });
}

/** The same record with one thing changed in it, under the names of its new content. */
export async function changedRecord(run: RunId, { state, blobs }: Pick<Recorded, "state" | "blobs">, change: (segment: ChangeableSegment) => void, view?: (bytes: Uint8Array) => void): Promise<RunRecord> {
  const index = (await state.load(recordKey(run)))!.value;
  const other = new MemoryBlobs();
  const renamed = new Map<string, string>();
  for (const [name, bytes] of blobs.stored) {
    const copy = Uint8Array.from(bytes);
    if (view && !index.invocations.some(({ segments }) => segments.includes(name)) && copy[0] === 0x5b) view(copy);
    renamed.set(name, await other.put(copy));
  }
  const invocations = [];
  for (const { segments } of index.invocations) {
    const changed: string[] = [];
    for (const name of segments) {
      const text = Buffer.from(blobs.stored.get(name)!).toString();
      const segment = JSON.parse([...renamed].reduce((all, [before, after]) => all.replaceAll(before, after), text)) as ChangeableSegment;
      change(segment);
      changed.push(await other.put(Buffer.from(JSON.stringify(segment))));
    }
    invocations.push({ segments: changed });
  }
  const otherState = new MemoryStateStore();
  await otherState.save(recordKey(run), { format: 1, invocations }, 0);
  return (await readRecord(run, { index: otherState, blobs: other }))!;
}

/** A segment as JSON, to be changed in place. */
export interface ChangeableSegment {
  invocation?: { trigger: { params: Record<string, unknown>; settings: { limits: Record<string, unknown> } }; code: { sources: string } };
  readonly steps: { call?: string; args?: unknown[]; answer?: unknown }[];
}
