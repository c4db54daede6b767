/**
 * Measures one engine on one workload in a process of its own, and prints one JSON object.
 *
 * node test/bench/exchange-process.ts <engine> <workload> <runs>
 */
import "../../bin/inlining.ts";
import { EXCHANGE_ENGINES, type ExchangeEngine, type ExchangeEngineName } from "./exchange-engines.ts";
import { EXCHANGE_WORKLOADS, exchangeWorkloadOf, type ExchangeWorkload, type ExchangeWorkloadName } from "./exchange-workloads.ts";

export interface ExchangeMeasurement {
  /** Million messages a second, one for each run on a fresh exchange. */
  readonly rates: readonly number[];
  /** Million messages for each second of processor time, of all threads: what the machine does besides has less influence. */
  readonly ratesByProcessor: readonly number[];
  /** Shares traded in one run; all engines must agree. */
  readonly traded: number;
}

const SEED = 20_240_613;
const WARM_UP_RUNS = 2;
const WARM_UP_MESSAGES = 200_000;

const [engineName, workloadName, runs] = process.argv.slice(2);
if (!(engineName! in EXCHANGE_ENGINES) || !EXCHANGE_WORKLOADS.includes(workloadName as ExchangeWorkloadName)) throw new Error("usage: exchange-process.ts <engine> <workload> <runs>");
const workload = exchangeWorkloadOf(workloadName as ExchangeWorkloadName, SEED);
const create = EXCHANGE_ENGINES[engineName as ExchangeEngineName];
for (let run = 0; run < WARM_UP_RUNS; run++) begun(workload).play(workload.timed, WARM_UP_MESSAGES);
const measured = Array.from({ length: Number(runs) }, () => measureRun(workload));
const result: ExchangeMeasurement = { rates: measured.map(({ rate }) => rate), ratesByProcessor: measured.map(({ rateByProcessor }) => rateByProcessor), traded: measured.at(-1)!.traded };
process.stdout.write(JSON.stringify(result));

function measureRun(played: ExchangeWorkload): { readonly rate: number; readonly rateByProcessor: number; readonly traded: number } {
  const engine = begun(played);
  const usedBefore = process.cpuUsage();
  const start = performance.now();
  const traded = engine.play(played.timed, played.timed.count);
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(usedBefore);
  return { rate: played.timed.count / seconds / 1e6, rateByProcessor: played.timed.count / (user + system), traded };
}

function begun(played: ExchangeWorkload): ExchangeEngine {
  const engine = create(played);
  engine.play(played.before, played.before.count);
  return engine;
}
