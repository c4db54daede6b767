/**
 * What the gate knows of symbols from their bars: how fresh they are, the last close, and how much trades in a day.
 *
 * Taken from the view when the targets are set, and journaled with them, so that a run that is resumed judges its orders
 * by the same facts. Only limits that need them have them taken.
 */
import { volatilityOf } from "../indicators.ts";
import { priceFromNumber } from "../money.ts";
import type { ExecutionStyle } from "../execution/execution.ts";
import type { MarketFacts } from "../risk/candidate.ts";
import type { Limits } from "../risk/limits.ts";
import { sessionsBetween } from "../rules/calendar.ts";
import { dateOfEpochDay, epochDayOf, type EpochDay } from "../time.ts";
import type { Bars, MarketView, Symbol } from "../trade.ts";

const VOLUME_BARS = 20;
/** Returns that the volatility is taken from; one bar more is needed. */
const VOLATILITY_RETURNS = 20;

/** How many bars the limits and the style of execution look at; 0 where none of them needs bars. */
export function barsNeeded({ barAgeSessionsMax, priceMoveMax, volumeShareMax, correlation }: Limits, style: ExecutionStyle): number {
  const volume = volumeShareMax === undefined ? 0 : VOLUME_BARS;
  const newest = barAgeSessionsMax === undefined && priceMoveMax === undefined ? 0 : 1;
  return Math.max(volume, newest, correlation ? correlation.lookback + 1 : 0, typeof style === "string" ? 0 : VOLATILITY_RETURNS + 1);
}

/** A symbol without bars is absent. */
export function marketFacts(symbols: Iterable<Symbol>, view: Pick<MarketView, "bars" | "session">): Readonly<Record<Symbol, MarketFacts>> {
  const session = epochDayOf(view.session);
  const facts: Record<Symbol, MarketFacts> = {};
  for (const symbol of symbols) {
    const bars = view.bars(symbol);
    const day = bars.days.at(-1) as EpochDay | undefined;
    if (day === undefined) continue;
    const averageVolume = averageVolumeOf(bars);
    const volatility = dailyVolatilityOf(bars);
    facts[symbol] = {
      day: dateOfEpochDay(day),
      ageSessions: day > session ? session - day : Math.max(sessionsBetween(day, session).length - 1, 0),
      close: priceFromNumber(bars.close.at(-1)!),
      ...(averageVolume !== undefined && { averageVolume }),
      ...(volatility !== undefined && { volatility }),
    };
  }
  return facts;
}

function averageVolumeOf(bars: Bars): number | undefined {
  if (bars.kind === "close-only") return undefined;
  const volumes = bars.volume.subarray(-VOLUME_BARS);
  return Math.round(volumes.reduce((sum, volume) => sum + volume, 0) / volumes.length);
}

/** Rounded to a millionth; undefined with fewer than two returns. */
function dailyVolatilityOf({ close }: Bars): number | undefined {
  const returns = Math.min(VOLATILITY_RETURNS, close.length - 1);
  return returns < 2 ? undefined : Math.round(volatilityOf(close, returns) * 1e6) / 1e6;
}
