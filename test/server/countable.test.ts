import { afterEach, describe, expect, test } from "vitest";
import { moneyOf, priceOf, quantityOf, shares } from "../../src/money.ts";
import { orderPriceRefusal, type Steered } from "../../src/server/countable.ts";
import { simulationRoutes } from "../../src/server/routes-simulation.ts";
import type { RunningServer, Unstamped } from "../../src/server/server-parts.ts";
import { Venue } from "../../src/server/venue.ts";
import type { Exchange } from "../../src/simulator/exchange.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import { serveMarket, venueSettings, type ServedMarket } from "../support/served-market.ts";

const AAA = "AAA" as Symbol;
const BBB = "BBB" as Symbol;
const [ANN, BOB] = ["ann", "bob"] as AccountName[];
const MARGIN = { multiplier: 4, shorting: true, debitInterestBps: 0, borrowFeeBps: 0 } as const;

let market: ServedMarket | undefined;
afterEach(async () => {
  await market?.server.close();
  market = undefined;
});

/** Ann holds 9,000 AAA of 100 USD, and the rest of a million in cash. */
function venueOfAnn(): Venue {
  const venue = new Venue(venueSettings());
  const at = venue.now;
  venue.apply({ type: "open-account", at, account: ANN!, cash: moneyOf("1000000") });
  venue.apply({ type: "open-account", at, account: BOB!, cash: moneyOf("1000000") });
  for (const symbol of [AAA, BBB]) venue.apply({ type: "quote", at, symbol, bid: priceOf("100"), ask: priceOf("100"), quantity: shares(10_000) });
  venue.apply({ type: "place", at, account: ANN!, order: { symbol: AAA, side: "buy", type: "market", timeInForce: "day", orderClass: "simple", quantity: shares(9_000) } });
  return venue;
}

const quote = (bid: number, ask: number, quantity: number = shares(1)): Unstamped => ({ type: "quote", symbol: AAA, bid, ask, quantity }) as Unstamped;
const open = (cash: number, terms = {}): Unstamped => ({ type: "open-account", account: "cat", cash, terms: { ...MARGIN, ...terms } }) as Unstamped;
const PRICES = "a price is above 0 and at most 10000000 USD";
const CASH = "an account begins with more than 0 and at most 1000000000 USD";
const TERMS = "interest and borrow fees are from 0 to 10000 basis points a year";

/** By what would come of them with Ann's 9,000 shares. */
const UNCOUNTABLE: readonly (readonly [what: string, command: Unstamped, message: string])[] = [
  ["a price that is none", quote(0, 100_000_000), "a quote's bid is above 0 and not above its ask"],
  ["a crossed quote", quote(101_000_000, 100_000_000), "a quote's bid is above 0 and not above its ask"],
  ["a quote of nothing", quote(100_000_000, 100_000_000, 0), "a quote's quantity is above 0"],
  ["a price above the greatest", quote(100_000_000, 10_000_000_000_001), PRICES],
  ["the greatest number as a price", quote(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), PRICES],
  ["a price at which Ann had more than two billion", quote(100_000_000, 222_300_000_000), "at 222300 USD for AAA somebody would have more than 2000000000 USD, which cannot be counted"],
  ["a split into more shares than there may be", { type: "split", symbol: AAA, ratio: 900 }, "after the split somebody would have more than 8000000 shares of AAA, which cannot be counted"],
  ["a ratio beyond a thousand", { type: "split", symbol: AAA, ratio: 1_000.5 }, "a split's ratio is from 0.001 to 1000"],
  ["a ratio that divides everything away", { type: "split", symbol: AAA, ratio: 1e-300 }, "a split's ratio is from 0.001 to 1000"],
  ["a price after a split that is none", { type: "split", symbol: AAA, ratio: 2, price: 0 } as Unstamped, PRICES],
  ["a dividend that makes Ann too rich", { type: "dividend", symbol: AAA, amount: 222_200 }, "after a dividend of 222200 USD on AAA somebody would have more than 2000000000 USD, which cannot be counted"],
  ["a dividend beyond counting", { type: "dividend", symbol: AAA, amount: 1e300 }, "a dividend is from 0.000001 to 10000000 USD a share"],
  ["an account with nothing", open(0), CASH],
  ["an account with a debt", open(-1), CASH],
  ["an account with more than a billion", open(1_000_000_000_000_001), CASH],
  ["short sales in a cash account", open(1_000_000, { multiplier: 1 }), "short sales take a margin account: a multiplier of 2 or 4"],
  ["interest beyond reason", open(1_000_000, { debitInterestBps: 1e300 }), TERMS],
  ["negative interest", open(1_000_000, { borrowFeeBps: -1 }), TERMS],
  ["an account of a season that nobody joined", { type: "open-account", account: "season/spring/cat" as AccountName, cash: moneyOf("1") }, "an account's name has up to 64 letters, digits, dots, dashes and underscores"],
  ["a symbol that nobody could ask for", { type: "list", symbol: "A\0A" as Symbol }, "a symbol has up to 32 capital letters, digits, dots, dashes and slashes"],
];

