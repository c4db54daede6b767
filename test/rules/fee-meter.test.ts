import fc from "fast-check";
import { expect, test } from "vitest";
import { moneyToText, priceOf, quantityOf, type Price, type Quantity } from "../../src/money.ts";
import { FeeMeter } from "../../src/rules/fee-meter.ts";
import { FeesOutOfRange } from "../../src/rules/fee-rates.ts";
import { accrueFees, totalFees, type FeeAccrual, type FeeScheduleName } from "../../src/rules/fees.ts";
import { epochDayOf, sessionDateOf } from "../../src/time.ts";

const DAY = epochDayOf(sessionDateOf("2026-06-10"));
/** Two days before the holiday of the trading activity fee. */
const BEFORE_HOLIDAY = epochDayOf(sessionDateOf("2026-09-29"));
/** Two days before the tables of two fees end. */
const BEFORE_END = epochDayOf(sessionDateOf("2026-12-30"));

const fill = fc.record({
  side: fc.constantFrom("buy" as const, "sell" as const),
  quantity: fc.oneof(fc.integer({ min: 1, max: 400_000 }).map((count) => count * 1e9), fc.integer({ min: 1, max: 5_000_000_000_000 }), fc.integer({ min: 1, max: 3 })).map((nanos) => nanos as Quantity),
  price: fc.oneof(fc.integer({ min: 1, max: 300_000_000 }), fc.integer({ min: 1, max: 30_000 }).map((cents) => cents * 10_000)).map((micros) => micros as Price),
  laterDay: fc.integer({ min: 0, max: 9 }).map((chance) => (chance === 0 ? 1 : 0)),
  isSaved: fc.boolean(),
  order: fc.constantFrom("a", "b"),
});

test.each<FeeScheduleName>(["alpaca", "ib", "none"])("%s: the meter charges each fill what the fold charges, also when it was saved between", (schedule) => {
  fc.assert(
    fc.property(fc.constantFrom(DAY, BEFORE_HOLIDAY, BEFORE_END), fc.array(fill, { minLength: 1, maxLength: 60 }), (first, fills) => {
      let meter = new FeeMeter();
      let accrual: FeeAccrual | undefined;
      let day = first;
      for (const { side, quantity, price, laterDay, isSaved, order } of fills) {
        day = (day + laterDay) as typeof DAY;
        const folded = accrueFees(schedule, accrual, { order, side, quantity, price, day }, "newest");
        accrual = folded.accrual;
        expect(meter.charge(schedule, order, side, quantity, price, day, "newest")).toBe(totalFees(folded.charged));
        if (schedule !== "none") expect(meter.accrual).toEqual(accrual);
        if (isSaved && meter.accrual) meter = new FeeMeter(JSON.parse(JSON.stringify(meter.accrual)) as FeeAccrual);
      }
    }),
    { numRuns: 300 },
  );
});

test("a day's fees rise from cent to cent", () => {
  const meter = new FeeMeter();
  const charged = [1, 2, 3].map(() => moneyToText(meter.charge("alpaca", "a", "sell", quantityOf("20"), priceOf("10"), DAY)));
  expect(charged).toEqual(["0.03", "0", "0.02"]);
});

test("a day beyond the tables is refused", () => {
  expect(() => new FeeMeter().charge("alpaca", "a", "buy", quantityOf("1"), priceOf("1"), epochDayOf(sessionDateOf("2027-01-04")))).toThrow(FeesOutOfRange);
});
