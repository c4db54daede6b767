import { describe, expect, test } from "vitest";
import { moneyOf, moneyToText, priceOf, quantityOf, quantityToText } from "../../src/money.ts";
import { Ledger } from "../../src/simulator/ledger.ts";
import { epochDayOf, sessionDateOf, type EpochDay } from "../../src/time.ts";
import type { Symbol } from "../../src/trade.ts";

const AAA = "AAA" as Symbol;
const BBB = "BBB" as Symbol;
const day = (date: string): EpochDay => epochDayOf(sessionDateOf(date));

/** `quantity` of AAA bought at `price` with a million in cash. */
function holder(quantity: string, price = "100"): Ledger {
  const ledger = new Ledger(moneyOf("1000000"));
  ledger.applyFill("buy", AAA, quantityOf(quantity), priceOf(price));
  return ledger;
}

const cash = (ledger: Ledger): string => moneyToText(ledger.cash);
const held = (ledger: Ledger): string => quantityToText(ledger.quantityOf(AAA));

describe("fills and fees", () => {
  test("move cash and shares by price times quantity", () => {
    const ledger = holder("2.5", "123.456789");
    expect([cash(ledger), held(ledger)]).toEqual(["999691.358027", "2.5"]); // 308.6419725, to the nearest millionth
    ledger.applyFill("sell", AAA, quantityOf("0.5"), priceOf("200"));
    expect([cash(ledger), held(ledger)]).toEqual(["999791.358027", "2"]);
  });

  test("a position that is sold to nothing is gone", () => {
    const ledger = holder("2");
    ledger.applyFill("sell", AAA, quantityOf("2"), priceOf("100"));
    expect(ledger.positions()).toEqual([]);
    expect(ledger.averageEntryPrice(AAA)).toBe(0);
  });

  test("positions come in the order of their symbols", () => {
    const ledger = new Ledger(moneyOf("1000"));
    for (const symbol of [BBB, AAA]) ledger.applyFill("buy", symbol, quantityOf("1"), priceOf("10"));
    expect(ledger.positions().map(([symbol]) => symbol)).toEqual(["AAA", "BBB"]);
  });

  test("fees leave the cash and are added up", () => {
    const ledger = new Ledger(moneyOf("100"));
    ledger.chargeFee(moneyOf("0.02"));
    ledger.chargeFee(moneyOf("1"));
    expect([cash(ledger), moneyToText(ledger.feesPaid)]).toEqual(["98.98", "1.02"]);
  });

  test("the average entry price is what the shares that are left cost", () => {
    const ledger = holder("10", "100");
    ledger.applyFill("buy", AAA, quantityOf("10"), priceOf("200"));
    expect(ledger.averageEntryPrice(AAA)).toBe(priceOf("150"));
    ledger.applyFill("sell", AAA, quantityOf("15"), priceOf("300"));
    expect(ledger.averageEntryPrice(AAA)).toBe(priceOf("150"));
    ledger.applySplit(AAA, 3, undefined);
    expect(ledger.averageEntryPrice(AAA)).toBe(priceOf("50"));
  });
});

describe("a split", () => {
  test.each([
    // held, ratio, price for cash in lieu where shares are whole, held afterwards, cash afterwards beyond the 1,000,000 less the purchase
    ["10", 4, undefined, "40", "0"],
    ["10", 0.05, undefined, "0.5", "0"],
    ["3", 1.5, undefined, "4.5", "0"],
    ["3", 1.5, "60", "4", "30"],
    ["10", 0.05, "2000", "0", "1000"],
    ["300", 1 / 3, "300", "100", "0"],
    ["7", 4, "25", "28", "0"],
    ["0.000000001", 1.5, undefined, "0.000000002", "0"],
  ])("of %s shares, %d for one, cash in lieu at %s, leaves %s and pays %s", (before, ratio, price, after, paid) => {
    const ledger = holder(before, "0");
    ledger.applySplit(AAA, ratio, price === undefined ? undefined : { price: priceOf(price) });
    expect([held(ledger), cash(ledger)]).toEqual([after, moneyToText(moneyOf(String(1_000_000 + Number(paid))))]);
  });

  test("that pays for a fraction takes its share of the cost away", () => {
    // three shares cost 120; of the four and a half that they become, half a one is paid out
    const ledger = holder("3", "40");
    ledger.applySplit(AAA, 1.5, { price: priceOf("30") });
    expect(ledger.averageEntryPrice(AAA)).toBe(priceOf("26.666667"));
  });

  test("leaves other symbols alone", () => {
    const ledger = holder("10");
    ledger.applySplit(BBB, 2, undefined);
    expect(held(ledger)).toBe("10");
  });
});

describe("a dividend", () => {
  test("is owed from the ex-date and paid on the pay date, or on the first day after it", () => {
    const ledger = holder("10");
    ledger.accrueDividend(AAA, 0.51, day("2026-11-25"));
    expect([cash(ledger), moneyToText(ledger.receivable)]).toEqual(["999000", "5.1"]);
    ledger.payDividendsDue(day("2026-11-24"));
    expect(cash(ledger)).toBe("999000");
    ledger.payDividendsDue(day("2026-11-25"));
    expect([cash(ledger), moneyToText(ledger.receivable)]).toEqual(["999005.1", "0"]);
    ledger.payDividendsDue(day("2026-11-26"));
    expect(cash(ledger)).toBe("999005.1");
  });

  test("is paid later when its day is no session", () => {
    const ledger = holder("10");
    ledger.accrueDividend(AAA, 1, day("2026-11-28"));
    ledger.payDividendsDue(day("2026-11-30"));
    expect(cash(ledger)).toBe("999010");
  });

  test("without a known pay date is paid at once", () => {
    const ledger = holder("10");
    ledger.accrueDividend(AAA, 1, undefined);
    expect([cash(ledger), ledger.receivable]).toEqual(["999010", 0]);
  });

  test("goes to who holds the share, in millionths", () => {
    const ledger = holder("0.333333333");
    ledger.accrueDividend(BBB, 1, undefined);
    expect(cash(ledger)).toBe("999966.666667");
    ledger.accrueDividend(AAA, 0.225, undefined); // 0.074999999925
    expect(cash(ledger)).toBe("999966.741667");
  });

  test("is still owed after the shares are sold", () => {
    const ledger = holder("10");
    ledger.accrueDividend(AAA, 1, day("2026-11-25"));
    ledger.applyFill("sell", AAA, quantityOf("10"), priceOf("100"));
    ledger.payDividendsDue(day("2026-11-25"));
    expect(cash(ledger)).toBe("1000010");
  });
});

test("a ledger restored from JSON is the same ledger", () => {
  const ledger = holder("10");
  ledger.applyFill("buy", BBB, quantityOf("3"), priceOf("7"));
  ledger.chargeFee(moneyOf("0.01"));
  ledger.accrueDividend(AAA, 1, day("2026-11-25"));
  const restored = Ledger.restore(JSON.parse(JSON.stringify(ledger.snapshot())) as ReturnType<Ledger["snapshot"]>);
  expect(restored.snapshot()).toEqual(ledger.snapshot());
  restored.payDividendsDue(day("2026-11-25"));
  expect([cash(restored), cash(ledger)]).toEqual(["998988.99", "998978.99"]);
  expect(restored.averageEntryPrice(BBB)).toBe(priceOf("7"));
});
