/**
 * Automated exits: positions that are sold whatever the strategy says.
 *
 * A position is judged at its market price when the run asks: `stop-loss` and `take-profit` by its average entry price,
 * `trailing-stop` by the highest price that runs have seen since it was entered. A fall or a rise of exactly the fraction
 * is a breach. Entry prices have splits divided out, so a position whose cost stayed while its entry price changed was
 * split, and its highest price is divided likewise; prices between runs are nobody's, for daily bars come too late.
 */
import { maxOf, mulDiv, notional, weightFrom, weightToNumber, type Money, type Price, type Quantity } from "../money.ts";
import { sessionOn, sessionsBefore } from "../rules/calendar.ts";
import { epochDayOf, type SessionDate } from "../time.ts";
import type { Position, Symbol } from "../trade.ts";
import type { ExitRules } from "./account-rules.ts";
import type { Refusal } from "./refusals.ts";

/** What the last run knew of a position: enough to tell a split from a trade. */
export interface Peak {
  readonly price: Price;
  readonly quantity: Quantity;
  readonly entryPrice: Price;
}

export interface Exit {
  readonly symbol: Symbol;
  readonly reason: string;
}

export interface ExitCheck {
  /** In the order of the positions. */
  readonly exits: readonly Exit[];
  /** The highest prices since entry, as of now, of the positions that were looked at. */
  readonly peaks: Readonly<Record<Symbol, Price>>;
  readonly refused: readonly Refusal[];
}

export function findExits(positions: readonly Position[], known: Readonly<Record<Symbol, Peak>>, rules: ExitRules): ExitCheck {
  const exits: Exit[] = [];
  const refused: Refusal[] = [];
  const peaks: Record<Symbol, Price> = {};
  for (const position of positions) {
    const { symbol, quantity, marketPrice, averageEntryPrice } = position;
    if (quantity <= 0) continue;
    if (averageEntryPrice === undefined || averageEntryPrice <= 0) {
      refused.push({ code: "ENTRY_PRICE_UNKNOWN", symbol });
      continue;
    }
    const peak = peakOf(known[symbol], quantity, averageEntryPrice, marketPrice);
    peaks[symbol] = peak;
    const reason = reasonToExit(marketPrice, averageEntryPrice, peak, rules);
    if (reason !== undefined) exits.push({ symbol, reason });
  }
  return { exits, peaks, refused };
}

/** Whether a symbol that was exited in the session `exited` may not be bought in `session` yet. */
export function isPaused(exited: SessionDate, session: SessionDate, sessions: number): boolean {
  const since = sessionsBefore(sessionOn(epochDayOf(exited))!, -sessions);
  return session <= since.date;
}

function reasonToExit(price: Price, entry: Price, peak: Price, { stopLoss, takeProfit, trailingStop }: ExitRules): string | undefined {
  if (stopLoss !== undefined && (price as number) <= part(entry, 1_000_000 - stopLoss)) return `stop-loss: ${dollars(price)} is ${percent(entry - price, entry)} below the average entry of ${dollars(entry)}`;
  if (takeProfit !== undefined && (price as number) >= part(entry, 1_000_000 + takeProfit)) return `take-profit: ${dollars(price)} is ${percent(price - entry, entry)} above the average entry of ${dollars(entry)}`;
  if (trailingStop !== undefined && (price as number) <= part(peak, 1_000_000 - trailingStop)) return `trailing-stop: ${dollars(price)} is ${percent(peak - price, peak)} below ${dollars(peak)}, the highest since entry`;
  return undefined;
}

function peakOf(known: Peak | undefined, quantity: Quantity, entry: Price, price: Price): Price {
  if (!known) return maxOf(entry, price);
  const costBefore = notional(known.entryPrice, known.quantity);
  const cost = notional(entry, quantity);
  // Rounding of the entry price to the micro, and fractions of shares paid in cash, stay below a basis point.
  const sameCost = Math.abs(cost - costBefore) * 10_000 <= costBefore;
  const wasSplit = sameCost && quantity !== known.quantity;
  return maxOf(wasSplit ? (mulDiv(known.price, entry, known.entryPrice) as Price) : known.price, price);
}

function part(price: Price, millionths: number): number {
  return mulDiv(price, millionths, 1_000_000);
}

function percent(distance: number, whole: Price): string {
  return `${(100 * weightToNumber(weightFrom(distance as Money, whole as unknown as Money))).toFixed(2)} %`;
}

function dollars(price: Price): string {
  return (price / 1_000_000).toFixed(2);
}
