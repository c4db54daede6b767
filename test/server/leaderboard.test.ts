import { expect, test } from "vitest";
import { moneyOf } from "../../src/money.ts";
import { standingsOf, type Entrant, type LeaderboardOrder } from "../../src/server/leaderboard.ts";

function entrant(name: string, closes: readonly string[], equity: string, traded = "0"): Entrant {
  return { name, capital: moneyOf("100000"), closes: closes.map(moneyOf), equity: moneyOf(equity), traded: moneyOf(traded), orders: 4, fills: 3 };
}

const STEADY = entrant("steady", ["101000", "102010", "103030.1"], "103030.1", "100000");
const WILD = entrant("wild", ["120000", "90000", "110000"], "110000", "400000");
const IDLE = entrant("idle", ["100000", "100000", "100000"], "100000");
const NEW = entrant("new", [], "100000");

test("figures of a curve, by hand", () => {
  const [wild] = standingsOf([WILD]);
  // Returns 0.2, -0.25, 0.2222…: mean 0.0574, deviation 0.2665.
  expect(wild).toMatchObject({ rank: 1, name: "wild", equity: 110_000, return: expect.closeTo(0.1, 12) as number, maxDrawdown: -0.25, sessions: 3, orders: 4, fills: 3 });
  expect(wild!.sharpe).toBeCloseTo(3.42, 2);
  // 200,000 over the average of 120,000, 90,000, 110,000 and 110,000.
  expect(wild!.turnover).toBeCloseTo(1.8605, 4);
});

test.each<[LeaderboardOrder, readonly string[]]>([
  ["return", ["1 wild", "2 steady", "3 idle", "3 new"]],
  ["sharpe", ["1 wild", "2 idle", "2 new", "2 steady"]],
  ["drawdown", ["1 idle", "1 new", "1 steady", "4 wild"]],
  ["turnover", ["1 idle", "1 new", "3 steady", "4 wild"]],
])("by %s", (by, places) => {
  expect(standingsOf([WILD, NEW, STEADY, IDLE], by).map(({ rank, name }) => `${rank} ${name}`)).toEqual(places);
});

test("what never varied has no Sharpe ratio, and neither has what has one close", () => {
  expect(standingsOf([STEADY, entrant("once", ["110000"], "110000")]).map(({ sharpe }) => sharpe)).toEqual([null, null]);
});

test("a fall since the last close counts", () => {
  expect(standingsOf([entrant("fallen", ["110000"], "99000")])[0]).toMatchObject({ return: expect.closeTo(-0.01, 12) as number, maxDrawdown: expect.closeTo(-0.1, 12) as number });
});

test("nobody has no standing", () => {
  expect(standingsOf([])).toEqual([]);
});
