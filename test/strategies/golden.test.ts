import { expect, test } from "vitest";
import { loadDataset } from "../../backtest/dataset.ts";
import { journalHashOf } from "../../backtest/result.ts";
import { runBacktest } from "../../backtest/run-backtest.ts";
import { sessionDateOf } from "../../src/time.ts";
import { strategies } from "../../strategies/index.ts";
import { deploymentOf, worldSettings } from "../support/made-up-market.ts";
import { ROOT } from "../support/command-line.ts";

const FROM = "2010-01-04";
const TO = "2012-12-31";

/** A changed hash is a changed behaviour: the commit that changes one says why. */
const GOLDEN: Readonly<Record<string, string>> = {
  "fixed-weights": "1e36d9a1934637b206637903c6098c996627a0e6e8a3c93d945c0d6f1ae925a4",
  "inverse-volatility": "e8785efc5d1c5bc94760488039545b3ecbd8cf2fe22d67e855b3ea4f2a5a9efc",
  momentum: "94276c2c9fc06176445c4561108fe3e883baeae79afecfe8694b9455b3d8037d",
  trend: "6b0501a9b71c9cde487b025e67f04c44f9ee4df85a71ccf0c59043a63141b750",
};

test.each(strategies.map((strategy) => [strategy.name, strategy] as const))("%s writes the journal it has always written", async (name, strategy) => {
  const configured = strategy.configure({});
  const range = { from: sessionDateOf(FROM), to: sessionDateOf(TO) };
  const dataset = await loadDataset(`${ROOT}/backtest/data`, { lookbackSessions: configured.lookback, ...range });
  const deployment = deploymentOf(configured, dataset.symbols, { tradingHours: "closing-auction", fees: "alpaca" });
  const { runs } = await runBacktest({ ...worldSettings(dataset, deployment, FROM, 100_000, 1), to: range.to });
  expect(journalHashOf(runs)).toBe(GOLDEN[name]);
});
