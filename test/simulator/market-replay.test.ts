import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { moneyOf, moneyToText, priceOf, quantityOf, quantityToText } from "../../src/money.ts";
import type { CorporateAction } from "../../src/rules/corporate-actions.ts";
import { Exchange, type ExchangeSettings, type ExchangeSnapshot } from "../../src/simulator/exchange.ts";
import { constantProfile, fillProfile, type FillProfileName } from "../../src/simulator/fill-profiles.ts";
import { MarketReplay, type ReplaySeries } from "../../src/simulator/market-replay.ts";
import { epochDayOf, instantOf, isoOf, plusMs, sessionDateOf, type EpochDay } from "../../src/time.ts";
import type { AccountName, Bars, ClientOrderId, Symbol } from "../../src/trade.ts";
import { barsOf, closesOf, wanderingBars } from "../support/made-up-market.ts";

const AAA = "AAA" as Symbol;
const OWNER = "owner" as AccountName;
const day = (date: string): EpochDay => epochDayOf(sessionDateOf(date));

// Open, high, low, close of Monday 2026-11-23 and the sessions after it; Thursday is a holiday, Friday ends at 18:00Z.
const WEEK = [
  [100, 112, 98, 110],
  [120, 125, 115, 118],
  [119, 130, 117, 129],
  [130, 131, 128, 129],
] as const;

interface MarketSettings extends Partial<ExchangeSettings> {
  readonly bars?: Bars;
  readonly actions?: readonly CorporateAction[];
  readonly cash?: string;
  readonly volumeShareMax?: number;
  readonly from?: string;
  readonly profile?: FillProfileName;
}

class Market {
  readonly exchange: Exchange;
  readonly replay: MarketReplay;
  readonly ended: string[] = [];

  constructor({ bars = barsOf("2026-11-23", WEEK), actions = [], cash = "100000", volumeShareMax = 1, from = "2026-11-23", profile: name, ...rest }: MarketSettings = {}) {
    const profile = name ? fillProfile(name, 1) : constantProfile({ halfSpreadBps: rest.halfSpreadBps ?? 0, volumeShareMax });
    const settings: ExchangeSettings = { fees: "none", wholeShares: false, standingQuotes: true, ...profile.exchange, ...rest };
    this.exchange = new Exchange(settings, instantOf(`${from}T05:00:00Z`));
    this.exchange.openAccount(OWNER, moneyOf(cash));
    this.exchange.list(AAA);
    const series: ReplaySeries = { symbol: AAA, bars, actions };
    this.replay = new MarketReplay(this.exchange, [series], day(from), profile, ({ date }) => this.ended.push(date));
  }

  at(iso: string): this {
    this.replay.advanceTo(instantOf(iso));
    return this;
  }

  quote(): string | undefined {
    const quote = this.exchange.quoteOf(AAA);
    return quote && `${moneyToText(quote.bid)} ${moneyToText(quote.ask)}`;
  }

  send(side: "buy" | "sell", quantity: string, id: string, limit?: string): void {
    this.exchange.submit(OWNER, { clientOrderId: id as ClientOrderId, symbol: AAA, side, quantity: quantityOf(quantity), type: limit === undefined ? "market" : "limit", priceBound: priceOf(limit ?? "100") });
  }

  /** "filled 10 @ 100 14:35:00, …". */
  state(id: string): string {
    const { status, fills } = this.exchange.find(OWNER, id as ClientOrderId)!;
    return [status, fills.map(({ quantity, price, at }) => `${quantityToText(quantity)} @ ${moneyToText(price)} ${isoOf(at).slice(11, 19)}`).join(", ")].join(" ").trim();
  }

  account(): { readonly cash: string; readonly held: string; readonly equity: string } {
    const { cash, equity, positions } = this.exchange.account(OWNER);
    return { cash: moneyToText(cash), held: positions.map(({ quantity }) => quantityToText(quantity)).join(), equity: moneyToText(equity) };
  }
}

