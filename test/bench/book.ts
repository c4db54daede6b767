/**
 * The order book against its peers: throughput on three workloads, latency, memory.
 *
 * Every engine runs every workload in processes of its own, from one bundle as it would be deployed. A run plays a
 * million messages into a fresh book, after shorter ones that warm up the compiler. The engines take turns in three
 * rounds and a ratio is taken within a round, so that what else the machine does weighs on both of its sides. All
 * engines must trade the same quantity, or the bench fails.
 */
import { ENGINES } from "./book-engines.ts";
import type { EngineName } from "./book-engines.ts";
import type { BookMeasurement, Latency } from "./book-process.ts";
import { WORKLOADS } from "./book-workloads.ts";
import type { WorkloadName } from "./book-workloads.ts";
import { withProgram, type Program } from "./program.ts";
import { figure, medianOf } from "./suite.ts";
import type { BenchSuite, Figure } from "./suite.ts";

const ROUNDS = 3;
/** Counted runs in a round; the peers need a hundred times as long for each. */
const RUNS = { ballast: 3, "ballast with string ids": 3, "nodejs-order-book": 1, "hft-limit-order-book": 1 } satisfies Record<EngineName, number>;
const NAMES = Object.keys(ENGINES) as EngineName[];
const QUANTILES = [
  ["p50", "p50 of a message, clock included"],
  ["p99", "p99 of a message, clock included"],
  ["p999", "p99.9 of a message, clock included"],
  ["clock", "the clock alone"],
] as const satisfies [keyof Latency, string][];
const PEERS = ["nodejs-order-book", "hft-limit-order-book"] as const;
const OURS = ["ballast", "ballast with string ids"] as const;

export const suite: BenchSuite = {
  title: "Order book",
  async measure(progress) {
    return withProgram("./book-process.ts", (program) => WORKLOADS.flatMap((workload) => measureWorkload(program, workload, progress)));
  },
};

type Round = Record<EngineName, BookMeasurement>;

function measureWorkload(program: Program, workload: WorkloadName, progress: (what: string) => void): Figure[] {
  const rounds = Array.from({ length: ROUNDS }, (_, round) => {
    progress(`${workload}, round ${round + 1} of ${ROUNDS}`);
    return Object.fromEntries(NAMES.map((engine) => [engine, program(engine, workload, String(RUNS[engine])) as BookMeasurement])) as Round;
  });
  const traded = new Set(rounds.flatMap((round) => NAMES.map((engine) => round[engine].traded)));
  if (traded.size !== 1) throw new Error(`the engines do not agree on what was traded in ${workload}: ${[...traded].join(", ")}`);
  return [
    ...NAMES.flatMap((engine) => figuresOf(workload, engine, rounds.map((round) => round[engine]))),
    ...OURS.flatMap((our) => PEERS.map((peer) => figure(`${workload}, ${our} to ${peer}`, "x", rounds.map((round) => medianOf(round[our].rates) / medianOf(round[peer].rates))))),
  ];
}

function figuresOf(workload: WorkloadName, engine: EngineName, rounds: readonly BookMeasurement[]): Figure[] {
  const named = (what: string, unit: string, values: readonly number[]) => figure(`${workload}, ${engine}${what}`, unit, values);
  const latencies = rounds.flatMap(({ latency }) => latency ?? []);
  const bytes = rounds.flatMap(({ bytesAnOrder }) => bytesAnOrder ?? []);
  return [
    named("", "million messages/s", rounds.flatMap(({ rates }) => rates)),
    ...(latencies.length === 0 ? [] : QUANTILES.map(([key, text]) => named(`, ${text}`, "ns", latencies.map((latency) => latency[key])))),
    ...(bytes.length === 0 ? [] : [named(", a resting order", "bytes", bytes)]),
    ...(engine === "ballast" ? [named(", heap allocated by a message", "bytes", rounds.map(({ heapBytesAMessage }) => heapBytesAMessage))] : []),
  ];
}
