/** What may be met of one symbol, by price: clients' resting orders and the house's quote together. */
import type { Price, Quantity } from "../money.ts";
import type { Side } from "../trade.ts";
import type { HouseLevel } from "./house.ts";
import type { Listing } from "./listing.ts";

export interface Depth {
  readonly bids: readonly HouseLevel[];
  readonly asks: readonly HouseLevel[];
}

/** At most `levels` of either side, the best first. */
export function mergedDepth({ book, house }: Listing, levels: number): Depth {
  return { bids: mergedLevels(book.depth("buy", levels), house.levelsFor("sell"), levels, -1), asks: mergedLevels(book.depth("sell", levels), house.levelsFor("buy"), levels, 1) };
}

/** `outward` is 1 where the best price is the lowest. */
function mergedLevels(clients: readonly { readonly price: number; readonly quantity: number }[], house: readonly HouseLevel[], levels: number, outward: 1 | -1): readonly HouseLevel[] {
  const byPrice = new Map<number, number>();
  for (const { price, quantity } of [...clients, ...house]) if (quantity > 0) byPrice.set(price, (byPrice.get(price) ?? 0) + quantity);
  const best = [...byPrice].sort(([a], [b]) => outward * (a - b)).slice(0, levels);
  return best.map(([price, quantity]) => ({ price: price as Price, quantity: quantity as Quantity }));
}

/** The best that an order of the other side may meet; undefined where nobody is. As `mergedDepth`, without an order among the rest. */
export function bestLevel({ book, house }: Listing, side: Side): HouseLevel | undefined {
  const outward = side === "buy" ? -1 : 1;
  const client = book.depth(side, 1)[0];
  let price: number | undefined = client?.price;
  let quantity = client?.quantity ?? 0;
  for (const level of house.levelsFor(side === "buy" ? "sell" : "buy")) {
    if (level.quantity <= 0 || (price !== undefined && outward * (level.price - price) > 0)) continue;
    quantity = level.price === price ? quantity + level.quantity : level.quantity;
    price = level.price;
  }
  return price === undefined ? undefined : { price: price as Price, quantity: quantity as Quantity };
}
