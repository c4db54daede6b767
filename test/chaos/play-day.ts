/**
 * Plays a drawn day: triggers are delivered, processes die and are started again, and the venue's clock goes on.
 *
 * The venue's time is stepped: it moves from delivery to delivery, and stands still while one is worked on, so a day
 * takes as long as its requests. Deliveries of the same instant run at once. One that died or failed comes again after a
 * while, as the scheduler's retries do; one that asks to be called again is. When the last session is over the faults
 * end, and each run is called until it has closed: what is wrong then stays wrong.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JournalConflict, type Broker, type Clock, type Journal, type StateStore } from "../../src/ports.ts";
import { haltAccount } from "../../src/run/halt-account.ts";
import { runIdOf } from "../../src/run/run-identity.ts";
import { LeaseLost, type FencingStore } from "../../src/state/fence.ts";
import { MemoryJournal, MemoryStateStore } from "../../src/state/memory.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import { MINUTE_MS, plusMs, type Instant } from "../../src/time.ts";
import { CapWatch } from "./cap-watch.ts";
import { Chance } from "./chance.ts";
import type { DrawnDay } from "./drawn-day.ts";
import { Process, type Answer, type Death, type ProcessTerms } from "./process.ts";
import { Shaker } from "./shaky-store.ts";
import { startVenue, type VenueWithFaults } from "./venue-with-faults.ts";
import { violationsOf, type PlayedRun, type Violation } from "./violations.ts";

export interface PlayOptions {
  readonly secret?: string;
  /** Stands between the run and the adapter. */
  readonly plant?: (broker: Broker) => Broker;
  /** What went wrong in a delivery, as whoever delivered it sees it. */
  readonly onFailure?: (error: unknown) => void;
  /** Opens a store over DynamoDB's wire, for days that ask for one. */
  readonly dynamodb?: (clock: Clock) => FencingStore;
}

export interface PlayedDay {
  readonly seed: number;
  readonly runs: readonly PlayedRun[];
  readonly deliveries: number;
  readonly crashes: number;
  readonly faults: number;
  /** Orders and executions at the venue. */
  readonly orders: number;
  readonly fills: number;
  readonly violations: readonly Violation[];
  /** What could be seen from outside: journals and snapshots as text. */
  readonly record: () => string;
}

interface Delivery {
  readonly scheduledAt: Instant;
  readonly at: Instant;
  /** Whether it is delivered again until the run has closed. */
  readonly isFollowed: boolean;
}

interface DayStore {
  readonly terms: ProcessTerms["store"];
  readonly journal: Journal;
  readonly state: StateStore;
  close(): void;
}

const DELIVERIES_MAX = 5_000;

export async function playDay(day: DrawnDay, options: PlayOptions = {}): Promise<PlayedDay> {
  const venue = await startVenue(day, options.secret ?? "secret");
  const shaker = new Shaker(day.storeFaults, new Chance(day.seed, "store"));
  const store = openStore(day, shaker, { now: () => venue.venue.now }, options);
  try {
    return await new Play(day, venue, store, shaker, options).play();
  } finally {
    await venue.close();
    store.close();
  }
}

class Play {
  readonly #day: DrawnDay;
  readonly #venue: VenueWithFaults;
  readonly #store: DayStore;
  readonly #shaker: Shaker;
  readonly #options: PlayOptions;
  readonly #answers = new Map<Instant, Answer[]>();
  readonly #chance: Chance;
  #queue: Delivery[] = [];
  #processes = 0;
  #crashes = 0;
  #isCalm = false;

  constructor(day: DrawnDay, venue: VenueWithFaults, store: DayStore, shaker: Shaker, options: PlayOptions) {
    this.#day = day;
    this.#venue = venue;
    this.#store = store;
    this.#shaker = shaker;
    this.#options = options;
    this.#chance = new Chance(day.seed, "deliveries");
  }

