/** Lists of symbols that an account keeps under a name; a name is there once. */
import type { Instant } from "../time.ts";
import type { Symbol } from "../trade.ts";

export interface Watchlist {
  /** A UUID. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly symbols: readonly Symbol[];
}

export class Watchlists {
  readonly #byId: Map<string, Watchlist>;

  constructor(stored: readonly Watchlist[] = []) {
    this.#byId = new Map(stored.map((list) => [list.id, list]));
  }

  all(): readonly Watchlist[] {
    return [...this.#byId.values()];
  }

  get(id: string): Watchlist | undefined {
    return this.#byId.get(id);
  }

  named(name: string): Watchlist | undefined {
    return this.all().find((list) => list.name === name);
  }

  put(list: Watchlist): Watchlist {
    this.#byId.set(list.id, { ...list, symbols: [...new Set(list.symbols)] });
    return this.#byId.get(list.id)!;
  }

  delete(id: string): boolean {
    return this.#byId.delete(id);
  }
}
