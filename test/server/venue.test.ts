import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { moneyOf, moneyToText, priceOf, quantityOf, shares } from "../../src/money.ts";
import type { CorporateAction } from "../../src/rules/corporate-actions.ts";
import { sessionsBetween } from "../../src/rules/calendar.ts";
import { agentMarket } from "../../src/server/agent-market.ts";
import { venueCommandSchema, type OrderForm, type VenueCommand } from "../../src/server/commands.ts";
import { dailyMarket } from "../../src/server/daily-market.ts";
import { clientsAlone, type MarketSource } from "../../src/server/market-source.ts";
import { minuteMarket } from "../../src/server/minute-market.ts";
import { Venue, type VenueSettings, type VenueSnapshot } from "../../src/server/venue.ts";
import type { TradeUpdate } from "../../src/server/venue-replies.ts";
import { fillProfile } from "../../src/simulator/fill-profiles.ts";
import type { MinuteBar } from "../../src/simulator/minute-replay.ts";
import { epochDayOf, instantOf, isoOf, MINUTE_MS, plusMs, sessionDateOf } from "../../src/time.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import { ordersOf } from "../support/account-history.ts";
import { wanderingBars } from "../support/made-up-market.ts";
import { NOON, venueSettings } from "../support/served-market.ts";

const ANN = "ann" as AccountName;
const AAA = "AAA" as Symbol;
const MARGIN = { multiplier: 2, shorting: true, debitInterestBps: 500, borrowFeeBps: 30 } as const;

type Step = (venue: Venue) => VenueCommand;

const form = fc.record({
  side: fc.constantFrom("buy", "sell"),
  type: fc.constantFrom("market", "limit", "stop", "trailing_stop"),
  timeInForce: fc.constantFrom("day", "gtc", "ioc"),
  cents: fc.integer({ min: 9_950, max: 10_050 }),
  count: fc.integer({ min: 1, max: 40 }),
  orderClass: fc.constantFrom("simple", "simple", "simple", "bracket"),
});

function orderOf({ side, type, timeInForce, cents, count, orderClass }: { side: string; type: string; timeInForce: string; cents: number; count: number; orderClass: string }): OrderForm {
  const price = (offset: number): ReturnType<typeof priceOf> => priceOf(((cents + offset) / 100).toFixed(2));
  const away = side === "buy" ? 1 : -1;
  return {
    symbol: AAA, side, type, timeInForce: type === "market" || type === "limit" ? timeInForce : "gtc", orderClass, quantity: shares(count),
    ...(type === "limit" && { limitPrice: price(0) }),
    ...(type === "stop" && { stopPrice: price(0) }),
    ...(type === "trailing_stop" && { trail: { by: "price", price: priceOf("0.5") } }),
    ...(orderClass === "bracket" && { takeProfit: { limitPrice: price(away * 200) }, stopLoss: { stopPrice: price(-away * 200) } }),
  } as OrderForm;
}

/** A command for the venue as it stands: some name an order that is there. */
const step: fc.Arbitrary<Step> = fc.tuple(fc.nat({ max: 9 }), form, fc.constantFrom("ann", "bob"), fc.integer({ min: 0, max: 200_000 }), fc.nat()).map(([kind, asked, name, laterMs, pick]) => (venue) => {
  const at = plusMs(venue.now, laterMs);
  const account = name as AccountName;
  const known = venue.accounts.get(account);
  const orders = known ? ordersOf(known) : [];
  const order = orders[pick % Math.max(1, orders.length)];
  if (kind === 0) return { type: "quote", at, symbol: AAA, bid: priceOf(((asked.cents - 2) / 100).toFixed(2)), ask: priceOf((asked.cents / 100).toFixed(2)), quantity: shares(asked.count) };
  if (kind === 1 && order) return { type: "cancel", at, account, order: order.id };
  if (kind === 2 && order) return { type: "replace", at, account, order: order.id, changes: { quantity: shares(asked.count) } };
  if (kind === 3) return { type: "close-position", at, account, symbol: AAA };
  if (kind === 4) return { type: "advance", at: plusMs(at, laterMs * 600) };
  if (kind === 5 && pick % 20 === 0) return { type: "split", at, symbol: AAA, ratio: 2 };
  return { type: "place", at, account, order: orderOf(asked) };
});

const MARKETS: readonly (readonly [string, () => MarketSource, runs: number])[] = [
  ["clients alone", () => clientsAlone([AAA, "BBB" as Symbol], "calendar"), 25],
  ["seeded agents", () => agentMarket([AAA], 5, "always"), 3],
  ["daily bars", () => dailyMarket({ series: [{ symbol: AAA, bars: wanderingBars("2026-11-10", 20, 3, 4_000), actions: ACTIONS }], from: epochDayOf(sessionDateOf("2026-11-25")), profile: fillProfile("realistic", 7) }), 10],
  ["minute bars", () => minuteMarket([{ symbol: AAA, bars: MINUTES, days: wanderingBars("2026-11-23", 20, 3), actions: ACTIONS, statisticsOn: () => ({ dailyVolume: 100_000, dailyVolatility: 0.02, tier: "large" }) }], fillProfile("realistic", 7)), 15],
];

