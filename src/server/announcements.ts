/** The ways in which the venue says that something happened. Listening changes nothing. */
import type { Instant } from "../time.ts";
import type { VenueAccount } from "./venue-account.ts";
import type { VenueOrder } from "./venue-order.ts";
import type { Execution, MarketUpdate, TradeEvent, TradeUpdate } from "./venue-replies.ts";

type Listener<T> = (update: T) => void;

export class Announcements {
  readonly #onUpdate = new Set<Listener<TradeUpdate>>();
  readonly #onMarket = new Set<Listener<MarketUpdate>>();

  onUpdate(listener: Listener<TradeUpdate>): () => void {
    this.#onUpdate.add(listener);
    return () => this.#onUpdate.delete(listener);
  }

  onMarket(listener: Listener<MarketUpdate>): () => void {
    this.#onMarket.add(listener);
    return () => this.#onMarket.delete(listener);
  }

  get hasMarketListeners(): boolean {
    return this.#onMarket.size > 0;
  }

  readonly market = (update: MarketUpdate): void => {
    for (const listener of this.#onMarket) listener(update);
  };

  /** What trades at the venue is not told where the market has a history of its own. */
  readonly quotes = (update: MarketUpdate): void => {
    if (update.type === "quote") this.market(update);
  };

  update(account: VenueAccount, at: Instant, event: TradeEvent, order: VenueOrder, execution?: Execution): void {
    account.updates += 1;
    if (this.#onUpdate.size === 0) return;
    const update: TradeUpdate = { account: account.name, number: account.updates, at, event, order: { ...order }, ...(execution && { execution }) };
    for (const listener of this.#onUpdate) listener(update);
  }
}
