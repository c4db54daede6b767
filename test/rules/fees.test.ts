import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { moneyOf, moneyToText, priceOf, quantityOf, type Money } from "../../src/money.ts";
import { catRateOn, FeesOutOfRange, section31RateOn, tafRateOn } from "../../src/rules/fee-rates.ts";
import { accrueFees, expectedFees, feesOfFill, roundUpPerDay, totalFees, type FeeAccrual, type Fees, type FeeScheduleName, type FilledTrade } from "../../src/rules/fees.ts";
import { epochDayOf, sessionDateOf, type EpochDay } from "../../src/time.ts";

const day = (text: string): EpochDay => epochDayOf(sessionDateOf(text));
const trade = (side: "buy" | "sell", quantity: string, price: string, date: string, order = "1"): FilledTrade => ({
  side,
  quantity: quantityOf(quantity),
  price: priceOf(price),
  day: day(date),
  order,
});
const text = (fees: Fees) => `REG ${moneyToText(fees.REG)} TAF ${moneyToText(fees.TAF)} CAT ${moneyToText(fees.CAT)} commission ${moneyToText(fees.commission)}`;

/** Runs the fold and returns what each fill was charged and the accrual after the last. */
function charge(schedule: FeeScheduleName, trades: readonly FilledTrade[]): { charged: Money[]; accrual: FeeAccrual } {
  let accrual: FeeAccrual | undefined;
  const charged = trades.map((filled) => {
    const step = accrueFees(schedule, accrual, filled);
    accrual = JSON.parse(JSON.stringify(step.accrual)) as FeeAccrual;
    return totalFees(step.charged);
  });
  return { charged, accrual: accrual! };
}

