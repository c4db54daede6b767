import { expect, test } from "vitest";
import { moneyOf, priceOf, shares } from "../../src/money.ts";
import { liquidityTaker, marketMaker, momentumTrader, noiseTrader } from "../../src/simulator/agents.ts";
import { ExchangeLog } from "../../src/simulator/exchange-log.ts";
import { Exchange } from "../../src/simulator/exchange.ts";
import { Prng } from "../../src/simulator/prng.ts";
import { instantOf } from "../../src/time.ts";
import type { AccountName, ClientOrderId, Symbol } from "../../src/trade.ts";

const SYMBOL = "XYZ" as Symbol;

interface Played {
  readonly fills: number;
  readonly takersFills: number;
  readonly spreads: readonly number[];
  readonly last: number;
  readonly moneyAndShares: readonly [number, number];
  readonly checksum: string;
}

function played(seed: number, turns: number): Played {
  const log = new ExchangeLog();
  const exchange = new Exchange({ fees: "none", halfSpreadBps: 1, wholeShares: true, log }, instantOf("2024-07-10T14:00:00Z"));
  exchange.list(SYMBOL);
  const names = ["maker", "noise", "momentum", "taker"] as AccountName[];
  for (const name of names) exchange.openAccount(name, moneyOf("10000000"), { multiplier: 2, shorting: true, debitInterestBps: 0, borrowFeeBps: 0 });
  const seat = (index: number): { account: AccountName; symbol: Symbol; chance: Prng } => ({ account: names[index]!, symbol: SYMBOL, chance: new Prng(seed * 10 + index) });
  const agents = [
    marketMaker(seat(0), priceOf("50"), { halfSpreadCents: 2, levels: 5, size: 100 }),
    noiseTrader(seat(1), { rangeCents: 10, sizeMax: 50, openMax: 20 }),
    momentumTrader(seat(2), { memory: 10, size: 10 }),
    liquidityTaker(seat(3), { oneIn: 3, sizeMax: 80 }),
  ];
  const spreads: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    for (const agent of agents) {
      agent.act(exchange);
      const { bid, ask } = exchange.topOf(SYMBOL);
      if (bid !== undefined && ask !== undefined) spreads.push(ask - bid);
    }
  }
  const fills = log.drain().filter(({ type }) => type === "fill" || type === "partial_fill");
  const accounts = names.map((name) => exchange.account(name));
  return {
    fills: fills.length,
    takersFills: fills.filter((event) => "account" in event && event.account === "taker").length,
    spreads,
    last: exchange.topOf(SYMBOL).last!,
    moneyAndShares: [accounts.reduce((sum, { cash }) => sum + cash, 0), accounts.reduce((sum, { positions }) => sum + (positions[0]?.quantity ?? 0), 0)],
    checksum: exchange.snapshot().checksum,
  };
}

test("agents make an uncrossed market that trades near its fair value, and no cash or share is lost", () => {
  const { fills, takersFills, spreads, last, moneyAndShares } = played(1, 500);
  expect(Math.min(...spreads)).toBeGreaterThan(0);
  expect(Math.max(...spreads)).toBeLessThan(500_000);
  expect(spreads.length).toBeGreaterThan(1_500);
  expect(fills).toBeGreaterThan(500);
  expect(takersFills).toBeGreaterThan(100);
  expect(Math.abs(last - 50_000_000)).toBeLessThan(2_000_000);
  expect(moneyAndShares).toEqual([40_000_000_000_000, 0]);
});

test("one seed makes one market, another seed another", () => {
  expect(played(3, 200)).toEqual(played(3, 200));
  expect(played(3, 200).checksum).not.toBe(played(4, 200).checksum);
});

test("who takes goes no further than a twentieth from the last price, where somebody's order stands at any", () => {
  const exchange = new Exchange({ fees: "none", halfSpreadBps: 1, wholeShares: true }, instantOf("2024-07-10T14:00:00Z"));
  exchange.list(SYMBOL);
  const [maker, far, taker] = ["maker", "far", "taker"] as AccountName[];
  for (const name of [maker!, far!, taker!]) exchange.openAccount(name, moneyOf("1000000"), { multiplier: 2, shorting: true, debitInterestBps: 0, borrowFeeBps: 0 });
  const order = { symbol: SYMBOL, type: "limit", timeInForce: "day", quantity: shares(10), limitPrice: priceOf("50") } as const;
  exchange.place(maker!, { ...order, clientOrderId: "m" as ClientOrderId, side: "sell" });
  exchange.place(far!, { ...order, clientOrderId: "b" as ClientOrderId, side: "buy" });
  exchange.place(far!, { ...order, clientOrderId: "f" as ClientOrderId, side: "buy", limitPrice: priceOf("1") });
  const agent = liquidityTaker({ account: taker!, symbol: SYMBOL, chance: new Prng(3) }, { oneIn: 1, sizeMax: 5 });
  for (let turn = 0; turn < 50; turn += 1) agent.act(exchange);
  expect([exchange.topOf(SYMBOL).last, exchange.quantityHeld(taker!, SYMBOL), agent.memory().orders]).toEqual([priceOf("50"), 0, 50]);
});
