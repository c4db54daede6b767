/**
 * The served market as its users have it: `ballast serve` in a process of its own, its log synced before each answer, and
 * orders from this process over loopback. Beside it, servers that parse the same orders and answer a constant, and the
 * disk's own rate of syncs.
 *
 * Connections send their next order when the last is answered, so the rate is what the server takes and the latency what
 * a client waits at that rate; "a steady 5000 orders/s" is timed from when an order was due. A fill is timed from its
 * order's sending to the update on the account's stream. What the server and this process used of a core is told beside
 * each rate: on few cores they are in each other's way, and CPU time for an order is the figure that bears other load.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStream, sendOrders, type Latency, type LoadTaken, type OrderLoad } from "./order-load.ts";
import { makeKeys, NEW_MARKET, serveMarket, startPeer, stock, SYMBOLS, usageOf, type MarketKeys, type ServerProcess } from "./served-market.ts";
import { figure, type BenchSuite, type Figure } from "./suite.ts";

interface Sizes {
  readonly rounds: number;
  readonly connections: readonly number[];
  /** For each count of connections; of one connection a tenth. */
  readonly orders: number;
  readonly steadyPerSecond: number;
  /** What memory, recovery and a snapshot are measured with. */
  readonly history: number;
  readonly idleStreams: number;
}

const FULL: Sizes = { rounds: 3, connections: [1, 10, 100, 1_000], orders: 20_000, steadyPerSecond: 5_000, history: 1_000_000, idleStreams: 1_000 };
const QUICK: Sizes = { rounds: 1, connections: [1, 4], orders: 60, steadyPerSecond: 200, history: 300, idleStreams: 5 };
const SYNC_SECONDS = 1;
const NO_SNAPSHOT = ["--snapshot-every", "1000000000"] as const;

export const suite: BenchSuite = {
  title: "Served market: orders over HTTP behind a synced log, on loopback",
  measure: async (progress) => measured(FULL, progress),
  rehearse: async (progress) => measured(QUICK, progress),
};

