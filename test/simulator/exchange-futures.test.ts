import { describe, expect, test } from "vitest";
import { moneyOf, notional, priceOf, shares, type Price } from "../../src/money.ts";
import type { ExchangeEvent } from "../../src/simulator/exchange-events.ts";
import { ExchangeLog } from "../../src/simulator/exchange-log.ts";
import { SnapshotInvalid } from "../../src/simulator/exchange-snapshot.ts";
import { Exchange, type ExchangeSettings, type ExchangeSnapshot } from "../../src/simulator/exchange.ts";
import type { OrderType, TimeInForce } from "../../src/simulator/order-ticket.ts";
import { Prng } from "../../src/simulator/prng.ts";
import { instantOf, plusMs } from "../../src/time.ts";
import type { AccountName, ClientOrderId, Symbol } from "../../src/trade.ts";

const SYMBOL = "XYZ" as Symbol;
const ACCOUNTS = ["a", "b", "c"] as AccountName[];
const START = instantOf("2024-07-10T12:00:00Z");

/** One random command; what it does depends on the generator alone, not on the exchange. */
function step(exchange: Exchange, chance: Prng, n: number): void {
  const pick = <T>(list: readonly T[]): T => list[chance.integer(0, list.length - 1)]!;
  const account = pick(ACCOUNTS);
  const price = (): Price => (chance.integer(9_500, 10_500) * 10_000) as Price;
  const id = (): ClientOrderId => `o${chance.integer(Math.max(0, n - 40), n)}` as ClientOrderId;
  const kind = chance.integer(0, 19);
  if (kind === 0) exchange.setTime(plusMs(exchange.now, chance.integer(1, 4) * 1_800_000));
  else if (kind === 1) exchange.quote(SYMBOL, { bid: price(), ask: priceOf("105.01"), quantity: shares(chance.integer(0, 30)) }, chance.integer(0, 1) === 0 ? price() : undefined);
  else if (kind === 2) exchange.walk(SYMBOL, price(), shares(chance.integer(0, 50)));
  else if (kind === 3) exchange.auction(SYMBOL, pick(["opening", "closing"]), chance.integer(0, 1) === 0 ? { price: price(), quantity: shares(20) } : undefined);
  else if (kind === 4 && chance.integer(0, 2) === 0) exchange.halt(SYMBOL);
  else if (kind === 4) exchange.resume(SYMBOL);
  else if (kind <= 6) exchange.cancel(account, id());
  else if (kind <= 8) exchange.replace(account, id(), { clientOrderId: `o${n}` as ClientOrderId, quantity: shares(chance.integer(1, 30)), ...(chance.integer(0, 1) === 0 ? { limitPrice: price() } : {}) });
  else if (kind === 9) {
    const limitPrice = price();
    const entry = { clientOrderId: `o${n}` as ClientOrderId, symbol: SYMBOL, side: "buy", type: "limit", quantity: shares(chance.integer(1, 20)), timeInForce: pick<"day" | "gtc">(["day", "gtc"]), limitPrice } as const;
    exchange.placeGroup(account, { class: "bracket", entry, takeProfit: { clientOrderId: `p${n}` as ClientOrderId, limitPrice: (limitPrice + 1_000_000) as Price }, stopLoss: { clientOrderId: `s${n}` as ClientOrderId, stopPrice: (limitPrice - 1_000_000) as Price } });
  } else {
    const type = pick<OrderType>(["market", "limit", "limit", "limit", "stop", "stop_limit", "trailing_stop"]);
    const timeInForce = pick<TimeInForce>(["day", "gtc", "ioc", "fok", "opg", "cls"]);
    exchange.place(account, {
      clientOrderId: `o${n}` as ClientOrderId, symbol: SYMBOL, side: pick(["buy", "sell"]), quantity: shares(chance.integer(1, 30)), type, timeInForce,
      limitPrice: type === "limit" || type === "stop_limit" ? price() : undefined,
      stopPrice: type === "stop" || type === "stop_limit" ? price() : undefined,
      trail: type === "trailing_stop" ? { by: "percent", ppm: 20_000 } : undefined,
      extendedHours: chance.integer(0, 5) === 0,
    });
  }
}

function settings(log: ExchangeLog, acknowledgeMs = 0): ExchangeSettings {
  return { fees: "none", halfSpreadBps: 1, wholeShares: true, hours: "calendar", log, acknowledgeMs };
}

