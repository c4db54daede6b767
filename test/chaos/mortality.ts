/**
 * A process that may die: before, while or after it makes its n-th effect, reads included; or when the venue gets its
 * n-th request.
 *
 * Of a dead process nothing comes any more: its pending calls have no answer, and the venue hears no further request of
 * it. What it had sent before is on its way and may arrive.
 */
export interface Death {
  readonly of: "effect" | "request";
  readonly number: number;
  readonly when: "before" | "while" | "after";
}

export class Mortality {
  readonly #death: Death | undefined;
  readonly #died: Promise<"died">;
  #die!: (word: "died") => void;
  #effects = 0;
  #requests = 0;
  #isDead = false;

  constructor(death: Death | undefined) {
    this.#death = death;
    this.#died = new Promise((resolve) => (this.#die = resolve));
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** What the work comes to, unless the process dies first. */
  async live<T>(work: Promise<T>): Promise<T | "died"> {
    return Promise.race([work, this.#died]);
  }

  /** Called by the venue as a request of this process comes; false where no more of it may come. */
  mayRequest(): boolean {
    if (this.#isDead) return false;
    this.#requests += 1;
    const death = this.#death;
    if (death?.of !== "request" || death.number !== this.#requests) return true;
    void this.#end();
    return death.when !== "before";
  }

  /** The same object, each of whose calls is an effect. */
  mortal<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): Promise<unknown> => this.#effect(() => (value as (...all: unknown[]) => Promise<unknown>).apply(target, args));
      },
    });
  }

  async #effect(make: () => Promise<unknown>): Promise<unknown> {
    if (this.#isDead) return never();
    this.#effects += 1;
    const death = this.#death;
    const dies = death?.of === "effect" && death.number === this.#effects;
    if (dies && death.when === "before") return this.#end();
    const made = make();
    if (dies && death.when === "while") {
      made.catch(() => undefined); // nobody is left to hear of it
      return this.#end();
    }
    // It may have died meanwhile by another of its calls.
    const [settled] = await Promise.allSettled([made]);
    if (dies || this.isDead) return this.#end();
    if (settled.status === "rejected") throw settled.reason;
    return settled.value;
  }

  #end(): Promise<never> {
    this.#isDead = true;
    this.#die("died");
    return never();
  }
}

/** A new one each time: one for all would remember everybody who waits for it. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
