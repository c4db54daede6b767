/**
 * Measures one engine on one workload in a process of its own, and prints one JSON object.
 *
 * node --expose-gc test/bench/book-process.ts <engine> <workload> <runs>
 */
import { ENGINES, ENGINES_WITH_NUMBERS } from "./book-engines.ts";
import type { Engine, EngineName } from "./book-engines.ts";
import { WORKLOADS, workloadOf } from "./book-workloads.ts";
import type { Workload, WorkloadName } from "./book-workloads.ts";

export interface BookMeasurement {
  /** Million messages a second, one for each run on a fresh book. */
  readonly rates: readonly number[];
  /** Traded in one run; all engines must agree. */
  readonly traded: number;
  /** On the resting workload. */
  readonly latency?: Latency;
  /** Heap and array buffers for each order standing after `before`, where that is large; names are the caller's. */
  readonly bytesAnOrder?: number;
  /** Heap bytes allocated for each message once the book is warm. */
  readonly heapBytesAMessage: number;
}

/** Nanoseconds for one message, the clock included, and for the clock alone. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly clock: number;
}

const SEED = 20_240_613;
/** Played before anything is timed, so that the code is compiled for what it will see. */
const WARM_UP_RUNS = 3;
const WARM_UP_MESSAGES = 200_000;
/** Below it, an order's share of what every book has would show. */
const MEMORY_ORDERS_MIN = 100_000;
const LATENCY_WORKLOAD: WorkloadName = "resting";

const [engineName, workloadName, runs] = process.argv.slice(2);
if (!(engineName! in ENGINES) || !WORKLOADS.includes(workloadName as WorkloadName)) throw new Error("usage: book-process.ts <engine> <workload> <runs>");
const workload = workloadOf(workloadName as WorkloadName, SEED, !ENGINES_WITH_NUMBERS.includes(engineName as EngineName));
const measured = measure(ENGINES[engineName as EngineName], workload, Number(runs));
process.stdout.write(JSON.stringify(measured));

function measure(create: () => Engine, played: Workload, runs: number): BookMeasurement {
  for (let run = 0; run < WARM_UP_RUNS; run++) warmUp(create(), played);
  const measuredRuns = Array.from({ length: runs }, () => measureRun(create, played));
  const last = measuredRuns.at(-1)!;
  const latency = workloadName === LATENCY_WORKLOAD ? latencyOf(create, played) : undefined;
  const bytesAnOrder = played.before.count < MEMORY_ORDERS_MIN ? undefined : bytesAnOrderOf(create, played);
  return { ...last, ...(bytesAnOrder !== undefined && { bytesAnOrder }), rates: measuredRuns.map(({ rate }) => rate), ...(latency && { latency }) };
}

function warmUp(engine: Engine, { before, timed }: Workload): void {
  engine.play(before, 0, Math.min(before.count, WARM_UP_MESSAGES));
  engine.play(timed, 0, WARM_UP_MESSAGES);
}

function measureRun(create: () => Engine, { before, timed }: Workload) {
  const engine = create();
  engine.play(before, 0, before.count);
  const half = timed.count / 2;
  const start = performance.now();
  let traded = engine.play(timed, 0, half);
  const heapAtHalf = process.memoryUsage().heapUsed;
  traded += engine.play(timed, half, timed.count);
  const seconds = (performance.now() - start) / 1000;
  const heapBytesAMessage = (process.memoryUsage().heapUsed - heapAtHalf) / half;
  return { rate: timed.count / seconds / 1e6, traded, heapBytesAMessage };
}

function latencyOf(create: () => Engine, { before, timed }: Workload): Latency {
  const engine = create();
  engine.play(before, 0, before.count);
  const times = new Float64Array(timed.count);
  for (let n = 0; n < timed.count; n++) {
    const start = performance.now();
    engine.play(timed, n, n + 1);
    times[n] = performance.now() - start;
  }
  const clocks = new Float64Array(timed.count / 10);
  for (let n = 0; n < clocks.length; n++) {
    const start = performance.now();
    clocks[n] = performance.now() - start;
  }
  times.sort();
  clocks.sort();
  return { p50: nanosecondsAt(times, 0.5), p99: nanosecondsAt(times, 0.99), p999: nanosecondsAt(times, 0.999), clock: nanosecondsAt(clocks, 0.5) };
}

/** `times` are sorted and in milliseconds. */
function nanosecondsAt(times: Float64Array, quantile: number): number {
  return times[Math.floor(times.length * quantile)]! * 1e6;
}

/** Apart from the timed runs: a collection leaves the caches cold and threads at work. */
function bytesAnOrderOf(create: () => Engine, { before }: Workload): number {
  const memoryWithout = memoryInUse();
  const engine = create();
  engine.play(before, 0, before.count);
  const bytes = (memoryInUse() - memoryWithout) / before.count;
  engine.play(before, 0, 0); // keeps the engine alive until its memory is measured
  return bytes;
}

/** The heap and the array buffers, after a collection. */
function memoryInUse(): number {
  globalThis.gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
