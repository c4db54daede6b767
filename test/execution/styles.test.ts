import { describe, expect, test } from "vitest";
import { nextAction, type WorkedStyle } from "../../src/execution/execution.ts";
import type { Action, Child, Situation } from "../../src/execution/situation.ts";
import { styleNamed } from "../../src/execution/style-settings.ts";
import { expectedVolumeShare } from "../../src/execution/time-slices.ts";
import { moneyOf, moneyToText, priceOf, quantityToText, shares, ZERO_QUANTITY } from "../../src/money.ts";
import { instantOf, isoOf, plusMs, type Instant } from "../../src/time.ts";

const OPEN = instantOf("2026-11-23T09:30:00-05:00");
const CLOSE = instantOf("2026-11-23T16:00:00-05:00");
const TEN = instantOf("2026-11-23T10:00:00-05:00");

const minutes = (count: number): Instant => plusMs(TEN, count * 60_000);

/** A hundred shares to buy, bid 99.90 and ask 100.10, planned at ten, no worse than 101. */
function situation(overrides: Partial<Situation> = {}): Situation {
  return {
    intent: { side: "buy", quantity: shares(100), priceBound: priceOf("101") },
    plannedAt: TEN,
    now: TEN,
    opensAt: OPEN,
    closesAt: CLOSE,
    quote: { bid: priceOf("99.90"), ask: priceOf("100.10"), at: TEN },
    dailyVolatility: undefined,
    averageVolume: undefined,
    wholeShares: false,
    orderNotionalMin: moneyOf("1"),
    filled: ZERO_QUANTITY,
    working: undefined,
    ended: [],
    ...overrides,
  };
}

const child = (step: number, plannedAt: Instant): Child => ({ step, plannedAt });
const children = (count: number): readonly Child[] => Array.from({ length: count }, (_, step) => child(step, TEN));

/** "buy 100 at 100.00", "wait until …", "cancel", "done: …". */
function said(action: Action): string {
  switch (action.kind) {
    case "submit":
      return `${quantityToText(action.quantity)} at ${moneyToText(action.limit)} ${action.timeInForce}`;
    case "wait":
      return `wait until ${isoOf(action.until).slice(11, 19)}`;
    case "cancel":
      return "cancel";
    case "done":
      return `done: ${action.why}`;
  }
}

const style = (name: Parameters<typeof styleNamed>[0], settings: object = {}): WorkedStyle => ({ ...(styleNamed(name) as WorkedStyle), ...settings });

describe("every style", () => {
  const names = ["walk-the-book", "twap", "vwap", "at-open", "at-close"] as const;

  test.each(names)("%s is done when everything is filled", (name) => {
    expect(said(nextAction(style(name), situation({ filled: shares(100) })))).toBe("done: filled");
  });

  test.each(["walk-the-book", "twap", "vwap", "at-open"] as const)("%s takes its order back when the session closes, and then gives up", (name) => {
    expect(said(nextAction(style(name), situation({ now: CLOSE, working: child(0, TEN) })))).toBe("cancel");
    expect(said(nextAction(style(name), situation({ now: CLOSE, ended: children(1) })))).toBe("done: the session has closed");
  });

  test.each(["walk-the-book", "twap", "vwap"] as const)("%s decides nothing without a quote", (name) => {
    expect(said(nextAction(style(name), situation({ quote: undefined })))).toBe("wait until 15:00:05");
  });
});

