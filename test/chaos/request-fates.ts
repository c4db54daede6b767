/**
 * What becomes of each request that comes to the venue: it is answered, lost by a fault, or given up by its client.
 *
 * - Answered: the venue has done what was asked and has an answer, which need not reach anybody.
 * - Lost: a fault took the reply over and closed the connection.
 * - Given up: the client closed the connection before its request was read. While a request is held back nobody listens
 *   to its body, and a body whose connection has closed meanwhile neither ends nor fails for who listens then: the server
 *   would wait for it for good and answer nothing. So it is looked at once more when it would be read, and let go.
 *
 * To be installed before the hooks that hold requests back or lose them. Streams are not counted: they stay open.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance, FastifyRequest } from "fastify";

type Fate = "answered" | "lost" | "givenUp";

/** Sent from this process, a request lies in the server's socket: a turn ends what goes on, one accepts its connection, and one reads it. */
const TURNS = 3;
const WAITS_MAX = 5_000;

export class RequestFates {
  readonly counts: Record<Fate, number> = { answered: 0, lost: 0, givenUp: 0 };
  readonly #open = new Set<FastifyRequest>();

  install(app: FastifyInstance): void {
    app.addHook("onRequest", (request, reply, done) => {
      if (request.headers.upgrade === undefined) {
        this.#open.add(request);
        reply.raw.once("close", () => {
          // Whoever took the reply over does not answer. Otherwise the server goes on, or finds that it was given up.
          if (reply.sent) this.#settle(request, "lost");
        });
      }
      done();
    });
    app.addHook("preParsing", (request, reply, _body, done) => {
      if (!request.raw.destroyed) {
        done();
        return;
      }
      this.#settle(request, "givenUp");
      reply.hijack();
    });
    app.addHook("onSend", (request, _reply, _payload, done) => {
      // Of half a body the server says that it is none, to nobody.
      this.#settle(request, request.raw.destroyed && !request.raw.complete ? "givenUp" : "answered");
      done();
    });
  }

  /** Resolves when the fate of each request that was sent is known. @throws when one stays open. */
  async known(waitsMax = WAITS_MAX): Promise<void> {
    for (let turns = 0; turns < TURNS; turns += 1) await turn();
    for (let waits = 0; this.#open.size > 0; waits += 1) {
      if (waits >= waitsMax) throw new Error(`neither answered, lost nor given up: ${[...this.#open].map(({ method, url }) => `${method} ${url}`).join(", ")}`);
      await sleep(1);
    }
  }

  #settle(request: FastifyRequest, fate: Fate): void {
    if (this.#open.delete(request)) this.counts[fate] += 1;
  }
}
