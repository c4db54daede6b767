/**
 * Situations that the unit tests of exchange-core (OrderBookBaseTest), CppTrader (test_matching_engine) and
 * nodejs-order-book (orderbook.test) describe, as far as this book's rules cover them, told in our own words. Where this
 * book decides otherwise, docs/order-book.md says so, and the scenario here shows it.
 */
import { describe, test } from "vitest";
import { playScenario } from "../support/scenario.ts";

const exchangeCoreBook = [
  "sell 1 100@81600",
  "sell 2 50@81599",
  "sell 3 25@81599",
  "buy 4 40@81593",
  "buy 5 20@81590",
  "buy 6 1@81590",
  "buy 7 20@81200",
  "sell 8 28@201000",
  "sell 9 32@201000",
  "sell 10 10@200954",
  "buy 11 12@10000",
  "buy 12 1@10000",
  "buy 13 2@9136",
];

const exchangeCore: Record<string, string[]> = {
  "orders near and far, and very large ones, aggregate by price": [
    "book 81593x40 81590x21 81200x20 10000x13 9136x2 / 81599x75 81600x100 200954x10 201000x60",
    "sell 93 1@81598",
    "buy 94 9000000000@81594",
    "sell 95 13000000000@130000",
    "buy 96 4@1000",
    "book 81594x9000000000 81593x40 81590x21 81200x20 10000x13 9136x2 1000x4 / 81598x1 81599x75 81600x100 130000x13000000000 200954x10 201000x60",
  ],
  "cancel removes an order, then its level": [
    "cancel 5 => canceled",
    "cancel 2 => canceled",
    "cancel 3 => canceled",
    "book 81593x40 81590x1 81200x20 10000x13 9136x2 / 81600x100 200954x10 201000x60",
  ],
  "an unknown order can be neither canceled nor moved": ["cancel 5291 => rejected (unknown id)", "replace 2433 px 300 => rejected (unknown id)"],
  "an order moves to a price that exists": ["replace 7 px 81590", "book 81593x40 81590x41 10000x13 9136x2 / 81599x75 81600x100 200954x10 201000x60"],
  "an order moves to a new best price": ["replace 7 px 81594", "book 81594x20 81593x40 81590x21 10000x13 9136x2 / 81599x75 81600x100 200954x10 201000x60"],
  "IOC takes a part of the best level": ["sell 123 10@1 ioc => filled: 4 10@81593"],
  "IOC takes the best level": ["sell 123 40@1 ioc => filled: 4 40@81593", "book 81590x21 81200x20 10000x13 9136x2 / 81599x75 81600x100 200954x10 201000x60"],
  "IOC goes on to the second level": ["sell 123 41@1 ioc => filled: 4 40@81593, 5 1@81590"],
  "IOC takes two levels, the earlier order first": ["buy 123 175@400000 ioc => filled: 2 50@81599, 3 25@81599, 1 100@81600"],
  "IOC takes all there is, and 25 are left over": [
    "buy 123 270@400000 ioc => canceled (no liquidity): 2 50@81599, 3 25@81599, 1 100@81600, 10 10@200954, 8 28@201000, 9 32@201000",
    "book 81593x40 81590x21 81200x20 10000x13 9136x2 / ",
  ],
  "a marketable limit order takes one": ["buy 123 1@81599 => filled: 2 1@81599"],
  "a marketable limit order takes a level and rests": [
    "buy 123 77@81599 => open: 2 50@81599, 3 25@81599",
    "book 81599x2 81593x40 81590x21 81200x20 10000x13 9136x2 / 81600x100 200954x10 201000x60",
  ],
  "a marketable limit order takes from two levels": ["buy 123 77@81600 => filled: 2 50@81599, 3 25@81599, 1 2@81600"],
  "a marketable limit order takes all there is and rests": [
    "buy 123 1000@220000 => open: 2 50@81599, 3 25@81599, 1 100@81600, 10 10@200954, 8 28@201000, 9 32@201000",
    "book 220000x755 81593x40 81590x21 81200x20 10000x13 9136x2 / ",
  ],
  "an order moved across the spread is filled": ["buy 83 20@81200", "replace 83 px 81602 => filled: 2 20@81599"],
  "an order moved across the spread takes from two levels": ["buy 83 100@81594", "replace 83 px 81600 => filled: 2 50@81599, 3 25@81599, 1 25@81600"],
  "an order moved across the spread takes all there is and rests": [
    "buy 83 246@81594",
    "replace 83 px 201000 => open: 2 50@81599, 3 25@81599, 1 100@81600, 10 10@200954, 8 28@201000, 9 32@201000",
    "book 201000x1 81593x40 81590x21 81200x20 10000x13 9136x2 / ",
  ],
};

const cppTraderBook = [
  ...[10, 20, 30].flatMap((price, level) => [10, 20, 30].map((quantity, place) => `buy ${level * 3 + place + 1} ${quantity}@${price}`)),
  ...[40, 50, 60].flatMap((price, level) => [30, 20, 10].map((quantity, place) => `sell ${level * 3 + place + 10} ${quantity}@${price}`)),
];

