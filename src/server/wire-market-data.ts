/** Bars, trades and quotes as Alpaca's market data JSON: numbers, short names. */
import { moneyToNumber, quantityToNumber } from "../money.ts";
import { isoOf } from "../time.ts";
import type { ShownBar } from "./printed-market.ts";
import type { TapeQuote, TapeTrade } from "./trade-tape.ts";

type View = Readonly<Record<string, unknown>>;

/** One venue, on one tape. */
const EXCHANGE = "V";
const TAPE = "A";

export const EXCHANGES = { [EXCHANGE]: "Simulated exchange" } as const;
export const CONDITIONS = { trade: { "@": "Regular Sale" }, quote: { R: "Regular Two-Sided Open" } } as const;

export function barView({ at, open, high, low, close, volume, trades, average }: ShownBar): View {
  return { t: isoOf(at), o: open, h: high, l: low, c: close, v: Math.round(volume), n: trades, vw: average };
}

export function tradeView({ at, id, price, quantity }: TapeTrade): View {
  return { t: isoOf(at), x: EXCHANGE, p: moneyToNumber(price), s: Math.round(quantityToNumber(quantity)), c: ["@"], i: id, z: TAPE };
}

export function quoteView({ at, bid, bidQuantity, ask, askQuantity }: TapeQuote): View {
  return { t: isoOf(at), ax: EXCHANGE, ap: moneyToNumber(ask), as: Math.round(quantityToNumber(askQuantity)), bx: EXCHANGE, bp: moneyToNumber(bid), bs: Math.round(quantityToNumber(bidQuantity)), c: ["R"], z: TAPE };
}