describe("walk-the-book", () => {
  const walk = style("walk-the-book");

  test.each([
    [0, "100 at 100 day"],
    [1, "100 at 100.05 day"],
    [2, "100 at 100.1 day"],
    [3, "100 at 100.2 day"], // the ask and ten basis points
    [4, "done: not filled after 4 steps"],
  ])("a buy, after %i steps: %s", (steps, action) => {
    expect(said(nextAction(walk, situation({ ended: children(steps) })))).toBe(action);
  });

  test.each([
    [0, "100 at 100 day"],
    [1, "100 at 99.95 day"],
    [2, "100 at 99.9 day"],
    [3, "100 at 99.81 day"], // 99.8001 is between ticks, and a sell is rounded up
  ])("a sell, after %i steps: %s", (steps, action) => {
    expect(said(nextAction(walk, situation({ intent: { side: "sell", quantity: shares(100), priceBound: priceOf("99") }, ended: children(steps) })))).toBe(action);
  });

  test("a step is for what is left", () => {
    expect(said(nextAction(walk, situation({ filled: shares(37), ended: children(1) })))).toBe("63 at 100.05 day");
  });

  test("no step goes beyond the reviewed bound", () => {
    const intent = { side: "buy", quantity: shares(100), priceBound: priceOf("100.02") } as const;
    expect([0, 1, 2, 3].map((steps) => said(nextAction(walk, situation({ intent, ended: children(steps) }))))).toEqual(["100 at 100 day", "100 at 100.02 day", "100 at 100.02 day", "100 at 100.02 day"]);
  });

  test("a step looks at the quote of its own moment", () => {
    const quote = { bid: priceOf("100.20"), ask: priceOf("100.30"), at: TEN };
    expect(said(nextAction(walk, situation({ quote, ended: children(2) })))).toBe("100 at 100.3 day");
  });

  test.each<[string, string, number | undefined, string]>([
    // (0.001 / 0.02)^2 x 23,400 s = 58.5 s
    ["a spread of 20 basis points at 2 % a day", "100.10", 0.02, "wait until 15:00:58"],
    // a tenth of the spread waits a hundredth as long, and at least five seconds
    ["a spread of 2 basis points at 2 % a day", "99.92", 0.02, "wait until 15:00:05"],
    ["a nervous market", "100.10", 0.05, "wait until 15:00:09"],
    ["a quiet market waits for the longest", "100.10", 0.001, "wait until 15:01:00"],
    ["an unknown one too", "100.10", undefined, "wait until 15:01:00"],
  ])("patience: %s", (_, ask, dailyVolatility, action) => {
    expect(said(nextAction(walk, situation({ quote: { bid: priceOf("99.90"), ask: priceOf(ask), at: TEN }, dailyVolatility, working: child(0, TEN) })))).toBe(action);
  });

  test("patience ends in a cancel", () => {
    expect(said(nextAction(walk, situation({ now: minutes(1), working: child(0, TEN) })))).toBe("cancel");
  });
});

describe("twap", () => {
  const twap = style("twap", { minutes: 30, slices: 6 });

  test("a sixth at once, and the next five minutes later", () => {
    expect(said(nextAction(twap, situation()))).toBe("16.666666666 at 100.2 day");
    expect(said(nextAction(twap, situation({ working: child(0, TEN) })))).toBe("wait until 15:05:00");
  });

  test("a slice that has ended waits for the next; what it did not get is carried over", () => {
    expect(said(nextAction(twap, situation({ now: minutes(1), filled: shares(10), ended: children(1) })))).toBe("wait until 15:05:00");
    expect(said(nextAction(twap, situation({ now: minutes(5), filled: shares(10), ended: children(1) })))).toBe("23.333333333 at 100.2 day");
  });

  test("an order of the slice before is taken back first", () => {
    expect(said(nextAction(twap, situation({ now: minutes(5), working: child(0, TEN) })))).toBe("cancel");
  });

  test("slices that were slept through are made up for", () => {
    expect(said(nextAction(twap, situation({ now: minutes(16), filled: shares(10), ended: children(1) })))).toBe("56.666666666 at 100.2 day");
  });

  test("the last slice is for all that is left, until the time is over", () => {
    expect(said(nextAction(twap, situation({ now: minutes(25), filled: shares(80), ended: children(5) })))).toBe("20 at 100.2 day");
    expect(said(nextAction(twap, situation({ now: minutes(26), working: child(5, minutes(25)) })))).toBe("wait until 15:30:00");
    expect(said(nextAction(twap, situation({ now: minutes(30), working: child(5, minutes(25)) })))).toBe("cancel");
    expect(said(nextAction(twap, situation({ now: minutes(30), filled: shares(90), ended: children(6) })))).toBe("done: the last slice has ended");
  });

  test("whole shares are kept whole", () => {
    expect(said(nextAction(twap, situation({ wholeShares: true })))).toBe("16 at 100.2 day");
  });

  test("a slice too small to send alone joins the next, and the last goes out however small", () => {
    const intent = { side: "buy", quantity: shares(1), priceBound: priceOf("101") } as const;
    const few = { intent, orderNotionalMin: moneyOf("20") };
    expect(said(nextAction(twap, situation(few)))).toBe("wait until 15:05:00");
    expect(said(nextAction(twap, situation({ ...few, now: minutes(5) })))).toBe("0.333333333 at 100.2 day");
    expect(said(nextAction(twap, situation({ ...few, now: minutes(25), filled: 900_000_000 as typeof ZERO_QUANTITY })))).toBe("0.1 at 100.2 day");
  });

  test("no slice takes more than its share of the expected volume", () => {
    // The five minutes from ten are 1.87 % of a session's expected volume; a tenth of 1.87 % of 5,000 shares is 9.
    expect(said(nextAction(twap, situation({ averageVolume: 5_000 })))).toBe("9 at 100.2 day");
    expect(said(nextAction(twap, situation({ averageVolume: 5_000_000 })))).toBe("16.666666666 at 100.2 day");
  });

  test("near the close the slices are shorter, and end a minute before it", () => {
    const plannedAt = instantOf("2026-11-23T15:49:00-05:00");
    expect(said(nextAction(twap, situation({ plannedAt, now: plannedAt, working: child(0, plannedAt) })))).toBe("wait until 20:50:40");
  });

  test("what is planned in the last minute goes out at once", () => {
    const plannedAt = instantOf("2026-11-23T15:59:30-05:00");
    expect(said(nextAction(twap, situation({ plannedAt, now: plannedAt })))).toBe("100 at 100.2 day");
    expect(said(nextAction(twap, situation({ plannedAt, now: plannedAt, ended: [child(5, plannedAt)] })))).toBe("done: the last slice has ended");
  });
});