const ACTIONS: readonly CorporateAction[] = [
  { type: "dividend", exDay: epochDayOf(sessionDateOf("2026-11-25")), amount: 0.5, previousClose: 100 },
  { type: "split", exDay: epochDayOf(sessionDateOf("2026-11-27")), ratio: 2 },
];
/** From Tuesday's noon until the Monday after Thanksgiving. */
const MINUTES: readonly MinuteBar[] = sessionsBetween(epochDayOf(sessionDateOf("2026-11-24")), epochDayOf(sessionDateOf("2026-11-30"))).flatMap(({ day, open, close }) =>
  Array.from({ length: (close - open) / MINUTE_MS }, (_, minute) => {
    const price = (day >= ACTIONS[1]!.exDay ? 50 : 100) + ((minute * 37) % 11) / 100;
    return { at: plusMs(open, minute * MINUTE_MS), open: price, high: price + 0.05, low: price - 0.05, close: price + 0.02, volume: 4_000 };
  }),
).filter(({ at }) => at > NOON);

describe.each(MARKETS)("a venue with %s", (_name, market, numRuns) => {
  const settings = (): VenueSettings => venueSettings({ market: market(), exchange: { fees: "alpaca", halfSpreadBps: 1, wholeShares: false, checks: "alpaca" } });
  const opened = (): Venue => {
    const venue = new Venue(settings());
    for (const account of ["ann", "bob"] as AccountName[]) venue.apply({ type: "open-account", at: NOON, account, cash: moneyOf("50000"), terms: MARGIN });
    return venue;
  };
  const asJson = (venue: Venue): VenueSnapshot => JSON.parse(JSON.stringify(venue.snapshot())) as VenueSnapshot;

  test("comes to the same state from the log of its commands, and has the same future from a snapshot in the middle", () => {
    let placed = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), fc.nat(), (steps, cut) => {
        const venue = opened();
        const log: VenueCommand[] = [];
        let middle: VenueSnapshot | undefined;
        let untouched: VenueSnapshot | undefined;
        for (const [index, next] of steps.entries()) {
          if (index === cut % steps.length) [middle, untouched] = [asJson(venue), venue.snapshot()];
          const command = venueCommandSchema.parse(JSON.parse(JSON.stringify(next(venue))));
          log.push(command);
          venue.apply(command);
        }
        placed += venue.orderCount;
        expect(JSON.stringify(untouched)).toBe(JSON.stringify(middle));
        const again = opened();
        for (const command of log) again.apply(command);
        expect(asJson(again)).toEqual(asJson(venue));
        const restored = Venue.restore(settings(), middle!);
        for (const command of log.slice(cut % steps.length)) restored.apply(command);
        expect(asJson(restored)).toEqual(asJson(venue));
      }),
      { numRuns, seed: 11 },
    );
    expect(placed).toBeGreaterThan(10);
  });
});

test("agents trade in every session that time goes over in one step, and a client's order waits for them and not for a stub", () => {
  const venue = new Venue(venueSettings({ market: agentMarket([AAA], 5, "calendar") }));
  venue.apply({ type: "open-account", at: NOON, account: ANN, cash: moneyOf("100000") });
  venue.apply({ type: "advance", at: plusMs(NOON, 60_000) });
  const last = venue.exchange.topOf(AAA).last!;
  venue.apply({ type: "place", at: plusMs(NOON, 60_000), account: ANN, order: { symbol: AAA, side: "buy", type: "limit", timeInForce: "gtc", orderClass: "simple", quantity: shares(10), limitPrice: priceOf("1") } });
  venue.apply({ type: "advance", at: instantOf("2026-11-30T15:00:00Z") });
  const days = venue.tape.bars(AAA, "day");
  // Thanksgiving is no session, and the day after it ends at 13:00.
  expect(days.map(({ at }) => isoOf(at).slice(0, 10))).toEqual(["2026-11-24", "2026-11-25", "2026-11-27"]);
  for (const { low } of days) expect(low / last).toBeGreaterThan(0.97);
  expect(ordersOf(venue.accounts.get(ANN)!)).toMatchObject([{ status: "new", filled: 0 }]);
});

