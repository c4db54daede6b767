/**
 * The server's command log: appends under each policy, and recovery, beside a file that is only appended to and read by
 * line with no checksum, no sync and no state.
 *
 * Commands are limit orders as the venue logs them. Recovery is timed twice: the log alone, and with the venue that
 * checks every command against its schema and applies it. Files lie in the system's folder for temporary ones, so a
 * sync costs what its disk takes. Rounds take turns, and a ratio is taken within a round.
 */
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { moneyOf } from "../../src/money.ts";
import { CommandLog, type SyncPolicy } from "../../src/server/durable/command-log.ts";
import { DurableVenue } from "../../src/server/durable-venue.ts";
import { clientsAlone } from "../../src/server/market-source.ts";
import type { VenueSettings } from "../../src/server/venue.ts";
import { instantOf } from "../../src/time.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import { figure, type BenchSuite, type Figure } from "./suite.ts";

const ROUNDS = 3;
const APPENDS = 20_000;
const RECOVERED = 1_000_000;
const APPLIED = 200_000;
const WRITERS = 100;
const START = instantOf("2026-11-24T17:00:00Z");
const NOTHING = { restore: () => undefined, apply: () => undefined };

export const suite: BenchSuite = {
  title: "Command log of the server",
  async measure(progress) {
    const directory = mkdtempSync(join(tmpdir(), "ballast-bench-"));
    try {
      return [...(await appending(directory, progress)), ...(await recovering(directory, progress)), ...(await applying(directory, progress))];
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
};

async function appending(directory: string, progress: (what: string) => void): Promise<Figure[]> {
  const rates = { synced: [] as number[], alone: [] as number[], never: [] as number[], plain: [] as number[] };
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`appends, round ${round} of ${ROUNDS}`);
    const at = (name: string): string => join(directory, `${name}-${round}`);
    rates.synced.push(await appendRate(at("synced"), { sync: "every-batch" }, APPENDS, WRITERS));
    rates.alone.push(await appendRate(at("alone"), { sync: "every-batch" }, 500, 1));
    rates.never.push(await appendRate(at("never"), { sync: "never" }, APPENDS, WRITERS));
    rates.plain.push(await plainRate(at("plain")));
  }
  return [
    figure(`appends, synced, ${WRITERS} at once`, "/s", rates.synced),
    figure("appends, synced, one after the other", "/s", rates.alone),
    figure(`appends, never synced, ${WRITERS} at once`, "/s", rates.never),
    figure(`a plain file, never synced, ${WRITERS} at once`, "/s", rates.plain),
    figure("appends, never synced to a plain file", "x", rates.never.map((rate, round) => rate / rates.plain[round]!)),
    figure("appends, synced to a plain file", "x", rates.synced.map((rate, round) => rate / rates.plain[round]!)),
  ];
}

async function recovering(directory: string, progress: (what: string) => void): Promise<Figure[]> {
  progress(`writing ${RECOVERED} commands`);
  const [log, plain] = [join(directory, "million"), join(directory, "million.jsonl")];
  await appendRate(log, { sync: "never" }, RECOVERED, 1_000);
  const file = await open(plain, "w");
  for (let from = 0; from < RECOVERED; from += 10_000) await file.appendFile(Array.from({ length: 10_000 }, (_, n) => `${JSON.stringify(command(from + n))}\n`).join(""));
  await file.close();
  const seconds = { log: [] as number[], plain: [] as number[] };
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`recovery, round ${round} of ${ROUNDS}`);
    seconds.log.push(await timed(async () => {
      const opened = await CommandLog.open({ directory: log, policy: { sync: "never" } }, NOTHING);
      if (opened.recovery.commandsReplayed !== RECOVERED) throw new Error(`${opened.recovery.commandsReplayed} commands came back`);
      await opened.close();
    }));
    seconds.plain.push(await timed(async () => {
      for await (const line of createInterface({ input: createReadStream(plain) })) JSON.parse(line);
    }));
  }
  return [
    figure("reading a million commands", "s", seconds.log),
    figure("reading a million lines of a plain file", "s", seconds.plain),
    figure("reading, log to a plain file (below 1 is faster)", "x", seconds.log.map((took, round) => took / seconds.plain[round]!)),
  ];
}

async function applying(directory: string, progress: (what: string) => void): Promise<Figure[]> {
  const at = join(directory, "venue");
  const settings: VenueSettings = { salt: "bench", startsAt: START, exchange: { fees: "none", halfSpreadBps: 1, wholeShares: false, checks: "alpaca" }, market: clientsAlone(["AAA"] as Symbol[], "always") };
  const opening = (): Promise<DurableVenue> => DurableVenue.open({ directory: at, policy: { sync: "never" }, snapshotEvery: Number.MAX_SAFE_INTEGER, venue: settings, onSnapshotFailure: () => undefined });
  progress(`writing ${APPLIED} orders`);
  const venue = await opening();
  await venue.append({ type: "open-account", at: START, account: "ann" as AccountName, cash: moneyOf("1000000000") });
  for (let from = 0; from < APPLIED; from += 1_000) await Promise.all(Array.from({ length: 1_000 }, (_, n) => venue.append(command(from + n) as never)));
  await venue.release();
  const rates: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`recovery of a venue, round ${round} of ${ROUNDS}`);
    rates.push(APPLIED / (await timed(async () => {
      const opened = await opening();
      if (opened.venue.orderCount !== APPLIED) throw new Error(`${opened.venue.orderCount} orders came back`);
      await opened.release();
    })));
  }
  return [figure("recovery of a venue from its log alone", "orders/s", rates)];
}

async function appendRate(directory: string, policy: SyncPolicy, count: number, writers: number): Promise<number> {
  const log = await CommandLog.open({ directory, policy }, NOTHING);
  const seconds = await timed(() => share(count, writers, async (n) => log.append(command(n))));
  await log.close();
  return count / seconds;
}

async function plainRate(path: string): Promise<number> {
  const file = await open(path, "a");
  const seconds = await timed(() => share(APPENDS, WRITERS, async (n) => file.appendFile(`${JSON.stringify(command(n))}\n`)));
  await file.close();
  return APPENDS / seconds;
}

async function share(count: number, writers: number, write: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: writers }, async () => {
    while (next < count) await write((next += 1));
  }));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
}

/** They rest: an account does not trade with itself. */
function command(n: number): object {
  return { type: "place", account: "ann", order: { symbol: "AAA", side: "buy", type: "limit", timeInForce: "gtc", orderClass: "simple", quantity: 1_000_000_000, limitPrice: 10_000_000 + (n % 50) * 10_000, clientOrderId: `client-${n}` }, at: START };
}
