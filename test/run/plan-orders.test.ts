import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LimitsInput } from "../../src/config.ts";
import { addMoney, addQuantity, moneyOf, moneyToText, notional, quantityToText, subtractMoney, subtractQuantity, weightFromFraction, ZERO_MONEY, ZERO_QUANTITY, type Money } from "../../src/money.ts";
import type { VenueFacts } from "../../src/risk/candidate.ts";
import { expectedFees, type FeeScheduleName } from "../../src/rules/fees.ts";
import { planSide, type SidePlan } from "../../src/run/plan-orders.ts";
import { shapeTargets } from "../../src/run/targets.ts";
import { instantOf, newYorkClock, type Instant } from "../../src/time.ts";
import type { Account, RunId, Side, Symbol } from "../../src/trade.ts";
import { accountOf, deploymentOf, holding, quotesOf } from "../support/made-up-market.ts";

type Prices = Parameters<typeof quotesOf>[1];

interface Case {
  readonly account: Account;
  readonly targets: Readonly<Record<string, number>>;
  readonly prices: Prices;
  readonly limits?: LimitsInput;
  readonly fees?: FeeScheduleName;
  readonly shares?: "fractional" | "whole";
  readonly executionStyle?: "market" | "marketable-limit";
  readonly allocation?: number;
  readonly at?: string;
  readonly ordersBefore?: number;
  readonly venue?: VenueFacts | undefined;
}

/** The strategy may trade AAA, BBB, CCC and DDD. */
function planned(side: Side, { account, targets, prices, limits = {}, fees = "none", shares = "fractional", executionStyle = "market", allocation = 1, at = "2026-11-23T15:00:00Z", ordersBefore = 0, venue }: Case): SidePlan {
  const now: Instant = instantOf(at);
  const deployment = deploymentOf(holding({}), ["AAA", "BBB", "CCC", "DDD"], { limits, fees, shares, executionStyle, allocation: weightFromFraction(allocation) });
  const wanted = Object.entries(targets).map(([symbol, weight]) => ({ symbol: symbol as Symbol, weight, reason: `wants ${symbol}` }));
  return planSide(side, {
    run: "test/holding/2026-11-23T15:00:00.000Z" as RunId,
    now,
    deployment,
    targets: shapeTargets(wanted, deployment.settings.limits).targets,
    account,
    quotes: quotesOf(now, prices),
    facts: undefined,
    venue,
    ordersBefore,
    turnoverBefore: ZERO_MONEY,
    expectedFees: (orderSide, quantity, price) => expectedFees(fees, { side: orderSide, quantity, price, day: newYorkClock(now).day }),
  });
}

/** "AAA 500", in shares. */
const lines = ({ approved }: SidePlan): readonly string[] => approved.map(({ symbol, quantity }) => `${symbol} ${quantityToText(quantity)}`);
const codes = ({ refused }: SidePlan): readonly string[] => refused.map(({ code, ...rest }) => ("symbol" in rest ? `${rest.symbol} ${code}` : code));

