import fc from "fast-check";
import { expect, test } from "vitest";
import { NewestRows } from "../../src/server/newest-rows.ts";

interface Row {
  readonly at: number;
  readonly price: number;
}

const row: fc.Arbitrary<Row> = fc.record({ at: fc.maxSafeInteger(), price: fc.double({ noNaN: true }) });

test("rows come out as they went in, the newest of them, also from what was saved while more came", () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 90 }), fc.array(row, { maxLength: 90 }), fc.integer({ min: -70, max: 70 }), fc.integer({ min: 0, max: 70 }), (first, later, index, to) => {
      const rows = new NewestRows<Row>(["at", "price"], 30);
      const plain: Row[] = [];
      const push = (one: Row): void => {
        rows.push(one);
        if (plain.push(one) === 60) plain.splice(0, 30);
      };
      first.forEach(push);
      const saved = rows.snapshot();
      const then = [...plain];
      later.forEach(push);
      expect([rows.length, rows.slice(), rows.at(index), rows.slice(Math.abs(index), to)]).toEqual([plain.length, plain, plain.at(index), plain.slice(Math.abs(index), to)]);
      const again = new NewestRows<Row>(["at", "price"], 30, JSON.parse(JSON.stringify(saved)) as string[]);
      expect(again.slice()).toEqual(then);
      for (const one of later) again.push(one);
      expect(JSON.stringify(again.snapshot())).toBe(JSON.stringify(rows.snapshot()));
    }),
    { seed: 7 },
  );
});
