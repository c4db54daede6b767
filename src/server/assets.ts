/** What the venue lists, by symbol and by id. An id stays with its share under another name. */
import type { Symbol } from "../trade.ts";
import { derivedUuid } from "./derived-ids.ts";

export interface ListedAsset {
  readonly id: string;
  readonly symbol: Symbol;
  readonly name: string;
  readonly isActive: boolean;
}

export class Assets {
  readonly #bySymbol = new Map<Symbol, ListedAsset>();
  readonly #byId = new Map<string, ListedAsset>();

  constructor(stored: readonly ListedAsset[] = []) {
    for (const asset of stored) this.#put(asset);
  }

  /** By symbol. */
  all(): readonly ListedAsset[] {
    return [...this.#byId.values()].sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  }

  list(symbol: Symbol): void {
    const id = derivedUuid("asset", symbol);
    // A name that was another share's before it was renamed.
    this.#put({ id: this.#byId.has(id) ? derivedUuid("asset", `${symbol}/${this.#byId.size}`) : id, symbol, name: symbol, isActive: true });
  }

  named(symbolOrId: string): ListedAsset | undefined {
    return this.#bySymbol.get(symbolOrId as Symbol) ?? this.#byId.get(symbolOrId);
  }

  rename(symbol: Symbol, to: Symbol): void {
    const asset = this.#bySymbol.get(symbol);
    if (!asset) return;
    this.#bySymbol.delete(symbol);
    this.#put({ ...asset, symbol: to });
  }

  end(symbol: Symbol): void {
    const asset = this.#bySymbol.get(symbol);
    if (asset) this.#put({ ...asset, isActive: false });
  }

  #put(asset: ListedAsset): void {
    this.#bySymbol.set(asset.symbol, asset);
    this.#byId.set(asset.id, asset);
  }
}
