/** Numbers as people read them, and tables that change in place. Text goes through `textContent` alone. */
/* global document */

export const element = (id) => document.getElementById(id);

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const decimals = (least, most, signDisplay = "negative") => new Intl.NumberFormat("en-US", { minimumFractionDigits: least, maximumFractionDigits: most, signDisplay });
const write = (format, unit = "") => (value) => (value === null || value === undefined || value === "" || Number.isNaN(Number(value)) ? "–" : `${format.format(Number(value)).replace("-", "−")}${unit}`);
export const money = write(decimals(2, 2));
export const price = write(decimals(2, 4));
export const quantity = write(decimals(0, 9));
export const change = write(decimals(2, 2, "exceptZero"));
const inPercent = write(decimals(2, 2, "exceptZero"), " %");
export const percentChange = (fraction) => inPercent(fraction === null ? null : Number(fraction) * 100);
export const tone = (value) => (Number(value) > 0 ? "up" : Number(value) < 0 ? "down" : "");

const clock = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const weekday = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", weekday: "short", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
/** Both in New York. */
export const timeOfDay = (at) => clock.format(at);
export const dayAndTime = (at) => weekday.format(at);

const rowsOf = new WeakMap();

/**
 * Shows `items` in their order. `cellsOf` gives [text, class] for each column; `action`, for the last one, a button that
 * is made once for a row, so that it keeps its focus while the row changes. When a row with the focus goes, `home` has it.
 */
export function fillTable(body, items, { keyOf, cellsOf, action, empty, home }) {
  const before = rowsOf.get(body) ?? new Map();
  const rows = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const row = before.get(key) ?? document.createElement("tr");
    cellsOf(item).forEach(([text, classes = ""], index) => {
      const cell = row.cells[index] ?? row.appendChild(document.createElement(index === 0 ? "th" : "td"));
      if (index === 0) cell.scope = "row";
      if (cell.className !== classes) cell.className = classes;
      setText(cell, text);
    });
    if (action && !before.has(key)) row.appendChild(document.createElement("td")).append(action(item));
    if (action) row.lastChild.className = "number";
    rows.set(key, row);
  }
  if (rows.size === 0) rows.set(emptyKey, before.get(emptyKey) ?? emptyRow(body, empty));
  for (const [key, row] of before) {
    if (rows.has(key)) continue;
    const hadFocus = row.contains(document.activeElement);
    row.remove();
    if (hadFocus) home?.focus();
  }
  let place = body.firstChild;
  for (const row of rows.values()) {
    if (row === place) place = place.nextSibling;
    else body.insertBefore(row, place);
  }
  rowsOf.set(body, rows);
}

const emptyKey = Symbol("empty");

function emptyRow(body, text) {
  const row = document.createElement("tr");
  const cell = row.appendChild(document.createElement("td"));
  cell.colSpan = body.closest("table").tHead.rows[0].cells.length;
  cell.className = "empty";
  cell.textContent = text;
  return row;
}
