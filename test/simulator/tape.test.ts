import { describe, expect, test } from "vitest";
import { Tape } from "../../src/simulator/tape.ts";

/** The answers to the lines of a script; blank ones left out. */
function play(...lines: object[]): string[] {
  const tape = new Tape();
  return lines.map((line) => tape.play(JSON.stringify(line))).filter((answer) => answer !== undefined);
}

const limit = (id: string | number, side: string, px: number, qty: number, more: object = {}) => ({ op: "new", id, side, type: "limit", px, qty, tif: "gtc", ...more });

describe("a tape prints", () => {
  test("fills, status and best prices of each line in one stated key order", () => {
    expect(play(limit("a", "sell", 101, 5), limit("b", "sell", 102, 5), limit("c", "buy", 99, 4), limit("x", "buy", 102, 7))).toEqual([
      '{"n":1,"fills":[],"status":"open","l1":[101,5,0,0]}',
      '{"n":2,"fills":[],"status":"open","l1":[101,5,0,0]}',
      '{"n":3,"fills":[],"status":"open","l1":[101,5,99,4]}',
      '{"n":4,"fills":[{"maker":"a","taker":"x","px":101,"qty":5},{"maker":"b","taker":"x","px":102,"qty":2}],"status":"filled","l1":[102,3,99,4]}',
    ]);
  });

  test("a triggered stop on the line whose trade reached it, its fills after the line's own", () => {
    const stop = { op: "new", id: "s", side: "sell", type: "stop", stop: 99, qty: 2 };
    const market = { op: "new", id: "y", side: "sell", type: "market", qty: 1 };
    expect(play(limit("c", "buy", 99, 5), stop, market).slice(1)).toEqual([
      '{"n":2,"fills":[],"status":"pending","l1":[0,0,99,5]}',
      '{"n":3,"fills":[{"maker":"c","taker":"y","px":99,"qty":1},{"maker":"c","taker":"s","px":99,"qty":2}],"status":"filled","triggered":["s"],"l1":[0,0,99,2]}',
    ]);
  });

  test("orders of others that the book ended, and why", () => {
    const own = { account: "me", stp: "cancel_oldest" };
    expect(play(limit("old", "sell", 100, 3, own), limit("new", "buy", 100, 2, own))[1]).toBe(
      '{"n":2,"fills":[],"status":"open","ended":[{"id":"old","qty":3,"reason":"self-trade prevented"}],"l1":[0,0,100,2]}',
    );
  });

  test("ids as they were written, and quotes in them", () => {
    expect(play(limit(7, "sell", 100, 1), limit('say "7"', "buy", 100, 1))[1]).toContain('{"maker":7,"taker":"say \\"7\\"","px":100,"qty":1}');
  });

  test("amounts up to the largest exact integer in full", () => {
    expect(play(limit("a", "sell", 1_000_000_000_000_000, 9_007_199_254_740_991))[0]).toContain('"l1":[1000000000000000,9007199254740991,0,0]');
  });

  test("the depth, best first", () => {
    const tape = new Tape();
    for (const line of [limit("a", "sell", 103, 1), limit("b", "sell", 101, 2), limit("c", "buy", 99, 3), limit("d", "buy", 100, 4), limit("e", "buy", 99, 5)]) tape.play(JSON.stringify(line));
    expect(tape.depth()).toBe('{"book":{"asks":[[101,2],[103,1]],"bids":[[100,4],[99,8]]}}');
  });

  test("nothing for a blank line, which counts all the same", () => {
    const tape = new Tape();
    expect([tape.play(""), tape.play("  \r"), tape.play(JSON.stringify(limit("a", "buy", 1, 1)))]).toEqual([undefined, undefined, '{"n":3,"fills":[],"status":"open","l1":[0,0,1,1]}']);
  });
});