describe("sizing", () => {
  test("is a target's share of equity at the middle of the quote, whatever the order will cost", () => {
    // 50 % of 100,000 at 100 are 500 shares, which cost 50,500
    const plan = planned("buy", { account: accountOf("100000"), targets: { AAA: 0.5 }, prices: { AAA: ["99", "101"] } });
    expect(lines(plan)).toEqual(["AAA 500"]);
    expect(plan.refused).toEqual([]);
    expect(plan.equity).toBe(moneyOf("100000"));
    expect(plan.cash).toBe(moneyOf("100000"));
  });

  test("sells what is above its target and buys what is below, in the order of the symbols", () => {
    // equity 100,000: AAA 600 -> 500, BBB 0 -> 250, CCC 100 -> 50, DDD 100 -> 200 shares
    const both: Case = {
      account: accountOf("20000", { AAA: ["600", "100"], CCC: ["100", "100"], DDD: ["100", "100"] }),
      targets: { DDD: 0.2, BBB: 0.25, CCC: 0.05, AAA: 0.5 },
      prices: { AAA: "100", BBB: "100", CCC: "100", DDD: "100" },
    };
    expect(lines(planned("sell", both))).toEqual(["AAA 100", "CCC 50"]);
    // 20,000 in cash pay for 200 of the 350 wanted shares, so long as the sells have not filled
    expect(lines(planned("buy", both))).toEqual(["BBB 142.857142857", "DDD 57.142857142"]);
  });

  test("leaves alone what is at its target", () => {
    const same: Case = { account: accountOf("50000", { AAA: ["500", "100"] }), targets: { AAA: 0.5 }, prices: { AAA: ["99.9", "100.1"] } };
    for (const side of ["sell", "buy"] as const) expect(planned(side, same)).toMatchObject({ approved: [], refused: [] });
  });

  test("of billionths of a share that nobody wants to trade is refused without being a failure", () => {
    const off: Case = { account: accountOf("49999.5", { AAA: ["500.005", "100"] }), targets: { AAA: 0.5 }, prices: { AAA: "100" } };
    expect(planned("sell", off)).toMatchObject({ approved: [], refused: [{ code: "ORDER_NOTIONAL_BELOW_MIN", symbol: "AAA", side: "sell", notional: 500_000, min: 1_000_000 }] });
  });
});

describe("a target of nothing", () => {
  test.each<[string, Readonly<Record<string, number>>, string, Case["shares"]]>([
    ["that is left out sells all", {}, "12.345678901", "fractional"],
    ["that is zero sells all", { AAA: 0 }, "12.345678901", "fractional"],
    ["sells the fraction too where whole shares are traded", {}, "10.5", "whole"],
    ["sells a billionth of a share", {}, "0.000000001", "fractional"],
  ])("%s", (_case, targets, quantity, shares) => {
    const plan = planned("sell", { account: accountOf("0", { AAA: [quantity, "100"] }), targets, prices: { AAA: "100" }, ...(shares && { shares }) });
    expect(lines(plan)).toEqual([`AAA ${quantity}`]);
    expect(plan.approved[0]!.closesPosition).toBe(true);
    expect(plan.refused).toEqual([]);
  });

  test("gives the strategy's reason, or says that it is no longer a target", () => {
    const held: Case = { account: accountOf("0", { AAA: ["1", "100"], BBB: ["1", "100"] }), targets: { AAA: 0 }, prices: { AAA: "100", BBB: "100" } };
    expect(planned("sell", held).approved.map(({ reason }) => reason)).toEqual(["wants AAA", "no longer a target"]);
  });

  test("buys nothing and needs no quote", () => {
    expect(planned("buy", { account: accountOf("100"), targets: { AAA: 0 }, prices: {} })).toMatchObject({ approved: [], refused: [] });
  });
});

describe("whole shares", () => {
  test.each<[Side, string, Record<string, readonly [string, string]>, number, readonly string[]]>([
    // 1,000 of equity at 300: 3.33 shares
    ["buy", "1000", {}, 1, ["AAA 3"]],
    ["buy", "299.99", {}, 1, []],
    ["buy", "300", {}, 1, ["AAA 1"]],
    // 3.5 are held of 1,050: two are 0.58 of it, so one and a half too many, of which one is sold
    ["sell", "0", { AAA: ["3.5", "300"] }, 0.58, ["AAA 1"]],
  ])("%s from %s in cash and %j at a target of %d: %j", (side, cash, held, weight, expected) => {
    expect(lines(planned(side, { account: accountOf(cash, held), targets: { AAA: weight }, prices: { AAA: "300" }, shares: "whole" }))).toEqual(expected);
  });
});

