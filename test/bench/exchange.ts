/**
 * The exchange through its full path, beside the bare book and a peer's book on the same messages.
 *
 * Every engine runs every workload in processes of its own, a million messages a run into fresh books that hold 5,000
 * orders a symbol, after shorter runs that warm up the compiler. The engines take turns in three rounds, and a ratio is
 * taken within a round. Beside the rate by the clock stands the one by processor time, which says more on a machine that
 * has other work. All engines must trade the same quantity, or the bench fails; the exchange may reject nothing.
 */
import { EXCHANGE_ENGINES, type ExchangeEngineName } from "./exchange-engines.ts";
import type { ExchangeMeasurement } from "./exchange-process.ts";
import { EXCHANGE_WORKLOADS, type ExchangeWorkloadName } from "./exchange-workloads.ts";
import { withProgram, type Program } from "./program.ts";
import { figure, medianOf, type BenchSuite, type Figure } from "./suite.ts";

const ROUNDS = 3;
const RUNS = { exchange: 3, "order book with string ids": 3, "nodejs-order-book": 1 } satisfies Record<ExchangeEngineName, number>;
const NAMES = Object.keys(EXCHANGE_ENGINES) as ExchangeEngineName[];

export const suite: BenchSuite = {
  title: "Exchange: accounts, buying power, checks, fees, client order ids and events",
  async measure(progress) {
    return withProgram("./exchange-process.ts", (program) => EXCHANGE_WORKLOADS.flatMap((workload) => measureWorkload(program, workload, progress)));
  },
};

function measureWorkload(program: Program, workload: ExchangeWorkloadName, progress: (what: string) => void): Figure[] {
  const rounds = Array.from({ length: ROUNDS }, (_, round) => {
    progress(`${workload}, round ${round + 1} of ${ROUNDS}`);
    return Object.fromEntries(NAMES.map((engine) => [engine, program(engine, workload, String(RUNS[engine])) as ExchangeMeasurement])) as Record<ExchangeEngineName, ExchangeMeasurement>;
  });
  const traded = new Set(rounds.flatMap((round) => NAMES.map((engine) => round[engine].traded)));
  if (traded.size !== 1) throw new Error(`the engines do not agree on what was traded in ${workload}: ${[...traded].join(", ")}`);
  return [
    ...NAMES.map((engine) => figure(`${workload}, ${engine}`, "million messages/s", rounds.flatMap((round) => round[engine].rates))),
    ...NAMES.map((engine) => figure(`${workload}, ${engine}`, "million messages/CPU s", rounds.flatMap((round) => round[engine].ratesByProcessor))),
    ...NAMES.slice(1).map((peer) => figure(`${workload}, exchange to ${peer}`, "x", rounds.map((round) => medianOf(round.exchange.rates) / medianOf(round[peer].rates)))),
  ];
}
