/**
 * A process that appends numbered commands to a log as fast as they are acknowledged, and says which were:
 * node log-writer.ts <directory> <how many append at once> <commands between snapshots>
 *
 * Each acknowledgement is written to standard output by a synchronous write, so what the parent reads was acknowledged.
 */
import { writeSync } from "node:fs";
import { CommandLog } from "../../src/server/durable/command-log.ts";

const [directory, writers, snapshotEvery] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])];

/** The state: how many commands, and a sum that depends on their order. */
let state = { count: 0, mixed: 0 };
const apply = (command: unknown): void => {
  const { n } = command as { n: number };
  state = { count: state.count + 1, mixed: (state.mixed * 31 + n) % 1_000_003 };
};
const log = await CommandLog.open(
  { directory, policy: { sync: "every-batch" }, segmentBytesMax: 4_096 },
  { restore: (restored) => (state = restored as typeof state), apply },
);
writeSync(1, `open ${state.count} ${state.mixed} ${log.recovery.lastSequence}\n`);

let next = state.count;
async function write(): Promise<void> {
  for (;;) {
    const command = { n: (next += 1) };
    const sequence = await log.append(command);
    apply(command);
    writeSync(1, `${sequence}\n`);
    if (sequence % snapshotEvery === 0) setImmediate(() => void log.snapshot(log.acknowledged, { ...state }));
  }
}
await Promise.all(Array.from({ length: writers }, write));