describe("a session", () => {
  test("is quoted at its open from the open, at its close from the close, and not beyond its end", () => {
    const market = new Market({ halfSpreadBps: 10 });
    expect(market.at("2026-11-23T14:29:59.999Z").quote()).toBeUndefined();
    expect(market.at("2026-11-23T14:30:00Z").quote()).toBe("99.9 100.1");
    expect(market.at("2026-11-23T20:59:59.999Z").quote()).toBe("99.9 100.1");
    expect(market.at("2026-11-23T21:00:00Z").quote()).toBe("109.89 110.11");
    expect(market.at("2026-11-23T21:00:01Z").quote()).toBeUndefined();
    expect(market.at("2026-11-24T14:30:00Z").quote()).toBe("119.88 120.12");
    expect(market.ended).toEqual(["2026-11-23"]);
  });

  test.each([
    // when a market order is sent, what becomes of it
    ["2026-11-23T12:00:00Z", "filled 10 @ 100 14:30:00"],
    ["2026-11-23T14:30:00Z", "filled 10 @ 100 14:30:00"],
    ["2026-11-23T17:44:59Z", "filled 10 @ 100 17:44:59"],
    ["2026-11-23T17:45:00Z", "filled 10 @ 110 21:00:00"],
    ["2026-11-23T21:00:00Z", "filled 10 @ 110 21:00:00"],
    ["2026-11-23T21:00:01Z", "filled 10 @ 120 14:30:00"],
    ["2026-11-25T22:00:00Z", "filled 10 @ 130 14:30:00"],
    // the half day: midday is 16:15Z
    ["2026-11-27T16:14:59Z", "filled 10 @ 130 16:14:59"],
    ["2026-11-27T16:15:00Z", "filled 10 @ 129 18:00:00"],
  ])("fills a market order of %s: %s", (at, expected) => {
    const market = new Market().at(at);
    market.send("buy", "10", "x");
    expect(market.at("2026-11-27T18:00:00Z").state("x")).toBe(expected);
  });

  test.each([
    // a buy's limit, sent at noon before the open of a day that goes from 100 to 98, 112 and 110
    ["105", "filled 10 @ 100 14:30:00"],
    ["99", "filled 10 @ 99 17:45:00"],
    ["98", "expired"],
  ])("fills a buy limited at %s: %s", (limit, expected) => {
    const market = new Market().at("2026-11-23T12:00:00Z");
    market.send("buy", "10", "x", limit);
    expect(market.at("2026-11-23T21:00:01Z").state("x")).toBe(expected);
  });

  test("fills a sell limit that the close gaps beyond at the close", () => {
    const market = new Market({ bars: barsOf("2026-11-23", [[100, 104, 98, 110]]) }).at("2026-11-23T14:30:00Z");
    market.send("buy", "10", "bought");
    market.send("sell", "10", "x", "105");
    expect(market.at("2026-11-23T21:00:00Z").state("x")).toBe("filled 10 @ 110 21:00:00");
  });

  test("offers a third of the share of its volume at the open, at midday and at the close", () => {
    const market = new Market({ bars: barsOf("2026-11-23", WEEK, 1_000), volumeShareMax: 0.1 }).at("2026-11-23T12:00:00Z");
    market.send("buy", "100", "market");
    market.send("buy", "100", "limit", "111");
    market.at("2026-11-23T21:00:01Z");
    expect(market.state("market")).toBe("expired 33 @ 100 14:30:00, 33 @ 110 21:00:00");
    expect(market.state("limit")).toBe("expired 33 @ 111 17:45:00");
  });

  test("without a bar has no quote and fills nothing", () => {
    const gap = barsOf("2026-11-23", WEEK);
    const bars = { ...gap, days: Int32Array.from([day("2026-11-23"), day("2026-11-25"), day("2026-11-27"), day("2026-11-30")]) };
    const market = new Market({ bars }).at("2026-11-24T12:00:00Z");
    market.send("buy", "10", "x");
    expect(market.at("2026-11-24T21:00:00Z").quote()).toBeUndefined();
    expect(market.at("2026-11-24T21:00:01Z").state("x")).toBe("expired");
    expect(market.at("2026-11-25T14:30:00Z").quote()).toBe("120 120");
  });

  test("ends once, holidays never, also when the market is moved in one step", () => {
    const market = new Market().at("2026-11-28T00:00:00Z");
    expect(market.ended).toEqual(["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-27"]);
    expect(market.at("2026-11-29T00:00:00Z").ended).toHaveLength(4);
  });

  test("of data that know closes only trades at the close, as much as is wanted", () => {
    const market = new Market({ bars: closesOf("2026-11-23", [10, 20, 30, 40]), cash: "100000000" }).at("2026-11-23T14:35:00Z");
    market.send("buy", "900000", "x");
    expect([market.quote(), market.state("x")]).toEqual([undefined, "open"]);
    expect(market.at("2026-11-23T21:00:00Z").state("x")).toBe("filled 900000 @ 10 21:00:00");
    expect(market.at("2026-11-27T18:00:00Z").quote()).toBe("40 40");
  });
});

