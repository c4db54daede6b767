import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { configureStrategy, loadStrategy } from "../../bin/load-strategy.ts";
import { defineStrategy, keep, z } from "../../src/strategy.ts";

const roomy = defineStrategy({
  name: "roomy",
  description: "",
  params: z.object({
    days: z.number().optional(),
    label: z.string().optional(),
    on: z.boolean().optional(),
    list: z.array(z.number()).optional(),
    weights: z.record(z.string(), z.number()).optional(),
    deep: z.object({ inner: z.object({ value: z.number() }) }).optional(),
  }),
  schedule: "every session at open+5m",
  lookback: 1,
  signal: () => keep("nothing"),
});

const paramsOf = (...assignments: readonly string[]): unknown => configureStrategy(roomy, assignments).params;

describe("--param", () => {
  test.each<[readonly string[], unknown]>([
    [[], {}],
    [["days=20"], { days: 20 }],
    [["days=2e1"], { days: 20 }],
    [["label=monthly"], { label: "monthly" }],
    [["label=a=b"], { label: "a=b" }],
    [["label="], { label: "" }],
    [['label="20"'], { label: "20" }],
    [["on=true"], { on: true }],
    [["list=[1,2]"], { list: [1, 2] }],
    [["weights.SPY=0.6", "weights.IEF=0.4"], { weights: { SPY: 0.6, IEF: 0.4 } }],
    [['weights={"SPY":0.6}', "weights.IEF=0.4"], { weights: { SPY: 0.6, IEF: 0.4 } }],
    [["deep.inner.value=1"], { deep: { inner: { value: 1 } } }],
    [["days=1", "days=2"], { days: 2 }],
  ])("%j is %j", (assignments, expected) => {
    expect(paramsOf(...assignments)).toEqual(expected);
  });

  test.each<[readonly string[], RegExp]>([
    [["days"], /^--param takes key=value, not "days"$/],
    [["=20"], /^--param takes key=value, not "=20"$/],
    [["dyas=20"], /^roomy cannot take these parameters \(it has days, label, on, list, weights, deep\):\n {2}--param: Unrecognized key: "dyas"$/],
    [["days=many"], /\n {2}days: Invalid input: expected number, received string$/],
    [["days=20", "days.inner=1"], /^--param days\.inner=1: days already has a value that is no object$/],
    [["list=[1]", "list.first=1"], /^--param list\.first=1: list already has a value that is no object$/],
    [["deep=null", "deep.inner.value=1", "label=1"], /label: Invalid input/],
    [["__proto__.polluted=1"], /Unrecognized key: "__proto__"/],
    [["constructor.prototype.polluted=1"], /Unrecognized key: "constructor"/],
  ])("%j is refused in words", (assignments, message) => {
    let said: unknown;
    try {
      paramsOf(...assignments);
    } catch (error) {
      said = error;
    }
    expect(said).toMatchObject({ name: "UsageError", message: expect.stringMatching(message) as string });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("a strategy", () => {
  const folder = mkdtempSync(join(tmpdir(), "ballast-strategies-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  test("of the project is found by its name", async () => {
    expect((await loadStrategy("momentum")).name).toBe("momentum");
  });

  test.each<[string, () => string, RegExp]>([
    ["that there is not", () => "wishful", /^no strategy is named wishful; there are .*momentum.*, or give a file: \.\/wishful\.ts$/],
    ["in no file", () => join(folder, "nowhere.ts"), /^there is no strategy file .*nowhere\.ts$/],
    ["in a file that exports something else", () => file("other.mjs", "export default 42;"), /other\.mjs does not export a strategy: it needs "export default defineStrategy/],
    ["in a file that throws", () => file("throws.mjs", 'throw new Error("not today");'), /throws\.mjs could not be loaded \(line 1\): not today$/],
    ["in a file that is no program", () => file("broken.mjs", "export default {{{"), /broken\.mjs could not be loaded: /],
  ])("%s is refused in words", async (_case, name, message) => {
    await expect(loadStrategy(name())).rejects.toMatchObject({ name: "UsageError", message: expect.stringMatching(message) as string });
  });
});
