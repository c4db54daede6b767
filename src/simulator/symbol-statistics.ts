/**
 * What the bars before a day say of a symbol: the volume, the volatility and the tier that a fill profile goes by.
 *
 * Nothing of the day itself or later has any influence, but for one case that is named: a symbol with fewer than five
 * bars before the day counts as one of the least traded, with 3 % daily volatility and the day's own volume. Otherwise
 * the last twenty bars count: the mean of their volumes, in shares as they are counted today, the standard deviation of
 * their returns, splits and dividends put back, and the mean of their values in dollars, by which a symbol is `mega` from five
 * thousand million a day and `large` from two hundred million. Data that know closes only say nothing of the volume:
 * such a symbol is `other` and its daily volume 0.
 */
import { countKnown, priceFactorOf, volumeFactorOf, type CorporateAction } from "../rules/corporate-actions.ts";
import type { EpochDay } from "../time.ts";
import type { Bars } from "../trade.ts";
import type { SymbolStatistics } from "./fill-profiles.ts";

/** How many bars before a day are needed: the oldest only for the return of the one after it. */
export const STATISTICS_BARS = 21;

const BARS_MIN = 5;
const VOLATILITY_UNKNOWN = 0.03;
const MEGA_DOLLARS = 5e9;
const LARGE_DOLLARS = 2e8;

/** `index` is that of the day's bar, or of where it would be; `actions` are by ex-date. */
export function statisticsBefore(bars: Bars, actions: readonly CorporateAction[], index: number, day: EpochDay): SymbolStatistics {
  if (bars.kind === "close-only") return { dailyVolume: 0, dailyVolatility: VOLATILITY_UNKNOWN, tier: "other" };
  if (index < BARS_MIN) return { dailyVolume: bars.volume[index] ?? 0, dailyVolatility: VOLATILITY_UNKNOWN, tier: "other" };
  const oldest = Math.max(0, index - STATISTICS_BARS);
  const returns: number[] = [];
  let shares = 0;
  let dollars = 0;
  let next: number | undefined;
  let [price, volume] = [1, 1];
  let action = countKnown(actions, day) - 1;
  for (let i = index - 1; i >= oldest; i -= 1) {
    for (; action >= 0 && actions[action]!.exDay > bars.days[i]!; action -= 1) {
      price *= priceFactorOf(actions[action]!);
      volume *= volumeFactorOf(actions[action]!);
    }
    const close = bars.close[i]! * price;
    if (next !== undefined) returns.push(next / close - 1);
    next = close;
    if (index - i === STATISTICS_BARS) break;
    shares += bars.volume[i]! * volume;
    dollars += bars.close[i]! * bars.volume[i]!;
  }
  const count = Math.min(index, STATISTICS_BARS - 1);
  return { dailyVolume: shares / count, dailyVolatility: deviationOf(returns), tier: tierOf(dollars / count) };
}

/** Of a sample. */
function deviationOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

function tierOf(dollarsADay: number): SymbolStatistics["tier"] {
  if (dollarsADay >= MEGA_DOLLARS) return "mega";
  return dollarsADay >= LARGE_DOLLARS ? "large" : "other";
}