describe("corporate actions", () => {
  const dividend = (exDay: string, amount: number, payDay?: string): CorporateAction => ({ type: "dividend", exDay: day(exDay), amount, previousClose: 110, ...(payDay !== undefined && { payDay: day(payDay) }) });
  const split = (exDay: string, ratio: number): CorporateAction => ({ type: "split", exDay: day(exDay), ratio });

  /** Holds ten shares from Monday's open on. */
  function holder(actions: readonly CorporateAction[], settings: MarketSettings = {}): Market {
    const market = new Market({ actions, cash: "1000", ...settings }).at("2026-11-23T14:30:00Z");
    market.send("buy", "10", "bought");
    expect(market.account()).toEqual({ cash: "0", held: "10", equity: "1000" });
    return market;
  }

  test("a dividend is owed from the open of its ex-date and paid at the open of its pay date", () => {
    const market = holder([dividend("2026-11-24", 0.5, "2026-11-27")]);
    expect(market.at("2026-11-24T14:29:59Z").account()).toMatchObject({ cash: "0", equity: "1100" });
    expect(market.at("2026-11-24T14:30:00Z").account()).toMatchObject({ cash: "0", equity: "1205" });
    expect(market.at("2026-11-27T14:29:59Z").account()).toMatchObject({ cash: "0" });
    expect(market.at("2026-11-27T14:30:00Z").account()).toMatchObject({ cash: "5", equity: "1305" });
  });

  test("a dividend whose pay date is a holiday is paid at the next open", () => {
    const market = holder([dividend("2026-11-24", 0.5, "2026-11-26")]);
    expect(market.at("2026-11-27T14:30:00Z").account()).toMatchObject({ cash: "5" });
  });

  test("who buys at the open of the ex-date gets no dividend, who sells there does", () => {
    const market = holder([dividend("2026-11-24", 0.5)]).at("2026-11-24T12:00:00Z");
    market.send("sell", "10", "sold");
    expect(market.at("2026-11-24T14:30:00Z").account()).toMatchObject({ cash: "1205", held: "" });
    const late = new Market({ actions: [dividend("2026-11-24", 0.5)], cash: "1200" }).at("2026-11-24T12:00:00Z");
    late.send("buy", "10", "bought");
    expect(late.at("2026-11-24T14:30:00Z").account()).toMatchObject({ cash: "0", held: "10" });
  });

  test("a split multiplies the shares before the open's quotes", () => {
    const bars = barsOf("2026-11-23", [WEEK[0], [27.5, 30, 27, 29]]);
    const market = holder([split("2026-11-24", 4)], { bars });
    expect(market.at("2026-11-24T14:29:59Z").account()).toEqual({ cash: "0", held: "10", equity: "1100" });
    expect(market.at("2026-11-24T14:30:00Z").account()).toEqual({ cash: "0", held: "40", equity: "1100" });
  });

  test("where shares are whole, the fraction of a split is paid at the opening price", () => {
    const bars = barsOf("2026-11-23", [WEEK[0], [2_200, 2_300, 2_100, 2_200]]);
    expect(holder([split("2026-11-24", 0.05)], { bars }).at("2026-11-24T14:30:00Z").account()).toEqual({ cash: "0", held: "0.5", equity: "1100" });
    expect(holder([split("2026-11-24", 0.05)], { bars, wholeShares: true }).at("2026-11-24T14:30:00Z").account()).toEqual({ cash: "1100", held: "", equity: "1100" });
    expect(holder([split("2026-11-24", 0.15)], { bars, wholeShares: true }).at("2026-11-24T14:30:00Z").account()).toEqual({ cash: "1100", held: "1", equity: "3300" });
  });

  test.each([
    ["before", [dividend("2026-11-24", 0.5), split("2026-11-24", 4)]],
    ["after", [split("2026-11-24", 4), dividend("2026-11-24", 0.5)]],
  ])("of one day: the dividend is for the shares from before the split, also when it is listed %s it", (_case, actions) => {
    expect(holder(actions).at("2026-11-24T14:30:00Z").account()).toMatchObject({ cash: "5", held: "40" });
  });

  test("whose ex-date is no session take effect at the next open", () => {
    expect(holder([split("2026-11-26", 2)]).at("2026-11-27T14:30:00Z").account()).toMatchObject({ held: "20" });
  });

  test("take effect though the symbol has no bar that day", () => {
    const bars = barsOf("2026-11-23", [WEEK[0]]);
    const market = holder([split("2026-11-24", 2), dividend("2026-11-25", 1)], { bars });
    expect(market.at("2026-11-25T21:00:00Z").account()).toEqual({ cash: "20", held: "20", equity: "1120" });
  });

  test("from before the first session are not applied", () => {
    expect(holder([split("2026-11-20", 2), dividend("2026-11-22", 1)]).at("2026-11-27T21:00:00Z").account()).toMatchObject({ cash: "0", held: "10" });
  });
});

