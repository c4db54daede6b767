import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BUY, LIMIT, REST, SELL } from "../../src/simulator/order-book-codes.ts";
import { Ladder, OFF_LADDER } from "../../src/simulator/order-book-ladder.ts";
import { NameTable, NO_NUMBER } from "../../src/simulator/order-book-names.ts";
import { SparseLevels } from "../../src/simulator/order-book-sparse.ts";
import { OrderBook } from "../../src/simulator/order-book.ts";
import { Prng } from "../../src/simulator/prng.ts";

function rest(book: OrderBook, id: number, side: number, price: number): void {
  book.submit(id, side, LIMIT, price, 0, 1, REST, 0, 0);
}

describe("the ladder", () => {
  test("knows prices on its grid and inside its window only", () => {
    const ladder = new Ladder(10_000);
    ladder.moveTo(100_000_000, 1024);
    expect([100_000_000, 100_010_000, 110_230_000].map((price) => ladder.indexOf(price))).toEqual([0, 1, 1023]);
    expect([99_990_000, 110_240_000, 100_005_000, 100_000_001, 1e15].map((price) => ladder.indexOf(price))).toEqual(Array(5).fill(OFF_LADDER));
  });

  test("finds the level under any price, as a search through a list does", () => {
    const index = fc.nat(32_767);
    fc.assert(
      fc.property(fc.array(index, { maxLength: 200, size: "max" }), fc.array(index, { maxLength: 50 }), fc.array(fc.integer({ min: -5, max: 33_000 })), (set, removed, asked) => {
        const ladder = new Ladder(1);
        ladder.moveTo(0, 32_768);
        const present = new Set(set);
        for (const at of present) ladder.set(at, at + 1);
        for (const at of removed) {
          if (present.delete(at)) ladder.remove(at);
        }
        const sorted = [...present].sort((a, b) => a - b);
        expect(ladder.isEmpty).toBe(sorted.length === 0);
        if (sorted.length > 0) expect([ladder.lowest, ladder.highest]).toEqual([sorted[0]! + 1, sorted.at(-1)! + 1]);
        for (const price of asked) expect(ladder.levelUnder(price)).toBe((sorted.findLast((at) => at < price) ?? -1) + 1);
      }),
    );
  });
});

describe("the sparse index", () => {
  test("finds, follows and forgets keys, as a sorted list does", () => {
    const key = fc.integer({ min: -300, max: 300 });
    fc.assert(
      fc.property(fc.array(fc.record({ key, removes: fc.boolean() }), { maxLength: 300, size: "max" }), fc.array(key), (steps, asked) => {
        const sparse = new SparseLevels();
        const model = new Map<number, number>();
        steps.forEach(({ key: at, removes }, step) => {
          if (model.has(at) && removes) {
            model.delete(at);
            sparse.remove(at);
          } else if (!model.has(at)) {
            model.set(at, step + 1);
            sparse.insert(at, step + 1);
          }
        });
        const sorted = [...model].sort(([a], [b]) => a - b);
        expect([sparse.count, sparse.first, sparse.firstKey]).toEqual([sorted.length, sorted[0]?.[1] ?? 0, sorted[0]?.[0] ?? Infinity]);
        for (const at of asked) {
          expect(sparse.find(at)).toBe(model.get(at) ?? 0);
          expect(sparse.levelUnder(at)).toBe(sorted.findLast(([other]) => other < at)?.[1] ?? 0);
          expect(sparse.levelFrom(at)).toBe(sorted.find(([other]) => other >= at)?.[1] ?? 0);
        }
      }),
    );
  });
});

describe("the name table", () => {
  test("gives, keeps and takes back numbers, as two maps do", () => {
    const name = fc.oneof(fc.nat(60), fc.nat(60).map(String), fc.maxSafeInteger());
    fc.assert(
      fc.property(fc.array(fc.record({ name, releases: fc.boolean() }), { maxLength: 400, size: "max" }), (steps) => {
        const table = new NameTable();
        const model = new Map<string | number, number>();
        for (const { name: of, releases } of steps) {
          const known = model.get(of);
          expect(table.numberOf(of)).toBe(known ?? NO_NUMBER);
          if (known !== undefined && releases) {
            table.release(known);
            table.release(known);
            model.delete(of);
          } else if (known === undefined) {
            const number = table.intern(of);
            expect([...model.values()]).not.toContain(number);
            model.set(of, number);
          }
          expect(table.intern(of) === NO_NUMBER).toBe(model.has(of));
          if (!model.has(of)) model.set(of, table.numberOf(of));
        }
        for (const [of, number] of model) expect([table.numberOf(of), table.nameOf(number)]).toEqual([number, of]);
      }),
    );
  });

  test("deals out small numbers, however many names pass through", () => {
    const table = new NameTable();
    for (let n = 0; n < 10_000; n++) {
      const number = table.intern(`order-${n}`);
      expect(number).toBeLessThan(2);
      if (n > 0) table.release(table.numberOf(`order-${n - 1}`));
    }
  });
});

