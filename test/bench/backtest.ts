/**
 * A whole backtest: 50 made-up symbols over 5,000 sessions, all weights rebalanced daily, with the full journal.
 *
 * The named limit is what no faster path could save: writing the same journal as JSON and hashing its chain, alone.
 */
import { runBacktest } from "../../backtest/run-backtest.ts";
import { hashOf } from "../../src/run/journal.ts";
import { sessionDateOf } from "../../src/time.ts";
import fixedWeights from "../../strategies/fixed-weights.ts";
import { datasetOf, deploymentOf, wanderingBars, worldSettings } from "../support/made-up-market.ts";
import { figure, type BenchSuite } from "./suite.ts";

const SYMBOLS = Array.from({ length: 50 }, (_, i) => `S${String(i).padStart(2, "0")}`);
const FROM = "1995-01-03";
const TO = "2014-11-11";
const ROUNDS = 3;

export const suite: BenchSuite = {
  title: "Backtest: 50 symbols, 5,002 sessions, rebalanced daily, lookback 200, fees of alpaca",
  async measure(progress) {
    const data = datasetOf(Object.fromEntries(SYMBOLS.map((symbol, i) => [symbol, wanderingBars(FROM, 5_002, i + 1)])));
    const strategy = { ...fixedWeights.configure({ band: 0 }), lookback: 200 };
    const settings = { ...worldSettings(data, deploymentOf(strategy, SYMBOLS, { fees: "alpaca" }), FROM, 1_000_000, 1), to: sessionDateOf(TO) };
    const seconds: number[] = [];
    const events: number[] = [];
    const ratios: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      progress(`backtest, round ${round} of ${ROUNDS}`);
      const started = performance.now();
      const { runs } = await runBacktest(settings);
      const took = (performance.now() - started) / 1_000;
      const count = runs.reduce((sum, run) => sum + run.length, 0);
      const hashing = performance.now();
      for (const run of runs) for (const event of run) hashOf(event);
      seconds.push(took);
      events.push(count / took);
      ratios.push(took / ((performance.now() - hashing) / 1_000));
    }
    return [figure("a backtest", "s", seconds), figure("journal events", "/s", events), figure("times the journal's writing and hashing alone", "x", ratios)];
  },
};
