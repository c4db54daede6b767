import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BUY, CANCELED, CANCEL_OLDEST, FILLED, FOK, IOC, LIMIT, MARKET, OPEN, POST_ONLY, REJECTED, REST, SELL, STOP, STOP_LIMIT, TRAILING_STOP, TRAILING_STOP_PPM } from "../../src/simulator/order-book-codes.ts";
import type { BookSnapshot } from "../../src/simulator/order-book-snapshot.ts";
import { OrderBook } from "../../src/simulator/order-book.ts";
import { apply, describeBook, drain } from "../support/book-commands.ts";
import type { Command } from "../support/book-commands.ts";
import type { BookEvent } from "../support/naive-order-book.ts";

const ID_MAX = 15;
const id = fc.nat(ID_MAX);
const price = fc.integer({ min: 95, max: 105 });
const quantity = fc.integer({ min: 1, max: 20 });

const submit = fc
  .record({
    id,
    side: fc.constantFrom(BUY, SELL),
    type: fc.constantFrom(LIMIT, LIMIT, LIMIT, MARKET, STOP, STOP_LIMIT, TRAILING_STOP, TRAILING_STOP_PPM),
    price,
    stop: price,
    quantity,
    timeInForce: fc.constantFrom(REST, REST, IOC, FOK),
    owner: fc.nat(2),
    flags: fc.constantFrom(0, 0, 1, CANCEL_OLDEST, 3, POST_ONLY),
  })
  .map((order): Command => ({ op: "submit", args: [order.id, order.side, order.type, order.price, order.stop, order.quantity, order.timeInForce, order.owner, order.flags] }));
const command = fc.oneof(
  { weight: 6, arbitrary: submit },
  { weight: 1, arbitrary: id.map((of): Command => ({ op: "cancel", id: of })) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("reduce" as const), id, by: quantity }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("replace" as const), id, price: fc.oneof(price, fc.constant(0)), quantity: fc.oneof(quantity, fc.constant(0)) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("print" as const), price }) },
);
const commands = fc.array(command, { maxLength: 80, size: "max" });

interface Step {
  readonly book: OrderBook;
  readonly command: Command;
  readonly answer: number;
  readonly events: readonly BookEvent[];
  /** Ids of the orders that stood on a side before the command, in the order in which they would trade. */
  readonly queueBefore: (side: number) => number[];
  readonly openBefore: readonly number[];
}

/** Plays the commands and looks at every step. */
function eachStep(look: (step: Step) => void): void {
  fc.assert(
    fc.property(commands, (played) => {
      const book = new OrderBook();
      for (const one of played) {
        const before: [number, number][] = [];
        book.forEachOrder((order, side) => before.push([order, side]));
        const openBefore = openQuantities(book);
        const answer = apply(book, one);
        const queueBefore = (side: number) => before.filter(([, of]) => of === side).map(([order]) => order);
        look({ book, command: one, answer, events: drain(book), queueBefore, openBefore });
      }
    }),
    { numRuns: 300 },
  );
}

function openQuantities(book: OrderBook): number[] {
  return Array.from({ length: ID_MAX + 1 }, (_, of) => book.remaining(of));
}

describe("whatever the commands", () => {
  test("the book is never crossed", () => {
    eachStep(({ book }) => {
      if (book.bestBid() !== 0 && book.bestAsk() !== 0) expect(book.bestBid()).toBeLessThan(book.bestAsk());
    });
  });

  test("no quantity appears or is lost: what was open and came in was traded, ended, taken back, or is open", () => {
    eachStep(({ book, command: one, answer, events, openBefore }) => {
      const expected = [...openBefore];
      if (one.op === "submit" && answer !== REJECTED) expected[one.args[0]] = one.args[5];
      if (one.op === "cancel") expected[one.id]! -= answer;
      if (one.op === "reduce" && answer !== REJECTED) expected[one.id]! -= Math.min(one.by, openBefore[one.id]!);
      if (one.op === "replace" && answer !== REJECTED && one.quantity !== 0) expected[one.id] = one.quantity;
      for (const event of events) {
        if (event.kind === "fill") {
          expected[event.maker]! -= event.quantity;
          expected[event.taker]! -= event.quantity;
        }
        if (event.kind === "ended") expected[event.id]! -= event.quantity;
      }
      expect(openQuantities(book)).toEqual(expected);
    });
  });

  test("an order meets those that stand against it from the front, at no price beyond its limit", () => {
    eachStep(({ command: one, events, queueBefore }) => {
      if (one.op !== "submit" || (one.args[2] !== LIMIT && one.args[2] !== MARKET)) return;
      const [own, side, type, limit] = one.args;
      const triggeredAt = events.findIndex((event) => event.kind === "triggered");
      const first = triggeredAt < 0 ? events : events.slice(0, triggeredAt);
      const met = first.flatMap((event) => (event.kind === "fill" ? [event.maker] : event.kind === "ended" && event.id !== own ? [event.id] : []));
      expect(met).toEqual(queueBefore(side === BUY ? SELL : BUY).slice(0, met.length));
      for (const event of first) {
        if (event.kind !== "fill" || type === MARKET) continue;
        if (side === BUY) expect(event.price).toBeLessThanOrEqual(limit);
        else expect(event.price).toBeGreaterThanOrEqual(limit);
      }
    });
  });

  test("a fill-or-kill order is filled in full or leaves no trace", () => {
    eachStep(({ book, command: one, answer, events }) => {
      if (one.op !== "submit" || one.args[6] !== FOK || one.args[2] > LIMIT || answer === REJECTED) return;
      const filled = events.reduce((sum, event) => (event.kind === "fill" && event.taker === one.args[0] ? sum + event.quantity : sum), 0);
      expect([answer, filled]).toEqual(answer === FILLED ? [FILLED, one.args[5]] : [CANCELED, 0]);
      if (answer === CANCELED) expect(events).toHaveLength(1);
      expect(book.remaining(one.args[0])).toBe(0);
    });
  });

  test("reduce keeps the place in the queue", () => {
    eachStep(({ book, command: one, answer, queueBefore }) => {
      if (one.op !== "reduce" || answer !== OPEN) return;
      for (const side of [BUY, SELL]) {
        const after: number[] = [];
        book.forEachOrder((order, of) => of === side && after.push(order));
        expect(after).toEqual(queueBefore(side));
      }
    });
  });

  test("a stop is triggered once and pending stops are those that no trade has reached", () => {
    eachStep(({ book, events }) => {
      const triggered = events.flatMap((event) => (event.kind === "triggered" ? [event.id] : []));
      expect(new Set(triggered).size).toBe(triggered.length);
      for (const of of triggered) expect(book.isPending(of)).toBe(false);
    });
  });

  test("a book restored from JSON has the same future, queue positions and pending stops included", () => {
    fc.assert(
      fc.property(commands, commands, (past, future) => {
        const book = new OrderBook();
        for (const one of past) apply(book, one);
        book.events.clear();
        const restored = OrderBook.restore(JSON.parse(JSON.stringify(book.snapshot())) as BookSnapshot);
        expect(describeBook(restored, ID_MAX)).toEqual(describeBook(book, ID_MAX));
        for (const one of future) {
          expect([apply(restored, one), drain(restored)]).toEqual([apply(book, one), drain(book)]);
        }
        expect(restored.snapshot()).toEqual(book.snapshot());
      }),
    );
  });
});
