/** The order book of one symbol: asks above, bids below, the best of both in the middle. Its rows are made once. */
/* global document */
import { element, price, quantity, setText } from "./render.js";

export const LEVELS = 8;
const body = element("ladder");
const asks = Array.from({ length: LEVELS }, () => row("ask")).reverse();
const middle = row("middle");
const bids = Array.from({ length: LEVELS }, () => row("bid"));
body.append(...asks.toReversed(), middle, ...bids);

/** As /sim/v1/depth answers; nothing clears it. */
export function showDepth(depth = { bids: [], asks: [] }) {
  const largest = Math.max(...[...depth.bids, ...depth.asks].map((level) => Number(level.quantity)), 0);
  asks.forEach((line, index) => show(line, depth.asks[index], 2, largest));
  bids.forEach((line, index) => show(line, depth.bids[index], 0, largest));
  const [bid, ask] = [depth.bids[0], depth.asks[0]];
  const text = bid && ask ? `Spread ${price(Number(ask.price) - Number(bid.price))}` : bid ? "No asks" : ask ? "No bids" : "The book is empty";
  setText(middle.cells[1], text);
}

function show(line, level, side, largest) {
  line.classList.toggle("blank", level === undefined);
  setText(line.cells[1], level ? price(level.price) : "");
  const cell = line.cells[side];
  setText(cell, level ? quantity(level.quantity) : "");
  cell.style.setProperty("--share", level ? `${(100 * Number(level.quantity)) / largest}%` : "0%");
}

function row(kind) {
  const line = document.createElement("tr");
  line.className = kind;
  line.append(document.createElement("td"), document.createElement("th"), document.createElement("td"));
  line.cells[1].scope = "row";
  return line;
}
