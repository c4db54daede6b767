/** The market of a directory of bars: of its minutes where it has them, otherwise of its days. */
import { loadDataset } from "../backtest/dataset.ts";
import { loadMinuteSeries } from "../backtest/minute-series.ts";
import { dailyMarket } from "../src/server/daily-market.ts";
import type { MarketSource } from "../src/server/market-source.ts";
import { minuteMarket } from "../src/server/minute-market.ts";
import type { FillProfile } from "../src/simulator/fill-profiles.ts";
import { epochDayOf, sessionDateOf } from "../src/time.ts";
import { UsageError } from "./usage-error.ts";

export interface ServedData {
  readonly data: string;
  readonly from: string;
  readonly to: string;
  readonly symbols?: readonly string[] | undefined;
}

export interface DataMarket {
  readonly kind: "daily-bars" | "minute-bars";
  readonly hash: string;
  readonly notes: readonly string[];
  readonly source: (profile: FillProfile) => MarketSource;
}

/** Of a market's history before its first day. */
const LOOKBACK_SESSIONS = 300;

/** `kind` where it is decided. @throws DataInvalid, UsageError */
export async function dataMarket({ data, from, to, symbols }: ServedData, kind: DataMarket["kind"] | undefined): Promise<DataMarket> {
  const range = { from: sessionDateOf(from), to: sessionDateOf(to), lookbackSessions: LOOKBACK_SESSIONS, ...(symbols && { symbols }) };
  const minutes = kind === "daily-bars" ? undefined : await loadMinuteSeries(data, range);
  if (minutes) {
    const { series, dataset: { hash, notes } } = minutes;
    return { kind: "minute-bars", hash, notes, source: (profile) => minuteMarket(series, profile) };
  }
  if (kind === "minute-bars") throw new UsageError(`${data} has no minute bars from ${from} to ${to}: they are expected as minute/SYMBOL/YYYYMMDD_trade.csv`);
  const dataset = await loadDataset(data, range);
  const series = dataset.symbols.map((symbol) => dataset.series.get(symbol)!);
  return { kind: "daily-bars", hash: dataset.hash, notes: dataset.notes, source: (profile) => dailyMarket({ series, from: epochDayOf(range.from), profile }) };
}