describe("a tape says of the order of the line", () => {
  const seed = {
    op: "seed",
    orders: [
      { id: "a", side: "sell", px: 101, qty: 5 },
      { id: "b", side: "sell", px: 102, qty: 5 },
      { id: "c", side: "buy", px: 99, qty: 5 },
    ],
  };
  test.each([
    ["a market order of which a rest finds nothing", { op: "new", id: "x", side: "buy", type: "market", qty: 11 }, "canceled", "no liquidity"],
    ["a market order that is filled", { op: "new", id: "x", side: "buy", type: "market", qty: 10 }, "filled", undefined],
    ["a market order with a price, which is ignored", { op: "new", id: "x", side: "buy", type: "market", px: 1, qty: 10 }, "filled", undefined],
    ["an IOC order with a rest", limit("x", "buy", 101, 6, { tif: "ioc" }), "canceled", "no liquidity"],
    ["a FOK order that cannot be filled within its limit", limit("x", "buy", 101, 6, { tif: "fok" }), "canceled", "fill-or-kill not fillable"],
    ["a FOK order that is filled over two levels", limit("x", "buy", 102, 10, { tif: "fok" }), "filled", undefined],
    ["an order under an id that is in the book", limit("a", "buy", 90, 1), "rejected", "duplicate id"],
    ["a post-only order that would trade", limit("x", "buy", 101, 1, { postOnly: true }), "rejected", "post-only order would cross"],
    ["a post-only order that rests", limit("x", "buy", 100, 1, { postOnly: true }), "open", undefined],
    ["a post-only market order", { op: "new", id: "x", side: "buy", type: "market", qty: 1, postOnly: true }, "rejected", "post-only needs a limit order that may rest"],
    ["a quantity of zero", limit("x", "buy", 100, 0), "rejected", "quantity must be a positive integer"],
    ["a negative price", limit("x", "buy", -1, 1), "rejected", "price must be a positive integer"],
    ["a trailing stop", { op: "new", id: "x", side: "sell", type: "trailing_stop", trail: 3, qty: 1 }, "pending", undefined],
    ["a stop without a price above zero", { op: "new", id: "x", side: "sell", type: "stop", stop: 0, qty: 1 }, "rejected", "stop must be a positive integer"],
    ["a cancel", { op: "cancel", id: "a" }, "canceled", undefined],
    ["a cancel of an unknown id", { op: "cancel", id: "x" }, "rejected", "unknown id"],
    ["a reduce", { op: "reduce", id: "a", by: 4 }, "open", undefined],
    ["a reduce to nothing", { op: "reduce", id: "a", by: 5 }, "canceled", undefined],
    ["a reduce by nothing", { op: "reduce", id: "a", by: 0 }, "rejected", "quantity must be a positive integer"],
    ["a replace", { op: "replace", id: "a", px: 103 }, "open", undefined],
    ["a replace that crosses", { op: "replace", id: "a", px: 99 }, "filled", undefined],
    ["a replace by a price of zero", { op: "replace", id: "a", px: 0 }, "rejected", "price must be a positive integer"],
    ["a replace of an unknown id", { op: "replace", id: "x", qty: 1 }, "rejected", "unknown id"],
    ["a seed of orders that all trade", { op: "seed", orders: [{ id: "x", side: "buy", px: 101, qty: 1 }] }, "filled", undefined],
    ["a seed with a duplicate id, of which the rest is entered", { op: "seed", orders: [{ id: "a", side: "buy", px: 1, qty: 1 }, { id: "x", side: "buy", px: 100, qty: 1 }] }, "rejected", "duplicate id"],
  ])("%s", (_, line, status, reason) => {
    const answer = JSON.parse(play(seed, line)[1]!) as { status: string; reason?: string };
    expect([answer.status, answer.reason]).toEqual([status, reason]);
  });

  test("an id may be used again once its order has ended", () => {
    const statuses = play(limit("a", "buy", 100, 1), limit("b", "sell", 100, 1), limit("a", "buy", 100, 1), { op: "cancel", id: "a" }, limit("a", "buy", 100, 1), limit("b", "sell", 101, 1));
    expect(statuses.map((line) => (JSON.parse(line) as { status: string }).status)).toEqual(["open", "filled", "open", "canceled", "open", "open"]);
  });
});

describe("a line that is no command ends the tape, naming the line and what is wrong", () => {
  test.each([
    ["{", "line 1 is not JSON: "],
    ["7", "line 1: the line: Invalid input: expected object, received number"],
    ['{"op":"buy"}', "line 1: op: Invalid discriminator value"],
    ['{"op":"cancel"}', "line 1: id: "],
    ['{"op":"cancel","id":"a","note":1}', 'line 1: the line: Unrecognized key: "note"'],
    ['{"op":"new","id":"a","side":"b","type":"limit","px":1,"qty":1}', 'line 1: side: Invalid option: expected one of "buy"|"sell"'],
    ['{"op":"new","id":"a","side":"buy","type":"limit","px":1.5,"qty":1}', "line 1: px: Invalid input: expected int, received number"],
    ['{"op":"new","id":"a","side":"buy","type":"limit","qty":1}', 'line 1: a limit order needs "px"'],
    ['{"op":"new","id":"a","side":"buy","type":"stop_limit","px":1,"qty":1}', 'line 1: a stop_limit order needs "stop"'],
    ['{"op":"new","id":"a","side":"buy","type":"trailing_stop","qty":1}', 'line 1: a trailing_stop order needs "trail"'],
  ])("%s", (line, message) => {
    expect(() => new Tape().play(line)).toThrow(message);
  });
});