  async play(): Promise<PlayedDay> {
    const { due, wakes, seed } = this.#day;
    const caps = new CapWatch(this.#day, this.#venue.venue, this.#venue.market);
    this.#queue = [
      ...due.flatMap((scheduledAt) => this.#day.deliveriesOf(scheduledAt).map(({ at }) => ({ scheduledAt, at, isFollowed: true }))),
      ...wakes.map((wake) => ({ ...wake, isFollowed: false })),
    ];
    const over = plusMs(this.#day.market.sessions.at(-1)!.close, 30 * MINUTE_MS);
    const { haltedAt } = this.#day;
    if (haltedAt !== undefined) {
      await this.#deliverUntil(haltedAt);
      await haltAccount(this.#store.state, { account: this.#day.deployment.account, who: "a person", why: "drawn", now: haltedAt });
    }
    await this.#deliverUntil(over);
    this.#calm();
    await this.#deliverUntil(Infinity as Instant);
    for (const scheduledAt of due) {
      this.#queue = [{ scheduledAt, at: this.#now, isFollowed: true }];
      await this.#deliverUntil(Infinity as Instant);
    }
    const runs = await this.#runs();
    const { venue } = this.#venue;
    const account = venue.accounts.get(this.#day.deployment.account)!;
    return {
      seed,
      runs,
      deliveries: this.#processes,
      crashes: this.#crashes,
      faults: this.#venue.faultsStruck() + this.#shaker.struck,
      orders: account.orders.all.length,
      fills: account.activities.all.filter(({ type }) => type === "FILL").length,
      violations: [...violationsOf(this.#day, venue, runs), ...caps.violations],
      record: () => JSON.stringify([runs, venue.snapshot()]),
    };
  }

  get #now(): Instant {
    return this.#venue.venue.now;
  }

  #calm(): void {
    this.#isCalm = true;
    this.#shaker.isCalm = true;
    this.#venue.calm();
  }

  async #deliverUntil(end: Instant): Promise<void> {
    for (;;) {
      const at = this.#queue.reduce((earliest, delivery) => Math.min(earliest, delivery.at), Infinity) as Instant;
      if (at > end || this.#queue.length === 0) return;
      await this.#venue.moveTo(at);
      const now = this.#queue.filter((delivery) => delivery.at <= at);
      this.#queue = this.#queue.filter((delivery) => delivery.at > at);
      await Promise.all(now.map((delivery) => this.#deliver(delivery)));
      if (this.#processes > DELIVERIES_MAX) throw new Error(`seed ${this.#day.seed}: no end after ${this.#processes} deliveries`);
    }
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { scheduledAt } = delivery;
    const { process, clock } = this.#startProcess();
    try {
      const answer = await process.advance({ deployment: this.#day.deployment, scheduledAt });
      if (answer === "died") {
        this.#crashes += 1;
        this.#again(delivery, this.#chance.integer(0, 150) * 1_000);
        return;
      }
      this.#answers.set(scheduledAt, [...(this.#answers.get(scheduledAt) ?? []), answer]);
      if (answer.kind === "call-again") this.#again(delivery, Math.max(1_000, answer.at - clock.now()));
      if (answer.kind === "held") this.#again(delivery, Math.max(1_000, Math.min(answer.until - clock.now(), 5_000)));
    } catch (error) {
      // Another delivery is ahead of this one. It may be a call for no reason, which nobody follows.
      const isOvertaken = error instanceof JournalConflict;
      if (!isOvertaken) this.#options.onFailure?.(error);
      this.#again(delivery, isOvertaken ? 60_000 : error instanceof LeaseLost ? 5_000 : this.#chance.integer(1, 120) * 1_000);
    }
  }

  #again(delivery: Delivery, afterMs: number): void {
    if (delivery.isFollowed) this.#queue.push({ ...delivery, at: plusMs(this.#now, afterMs) });
  }

  #startProcess(): { readonly process: Process; readonly clock: Clock } {
    this.#processes += 1;
    const { seed, clockSkewMaxMs, timeoutMs } = this.#day;
    const chance = new Chance(seed, `process ${this.#processes}`);
    const skew = this.#isCalm ? 0 : chance.integer(-clockSkewMaxMs, clockSkewMaxMs);
    const clock = { now: () => plusMs(this.#now, skew) };
    const process = new Process({
      name: `process ${this.#processes}`,
      keyId: `PKCHAOS${seed}N${this.#processes}`,
      url: this.#venue.server.url,
      secret: this.#options.secret ?? "secret",
      clock,
      timeoutMs: this.#isCalm ? 2_000 : timeoutMs,
      death: this.#isCalm ? undefined : this.#drawDeath(chance),
      store: this.#store.terms,
      plant: this.#options.plant,
    });
    this.#venue.admit(process);
    return { process, clock };
  }

  #drawDeath(chance: Chance): Death | undefined {
    if (!chance.happens(this.#day.deathProbability)) return undefined;
    const of = chance.oneOf(["effect", "effect", "request"]);
    return { of, number: chance.integer(1, of === "effect" ? 45 : 25), when: chance.oneOf(["before", "while", "after"]) };
  }

  async #runs(): Promise<readonly PlayedRun[]> {
    const { deployment: { account, strategy }, due } = this.#day;
    return Promise.all(
      due.map(async (scheduledAt) => {
        const id = runIdOf(account, strategy.name, scheduledAt);
        return { id, scheduledAt, events: await this.#store.journal.read(id), answers: this.#answers.get(scheduledAt) ?? [] };
      }),
    );
  }
}

function openStore({ store }: DrawnDay, shaker: Shaker, clock: Clock, { dynamodb }: PlayOptions): DayStore {
  if (store === "dynamodb" && dynamodb) {
    const opened = dynamodb(clock);
    return { terms: { kind: "fencing", store: shaker.shakenStore(opened) }, journal: opened.journal, state: opened.state, close: () => undefined };
  }
  if (store === "memory") {
    const [journal, state] = [new MemoryJournal(), new MemoryStateStore()];
    return { terms: { kind: "lone", journal: shaker.shaken(journal), state: shaker.shaken(state) }, journal, state, close: () => undefined };
  }
  const folder = mkdtempSync(join(tmpdir(), "ballast-chaos-"));
  const opened = openSqliteStore(join(folder, "state.sqlite"), { synchronous: "off" });
  return {
    terms: { kind: "fencing", store: shaker.shakenStore(opened) },
    journal: opened.journal,
    state: opened.state,
    close() {
      opened.close();
      rmSync(folder, { recursive: true });
    },
  };
}
