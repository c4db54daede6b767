/**
 * Requests of every route of a served market: valid, nearly valid and nonsense.
 *
 * They are plain data, so that a failing case can be printed, sent again and made smaller. Orders, watchlists and
 * accounts are named by ids that the venue derives, whoever they belong to. What operators send is hostile-commands.ts.
 */
import fc from "fast-check";
import { derivedUuid } from "../../src/server/derived-ids.ts";
import { OPERATORS_OPERATIONS, PLAYERS_OPERATIONS, SEASON_PLAYERS, SEASONS, type Fields, type Operation } from "./hostile-commands.ts";
import { hostileJson, hostileText, nearly, spoiling } from "./hostile-values.ts";

export interface HostileRequest {
  /** Whose key is sent; with some headers another's, or none. */
  readonly account: string;
  readonly method: string;
  /** With its query, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Has a key of the scope `admin`, and no account. */
export const OPERATOR = "qops4d21";
const SALT = "test";
const SYMBOL = fc.constantFrom("AAA", "BBB", "aaa", "ZZZ");
const SYMBOLS = fc.constantFrom("AAA", "BBB", "AAA,BBB", "AAA,ZZZ");
const DAY = fc.constantFrom("2026-11-23", "2026-11-24", "2026-11-25", "2026-11-27", "2016-01-04");
const TIME = fc.oneof(DAY, fc.constantFrom("2026-11-24T17:00:00Z", "2026-11-24T17:00:01.5Z", "2026-11-24T12:00:00-05:00", "2026-11-25T00:00:00Z"));
const YES_OR_NO = fc.constantFrom("true", "false");
const DIRECTION = fc.constantFrom("asc", "desc");
const COUNT = fc.constantFrom("1", "2", "50", "100", "500");
const FEED = fc.constantFrom("sip", "iex", "delayed_sip", "otc", "boats", "overnight");
const PRICE = fc.oneof({ weight: 4, arbitrary: fc.constantFrom("98", "99", "99.5", "100", "100.01", "101", "102") }, { weight: 1, arbitrary: fc.constantFrom("0.01", "0.5", "150", "1000000", "100.001") }).chain((text) => fc.constantFrom<unknown>(text, Number(text)));
const SHARES = fc.oneof({ weight: 4, arbitrary: fc.constantFrom("1", "2", "5", "10", "60") }, { weight: 1, arbitrary: fc.constantFrom("0.5", "1.000000001", "1000", "9000000") }).chain((text) => fc.constantFrom<unknown>(text, Number(text)));

const PARTS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  order: fc.integer({ min: 1, max: 12 }).map((number) => derivedUuid(SALT, `order/${number}`)),
  watchlist: fc.integer({ min: 1, max: 16 }).map((number) => derivedUuid(SALT, `watchlist/${number}`)),
  symbol: SYMBOL,
  market: fc.constantFrom("NYSE", "XNAS", "IEX", "LSE"),
  type: fc.constantFrom("FILL", "CSD", "DIV", "TRANS"),
  kind: fc.constantFrom("trade", "quote"),
  file: fc.constantFrom("page.js", "page.css"),
  season: SEASONS,
};

/** `owners` are the accounts; a name that is made up begins with the token of the one who sends it. */
export function hostileRequests(owners: readonly string[]): fc.Arbitrary<HostileRequest> {
  const sender = fc.oneof({ weight: 15, arbitrary: fc.constantFrom(...owners) }, { weight: 2, arbitrary: fc.constantFrom(...SEASON_PLAYERS) }, { weight: 3, arbitrary: fc.constant(OPERATOR) });
  return sender.chain((account) =>
    fc.oneof(...operationsOf(account, owners).map(({ weight = 1, ...operation }) => ({ weight, arbitrary: requestOf(account, owners, operation) })), { weight: 2, arbitrary: unknownRoute(account) }),
  );
}

