/**
 * What a liquidation is: a run like any other, of a strategy that wants nothing.
 *
 * It sells at the market, through the same review and the same journal, and no cap of the configuration holds a sale back.
 * It asks for no bars: a symbol whose history is missing must not keep the rest from being sold. A daily budget that is
 * spent holds no sale back either, because a way out must not wait for tomorrow; but the sales count in it, so that runs
 * of the same session after a resume have only what is left.
 */
import { limitsOf } from "../src/config.ts";
import { FULL_WEIGHT } from "../src/money.ts";
import type { Ports } from "../src/ports.ts";
import { lastClosedSession } from "../src/rules/calendar.ts";
import type { AccountRules } from "../src/risk/account-rules.ts";
import { hasDailyBudget } from "../src/risk/daily-budget.ts";
import type { Deployment } from "../src/run/deployment.ts";
import type { Instant } from "../src/time.ts";
import type { AccountName, MarketView, Symbol } from "../src/trade.ts";

export const LIQUIDATION = "liquidate";

/** Far from the quote: what is sold is to be gone. Quotes of thin symbols are old. */
const LIMITS = limitsOf({ positionWeightMax: 1, orderNotionalMin: 0, orderNotionalMax: 1e9, ordersPerRunMax: 10_000, collarBps: 500, quoteAgeMaxMs: 900_000 });

export function liquidationOf(account: AccountName, symbols: readonly Symbol[], canceled: readonly string[], like: Deployment): Deployment {
  const { schedule } = like.strategy;
  const { fees, accountRules } = like.settings;
  return {
    account,
    symbols,
    strategy: {
      name: LIQUIDATION,
      params: { canceled: [...canceled] },
      schedule,
      lookback: 1,
      universe: symbols,
      parseMemory: undefined,
      initialMemory: undefined,
      decide: () => ({ targets: symbols.map((symbol) => ({ symbol, weight: 0, reason: "liquidation" })) }),
    },
    settings: { allocation: FULL_WEIGHT, tradingHours: "core", shares: "fractional", executionStyle: "market", limits: LIMITS, fees, accountRules: rulesOf(accountRules), seed: 0 },
  };
}

/** Only what keeps the account's memory of its cash, the count of the session's orders, and the comparison at the end. */
function rulesOf(rules: AccountRules = {}): AccountRules {
  const { cashAccount, tradingBreaker } = rules;
  return { ...(cashAccount && { cashAccount: { ...cashAccount, allowViolations: true } }), ...(tradingBreaker && { tradingBreaker }), ...(hasDailyBudget(rules) && { ordersPerDayMax: ANY_NUMBER }) };
}

const ANY_NUMBER = Number.MAX_SAFE_INTEGER;

export function withoutBars(ports: Ports): Ports {
  const { marketData } = ports;
  return {
    ...ports,
    marketData: {
      quotes: (symbols) => marketData.quotes(symbols),
      conversions: (symbols, from, through) => marketData.conversions(symbols, from, through),
      view: async (symbols, _lookback, asOf) => emptyView(symbols, asOf),
    },
  };
}

function emptyView(symbols: readonly Symbol[], asOf: Instant): MarketView {
  return { asOf, session: lastClosedSession(asOf).date, symbols, source: "none", adjustment: "raw", bars: () => ({ kind: "close-only", days: new Int32Array(), close: new Float64Array() }) };
}
