import Table from "cli-table3";
import { expect, test } from "vitest";
import { longTable } from "../../bin/long-table.ts";

test("a long table looks like the library's", () => {
  const head = ["Session", "", "Why"];
  const rows = Array.from({ length: 50 }, (_, n) => [`2026-11-${n}`, ["", "Mon"][n % 2]!, "half day".repeat(n % 3)]);
  const library = new Table({ head, style: { head: [], border: [], compact: true } });
  library.push(...rows);
  expect(longTable(head, rows)).toBe(library.toString());
});

test("a table of a row is its head, its row and three rules", () => {
  expect(longTable(["Closed", "Why"], [["2026-11-26", "Thanksgiving Day"]])).toBe(
    ["┌────────────┬──────────────────┐", "│ Closed     │ Why              │", "├────────────┼──────────────────┤", "│ 2026-11-26 │ Thanksgiving Day │", "└────────────┴──────────────────┘"].join("\n"),
  );
});
