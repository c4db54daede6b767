/**
 * Alpaca's market data: daily bars for the view, latest quotes for sizing, corporate actions for what is held. From one named feed, and from another only
 * where one is named for the case that the subscription does not reach the first; the view then says so.
 *
 * The view holds closed sessions only, adjusted for splits, dividends and spin-offs as Alpaca knows them now. It is
 * complete or the call throws: every symbol has a bar for every session that the calendar lists, back to the lookback
 * or to the symbol's first bar. A first bar inside the window is believed when Alpaca has none before the window (the
 * symbol was listed later, or the feed's history begins there); a symbol without any bar is an error, because a
 * misspelt name looks the same. On the `iex` feed a thin symbol may have sessions without a trade: that is missing too.
 */
import { marketData } from "@alpacahq/alpaca-trade-api/rest";
import type { z } from "zod";
import { BrokerUnavailable, MarketDataMissing, type MarketData } from "../ports.ts";
import type { Bars, MarketView, Quote, Symbol } from "../trade.ts";
import { lastClosedSession, sessionAtIndex, sessionsBetween, type Session } from "../rules/calendar.ts";
import type { ShareConversion } from "../risk/share-conversions.ts";
import { DAY_MS, epochDayOf, newYorkInstant, sessionDateOf, type EpochDay, type Instant, type SessionDate } from "../time.ts";
import { barsAnswer, quotesAnswer, type BarAnswer } from "./answers.ts";
import { conversionsAnswer, CONVERTING_TYPES, PROCESSED_AROUND_DAYS, withinDays } from "./conversions.ts";
import { columnsOf, defectOf, describeDefect } from "./daily-bars.ts";
import { AlpacaFailure } from "./errors.ts";
import { dataBasePath } from "./hosts.ts";
import { Wire, type WireOptions } from "./wire.ts";

export type Feed = "iex" | "sip";

export interface AlpacaMarketDataOptions extends WireOptions {
  readonly feed: Feed;
  /** Used from the moment on when Alpaca says that the subscription does not permit `feed`. None when absent. */
  readonly feedFallback?: Feed;
  /** Alpaca's data host when absent. */
  readonly url?: string;
}

export function alpacaMarketData(options: AlpacaMarketDataOptions): MarketData {
  return new AlpacaMarketData(options);
}

const POINTS_PER_PAGE = 10_000;
const ACTIONS_PER_PAGE = 1_000;
const PAGES_MAX = 1_000;
const SYMBOLS_PER_REQUEST = 100;
const DEFECTS_SHOWN = 5;
/** Alpaca's daily bars begin here. */
const HISTORY_START = epochDayOf(sessionDateOf("2016-01-01"));

class AlpacaMarketData implements MarketData {
  readonly #wire: Wire;
  readonly #stocks: marketData.StockApi;
  readonly #actions: marketData.CorporateActionsApi;
  readonly #named: Feed;
  readonly #fallback: Feed | undefined;
  #feed: Feed;

