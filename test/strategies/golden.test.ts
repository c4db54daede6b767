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
  "fixed-weights": "5526e4eb3c2d068cd1ef047efc204aa02fef29e0a9346aefdf0ac7551f7336a8",
  "inverse-volatility": "ae3d4f15aecb3566d6d7f6d879c6e7363879dfb9e99e39ac0ad0d0f2e6f94642",
  momentum: "f43e828c9909756df1f8df60a783a27d0f798b84373261bfb397d8dd3080a852",
  trend: "4be71ed09603779cae4e310f113d601ff997ff5f8ae5c4fc28b12552551f2005",
};

test.each(strategies.map((strategy) => [strategy.name, strategy] as const))("%s writes the journal it has always written", async (name, strategy) => {
  const configured = strategy.configure({});
  const range = { from: sessionDateOf(FROM), to: sessionDateOf(TO) };
  const dataset = await loadDataset(`${ROOT}/backtest/data`, { lookbackSessions: configured.lookback, ...range });
  const deployment = deploymentOf(configured, dataset.symbols, { tradingHours: "closing-auction", fees: "alpaca" });
  const { runs } = await runBacktest({ ...worldSettings(dataset, deployment, FROM, 100_000, 1), to: range.to });
  expect(journalHashOf(runs)).toBe(GOLDEN[name]);
});
