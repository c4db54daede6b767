/**
 * The books that are measured, behind one small interface: enter a message, add up what traded.
 *
 * Each does what its own callers would: ours reads every fill out of the log and clears it, the peers build the objects
 * that their API takes and look through the results that it returns.
 */
import { OrderBook as HftLimitOrderBook } from "hft-limit-order-book";
import { OrderBook as NodejsOrderBook, Side } from "nodejs-order-book";
import { BUY, FILL, LIMIT, REST } from "../../src/simulator/order-book-codes.ts";
import type { EventLog } from "../../src/simulator/order-book-events.ts";
import { OrderBookGateway } from "../../src/simulator/order-book-gateway.ts";
import { OrderBook } from "../../src/simulator/order-book.ts";
import { ADD } from "./book-workloads.ts";
import type { Messages } from "./book-workloads.ts";

export interface Engine {
  /** Messages `from` to `to`; returns the quantity traded. */
  play(messages: Messages, from: number, to: number): number;
}

export const ENGINES = {
  ballast: () => new BallastEngine(),
  "ballast with string ids": () => new GatewayEngine(),
  "nodejs-order-book": () => new PeerEngine(new NodejsOrderBook()),
  "hft-limit-order-book": () => new PeerEngine(new HftLimitOrderBook()),
} as const satisfies Record<string, () => Engine>;

export type EngineName = keyof typeof ENGINES;

export const ENGINES_WITH_NUMBERS: readonly EngineName[] = ["ballast"];

class BallastEngine implements Engine {
  private readonly book = new OrderBook();

  play(messages: Messages, from: number, to: number): number {
    const { book } = this;
    const { events } = book;
    const { kind, id, side, price, quantity } = messages;
    let traded = 0;
    for (let n = from; n < to; n++) {
      if (kind[n] === ADD) {
        book.submit(id[n]!, side[n]!, LIMIT, price[n]!, 0, quantity[n]!, REST, 0, 0);
        if (events.count !== 0) traded += drained(events);
      } else {
        book.cancel(id[n]!);
      }
    }
    return traded;
  }
}

class GatewayEngine implements Engine {
  private readonly gateway = new OrderBookGateway(new OrderBook());

  play(messages: Messages, from: number, to: number): number {
    const { gateway } = this;
    const { kind, name, side, price, quantity } = messages;
    let traded = 0;
    for (let n = from; n < to; n++) {
      if (kind[n] === ADD) {
        gateway.submit(name[n]!, side[n]!, LIMIT, price[n]!, 0, quantity[n]!, REST, 0, 0);
        traded += tradedIn(gateway.book.events);
      } else {
        gateway.cancel(name[n]!);
      }
    }
    return traded;
  }
}

function drained(events: EventLog): number {
  const traded = tradedIn(events);
  events.clear();
  return traded;
}

function tradedIn(events: EventLog): number {
  let traded = 0;
  for (let index = 0; index < events.count; index++) {
    if (events.kind(index) === FILL) traded += events.quantity(index);
  }
  return traded;
}

/** The two peers have one API; the second is an earlier state of the first. */
class PeerEngine implements Engine {
  private readonly book: NodejsOrderBook | HftLimitOrderBook;

  constructor(book: NodejsOrderBook | HftLimitOrderBook) {
    this.book = book;
  }

  play(messages: Messages, from: number, to: number): number {
    const { book } = this;
    const { kind, name, side, price, quantity } = messages;
    let traded = 0;
    for (let n = from; n < to; n++) {
      if (kind[n] === ADD) {
        const size = quantity[n]!;
        const result = book.limit({ id: name[n]!, side: side[n] === BUY ? Side.BUY : Side.SELL, size, price: price[n]! });
        if (result.err) throw new Error(result.err.message);
        traded += size - result.quantityLeft;
      } else {
        book.cancel(name[n]!);
      }
    }
    return traded;
  }
}