  constructor(options: AlpacaMarketDataOptions) {
    this.#wire = new Wire(options);
    this.#named = options.feed;
    this.#fallback = options.feedFallback;
    this.#feed = options.feed;
    const configuration = new marketData.Configuration(this.#wire.configuration(dataBasePath(options.url)));
    this.#stocks = new marketData.StockApi(configuration);
    this.#actions = new marketData.CorporateActionsApi(configuration);
  }

  view(symbols: readonly Symbol[], lookback: number, asOf: Instant): Promise<MarketView> {
    return this.#fromFeed((feed) => this.#view(feed, symbols, lookback, asOf));
  }

  quotes(symbols: readonly Symbol[]): Promise<ReadonlyMap<Symbol, Quote>> {
    return this.#fromFeed((feed) => this.#quotes(feed, symbols));
  }

  async conversions(symbols: readonly Symbol[], from: SessionDate, through: SessionDate): Promise<readonly ShareConversion[]> {
    const found: ShareConversion[] = [];
    const [start, end] = [epochDayOf(from) - PROCESSED_AROUND_DAYS, epochDayOf(through) + PROCESSED_AROUND_DAYS].map((day) => new Date(day * DAY_MS));
    for (const chunk of chunksOf(symbols)) {
      await this.#pages(async (pageToken) => {
        const query = { symbols: chunk.join(","), types: CONVERTING_TYPES, start: start!, end: end!, limit: ACTIONS_PER_PAGE, sort: "asc", ...(pageToken !== undefined && { pageToken }) } as const;
        const page = await this.#wire.read("Alpaca corporate actions", () => this.#actions.corporateActionsRaw(query), conversionsAnswer);
        found.push(...page.corporate_actions);
        return page.next_page_token ?? undefined;
      });
    }
    return withinDays(found, from, through);
  }

  /** What is asked of the fallback is asked from the beginning: an answer is never of two feeds. */
  async #fromFeed<T>(ask: (feed: Feed) => Promise<T>): Promise<T> {
    const feed = this.#feed;
    try {
      return await ask(feed);
    } catch (error) {
      if (!(error instanceof FeedRefused) || this.#fallback === undefined || feed === this.#fallback) throw error;
      this.#feed = this.#fallback;
      return ask(this.#fallback);
    }
  }

  async #view(feed: Feed, symbols: readonly Symbol[], lookback: number, asOf: Instant): Promise<MarketView> {
    const last = lastClosedSession(asOf);
    const first = sessionAtIndex(Math.max(last.index - lookback + 1, 0));
    const sessions = sessionsBetween(first.day, last.day);
    const answers = await this.#bars(feed, symbols, first.day, last.day);
    const columns = new Map(symbols.map((symbol) => [symbol, columnsOf(answers.get(symbol) ?? [])]));
    const defects = await this.#defectsOf(feed, columns, sessions);
    if (defects.length > 0) {
      const shown = defects.slice(0, DEFECTS_SHOWN).join("; ");
      throw new MarketDataMissing(`Alpaca's ${feed} bars up to ${last.date}: ${shown}${defects.length > DEFECTS_SHOWN ? `; and ${defects.length - DEFECTS_SHOWN} more symbols` : ""}`);
    }
    return {
      asOf,
      session: last.date,
      symbols,
      source: feed === this.#named ? `alpaca:${feed}` : `alpaca:${feed} instead of ${this.#named}`,
      adjustment: "split-and-dividend",
      bars(symbol): Bars {
        const bars = columns.get(symbol);
        if (!bars) throw new RangeError(`the view was not asked for ${symbol}`);
        return bars;
      },
    };
  }

  async #quotes(feed: Feed, symbols: readonly Symbol[]): Promise<ReadonlyMap<Symbol, Quote>> {
    const quotes = new Map<Symbol, Quote>();
    for (const chunk of chunksOf(symbols)) {
      const answer = await this.#read("Alpaca quotes", feed, () => this.#stocks.stockLatestQuotesRaw({ symbols: chunk.join(","), feed }), quotesAnswer);
      for (const symbol of chunk) {
        const quote = answer.quotes?.[symbol];
        // A price of 0 is Alpaca's way to say that a side has no quote.
        if (quote && quote.bp > 0 && quote.ap > 0) quotes.set(symbol, { bid: quote.bp, ask: quote.ap, at: quote.t });
      }
    }
    return quotes;
  }

  async #defectsOf(feed: Feed, columns: ReadonlyMap<Symbol, Extract<Bars, { kind: "ohlcv" }>>, sessions: readonly Session[]): Promise<string[]> {
    const described: string[] = [];
    for (const [symbol, bars] of columns) {
      const defect = defectOf(bars, sessions);
      if (!defect || (defect.kind === "late" && !(await this.#hasBarsBefore(feed, symbol, sessions[0]!.day)))) continue;
      described.push(describeDefect(symbol, defect, sessions));
    }
    return described;
  }

  async #hasBarsBefore(feed: Feed, symbol: Symbol, day: EpochDay): Promise<boolean> {
    if (day <= HISTORY_START) return false;
    const { bars } = await this.#barsPage(feed, { symbols: symbol, from: HISTORY_START, to: (day - 1) as EpochDay, limit: 1 });
    return (bars?.[symbol]?.length ?? 0) > 0;
  }

  async #bars(feed: Feed, symbols: readonly Symbol[], from: EpochDay, to: EpochDay): Promise<Map<string, BarAnswer[]>> {
    const bySymbol = new Map<string, BarAnswer[]>();
    for (const chunk of chunksOf(symbols)) {
      await this.#pages(async (token) => {
        const page = await this.#barsPage(feed, { symbols: chunk.join(","), from, to, limit: POINTS_PER_PAGE, token });
        for (const [symbol, bars] of Object.entries(page.bars ?? {})) bySymbol.set(symbol, [...(bySymbol.get(symbol) ?? []), ...(bars ?? [])]);
        return page.next_page_token;
      });
    }
    return bySymbol;
  }

  /** Asks for one page after the other until an answer names no next. */
  async #pages(ask: (token: string | undefined) => Promise<string | undefined>): Promise<void> {
    let token: string | undefined;
    for (let pages = 0; pages === 0 || (token !== undefined && token !== ""); pages += 1) {
      if (pages === PAGES_MAX) throw new BrokerUnavailable(`Alpaca's pages did not end after ${PAGES_MAX}`);
      token = await ask(token);
    }
  }

  #barsPage(feed: Feed, query: { symbols: string; from: EpochDay; to: EpochDay; limit: number; token?: string | undefined }): Promise<z.infer<typeof barsAnswer>> {
    const send = (): Promise<{ raw: Response }> =>
      this.#stocks.stockBarsRaw({
        symbols: query.symbols,
        timeframe: "1Day",
        // A daily bar is stamped with its midnight in New York; both ends are inclusive.
        start: new Date(newYorkInstant(query.from, 0)),
        end: new Date(newYorkInstant(query.to, 0)),
        limit: query.limit,
        adjustment: "all",
        feed,
        sort: "asc",
        ...(query.token !== undefined && { pageToken: query.token }),
      });
    return this.#read("Alpaca bars", feed, send, barsAnswer);
  }

  async #read<T>(what: string, feed: Feed, send: () => Promise<{ raw: Response }>, answer: z.ZodType<T>): Promise<T> {
    try {
      return await this.#wire.read(what, send, answer);
    } catch (error) {
      const failure = error instanceof BrokerUnavailable && error.cause instanceof AlpacaFailure ? error.cause : undefined;
      if (failure?.facts.kind !== "forbidden") throw error;
      throw new FeedRefused(`${what} are not available on the feed ${feed}: ${failure.facts.detail}`, { cause: failure });
    }
  }
}

/** A 403: the subscription does not reach the data asked for, and there is nothing to wait for. */
class FeedRefused extends MarketDataMissing {}

function chunksOf(symbols: readonly Symbol[]): Symbol[][] {
  return Array.from({ length: Math.ceil(symbols.length / SYMBOLS_PER_REQUEST) }, (_, n) => symbols.slice(n * SYMBOLS_PER_REQUEST, (n + 1) * SYMBOLS_PER_REQUEST));
}
