/** Whatever the account, the prices, the targets and the limits: what the gate approves keeps every cap. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { limitsOf, type LimitsInput } from "../../src/config.ts";
import { addMoney, addQuantity, minOf, moneyToNumber, notional, quantityToNumber, weightFrom, weightToNumber, ZERO_MONEY, ZERO_QUANTITY, type Money, type Quantity } from "../../src/money.ts";
import type { MarketFacts } from "../../src/risk/candidate.ts";
import { planSide, type SidePlan } from "../../src/run/plan-orders.ts";
import { shapeTargets } from "../../src/run/targets.ts";
import { instantOf, sessionDateOf } from "../../src/time.ts";
import type { RunId, Side, Symbol } from "../../src/trade.ts";
import { accountOf, deploymentOf, holding, quotesOf } from "../support/made-up-market.ts";

const NOW = instantOf("2026-11-23T15:00:00Z");
const SYMBOLS = ["AAA", "BBB", "CCC", "DDD"] as const;

const cap = fc.constantFrom(0.2, 0.5, 0.8, 1, 1, 0);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 2 });
const dollars = (min: number, max: number): fc.Arbitrary<string> => fc.integer({ min: min * 1e6, max: max * 1e6 }).map((micros) => (micros / 1e6).toFixed(6));
const perSymbol = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Readonly<Record<string, T>>> => fc.dictionary(fc.constantFrom(...SYMBOLS), value);

const worlds = fc.record({
  cash: fc.oneof(dollars(0, 100), dollars(50_000, 1_000_000), dollars(50_000, 1_000_000)),
  held: perSymbol(fc.integer({ min: 1, max: 200_000_000_000 }).map((nanos) => (nanos / 1e9).toFixed(9))),
  marks: fc.tuple(...SYMBOLS.map(() => dollars(1, 900))),
  /** The quotes have moved since the account was marked. */
  moved: fc.tuple(...SYMBOLS.map(() => fc.constantFrom(1, 1, 0.97, 1.04))),
  spread: fc.constantFrom(0, 0.0005, 0.01),
  targets: perSymbol(fc.constantFrom(0.3, 0.15, 0.5, 0.8, 1.2, 0, -0.2)),
  volumes: fc.tuple(...SYMBOLS.map(() => fc.constantFrom(1_000_000, 50_000, 500, 0))),
  fractionable: fc.tuple(...SYMBOLS.map(() => fc.boolean())),
  shares: fc.constantFrom<"fractional" | "whole">("fractional", "whole"),
  executionStyle: fc.constantFrom<"market" | "marketable-limit">("market", "marketable-limit"),
  caps: fc.record({
    positionWeightMax: fc.constantFrom(1, 0.3, 0.05),
    grossExposureMax: cap,
    cashReserveMin: fc.constantFrom(0, 0.1),
    pair: maybe(cap),
    triple: maybe(cap),
    positionNotionalMax: maybe(fc.constantFrom(50_000, 5_000)),
    volumeShareMax: maybe(fc.constantFrom(0.01, 0.5)),
    turnoverPerRunMax: maybe(fc.constantFrom(2, 1, 0.3)),
    ordersPerRunMax: fc.constantFrom(100, 100, 3, 1),
    orderNotionalMax: fc.constantFrom(1e6, 1e6, 20_000),
    priceMoveMax: maybe(fc.constantFrom(0.02, 0.035)),
  }),
});

type World = typeof worlds extends fc.Arbitrary<infer W> ? W : never;

function limitsIn({ caps: { pair, triple, ...rest } }: World): LimitsInput {
  const groups = {
    ...(pair !== undefined && { pair: { symbols: ["AAA", "BBB"], weightMax: pair } }),
    ...(triple !== undefined && { triple: { symbols: ["BBB", "CCC", "DDD"], weightMax: triple } }),
  };
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { ...given, ...(Object.keys(groups).length > 0 && { groups }) };
}

/** Sells that never fill, and the buys that are planned all the same: the caps must hold in the worst of worlds. */
function planned(world: World, turned = false): Readonly<Record<Side, SidePlan>> {
  const { cash, held, marks, moved, spread, volumes, fractionable, shares, executionStyle } = world;
  const limits = limitsIn(world);
  const at = (price: string, factor: number): string => (Math.round(Number(price) * factor * 100) / 100).toFixed(2);
  const account = accountOf(cash, Object.fromEntries(Object.entries(held).map(([symbol, quantity]) => [symbol, [quantity, marks[SYMBOLS.indexOf(symbol as "AAA")]!] as const])));
  const wanted = Object.entries(world.targets).map(([symbol, weight]) => ({ symbol: symbol as Symbol, weight, reason: "wanted" }));
  const deployment = deploymentOf(holding({}), SYMBOLS, { limits, shares, executionStyle });
  const facts = new Map(SYMBOLS.map((symbol, i): [Symbol, MarketFacts] => [symbol as string as Symbol, { day: sessionDateOf("2026-11-20"), ageSessions: 0, close: Math.round(Number(marks[i]) * 1e6) as MarketFacts["close"], averageVolume: volumes[i]! }]));
  const inputs = {
    run: "test/holding/2026-11-23T15:00:00.000Z" as RunId,
    now: NOW,
    deployment,
    targets: shapeTargets(turned ? wanted.reverse() : wanted, deployment.settings.limits, { equity: account.equity }).targets,
    account,
    quotes: quotesOf(NOW, Object.fromEntries(SYMBOLS.map((symbol, i) => [symbol, [at(marks[i]!, moved[i]! * (1 - spread)), at(marks[i]!, moved[i]! * (1 + spread))] as const]))),
    facts,
    venue: { assets: new Map(SYMBOLS.map((symbol, i) => [symbol as string as Symbol, { tradable: true, fractionable: fractionable[i]! }])), working: [] },
    expectedFees: () => 10_000 as Money,
  };
  const sell = planSide("sell", { ...inputs, ordersBefore: 0, turnoverBefore: ZERO_MONEY });
  const turnoverBefore = sell.approved.reduce((sum, { referencePrice, quantity }) => addMoney(sum, notional(referencePrice, quantity)), ZERO_MONEY);
  return { sell, buy: planSide("buy", { ...inputs, ordersBefore: sell.approved.length, turnoverBefore }) };
}

