/**
 * Self-trade prevention, first as nodejs-order-book's stp.test describes it, and stops: order of activation, cascades,
 * trails, and what can be done to a stop that waits.
 */
import { describe, test } from "vitest";
import { playScenario } from "../support/scenario.ts";

const selfTrades: Record<string, string[]> = {
  "cancel oldest: own makers end, the taker goes on and rests": [
    "buy maker-100 5@100 account alice",
    "buy maker-90 5@90 account alice",
    "sell taker 3@90 account alice stp cancel_oldest => open | ended maker-100 maker-90",
    "book  / 90x3",
  ],
  "cancel newest: the taker ends, the maker stays": [
    "buy maker 5@100 account alice",
    "sell taker 3@90 account alice stp cancel_newest => canceled (self-trade prevented)",
    "book 100x5 / ",
  ],
  "cancel both": ["buy maker 5@100 account alice", "sell taker 3@90 account alice stp cancel_both => canceled (self-trade prevented) | ended maker", "book  / "],
  "the taker's choice counts, not the maker's": [
    "buy maker 5@100 account alice stp cancel_oldest",
    "sell taker 3@90 account alice stp cancel_newest => canceled (self-trade prevented)",
    "book 100x5 / ",
  ],
  "market orders too": [
    "buy maker 5@100 account alice",
    "sell newest 3@market account alice stp cancel_newest => canceled (self-trade prevented)",
    "sell oldest 3@market account alice stp cancel_oldest => canceled (no liquidity) | ended maker",
  ],
  "another account, no account, or no prevention: they trade": [
    "buy maker 9@100 account alice",
    "sell bob 3@90 account bob stp cancel_oldest => filled: maker 3@100",
    "sell allowed 3@90 account alice => filled: maker 3@100",
    "sell anonymous 3@90 stp cancel_oldest => filled: maker 3@100",
  ],
  "own and other makers at one price": [
    "buy alice-1 5@100 account alice",
    "buy bob-1 5@100 account bob",
    "sell taker 8@90 account alice stp cancel_oldest => open: bob-1 5@100 | ended alice-1",
    "book  / 90x3",
  ],
  "cancel newest keeps what was filled before": [
    "buy bob-1 5@100 account bob",
    "buy alice-1 5@100 account alice",
    "sell taker 8@90 account alice stp cancel_newest => canceled (self-trade prevented): bob-1 5@100",
    "book 100x5 / ",
  ],
  "FOK does not count on its own orders": [
    "buy alice-1 5@100 account alice",
    "buy bob-1 5@100 account bob",
    "sell taker 8@90 fok account alice stp cancel_oldest => canceled (fill-or-kill not fillable)",
    "sell taker 5@90 fok account alice stp cancel_oldest => filled: bob-1 5@100 | ended alice-1",
  ],
};

const stops: Record<string, string[]> = {
  "a cascade runs in the order in which the stops were reached": [
    "sell a1 1@100",
    "sell a2 1@101",
    "sell a3 1@102",
    "sell a4 1@103",
    "buy s102 1@market stop 102 => pending",
    "buy s101 1@market stop 101 => pending",
    "buy s103 1@market stop 103 => pending",
    "buy m 2@market => filled: a1 1@100, a2 1@101, a3<s101 1@102, a4<s102 1@103 | triggered s101 s102 s103 | ended s103",
  ],
  "stops at one price are activated in the order in which they were entered": [
    "sell a1 1@100",
    "sell a2 5@101",
    "buy first 1@market stop 100 => pending",
    "buy second 1@market stop 100 => pending",
    "buy m 1@market => filled: a1 1@100, a2<first 1@101, a2<second 1@101 | triggered first second",
  ],
  "a sweep reaches stops on the other side with its first trade": [
    "buy b1 1@100",
    "sell x 1@100 => filled: b1 1@100",
    "sell low 1@98",
    "sell a 1@102",
    "buy b0 5@90",
    "sell down 1@market stop 99 => pending",
    "buy up 1@market stop 102 => pending",
    "buy sweep 2@102 => filled: low 1@98, a 1@102, b0<down 1@90 | triggered down up | ended up",
  ],
  "a trailing stop follows the highest price and is reached on the way back": [
    "buy b0 9@80",
    "sell trailing 2@market trail 5 => pending",
    "sell a1 1@100",
    "buy t1 1@100 => filled: a1 1@100",
    "sell a2 1@110",
    "buy t2 1@110 => filled: a2 1@110",
    "buy b1 1@106",
    "sell t3 1@106 => filled: b1 1@106",
    "buy b2 1@105",
    "sell t4 1@105 => filled: b2 1@105, b0<trailing 2@80 | triggered trailing",
  ],
  "a pending stop can be canceled, reduced and replaced": [
    "sell s 5@market stop 50 => pending",
    "reduce s by 2 => pending",
    "replace s qty 9 => pending",
    "replace s px 60 => rejected (order has no limit price)",
    "buy sl 5@70 stop 60 => pending",
    "replace sl px 65 => pending",
    "cancel s => canceled",
    "sell a 1@60",
    "sell b 9@66",
    "buy t 1@60 => filled: a 1@60 | triggered sl",
    "book 65x5 / 66x9",
  ],
};

describe.each([
  ["self-trade prevention", selfTrades],
  ["stops", stops],
] as const)("%s", (_, scenarios) => {
  test.each(Object.entries(scenarios))("%s", (__, lines) => {
    playScenario(lines);
  });
});