describe("a session by profile", () => {
  /** Thirty sessions at 100 and a million shares, of two per cent up and down by turns from the day before; then 100 to 110. */
  const calm = Array.from({ length: 30 }, (_, i): [number, number, number, number] => (i % 2 === 0 ? [100, 102, 99, 102] : [102, 103, 99, 100]));
  const bars = barsOf("2026-10-12", [...calm, [100, 112, 98, 110]], 1_000_000);
  const LAST = new Date(86_400_000 * bars.days[30]!).toISOString().slice(0, 10);
  const at = (time: string): string => `${LAST}T${time}Z`;
  const of = (profile: FillProfileName, over: MarketSettings = {}): Market => new Market({ bars, profile, from: LAST, cash: "10000000", ...over });

  test("the last session is an ordinary one in winter", () => expect(LAST).toBe("2026-11-23"));

  test.each([
    ["realistic", ["99.94 100.06", "99.98 100.02", "99.98 100.02", "109.978 110.022"]],
    ["alpaca-paper", ["99.94 100.06", "99.98 100.02", "99.98 100.02", "109.978 110.022"]],
    ["peer", ["100 100", "100 100", "100 100", "110 110"]],
  ] as const)("%s quotes a symbol that is little traded at the open, after a quarter of an hour, in the afternoon and at the close", (profile, expected) => {
    const market = of(profile);
    expect(["14:44:59", "14:45:00", "17:45:00", "21:00:00"].map((time) => market.at(at(time)).quote())).toEqual(expected);
  });

  test.each([
    // A quarter of 2.5 % of the volume at the open, again at 9:45, and at the close; the price rises to the law's 0.84 x 2.03 % x sqrt(6250 / 1,000,000), or 13.5 bp, above the ask.
    ["realistic", "expired", "6250 14:30:00, 6250 14:45:00, 6250 21:00:00"],
    ["alpaca-paper", "filled", "30000 14:30:00"],
    ["peer", "filled", "30000 14:30:00"],
  ] as const)("%s fills of a large market order: %s %s", (profile, status, expected) => {
    const market = of(profile).at(at("12:00:00"));
    market.send("buy", "30000", "x");
    const order = market.at(at("21:00:01")).exchange.find(OWNER, "x" as ClientOrderId)!;
    const byInstant = new Map<string, number>();
    for (const { quantity, at: instant } of order.fills) byInstant.set(isoOf(instant).slice(11, 19), (byInstant.get(isoOf(instant).slice(11, 19)) ?? 0) + quantity / 1e9);
    expect(order.status).toBe(status);
    expect([...byInstant].map(([time, count]) => `${count} ${time}`).join(", ")).toBe(expected);
  });

  test("realistic charges little for little, and for all that is offered up to the whole of the law", () => {
    const market = of("realistic").at(at("14:50:00"));
    market.send("buy", "50", "small");
    market.send("buy", "6200", "large");
    const pricesOf = (id: string): readonly string[] => market.exchange.find(OWNER, id as ClientOrderId)!.fills.map(({ price }) => moneyToText(price));
    expect(pricesOf("small")).toEqual(["100.028402"]);
    expect(pricesOf("large")[0]).toBe("100.028402");
    expect(pricesOf("large").at(-1)).toBe("100.146525");
  });

  test("no profile sees the day, or what comes after it, in the spread and the impact it asks for before", () => {
    for (const profile of ["realistic", "alpaca-paper", "peer"] as const) {
      const later = barsOf("2026-10-12", [...calm, [100, 500, 1, 400]], 1_000_000);
      const [one, other] = [of(profile).at(at("14:30:00")), of(profile, { bars: later }).at(at("14:30:00"))];
      for (const market of [one, other]) market.send("buy", "5000", "x");
      expect(other.state("x")).toBe(one.state("x"));
    }
  });

  test.each([
    ["realistic", "110"],
    ["alpaca-paper", "100"],
    ["peer", "110"],
  ] as const)("%s: ten shares with a dividend of a dollar end with %s USD in cash", (profile, cash) => {
    const market = of(profile, { cash: "100", actions: [{ type: "dividend", exDay: day(LAST), amount: 1, previousClose: 100 }], from: "2026-11-20" }).at("2026-11-20T14:00:00Z");
    market.exchange.openAccount("other" as AccountName, moneyOf("2000"));
    market.exchange.submit("other" as AccountName, { clientOrderId: "held" as ClientOrderId, symbol: AAA, side: "buy", quantity: quantityOf("10"), type: "market", priceBound: priceOf("110") });
    const before = market.at("2026-11-20T22:00:00Z").exchange.account("other" as AccountName).cash;
    const after = market.at(at("14:30:00")).exchange.account("other" as AccountName).cash;
    expect(moneyToText((after - before + 100_000_000) as never)).toBe(cash);
  });

  test.each([
    ["realistic", "9.998 10.002", "filled 900000 @ 10.002"],
    ["alpaca-paper", "9.998 10.002", "filled 900000 @ 10.002"],
    ["peer", "10 10", "filled 900000 @ 10"],
  ] as const)("of data that know closes only, %s quotes the close at %s and sells as much as is wanted: %s", (profile, quote, expected) => {
    const market = new Market({ bars: closesOf("2026-11-23", [10, 20]), cash: "100000000", profile }).at("2026-11-23T21:00:00Z");
    expect(market.quote()).toBe(quote);
    market.send("buy", "900000", "x");
    expect(market.state("x").replaceAll(" 21:00:00", "")).toBe(expected);
  });

  test.each([
    ["realistic", "expired"],
    ["alpaca-paper", "expired"],
    ["peer", "expired"],
  ] as const)("a day on which nothing was traded fills nothing under %s", (profile, expected) => {
    const still = barsOf("2026-11-23", [[100, 100, 100, 100]], 0);
    const market = new Market({ bars: still, profile }).at("2026-11-23T12:00:00Z");
    market.send("buy", "1", "x");
    expect(market.at("2026-11-23T21:00:01Z").state("x")).toBe(expected);
  });
});

