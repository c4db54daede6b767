import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { moneyOf, moneyToText, shares, ZERO_QUANTITY, type Money, type Quantity } from "../../src/money.ts";
import {
  applyCash,
  applyTrade,
  cashAccountPolicySchema,
  countViolations,
  openSettledCash,
  restrictedUntil,
  settleThrough,
  spendableCash,
  totalCash,
  violationOfSale,
  type CashTrade,
  type SettledCash,
} from "../../src/rules/settled-cash.ts";
import { dateOfEpochDay, epochDayOf, sessionDateOf, type EpochDay } from "../../src/time.ts";

const day = (text: string): EpochDay => epochDayOf(sessionDateOf(text));
const policy = cashAccountPolicySchema.parse({});

/** "2026-03-02 sell 10 A 1000" (ten shares for 1,000 USD) or "2026-03-02 cash -5". Shares held are kept beside. */
function play(opening: string, held: Record<string, number>, lines: readonly string[]): SettledCash {
  const position = new Map(Object.entries(held).map(([symbol, count]) => [symbol, shares(count)]));
  return lines.reduce<SettledCash>((cash, line) => {
    const [date, what, count, symbol, value] = line.split(" ");
    if (what === "cash") return applyCash(cash, moneyOf(count!), day(date!));
    const before = position.get(symbol!) ?? ZERO_QUANTITY;
    const quantity = shares(Number(count));
    position.set(symbol!, (what === "buy" ? before + quantity : before - quantity) as Quantity);
    return applyTrade(cash, { side: what as "buy" | "sell", symbol: symbol!, quantity, value: moneyOf(value!), day: day(date!), held: before });
  }, openSettledCash(moneyOf(opening)));
}

const kinds = (cash: SettledCash) => cash.violations.map(({ kind, symbol, day: on }) => `${kind} ${symbol} ${dateOfEpochDay(on)}`);