/** What requests are drawn for, as "GET /v2/orders/{}". */
export function routesAsked(): readonly string[] {
  return operationsOf("", [""]).map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, "{}")}`);
}

/** An operator's key opens operators' routes alone, and every other none of them. */
function operationsOf(account: string, owners: readonly string[]): readonly Operation[] {
  const often = account === OPERATOR ? 20 : 1;
  return [...accountsOperations(account, owners), ...PLAYERS_OPERATIONS, ...OPERATORS_OPERATIONS.map(({ weight = 1, ...operation }) => ({ ...operation, weight: weight * often }))];
}

function accountsOperations(account: string, owners: readonly string[]): readonly Operation[] {
  const ownName = fc.integer({ min: 1, max: 60 }).map((number) => `${account}-${number}`);
  const anyName = fc.oneof({ weight: 2, arbitrary: ownName }, { weight: 1, arbitrary: fc.constantFrom(...owners).chain((owner) => fc.constantFrom(`${owner}-filled`, `${owner}-open`, `${owner}-list`)) }, { weight: 1, arbitrary: fc.constantFrom(...owners).chain((owner) => fc.integer({ min: 1, max: 60 }).map((number) => `${owner}-${number}`)) });
  const history: Fields = { start: TIME, end: TIME, limit: COUNT, sort: DIRECTION, asof: DAY, feed: FEED, currency: fc.constant("USD"), page_token: hostileText };
  const bars: Fields = { ...history, timeframe: fc.constantFrom("1Min", "5T", "1Hour", "1Day", "1W", "3Month"), adjustment: fc.constantFrom("raw", "split", "dividend", "all", "split,dividend") };
  const activities: Fields = { date: TIME, after: TIME, until: TIME, direction: DIRECTION, page_size: COUNT, page_token: hostileText };
  const watchlist = fc.record({ name: ownName, symbols: fc.array(SYMBOL, { maxLength: 3 }) }, { requiredKeys: ["name"] });
  const named: Fields = { name: anyName };
  const one = fc.record({ symbol: SYMBOL });
  return [
    { method: "GET", path: "/v2/account" },
    { method: "GET", path: "/v2/account/configurations" },
    { method: "PATCH", path: "/v2/account/configurations", body: CONFIGURATION },
    { method: "GET", path: "/v2/account/activities", query: { ...activities, activity_types: fc.constantFrom("FILL", "FILL,CSD", "FEE"), category: fc.constantFrom("trade_activity", "non_trade_activity") } },
    { method: "GET", path: "/v2/account/activities/{type}", query: activities },
    { method: "GET", path: "/v2/account/portfolio/history", query: { period: fc.constantFrom("1D", "2W", "1M", "1A"), timeframe: fc.constantFrom("1Min", "15Min", "1H", "1D"), intraday_reporting: fc.constantFrom("market_hours", "extended_hours", "continuous"), start: TIME, end: TIME, date_end: DAY, extended_hours: YES_OR_NO, pnl_reset: fc.constantFrom("per_day", "no_reset"), cashflow_types: fc.constant("ALL") } },
    { method: "GET", path: "/v2/orders", weight: 2, query: { status: fc.constantFrom("open", "closed", "all"), limit: COUNT, after: TIME, until: TIME, direction: DIRECTION, nested: YES_OR_NO, symbols: SYMBOLS, side: fc.constantFrom("buy", "sell"), asset_class: fc.constantFrom("us_equity", "crypto"), before_order_id: PARTS["order"]!, after_order_id: PARTS["order"]! } },
    { method: "POST", path: "/v2/orders", weight: 14, body: orderOf(ownName) },
    { method: "DELETE", path: "/v2/orders" },
    { method: "GET", path: "/v2/orders/{order}", query: { nested: YES_OR_NO }, weight: 5 },
    { method: "PATCH", path: "/v2/orders/{order}", weight: 4, body: fc.record({ qty: SHARES, limit_price: PRICE, stop_price: PRICE, trail: PRICE, time_in_force: fc.constantFrom("day", "gtc"), client_order_id: ownName }, { requiredKeys: [] }) },
    { method: "DELETE", path: "/v2/orders/{order}", weight: 3 },
    { method: "GET", path: "/v2/orders:by_client_order_id", query: { client_order_id: anyName } },
    { method: "GET", path: "/v2/positions" },
    { method: "GET", path: "/v2/positions/{symbol}" },
    { method: "DELETE", path: "/v2/positions", query: { cancel_orders: YES_OR_NO } },
    { method: "DELETE", path: "/v2/positions/{symbol}", query: { qty: SHARES, percentage: fc.constantFrom("1", "50", "33.333333333", "100", "100.1") }, weight: 2 },
    { method: "GET", path: "/v2/assets", query: { status: fc.constantFrom("active", "inactive", "all"), asset_class: fc.constantFrom("us_equity", "crypto"), exchange: fc.constant("NYSE"), attributes: hostileText } },
    { method: "GET", path: "/v2/assets/{symbol}" },
    { method: "GET", path: "/v2/clock" },
    { method: "GET", path: "/v2/calendar", query: { start: DAY, end: DAY, date_type: fc.constantFrom("TRADING", "SETTLEMENT") } },
    { method: "GET", path: "/v3/clock", query: { markets: fc.constantFrom("NYSE", "NASDAQ,IEX"), time: TIME } },
    { method: "GET", path: "/v3/calendar/{market}", query: { start: DAY, end: DAY, timezone: fc.constant("UTC") } },
    { method: "GET", path: "/v2/watchlists" },
    { method: "POST", path: "/v2/watchlists", body: watchlist, weight: 2 },
    ...["/v2/watchlists/{watchlist}", "/v2/watchlists:by_name"].flatMap((path): Operation[] => {
      const query = path.includes("{") ? { weight: 2 } : { query: named };
      return [{ method: "GET", path, ...query }, { method: "PUT", path, ...query, body: watchlist }, { method: "POST", path, ...query, body: one }, { method: "DELETE", path, ...query }];
    }),
    { method: "DELETE", path: "/v2/watchlists/{watchlist}/{symbol}" },
    ...(["bars", "trades", "quotes"] as const).flatMap((kind): Operation[] => [
      { method: "GET", path: `/v2/stocks/${kind}`, query: { symbols: SYMBOLS, ...(kind === "bars" ? bars : history) } },
      { method: "GET", path: `/v2/stocks/{symbol}/${kind}`, query: kind === "bars" ? bars : history },
      { method: "GET", path: `/v2/stocks/${kind}/latest`, query: { symbols: SYMBOLS, feed: FEED } },
      { method: "GET", path: `/v2/stocks/{symbol}/${kind}/latest`, query: { feed: FEED } },
    ]),
    { method: "GET", path: "/v2/stocks/auctions", query: { symbols: SYMBOLS, ...history } },
    { method: "GET", path: "/v2/stocks/{symbol}/auctions", query: history },
    { method: "GET", path: "/v2/stocks/snapshots", query: { symbols: SYMBOLS, feed: FEED } },
    { method: "GET", path: "/v2/stocks/{symbol}/snapshot", query: { feed: FEED } },
    { method: "GET", path: "/v2/stocks/meta/exchanges" },
    { method: "GET", path: "/v2/stocks/meta/conditions/{kind}" },
    { method: "GET", path: "/v1/corporate-actions", query: { symbols: SYMBOLS, types: fc.constantFrom("forward_split", "cash_dividend,reverse_split"), start: DAY, end: DAY, ids: hostileText, limit: COUNT, page_token: hostileText, sort: DIRECTION } },
    ...["/", "/page/{file}", "/metrics", "/health", "/ready"].map((path) => ({ method: "GET", path })),
    // Without an upgrade they are no streams.
    ...["/stream", "/v2/iex", "/v2/sip", "/v2/delayed_sip"].map((path) => ({ method: "GET", path })),
  ];
}

const CONFIGURATION = fc.record(
  {
    suspend_trade: fc.boolean(), no_shorting: fc.boolean(), fractional_trading: fc.boolean(), max_margin_multiplier: fc.constantFrom("1", "2", "4"), trade_confirm_email: fc.constantFrom("all", "none"),
    max_options_trading_level: fc.constantFrom(0, 1, 2, 3), ptp_no_exception_entry: fc.boolean(), disable_overnight_trading: fc.boolean(), dtbp_check: fc.constantFrom("both", "entry", "exit"), pdt_check: fc.constantFrom("both", "entry", "exit"),
  },
  { requiredKeys: [] },
);

function orderOf(clientOrderId: fc.Arbitrary<string>): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const common = { symbol: fc.constantFrom("AAA", "AAA", "BBB"), side: often(["buy"], ["sell"]), time_in_force: often(["day", "gtc"], ["ioc", "fok", "opg", "cls"]), client_order_id: clientOrderId, extended_hours: often([false], [true]), position_intent: fc.constantFrom("buy_to_open", "sell_to_close") };
  const needed = ["symbol", "side", "time_in_force"] as const;
  const sized = { ...common, qty: SHARES };
  const required = { requiredKeys: [...needed, "qty"] as const };
  const kinds: readonly fc.Arbitrary<Readonly<Record<string, unknown>>>[] = [
    fc.record(sized, required as never).map((order) => ({ ...order, type: "market" })),
    fc.record({ ...common, notional: PRICE }, { requiredKeys: [...needed, "notional"] as never }).map((order) => ({ ...order, type: "market" })),
    fc.record({ ...sized, limit_price: PRICE }, { requiredKeys: [...needed, "qty", "limit_price"] as never }).map((order) => ({ ...order, type: "limit" })),
    fc.record({ ...sized, stop_price: PRICE }, { requiredKeys: [...needed, "qty", "stop_price"] as never }).map((order) => ({ ...order, type: "stop" })),
    fc.record({ ...sized, stop_price: PRICE, limit_price: PRICE }, { requiredKeys: [...needed, "qty", "stop_price", "limit_price"] as never }).map((order) => ({ ...order, type: "stop_limit" })),
    fc.tuple(fc.record(sized, required as never), fc.constantFrom("trail_price", "trail_percent"), PRICE).map(([order, kind, distance]) => ({ ...(order as object), type: "trailing_stop", [kind]: distance })),
    fc.record({ ...sized, limit_price: PRICE, order_class: fc.constantFrom("bracket", "oco", "oto"), take_profit: fc.record({ limit_price: PRICE }), stop_loss: fc.record({ stop_price: PRICE, limit_price: PRICE }, { requiredKeys: ["stop_price"] }) }, { requiredKeys: [...needed, "qty", "order_class"] as never }).map((order) => ({ ...order, type: "limit" })),
  ];
  return fc.oneof(...kinds);
}

function often<T>(usual: readonly T[], rare: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...rare) });
}

function requestOf(account: string, owners: readonly string[], { method, path, query = {}, body }: Operation): fc.Arbitrary<HostileRequest> {
  return fc.record({ path: pathOf(path), query: queryOf(query), body: bodyOf(method, body), headers: headersOf(account, owners) }).map((drawn) => ({
    account, method, path: `${drawn.path}${drawn.query}`, headers: { ...drawn.headers, ...drawn.body.headers }, body: drawn.body.text,
  }));
}

function pathOf(path: string): fc.Arbitrary<string> {
  const pieces = path.split(/[{}]/).map((piece, index) => (index % 2 === 0 ? fc.constant(piece) : fc.oneof({ weight: 6, arbitrary: PARTS[piece]! }, { weight: 1, arbitrary: hostileText }).map(encoded)));
  return fc.tuple(...pieces).map((texts) => texts.join(""));
}

/** Some of the parameters, one of which may be nonsense, doubled, or unknown. */
function queryOf(fields: Fields): fc.Arbitrary<string> {
  const names = Object.keys(fields);
  const known: fc.Arbitrary<readonly [string, unknown]>[] = names.map((name) => fields[name]!.map((value) => [name, value] as const));
  const valid = names.length === 0 ? fc.constant<(readonly [string, unknown])[]>([]) : fc.uniqueArray(fc.oneof(...known), { selector: ([name]) => name, maxLength: Math.min(names.length, 4) });
  const spoiled = fc.tuple(fc.oneof(fc.constantFrom(...names, "__proto__", "constructor", "a[b]", "symbols[]"), hostileText), hostileText);
  return fc.tuple(valid, fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(spoiled, { minLength: 1, maxLength: 2 }) })).map(([pairs, more]) => {
    const all = [...pairs, ...more];
    return all.length === 0 ? "" : `?${all.map(([name, value]) => `${encoded(name)}=${encoded(String(value))}`).join("&")}`;
  });
}

interface DrawnBody {
  readonly text: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

function bodyOf(method: string, valid: Operation["body"]): fc.Arbitrary<DrawnBody> {
  const json = { "content-type": "application/json" };
  if (!valid) {
    const none = fc.constant<DrawnBody>({ text: undefined, headers: {} });
    return method === "GET" ? none : fc.oneof({ weight: 4, arbitrary: none }, { weight: 1, arbitrary: hostileJson.map((value) => ({ text: textOf(value), headers: json })) });
  }
  const clean = valid.map((value): DrawnBody => ({ text: textOf(value), headers: json }));
  const near = nearly(valid).map((value): DrawnBody => ({ text: textOf(value), headers: json }));
  const bare = hostileJson.map((value): DrawnBody => ({ text: textOf(value), headers: json }));
  const spoiled = fc.tuple(valid, spoiling).map(([value, spoil]): DrawnBody => ({ text: spoil(textOf(value)), headers: json }));
  const mislabelled = fc.tuple(valid, CONTENT_TYPE).map(([value, type]): DrawnBody => ({ text: textOf(value), headers: { "content-type": type } }));
  return fc.oneof({ weight: 10, arbitrary: clean }, { weight: 5, arbitrary: near }, { weight: 1, arbitrary: bare }, { weight: 2, arbitrary: spoiled }, { weight: 1, arbitrary: mislabelled });
}

const CONTENT_TYPE = fc.constantFrom("", "text/plain", "text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "application/json;charset=\"", "application/msgpack", "*/*", "x", ";", "application/json, text/html", "__proto__");

/** Keys, and now and then something beside them. */
function headersOf(account: string, owners: readonly string[]): fc.Arbitrary<Readonly<Record<string, string>>> {
  const own = keysOf(account, account);
  const keys = fc.oneof(
    { weight: 40, arbitrary: fc.constant(own) },
    { weight: 1, arbitrary: fc.constantFrom<Readonly<Record<string, string>>>({}, { ...own, "APCA-API-SECRET-KEY": "" }, { "APCA-API-KEY-ID": "__proto__", "APCA-API-SECRET-KEY": "constructor" }, { authorization: "Bearer eyJhbGciOiJub25lIn0.e30." }, { authorization: "Basic Og==" }) },
    { weight: 1, arbitrary: fc.constantFrom(...owners).map((other) => (other === account ? {} : keysOf(other, account))) },
  );
  const more = fc.constantFrom<Readonly<Record<string, string>>>(
    { "content-encoding": "gzip" }, { accept: "text/html" }, { "accept-version": "__proto__" }, { "x-forwarded-for": "127.0.0.1" }, { origin: "null" }, { "if-none-match": "*" }, { range: "bytes=0-1" }, { "x-request-id": "x".repeat(4_000) },
    { cookie: "__proto__=1; a=b" }, { "x-http-method-override": "DELETE" }, { upgrade: "h2c", connection: "upgrade" }, { upgrade: "websocket", connection: "upgrade" }, { te: "trailers" }, { "content-type": "" },
  );
  return fc.tuple(keys, fc.oneof({ weight: 5, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: more })).map(([first, second]) => ({ ...second, ...first }));
}

export function keysOf(account: string, secretOf = account): Readonly<Record<string, string>> {
  return { "APCA-API-KEY-ID": `key-${account}`, "APCA-API-SECRET-KEY": `secret-${secretOf}` };
}

/** Paths and methods that there are not. */
function unknownRoute(account: string): fc.Arbitrary<HostileRequest> {
  const paths = fc.oneof(fc.constantFrom("/", "/v2", "/v2/", "//", "/v2//account", "/v2/orders/", "/v2/orders:", "/v2/orders:by_name", "/v2/watchlists:", "/%2e%2e/", "/v2/%2e%2e/v2/account", "/v2/account%00", "/v2/orders/%", "/v2/orders/%zz", "/v2/orders/%ff", "/stream", "/v2/iex", "/page", "/page/../src", "/sim", "/sim/v1", "*", "/v2/account/../account"), hostileText.map((text) => `/v2/${encoded(text)}`), hostileText.map((text) => `/${encoded(text)}`));
  return fc.record({ method: fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "PROPFIND"), path: paths }).map(({ method, path }) => ({ account, method, path, headers: keysOf(account), body: undefined }));
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function textOf(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value);
}
