/**
 * Calls `advanceRun` and records what it was told.
 *
 * The answers of the ports pass through unchanged. Before an event is appended that was decided from them, they are
 * stored, and that is waited for, but not for long (record-writer.ts): recording never stops a run and never changes
 * what it decides. An invocation that wrote no event decided nothing, and leaves no record.
 */
import { JournalConflict, type Journal, type Ports, type StateKey, type StateStore } from "../ports.ts";
import { advanceRun } from "../run/advance-run.ts";
import type { Closed } from "../run/close-run.ts";
import type { Trigger } from "../run/deployment.ts";
import type { JournalEvent } from "../run/journal.ts";
import { runIdOf } from "../run/run-identity.ts";
import type { CallAgainAt } from "../run/work-orders.ts";
import type { RunId } from "../trade.ts";
import { nameOfValue } from "./recorded-values.ts";
import { RecordWriter, type Recording } from "./record-writer.ts";
import { statesItsInput } from "./run-record.ts";

export async function advanceRecorded(trigger: Trigger, ports: Ports, recording: Recording): Promise<Closed | CallAgainAt> {
  const { account, strategy } = trigger.deployment;
  const writer = new RecordWriter(runIdOf(account, strategy.name, trigger.scheduledAt), trigger, recording);
  try {
    return await advanceRun(trigger, recordingPorts(ports, writer));
  } finally {
    await writer.finish();
  }
}

function recordingPorts(ports: Ports, writer: RecordWriter): Ports {
  return {
    ...ports,
    clock: {
      now() {
        const now = ports.clock.now();
        writer.answered("clock.now", [], now);
        return now;
      },
    },
    marketData: recordingPort("marketData", ports.marketData, writer),
    broker: recordingPort("broker", ports.broker, writer),
    journal: recordingJournal(ports.journal, writer),
    state: recordingState(ports.state, writer),
  };
}

/** Every method of a port, whichever it has: nothing that a run can be told goes unrecorded. */
function recordingPort<P extends object>(name: string, port: P, writer: RecordWriter): P {
  return new Proxy(port, {
    get(target, property) {
      const method: unknown = Reflect.get(target, property);
      if (typeof method !== "function" || typeof property !== "string") return method;
      return (...args: unknown[]) => writer.record(`${name}.${property}`, args, async () => (method as (...all: unknown[]) => Promise<unknown>).apply(target, args));
    },
  });
}

function recordingJournal(journal: Journal, writer: RecordWriter): Journal {
  return {
    async read(run: RunId) {
      const events = await journal.read(run);
      writer.opened(events.length);
      return events;
    },
    async append(run: RunId, place: number, event: JournalEvent) {
      if (!statesItsInput(event)) await writer.flush();
      try {
        await journal.append(run, place, event);
        writer.appended(place, "written");
      } catch (error) {
        writer.appended(place, error instanceof JournalConflict ? "conflict" : "failed");
        throw error;
      }
    },
  };
}

function recordingState(state: StateStore, writer: RecordWriter): StateStore {
  return {
    load: (key) => writer.record("state.load", [key.name], () => state.load(key)),
    /** What was saved follows from what was decided; its hash is enough to see that. */
    save: <V>(key: StateKey<V>, value: V, expectedVersion: number) => writer.record("state.save", [key.name, nameOfValue(value), expectedVersion], () => state.save(key, value, expectedVersion)),
  };
}