describe("what an account could not be counted after is refused, and changes nothing", () => {
  test.each(UNCOUNTABLE)("as a command: %s", (_, command, message) => {
    const venue = venueOfAnn();
    const before = JSON.stringify(venue.snapshot());
    expect(venue.apply({ ...command, at: venue.now })).toMatchObject({ kind: "rejected", rejection: { message } });
    expect(JSON.stringify(venue.snapshot())).toBe(before);
  });

  test("at the wire, each with 422 and its reason", async () => {
    market = await serveMarket({}, { extend: (parts) => simulationRoutes(parts, (at) => (market as { server: RunningServer }).server.moveTo(at)), authenticator: { authenticate: () => undefined } }, venueOfAnn());
    for (const [what, command, message] of UNCOUNTABLE) {
      const answer = await fetch(`${market.server.url}/sim/v1/commands`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(command) });
      expect({ status: answer.status, ...((await answer.json()) as object) }, what).toEqual({ status: 422, code: 42210000, message });
    }
  });
});

describe("what is just within the limits is counted", () => {
  test("two billion dollars, through a minute, a session's end and a night", () => {
    const venue = venueOfAnn();
    expect(venue.apply({ ...quote(222_200_000_000, 222_200_000_000), at: venue.now })).toEqual({ kind: "done" });
    expect(venue.exchange.account(ANN!).equity).toBe(moneyOf("1999900000"));
    venue.apply({ type: "advance", at: Date.parse("2026-11-25T16:00:00Z") as typeof venue.now });
    expect(venue.exchange.account(ANN!).equity).toBe(moneyOf("1999900000"));
  });

  test("a billion on margin, its four billion of buying power, and what is bought with three of them", () => {
    const venue = venueOfAnn();
    const at = venue.now;
    venue.apply({ type: "open-account", at, account: "cat" as AccountName, cash: moneyOf("1000000000"), terms: MARGIN });
    expect(venue.exchange.account("cat" as AccountName).buyingPower).toBe(moneyOf("4000000000"));
    venue.apply({ type: "quote", at, symbol: BBB, bid: priceOf("1000"), ask: priceOf("1000"), quantity: shares(4_000_000) });
    expect(venue.apply({ type: "place", at, account: "cat" as AccountName, order: { symbol: BBB, side: "buy", type: "market", timeInForce: "day", orderClass: "simple", quantity: shares(3_000_000) } })).toMatchObject({ order: { status: "filled" } });
    venue.apply({ type: "advance", at: Date.parse("2026-11-25T16:00:00Z") as typeof at });
    expect(venue.exchange.account("cat" as AccountName)).toMatchObject({ equity: moneyOf("1000000000"), cash: moneyOf("-2000000000") });
  });
});

describe("clients cannot trade at a price at which somebody could not be counted", () => {
  const order = { symbol: AAA, side: "buy", type: "limit", timeInForce: "day", orderClass: "simple", quantity: quantityOf("0.0001") } as const;

  test.each(["250000", "9000000"])("a ten-thousandth of a share at %s USD costs little, and Ann's 9,000 shares would be worth billions", (price) => {
    const venue = venueOfAnn();
    expect(venue.apply({ type: "place", at: venue.now, account: BOB!, order: { ...order, limitPrice: priceOf(price) } })).toMatchObject({ kind: "rejected", rejection: { code: "price_out_of_range", message: `AAA is not traded at ${price} USD: what is held of it could not be counted` } });
    expect(venue.apply({ type: "place", at: venue.now, account: BOB!, order: { ...order, symbol: BBB, limitPrice: priceOf(price) } })).toMatchObject({ kind: "order" });
  });

  test("the accounts are counted only for a price at which somebody may have more than ten million dollars of the symbol", () => {
    const exchange = venueOfAnn().exchange as Exchange;
    let counts = 0;
    const counting: Steered = {
      account: (name) => exchange.account(name),
      accountNames: () => ((counts += 1), exchange.accountNames()),
      heldAtMost: (symbol) => exchange.heldAtMost(symbol),
      openOrders: (name) => exchange.openOrders(name),
      quantityHeld: (name, symbol) => exchange.quantityHeld(name, symbol),
      topOf: (symbol) => exchange.topOf(symbol),
    };
    expect(orderPriceRefusal({ ...order, limitPrice: priceOf("1111") }, counting)).toBeUndefined();
    expect(counts).toBe(0);
    expect(orderPriceRefusal({ ...order, limitPrice: priceOf("1112") }, counting)).toBeUndefined();
    expect(counts).toBe(1);
  });

  test("nor replace an order by one at such a price, nor name one beyond every price", () => {
    const venue = venueOfAnn();
    const at = venue.now;
    const placed = venue.apply({ type: "place", at, account: BOB!, order: { ...order, limitPrice: priceOf("50"), quantity: shares(1) } });
    const id = placed.kind === "order" ? placed.order.id : "";
    expect(venue.apply({ type: "replace", at, account: BOB!, order: id, changes: { limitPrice: priceOf("250000") } })).toMatchObject({ kind: "rejected", rejection: { code: "price_out_of_range" } });
    expect(venue.apply({ type: "place", at, account: BOB!, order: { ...order, symbol: BBB, limitPrice: priceOf("10000000.01") } })).toMatchObject({ kind: "rejected", rejection: { message: PRICES } });
  });
});

test("a split that a plan of faults has for later is left out where it would be too much by then", () => {
  const venue = venueOfAnn();
  venue.apply({ type: "market-faults", at: venue.now, seed: 0, market: [{ fault: "split", symbol: AAA, at: "2026-11-24T18:00:00Z", ratio: 900 }, { fault: "split", symbol: BBB, at: "2026-11-24T18:00:00Z", ratio: 2 }] });
  venue.apply({ type: "advance", at: Date.parse("2026-11-24T19:00:00Z") as typeof venue.now });
  expect(venue.exchange.account(ANN!).positions).toMatchObject([{ symbol: "AAA", quantity: shares(9_000) }]);
  expect(venue.faults.counts()).toEqual([0, 1]);
});
