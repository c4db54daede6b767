import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RequestFates } from "./request-fates.ts";

let app: FastifyInstance;
let fates: RequestFates;
let placed: unknown[];
/** Says that a request is held back, and lets it go on. */
let isHeld: { readonly promise: Promise<unknown>; readonly resolve: (value?: unknown) => void };
let goOn: typeof isHeld;

beforeEach(() => {
  app = Fastify();
  fates = new RequestFates();
  placed = [];
  [isHeld, goOn] = [Promise.withResolvers<unknown>(), Promise.withResolvers<unknown>()];
  fates.install(app);
});
afterEach(() => app.close());

async function hold(): Promise<void> {
  isHeld.resolve();
  await goOn.promise;
}

async function listening(): Promise<void> {
  app.post("/orders", ({ body }) => ({ places: placed.push(body) }));
  await app.listen({ host: "127.0.0.1", port: 0 });
}

function send(bytes: string): Socket {
  const client = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => undefined);
  client.write(bytes);
  return client;
}

const ORDER = 'POST /orders HTTP/1.1\r\nhost: venue\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{"n":1}';

/** As the server sees it. */
async function goneAfter(act: () => void): Promise<void> {
  const [connection] = (await once(app.server, "connection")) as [Socket];
  const closed = new Promise((resolve) => connection.once("close", resolve));
  await isHeld.promise;
  act();
  await closed;
}

test("an order whose client goes while it is held back is given up, and never placed", async () => {
  app.addHook("onRequest", hold);
  await listening();
  const client = send(ORDER);
  await goneAfter(() => client.destroy());
  goOn.resolve();
  await fates.known();
  expect(fates.counts).toEqual({ answered: 0, lost: 0, givenUp: 1 });
  expect(placed).toEqual([]);
});

test("an order whose client goes while the venue places it is placed, and its answer reaches nobody", async () => {
  app.addHook("preHandler", hold);
  await listening();
  const client = send(ORDER);
  await goneAfter(() => client.destroy());
  goOn.resolve();
  await fates.known();
  expect(fates.counts).toEqual({ answered: 1, lost: 0, givenUp: 0 });
  expect(placed).toEqual([{ n: 1 }]);
});

test("an order whose connection a fault closes is lost, and one that is answered is answered", async () => {
  let isFirst = true;
  app.addHook("onRequest", (request, reply, done) => {
    if (!isFirst) {
      done();
      return;
    }
    isFirst = false;
    reply.hijack();
    request.raw.socket.resetAndDestroy();
  });
  await listening();
  const lost = send(ORDER);
  await new Promise((resolve) => lost.once("close", resolve));
  const client = send(ORDER);
  await once(client, "data");
  client.destroy();
  await fates.known();
  expect(fates.counts).toEqual({ answered: 1, lost: 1, givenUp: 0 });
  expect(placed).toEqual([{ n: 1 }]);
});

test("who waits for an order that is held back for good is told which it is", async () => {
  app.addHook("onRequest", hold);
  await listening();
  const client = send(ORDER);
  await isHeld.promise;
  await expect(fates.known(1)).rejects.toThrow("neither answered, lost nor given up: POST /orders");
  goOn.resolve();
  await once(client, "data");
  client.destroy();
});