async function measured(sizes: Sizes, progress: (what: string) => void): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), "ballast-bench-"));
  try {
    return [...(await rates(join(directory, "rates"), sizes, progress)), ...(await streams(join(directory, "streams"), sizes, progress)), ...(await history(join(directory, "history"), sizes, progress))];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

interface Round {
  readonly taken: LoadTaken;
  readonly perSecond: number;
  readonly serverMicros: number;
  readonly serverShare: number;
  readonly loadShare: number;
}

async function rates(directory: string, { rounds, connections, orders, steadyPerSecond }: Sizes, progress: (what: string) => void): Promise<Figure[]> {
  const { server, keys } = await opened(directory);
  const peers = { fastify: await startPeer("./http-peer.ts", "fastify"), node: await startPeer("./http-peer.ts", "node") };
  const most = Math.min(100, connections.at(-1)!);
  const byConnections = new Map<number, Round[]>(connections.map((count) => [count, []]));
  const others = { steady: [] as Round[], fastify: [] as Round[], node: [] as Round[], syncs: [] as number[] };
  try {
    progress("nothing yet, but warming up");
    for (const process of [server, ...Object.values(peers)]) await loaded(process, keys, { connections: most, orders, name: "warm" });
    for (let round = 1; round <= rounds; round += 1) {
      for (const [count, measurements] of byConnections) {
        progress(`${count} connections, round ${round} of ${rounds}`);
        measurements.push(await loaded(server, keys, { connections: count, orders: count === 1 ? Math.ceil(orders / 10) : orders, name: `r${round}c${count}`, withFills: true }));
      }
      progress(`a steady load and the peers, round ${round} of ${rounds}`);
      others.steady.push(await loaded(server, keys, { connections: most, orders, perSecond: steadyPerSecond, name: `r${round}steady`, withFills: true }));
      others.fastify.push(await loaded(peers.fastify, keys, { connections: most, orders, name: "peer" }));
      others.node.push(await loaded(peers.node, keys, { connections: most, orders, name: "peer" }));
      others.syncs.push(syncRate(join(directory, "syncs")));
    }
  } finally {
    for (const process of [server, ...Object.values(peers)]) await process.end("SIGTERM");
  }
  const ours = byConnections.get(most)!;
  return [
    ...[...byConnections].flatMap(([count, measurements]) => figuresOf(count === 1 ? "1 connection" : `${count} connections`, measurements, count === 100)),
    ...figuresOf(`a steady ${steadyPerSecond} orders/s over ${most} connections`, others.steady, false, most === 100),
    ...(["fastify", "node"] as const).flatMap((peer) => [
      figure(`${most} connections, ${peer} alone with a constant answer`, "/s", others[peer].map((one) => one.perSecond)),
      figure(`${most} connections, ${peer} alone, CPU for a request`, "us", others[peer].map((one) => one.serverMicros)),
    ]),
    figure("orders to constants of fastify", "x", ours.map((one, round) => one.perSecond / others.fastify[round]!.perSecond)),
    figure("CPU for an order to that for a constant of fastify", "x", ours.map((one, round) => one.serverMicros / others.fastify[round]!.serverMicros)),
    figure("fdatasync of 4 KiB, one after the other", "/s", others.syncs),
  ];
}

function figuresOf(what: string, rounds: readonly Round[], hasRateTarget: boolean, hasLatencyTarget = hasRateTarget): Figure[] {
  const latencies = (name: string, latency: (round: Round) => Latency, target?: { readonly below: number }): Figure[] => [
    figure(`${what}, ${name}, p50`, "ms", rounds.map((round) => latency(round).p50)),
    figure(`${what}, ${name}, p99`, "ms", rounds.map((round) => latency(round).p99), target),
    figure(`${what}, ${name}, p99.9`, "ms", rounds.map((round) => latency(round).p999)),
  ];
  return [
    figure(`${what}, orders`, "/s", rounds.map(({ perSecond }) => perSecond), hasRateTarget ? { atLeast: 5_000 } : undefined),
    ...latencies("acknowledged", ({ taken }) => taken.acknowledged, hasLatencyTarget ? { below: 20 } : undefined),
    ...latencies("filled", ({ taken }) => taken.filled!),
    figure(`${what}, CPU of the server for an order`, "us", rounds.map(({ serverMicros }) => serverMicros)),
    figure(`${what}, the server's share of a core`, "%", rounds.map(({ serverShare }) => serverShare * 100)),
    figure(`${what}, the sender's share of a core`, "%", rounds.map(({ loadShare }) => loadShare * 100)),
  ];
}

async function streams(directory: string, { idleStreams }: Sizes, progress: (what: string) => void): Promise<Figure[]> {
  progress(`${idleStreams} streams that listen`);
  const { server, keys } = await opened(directory);
  const before = await usageOf(server);
  const traders = [...keys.buyers, ...keys.sellers];
  const sockets = [];
  for (let n = 0; n < idleStreams; n += 1) sockets.push(await openStream(server.port, traders[n % traders.length]!, () => undefined));
  const after = await usageOf(server);
  for (const socket of sockets) {
    socket.removeAllListeners("close");
    socket.terminate();
  }
  await server.end("SIGTERM");
  return [
    figure("resident memory of a server without streams", "MB", [before.residentMegabytes]),
    figure(`resident memory with ${idleStreams} idle streams`, "MB", [after.residentMegabytes], { below: 200 }),
  ];
}

async function history(directory: string, { history: orders, connections }: Sizes, progress: (what: string) => void): Promise<Figure[]> {
  const most = Math.min(100, connections.at(-1)!);
  progress(`${orders} orders`);
  const { server, keys } = await opened(directory, ...NO_SNAPSHOT);
  const { taken, serverMicros } = await loaded(server, keys, { connections: most, orders, name: "history" });
  const { residentMegabytes } = await usageOf(server);
  await server.end("SIGKILL");
  progress(`recovery of ${orders} orders`);
  const fromLog = await serveMarket(directory);
  const recoveredMegabytes = (await usageOf(fromLog)).residentMegabytes;
  // Without a snapshot so far, the first command is followed by one. So few orders wait for nothing else.
  const during = await loaded(fromLog, keys, { connections: 10, orders: Math.min(2_000, orders), perSecond: 100, name: "during" });
  await fromLog.end("SIGTERM");
  const fromSnapshot = await serveMarket(directory);
  await fromSnapshot.end("SIGTERM");
  const afterKill = await startAfterKill(`${directory}-kept`, orders, most, progress);
  const target = orders === 1_000_000 ? ({ below: 10 } as const) : undefined;
  return [
    figure(`${orders} orders, one after the other, over ${most} connections`, "/s", [orders / taken.seconds]),
    figure(`${orders} orders, CPU of the server for an order`, "us", [serverMicros]),
    figure(`resident memory after ${orders} orders`, "MB", [residentMegabytes]),
    figure(`resident memory after recovery of ${orders} orders`, "MB", [recoveredMegabytes]),
    figure(`start behind a kill after ${orders} orders, snapshots as by default`, "s", [afterKill], target),
    figure(`start with the log of ${orders} orders alone`, "s", [fromLog.startedWithinSeconds], target),
    figure(`start with a snapshot of ${orders} orders`, "s", [fromSnapshot.startedWithinSeconds], target),
    figure(`p99 while a snapshot of ${orders} orders is written`, "ms", [during.taken.acknowledged.p99]),
    figure(`the longest wait while a snapshot of ${orders} orders is written`, "ms", [during.taken.acknowledged.max]),
  ];
}

async function startAfterKill(directory: string, orders: number, connections: number, progress: (what: string) => void): Promise<number> {
  progress(`${orders} orders again, with snapshots`);
  const { server, keys } = await opened(directory);
  await loaded(server, keys, { connections, orders, name: "kept" });
  await server.end("SIGKILL");
  const again = await serveMarket(directory);
  await again.end("SIGTERM");
  return again.startedWithinSeconds;
}

async function opened(directory: string, ...more: readonly string[]): Promise<{ readonly server: ServerProcess; readonly keys: MarketKeys }> {
  const keys = await makeKeys(directory);
  const server = await serveMarket(directory, ...NEW_MARKET, ...more);
  await stock(server, keys);
  return { server, keys };
}

async function loaded(server: ServerProcess, keys: MarketKeys, load: Pick<OrderLoad, "connections" | "orders" | "perSecond" | "name" | "withFills">): Promise<Round> {
  const before = await usageOf(server);
  const taken = await sendOrders({ port: server.port, traders: keys, symbols: SYMBOLS, ...load });
  const cpuSeconds = (await usageOf(server)).cpuSeconds - before.cpuSeconds;
  return { taken, perSecond: load.orders / taken.seconds, serverMicros: (cpuSeconds / load.orders) * 1e6, serverShare: cpuSeconds / taken.seconds, loadShare: taken.cpuSeconds / taken.seconds };
}

/** Of the disk under the directory. */
function syncRate(path: string): number {
  const file = openSync(path, "a");
  const block = Buffer.alloc(4_096);
  const startedAt = performance.now();
  let syncs = 0;
  while (performance.now() - startedAt < SYNC_SECONDS * 1_000) {
    writeSync(file, block);
    fdatasyncSync(file);
    syncs += 1;
  }
  closeSync(file);
  return (syncs * 1_000) / (performance.now() - startedAt);
}