describe("the rates by date, both sides of every change", () => {
  const perMillion = (date: string) => {
    const { numerator, denominator } = section31RateOn(day(date));
    return ((numerator / denominator) * 1e6).toFixed(2);
  };
  test.each([
    ["1990-01-01", "33.33"],
    ["2001-12-27", "33.33"],
    ["2001-12-28", "15.00"],
    ["2002-03-31", "15.00"],
    ["2002-04-01", "30.10"],
    ["2003-03-21", "30.10"],
    ["2003-03-22", "25.20"],
    ["2003-03-31", "25.20"],
    ["2003-04-01", "46.80"],
    ["2004-02-21", "46.80"],
    ["2004-02-22", "39.00"],
    ["2004-04-01", "23.40"],
    ["2005-01-07", "32.90"],
    ["2005-04-01", "41.80"],
    ["2005-12-22", "30.70"],
    ["2007-03-16", "30.70"],
    ["2007-03-17", "15.30"],
    ["2008-01-25", "11.00"],
    ["2008-03-31", "11.00"],
    ["2008-04-01", "5.60"],
    ["2009-04-09", "5.60"],
    ["2009-04-10", "25.70"],
    ["2010-01-15", "12.70"],
    ["2010-04-01", "16.90"],
    ["2011-01-21", "19.20"],
    ["2012-02-21", "18.00"],
    ["2012-04-01", "22.40"],
    ["2012-11-15", "22.40"],
    ["2013-05-24", "22.40"],
    ["2013-05-25", "17.40"],
    ["2014-03-17", "17.40"],
    ["2014-03-18", "22.10"],
    ["2015-02-14", "18.40"],
    ["2016-02-16", "21.80"],
    ["2017-07-04", "23.10"],
    ["2018-05-22", "13.00"],
    ["2019-04-16", "20.70"],
    ["2020-02-18", "22.10"],
    ["2021-02-25", "5.10"],
    ["2022-05-14", "22.90"],
    ["2023-02-27", "8.00"],
    ["2024-05-21", "8.00"],
    ["2024-05-22", "27.80"],
    ["2025-05-13", "27.80"],
    ["2025-05-14", "0.00"],
    ["2026-04-03", "0.00"],
    ["2026-04-04", "20.60"],
    ["2026-12-31", "20.60"],
  ])("Section 31 on %s is %s a million", (date, rate) => {
    expect(perMillion(date)).toBe(rate);
  });

  test.each([
    ["1990-01-01", 0, "0"],
    ["2002-09-30", 0, "0"],
    ["2002-10-01", 50_000, "5"],
    ["2003-08-31", 50_000, "5"],
    ["2003-09-01", 100_000, "10"],
    ["2004-11-01", 75_000, "3.75"],
    ["2011-06-30", 75_000, "3.75"],
    ["2011-07-01", 90_000, "4.5"],
    ["2012-03-01", 95_000, "4.75"],
    ["2012-07-01", 119_000, "5.95"],
    ["2022-01-01", 130_000, "6.49"],
    ["2023-01-01", 145_000, "7.27"],
    ["2024-01-01", 166_000, "8.3"],
    ["2026-01-01", 195_000, "9.79"],
    ["2026-09-30", 195_000, "9.79"],
    ["2026-10-01", 0, "0"],
    ["2026-12-31", 0, "0"],
    ["2027-01-01", 195_000, "9.79"],
    ["2028-12-31", 195_000, "9.79"],
  ])("TAF on %s is %i nano-dollars a share, at most %s a trade", (date, nanos, cap) => {
    expect(tafRateOn(day(date))).toEqual({ nanoDollarsPerShare: nanos, capPerTrade: moneyOf(cap) });
  });

  test.each([
    ["2024-08-31", 0],
    ["2024-09-01", 35_000],
    ["2024-10-01", 48_000],
    ["2025-01-01", 53_000],
    ["2025-07-01", 26_500],
    ["2025-11-30", 26_500],
    ["2025-12-01", 0],
    ["2026-04-30", 0],
    ["2026-05-01", 3_000],
    ["2026-12-31", 3_000],
  ])("CAT on %s is %i nano-dollars a share", (date, nanos) => {
    expect(catRateOn(day(date)).nanoDollarsPerShare).toBe(nanos);
  });

  test.each([
    ["SEC Section 31 fee", () => section31RateOn(day("2027-01-01")), "2027-01-01", "1990-01-01 to 2026-12-31"],
    ["SEC Section 31 fee", () => section31RateOn(day("1989-12-31")), "1989-12-31", "1990-01-01 to 2026-12-31"],
    ["FINRA trading activity fee", () => tafRateOn(day("2029-01-01")), "2029-01-01", "1990-01-01 to 2028-12-31"],
    ["Consolidated Audit Trail fee", () => catRateOn(day("2027-01-01")), "2027-01-01", "1990-01-01 to 2026-12-31"],
  ])("outside its table the %s throws, naming date, range and way out", (fee, ask, date, range) => {
    expect(ask).toThrow(FeesOutOfRange);
    expect(ask).toThrow(`no ${fee} is known for ${date}, the table covers ${range}; choose another fee schedule (--fees none or --fees ib)`);
  });
});

