/**
 * What corporate actions make of the shares that somebody holds, and whether they explain why a holding has changed.
 *
 * A split is in every position when its ex-date opens; a day's start and the day on which the holding was last looked
 * at leave open whether it is in already. The other actions reach a position when the broker gets to them, so each of
 * them may have been carried out or not, whatever explains most. Of a fraction of a share that comes out of an action
 * the broker pays the value; less than a share is therefore no difference where an action was.
 */
import { addQuantity, NANOS, ZERO_QUANTITY, type Quantity } from "../money.ts";
import type { SessionDate } from "../time.ts";
import type { RunId, Symbol } from "../trade.ts";

export interface ShareConversion {
  readonly kind: "split" | "stock-dividend" | "unit-split" | "spin-off" | "merger" | "symbol-change" | "redemption" | "removal";
  readonly symbol: Symbol;
  /** The ex-date of a split, else the day on which the broker processes it. */
  readonly on: SessionDate;
  /** What the holder of one share has afterwards, himself included; nothing where the share is paid out. */
  readonly becomes: readonly { readonly symbol: Symbol; readonly shares: number }[];
}

/** `ratio` new shares for each old one. */
export function splitOf(symbol: Symbol, on: SessionDate, ratio: number): ShareConversion {
  return { kind: "split", symbol, on, becomes: [{ symbol, shares: ratio }] };
}

/** What a run left. */
interface Holdings {
  readonly since: RunId;
  readonly left: ReadonlyMap<Symbol, Quantity>;
  /** The day on which they were left so. */
  readonly leftOn: SessionDate;
}

export interface HoldingChange {
  /** The run that left the holding. */
  readonly since: RunId;
  readonly symbol: Symbol;
  readonly left: Quantity;
  readonly held: Quantity;
  /** What `left` came to with the conversions. */
  readonly expected: Quantity;
  readonly found: "converted" | "split-not-applied" | "unexplained";
  readonly conversions: readonly ShareConversion[];
}

/** With more that may or may not have happened, all are taken to have. */
const UNCERTAIN_MAX = 5;

/** Of the symbols in `left`, in their order, those that are not as they were left or as a split has to leave them. */
export function changesOf(holdings: Holdings, held: ReadonlyMap<Symbol, Quantity>, conversions: readonly ShareConversion[], today: { readonly date: SessionDate; readonly hasOpened: boolean }): readonly HoldingChange[] {
  const { leftOn } = holdings;
  const isCertain = ({ kind, on }: ShareConversion): boolean => kind === "split" && on > leftOn && (on < today.date || (on === today.date && today.hasOpened));
  const due = conversions.filter(({ on }) => on >= leftOn && on <= today.date).sort((a, b) => (a.on < b.on ? -1 : a.on > b.on ? 1 : 0));
  const readings = readingsOf(due, isCertain).map((carriedOut) => differencesUnder(carriedOut, holdings, held));
  const best = readings.reduce((chosen, reading) => (unexplained(reading) < unexplained(chosen) ? reading : chosen));
  return best.map((change) => (change.found === "unexplained" && change.held === change.left && change.conversions.some(isCertain) ? { ...change, found: "split-not-applied" } : change));
}

/** Which may have been carried out, beginning with all. */
function readingsOf(due: readonly ShareConversion[], isCertain: (conversion: ShareConversion) => boolean): readonly (readonly ShareConversion[])[] {
  const uncertain = due.filter((one) => !isCertain(one));
  if (uncertain.length > UNCERTAIN_MAX) return [due];
  return Array.from({ length: 2 ** uncertain.length }, (_, without) => due.filter((one) => isCertain(one) || (without & (1 << uncertain.indexOf(one))) === 0));
}

function differencesUnder(carriedOut: readonly ShareConversion[], { since, left }: Holdings, held: ReadonlyMap<Symbol, Quantity>): readonly HoldingChange[] {
  const expected = new Map(left);
  for (const { symbol, becomes } of carriedOut) {
    const before = expected.get(symbol) ?? ZERO_QUANTITY;
    expected.set(symbol, ZERO_QUANTITY);
    for (const one of becomes) expected.set(one.symbol, addQuantity(expected.get(one.symbol) ?? ZERO_QUANTITY, Math.round(before * one.shares) as Quantity));
  }
  return [...left].flatMap(([symbol, was]): HoldingChange[] => {
    const conversions = carriedOut.filter((one) => one.symbol === symbol || one.becomes.some((part) => part.symbol === symbol));
    const is = held.get(symbol) ?? ZERO_QUANTITY;
    const should = expected.get(symbol)!;
    const explained = is === should || (conversions.length > 0 && Math.abs(is - should) < NANOS);
    if (explained && is === was) return [];
    return [{ since, symbol, left: was, held: is, expected: should, found: explained ? "converted" : "unexplained", conversions }];
  });
}

function unexplained(changes: readonly HoldingChange[]): number {
  return changes.filter(({ found }) => found === "unexplained").length;
}