describe("buys are scaled to the money", () => {
  test("all by the same ratio", () => {
    // 90 and 60 shares cost 15,150 at the ask
    const plan = planned("buy", { account: accountOf("15000"), targets: { AAA: 0.6, BBB: 0.4 }, prices: { AAA: ["99", "101"], BBB: ["99", "101"] } });
    expect(lines(plan)).toEqual(["AAA 89.108910891", "BBB 59.405940594"]);
  });

  test("with their fees, also where these have a minimum", () => {
    // 50 shares each at 10 cost 500 and a dollar; 998 are left for shares: 49.9 each
    const plan = planned("buy", { account: accountOf("1000"), targets: { AAA: 0.5, BBB: 0.5 }, prices: { AAA: "10", BBB: "10" }, fees: "ib" });
    expect(lines(plan)).toEqual(["AAA 49.9", "BBB 49.9"]);
    expect(plan.approved.map(({ expectedFees: fees }) => moneyToText(fees))).toEqual(["1", "1"]);
  });

  test("a limit order by its limit, because that is what the venue sets aside", () => {
    // 10 shares at 101 are 1,010: 9.900990099 shares
    const plan = planned("buy", { account: accountOf("1000"), targets: { AAA: 1 }, prices: { AAA: "100" }, executionStyle: "marketable-limit", limits: { collarBps: 100 } });
    expect(lines(plan)).toEqual(["AAA 9.900990099"]);
  });

  test("and the fees of a limit order are those at its limit", () => {
    // ten shares at 10.10: half a percent of 101
    const plan = planned("buy", { account: accountOf("100000"), targets: { AAA: 0.001 }, prices: { AAA: "10" }, executionStyle: "marketable-limit", limits: { collarBps: 100 }, fees: "ib" });
    expect(plan.approved.map(({ quantity, expectedFees: fees }) => [quantityToText(quantity), moneyToText(fees)])).toEqual([["10", "0.505"]]);
  });

  test("less the cash reserve", () => {
    expect(lines(planned("buy", { account: accountOf("1000"), targets: { AAA: 1 }, prices: { AAA: "10" }, limits: { cashReserveMin: 0.1 } }))).toEqual(["AAA 90"]);
    // 500 are held: of the other 500 a tenth of all equity stays
    expect(lines(planned("buy", { account: accountOf("500", { AAA: ["50", "10"] }), targets: { AAA: 1 }, prices: { AAA: "10" }, limits: { cashReserveMin: 0.1 } }))).toEqual(["AAA 40"]);
  });

  test("never to what a broker would lend", () => {
    const lent = accountOf("1000", {}, { buyingPower: moneyOf("4000") });
    expect(lines(planned("buy", { account: lent, targets: { AAA: 1 }, prices: { AAA: ["99", "101"] } }))).toEqual(["AAA 9.900990099"]);
    expect(lines(planned("buy", { account: lent, targets: { AAA: 1 }, prices: { AAA: "100" }, limits: { cashReserveMin: 0.1 } }))).toEqual(["AAA 9"]);
  });

  test("to the buying power where that is less than the cash", () => {
    expect(lines(planned("buy", { account: accountOf("1000", {}, { buyingPower: moneyOf("250") }), targets: { AAA: 1 }, prices: { AAA: "10" } }))).toEqual(["AAA 25"]);
  });

  test("and what no money is left for is refused, each with its cost", () => {
    const plan = planned("buy", { account: accountOf("0", { BBB: ["10", "100"] }), targets: { AAA: 0.5, BBB: 1, CCC: 0.0005 }, prices: { AAA: "100", BBB: "100", CCC: "100" }, limits: { grossExposureMax: 1 } });
    expect(plan.approved).toEqual([]);
    // scaled to a gross of 1: AAA 333,222 and CCC 333 millionths of 1,000
    expect(plan.refused).toEqual([
      { code: "BUYING_POWER_INSUFFICIENT", symbol: "AAA", cost: 333_222_000, available: 0 },
      { code: "ORDER_NOTIONAL_BELOW_MIN", symbol: "CCC", side: "buy", notional: 333_000, min: 1_000_000 },
    ]);
  });

  test("a share that the money does not reach for is refused where shares are whole", () => {
    const plan = planned("buy", { account: accountOf("500", {}, { buyingPower: moneyOf("499") }), targets: { AAA: 1 }, prices: { AAA: "500" }, shares: "whole" });
    expect(plan).toMatchObject({ approved: [], refused: [{ code: "BUYING_POWER_INSUFFICIENT", symbol: "AAA", cost: 500_000_000, available: 499_000_000 }] });
  });
});

