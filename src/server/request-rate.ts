/** How many requests a key may send in each minute of the clock. */
export interface RequestsLeft {
  readonly limit: number;
  readonly remaining: number;
  /** Epoch seconds at which the count begins again. */
  readonly resetSeconds: number;
  readonly exceeded: boolean;
}

export class RequestRate {
  readonly #limit: number;
  readonly #clock: () => number;
  #minute = 0;
  #taken = new Map<string, number>();

  constructor(perMinute: number, clock: () => number) {
    this.#limit = perMinute;
    this.#clock = clock;
  }

  take(keyId: string): RequestsLeft {
    const minute = Math.floor(this.#clock() / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#taken = new Map();
    }
    const taken = (this.#taken.get(keyId) ?? 0) + 1;
    this.#taken.set(keyId, taken);
    return { limit: this.#limit, remaining: Math.max(0, this.#limit - taken), resetSeconds: (minute + 1) * 60, exceeded: taken > this.#limit };
  }
}
