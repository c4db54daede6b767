/** Bars, trades, quotes and auctions as Alpaca's market data JSON: numbers, short names. */
import { moneyToNumber, quantityToNumber } from "../money.ts";
import { dateOfEpochDay, isoOf, newYorkClock, type EpochDay } from "../time.ts";
import type { ShownBar } from "./printed-market.ts";
import type { TapeAuction, TapeQuote, TapeTrade } from "./trade-tape.ts";

type View = Readonly<Record<string, unknown>>;

/** One venue, on one tape. */
const EXCHANGE = "V";
const TAPE = "A";

export const EXCHANGES = { [EXCHANGE]: "Simulated exchange" } as const;
export const CONDITIONS = { trade: { "@": "Regular Sale", O: "Opening Print", Q: "Official Open", 6: "Closing Print", M: "Official Close" }, quote: { R: "Regular Two-Sided Open" } } as const;

export function barView({ at, open, high, low, close, volume, trades, average }: ShownBar): View {
  return { t: isoOf(at), o: open, h: high, l: low, c: close, v: Math.round(volume), n: trades, vw: average };
}

export function tradeView({ at, id, price, quantity }: TapeTrade): View {
  return { t: isoOf(at), x: EXCHANGE, p: moneyToNumber(price), s: Math.round(quantityToNumber(quantity)), c: ["@"], i: id, z: TAPE };
}

export function quoteView({ at, bid, bidQuantity, ask, askQuantity }: TapeQuote): View {
  return { t: isoOf(at), ax: EXCHANGE, ap: moneyToNumber(ask), as: Math.round(quantityToNumber(askQuantity)), bx: EXCHANGE, bp: moneyToNumber(bid), bs: Math.round(quantityToNumber(bidQuantity)), c: ["R"], z: TAPE };
}

/** By New York's days, each auction with its print and, as it is the only one, the official price. */
export function auctionViews(auctions: readonly TapeAuction[]): readonly View[] {
  const days = new Map<EpochDay, { readonly o: View[]; readonly c: View[] }>();
  for (const { at, auction, price, quantity } of auctions) {
    const { day } = newYorkClock(at);
    const of = days.get(day) ?? { o: [], c: [] };
    days.set(day, of);
    const told = { t: isoOf(at), x: EXCHANGE, p: moneyToNumber(price), s: Math.round(quantityToNumber(quantity)) };
    if (auction === "opening") of.o.push({ ...told, c: "O" }, { ...told, c: "Q" });
    else of.c.push({ ...told, c: "6" }, { ...told, c: "M" });
  }
  return [...days].map(([day, { o, c }]) => ({ d: dateOfEpochDay(day), o, c }));
}
