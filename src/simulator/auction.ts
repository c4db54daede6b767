/**
 * The single-price uncross of an auction: one price at which the most can trade, and who gets how much of it.
 *
 * The price is the one that trades the most; of several, the one that leaves the least unfilled at it; of several still,
 * the nearest to the reference, and then the lower. Market orders and better limits are filled first, orders at the
 * auction's price by arrival.
 */
import { minOf, type Price, type Quantity } from "../money.ts";
import type { Side } from "../trade.ts";

export interface AuctionInterest {
  readonly side: Side;
  /** undefined for an order at any price. */
  readonly limit: Price | undefined;
  readonly quantity: Quantity;
}

export interface Uncross {
  readonly price: Price;
  readonly quantity: Quantity;
  /** For each interest, in the order given, what it trades. */
  readonly filled: readonly Quantity[];
}

/** `interests` are in order of arrival. Without a reference and without limits there is no price, so no auction. */
export function uncross(interests: readonly AuctionInterest[], reference: Price | undefined): Uncross | undefined {
  let best: { price: Price; traded: number; surplus: number; distance: number } | undefined;
  for (const { price, bought, sold } of willingByPrice(interests, reference)) {
    const at = { price, traded: Math.min(bought, sold), surplus: Math.abs(bought - sold), distance: reference === undefined ? 0 : Math.abs(price - reference) };
    if (!best || at.traded > best.traded || (at.traded === best.traded && (at.surplus < best.surplus || (at.surplus === best.surplus && at.distance < best.distance)))) best = at;
  }
  if (!best || best.traded === 0) return undefined;
  const filled = interests.map(() => 0 as Quantity);
  for (const side of ["buy", "sell"] as const) allocate(interests, side, best.price, best.traded, filled);
  return { price: best.price, quantity: best.traded as Quantity, filled };
}

/** At each price that somebody names, and the reference, from the lowest: what would be bought there and what sold. */
function willingByPrice(interests: readonly AuctionInterest[], reference: Price | undefined): readonly { readonly price: Price; readonly bought: number; readonly sold: number }[] {
  const atPrice = new Map<Price, { bought: number; sold: number }>(reference === undefined ? [] : [[reference, { bought: 0, sold: 0 }]]);
  const atAnyPrice = { bought: 0, sold: 0 };
  for (const { side, limit, quantity } of interests) {
    const named = limit === undefined ? atAnyPrice : (atPrice.get(limit) ?? { bought: 0, sold: 0 });
    if (limit !== undefined) atPrice.set(limit, named);
    named[side === "buy" ? "bought" : "sold"] += quantity;
  }
  const willing = [...atPrice].sort(([a], [b]) => a - b).map(([price, named]) => ({ price, ...named }));
  let { bought, sold } = atAnyPrice;
  for (const at of willing) at.sold = sold += at.sold;
  for (const at of willing.toReversed()) at.bought = bought += at.bought;
  return willing;
}

function accepts({ side, limit }: AuctionInterest, price: Price): boolean {
  return limit === undefined || (side === "buy" ? limit >= price : limit <= price);
}

function allocate(interests: readonly AuctionInterest[], side: Side, price: Price, traded: number, filled: Quantity[]): void {
  const queue = interests
    .map((interest, index) => ({ interest, index }))
    .filter(({ interest }) => interest.side === side && accepts(interest, price))
    .sort((a, b) => eagerness(b.interest) - eagerness(a.interest) || a.index - b.index);
  let left = traded as Quantity;
  for (const { interest, index } of queue) {
    filled[index] = minOf(left, interest.quantity);
    left = (left - filled[index]) as Quantity;
  }
}

function eagerness({ side, limit }: AuctionInterest): number {
  if (limit === undefined) return Number.MAX_SAFE_INTEGER;
  return side === "buy" ? limit : 0 - limit;
}
