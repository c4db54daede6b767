import { describe, expect, test } from "vitest";
import { quantityOf, quantityToText } from "../../src/money.ts";
import { changesOf, splitOf, type ShareConversion } from "../../src/risk/share-conversions.ts";
import { sessionDateOf, type SessionDate } from "../../src/time.ts";
import type { RunId, Symbol } from "../../src/trade.ts";

const FRIDAY = sessionDateOf("2026-11-20");
const MONDAY = sessionDateOf("2026-11-23");

const split = (symbol: string, ratio: number, on: SessionDate = MONDAY): ShareConversion => splitOf(symbol as Symbol, on, ratio);
const action = (kind: ShareConversion["kind"], symbol: string, becomes: Readonly<Record<string, number>> = {}, on: SessionDate = MONDAY): ShareConversion => ({
  kind, symbol: symbol as Symbol, on, becomes: Object.entries(becomes).map(([name, shares]) => ({ symbol: name as Symbol, shares })),
});
const quantities = (texts: Readonly<Record<string, string>>) => new Map(Object.entries(texts).map(([symbol, text]) => [symbol as Symbol, quantityOf(text)]));

function found(left: Readonly<Record<string, string>>, held: Readonly<Record<string, string>>, conversions: readonly ShareConversion[], today = { date: MONDAY, hasOpened: true }): readonly string[] {
  return changesOf({ since: "the run before" as RunId, left: quantities(left), leftOn: FRIDAY }, quantities(held), conversions, today).map((change) => `${change.symbol} ${quantityToText(change.left)} -> ${quantityToText(change.held)}, expected ${quantityToText(change.expected)}: ${change.found}`);
}

describe("what is held against what was left on Friday", () => {
  test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>, readonly ShareConversion[], readonly string[]]>([
    ["the same is no change", { AAA: "10", BBB: "0" }, { AAA: "10" }, [], []],
    ["another number is unexplained", { AAA: "10" }, { AAA: "12" }, [], ["AAA 10 -> 12, expected 10: unexplained"]],
    ["what is gone is unexplained", { AAA: "10" }, {}, [], ["AAA 10 -> 0, expected 10: unexplained"]],
    ["what was left out is nobody's business", { AAA: "10" }, { AAA: "10", CCC: "5" }, [], []],
    ["a split that is in", { AAA: "10" }, { AAA: "70" }, [split("AAA", 7)], ["AAA 10 -> 70, expected 70: converted"]],
    ["a split that is not in", { AAA: "10", BBB: "3" }, { AAA: "10", BBB: "3" }, [split("AAA", 7)], ["AAA 10 -> 10, expected 70: split-not-applied"]],
    ["a split and a trade that nobody knows of", { AAA: "10" }, { AAA: "75" }, [split("AAA", 7)], ["AAA 10 -> 75, expected 70: unexplained"]],
    ["a split of a symbol that is not held", { AAA: "0" }, {}, [split("AAA", 7)], []],
    ["a reverse split that pays the fraction out", { AAA: "27" }, { AAA: "1" }, [split("AAA", 0.05)], ["AAA 27 -> 1, expected 1.35: converted"]],
    ["a reverse split that keeps the fraction", { AAA: "27" }, { AAA: "1.35" }, [split("AAA", 0.05)], ["AAA 27 -> 1.35, expected 1.35: converted"]],
    ["a whole share too few after a reverse split", { AAA: "41" }, { AAA: "1" }, [split("AAA", 0.05)], ["AAA 41 -> 1, expected 2.05: unexplained"]],
    ["a split of Friday that was in when the run left", { AAA: "70" }, { AAA: "70" }, [split("AAA", 7, FRIDAY)], []],
    ["a split of Friday that was not in yet when the run left", { AAA: "10" }, { AAA: "70" }, [split("AAA", 7, FRIDAY)], ["AAA 10 -> 70, expected 70: converted"]],
    ["two splits", { AAA: "10" }, { AAA: "60" }, [split("AAA", 3, MONDAY), split("AAA", 2, FRIDAY)], ["AAA 10 -> 60, expected 60: converted"]],
    ["a new name", { FB: "10", META: "0" }, { META: "10" }, [action("symbol-change", "FB", { META: 1 })], ["FB 10 -> 0, expected 0: converted", "META 0 -> 10, expected 10: converted"]],
    ["a new name that the strategy does not trade", { FB: "10" }, { META: "10" }, [action("symbol-change", "FB", { META: 1 })], ["FB 10 -> 0, expected 0: converted"]],
    ["a new name that the broker has not taken up", { FB: "10" }, { FB: "10" }, [action("symbol-change", "FB", { META: 1 })], []],
    ["a spin-off that came", { AAA: "10", NEW: "0" }, { AAA: "10", NEW: "5" }, [action("spin-off", "AAA", { AAA: 1, NEW: 0.5 })], ["NEW 0 -> 5, expected 5: converted"]],
    ["a spin-off that is to come", { AAA: "10", NEW: "0" }, { AAA: "10" }, [action("spin-off", "AAA", { AAA: 1, NEW: 0.5 })], []],
    ["a merger into a share that is held already", { AAA: "10", BBB: "4" }, { BBB: "9" }, [action("merger", "AAA", { BBB: 0.5 })], ["AAA 10 -> 0, expected 0: converted", "BBB 4 -> 9, expected 9: converted"]],
    ["a share that is paid out", { AAA: "10" }, {}, [action("merger", "AAA")], ["AAA 10 -> 0, expected 0: converted"]],
    ["two actions of which one came", { AAA: "10", BBB: "4" }, { AAA: "10" }, [action("merger", "AAA"), action("merger", "BBB")], ["BBB 4 -> 0, expected 0: converted"]],
    ["an action of tomorrow", { AAA: "10" }, { AAA: "70" }, [split("AAA", 7, sessionDateOf("2026-11-24"))], ["AAA 10 -> 70, expected 10: unexplained"]],
  ])("%s", (_name, left, held, conversions, changes) => {
    expect(found(left, held, conversions)).toEqual(changes);
  });

  test("before the open of its ex-date a split may be in or not", () => {
    const early = { date: MONDAY, hasOpened: false };
    expect(found({ AAA: "10" }, { AAA: "10" }, [split("AAA", 7)], early)).toEqual([]);
    expect(found({ AAA: "10" }, { AAA: "70" }, [split("AAA", 7)], early)).toEqual(["AAA 10 -> 70, expected 70: converted"]);
  });

  test("of more than five actions that may have happened all are taken to have", () => {
    const symbols = ["A", "B", "C", "D", "E", "F"];
    const each = (text: string) => Object.fromEntries(symbols.map((symbol) => [symbol, text]));
    expect(found(each("10"), {}, symbols.map((symbol) => action("redemption", symbol)))).toHaveLength(6);
    expect(found(each("10"), each("10"), symbols.map((symbol) => action("redemption", symbol)))[0]).toBe("A 10 -> 10, expected 0: unexplained");
  });
});
