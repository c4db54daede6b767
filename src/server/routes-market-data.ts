/** /v2/stocks: the past and the latest of bars, trades and quotes, and auctions, for one symbol and for many. */
import type { FastifyReply } from "fastify";
import { z } from "zod";
import { newYorkClock, newYorkInstant, type Instant } from "../time.ts";
import type { Symbol } from "../trade.ts";
import { pageOver, type Page, type PageQuery } from "./data-pages.ts";
import { PrintedMarket, type AdjustmentKind, type Timeframe } from "./printed-market.ts";
import type { ServerParts } from "./server-parts.ts";
import type { TapeAuction } from "./trade-tape.ts";
import { badRequest, notFound } from "./wire-errors.ts";
import { auctionViews, barView, CONDITIONS, EXCHANGES, quoteView, tradeView } from "./wire-market-data.ts";
import { given, parsed, wireEnd, wireSymbol, wireSymbols, wireTime } from "./wire-requests.ts";

type View = Readonly<Record<string, unknown>>;

/** A kind of data, as it is asked for and shown. */
interface Kind {
  readonly name: "bars" | "trades" | "quotes";
  readonly one: "bar" | "trade" | "quote";
  page(query: unknown, page: PageQuery): Page<View & { readonly at: Instant }>;
  latest(symbol: Symbol): View | undefined;
}

export function marketDataRoutes(parts: ServerParts): void {
  const { app } = parts;
  const market = new PrintedMarket(parts.venue);
  for (const kind of kindsOf(parts, market)) {
    app.get(`/v2/stocks/${kind.name}`, (request, reply) => {
      const { points, nextToken } = kind.page(request.query, pageQueryOf(request.query, undefined, parts.now()));
      void reply.send({ [kind.name]: Object.fromEntries([...points].map(([symbol, list]) => [symbol, list.map(shown)])), next_page_token: nextToken });
    });
    app.get<{ Params: { symbol: string } }>(`/v2/stocks/:symbol/${kind.name}`, (request, reply) => {
      const symbol = symbolOf(request.params.symbol);
      const { points, nextToken } = kind.page(request.query, pageQueryOf(request.query, [symbol], parts.now()));
      void reply.send({ symbol, [kind.name]: (points.get(symbol) ?? []).map(shown), next_page_token: nextToken });
    });
    app.get(`/v2/stocks/${kind.name}/latest`, (request, reply) => {
      const found = symbolsIn(request.query).flatMap((symbol) => {
        const latest = isServed(request.query) ? kind.latest(symbol) : undefined;
        return latest ? [[symbol, latest] as const] : [];
      });
      void reply.send({ [kind.name]: Object.fromEntries(found) });
    });
    app.get<{ Params: { symbol: string } }>(`/v2/stocks/:symbol/${kind.name}/latest`, (request, reply) => {
      const symbol = symbolOf(request.params.symbol);
      const latest = isServed(request.query) ? kind.latest(symbol) : undefined;
      if (!latest) throw notFound(`no ${kind.one} found for ${symbol}`);
      void reply.send({ symbol, [kind.one]: latest });
    });
  }
  auctionRoutes(parts);
  snapshotRoutes(parts, market);
  app.get("/v2/stocks/meta/exchanges", (_request, reply) => void reply.send(EXCHANGES));
  app.get<{ Params: { kind: string } }>("/v2/stocks/meta/conditions/:kind", (request, reply) => {
    const { kind } = request.params;
    if (kind !== "trade" && kind !== "quote") throw badRequest("ticktype must be trade or quote");
    void reply.send(CONDITIONS[kind]);
  });
}

