/**
 * The sending side of one stream connection: it never waits for a client, and drops one that does not keep up.
 *
 * What a client has not taken yet lies in this process's memory. Beyond `BACKLOG_MAX` the connection is closed at once,
 * so that one slow client costs the others nothing. What is said in one turn of the loop leaves in one write. Every half
 * minute a client must answer a ping. Faults that were asked for happen to messages of the feed alone, not to the answers
 * of the protocol.
 */
import type { Writable } from "node:stream";
import type { WebSocket } from "@fastify/websocket";
import type { FaultInjector } from "./faults.ts";

const BACKLOG_MAX = 1_048_576;
const PING_EVERY_MS = 30_000;
/** A message that is held back to come after its successor comes without one after this long. */
const REORDER_WITHIN_MS = 50;
/** What WebSocket (RFC 6455, section 7.4.1) calls a policy violation. */
const POLICY_VIOLATION = 1008;

export type DropReason = "slow" | "silent" | "fault" | "shutdown" | "not-authenticated";

export interface OutletOptions {
  /** What the WebSocket writes to. */
  readonly connection: Pick<Writable, "cork" | "uncork">;
  readonly faults: FaultInjector;
  readonly onSent: () => void;
  readonly onDropped: (reason: DropReason) => void;
  /** Sent to a client that is too slow, before its connection is closed. */
  readonly farewell?: string | Uint8Array;
}

export class StreamOutlet {
  readonly #socket: WebSocket;
  readonly #options: OutletOptions;
  readonly #pings: NodeJS.Timeout;
  #isAlive = true;
  #isGathering = false;
  #held: string | Uint8Array | undefined;

  constructor(socket: WebSocket, options: OutletOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#pings = setInterval(() => this.#ping(), PING_EVERY_MS).unref();
    socket.on("pong", () => (this.#isAlive = true));
    socket.on("close", () => clearInterval(this.#pings));
  }

  /** An answer of the protocol. */
  answer(frame: string | Uint8Array): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#send(frame);
  }

  /** A message of the feed. */
  feed(frame: string | Uint8Array): void {
    const fault = this.#options.faults.ofMessage();
    switch (fault) {
      case undefined:
        this.#deliver(frame);
        break;
      case "duplicate":
        this.#deliver(frame);
        this.#deliver(frame);
        break;
      case "reorder":
        if (this.#held !== undefined) this.#deliver(frame);
        else this.#hold(frame);
        return;
      case "drop":
        return;
      case "disconnect":
        this.drop("fault");
        return;
    }
    this.#release();
  }

  drop(reason: DropReason): void {
    clearInterval(this.#pings);
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    this.#options.onDropped(reason);
    if (reason === "shutdown") this.#socket.close(1001);
    else if (reason === "not-authenticated") this.#socket.close(POLICY_VIOLATION);
    else this.#socket.terminate();
  }

  #deliver(frame: string | Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#send(frame);
    this.#options.onSent();
  }

  /** All commands of one write to the log are applied in one turn: their messages share a write, too. */
  #send(frame: string | Uint8Array): void {
    if (!this.#isGathering) {
      this.#isGathering = true;
      this.#options.connection.cork();
      process.nextTick(() => {
        this.#isGathering = false;
        this.#options.connection.uncork();
        this.#dropWhenSlow();
      });
    }
    this.#socket.send(frame);
  }

  #hold(frame: string | Uint8Array): void {
    this.#held = frame;
    setTimeout(() => this.#release(), REORDER_WITHIN_MS).unref();
  }

  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#deliver(held);
  }

  #dropWhenSlow(): void {
    if (this.#socket.readyState !== this.#socket.OPEN || this.#socket.bufferedAmount <= BACKLOG_MAX) return;
    if (this.#options.farewell !== undefined) this.#socket.send(this.#options.farewell);
    this.drop("slow");
  }

  #ping(): void {
    if (!this.#isAlive) {
      this.drop("silent");
      return;
    }
    this.#isAlive = false;
    this.#socket.ping();
  }
}
