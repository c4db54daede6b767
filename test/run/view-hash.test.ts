import { describe, expect, test } from "vitest";
import { hashOfView } from "../../src/run/view-hash.ts";
import { instantOf, sessionDateOf } from "../../src/time.ts";
import type { Bars, MarketView, Symbol } from "../../src/trade.ts";

const closes = (...close: number[]): Bars => ({ kind: "close-only", days: Int32Array.from(close, (_, i) => 18263 + i), close: Float64Array.from(close) });
const column = (value: number): Float64Array => Float64Array.of(value);
const ohlcv = (close: number, volume = 1000): Bars => ({ kind: "ohlcv", days: Int32Array.of(18263), open: column(1), high: column(9), low: column(1), close: column(close), volume: column(volume) });

function viewOf(bars: Record<string, Bars>, over: Partial<MarketView> = {}): MarketView {
  return {
    asOf: instantOf("2020-01-06T21:00:00Z"),
    session: sessionDateOf("2020-01-06"),
    symbols: Object.keys(bars) as Symbol[],
    source: "files:00",
    adjustment: "raw",
    bars: (symbol) => bars[symbol]!,
    ...over,
  };
}

const one = viewOf({ AAA: closes(100, 101) });

describe("the hash of a view", () => {
  test("is the same for the same bars seen at another time, from another source, in another buffer", () => {
    const long = closes(99, 100, 101, 102);
    const cut: Bars = { kind: "close-only", days: Int32Array.of(0, 18263, 18264, 0).subarray(1, 3), close: long.close.subarray(1, 3) };
    expect(hashOfView(viewOf({ AAA: cut }, { asOf: instantOf("2020-01-07T14:35:00Z"), source: "alpaca:iex" }))).toBe(hashOfView(one));
  });
  test("is SHA-256 of the header and the little-endian columns, so that it can be checked by other means", () => {
    // printf '["raw",[["AAA","close-only",1]]]\x57\x47\x00\x00\x00\x00\x00\x00\x00\x00\x59\x40' | sha256sum
    expect(hashOfView(viewOf({ AAA: closes(100) }))).toBe("1f867a0f742bbf618303fb625fce7f554cf5918d2e6639c2fc5048f6056f0348");
  });
  test.each([
    ["a close that differs in the last bit", viewOf({ AAA: closes(100, 101.00000000000001) })],
    ["a missing bar", viewOf({ AAA: closes(100) })],
    ["another day", viewOf({ AAA: { ...closes(100, 101), days: Int32Array.of(18263, 18265) } })],
    ["another symbol", viewOf({ BBB: closes(100, 101) })],
    ["a further symbol without bars", viewOf({ AAA: closes(100, 101), BBB: closes() })],
    ["another adjustment", viewOf({ AAA: closes(100, 101) }, { adjustment: "split-and-dividend" })],
  ])("differs for %s", (_, other) => expect(hashOfView(other)).not.toBe(hashOfView(one)));
  test("covers volumes and the order of symbols", () => {
    expect(hashOfView(viewOf({ AAA: ohlcv(5) }))).not.toBe(hashOfView(viewOf({ AAA: ohlcv(5, 1001) })));
    expect(hashOfView(viewOf({ AAA: ohlcv(5), BBB: ohlcv(6) }))).not.toBe(hashOfView(viewOf({ BBB: ohlcv(6), AAA: ohlcv(5) })));
  });
  test("tells where one symbol's bars end and the next one's begin", () => {
    expect(hashOfView(viewOf({ AAA: closes(1, 2), BBB: closes(3) }))).not.toBe(hashOfView(viewOf({ AAA: closes(1), BBB: closes(2, 3) })));
  });
});
