/**
 * Orders over keep-alive connections to a server on this machine, and what they took.
 *
 * Requests are written out by hand and answers are read no further than needed, so that the sender costs little beside
 * the server. Every second order sells what the one before it buys: half of them rest, the other half trade at once. A
 * connection sends its next order when the last is answered; with `perSecond` orders are due at fixed instants, wait for
 * a free connection, and are timed from when they were due.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";

export interface Trader {
  readonly id: string;
  readonly secret: string;
}

export interface Traders {
  readonly buyers: readonly Trader[];
  readonly sellers: readonly Trader[];
}

export interface OrderLoad {
  readonly port: number;
  readonly traders: Traders;
  readonly symbols: readonly string[];
  readonly connections: number;
  readonly orders: number;
  readonly perSecond?: number;
  /** Told apart from other loads' on the same server. */
  readonly name: string;
  /** Times fills by the accounts' trade updates. */
  readonly withFills?: true;
}

/** Milliseconds, unless it says otherwise. */
export interface LoadTaken {
  readonly seconds: number;
  /** Of this process. */
  readonly cpuSeconds: number;
  readonly acknowledged: Latency;
  /** Of the orders that traded as they came, from their sending to the update with their fill. */
  readonly filled: Latency | undefined;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** @throws when an order is not taken. */
export async function sendOrders(load: OrderLoad): Promise<LoadTaken> {
  const times = new OrderTimes(load.orders);
  const streams = load.withFills ? await followFills(load, times) : [];
  const idle = await Promise.all(Array.from({ length: load.connections }, async () => Connection.to(load.port)));
  const all = [...idle];
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await new Promise<void>((resolve, reject) => {
    let next = 0;
    let answered = 0;
    const due = (): number => (load.perSecond === undefined ? Infinity : Math.floor(((performance.now() - startedAt) / 1_000) * load.perSecond));
    const sendDue = (): void => {
      for (const limit = Math.min(load.orders, due()); next < limit && idle.length > 0; next += 1) send(next, idle.pop()!);
    };
    const send = (number: number, connection: Connection): void => {
      times.sentAt[number] = load.perSecond === undefined ? performance.now() : startedAt + (number / load.perSecond) * 1_000;
      connection.ask(orderRequest(load, number), (status, body) => {
        if (status !== 200) { reject(new Error(`order ${number} was answered with ${status}: ${body}`)); return; }
        times.answered(number, body);
        idle.push(connection);
        answered += 1;
        if (answered < load.orders) { sendDue(); return; }
        clearInterval(timer);
        resolve();
      }, reject);
    };
    const timer = setInterval(sendDue, 1);
    sendDue();
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  for (const connection of all) connection.close();
  if (load.withFills) await times.allFilled();
  for (const stream of streams) stream.terminate();
  return { seconds, cpuSeconds: (user + system) / 1e6, acknowledged: times.acknowledgements(), filled: load.withFills && times.fills() };
}

/** An order is a buy of one share at a price, or the sale that meets it. */
function orderRequest({ traders: { buyers, sellers }, symbols, name }: OrderLoad, number: number): string {
  const pair = number >> 1;
  const isBuy = number % 2 === 0;
  const { id, secret } = isBuy ? buyers[pair % buyers.length]! : sellers[pair % sellers.length]!;
  const body = `{"symbol":"${symbols[pair % symbols.length]!}","qty":"1","side":"${isBuy ? "buy" : "sell"}","type":"limit","limit_price":"${PRICE}","time_in_force":"day","client_order_id":"${name}-${number}"}`;
  return `POST /v2/orders HTTP/1.1\r\nhost: 127.0.0.1\r\napca-api-key-id: ${id}\r\napca-api-secret-key: ${secret}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

export const PRICE = "10.00";
const FILLS_WITHIN_MS = 10_000;

class OrderTimes {
  readonly sentAt: Float64Array;
  readonly #answeredAt: Float64Array;
  readonly #filledAt: Float64Array;
  readonly #tradedAtOnce: Uint8Array;

  constructor(orders: number) {
    this.sentAt = new Float64Array(orders);
    this.#answeredAt = new Float64Array(orders);
    this.#filledAt = new Float64Array(orders);
    this.#tradedAtOnce = new Uint8Array(orders);
  }

  answered(number: number, body: string): void {
    this.#answeredAt[number] = performance.now();
    if (body.includes('"status":"filled"')) this.#tradedAtOnce[number] = 1;
  }

  filled(number: number): void {
    this.#filledAt[number] = performance.now();
  }

  async allFilled(): Promise<void> {
    const until = performance.now() + FILLS_WITHIN_MS;
    while (this.#tradedAtOnce.some((traded, number) => traded === 1 && this.#filledAt[number] === 0)) {
      if (performance.now() > until) throw new Error("an order that was answered as filled had no update of its fill");
      await sleep(5);
    }
  }

  acknowledgements(): Latency {
    return latencyOf(this.#answeredAt.map((at, number) => at - this.sentAt[number]!));
  }

  fills(): Latency {
    return latencyOf(this.#filledAt.map((at, number) => at - this.sentAt[number]!).filter((_, number) => this.#tradedAtOnce[number] === 1));
  }
}

function latencyOf(values: Float64Array): Latency {
  if (values.length === 0) throw new Error("nothing was timed");
  const sorted = values.toSorted();
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)]!;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: sorted.at(-1)! };
}

/** One request after the other. */
class Connection {
  readonly #socket: Socket;
  #received = "";
  #answer: (status: number, body: string) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  static async to(port: number): Promise<Connection> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    return new Connection(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: unknown) => this.#take(String(text)));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server closed a connection")));
  }

  ask(request: string, answer: (status: number, body: string) => void, fail: (error: Error) => void): void {
    this.#answer = answer;
    this.#fail = fail;
    this.#socket.write(request, "latin1");
  }

  close(): void {
    this.#fail = () => undefined;
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end === -1) return;
    const [, length] = /content-length: (\d+)/i.exec(this.#received) ?? [];
    const body = this.#received.slice(end + 4);
    if (length === undefined || body.length < Number(length)) return;
    const status = Number(this.#received.slice(9, 12));
    this.#received = "";
    this.#answer(status, body);
  }
}

/** A stream that listens to an account's trade updates. */
export async function openStream(port: number, { id, secret }: Trader, onUpdate: (update: string) => void): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/stream`, { perMessageDeflate: false });
  await once(socket, "open");
  socket.send(JSON.stringify({ action: "authenticate", data: { key_id: id, secret_key: secret } }));
  socket.send(JSON.stringify({ action: "listen", data: { streams: ["trade_updates"] } }));
  await new Promise<void>((resolve, reject) => {
    socket.on("message", (data: Buffer) => {
      const update = data.toString("latin1");
      if (update.startsWith('{"stream":"listening"')) resolve();
      else onUpdate(update);
    });
    socket.on("close", () => reject(new Error("the server closed a stream")));
  });
  return socket;
}

async function followFills({ port, traders, name }: OrderLoad, times: OrderTimes): Promise<readonly WebSocket[]> {
  const marker = `"client_order_id":"${name}-`;
  const take = (update: string): void => {
    if (!update.includes('"event":"fill"')) return;
    const at = update.indexOf(marker);
    if (at !== -1) times.filled(parseInt(update.slice(at + marker.length), 10));
  };
  return Promise.all([...traders.buyers, ...traders.sellers].map(async (trader) => openStream(port, trader, take)));
}
