import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isFailure, REFUSALS, type Refusal, type RefusalCode } from "../../src/risk/refusals.ts";

const TESTS = new URL("../", import.meta.url);
const sources = readdirSync(TESTS, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts") && !file.endsWith("refusals.test.ts"))
  .map((file) => readFileSync(new URL(file, TESTS), "utf8"));

describe.each(Object.entries(REFUSALS))("%s", (code, { meaning, remedy }) => {
  test("is expected by some other test, by its name", () => {
    expect(sources.some((source) => new RegExp(`\\b${code}\\b`).test(source))).toBe(true);
  });

  test("says what it means and what to do, in a line each", () => {
    for (const text of [meaning, remedy]) expect(text).toMatch(/^[^\n]{10,200}$/);
  });
});

test("all but what is too small to trade is a failure of the run", () => {
  const harmless = (Object.keys(REFUSALS) as RefusalCode[]).filter((code) => !isFailure({ code } as Refusal));
  expect(harmless).toEqual(["ORDER_NOTIONAL_BELOW_MIN"]);
});