describe.each([undefined, "realistic", "alpaca-paper", "peer"] as const)("a market that is thrown away and rebuilt (profile %s)", (name) => {
  const SYMBOLS = ["AAA", "BBB"] as Symbol[];
  const ACTIONS: readonly CorporateAction[] = [
    { type: "dividend", exDay: day("2026-11-24"), amount: 0.5, previousClose: 100, payDay: day("2026-11-30") },
    { type: "split", exDay: day("2026-11-25"), ratio: 2 },
    { type: "split", exDay: day("2026-11-30"), ratio: 0.1 },
  ];
  const SERIES: readonly ReplaySeries[] = SYMBOLS.map((symbol, i) => ({ symbol, bars: i === 0 ? wanderingBars("2026-11-23", 7, 5, name === "realistic" ? 1_000 : 1_000_000) : closesOf("2026-11-23", [50, 51, 52, 53, 54, 55, 56]), actions: ACTIONS }));
  const PROFILE = name ? fillProfile(name, 3) : constantProfile({ halfSpreadBps: 1, volumeShareMax: 0.000_05 });
  const SETTINGS: ExchangeSettings = { fees: "alpaca", wholeShares: false, ...PROFILE.exchange };
  const START = instantOf("2026-11-23T05:00:00Z");

  function build(snapshot?: ExchangeSnapshot): { exchange: Exchange; replay: MarketReplay } {
    const exchange = snapshot ? Exchange.restore(SETTINGS, snapshot) : new Exchange(SETTINGS, START);
    if (!snapshot) {
      exchange.openAccount(OWNER, moneyOf("10000"));
      for (const symbol of SYMBOLS) exchange.list(symbol);
    }
    return { exchange, replay: new MarketReplay(exchange, SERIES, day("2026-11-23"), PROFILE, () => undefined, snapshot?.now) };
  }

  /** Minutes from the start, to within a week; the moments of the session themselves are likely. */
  const instants = fc.oneof(
    fc.integer({ min: 0, max: 8 * 24 * 60 }).map((minutes) => plusMs(START, minutes * 60_000)),
    fc.constantFrom("2026-11-23T14:30:00Z", "2026-11-23T17:45:00Z", "2026-11-24T21:00:00Z", "2026-11-24T21:00:01Z", "2026-11-25T14:30:00Z", "2026-11-27T16:15:00Z", "2026-11-30T14:30:00Z").map(instantOf),
  );
  const steps = fc.array(fc.record({ at: instants, symbol: fc.constantFrom(...SYMBOLS), side: fc.constantFrom("buy" as const, "sell" as const), count: fc.integer({ min: 1, max: 40 }), limit: fc.option(fc.integer({ min: 20, max: 150 }), { nil: undefined }) }), { minLength: 4, maxLength: 12 });

  test("at any instant, from JSON, is the market that was never interrupted", () => {
    fc.assert(
      fc.property(steps, (unordered) => {
        const ordered = unordered.toSorted((a, b) => a.at - b.at);
        const play = (rebuild: boolean): ExchangeSnapshot => {
          let { exchange, replay } = build();
          ordered.forEach(({ at, symbol, side, count, limit }, i) => {
            replay.advanceTo(at);
            exchange.submit(OWNER, { clientOrderId: `c${i}` as ClientOrderId, symbol, side, quantity: quantityOf(String(count)), type: limit === undefined ? "market" : "limit", priceBound: priceOf(String(limit ?? 100)) });
            if (rebuild) ({ exchange, replay } = build(JSON.parse(JSON.stringify(exchange.snapshot())) as ExchangeSnapshot));
          });
          replay.advanceTo(instantOf("2026-12-02T00:00:00Z"));
          return exchange.snapshot();
        };
        expect(play(true)).toEqual(play(false));
      }),
      { numRuns: 100 },
    );
  });
});