const cppTrader: Record<string, string[]> = {
  "asks eat through a level one after the other, the last one rests": [
    "book 30x60 20x60 10x60 / 40x60 50x60 60x60",
    "sell 19 5@30 => filled: 7 5@30",
    "sell 20 25@30 => filled: 7 5@30, 8 20@30",
    "sell 21 15@30 => filled: 9 15@30",
    "sell 22 20@30 => open: 9 15@30",
    "book 20x60 10x60 / 30x5 40x60 50x60 60x60",
  ],
  "a bid takes three levels": [
    "sell 22 65@30 => open: 7 10@30, 8 20@30, 9 30@30",
    "buy 23 105@60 => filled: 22 5@30, 10 30@40, 11 20@40, 12 10@40, 13 30@50, 14 10@50",
    "book 20x60 10x60 / 50x20 60x60",
  ],
  "a modified order crosses: price and size at once": ["replace 15 px 20 qty 20 => filled: 7 10@30, 8 10@30", "book 30x40 20x60 10x60 / 40x60 50x50 60x60"],
  "a replaced order takes a whole side and rests": [
    "replace 2 px 70 qty 200 => open: 10 30@40, 11 20@40, 12 10@40, 13 30@50, 14 20@50, 15 10@50, 16 30@60, 17 20@60, 18 10@60",
    "book 70x20 30x60 20x60 10x40 / ",
  ],
};

const nodejsOrderBookDepth = [50, 60, 70, 80, 90].map((price) => `buy buy-${price} 2@${price}`).concat([100, 110, 120, 130, 140].map((price) => `sell sell-${price} 2@${price}`));

const nodejsOrderBook: Record<string, string[]> = {
  "limit orders trade, rest, and are refused under a known id or without a quantity": [
    "buy order-b100 1@100 => filled: sell-100 1@100",
    "buy order-b150 10@150 => open: sell-100 1@100, sell-110 2@110, sell-120 2@120, sell-130 2@130, sell-140 2@140",
    "sell buy-70 11@40 => rejected (duplicate id)",
    "sell fake-70 0@40 => rejected (quantity must be a positive integer)",
    "cancel order-b100 => rejected (unknown id)",
    "sell order-s40 11@40 => filled: order-b150 1@150, buy-90 2@90, buy-80 2@80, buy-70 2@70, buy-60 2@60, buy-50 2@50",
    "book  / ",
  ],
  "post-only rests or is refused": ["buy order-b90 2@90 post", "buy order-b100 3@100 post => rejected (post-only order would cross)", "cancel order-b100 => rejected (unknown id)"],
  "FOK within its limit or not at all, IOC as far as it goes": [
    "buy fok-b100 3@100 fok => canceled (fill-or-kill not fillable)",
    "sell fok-s90 3@90 fok => canceled (fill-or-kill not fillable)",
    "buy too-large 30@100 fok => canceled (fill-or-kill not fillable)",
    "buy ioc-b100 3@100 ioc => canceled (no liquidity): sell-100 2@100",
    "sell ioc-s90 3@90 ioc => canceled (no liquidity): buy-90 2@90",
    "buy fok-b120 2@120 fok => filled: sell-110 2@110",
    "sell fok-s70 4@70 fok => filled: buy-80 2@80, buy-70 2@70",
  ],
  "market orders walk the book; what finds nothing ends": [
    "buy m1 3@market => filled: sell-100 2@100, sell-110 1@110",
    "sell m2 12@market => canceled (no liquidity): buy-90 2@90, buy-80 2@80, buy-70 2@70, buy-60 2@60, buy-50 2@50",
  ],
  "a stop order trades after the trade that reached it; one that is reached already is activated, where the peer refuses it": [
    "buy m 3@market => filled: sell-100 2@100, sell-110 1@110",
    "buy stop-buy 1@market stop 120 => pending",
    "buy m2 2@market => filled: sell-110 1@110, sell-120 1@120, sell-120<stop-buy 1@120 | triggered stop-buy",
    "buy too-low 1@market stop 100 => filled: sell-130 1@130 | triggered too-low",
    "sell stop-sell 2@market stop 100 => pending",
    "sell m3 2@market => filled: buy-90 2@90, buy-80<stop-sell 2@80 | triggered stop-sell",
  ],
  "a stop-limit order becomes a limit order, IOC too": [
    "buy m 3@market => filled: sell-100 2@100, sell-110 1@110",
    "buy stop-limit-buy 1@130 stop 120 ioc => pending",
    "buy m2 6@market => filled: sell-110 1@110, sell-120 2@120, sell-130 2@130, sell-140 1@140 | triggered stop-limit-buy | ended stop-limit-buy",
    "sell stop-limit-sell 1@75 stop 80 => pending",
    "sell m3 6@market => filled: buy-90 2@90, buy-80 2@80, buy-70 2@70 | triggered stop-limit-sell",
    "book 60x2 50x2 / 75x1 140x1",
  ],
  "an order is modified in size, then in price, across the spread": [
    "buy first 1000@52",
    "replace first qty 990",
    "replace first px 0 => rejected (price must be a positive integer)",
    "replace first qty -1 => rejected (quantity must be a positive integer)",
    "replace first px 82 qty 990",
    "replace first px 130 => open: sell-100 2@100, sell-110 2@110, sell-120 2@120, sell-130 2@130",
    "replace nobody px 123 => rejected (unknown id)",
    "book 130x982 90x2 80x2 70x2 60x2 50x2 / 140x2",
  ],
};

describe.each([
  ["exchange-core", exchangeCoreBook, exchangeCore],
  ["CppTrader", cppTraderBook, cppTrader],
  ["nodejs-order-book", nodejsOrderBookDepth, nodejsOrderBook],
] as [string, string[], Record<string, string[]>][])("%s", (_, before, scenarios) => {
  test.each(Object.entries(scenarios))("%s", (__, lines) => {
    playScenario([...before, ...lines]);
  });
});