describe("alpaca", () => {
  test.each([
    ["the worked example: 1,000 shares at 50 on 2026-11-23", trade("sell", "1000", "50", "2026-11-23"), "REG 1.03 TAF 0 CAT 0.01 commission 0"],
    ["the same before the TAF holiday", trade("sell", "1000", "50", "2026-09-30"), "REG 1.03 TAF 0.2 CAT 0.01 commission 0"],
    ["a buy pays CAT only", trade("buy", "1000", "50", "2026-11-23"), "REG 0 TAF 0 CAT 0.01 commission 0"],
    ["a buy before CAT pays nothing", trade("buy", "1000", "50", "2020-06-01"), "REG 0 TAF 0 CAT 0 commission 0"],
    ["a tiny sale pays a cent a type", trade("sell", "0.000000001", "1", "2026-09-30"), "REG 0 TAF 0.01 CAT 0.01 commission 0"],
    ["a fractional sale", trade("sell", "0.5", "100", "2024-06-03"), "REG 0.01 TAF 0.01 CAT 0 commission 0"],
    ["no fee but Section 31 in 1998: 3,000,000 / 30,000", trade("sell", "30000", "100", "1998-06-01"), "REG 100 TAF 0 CAT 0 commission 0"],
    ["one micro-dollar above a whole cent is the next cent", trade("sell", "1", "300.000001", "1998-06-01"), "REG 0.02 TAF 0 CAT 0 commission 0"],
    ["exactly a whole cent is that cent", trade("sell", "1", "300", "1998-06-01"), "REG 0.01 TAF 0 CAT 0 commission 0"],
    ["TAF just below its cap", trade("sell", "50000", "1", "2024-06-03"), "REG 1.39 TAF 8.3 CAT 0 commission 0"],
    ["TAF at its cap", trade("sell", "1000000", "1", "2024-06-03"), "REG 27.8 TAF 8.3 CAT 0 commission 0"],
  ])("%s", (_, filled, expected) => {
    expect(text(accrueFees("alpaca", undefined, filled).charged)).toBe(expected);
  });

  test("a day's fills are summed by type before they are rounded up", () => {
    // 27.80 a million of 10 x 100 USD is 0.0278; TAF of 10 shares is 0.00166: three and one cents, not ten and ten
    const fills = Array.from({ length: 10 }, (_, i) => trade("sell", "1", "100", "2024-06-03", String(i)));
    const { charged, accrual } = charge("alpaca", fills);
    expect(text(roundUpPerDay("alpaca", accrual))).toBe("REG 0.03 TAF 0.01 CAT 0 commission 0");
    expect(charged.map((amount) => moneyToText(amount)).join(" ")).toBe("0.02 0 0 0.01 0 0 0 0.01 0 0");
  });

  test("the cap of the TAF is one of each fill", () => {
    const { accrual } = charge("alpaca", [trade("sell", "60000", "1", "2024-06-03"), trade("sell", "60000", "1", "2024-06-03"), trade("sell", "100", "1", "2024-06-03")]);
    expect(moneyToText(roundUpPerDay("alpaca", accrual).TAF)).toBe("16.62");
  });

  test("another day starts anew", () => {
    const { charged } = charge("alpaca", [trade("sell", "1", "100", "2024-06-03"), trade("sell", "1", "100", "2024-06-04")]);
    expect(charged.map((amount) => moneyToText(amount))).toEqual(["0.02", "0.02"]);
  });

  test("more shares in a day than a quantity can count", () => {
    const fills = Array.from({ length: 5 }, () => trade("sell", "9000000", "0.01", "2026-05-04"));
    expect(moneyToText(roundUpPerDay("alpaca", charge("alpaca", fills).accrual).CAT)).toBe("135");
  });

  test("the fee of one fill is exact to the micro-dollar", () => {
    expect(text(feesOfFill("alpaca", trade("sell", "1000", "50", "2026-09-30")))).toBe("REG 1.03 TAF 0.195 CAT 0.003 commission 0");
    expect(text(feesOfFill("alpaca", trade("sell", "1000000", "50", "2026-09-30")))).toBe("REG 1030 TAF 9.79 CAT 3 commission 0");
    expect(text(feesOfFill("alpaca", trade("buy", "1000", "50", "2026-09-30")))).toBe("REG 0 TAF 0 CAT 0.003 commission 0");
  });

  test("an unknown day throws rather than guess", () => {
    expect(() => accrueFees("alpaca", undefined, trade("sell", "1", "1", "2027-01-04"))).toThrow(FeesOutOfRange);
    expect(() => expectedFees("alpaca", trade("buy", "1", "1", "1989-12-29"))).toThrow(FeesOutOfRange);
  });

  test("of a day behind the tables a plan takes each table's newest rate, and so does who asks for it", () => {
    // 20.60 USD per million of 50,000; 0.195 for TAF, which is known for 2027; 0.003 for CAT.
    expect(moneyToText(expectedFees("alpaca", trade("sell", "1000", "50", "2027-01-04")))).toBe("1.24");
    expect(text(accrueFees("alpaca", undefined, trade("sell", "1000", "50", "2027-01-04"), "newest").charged)).toBe("REG 1.03 TAF 0.2 CAT 0.01 commission 0");
    expect(text(accrueFees("alpaca", undefined, trade("sell", "1000", "50", "2029-01-02"), "newest").charged)).toBe("REG 1.03 TAF 0.2 CAT 0.01 commission 0");
  });
});