function kindsOf(parts: ServerParts, market: PrintedMarket): readonly Kind[] {
  const timed = <P extends { readonly at: Instant }>(view: (point: P) => View) => (point: P): View & { readonly at: Instant } => ({ ...view(point), at: point.at });
  return [
    {
      name: "bars",
      one: "bar",
      page(query, page) {
        const { timeframe, adjustment } = parsed(z.looseObject({ timeframe: z.string("is required"), adjustment: given(z.string()) }), query, badRequest);
        const [wanted, adjusted] = [timeframeOf(timeframe), adjustmentsOf(adjustment ?? "raw")];
        return mapped(pageOver(page, (symbol) => market.bars(symbol, wanted, adjusted, parts.now())), timed(barView));
      },
      latest: (symbol) => viewed(market.lastBar(symbol, parts.now()), barView),
    },
    {
      name: "trades",
      one: "trade",
      page: (_query, page) => mapped(pageOver(page, (symbol) => market.trades(symbol, parts.now())), timed(tradeView)),
      latest: (symbol) => viewed(market.trades(symbol, parts.now()).at(-1), tradeView),
    },
    {
      name: "quotes",
      one: "quote",
      page: (_query, page) => mapped(pageOver(page, (symbol) => market.quotes(symbol, parts.now())), timed(quoteView)),
      latest: (symbol) => viewed(market.lastQuote(symbol, parts.now()), quoteView),
    },
  ];
}

/** Where the exchange held some: a page counts auctions, and a day may be continued on the next. */
function auctionRoutes(parts: ServerParts): void {
  const { app, venue } = parts;
  const pageOf = (query: unknown, symbol?: Symbol): Page<TapeAuction> => pageOver(pageQueryOf(query, symbol && [symbol], parts.now()), (one) => venue.tape.auctions(one));
  app.get("/v2/stocks/auctions", ({ query }, reply) => {
    const { points, nextToken } = pageOf(query);
    void reply.send({ auctions: Object.fromEntries([...points].map(([symbol, list]) => [symbol, auctionViews(list)])), next_page_token: nextToken });
  });
  app.get<{ Params: { symbol: string } }>("/v2/stocks/:symbol/auctions", ({ params, query }, reply) => {
    const symbol = symbolOf(params.symbol);
    const { points, nextToken } = pageOf(query, symbol);
    void reply.send({ symbol, auctions: auctionViews(points.get(symbol) ?? []), next_page_token: nextToken });
  });
}

function snapshotRoutes(parts: ServerParts, market: PrintedMarket): void {
  const { app } = parts;
  const snapshotOf = (symbol: Symbol): View | undefined => {
    const now = parts.now();
    const today = newYorkInstant(newYorkClock(now).day, 0);
    const daily = market.bars(symbol, { unit: "day", count: 1 }, [], now);
    const before = daily.at(-1)?.at === today ? daily.at(-2) : daily.at(-1);
    const views = {
      latestTrade: viewed(market.trades(symbol, now).at(-1), tradeView),
      latestQuote: viewed(market.lastQuote(symbol, now), quoteView),
      minuteBar: viewed(market.lastBar(symbol, now), barView),
      dailyBar: viewed(market.dayUnderWay(symbol, now) ?? before, barView),
      prevDailyBar: viewed(before, barView),
    };
    const known = Object.entries(views).filter(([, view]) => view !== undefined);
    return known.length > 0 ? Object.fromEntries(known) : undefined;
  };
  app.get("/v2/stocks/snapshots", (request, reply) => {
    const found = symbolsIn(request.query).flatMap((symbol) => {
      const snapshot = isServed(request.query) ? snapshotOf(symbol) : undefined;
      return snapshot ? [[symbol, snapshot] as const] : [];
    });
    void reply.send(Object.fromEntries(found));
  });
  app.get<{ Params: { symbol: string } }>("/v2/stocks/:symbol/snapshot", (request, reply: FastifyReply) => {
    const symbol = symbolOf(request.params.symbol);
    const snapshot = isServed(request.query) ? snapshotOf(symbol) : undefined;
    if (!snapshot) throw notFound(`no snapshot found for ${symbol}`);
    void reply.send({ symbol, ...snapshot });
  });
}

const LIMIT_DEFAULT = 1_000;
const LIMIT_MAX = 10_000;