describe("vwap", () => {
  test("the expected volume of a session, from the open to its end", () => {
    expect([0, 0.25, 0.5, 0.75, 1].map((time) => Number(expectedVolumeShare(time).toFixed(4)))).toEqual([0, 0.325, 0.5, 0.675, 1]);
  });

  test("more at the ends of a session than in its middle", () => {
    const day = style("vwap", { minutes: 390, slices: 3 });
    const first = situation({ plannedAt: OPEN, now: OPEN });
    // Thirds of the session to its last minute: 39 %, 21 % and 39 % of the volume.
    expect(said(nextAction(day, first))).toBe("39.377645352 at 100.2 day");
  });
});

describe("auctions", () => {
  const early = instantOf("2026-11-23T09:00:00-05:00");
  const late = instantOf("2026-11-23T15:30:00-05:00");

  test("one order for the auction, at the reviewed bound, in whole shares", () => {
    const intent = { side: "buy", quantity: shares(7.5), priceBound: priceOf("101") } as const;
    expect(said(nextAction(style("at-open"), situation({ intent, plannedAt: early, now: early })))).toBe("7 at 101 opg");
    expect(said(nextAction(style("at-close"), situation({ intent, plannedAt: late, now: late })))).toBe("7 at 101 cls");
  });

  test("none from the cut-off on", () => {
    expect(said(nextAction(style("at-open"), situation({ now: instantOf("2026-11-23T09:27:59.999-05:00") })))).toBe("100 at 101 opg");
    expect(said(nextAction(style("at-open"), situation({ now: instantOf("2026-11-23T09:28:00-05:00") })))).toBe("done: the cut-off for orders has passed");
    expect(said(nextAction(style("at-close"), situation({ now: instantOf("2026-11-23T15:50:00-05:00") })))).toBe("done: the cut-off for orders has passed");
  });

  test("a half day has its cut-off at 12:50", () => {
    const halfDay = { opensAt: instantOf("2026-11-27T09:30:00-05:00"), closesAt: instantOf("2026-11-27T13:00:00-05:00") };
    expect(said(nextAction(style("at-close"), situation({ ...halfDay, now: instantOf("2026-11-27T12:49:00-05:00") })))).toBe("100 at 101 cls");
    expect(said(nextAction(style("at-close"), situation({ ...halfDay, now: instantOf("2026-11-27T12:50:00-05:00") })))).toBe("done: the cut-off for orders has passed");
  });

  test("waits for the auction, then for its result, and gives up the rest", () => {
    expect(said(nextAction(style("at-close"), situation({ now: late, working: child(0, late) })))).toBe("wait until 21:00:00");
    expect(said(nextAction(style("at-close"), situation({ now: plusMs(CLOSE, 1_000), working: child(0, late) })))).toBe("wait until 21:10:00");
    expect(said(nextAction(style("at-close"), situation({ now: plusMs(CLOSE, 600_000), working: child(0, late) })))).toBe("cancel");
    expect(said(nextAction(style("at-close"), situation({ now: CLOSE, filled: shares(40), ended: [child(0, late)] })))).toBe("done: the auction left the rest");
  });

  test("a fraction of a share has no auction", () => {
    expect(said(nextAction(style("at-open"), situation({ intent: { side: "sell", quantity: 500_000_000 as typeof ZERO_QUANTITY, priceBound: priceOf("99") }, now: early })))).toBe("done: an auction takes no fraction of a share");
  });
});