test("a market goes on in a year whose fees are not known yet, at the newest that are", () => {
  const [inDecember, inJanuary] = [instantOf("2026-12-31T17:00:00Z"), instantOf("2027-01-04T17:00:00Z")];
  const venue = new Venue(venueSettings({ startsAt: inDecember, exchange: { fees: "alpaca", halfSpreadBps: 0, wholeShares: false, checks: "alpaca" } }));
  venue.apply({ type: "open-account", at: inDecember, account: ANN, cash: moneyOf("100000") });
  for (const [at, side] of [[inDecember, "buy"], [inJanuary, "sell"]] as const) {
    venue.apply({ type: "advance", at });
    venue.apply({ type: "quote", at, symbol: AAA, bid: priceOf("50"), ask: priceOf("50"), quantity: shares(1_000) });
    venue.apply({ type: "place", at, account: ANN, order: { symbol: AAA, side, type: "market", timeInForce: "day", orderClass: "simple", quantity: shares(1_000) } });
  }
  expect(ordersOf(venue.accounts.get(ANN)!).map(({ side, status }) => [side, status])).toEqual([["buy", "filled"], ["sell", "filled"]]);
  // CAT of a cent each, and of the sale 1.03 for Section 31 and 0.20 for TAF.
  expect(moneyToText(venue.exchange.feesPaid(ANN))).toBe("1.25");
});

test("trade updates are numbered without gaps and tell the order as it was", () => {
  const venue = new Venue(venueSettings());
  venue.apply({ type: "open-account", at: NOON, account: ANN, cash: moneyOf("100000") });
  const heard: TradeUpdate[] = [];
  const stop = venue.onUpdate((update) => heard.push(update));
  venue.apply({ type: "quote", at: NOON, symbol: AAA, bid: priceOf("99"), ask: priceOf("100"), quantity: shares(4) });
  venue.apply({ type: "place", at: NOON, account: ANN, order: { symbol: AAA, side: "buy", type: "limit", timeInForce: "day", orderClass: "simple", quantity: shares(10), limitPrice: priceOf("100") } });
  const [order] = ordersOf(venue.accounts.get(ANN)!);
  venue.apply({ type: "replace", at: NOON, account: ANN, order: order!.id, changes: { quantity: shares(7) } });
  venue.apply({ type: "cancel", at: NOON, account: ANN, order: order!.replacedBy! });
  stop();
  venue.apply({ type: "quote", at: NOON, symbol: AAA, bid: priceOf("99"), ask: priceOf("100"), quantity: shares(4) });
  expect(heard.map(({ number, event, order: then, execution }) => [number, event, then.status, then.filled, execution?.positionQuantity])).toEqual([
    [1, "new", "new", 0, undefined],
    [2, "partial_fill", "partially_filled", quantityOf("4"), quantityOf("4")],
    [3, "replaced", "replaced", quantityOf("4"), undefined],
    [4, "new", "partially_filled", quantityOf("4"), undefined],
    [5, "canceled", "canceled", quantityOf("4"), undefined],
  ]);
});

test("an order that the exchange does not want leaves nothing behind, not even an update", () => {
  const venue = new Venue(venueSettings());
  venue.apply({ type: "open-account", at: NOON, account: ANN, cash: moneyOf("100") });
  const heard: TradeUpdate[] = [];
  venue.onUpdate((update) => heard.push(update));
  const reply = venue.apply({ type: "place", at: NOON, account: ANN, order: { symbol: AAA, side: "buy", type: "limit", timeInForce: "day", orderClass: "simple", quantity: shares(10), limitPrice: priceOf("100"), clientOrderId: "x" } });
  expect(reply).toMatchObject({ kind: "rejected", rejection: { code: "insufficient_buying_power" } });
  expect([heard, venue.orderCount, venue.accounts.get(ANN)!.orders.byClientId("x")]).toEqual([[], 0, undefined]);
});

test("seeded agents quote both sides and trade", () => {
  const venue = new Venue(venueSettings({ market: agentMarket([AAA], 3, "always") }));
  venue.apply({ type: "advance", at: plusMs(NOON, 600_000) });
  const { bids, asks } = venue.exchange.depthOf(AAA, 3);
  expect([bids.length, asks.length]).toEqual([3, 3]);
  expect(asks[0]!.price).toBeGreaterThan(bids[0]!.price);
  expect(venue.tape.trades(AAA).length).toBeGreaterThan(100);
  expect(venue.tape.bars(AAA, "minute").length).toBe(10);
});

test("where the ticks are not known yet, limits and stops are refused and market orders are taken", () => {
  const venue = new Venue(venueSettings());
  const at = Date.parse("2027-11-01T17:00:00Z") as typeof NOON;
  venue.apply({ type: "open-account", at: NOON, account: ANN, cash: moneyOf("1000") });
  venue.apply({ type: "quote", at, symbol: AAA, bid: priceOf("99"), ask: priceOf("100"), quantity: shares(4) });
  const order = { symbol: AAA, side: "buy", type: "market", timeInForce: "day", orderClass: "simple", quantity: shares(1) } as const;
  const refused = { rejection: { code: "no_tick_size", message: "limits and stops are taken until 2027-10-31: the ticks of later days are not known yet" } };
  expect(venue.apply({ type: "place", at, account: ANN, order: { ...order, type: "limit", limitPrice: priceOf("99") } })).toMatchObject(refused);
  expect(venue.apply({ type: "place", at, account: ANN, order: { ...order, type: "stop", stopPrice: priceOf("101") } })).toMatchObject(refused);
  expect(venue.apply({ type: "place", at, account: ANN, order })).toMatchObject({ order: { status: "filled" } });
});