describe("ib", () => {
  test.each([
    ["a share at half a cent", "1000", "50", "5"],
    ["at least a dollar", "100", "50", "1"],
    ["both sides of the minimum", "200", "50", "1"],
    ["just above it", "201", "50", "1.005"],
    ["at most half a per cent, which wins over the minimum", "1", "50", "0.25"],
    ["at most half a per cent of many cheap shares", "10000", "0.5", "25"],
    ["a fraction of a share", "0.123456789", "100", "0.061728"],
  ])("%s", (_, quantity, price, fee) => {
    for (const side of ["buy", "sell"] as const) {
      const filled = trade(side, quantity, price, "2050-01-03");
      expect(text(accrueFees("ib", undefined, filled).charged)).toBe(`REG 0 TAF 0 CAT 0 commission ${fee}`);
      expect(moneyToText(expectedFees("ib", filled))).toBe(fee);
      expect(moneyToText(feesOfFill("ib", filled).commission)).toBe(fee);
    }
  });

  test("fills of one order together cost what the order costs", () => {
    const { charged } = charge("ib", ["1", "99", "100", "100"].map((quantity) => trade("buy", quantity, "50", "2020-06-01")));
    expect(charged.map((amount) => moneyToText(amount))).toEqual(["0.25", "0.75", "0", "0.5"]);
  });

  test("each order has its own minimum", () => {
    const { charged, accrual } = charge("ib", [trade("buy", "10", "50", "2020-06-01", "a"), trade("buy", "10", "50", "2020-06-01", "b"), trade("buy", "10", "50", "2020-06-01", "a")]);
    expect(charged.map((amount) => moneyToText(amount))).toEqual(["1", "1", "0"]);
    expect(moneyToText(totalFees(roundUpPerDay("ib", accrual)))).toBe("2");
  });
});

test("none charges nothing on any day", () => {
  expect(text(accrueFees("none", undefined, trade("sell", "1000", "50", "2050-01-03")).charged)).toBe("REG 0 TAF 0 CAT 0 commission 0");
  expect(expectedFees("none", trade("sell", "1000", "50", "1950-01-03"))).toBe(0);
});

describe("for any fills of a day", () => {
  const fills = fc.array(
    fc.record({
      side: fc.constantFrom("buy" as const, "sell" as const),
      quantity: fc.integer({ min: 1, max: 2_000_000_000_000 }).map((nanos) => quantityOf((nanos / 1e9).toFixed(9))),
      price: fc.integer({ min: 1, max: 100_000 }).map((cents) => priceOf((cents / 100).toFixed(2))),
      day: fc.constant(day("2024-10-15")),
      order: fc.constantFrom("a", "b", "c"),
    }),
    { minLength: 1, maxLength: 12 },
  );
  test.each(["alpaca", "ib"] as const)("%s: no charge is negative and they add up to the day's fees", (schedule) => {
    fc.assert(
      fc.property(fills, (trades) => {
        const { charged, accrual } = charge(schedule, trades);
        expect(Math.min(...charged)).toBeGreaterThanOrEqual(0);
        expect(charged.reduce((sum, amount) => sum + amount, 0)).toBe(totalFees(roundUpPerDay(schedule, accrual)));
      }),
    );
  });

  test("what was expected of each fill alone covers what alpaca charges for all", () => {
    fc.assert(
      fc.property(fills, (trades) => {
        const total = totalFees(roundUpPerDay("alpaca", charge("alpaca", trades).accrual));
        expect(total).toBeLessThanOrEqual(trades.reduce((sum, filled) => sum + expectedFees("alpaca", filled), 0));
      }),
    );
  });
});
