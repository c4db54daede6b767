import { describe, expect, test } from "vitest";
import { priceOf, shares } from "../../src/money.ts";
import { impactBps } from "../../src/execution/market-impact.ts";
import { fillProfile, halfSpreadBps } from "../../src/simulator/fill-profiles.ts";
import { MinuteReplay } from "../../src/simulator/minute-replay.ts";
import { instantOf } from "../../src/time.ts";
import { ExchangeMarket, XYZ } from "../support/exchange-market.ts";

const STATISTICS = { dailyVolume: 10_000_000, dailyVolatility: 0.015, tier: "large" } as const;

test.each([
  ["mega", 0, 2],
  ["mega", 15, 0.5],
  ["large", 14, 4],
  ["other", 200, 2],
] as const)("half the spread of a %s symbol, %d minutes after the open: %d bp", (tier, minute, expected) => {
  expect(halfSpreadBps(tier, minute)).toBe(expected);
});

test("a ten-thousandth of the daily volume moves a price of 1.5 % daily volatility by 1.26 basis points", () => {
  expect(impactBps(shares(1_000), STATISTICS)).toBeCloseTo(1.26, 9);
});

describe("the same order under each profile", () => {
  const at = "2024-07-10T16:00:00Z";
  const bar = { at: instantOf(at), open: 100, high: 101, low: 99.5, close: 100.5, volume: 40_000 };

  test.each([
    ["peer", ["900@100"]],
    // A quarter of 2.5 % of the volume, half a spread of 1 bp away, and in eight steps up to the 0.63 bp of the law.
    ["realistic", ["3@100.0104", "12@100.0112", "20@100.012", "27@100.0128", "35@100.0135", "43@100.0143", "51@100.015101", "59@100.015901"]],
    // The quote that is estimated where the data have none.
    ["alpaca-paper", ["900@100.01"]],
  ] as const)("%s", (name, expected) => {
    const market = new ExchangeMarket("2024-07-10T15:59:00Z");
    market.place("a", { side: "buy", type: "market", qty: name === "realistic" ? 250 : 900 });
    new MinuteReplay(market.exchange, [{ symbol: XYZ, bars: [bar], actions: [], statisticsOn: () => STATISTICS }], fillProfile(name, 0)).advanceTo(instantOf(at));
    expect(market.fills("a")).toEqual(expected);
  });

  test("of a bar's path, a stop fills where it stands and a limit where it is beyond", () => {
    const market = new ExchangeMarket("2024-07-10T15:58:00Z").price("100").hold(20);
    market.place("stop", { side: "sell", type: "stop", stop: "99.6" });
    market.place("limit", { side: "sell", type: "limit", limit: "100.9" });
    new MinuteReplay(market.exchange, [{ symbol: XYZ, bars: [bar], actions: [], statisticsOn: () => STATISTICS }], fillProfile("peer", 0)).advanceTo(instantOf("2024-07-10T16:01:00Z"));
    expect([market.fills("stop"), market.fills("limit")]).toEqual([["10@99.6"], ["10@100.9"]]);
  });

  test("pessimistic, the low comes before a nearer high", () => {
    for (const [path, expected] of [["nearer-first", ["10@100.1"]], ["pessimistic", ["10@99.6"]]] as const) {
      const market = new ExchangeMarket("2024-07-10T15:58:00Z").price("100").hold(10);
      const other = { ...bar, high: 100.2, low: 99.5 };
      market.exchange.placeGroup("me" as never, {
        class: "oco",
        exit: { clientOrderId: "tp" as never, symbol: XYZ, side: "sell", type: "limit", quantity: shares(10), timeInForce: "day", limitPrice: priceOf("100.1") },
        stopLoss: { clientOrderId: "sl" as never, stopPrice: priceOf("99.6") },
      });
      new MinuteReplay(market.exchange, [{ symbol: XYZ, bars: [other], actions: [], statisticsOn: () => STATISTICS }], fillProfile("peer", 0), path).advanceTo(instantOf("2024-07-10T16:01:00Z"));
      expect([...market.fills("tp"), ...market.fills("sl")]).toEqual(expected);
    }
  });
});

test("where a quote stands for hours, the part that chance has left meets it at once", () => {
  const parts = (standing: object): string[] => {
    const market = new ExchangeMarket("2024-07-10T16:00:00Z", { ...standing, ...fillProfile("alpaca-paper", 1).exchange }).price("1");
    return Array.from({ length: 40 }, (_, n) => {
      market.place(`o${n}`, { side: "buy", type: "market", qty: 20 });
      return `${market.status(`o${n}`)} ${market.fills(`o${n}`).join(" ")}`;
    }).filter((fills) => fills !== "filled 20@1");
  };
  expect(parts({})).toEqual(["partially_filled 7@1", "partially_filled 19@1", "partially_filled 10@1"]);
  // The same first part; from there on chance has been asked once more.
  const whole = parts({ standingQuotes: true });
  expect(whole[0]).toBe("filled 7@1 13@1");
  expect(whole.filter((order) => !order.startsWith("filled"))).toEqual([]);
});

test("under alpaca-paper about one match in ten fills a part, the same ones for the same seed", () => {
  const partials = (seed: number): number[] => {
    const market = new ExchangeMarket("2024-07-10T16:00:00Z", { ...fillProfile("alpaca-paper", seed).exchange }).price("1");
    return Array.from({ length: 1000 }, (_, n) => {
      market.place(`o${n}`, { side: "buy", type: "market", qty: 20 });
      return market.fills(`o${n}`)[0] === "20@1" ? -1 : n;
    }).filter((n) => n >= 0);
  };
  expect(partials(1).length).toBeGreaterThan(70);
  expect(partials(1).length).toBeLessThan(130);
  expect(partials(1)).toEqual(partials(1));
  expect(partials(1)).not.toEqual(partials(2));
});