function opened(log: ExchangeLog, acknowledgeMs = 0): Exchange {
  const exchange = new Exchange(settings(log, acknowledgeMs), START);
  exchange.list(SYMBOL);
  exchange.openAccount(ACCOUNTS[0]!, moneyOf("20000"));
  for (const name of ACCOUNTS.slice(1)) exchange.openAccount(name, moneyOf("20000"), { multiplier: 2, shorting: true, debitInterestBps: 0, borrowFeeBps: 0 });
  return exchange;
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
/** Time moves by half an hour and more. */
const DELAYS = [0, 1, 2_700_000];
const MARKETS = DELAYS.flatMap((acknowledgeMs) => SEEDS.map((seed) => ({ acknowledgeMs, seed })));

describe("random markets", () => {
  test.each(MARKETS)("cash and shares are what the fills made of them, to the last micro (seed $seed, acknowledged after $acknowledgeMs ms)", ({ acknowledgeMs, seed }) => {
    const log = new ExchangeLog();
    const exchange = opened(log, acknowledgeMs);
    const chance = new Prng(seed);
    const cash = new Map(ACCOUNTS.map((name) => [name, moneyOf("20000") as number]));
    const held = new Map(ACCOUNTS.map((name) => [name, 0]));
    let seq = 0;
    let fills = 0;
    for (let n = 0; n < 1_500; n += 1) {
      step(exchange, chance, n);
      for (const event of log.drain()) {
        seq += 1;
        expect(event.seq).toBe(seq);
        if (event.type !== "fill" && event.type !== "partial_fill") continue;
        fills += 1;
        const order = exchange.orderOf(event.account, event.order)!;
        const sign = order.side === "buy" ? 1 : -1;
        cash.set(event.account, cash.get(event.account)! - sign * notional(event.price, event.quantity));
        held.set(event.account, held.get(event.account)! + sign * event.quantity);
        expect(event.positionQuantity).toBe(held.get(event.account));
        if (order.type === "limit" || order.type === "stop_limit") expect(sign * (event.price - order.limitPrice!)).toBeLessThanOrEqual(0);
        expect(order.remaining).toBeGreaterThanOrEqual(0);
      }
      const { bid, ask } = exchange.topOf(SYMBOL);
      if (bid !== undefined && ask !== undefined) expect(bid).toBeLessThan(ask);
    }
    for (const name of ACCOUNTS) {
      expect(exchange.account(name).cash).toBe(cash.get(name));
      expect(exchange.account(name).positions[0]?.quantity ?? 0).toBe(held.get(name));
    }
    expect(exchange.account(ACCOUNTS[0]!).cash).toBeGreaterThanOrEqual(0);
    expect(exchange.account(ACCOUNTS[0]!).positions[0]?.quantity ?? 0).toBeGreaterThanOrEqual(0);
    expect(fills).toBeGreaterThan(50);
    for (const name of ACCOUNTS) for (const { clientOrderId } of exchange.openOrders(name)) exchange.cancel(name, clientOrderId as ClientOrderId);
    exchange.setTime(plusMs(exchange.now, 2 * acknowledgeMs));
    expect(ACCOUNTS.flatMap((name) => exchange.openOrders(name))).toEqual([]);
    expect(exchange.snapshot().requests).toEqual([]);
    expect(exchange.account(ACCOUNTS[0]!).buyingPower).toBe(exchange.account(ACCOUNTS[0]!).cash);
  });

  test.each(MARKETS)("an exchange restored at any instant has the same future, also from JSON (seed $seed, acknowledged after $acknowledgeMs ms)", ({ acknowledgeMs, seed }) => {
    const log = new ExchangeLog();
    const exchange = opened(log, acknowledgeMs);
    const chance = new Prng(seed);
    let deferred = 0;
    for (let n = 0; n < 600; n += 1) {
      step(exchange, chance, n);
      if (n % 50 !== 49) continue;
      const otherLog = new ExchangeLog();
      deferred += exchange.snapshot().requests.length;
      const other = Exchange.restore(settings(otherLog, acknowledgeMs), JSON.parse(JSON.stringify(exchange.snapshot())) as ExchangeSnapshot);
      const [here, there] = [Exchange.restore(settings(log, acknowledgeMs), exchange.snapshot()), other];
      log.drain();
      const [chanceHere, chanceThere] = [Prng.restore(chance.state), Prng.restore(chance.state)];
      for (let m = n + 1; m < n + 60; m += 1) {
        step(there, chanceThere, m);
        step(here, chanceHere, m);
      }
      expect(otherLog.drain()).toEqual(log.drain());
      expect(there.snapshot()).toEqual(here.snapshot());
    }
    expect(deferred > 0).toBe(acknowledgeMs > 0);
  });

  test("the original and the restored exchange go on alike", () => {
    const [log, otherLog] = [new ExchangeLog(), new ExchangeLog()];
    const exchange = opened(log);
    const chance = new Prng(99);
    for (let n = 0; n < 500; n += 1) step(exchange, chance, n);
    log.drain();
    const other = Exchange.restore(settings(otherLog), JSON.parse(JSON.stringify(exchange.snapshot())) as ExchangeSnapshot);
    const otherChance = Prng.restore(chance.state);
    const [events, otherEvents]: [ExchangeEvent[], ExchangeEvent[]] = [[], []];
    for (let n = 500; n < 1_500; n += 1) {
      step(exchange, chance, n);
      step(other, otherChance, n);
      events.push(...log.drain());
      otherEvents.push(...otherLog.drain());
      expect(otherEvents).toEqual(events);
      events.length = 0;
      otherEvents.length = 0;
    }
    expect(other.snapshot().checksum).toBe(exchange.snapshot().checksum);
  });
});

describe("a snapshot", () => {
  test("that was changed, or has another format, is not restored", () => {
    const log = new ExchangeLog();
    const snapshot = opened(log).snapshot();
    expect(() => Exchange.restore(settings(log), { ...snapshot, seq: 7 })).toThrow(SnapshotInvalid);
    expect(() => Exchange.restore(settings(log), { ...snapshot, format: 3 as never })).toThrow(new SnapshotInvalid("the exchange's snapshot has format 3, which another version wrote; this one reads 4"));
  });
});
