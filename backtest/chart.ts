/**
 * A curve drawn in braille: two columns and four rows of dots for each character. Each column of dots spans all values
 * that fall into it, so no spike and no crash is lost however narrow the terminal is.
 */

interface ChartLine {
  readonly axis: string;
  readonly plot: string;
}

interface Chart {
  readonly lines: readonly ChartLine[];
  readonly scale: "linear" | "log";
}

/** What a column of the upper and lower half dots adds to U+2800. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;
const LOG_FROM_RATIO = 4;

/** `rows` lines of `columns` characters, with the values at the top, the middle and the bottom written by `label`. */
export function brailleChart(values: Float64Array, columns: number, rows: number, label: (value: number) => string): Chart {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const scale = low > 0 && high / low > LOG_FROM_RATIO ? "log" : "linear";
  const place = scale === "log" ? Math.log : (value: number) => value;
  const span = place(high) - place(low);
  const dotRows = rows * 4;
  const rowOf = (value: number): number => (span > 0 ? Math.round(((place(high) - place(value)) / span) * (dotRows - 1)) : dotRows / 2);

  const cells = Array.from({ length: rows }, () => new Uint8Array(columns));
  const dotColumns = columns * 2;
  let before = values[0] ?? Number.NaN;
  for (let column = 0; column < dotColumns && values.length > 0; column += 1) {
    const from = Math.floor((column * values.length) / dotColumns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / dotColumns));
    const spanned = [before, ...values.subarray(from, to)];
    before = values[to - 1]!;
    for (let row = rowOf(Math.max(...spanned)); row <= rowOf(Math.min(...spanned)); row += 1) {
      cells[row >> 2]![column >> 1]! |= DOTS[column & 1]![row & 3]!;
    }
  }

  const middle = rows >> 1;
  const atMiddle = scale === "log" ? Math.sqrt(low * high) : (low + high) / 2;
  const labels = new Map(span > 0 ? [[0, high], [middle, atMiddle], [rows - 1, low]] : [[middle, high]]);
  const width = Math.max(0, ...[...labels.values()].map((value) => label(value).length));
  return {
    scale,
    lines: cells.map((row, i) => ({
      axis: `${(labels.has(i) ? label(labels.get(i)!) : "").padStart(width)} ${labels.has(i) ? "┤" : "│"}`,
      plot: Array.from(row, (dots) => (dots === 0 ? " " : String.fromCharCode(0x2800 + dots))).join(""),
    })),
  };
}
