/** Small data sets with known or seeded bars, deployments over them, and accounts and quotes in a line each. */
import type { Dataset, Series } from "../../backtest/dataset.ts";
import type { WorldSettings } from "../../backtest/simulated-world.ts";
import { limitsOf, symbolsOf, type LimitsInput } from "../../src/config.ts";
import { addMoney, FULL_WEIGHT, moneyFromNumber, moneyOf, notional, priceOf, quantityOf } from "../../src/money.ts";
import type { CorporateAction } from "../../src/rules/corporate-actions.ts";
import { sessionsBetween } from "../../src/rules/calendar.ts";
import type { Deployment, RunSettings } from "../../src/run/deployment.ts";
import { defineStrategy, z, type ConfiguredStrategy } from "../../src/strategy.ts";
import { epochDayOf, sessionDateOf, type EpochDay, type Instant } from "../../src/time.ts";
import type { Account, AccountName, Bars, Quote, Symbol } from "../../src/trade.ts";

/** Open, high, low, close of each session from `from` on; the volume of all sessions, or of each. */
export function barsOf(from: string, rows: readonly (readonly [number, number, number, number])[], volume: number | readonly number[] = 1_000_000): Bars {
  const volumes = typeof volume === "number" ? new Float64Array(rows.length).fill(volume) : Float64Array.from(volume);
  const column = (index: number): Float64Array => Float64Array.from(rows, (row) => row[index]!);
  return { kind: "ohlcv", days: daysFrom(from, rows.length), open: column(0), high: column(1), low: column(2), close: column(3), volume: volumes };
}

/** The closes of each session from `from` on, and nothing else. */
export function closesOf(from: string, closes: readonly number[]): Bars {
  return { kind: "close-only", days: daysFrom(from, closes.length), close: Float64Array.from(closes) };
}

function daysFrom(from: string, count: number): Int32Array {
  const first = epochDayOf(sessionDateOf(from));
  const sessions = sessionsBetween(first, (first + Math.ceil(count * 1.5) + 10) as EpochDay).slice(0, count);
  return Int32Array.from(sessions, ({ day }) => day);
}

/** A seeded walk: opens gap from the last close, closes move, lows and highs lie around them. */
export function wanderingBars(from: string, sessions: number, seed: number, volume?: number): Bars {
  let state = seed * 2_654_435_761 + 1;
  const chance = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  let last = 50 + 100 * chance();
  const cents = (value: number): number => Math.round(value * 100) / 100;
  return barsOf(
    from,
    Array.from({ length: sessions }, () => {
      const open = cents(last * (1 + (chance() - 0.5) * 0.02));
      const close = cents(open * (1 + (chance() - 0.5) * 0.04));
      last = close;
      return [open, cents(Math.max(open, close) * (1 + chance() * 0.01)), cents(Math.min(open, close) * (1 - chance() * 0.01)), close] as const;
    }),
    volume,
  );
}

export function datasetOf(bars: Readonly<Record<string, Bars>>, actions: Readonly<Record<string, readonly CorporateAction[]>> = {}): Dataset {
  const symbols = symbolsOf(Object.keys(bars));
  const series = new Map<Symbol, Series>(symbols.map((symbol) => [symbol, { symbol, bars: bars[symbol]!, adjustment: "raw", actions: actions[symbol] ?? [] }]));
  return { directory: "made up", series, symbols, hash: "0".repeat(64), notes: [] };
}

export function settingsOf(overrides: Partial<Omit<RunSettings, "limits">> & { readonly limits?: LimitsInput } = {}): RunSettings {
  const { limits, ...rest } = overrides;
  return {
    allocation: FULL_WEIGHT,
    tradingHours: "core",
    shares: "fractional",
    executionStyle: "market",
    limits: limitsOf({ positionWeightMax: 1, orderNotionalMax: 1e9, ...limits }),
    fees: "none",
    seed: 1,
    ...rest,
  };
}

export function deploymentOf(strategy: ConfiguredStrategy, symbols: readonly string[], overrides: Parameters<typeof settingsOf>[0] = {}): Deployment {
  return { account: "test" as AccountName, strategy, symbols: symbolsOf(symbols), settings: settingsOf(overrides) };
}

export function worldSettings(dataset: Dataset, deployment: Deployment, from: string, cash = 100_000, halfSpreadBps = 0): WorldSettings {
  return { dataset, deployment, from: sessionDateOf(from), cash: moneyFromNumber(cash), liquidity: { halfSpreadBps, volumeShareMax: 1 } };
}

/** Cash in USD, and for each symbol what is held of it and its last price. */
export function accountOf(cash: string, held: Readonly<Record<string, readonly [quantity: string, price: string]>> = {}, overrides: Partial<Account> = {}): Account {
  const positions = symbolsOf(Object.keys(held)).map((symbol) => ({ symbol, quantity: quantityOf(held[symbol]![0]), marketPrice: priceOf(held[symbol]![1]), averageEntryPrice: undefined }));
  const equity = positions.reduce((sum, { quantity, marketPrice }) => addMoney(sum, notional(marketPrice, quantity)), moneyOf(cash));
  return { cash: moneyOf(cash), equity, lastEquity: undefined, buyingPower: moneyOf(cash), positions, blocked: undefined, ...overrides };
}

/** Bid and ask of each symbol; one price where they are the same. */
export function quotesOf(at: Instant, prices: Readonly<Record<string, string | readonly [bid: string, ask: string]>>): ReadonlyMap<Symbol, Quote> {
  return new Map(
    Object.entries(prices).map(([symbol, price]) => {
      const [bid, ask] = typeof price === "string" ? [price, price] : price;
      return [symbol as Symbol, { bid: priceOf(bid), ask: priceOf(ask), at }];
    }),
  );
}

/** Wants the same weights at every run. */
export function holding(weights: Readonly<Record<string, number>>, schedule = "every session at open+5m"): ConfiguredStrategy {
  return defineStrategy({
    name: "holding",
    description: "always the same weights",
    params: z.object({}),
    schedule,
    lookback: 1,
    signal: () => Object.entries(weights).map(([symbol, weight]) => ({ symbol: symbol as Symbol, weight, reason: `${weight} of equity` })),
  }).configure({});
}