test("no approved order breaks a cap, even if no sell is filled", () => {
  let bought = 0;
  fc.assert(
    fc.property(worlds, (world) => {
      const limits = limitsOf(limitsIn(world));
      const { sell, buy } = planned(world);
      const orders = [...sell.approved, ...buy.approved];
      bought += buy.approved.length;
      const account = accountOf(world.cash, Object.fromEntries(Object.entries(world.held).map(([symbol, quantity]) => [symbol, [quantity, world.marks[SYMBOLS.indexOf(symbol as "AAA")]!] as const])));
      const worth = new Map<string, number>(account.positions.map(({ symbol, quantity, marketPrice }) => [symbol, notional(marketPrice, quantity)]));
      const quantities = new Map<string, Quantity>(account.positions.map(({ symbol, quantity }) => [symbol, quantity]));
      let spent = 0;
      for (const { symbol, type, quantity, referencePrice, priceBound, expectedFees } of buy.approved) {
        const { spread } = world;
        const middle = referencePrice / (1 + spread);
        worth.set(symbol, (worth.get(symbol) ?? 0) + (middle * quantity) / 1e9);
        quantities.set(symbol, addQuantity(quantities.get(symbol) ?? ZERO_QUANTITY, quantity));
        spent += notional(type === "limit" ? priceBound : referencePrice, quantity) + expectedFees;
        // Quotes were rounded to the cent, so a middle is known to within one
        const slack = (10_000 * quantities.get(symbol)!) / 1e9 + 1;
        expect((middle * quantities.get(symbol)!) / 1e9 - slack).toBeLessThanOrEqual(minOf(weightToNumber(limits.positionWeightMax) * account.equity + account.equity / 1e6, limits.positionNotionalMax ?? Infinity));
      }
      const slack = 10_000 * buy.approved.reduce((sum, { quantity }) => sum + quantityToNumber(quantity), 0) + account.equity / 1e6 + 10;
      const together = (symbols: readonly string[]): number => symbols.reduce((sum, symbol) => sum + (worth.get(symbol) ?? 0), 0) - slack;
      const buys = (symbols: readonly string[]): boolean => buy.approved.some(({ symbol }) => symbols.includes(symbol));
      for (const { symbols, weightMax } of [...(limits.groups ?? []), { symbols: SYMBOLS, weightMax: limits.grossExposureMax }]) {
        if (buys(symbols)) expect(together(symbols)).toBeLessThanOrEqual(weightToNumber(weightMax) * account.equity);
      }
      expect(spent).toBeLessThanOrEqual(account.cash);
      expect(orders.length).toBeLessThanOrEqual(limits.ordersPerRunMax);
      const turnover = orders.reduce((sum, { referencePrice, quantity }) => addMoney(sum, notional(referencePrice, quantity)), ZERO_MONEY);
      if (limits.turnoverPerRunMax !== undefined) expect(weightFrom(turnover, account.equity)).toBeLessThanOrEqual(limits.turnoverPerRunMax);
      for (const { symbol, side, quantity, referencePrice, closesPosition } of orders) {
        const index = SYMBOLS.indexOf(symbol as string as "AAA");
        expect(quantity).toBeGreaterThan(0);
        expect(notional(referencePrice, quantity)).toBeLessThanOrEqual(limits.orderNotionalMax);
        if (limits.volumeShareMax !== undefined) expect(quantityToNumber(quantity)).toBeLessThanOrEqual(world.volumes[index]! * weightToNumber(limits.volumeShareMax));
        if (limits.priceMoveMax !== undefined) expect(Math.abs(moneyToNumber(referencePrice) / Number(world.marks[index]) / (side === "buy" ? 1 + world.spread : 1 - world.spread) - 1)).toBeLessThan(weightToNumber(limits.priceMoveMax) + 0.012);
        if (!world.fractionable[index] && !closesPosition) expect(quantity % 1e9).toBe(0);
      }
    }),
    { numRuns: 2_000 },
  );
  expect(bought).toBeGreaterThan(400);
});

test("the order in which targets are listed does not matter", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      expect(planned(world, true)).toEqual(planned(world));
    }),
  );
});
