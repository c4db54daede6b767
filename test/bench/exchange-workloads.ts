/**
 * The message streams of the exchange bench: those of the book benches (book-workloads.ts), each order with its symbol,
 * its account and its client order id.
 *
 * `resting` and `crossing` are one symbol and eight accounts, half of which buy and half sell. `many` is eight symbols
 * and sixteen accounts, mixed, resting-heavy: each account buys half of the symbols and sells the others. No account
 * trades against itself, which the exchange's checks would refuse.
 */
import { Prng } from "../../src/simulator/prng.ts";
import { CANCEL, MESSAGES, workloadOf, type Messages, type WorkloadName } from "./book-workloads.ts";

export const EXCHANGE_WORKLOADS = ["resting", "crossing", "many"] as const;
export type ExchangeWorkloadName = (typeof EXCHANGE_WORKLOADS)[number];

/** `price` is in cents, `quantity` in shares; every message's `name` is a string of its own, as it would come off a wire. */
export interface OrderMessages extends Omit<Messages, "id"> {
  readonly market: Uint8Array;
  readonly account: Uint8Array;
}

export interface ExchangeWorkload {
  readonly markets: number;
  readonly accounts: number;
  /** Entered before the clock starts. */
  readonly before: OrderMessages;
  readonly timed: OrderMessages;
}

export function exchangeWorkloadOf(name: ExchangeWorkloadName, seed: number): ExchangeWorkload {
  const [markets, accounts, stream]: [number, number, WorkloadName] = name === "many" ? [8, 16, "resting"] : [1, 8, name];
  const drawn = Array.from({ length: markets }, (_, market) => workloadOf(stream, seed + market, false, MESSAGES / markets));
  const mix = new Mix(accounts, new Prng(seed), markets);
  const before = mix.of(drawn.map((workload) => workload.before));
  return { markets, accounts, before, timed: mix.of(drawn.map((workload) => workload.timed)) };
}

class Mix {
  readonly #accounts: number;
  readonly #prng: Prng;
  /** By market, whose each order is. */
  readonly #traders: readonly Map<number, number>[];

  constructor(accounts: number, prng: Prng, markets: number) {
    this.#accounts = accounts;
    this.#prng = prng;
    this.#traders = Array.from({ length: markets }, () => new Map<number, number>());
  }

  /** The streams of all markets in one, in an order that the seed decides. */
  of(streams: readonly Messages[]): OrderMessages {
    const count = streams.reduce((sum, stream) => sum + stream.count, 0);
    const next = streams.map(() => 0);
    const mixed = { count, kind: new Uint8Array(count), side: new Uint8Array(count), price: new Int32Array(count), quantity: new Int32Array(count), market: new Uint8Array(count), account: new Uint8Array(count), name: [] as string[] };
    for (let n = 0; n < count; n++) {
      let market = this.#prng.integer(0, streams.length - 1);
      while (next[market] === streams[market]!.count) market = (market + 1) % streams.length;
      const stream = streams[market]!;
      const from = next[market]!++;
      const order = stream.id[from]!;
      mixed.kind[n] = stream.kind[from]!;
      mixed.side[n] = stream.side[from]!;
      mixed.price[n] = stream.price[from]!;
      mixed.quantity[n] = stream.quantity[from]!;
      mixed.market[n] = market;
      mixed.account[n] = this.#traderOf(market, order, stream.kind[from] === CANCEL ? undefined : stream.side[from]!);
      mixed.name.push(asRead(`order-${market}-${order}`));
    }
    return mixed;
  }

  #traderOf(market: number, order: number, side: number | undefined): number {
    const traders = this.#traders[market]!;
    if (side !== undefined) traders.set(order, this.#prng.integer(0, this.#accounts / 2 - 1) * 2 + ((side + market) % 2));
    return traders.get(order)!;
  }
}

/** A string in one piece, as a parser makes it from bytes: a template leaves its pieces to be joined by whoever reads it first. */
function asRead(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
