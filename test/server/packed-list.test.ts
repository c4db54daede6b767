import fc from "fast-check";
import { expect, test } from "vitest";
import { NumberTable } from "../../src/server/number-table.ts";
import { PackedList, type PackedSnapshot } from "../../src/server/packed-list.ts";
import { NO_NUMBER } from "../../src/simulator/order-book-names.ts";

interface Row {
  readonly at?: number;
  readonly isShort?: boolean;
  readonly word?: string;
  readonly text?: string;
  readonly list?: readonly (string | { readonly n: number })[];
}
const FIELDS = { at: "number", isShort: "flag", word: "word", text: "text", list: "json" } as const;

const row: fc.Arbitrary<Row> = fc.record(
  {
    at: fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true })),
    isShort: fc.boolean(),
    word: fc.constantFrom("buy", "sell", "ünïcode", ""),
    text: fc.oneof(fc.string(), fc.string({ unit: "grapheme", maxLength: 200 }), fc.string({ minLength: 2_000, maxLength: 3_000 })),
    list: fc.array(fc.oneof(fc.string({ unit: "grapheme" }), fc.record({ n: fc.integer() })), { minLength: 1 }),
  },
  { requiredKeys: [] },
);

test("records come out of a packed list as they went in, also from what was saved of it", () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 30 }), fc.array(row, { maxLength: 5 }), (first, later) => {
      const list = new PackedList<Row>(FIELDS);
      for (const [index, one] of first.entries()) expect(list.push(one)).toBe(index);
      const saved = list.snapshot();
      for (const one of later) list.push(one);
      const all = [...first, ...later];
      expect(all.map((_, index) => list.at(index))).toEqual(all);
      const again = new PackedList<Row>(FIELDS, JSON.parse(JSON.stringify(saved)) as PackedSnapshot);
      expect(Array.from({ length: again.length }, (_, index) => again.at(index))).toEqual(first);
      for (const one of later) again.push(one);
      expect(JSON.stringify(again.snapshot())).toBe(JSON.stringify(list.snapshot()));
    }),
    { seed: 3 },
  );
});

test("a packed list goes on in another piece of memory when one is full, and takes a record that is larger than any", () => {
  const list = new PackedList<Row>(FIELDS);
  const texts = [...Array.from({ length: 5_000 }, (_, n) => `${n}`.repeat(400)), "x".repeat(5_000_000), "the last"];
  for (const text of texts) list.push({ text });
  expect(texts.every((text, index) => list.at(index).text === text)).toBe(true);
});

test("what is undefined, and a list of nothing, is not in the record", () => {
  const list = new PackedList<{ readonly at: number | undefined; readonly list: readonly string[] }>({ at: "number", list: "json" });
  list.push({ at: undefined, list: [] });
  expect(Object.keys(list.at(0))).toEqual([]);
});

test("a table of numbers finds what a map finds, whatever comes and goes", () => {
  const names = fc.constantFrom(...Array.from({ length: 300 }, (_, n) => `order-${n}`));
  fc.assert(
    fc.property(fc.array(fc.tuple(names, fc.boolean()), { maxLength: 600 }), (steps) => {
      const known: string[] = [];
      const table = new NumberTable((number, name) => known[number] === name);
      const map = new Map<string, number>();
      for (const [name, isAdded] of steps) {
        const number = map.get(name);
        expect(table.find(name)).toBe(number ?? NO_NUMBER);
        if (isAdded && number === undefined) {
          map.set(name, known.push(name) - 1);
          table.add(name, known.length - 1);
        } else if (!isAdded && number !== undefined) {
          map.delete(name);
          table.delete(name, number);
        }
      }
      for (const [name, number] of map) expect(table.find(name)).toBe(number);
    }),
    { seed: 4 },
  );
});
