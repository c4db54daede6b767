import { expect, test } from "vitest";
import { NumberedIds } from "../../src/server/derived-ids.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("a number has the same id whatever was asked before, and no two numbers, series or salts share one", () => {
  const numbers = Array.from({ length: 1_000 }, (_, number) => number);
  const ids = new NumberedIds("salt", "order");
  const inOrder = numbers.map((number) => ids.of(number));
  const backwards = numbers.map((number) => new NumberedIds("salt", "order").of(999 - number)).reverse();
  const others = [...numbers.map((number) => new NumberedIds("pepper", "order").of(number)), ...numbers.map((number) => new NumberedIds("salt", "fill").of(number))];
  expect(backwards).toEqual(inOrder);
  expect(new Set([...inOrder, ...others]).size).toBe(3_000);
  expect([...inOrder, ...others].filter((id) => !UUID.test(id))).toEqual([]);
});