describe("a strategy that manages a part of the account", () => {
  test("sizes by its part", () => {
    const plan = planned("buy", { account: accountOf("10000", { ZZZ: ["50", "100"] }), targets: { AAA: 1 }, prices: { AAA: "100" }, allocation: 0.5 });
    expect(lines(plan)).toEqual(["AAA 75"]);
    expect(plan.equity).toBe(moneyOf("7500"));
  });

  test("spends no more than its own cash", () => {
    // 7,500 are its own and 5,000 of them invested; the ask is above the middle, so the 25 missing shares cost more than 2,500
    const plan = planned("buy", { account: accountOf("10000", { AAA: ["50", "100"] }), targets: { AAA: 1 }, prices: { AAA: ["99", "101"] }, allocation: 0.5 });
    expect(lines(plan)).toEqual(["AAA 24.752475247"]);
  });

  test("spends no more than there is when another has spent more than its part", () => {
    expect(lines(planned("buy", { account: accountOf("2000", { ZZZ: ["130", "100"] }), targets: { AAA: 1 }, prices: { AAA: "100" }, allocation: 0.5 }))).toEqual(["AAA 20"]);
  });

  test("touches no symbol outside its universe", () => {
    const others = accountOf("0", { AAA: ["10", "100"], ZZZ: ["10", "100"] });
    expect(lines(planned("sell", { account: others, targets: {}, prices: { AAA: "100", ZZZ: "100" } }))).toEqual(["AAA 10"]);
  });
});

describe("without a quote", () => {
  const account = accountOf("1000", { AAA: ["10", "100"], BBB: ["10", "100"] });

  test("what should be sold off is refused, and the rest is sold", () => {
    const plan = planned("sell", { account, targets: {}, prices: { BBB: "100" } });
    expect(lines(plan)).toEqual(["BBB 10"]);
    expect(plan.refused).toEqual([{ code: "QUOTE_MISSING", symbol: "AAA", side: "sell" }]);
  });

  test("what is still wanted is refused once, with the buys", () => {
    const wanted = { AAA: 0.1, BBB: 0.5, CCC: 0.1 };
    expect(codes(planned("sell", { account, targets: wanted, prices: { BBB: "100" } }))).toEqual([]);
    const buys = planned("buy", { account, targets: wanted, prices: { BBB: "100" } });
    expect(lines(buys)).toEqual(["BBB 5"]);
    expect(buys.refused).toEqual([
      { code: "QUOTE_MISSING", symbol: "AAA", side: "buy" },
      { code: "QUOTE_MISSING", symbol: "CCC", side: "buy" },
    ]);
  });
});

