/**
 * A table of thousands of rows as cli-table3 would print it, for cells of one line of ASCII.
 *
 * The library looks in each cell for cells of all rows above that might reach into it, which takes seconds for the ten
 * thousand sessions of forty years.
 */
export function longTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => rows.reduce((widest, row) => Math.max(widest, row[column]!.length), title.length));
  const rule = (left: string, middle: string, right: string): string => `${left}${widths.map((width) => "─".repeat(width + 2)).join(middle)}${right}`;
  const line = (cells: readonly string[]): string => `│ ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" │ ")} │`;
  return [rule("┌", "┬", "┐"), line(head), rule("├", "┼", "┤"), ...rows.map(line), rule("└", "┴", "┘")].join("\n");
}
