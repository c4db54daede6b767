/**
 * The run path by store: how long a live run takes from its trigger to its last accepted order, and how many whole runs a
 * second one process brings to their end.
 *
 * One market of made-up bars, one rebalance that moves every symbol, market orders, the venue in process: so what is
 * measured is the path and its store. Memory is the named limit, and each store's ratio to it is of the same round.
 * SQLite writes to a file with its own durability; DynamoDB is dynalite over loopback HTTP in this same
 * process: its own work is in the figure, a network's distance is not.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulatedWorld } from "../../backtest/simulated-world.ts";
import type { Journal, Ports, StateStore } from "../../src/ports.ts";
import { advanceRun } from "../../src/run/advance-run.ts";
import { dynamodbStore } from "../../src/state/dynamodb.ts";
import { MemoryJournal, MemoryStateStore } from "../../src/state/memory.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import { instantOf, plusMs, type Instant } from "../../src/time.ts";
import { barsOf, datasetOf, deploymentOf, holding, worldSettings } from "../support/made-up-market.ts";
import { startDynamodb } from "../support/dynamodb-server.ts";
import { figure, type BenchSuite, type Figure } from "./suite.ts";

const FROM = "2026-11-16";
const DUE = instantOf("2026-11-23T14:35:00Z");
const ROUNDS = 5;
const SIZES = [10, 100, 500];
const STORES = ["memory", "SQLite", "DynamoDB"] as const;

interface Stores {
  readonly journal: Journal;
  readonly state: StateStore;
  readonly close: () => Promise<void> | void;
}

export const suite: BenchSuite = {
  title: "Rebalance: one run that buys every symbol, by store",
  async measure(progress) {
    const figures: Figure[] = [];
    const dynamodb = await startDynamodb();
    try {
      for (const count of SIZES) {
        const memory: number[] = [];
        for (const name of STORES) {
          const latency: number[] = [];
          const whole: number[] = [];
          for (let round = 0; round <= ROUNDS; round += 1) {
            progress(`${count} symbols over ${name}, round ${round} of ${ROUNDS}`);
            const stores = await opened(name, dynamodb, `${count}-${round}`);
            const measured = await rebalance(count, stores);
            await stores.close();
            // The first round warms up.
            if (round === 0) continue;
            latency.push(measured.toLastOrderMs);
            whole.push(measured.wholeMs);
          }
          if (name === "memory") memory.push(...whole);
          figures.push(figure(`${count} symbols, ${name}: from the trigger to the last order`, "ms", latency));
          figures.push(figure(`${count} symbols, ${name}: whole runs`, "/s", whole.map((ms) => 1_000 / ms)));
          if (name !== "memory") figures.push(figure(`${count} symbols, ${name}: times memory`, "x", whole.map((ms, round) => ms / memory[round]!)));
        }
      }
    } finally {
      await dynamodb.close();
    }
    return figures;
  },
};

async function rebalance(count: number, { journal, state }: Stores): Promise<{ readonly toLastOrderMs: number; readonly wholeMs: number }> {
  const names = Array.from({ length: count }, (_, index) => `S${String(index).padStart(3, "0")}`);
  const bars = barsOf(FROM, Array.from({ length: 10 }, () => [100, 101, 99, 100] as const), 1e9);
  const data = datasetOf(Object.fromEntries(names.map((name) => [name, bars])));
  const deployment = deploymentOf(holding(Object.fromEntries(names.map((name) => [name, 0.9 / count])), "every session at open+5m"), names, { limits: { ordersPerRunMax: 1_000 } });
  const world = simulatedWorld(worldSettings(data, deployment, FROM, 1e6), { journal, state }, () => undefined);
  world.market.advanceTo(DUE);
  let lastOrderAt = 0;
  const { broker } = world.ports;
  const ports: Ports = {
    ...world.ports,
    broker: {
      ...broker,
      async submit(order) {
        const outcome = await broker.submit(order);
        lastOrderAt = performance.now();
        return outcome;
      },
    },
  };
  const started = performance.now();
  for (let at: Instant = DUE; ; ) {
    world.market.advanceTo(at);
    const result = await advanceRun({ deployment, scheduledAt: DUE }, ports);
    if (result.kind === "closed") {
      if (result.outcome !== "completed") throw new Error(`the run ended ${result.outcome}`);
      return { toLastOrderMs: lastOrderAt - started, wholeMs: performance.now() - started };
    }
    at = result.at > at ? result.at : plusMs(at, 1);
  }
}

async function opened(name: (typeof STORES)[number], dynamodb: Awaited<ReturnType<typeof startDynamodb>>, table: string): Promise<Stores> {
  if (name === "memory") return { journal: new MemoryJournal(), state: new MemoryStateStore(), close: () => undefined };
  if (name === "SQLite") {
    const directory = mkdtempSync(join(tmpdir(), "ballast-bench-"));
    const store = openSqliteStore(join(directory, "store.sqlite"));
    const close = (): void => {
      store.close();
      rmSync(directory, { recursive: true });
    };
    return { ...store, close };
  }
  const tableName = `bench-${table}`;
  await dynamodb.createTable(tableName);
  const { journal, state } = dynamodbStore({ client: dynamodb.client(3), tableName, clock: { now: () => DUE } });
  return { journal, state, close: () => undefined };
}
