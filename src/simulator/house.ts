/**
 * The liquidity that market data stand for: a quote, or a few prices on either side, until it is taken or replaced.
 *
 * What a client has taken is gone until the next quote.
 */
import type { Price, Quantity } from "../money.ts";
import type { Side } from "../trade.ts";

export interface HouseQuote {
  readonly bid: Price;
  readonly ask: Price;
  /** On either side. */
  readonly quantity: Quantity;
  /** Instead of all at the best price: prices further away, the nearest first, for parts of the quantity. */
  readonly depth?: { readonly bids: readonly HouseLevel[]; readonly asks: readonly HouseLevel[] } | undefined;
}

export interface HouseLevel {
  readonly price: Price;
  readonly quantity: Quantity;
}

export interface HouseSnapshot {
  readonly bid: Price;
  readonly ask: Price;
  readonly bids: readonly HouseLevel[];
  readonly asks: readonly HouseLevel[];
}

interface Level {
  readonly price: Price;
  quantity: Quantity;
}

const NOTHING: readonly Level[] = [];

export class House {
  #bid: Price | undefined;
  #ask: Price | undefined;
  #bids: readonly Level[] = NOTHING;
  #asks: readonly Level[] = NOTHING;

  get bid(): Price | undefined {
    return this.#bid;
  }

  get ask(): Price | undefined {
    return this.#ask;
  }

  get isPresent(): boolean {
    return this.#bid !== undefined;
  }

  show({ bid, ask, quantity, depth }: HouseQuote): void {
    this.#bid = bid;
    this.#ask = ask;
    this.#bids = depth ? depth.bids.map((level) => ({ ...level })) : [{ price: bid, quantity }];
    this.#asks = depth ? depth.asks.map((level) => ({ ...level })) : [{ price: ask, quantity }];
  }

  leave(): void {
    this.#bid = undefined;
    this.#ask = undefined;
    this.#bids = NOTHING;
    this.#asks = NOTHING;
  }

  /** What an order of this side may meet. */
  levelsFor(side: Side): readonly Level[] {
    return side === "buy" ? this.#asks : this.#bids;
  }

  left(side: Side): Quantity {
    return this.levelsFor(side).reduce((sum, { quantity }) => sum + quantity, 0) as Quantity;
  }

  /** The worst price that a market order for `quantity` would come to here. */
  priceFor(side: Side, quantity: Quantity): Price | undefined {
    let wanted: number = quantity;
    let price: Price | undefined;
    for (const level of this.levelsFor(side)) {
      price = level.price;
      wanted -= level.quantity;
      if (wanted <= 0) break;
    }
    return price;
  }

  /** The quantities that are left, as the depth of a quote. */
  remainder(): Pick<HouseQuote, "depth"> {
    return { depth: { bids: this.#bids, asks: this.#asks } };
  }

  snapshot(): HouseSnapshot | null {
    if (this.#bid === undefined || this.#ask === undefined) return null;
    return { bid: this.#bid, ask: this.#ask, bids: this.#bids.map((level) => ({ ...level })), asks: this.#asks.map((level) => ({ ...level })) };
  }

  restore(stored: HouseSnapshot | null): void {
    this.leave();
    if (stored) this.show({ bid: stored.bid, ask: stored.ask, quantity: 0 as Quantity, depth: stored });
  }
}