describe("an order", () => {
  const held = accountOf("1000", { BBB: ["10", "100"] });

  test.each<[string, Side, Partial<Case>, string, string]>([
    ["market order is bounded by the collar, to the millionth", "buy", { limits: { collarBps: 50 }, prices: { AAA: "100.03" } }, "market", "100.53015"],
    ["limit order lies on a tick within the collar", "buy", { executionStyle: "marketable-limit", limits: { collarBps: 50 }, prices: { AAA: "100.03" } }, "limit", "100.53"],
    ["sell's limit lies on a tick within the collar", "sell", { executionStyle: "marketable-limit", limits: { collarBps: 50 }, prices: { BBB: "100.03" } }, "limit", "99.53"],
    ["limit order without a collar is at the ask", "buy", { executionStyle: "marketable-limit", limits: { collarBps: 0 }, prices: { AAA: ["100", "100.03"] } }, "limit", "100.03"],
    ["limit order keeps to eighths in 1995", "buy", { executionStyle: "marketable-limit", limits: { collarBps: 100 }, prices: { AAA: "20.002" }, at: "1995-11-22T15:00:00Z" }, "limit", "20.125"],
    ["limit order is at the ask where the tick is wider than the collar", "buy", { executionStyle: "marketable-limit", limits: { collarBps: 100 }, prices: { AAA: "5.002" }, at: "1995-11-22T15:00:00Z" }, "limit", "5.002"],
    ["limit order is at the ask where the price is smaller than a tick", "buy", { executionStyle: "marketable-limit", limits: { collarBps: 100 }, prices: { AAA: "0.02" }, at: "1995-11-22T15:00:00Z" }, "limit", "0.02"],
    ["sell's limit is at the bid where the tick is wider than the collar", "sell", { executionStyle: "marketable-limit", limits: { collarBps: 100 }, prices: { BBB: "5.1" }, at: "1995-11-22T15:00:00Z" }, "limit", "5.1"],
  ])("that is a %s", (_case, side, overrides, type, bound) => {
    const { approved, refused } = planned(side, { account: held, targets: side === "buy" ? { AAA: 0.1, BBB: 0.5 } : {}, prices: {}, ...overrides });
    const order = approved.find(({ symbol }) => symbol === (side === "buy" ? "AAA" : "BBB"))!;
    expect(refused.filter((refusal) => refusal.code !== "QUOTE_MISSING")).toEqual([]);
    expect([order.type, moneyToText(order.priceBound)]).toEqual([type, bound]);
  });

  test("has an id of its run, symbol and side, whatever its size and price", () => {
    const ids = (prices: Prices, account: Account): readonly string[] => planned("buy", { account, targets: { AAA: 0.1, CCC: 0.1 }, prices }).approved.map(({ clientOrderId }) => clientOrderId);
    const first = ids({ AAA: "100", CCC: "100" }, accountOf("1000"));
    expect(ids({ AAA: "50", CCC: "20" }, accountOf("5000"))).toEqual(first);
    expect(new Set([...first, ...planned("sell", { account: accountOf("0", { AAA: ["1", "100"] }), targets: {}, prices: { AAA: "100" } }).approved.map(({ clientOrderId }) => clientOrderId)]).size).toBe(3);
    expect(first[0]).toMatch(/^bal-[0-9a-f]{32}$/);
  });

  test("counts toward the orders of the run", () => {
    const plan = planned("buy", { account: accountOf("1000"), targets: { AAA: 0.1, BBB: 0.1, CCC: 0.1 }, prices: { AAA: "10", BBB: "10", CCC: "10" }, limits: { ordersPerRunMax: 4 }, ordersBefore: 2 });
    expect(lines(plan)).toEqual(["AAA 10", "BBB 10"]);
    expect(codes(plan)).toEqual(["CCC ORDERS_PER_RUN_EXCEED_MAX"]);
  });
});

