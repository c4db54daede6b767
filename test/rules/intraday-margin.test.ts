import { describe, expect, test } from "vitest";
import { moneyOf, moneyToText } from "../../src/money.ts";
import { deficitOfDay, frozenUntil, intradayMarginLevel, isDisregarded, openDeficit, payDeficits, recordDeficit, worstDeficit } from "../../src/rules/intraday-margin.ts";
import { dateOfEpochDay, epochDayOf, sessionDateOf, type EpochDay } from "../../src/time.ts";

const day = (text: string): EpochDay => epochDayOf(sessionDateOf(text));
const alpaca = { lateDeficitsMax: 1 };

test("the level is equity above maintenance margin, negative when money is missing", () => {
  expect(moneyToText(intradayMarginLevel(moneyOf("10000"), moneyOf("7500")))).toBe("2500");
  expect(moneyToText(intradayMarginLevel(moneyOf("10000"), moneyOf("12500")))).toBe("-2500");
});

describe("the deficit of a day", () => {
  const trade = (before: string, after: string) => ({ before: moneyOf(before), after: moneyOf(after) });
  test.each([
    ["no trade", [], "0"],
    ["levels stay above zero", [trade("1000", "0"), trade("0", "500")], "0"],
    ["the largest of several", [trade("100", "-300"), trade("-300", "-1200"), trade("-1200", "-700")], "1200"],
    ["a fall of prices alone makes none", [trade("-900", "-500")], "0"],
    ["but the next trade that lowers the level does", [trade("-500", "-501")], "501"],
  ])("%s", (_, trades, deficit) => {
    expect(moneyToText(deficitOfDay(trades))).toBe(deficit);
  });

  test("an unknown order of trades is taken at its worst", () => {
    const changes = ["800", "-700", "300", "-600"].map((change) => moneyOf(change));
    expect(moneyToText(worstDeficit(moneyOf("1000"), changes))).toBe("300");
    expect(moneyToText(worstDeficit(moneyOf("2000"), changes))).toBe("0");
    expect(moneyToText(worstDeficit(moneyOf("-50"), [moneyOf("10")]))).toBe("0");
  });

  test.each([
    ["1000", "100000", true],
    ["1000.000001", "100000", false],
    ["500", "10000", true],
    ["500.000001", "10000", false],
    ["0", "-100", true],
    ["0.01", "-100", false],
  ])("a deficit of %s with equity of %s is disregarded: %s", (deficit, equity, expected) => {
    expect(isDisregarded(moneyOf(deficit), moneyOf(equity))).toBe(expected);
  });
});

describe("an open deficit", () => {
  // Thursday 2026-06-11: the fifth business day is 2026-06-18, Juneteenth is none, the fifteenth is 2026-07-06 (07-03 is a holiday)
  const record = recordDeficit([], day("2026-06-11"), moneyOf("5000"), moneyOf("50000"));
  const until = (deficits: typeof record, on: string, settings = alpaca) => {
    const last = frozenUntil(deficits, day(on), settings);
    return last === undefined ? undefined : dateOfEpochDay(last);
  };

  test("a small one is not recorded", () => {
    expect(recordDeficit([], day("2026-06-11"), moneyOf("999"), moneyOf("50000"))).toEqual([]);
  });

  test("stays open through the fifteenth business day", () => {
    expect(moneyToText(openDeficit(record, day("2026-07-06")))).toBe("5000");
    expect(moneyToText(openDeficit(record, day("2026-07-07")))).toBe("0");
  });

  test("freezes the account after the close of the fifth business day, for 90 days", () => {
    expect(until(record, "2026-06-18")).toBeUndefined();
    expect(until(record, "2026-06-19")).toBe("2026-09-16");
    expect(until(record, "2026-09-16")).toBe("2026-09-16");
    expect(until(record, "2026-09-17")).toBeUndefined();
  });

  test("paid by the fifth business day freezes nothing", () => {
    const paid = payDeficits(record, day("2026-06-18"), moneyOf("5000"));
    expect(until(paid, "2026-06-19")).toBeUndefined();
    expect(moneyToText(openDeficit(paid, day("2026-06-19")))).toBe("0");
  });

  test("paid in part is open in part and freezes", () => {
    const paid = payDeficits(record, day("2026-06-12"), moneyOf("4999"));
    expect(moneyToText(openDeficit(paid, day("2026-06-12")))).toBe("1");
    expect(until(paid, "2026-06-19")).toBe("2026-09-16");
  });

  test("paid late does not lift the freeze", () => {
    expect(until(payDeficits(record, day("2026-06-22"), moneyOf("5000")), "2026-06-23")).toBe("2026-09-16");
  });

  test("the oldest is paid first", () => {
    const two = recordDeficit(record, day("2026-06-12"), moneyOf("2000"), moneyOf("50000"));
    expect(payDeficits(two, day("2026-06-15"), moneyOf("6000")).map(({ open }) => moneyToText(open))).toEqual(["0", "1000"]);
  });

  test("where a practice is asked for, one late deficit is none", () => {
    expect(until(record, "2026-06-19", { lateDeficitsMax: 2 })).toBeUndefined();
    const two = recordDeficit(record, day("2026-06-12"), moneyOf("2000"), moneyOf("50000"));
    expect(until(two, "2026-06-22", { lateDeficitsMax: 2 })).toBeUndefined();
    expect(until(two, "2026-06-23", { lateDeficitsMax: 2 })).toBe("2026-09-20");
  });
});