describe("violations", () => {
  // 2026-03-02 is a Monday of the T+1 years, 2020-03-02 one of T+2
  test.each<[string, string, Record<string, number>, string[], string[]]>([
    ["bought with unsettled proceeds and sold on the same day", "0", { A: 10 }, ["2026-03-02 sell 10 A 1000", "2026-03-02 buy 10 B 1000", "2026-03-02 sell 10 B 1000"], ["good-faith B 2026-03-02"]],
    ["sold when the proceeds have settled", "0", { A: 10 }, ["2026-03-02 sell 10 A 1000", "2026-03-02 buy 10 B 1000", "2026-03-03 sell 10 B 1000"], []],
    ["T+2: bought a day after the sale, sold before it settles", "0", { A: 10 }, ["2020-03-02 sell 10 A 1000", "2020-03-03 buy 10 B 1000", "2020-03-03 sell 10 B 1000"], ["good-faith B 2020-03-03"]],
    ["T+2: the same, sold on the settlement day", "0", { A: 10 }, ["2020-03-02 sell 10 A 1000", "2020-03-03 buy 10 B 1000", "2020-03-04 sell 10 B 1000"], []],
    ["settled cash covers only a part of the purchase", "1000", { A: 90 }, ["2026-03-02 sell 90 A 9000", "2026-03-02 buy 15 B 1500", "2026-03-02 sell 15 B 1500"], ["good-faith B 2026-03-02"]],
    ["settled cash covers all of it", "1500", { A: 90 }, ["2026-03-02 sell 90 A 9000", "2026-03-02 buy 15 B 1500", "2026-03-02 sell 15 B 1500"], []],
    ["bought with nothing and sold to pay for it", "0", {}, ["2026-03-02 buy 50 B 5000", "2026-03-02 sell 50 B 5000"], ["freeriding B 2026-03-02"]],
    ["bought with nothing, sold days later and still unpaid", "0", {}, ["2026-03-02 buy 50 B 5000", "2026-03-06 sell 50 B 5000"], ["freeriding B 2026-03-06"]],
    ["bought with nothing but paid before it is sold", "0", {}, ["2026-03-02 buy 50 B 5000", "2026-03-03 cash 5000", "2026-03-03 sell 50 B 5000"], []],
    ["other shares sold on a later day pay for the purchase", "0", { A: 50 }, ["2026-03-02 buy 50 B 5000", "2026-03-03 sell 50 A 5000"], ["liquidation A 2026-03-03"]],
    ["other shares sold on the same day settle in time", "0", { A: 50 }, ["2026-03-02 buy 50 B 5000", "2026-03-02 sell 50 A 5000"], []],
    ["older shares of the symbol are sold first", "1000", { A: 10, B: 5 }, ["2026-03-02 sell 10 A 1000", "2026-03-02 buy 20 B 2000", "2026-03-02 sell 5 B 500"], []],
    ["older shares of the symbol are not enough", "1000", { A: 10, B: 5 }, ["2026-03-02 sell 10 A 1000", "2026-03-02 buy 20 B 2000", "2026-03-02 sell 6 B 600"], ["good-faith B 2026-03-02"]],
    ["a later purchase with settled cash does not stand before", "0", { A: 10 }, ["2026-03-02 sell 10 A 1000", "2026-03-02 buy 10 B 1000", "2026-03-02 cash 500", "2026-03-02 buy 5 B 500", "2026-03-02 sell 5 B 500"], ["good-faith B 2026-03-02"]],
    ["each sale counts once", "0", { A: 10 }, ["2026-03-02 sell 10 A 1000", "2026-03-02 buy 10 B 1000", "2026-03-02 sell 4 B 400", "2026-03-02 sell 6 B 600"], ["good-faith B 2026-03-02", "good-faith B 2026-03-02"]],
  ])("%s", (_, opening, held, lines, expected) => {
    expect(kinds(play(opening, held, lines))).toEqual(expected);
  });

  test("a sale can be asked about before it is made", () => {
    const cash = play("0", { A: 10 }, ["2026-03-02 sell 10 A 1000", "2026-03-02 buy 10 B 1000"]);
    const sale: CashTrade = { side: "sell", symbol: "B", quantity: shares(10), value: moneyOf("1000"), day: day("2026-03-02"), held: shares(10) };
    expect(violationOfSale(cash, sale)).toBe("good-faith");
    expect(violationOfSale(settleThrough(cash, day("2026-03-03")), { ...sale, day: day("2026-03-03") })).toBeUndefined();
    expect(violationOfSale(settleThrough(cash, day("2026-03-03")), { ...sale, day: day("2026-03-03") }, { forceCycle: 2 })).toBeUndefined();
  });

  test("the forced cycle decides when proceeds settle", () => {
    const trades: CashTrade[] = [
      { side: "sell", symbol: "A", quantity: shares(10), value: moneyOf("1000"), day: day("2026-03-02"), held: shares(10) },
      { side: "buy", symbol: "B", quantity: shares(10), value: moneyOf("1000"), day: day("2026-03-03"), held: ZERO_QUANTITY },
      { side: "sell", symbol: "B", quantity: shares(10), value: moneyOf("1000"), day: day("2026-03-03"), held: shares(10) },
    ];
    const violationsWith = (forceCycle?: 1 | 2) =>
      trades.reduce((cash, trade) => applyTrade(cash, trade, forceCycle === undefined ? {} : { forceCycle }), openSettledCash(moneyOf("0"))).violations.length;
    expect([violationsWith(), violationsWith(1), violationsWith(2)]).toEqual([0, 0, 1]);
  });
});

