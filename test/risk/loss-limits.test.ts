import { expect, test } from "vitest";
import { accountRulesOf } from "../../src/account-settings.ts";
import { moneyOf } from "../../src/money.ts";
import { isBeyondLossLimits, refuseForLosses } from "../../src/risk/loss-limits.ts";
import type { Symbol } from "../../src/trade.ts";

const AAA = "AAA" as Symbol;

function facts(equity: string, lastEquity: string | undefined, highWater = equity) {
  return { equity: moneyOf(equity), lastEquity: lastEquity === undefined ? undefined : moneyOf(lastEquity), highWater: moneyOf(highWater) };
}

test.each([
  ["a loss of exactly the daily limit", facts("95000", "100000"), { dailyLossMax: 0.05 }, undefined],
  ["a millionth of a dollar more", facts("94999.999999", "100000"), { dailyLossMax: 0.05 }, { code: "DAILY_LOSS_EXCEEDS_MAX", symbol: AAA, loss: 5_000_000_001, max: 5_000_000_000, lastEquity: 100_000_000_000 }],
  ["a gain", facts("110000", "100000"), { dailyLossMax: 0 }, undefined],
  ["an unknown last equity", facts("100000", undefined), { dailyLossMax: 0.05 }, { code: "LAST_EQUITY_UNKNOWN", symbol: AAA }],
  ["an unknown last equity without the limit", facts("100000", undefined), {}, undefined],
  ["a drawdown of exactly the limit", facts("80000", "80000", "100000"), { drawdownMax: 0.2 }, undefined],
  ["a deeper one", facts("79999", "80000", "100000"), { drawdownMax: 0.2 }, { code: "DRAWDOWN_EXCEEDS_MAX", symbol: AAA, drawdown: 20_001_000_000, max: 20_000_000_000, highWater: 100_000_000_000 }],
])("%s", (_case, equity, rules, expected) => {
  expect(refuseForLosses(AAA, equity, accountRulesOf(rules))).toEqual(expected);
});

test("an unknown last equity opens no breaker", () => {
  expect(isBeyondLossLimits(facts("100", undefined), accountRulesOf({ dailyLossMax: 0 }))).toBe(false);
  expect(isBeyondLossLimits(facts("100", undefined, "101"), accountRulesOf({ dailyLossMax: 0, drawdownMax: 0 }))).toBe(true);
});
