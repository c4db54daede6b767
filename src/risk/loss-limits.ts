/** Limits on what an account may lose before it stops buying. Sells go on: they are how a loss ends. */
import { subtractMoney, weightOf, type Money } from "../money.ts";
import type { Symbol } from "../trade.ts";
import type { AccountRules } from "./account-rules.ts";
import type { Refusal } from "./refusals.ts";

export interface EquityFacts {
  readonly equity: Money;
  /** At the last close; undefined where the venue does not say. */
  readonly lastEquity: Money | undefined;
  /** The highest equity that runs have seen, this one included. */
  readonly highWater: Money;
}

type LossRules = Pick<AccountRules, "dailyLossMax" | "drawdownMax">;

/** Why `symbol` may not be bought. A loss of exactly the limit is within it. */
export function refuseForLosses(symbol: Symbol, facts: EquityFacts, rules: LossRules): Refusal | undefined {
  return refuseDailyLoss(symbol, facts, rules) ?? refuseDrawdown(symbol, facts, rules);
}

/** Whether the account stands beyond one of its loss limits. An unknown last equity is no loss. */
export function isBeyondLossLimits(facts: EquityFacts, rules: LossRules): boolean {
  const refusal = refuseForLosses("" as Symbol, facts, facts.lastEquity === undefined ? { ...(rules.drawdownMax !== undefined && { drawdownMax: rules.drawdownMax }) } : rules);
  return refusal !== undefined;
}

function refuseDailyLoss(symbol: Symbol, { equity, lastEquity }: EquityFacts, { dailyLossMax }: LossRules): Refusal | undefined {
  if (dailyLossMax === undefined) return undefined;
  if (lastEquity === undefined) return { code: "LAST_EQUITY_UNKNOWN", symbol };
  const loss = subtractMoney(lastEquity, equity);
  const max = weightOf(lastEquity, dailyLossMax);
  return loss > max ? { code: "DAILY_LOSS_EXCEEDS_MAX", symbol, loss, max, lastEquity } : undefined;
}

function refuseDrawdown(symbol: Symbol, { equity, highWater }: EquityFacts, { drawdownMax }: LossRules): Refusal | undefined {
  if (drawdownMax === undefined) return undefined;
  const drawdown = subtractMoney(highWater, equity);
  const max = weightOf(highWater, drawdownMax);
  return drawdown > max ? { code: "DRAWDOWN_EXCEEDS_MAX", symbol, drawdown, max, highWater } : undefined;
}