describe("settled and unsettled cash by date", () => {
  const amounts = (cash: SettledCash, on: string) => {
    const today = settleThrough(cash, day(on));
    return [moneyToText(today.settled), ...today.pending.map(({ settles, amount }) => `${dateOfEpochDay(settles)} ${moneyToText(amount)}`)];
  };

  test("proceeds wait for their settlement day", () => {
    const cash = play("100", { A: 10 }, ["2020-03-02 sell 4 A 400", "2020-03-03 sell 6 A 600"]);
    expect(amounts(cash, "2020-03-03")).toEqual(["100", "2020-03-04 400", "2020-03-05 600"]);
    expect(amounts(cash, "2020-03-04")).toEqual(["500", "2020-03-05 600"]);
    expect(amounts(cash, "2020-03-05")).toEqual(["1100"]);
  });

  test("across the change of 2017-09-05 two sales settle together", () => {
    const cash = play("0", { A: 10 }, ["2017-09-01 sell 4 A 400", "2017-09-05 sell 6 A 600"]);
    expect(amounts(cash, "2017-09-06")).toEqual(["0", "2017-09-07 1000"]);
    expect(amounts(cash, "2017-09-07")).toEqual(["1000"]);
  });

  test("across the change of 2024-05-28 as well", () => {
    const cash = play("0", { A: 10 }, ["2024-05-24 sell 4 A 400", "2024-05-28 sell 6 A 600"]);
    expect(amounts(cash, "2024-05-28")).toEqual(["0", "2024-05-29 1000"]);
    expect(amounts(cash, "2024-05-29")).toEqual(["1000"]);
  });

  test("across the change of 1995 a later sale settles first", () => {
    const cash = play("0", { A: 10 }, ["1995-06-06 sell 4 A 400", "1995-06-07 sell 6 A 600"]);
    expect(amounts(cash, "1995-06-11")).toEqual(["0", "1995-06-12 600", "1995-06-13 400"]);
    expect(amounts(cash, "1995-06-12")).toEqual(["600", "1995-06-13 400"]);
  });

  test("a purchase takes settled cash first, then what settles next", () => {
    const cash = play("100", { A: 10 }, ["2020-03-02 sell 4 A 400", "2020-03-03 sell 6 A 600", "2020-03-03 buy 7 B 700"]);
    expect(amounts(cash, "2020-03-03")).toEqual(["0", "2020-03-05 400"]);
    expect(moneyToText(totalCash(cash))).toBe("400");
  });

  test("what a purchase lacks is owed and paid from the next proceeds", () => {
    const cash = play("100", { A: 10 }, ["2026-03-02 buy 5 B 500", "2026-03-02 sell 10 A 1000"]);
    expect(amounts(cash, "2026-03-02")).toEqual(["0", "2026-03-03 600"]);
    expect(cash.unpaid).toEqual([]);
  });

  test("fees and dividends are settled at once", () => {
    expect(amounts(play("100", {}, ["2026-03-02 cash -0.03", "2026-03-03 cash 5"]), "2026-03-03")).toEqual(["104.97"]);
  });

  test("the value survives JSON", () => {
    const cash = play("100", { A: 10 }, ["2020-03-02 sell 4 A 400", "2020-03-02 buy 5 B 490"]);
    expect(JSON.parse(JSON.stringify(cash))).toEqual(cash);
  });
});

