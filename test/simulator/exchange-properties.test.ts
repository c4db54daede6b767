import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NANOS } from "../../src/money.ts";
import type { ExchangeSettings, ExchangeSnapshot } from "../../src/simulator/exchange.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import { AAA, BBB, TradingFloor } from "../support/trading-floor.ts";

const ACCOUNTS = ["first", "second"] as const;
const SYMBOLS = [AAA, BBB] as const;
const START: Readonly<Record<(typeof ACCOUNTS)[number], string>> = { first: "3000", second: "1000" };

const account = fc.constantFrom(...ACCOUNTS);
const symbol = fc.constantFrom(...SYMBOLS);
const cents = fc.integer({ min: 5_000, max: 15_000 });
const count = fc.integer({ min: 1, max: 20 });

const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constantFrom("buy" as const, "sell" as const), account, symbol, count, limit: fc.option(cents, { nil: undefined }) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("quote" as const), symbol, cents, spread: fc.integer({ min: 0, max: 200 }), count: fc.integer({ min: 0, max: 80 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("sweep" as const), symbol, cents, range: fc.integer({ min: 0, max: 600 }), count: fc.integer({ min: 0, max: 80 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("cancel" as const), account, order: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("end-session" as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("dividend" as const), symbol, cents: fc.integer({ min: 1, max: 99 }), payDay: fc.constantFrom(undefined, 20_000, 21_000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("pay" as const), day: fc.constantFrom(19_999, 20_000, 21_000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("split" as const), symbol, ratio: fc.constantFrom(2, 1.5, 0.1) }) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

const usd = (hundredths: number): string => (hundredths / 100).toFixed(2);

function apply(floor: TradingFloor, one: Command, id: string): void {
  switch (one.type) {
    case "buy":
    case "sell":
      floor[one.type](String(one.count), { account: one.account, symbol: one.symbol, id, ...(one.limit !== undefined && { limit: usd(one.limit) }) });
      return;
    case "quote":
      floor.quote(usd(one.cents), usd(one.cents + one.spread), one.count, one.symbol);
      return;
    case "sweep":
      floor.sweep(usd(one.cents), usd(one.cents + one.range), one.count, one.symbol);
      return;
    case "cancel":
      floor.cancel(`c${one.order}`, one.account);
      return;
    case "end-session":
      floor.exchange.endSession();
      return;
    case "dividend":
      floor.exchange.accrueDividend(one.symbol, one.cents / 100, one.payDay as never);
      return;
    case "pay":
      floor.exchange.payDividendsDue(one.day as never);
      return;
    case "split":
      floor.exchange.split(one.symbol, one.ratio, undefined);
  }
}

/** An account as anyone could keep it with pen and paper, from its fills and from what befell its shares; big integers. */
class Book {
  cash: bigint;
  readonly held = new Map<Symbol, bigint>();
  owed: { readonly payDay: number; readonly amount: bigint }[] = [];
  readonly #seen = new Set<string>();

  constructor(cash: string) {
    this.cash = BigInt(cash) * 1_000_000n;
  }

  take(name: string, floor: TradingFloor, ids: readonly string[]): void {
    for (const id of ids) {
      const order = floor.order(id, name);
      for (const { id: fill, quantity, price } of order?.fills ?? []) {
        if (this.#seen.has(`${id}/${fill}`)) continue;
        this.#seen.add(`${id}/${fill}`);
        const sign = order!.side === "buy" ? 1n : -1n;
        this.held.set(order!.symbol, (this.held.get(order!.symbol) ?? 0n) + sign * BigInt(quantity));
        this.cash -= sign * product(BigInt(price), BigInt(quantity));
      }
    }
  }

  befall(one: Command): void {
    if (one.type === "dividend") {
      const amount = product(BigInt(one.cents * 10_000), this.held.get(one.symbol) ?? 0n);
      if (one.payDay === undefined) this.cash += amount;
      else this.owed.push({ payDay: one.payDay, amount });
    }
    if (one.type === "pay") {
      for (const { payDay, amount } of this.owed) if (payDay <= one.day) this.cash += amount;
      this.owed = this.owed.filter(({ payDay }) => payDay > one.day);
    }
    if (one.type === "split") {
      const tenths = BigInt(one.ratio * 10);
      const held = (this.held.get(one.symbol) ?? 0n) * tenths;
      this.held.set(one.symbol, (held + 5n) / 10n);
    }
  }
}

/** Micro-dollars of nano-shares, to the nearest. */
function product(price: bigint, quantity: bigint): bigint {
  return (price * quantity + BigInt(NANOS) / 2n) / BigInt(NANOS);
}

const fees = fc.constantFrom<ExchangeSettings["fees"]>("none", "alpaca", "ib");

describe("whatever is sent to the exchange", () => {
  test("cash and shares are what the fills, fees, dividends and splits make them, and neither is ever below zero", () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 30, maxLength: 60 }), fees, (commands, schedule) => {
        const floor = new TradingFloor(START, { fees: schedule });
        const books = new Map(ACCOUNTS.map((name) => [name, new Book(START[name])]));
        const ids: string[] = [];
        for (const one of commands) {
          ids.push(`c${ids.length + 1}`);
          for (const book of books.values()) book.befall(one);
          apply(floor, one, ids.at(-1)!);
          for (const name of ACCOUNTS) {
            const book = books.get(name)!;
            book.take(name, floor, ids);
            const { cash, buyingPower, positions } = floor.exchange.account(name as AccountName);
            expect(BigInt(cash)).toBe(book.cash - BigInt(floor.exchange.feesPaid(name as AccountName)));
            for (const each of SYMBOLS) expect(BigInt(positions.find((position) => position.symbol === each)?.quantity ?? 0)).toBe(book.held.get(each) ?? 0n);
            expect(Math.min(cash, buyingPower, ...positions.map(({ quantity }) => quantity))).toBeGreaterThanOrEqual(0);
            expect(buyingPower).toBeLessThanOrEqual(cash);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test("no order is filled beyond its quantity or its limit, and it is filled exactly when nothing is left", () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 30, maxLength: 60 }), (commands) => {
        const floor = new TradingFloor(START);
        commands.forEach((one, i) => apply(floor, one, `c${i + 1}`));
        commands.forEach((one, i) => {
          if (one.type !== "buy" && one.type !== "sell") return;
          const order = floor.order(`c${i + 1}`, one.account);
          if (!order) return;
          const sum = order.fills.reduce((total, { quantity }) => total + quantity, 0);
          expect(sum).toBe(order.filledQuantity);
          expect(order.status === "filled").toBe(sum === order.quantity);
          expect(order.fills.every(({ quantity }) => quantity > 0)).toBe(true);
          if (one.limit === undefined) return;
          const limit = one.limit * 10_000;
          expect(order.fills.every(({ price }) => (one.type === "buy" ? price <= limit : price >= limit))).toBe(true);
        });
        const fills = commands.flatMap((one, i) => (one.type === "buy" || one.type === "sell" ? (floor.order(`c${i + 1}`, one.account)?.fills ?? []) : []));
        expect(new Set(fills.map(({ id }) => id)).size).toBe(fills.length);
      }),
      { numRuns: 200 },
    );
  });

  test("the best level is the first of the depth", () => {
    let levels = 0;
    fc.assert(
      fc.property(fc.array(command, { minLength: 10, maxLength: 40 }), (commands) => {
        const floor = new TradingFloor(START);
        commands.forEach((one, i) => apply(floor, one, `c${i + 1}`));
        for (const each of SYMBOLS) {
          const [best, depth] = [floor.exchange.depthOf(each, 1), floor.exchange.depthOf(each, 5)];
          expect(best).toEqual({ bids: depth.bids.slice(0, 1), asks: depth.asks.slice(0, 1) });
          levels += depth.bids.length + depth.asks.length;
        }
      }),
      { numRuns: 100 },
    );
    expect(levels).toBeGreaterThan(200);
  });

  test("an exchange that is put away as JSON at any point and restored has the same future", () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 15, maxLength: 25 }), fees, (commands, schedule) => {
        const run = (floor: TradingFloor, from: number, to: number): void => commands.slice(from, to).forEach((one, i) => apply(floor, one, `c${from + i + 1}`));
        const uninterrupted = new TradingFloor(START, { fees: schedule });
        run(uninterrupted, 0, commands.length);
        const expected = uninterrupted.exchange.snapshot();
        for (let point = 0; point < commands.length; point += 1) {
          const first = new TradingFloor(START, { fees: schedule });
          run(first, 0, point);
          const restored = new TradingFloor({}, { fees: schedule }, JSON.parse(JSON.stringify(first.exchange.snapshot())) as ExchangeSnapshot);
          run(restored, point, commands.length);
          expect(restored.exchange.snapshot()).toEqual(expected);
        }
      }),
      { numRuns: 60 },
    );
  });
});