describe("whatever the account, the prices, the targets and the fees", () => {
  const symbols = ["AAA", "BBB", "CCC", "DDD"] as const;
  const micros = (min: number, max: number): fc.Arbitrary<string> => fc.integer({ min, max }).map((value) => (value / 1e6).toFixed(6));
  const nanos = fc.integer({ min: 1, max: 1_000_000_000_000 }).map((value) => (value / 1e9).toFixed(9));
  const universe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> => fc.dictionary(fc.constantFrom(...symbols), value);
  const prices = fc.tuple(...symbols.map(() => micros(1_000_000, 900_000_000)));
  const world = fc.record({
    cash: micros(0, 1_000_000_000_000),
    held: universe(nanos),
    targets: universe(fc.double({ min: 0, max: 1, noNaN: true })),
    fees: fc.constantFrom<FeeScheduleName>("none", "alpaca", "ib"),
    shares: fc.constantFrom<"fractional" | "whole">("fractional", "whole"),
    executionStyle: fc.constantFrom<"market" | "marketable-limit">("market", "marketable-limit"),
    allocation: fc.constantFrom(1, 0.5),
    reserve: fc.constantFrom(0, 0.05),
  });

  /** Mid prices; bid and ask lie `spread` of them away. */
  function caseOf({ cash, held, targets, reserve, ...rest }: typeof world extends fc.Arbitrary<infer W> ? W : never, mids: readonly string[], spread: number): Case {
    const priceOf = new Map(symbols.map((symbol, i) => [symbol as string, mids[i]!]));
    const at = (price: string, factor: number): string => (Math.round(Number(price) * 1e6 * factor) / 1e6).toFixed(6);
    return {
      ...rest,
      targets,
      limits: { cashReserveMin: reserve, collarBps: 100 },
      account: accountOf(cash, Object.fromEntries(Object.entries(held).map(([symbol, quantity]) => [symbol, [quantity, priceOf.get(symbol)!] as const]))),
      prices: Object.fromEntries(symbols.map((symbol) => [symbol, [at(priceOf.get(symbol)!, 1 - spread), at(priceOf.get(symbol)!, 1 + spread)] as const])),
    };
  }

  const spreads = fc.constantFrom(0, 0.0001, 0.02);

  test("buys and their fees cost no more than the money", () => {
    fc.assert(
      fc.property(world, prices, spreads, (inputs, mids, spread) => {
        const input = caseOf(inputs, mids, spread);
        let cost = ZERO_MONEY;
        for (const { type, priceBound, referencePrice, quantity, expectedFees: fees } of planned("buy", input).approved) {
          cost = addMoney(cost, addMoney(notional(type === "limit" ? priceBound : referencePrice, quantity), fees));
        }
        expect(cost).toBeLessThanOrEqual(input.account.cash);
      }),
    );
  });

  test("no sell is larger than what is held, and no symbol is sold and bought", () => {
    fc.assert(
      fc.property(world, prices, spreads, (inputs, mids, spread) => {
        const input = caseOf(inputs, mids, spread);
        const held = new Map(input.account.positions.map(({ symbol, quantity }) => [symbol, quantity]));
        const sells = planned("sell", input).approved;
        for (const { symbol, quantity } of sells) expect(quantity).toBeLessThanOrEqual(held.get(symbol)!);
        const sold = new Set(sells.map(({ symbol }) => symbol));
        expect(planned("buy", input).approved.filter(({ symbol }) => sold.has(symbol))).toEqual([]);
      }),
    );
  });

  test("the order in which targets are listed does not matter", () => {
    fc.assert(
      fc.property(world, prices, spreads, (inputs, mids, spread) => {
        const input = caseOf(inputs, mids, spread);
        const turned = { ...input, targets: Object.fromEntries(Object.entries(input.targets).reverse()) };
        for (const side of ["sell", "buy"] as const) expect(planned(side, turned)).toEqual(planned(side, input));
      }),
    );
  });

  test("planning again after the fills at the middle, without fees or a reserve, places no order", () => {
    fc.assert(
      fc.property(world, prices, (inputs, mids) => {
        // A reserve scales buys down, and what whole shares leave over may then pay for one more.
        const input = caseOf({ ...inputs, fees: "none", executionStyle: "market", reserve: 0 }, mids, 0);
        const afterSells = filled(input.account, planned("sell", input));
        const afterBuys = filled(afterSells, planned("buy", { ...input, account: afterSells }));
        for (const side of ["sell", "buy"] as const) expect(lines(planned(side, { ...input, account: afterBuys }))).toEqual([]);
      }),
    );
  });
});

/** The account after its orders were filled at their reference prices. */
function filled(account: Account, { approved }: SidePlan): Account {
  let { cash } = account;
  const held = new Map(account.positions.map((position) => [position.symbol, position]));
  for (const { side, symbol, quantity, referencePrice } of approved) {
    const value = notional(referencePrice, quantity);
    cash = side === "sell" ? addMoney(cash, value) : subtractMoney(cash, value);
    const before = held.get(symbol);
    const owned = before?.quantity ?? ZERO_QUANTITY;
    const after = side === "sell" ? subtractQuantity(owned, quantity) : addQuantity(owned, quantity);
    held.set(symbol, { symbol, quantity: after, marketPrice: referencePrice, averageEntryPrice: undefined });
  }
  const positions = [...held.values()].filter(({ quantity }) => quantity !== 0).sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  const equity = positions.reduce<Money>((sum, { quantity, marketPrice }) => addMoney(sum, notional(marketPrice, quantity)), cash);
  return { ...account, cash, equity, buyingPower: cash, positions };
}