describe("the restriction", () => {
  const goodFaith = (date: string) => ["sell 1 A 100", "buy 1 B 100", "sell 1 B 100", "buy 1 A 100"].map((line) => `${date} ${line}`);
  const until = (cash: SettledCash, on: string, changes: Partial<typeof policy> = {}) => {
    const last = restrictedUntil(cash, day(on), { ...policy, ...changes });
    return last === undefined ? undefined : dateOfEpochDay(last);
  };

  test("the third good-faith violation within twelve months restricts for 90 days", () => {
    const cash = play("0", { A: 1 }, ["2025-03-03", "2025-09-02", "2026-03-02"].flatMap(goodFaith));
    expect(kinds(cash).length).toBe(3);
    expect(until(cash, "2026-03-01")).toBeUndefined();
    expect(until(cash, "2026-03-02")).toBe("2026-05-31");
    expect(until(cash, "2026-05-31")).toBe("2026-05-31");
    expect(until(cash, "2026-06-01")).toBeUndefined();
  });

  test("a violation of twelve months ago no longer counts", () => {
    const cash = play("0", { A: 1 }, ["2025-03-03", "2025-09-02", "2026-03-03"].flatMap(goodFaith));
    expect(countViolations(cash.violations, "good-faith", day("2026-03-02"))).toBe(2);
    expect(countViolations(cash.violations, "good-faith", day("2026-03-03"))).toBe(2);
    expect(until(cash, "2026-03-03")).toBeUndefined();
  });

  test("the thresholds and the days are settings", () => {
    const cash = play("0", { A: 1 }, ["2025-09-02", "2026-03-02"].flatMap(goodFaith));
    expect(until(cash, "2026-03-02")).toBeUndefined();
    expect(until(cash, "2026-03-02", { goodFaithMax: 2, restrictionDays: 10 })).toBe("2026-03-12");
    expect(until(cash, "2026-03-02", { goodFaithMax: 4 })).toBeUndefined();
  });

  test("one freeriding restricts", () => {
    const cash = play("0", {}, ["2026-03-02 buy 50 B 5000", "2026-03-02 sell 50 B 5000"]);
    expect(until(cash, "2026-03-02")).toBe("2026-05-31");
    expect(until(cash, "2026-03-02", { freeridingMax: 2 })).toBeUndefined();
  });

  test("kinds are counted apart", () => {
    const liquidation = ["2026-03-02 buy 50 B 5000", "2026-03-03 sell 50 A 5000"];
    const cash = play("0", { A: 50 }, [...liquidation, "2026-03-05 sell 1 B 100", "2026-03-05 buy 1 C 100", "2026-03-05 sell 1 C 100"]);
    expect(kinds(cash)).toEqual(["liquidation A 2026-03-03", "good-faith C 2026-03-05"]);
    expect(until(cash, "2026-03-05", { liquidationMax: 2, goodFaithMax: 2 })).toBeUndefined();
    expect(until(cash, "2026-03-05", { liquidationMax: 1, goodFaithMax: 2 })).toBe("2026-06-01");
  });

  test("a restricted account spends settled cash only", () => {
    const cash = play("100", { A: 10 }, ["2026-03-02 buy 50 B 5000", "2026-03-02 sell 50 B 5000", "2026-03-03 sell 10 A 1000"]);
    const spendable = (on: string, changes: Partial<typeof policy> = {}) => moneyToText(spendableCash(cash, day(on), { ...policy, ...changes }));
    expect(spendable("2026-03-03")).toBe("100");
    expect(spendable("2026-03-03", { freeridingMax: 2 })).toBe("1100");
    expect(spendable("2026-03-04")).toBe("1100");
  });

  test.each([{ goodFaithMax: 0 }, { goodFaithMax: 1.5 }, { restrictionDays: -1 }, { goodfaithMax: 3 }])("the policy %j is refused", (input) => {
    expect(cashAccountPolicySchema.safeParse(input).success).toBe(false);
  });
});

test("whatever is traded, settled and pending less owed cash is what came in less what went out", () => {
  const days = ["2024-05-23", "2024-05-24", "2024-05-28", "2024-05-29", "2024-05-30"].map(day);
  const step = fc.record({ advance: fc.boolean(), side: fc.constantFrom("buy" as const, "sell" as const), symbol: fc.constantFrom("A", "B"), count: fc.integer({ min: 1, max: 20 }), cents: fc.integer({ min: 1, max: 50_000 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
      let cash = openSettledCash(moneyOf("100"));
      let total = 100_000_000;
      let at = 0;
      const held = new Map<string, number>([["A", 100]]);
      for (const { advance, side, symbol, count, cents } of steps) {
        if (advance && at < days.length - 1) at += 1;
        const before = held.get(symbol) ?? 0;
        if (side === "sell" && before < count) continue;
        held.set(symbol, side === "buy" ? before + count : before - count);
        const value = (cents * 10_000 * count) as Money;
        total += side === "buy" ? 0 - value : value;
        cash = applyTrade(cash, { side, symbol, quantity: shares(count), value, day: days[at]!, held: shares(before) });
        expect(totalCash(cash)).toBe(total);
        expect(cash.settled).toBeGreaterThanOrEqual(0);
        expect(cash.pending.every(({ amount }) => amount > 0) && cash.unpaid.every(({ amount }) => amount > 0)).toBe(true);
      }
    }),
  );
});
