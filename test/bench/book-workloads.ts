/**
 * The message streams of the book benches, made before anything is timed: seeded, the same for every engine.
 *
 * `resting` and `crossing` begin with a book of 5,000 orders on 100 levels and keep it near that size: an order that
 * crosses is as large as the adds of its share, less the cancels, are on the average. `deep` begins with a million
 * orders on 10,000 levels. Prices are ticks around 10,000; sizes of resting orders are 1 to 100.
 *
 * Cancels name an order that is alive at that moment, which takes a book to know, so the streams are drawn with our own
 * beside them; the totals that all engines report show that it did not matter whose. Order ids count up from 0 and are
 * never used twice. Names are a separate string for each message, as they would come off a wire: a cancel does not hold
 * the string that its order came with.
 */
import { BUY, LIMIT, REST, SELL } from "../../src/simulator/order-book-codes.ts";
import { OrderBook } from "../../src/simulator/order-book.ts";
import { Prng } from "../../src/simulator/prng.ts";

export const ADD = 0;
export const CANCEL = 1;
export const MESSAGES = 1_000_000;

const MIDDLE = 10_000;

export interface Messages {
  readonly count: number;
  readonly kind: Uint8Array;
  readonly id: Int32Array;
  readonly side: Uint8Array;
  readonly price: Int32Array;
  readonly quantity: Int32Array;
  /** Empty where no names were asked for. */
  readonly name: readonly string[];
}

export interface Workload {
  /** Entered before the clock starts. */
  readonly before: Messages;
  readonly timed: Messages;
}

interface Mix {
  readonly restingOrders: number;
  /** Out of 100 messages; the others are orders that cross. */
  readonly adds: number;
  readonly cancels: number;
  /** Orders rest 1 to this many ticks from the middle; the limit of those that cross lies as far on the other side. */
  readonly ticks: number;
  /** Orders that cross are 1 to this size. */
  readonly takerSize: number;
}

const MIXES = {
  resting: { restingOrders: 5_000, adds: 60, cancels: 30, ticks: 50, takerSize: 300 },
  crossing: { restingOrders: 5_000, adds: 40, cancels: 10, ticks: 50, takerSize: 60 },
  deep: { restingOrders: 1_000_000, adds: 50, cancels: 50, ticks: 5_000, takerSize: 100 },
} as const satisfies Record<string, Mix>;

export type WorkloadName = keyof typeof MIXES;

export const WORKLOADS = Object.keys(MIXES) as WorkloadName[];

/** `named` is for engines whose ids are strings: for the others two million strings would only feed the collector. */
export function workloadOf(name: WorkloadName, seed: number, named: boolean, count = MESSAGES): Workload {
  const mix = MIXES[name];
  const market = new DrawnMarket(seed, mix, named);
  const before = market.draw(mix.restingOrders, 100, 0);
  return { before, timed: market.draw(count, mix.adds, mix.cancels) };
}

class DrawnMarket {
  private readonly prng: Prng;
  private readonly mix: Mix;
  private readonly named: boolean;
  private readonly book = new OrderBook();
  private readonly alive: number[] = [];
  /** Where an id stands in `alive`. */
  private readonly places: number[] = [];

  constructor(seed: number, mix: Mix, named: boolean) {
    this.prng = new Prng(seed);
    this.mix = mix;
    this.named = named;
  }

  draw(count: number, adds: number, cancels: number): Messages {
    const kind = new Uint8Array(count);
    const id = new Int32Array(count);
    const side = new Uint8Array(count);
    const price = new Int32Array(count);
    const quantity = new Int32Array(count);
    const name: string[] = [];
    for (let n = 0; n < count; n++) {
      const draw = this.prng.integer(0, 99);
      if (draw < cancels && this.alive.length > 0) {
        kind[n] = CANCEL;
        id[n] = this.alive[this.prng.integer(0, this.alive.length - 1)]!;
        this.book.cancel(id[n]!);
        this.bury(id[n]!);
      } else {
        const rests = draw < cancels + adds;
        kind[n] = ADD;
        id[n] = this.places.length;
        side[n] = this.prng.integer(BUY, SELL);
        const away = rests ? this.prng.integer(1, this.mix.ticks) : -this.mix.ticks;
        price[n] = MIDDLE + (side[n] === BUY ? -away : away);
        quantity[n] = this.prng.integer(1, rests ? 100 : this.mix.takerSize);
        this.enter(id[n]!, side[n]!, price[n]!, quantity[n]!);
      }
      if (this.named) name.push(`order-${id[n]!}`);
    }
    return { count, kind, id, side, price, quantity, name };
  }

  private enter(id: number, side: number, price: number, quantity: number): void {
    const { book } = this;
    this.places[id] = this.alive.length;
    this.alive.push(id);
    book.submit(id, side, LIMIT, price, 0, quantity, REST, 0, 0);
    for (let index = 0; index < book.events.count; index++) {
      if (book.remaining(book.events.maker(index)) === 0) this.bury(book.events.maker(index));
    }
    book.events.clear();
    if (book.remaining(id) === 0) this.bury(id);
  }

  private bury(id: number): void {
    const place = this.places[id]!;
    const last = this.alive.pop()!;
    if (last === id) return;
    this.alive[place] = last;
    this.places[last] = place;
  }
}
