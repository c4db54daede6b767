/**
 * The world of a simulated run: bars that move forward, an exchange, and the ports over them.
 *
 * A backtest builds one and keeps it; a paper run builds one from what its store holds, in each process anew. Both get
 * the same market, because it is a function of the data and the instant alone.
 */
import type { Money } from "../src/money.ts";
import type { Broker, Clock, Journal, MarketData, Ports, StateStore } from "../src/ports.ts";
import { sessionAtIndex, type Session } from "../src/rules/calendar.ts";
import { scheduledInstants } from "../src/rules/schedule.ts";
import { splitOf, type ShareConversion } from "../src/risk/share-conversions.ts";
import type { Deployment } from "../src/run/deployment.ts";
import { Exchange, type ExchangeSettings, type ExchangeSnapshot } from "../src/simulator/exchange.ts";
import type { ExchangeEvent } from "../src/simulator/exchange-events.ts";
import { constantProfile, fillProfile, type FillProfile, type LiquidityRules } from "../src/simulator/fill-profiles.ts";
import { MarketReplay } from "../src/simulator/market-replay.ts";
import type { MinuteSeries } from "../src/simulator/minute-replay.ts";
import { MinuteSessions } from "../src/simulator/minute-sessions.ts";
import { simulatedBroker, simulatedQuotes } from "../src/simulator/simulated-venue.ts";
import { dateOfEpochDay, epochDayOf, newYorkInstant, type Instant, type SessionDate } from "../src/time.ts";
import type { Dataset, Series } from "./dataset.ts";
import { DatasetViews } from "./views.ts";

export interface WorldSettings {
  readonly dataset: Dataset;
  readonly deployment: Deployment;
  readonly from: SessionDate;
  readonly cash: Money;
  /** Of the deployment's symbols, played instead of the days of the data set. */
  readonly minutes?: readonly MinuteSeries[];
  /** Where the deployment names no fill profile. */
  readonly liquidity: LiquidityRules;
}

export interface SimulatedWorld {
  readonly exchange: Exchange;
  readonly market: { advanceTo(at: Instant): void };
  readonly ports: Ports;
}

interface Stores {
  readonly journal: Journal;
  readonly state: StateStore;
  /** Wraps the broker of the exchange, where orders must outlive the process. */
  readonly durable?: (broker: Broker, exchange: Exchange) => Broker;
  /** Told of all that happens at the exchange. */
  readonly onEvent?: (event: ExchangeEvent, exchange: Exchange) => void;
}

export function simulatedWorld(settings: WorldSettings, stores: Stores, onSessionEnd: (session: Session, exchange: Exchange) => void, restored?: ExchangeSnapshot): SimulatedWorld {
  const { dataset, deployment } = settings;
  const { onEvent } = stores;
  const profile = profileOf(settings);
  const first = epochDayOf(settings.from);
  const exchangeSettings: ExchangeSettings = {
    fees: deployment.settings.fees,
    wholeShares: deployment.settings.shares === "whole",
    hours: "calendar",
    ...(!settings.minutes && { standingQuotes: true }),
    ...profile.exchange,
    ...(onEvent && { log: { append: (event) => onEvent(event, exchange) } }),
  };
  const exchange: Exchange = restored ? Exchange.restore(exchangeSettings, restored) : new Exchange(exchangeSettings, newYorkInstant(first, 0));
  const series = deployment.symbols.map((symbol) => dataset.series.get(symbol)!);
  if (!restored) {
    exchange.openAccount(deployment.account, settings.cash);
    for (const { symbol } of series) exchange.list(symbol);
  }
  const ended = (session: Session): void => onSessionEnd(session, exchange);
  const market = settings.minutes ? new MinuteSessions(exchange, settings.minutes, first, profile, ended) : new MarketReplay(exchange, series, first, profile, ended, restored?.now);
  const views = new DatasetViews(dataset);
  const clock: Clock = { now: () => exchange.now };
  const marketData: MarketData = {
    view: async (symbols, lookback, asOf) => views.view(symbols, lookback, asOf),
    quotes: async (symbols) => simulatedQuotes(exchange, symbols),
    conversions: async (symbols, from, through) => symbols.flatMap((symbol) => splitsBetween(dataset.series.get(symbol)!, from, through)),
  };
  const broker = simulatedBroker(exchange, deployment.account);
  return { exchange, market, ports: { clock, marketData, broker: stores.durable?.(broker, exchange) ?? broker, journal: stores.journal, state: stores.state } };
}

function splitsBetween({ symbol, actions }: Series, from: SessionDate, through: SessionDate): readonly ShareConversion[] {
  const [first, last] = [epochDayOf(from), epochDayOf(through)];
  return actions.flatMap((action) => (action.type === "split" && action.exDay >= first && action.exDay <= last ? [splitOf(symbol, dateOfEpochDay(action.exDay), action.ratio)] : []));
}

/** How the market of these settings fills. */
export function profileOf({ deployment: { settings }, liquidity }: Pick<WorldSettings, "deployment" | "liquidity">): FillProfile {
  return settings.fillProfile === undefined ? constantProfile(liquidity) : fillProfile(settings.fillProfile, settings.seed);
}

/** When runs are due. The calendar's very first session has no session before it that a view could end at. */
export function dueInstants({ deployment, from }: Pick<WorldSettings, "deployment" | "from">, until: Instant): readonly Instant[] {
  const firstClose = sessionAtIndex(0).close;
  return scheduledInstants(deployment.strategy.schedule, newYorkInstant(epochDayOf(from), 0), until).filter((at) => at >= firstClose);
}

/** The last instant of a day in New York. */
export function endOf(date: SessionDate): Instant {
  return newYorkInstant(epochDayOf(date), 24 * 60 - 1);
}