describe("a large book", () => {
  test("keeps levels sorted while the market moves away from thousands of far orders", () => {
    const book = new OrderBook(10);
    const prng = new Prng(3);
    const asks = new Set<number>();
    let id = 0;
    rest(book, id++, BUY, 10);
    for (let n = 0; n < 6_000; n++) {
      // Every second order near one of two places 20 million ticks apart, so that no window can hold all.
      const price = 1_000_000 + prng.integer(0, 1) * 200_000_000 + prng.integer(0, 40_000) * (prng.integer(0, 9) === 0 ? 5 : 10);
      asks.add(price);
      rest(book, id++, SELL, price);
    }
    expect(book.depth(SELL, Infinity).map(({ price }) => price)).toEqual([...asks].sort((a, b) => a - b));
    // Prices come and go at the other place, until the window has followed them there.
    for (let n = 0; n < 20_000; n++) {
      rest(book, id, SELL, 201_000_000 + prng.integer(0, 40_000) * 10);
      book.cancel(id);
    }
    expect(book.depth(SELL, Infinity).map(({ price }) => price)).toEqual([...asks].sort((a, b) => a - b));
    expect(book.depth(SELL, Infinity).reduce((sum, { quantity }) => sum + quantity, 0)).toBe(6_000);
    for (let ended = 1; ended < id; ended += 2) expect(book.cancel(ended)).toBe(1);
    expect([book.depth(SELL, Infinity).reduce((sum, { quantity }) => sum + quantity, 0), book.orderCount]).toEqual([3_000, 3_001]);
  });

  test("knows orders by ids that lie anywhere below 2^31, and those ids again", () => {
    const book = new OrderBook();
    const ids = [0, 1, 127, 128, 5_000, 1_000_000, 2 ** 31 - 1];
    for (let round = 0; round < 3; round++) {
      for (const id of ids) rest(book, id, BUY, 100);
      expect(ids.map((id) => book.remaining(id))).toEqual(ids.map(() => 1));
      expect([2, 129, 999_999, 2 ** 31 - 2].map((id) => book.remaining(id))).toEqual([0, 0, 0, 0]);
      for (const id of ids) expect(book.cancel(id)).toBe(1);
      expect([book.orderCount, book.bestBid()]).toEqual([0, 0]);
    }
  });

  test("takes the memory of the orders alive, not of the ids that have passed", () => {
    const book = new OrderBook();
    for (let id = 0; id < 200_000; id++) {
      rest(book, id, BUY, 100 + (id % 50));
      if (id >= 1_000) book.cancel(id - 1_000);
    }
    expect(book.orderCount).toBe(1_000);
    expect(book.bytes).toBeLessThan(300_000);
  });

  test("takes at most 64 bytes an order", () => {
    const book = new OrderBook();
    const count = 200_000;
    for (let id = 0; id < count; id++) rest(book, id, id % 2 === 0 ? BUY : SELL, 10_000 + (id % 2 === 0 ? -1 : 1) * (1 + (id % 5_000)));
    expect(book.bytes / count).toBeLessThan(64);
  });

  test("reads totals above 2^53-1 as the rounded sum, and exactly again below it", () => {
    const book = new OrderBook();
    book.submit(1, BUY, LIMIT, 100, 0, Number.MAX_SAFE_INTEGER, REST, 0, 0);
    book.submit(2, BUY, LIMIT, 100, 0, 3, REST, 0, 0);
    expect(book.bestBidQuantity()).toBe(2 ** 53 + 2);
    book.cancel(1);
    expect(book.bestBidQuantity()).toBe(3);
  });
});

describe("what a caller gets wrong", () => {
  test.each([
    ["a tick size of zero", () => new OrderBook(0)],
    ["a negative id", () => new OrderBook().submit(-1, BUY, LIMIT, 1, 0, 1, REST, 0, 0)],
    ["an id of 2^31", () => new OrderBook().submit(2 ** 31, BUY, LIMIT, 1, 0, 1, REST, 0, 0)],
    ["an unknown side", () => new OrderBook().submit(1, 2, LIMIT, 1, 0, 1, REST, 0, 0)],
    ["an unknown type", () => new OrderBook().submit(1, BUY, 6, 1, 0, 1, REST, 0, 0)],
    ["a print at no price", () => new OrderBook().print(0)],
    ["an event that is not there", () => new OrderBook().events.kind(0)],
    ["a snapshot of another version", () => OrderBook.restore({ ...new OrderBook().snapshot(), version: 2 as 1 })],
  ])("%s throws", (_, wrong) => {
    expect(wrong).toThrow(RangeError);
  });
});
