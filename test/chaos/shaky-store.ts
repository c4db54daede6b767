/** Stores that refuse, before or after they have done what was asked, and that are slow. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { BlobStore, Journal, StateStore } from "../../src/ports.ts";
import type { FencingStore } from "../../src/state/fence.ts";
import { StoreUnavailable } from "../../src/state/store-errors.ts";
import type { Chance } from "./chance.ts";

export interface StoreFaults {
  readonly before: number;
  readonly after: number;
  readonly slow: number;
}

export class Shaker {
  struck = 0;
  /** Nothing goes wrong any more. */
  isCalm = false;
  readonly #faults: StoreFaults;
  readonly #chance: Chance;

  constructor(faults: StoreFaults, chance: Chance) {
    this.#faults = faults;
    this.#chance = chance;
  }

  shaken<S extends Journal | StateStore | BlobStore>(port: S): S {
    return new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): Promise<unknown> => this.#strike(String(name), () => (value as (...all: unknown[]) => Promise<unknown>).apply(target, args));
      },
    });
  }

  shakenStore(store: FencingStore): FencingStore {
    return {
      journal: this.shaken(store.journal),
      state: this.shaken(store.state),
      fencedBy: (fence) => {
        const { journal, state } = store.fencedBy(fence);
        return { journal: this.shaken(journal), state: this.shaken(state) };
      },
    };
  }

  async #strike(what: string, act: () => Promise<unknown>): Promise<unknown> {
    const { before, after, slow } = this.#faults;
    if (this.isCalm) return act();
    if (this.#chance.happens(slow)) await nextTurn();
    if (this.#chance.happens(before)) throw this.#refusal(`${what} was not done`);
    const done = await act();
    if (this.#chance.happens(after)) throw this.#refusal(`${what} was done, and nobody says so`);
    return done;
  }

  #refusal(why: string): StoreUnavailable {
    this.struck += 1;
    return new StoreUnavailable(why);
  }
}