const pageQuery = z.looseObject({
  start: given(wireTime),
  end: given(wireEnd),
  limit: given(z.coerce.number().int().min(1).max(LIMIT_MAX)),
  sort: given(z.enum(["asc", "desc"])),
  page_token: given(z.string()),
  asof: given(z.string().regex(/^(-|\d{4}-\d\d-\d\d)?$/, "a date YYYY-MM-DD, or -")),
  currency: given(z.string()),
});

function pageQueryOf(query: unknown, symbol: readonly Symbol[] | undefined, now: Instant): PageQuery {
  const { start, end, limit, sort, page_token, currency } = parsed(pageQuery, query, badRequest);
  if (currency !== undefined && currency !== "USD") throw badRequest("only USD is known here");
  const symbols = symbol ?? symbolsIn(query);
  return { symbols: isServed(query) ? symbols : [], start: start ?? newYorkInstant(newYorkClock(now).day, 0), end: end ?? now, limit: limit ?? LIMIT_DEFAULT, sort: sort ?? "asc", token: page_token === "" ? undefined : page_token };
}

/** The feeds of what trades here; the others are markets of their own, where nothing trades. */
const SERVED = new Set(["sip", "iex", "delayed_sip"]);
const OTHERS = new Set(["otc", "boats", "overnight"]);

function isServed(query: unknown): boolean {
  const { feed = "sip" } = parsed(z.looseObject({ feed: given(z.string()) }), query, badRequest);
  if (!SERVED.has(feed) && !OTHERS.has(feed)) throw badRequest(`invalid feed: ${feed}`);
  return SERVED.has(feed);
}

function symbolsIn(query: unknown): readonly Symbol[] {
  const { symbols } = parsed(z.looseObject({ symbols: wireSymbols }), query, badRequest);
  if (symbols.length === 0) throw badRequest("symbols: is required");
  return symbols;
}

function symbolOf(text: string): Symbol {
  return parsed(wireSymbol, text, badRequest);
}

const UNITS: Readonly<Record<string, readonly [unit: Timeframe["unit"], times: number, isAllowed: (count: number) => boolean]>> = {
  Min: ["minute", 1, (count) => count <= 59],
  T: ["minute", 1, (count) => count <= 59],
  Hour: ["minute", 60, (count) => count <= 23],
  H: ["minute", 60, (count) => count <= 23],
  Day: ["day", 1, (count) => count === 1],
  D: ["day", 1, (count) => count === 1],
  Week: ["week", 1, (count) => count === 1],
  W: ["week", 1, (count) => count === 1],
  Month: ["month", 1, (count) => [1, 2, 3, 4, 6, 12].includes(count)],
  M: ["month", 1, (count) => [1, 2, 3, 4, 6, 12].includes(count)],
};

function timeframeOf(text: string): Timeframe {
  const [, digits, word] = /^(\d{1,2})([A-Za-z]+)$/.exec(text) ?? [];
  const found = word !== undefined && Object.hasOwn(UNITS, word) ? UNITS[word] : undefined;
  const count = Number(digits);
  if (!found || count < 1 || !found[2](count)) throw badRequest(`invalid timeframe: ${text}`);
  return { unit: found[0], count: count * found[1] };
}

function adjustmentsOf(text: string): readonly AdjustmentKind[] {
  const names = text.split(",");
  if (names.some((name) => !["raw", "split", "dividend", "spin-off", "all"].includes(name))) throw badRequest(`invalid adjustment: ${text}`);
  return (["split", "dividend"] as const).filter((kind) => names.includes(kind) || names.includes("all"));
}

function shown({ at: _at, ...view }: View & { readonly at: Instant }): View {
  return view;
}

function viewed<P>(point: P | undefined, view: (point: P) => View): View | undefined {
  return point === undefined ? undefined : view(point);
}

function mapped<P, Q>({ points, nextToken }: Page<P>, view: (point: P) => Q): Page<Q> {
  return { points: new Map([...points].map(([symbol, list]) => [symbol, list.map(view)])), nextToken };
}

