/**
 * Plays a drawn day: triggers are delivered, processes die and are started again, and the venue's clock goes on.
 *
 * The venue's time is stepped: it moves from delivery to delivery, and stands still while one is worked on, so a day
 * takes as long as its requests. Deliveries of the same instant run at once. One that died or failed comes again after a
 * while, as the scheduler's retries do; one that asks to be called again is. Where the day has a trading stream, its word
 * calls who waits at once, as it does a local run: late, twice, or not at all. When the last session is over the faults
 * end, and each run is called until it has closed: what is wrong then stays wrong.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compatibleServer } from "../../src/alpaca/hosts.ts";
import { tradeUpdates, type TradeUpdates } from "../../src/alpaca/trade-updates.ts";
import { Secret } from "../../src/aws/secret.ts";
import type { RebalanceHandler } from "../../src/handlers/rebalance.ts";
import { minOf } from "../../src/money.ts";
import type { BlobStore, Broker, Clock, Journal, StateStore } from "../../src/ports.ts";
import { haltAccount } from "../../src/run/halt-account.ts";
import type { Trigger } from "../../src/run/deployment.ts";
import type { FencingStore } from "../../src/state/fence.ts";
import { MemoryJournal, MemoryStateStore } from "../../src/state/memory.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import { MINUTE_MS, plusMs, type Instant } from "../../src/time.ts";
import type { RunId } from "../../src/trade.ts";
import { CapWatch, type ArrivedBuy } from "./cap-watch.ts";
import { Chance } from "./chance.ts";
import { decisionsBeyondCaps } from "./decision-caps.ts";
import { triggersOf, type DrawnDay } from "./drawn-day.ts";
import { Mortality } from "./mortality.ts";
import type { ProcessTerms } from "./process.ts";
import { roadOf, runOf, type Deliver, type Delivery, type Told } from "./roads.ts";
import { startSecretsServer, type SecretsServer } from "./secrets-server.ts";
import { Shaker } from "./shaky-store.ts";
import { startVenue, type VenueWithFaults } from "./venue-with-faults.ts";
import { violationsOf, type PlayedRun, type Violation } from "./violations.ts";

export interface PlayOptions {
  readonly secret?: string;
  /** Stands between the run and the adapter. */
  readonly plant?: (broker: Broker) => Broker;
  /** Stands around the deployed function, on days that go through it. */
  readonly around?: (handler: RebalanceHandler) => RebalanceHandler;
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
  /** How often the stream's word called who waited. */
  readonly woken: number;
  readonly faults: number;
  /** Orders and executions at the venue. */
  readonly orders: number;
  readonly fills: number;
  readonly violations: readonly Violation[];
  readonly buys: readonly ArrivedBuy[];
  /** What could be seen from outside: journals and snapshots as text. */
  readonly record: () => string;
}

interface DayStore {
  readonly terms: ProcessTerms["store"];
  readonly journal: Journal;
  readonly state: StateStore;
  readonly blobs?: BlobStore;
  close(): void;
}

/** Eight callers who wait for a lease ask some five thousand times in three days. */
const DELIVERIES_MAX = 50_000;
/** Where a run waits for word, so far at once: what fills its orders meanwhile is told then. */
const STEP_MS = MINUTE_MS;
/** Of the machine's time. */
const WORD_WITHIN_MS = 2;

export async function playDay(day: DrawnDay, options: PlayOptions = {}): Promise<PlayedDay> {
  const { seed, storeFaults, road } = day;
  const secret = options.secret ?? "secret";
  const venue = await startVenue(day, secret);
  const secrets = road.kind === "function" ? await startSecretsServer(secret, road.secretFaults, new Chance(seed, "secrets")) : undefined;
  const shaker = new Shaker(storeFaults, new Chance(seed, "store"));
  const store = openStore(day, shaker, { now: () => venue.venue.now }, options);
  const updates = day.stream && listenTo(venue, `PKCHAOS${seed}N0`, secret);
  try {
    return await new Play(day, { venue, store, shaker, secrets, updates }, options).play();
  } finally {
    updates?.close();
    await venue.close();
    await secrets?.close();
    store.close();
  }
}

function listenTo(venue: VenueWithFaults, keyId: string, secret: string): TradeUpdates {
  venue.admit({ keyId, strategy: "listener", mortality: new Mortality(undefined) });
  return tradeUpdates({ keys: { keyId: new Secret(keyId), secretKey: new Secret(secret) }, host: compatibleServer(venue.server.url) });
}

interface Queued extends Delivery {
  /** Its process lives, and waits until then or for a word of the venue. */
  readonly isWaiting?: true;
}

interface World {
  readonly venue: VenueWithFaults;
  readonly store: DayStore;
  readonly shaker: Shaker;
  readonly secrets: SecretsServer | undefined;
  readonly updates: TradeUpdates | undefined;
}

class Play {
  readonly #day: DrawnDay;
  readonly #world: World;
  readonly #options: PlayOptions;
  readonly #triggers: readonly Trigger[];
  readonly #told = new Map<RunId, Told[]>();
  readonly #deliver: Deliver;
  #queue: Queued[] = [];
  #deliveries = 0;
  #crashes = 0;
  #woken = 0;
  #isCalm = false;

  constructor(day: DrawnDay, world: World, options: PlayOptions) {
    this.#day = day;
    this.#world = world;
    this.#options = options;
    this.#triggers = triggersOf(day);
    const { venue, store, secrets } = world;
    const { secret = "secret", plant, around } = options;
    this.#deliver = roadOf({ day, venue, secret, store: store.terms, blobs: store.blobs, secrets: secrets?.client, isCalm: () => this.#isCalm, plant, around, onMetric: (run, word) => this.#tell(run, word) });
  }

  async play(): Promise<PlayedDay> {
    const { wakes, seed, account, road, haltedAt } = this.#day;
    const { venue: { venue, market }, store, shaker, secrets } = this.#world;
    const caps = new CapWatch(this.#day, venue, market);
    // A trigger for no reason is one more to the deployed function, which nobody but its own executions follows.
    const areWakesFollowed = road.kind === "function";
    this.#queue = [
      ...this.#triggers.flatMap((trigger) => this.#day.deliveriesOf(trigger).map(({ at }) => ({ trigger, at, isFollowed: true }))),
      ...wakes.map((wake) => ({ ...wake, isFollowed: areWakesFollowed })),
    ];
    const over = plusMs(this.#day.market.sessions.at(-1)!.close, 30 * MINUTE_MS);
    if (haltedAt !== undefined) {
      await this.#deliverUntil(haltedAt);
      await haltAccount(store.state, { account, who: "a person", why: "drawn", now: haltedAt });
    }
    await this.#deliverUntil(over);
    this.#calm();
    await this.#deliverUntil(Infinity as Instant);
    if (road.kind === "function" && road.isDurable) await this.#findLeftRuns();
    for (const trigger of this.#triggers) {
      this.#queue = [{ trigger, at: venue.now, isFollowed: true }];
      await this.#deliverUntil(Infinity as Instant);
    }
    const runs = await this.#runs();
    const traded = venue.accounts.get(account)!;
    return {
      seed,
      runs,
      deliveries: this.#deliveries,
      crashes: this.#crashes,
      woken: this.#woken,
      faults: this.#world.venue.faultsStruck() + shaker.struck + (secrets?.struck() ?? 0),
      orders: traded.orders.count,
      fills: traded.activities.fills,
      violations: [...violationsOf(this.#day, venue, runs, this.#world.venue.cancels), ...caps.violations, ...decisionsBeyondCaps(market, runs, caps.buys)],
      buys: caps.buys,
      record: () => JSON.stringify([runs, venue.snapshot()]),
    };
  }

  #calm(): void {
    this.#isCalm = true;
    this.#world.shaker.isCalm = true;
    this.#world.secrets?.calm();
    this.#world.venue.calm();
  }

  async #deliverUntil(end: Instant): Promise<void> {
    for (;;) {
      const next = this.#queue.reduce((earliest, delivery) => Math.min(earliest, delivery.at), Infinity) as Instant;
      if (next > end || this.#queue.length === 0) return;
      const at = this.#isHeard() ? minOf(next, plusMs(this.#world.venue.venue.now, STEP_MS)) : next;
      await this.#world.venue.moveTo(at);
      await this.#wake(at);
      const now = this.#queue.filter((delivery) => delivery.at <= at);
      this.#queue = this.#queue.filter((delivery) => delivery.at > at);
      await Promise.all(now.map((delivery) => this.#make(delivery)));
      if (this.#deliveries > DELIVERIES_MAX) throw new Error(`seed ${this.#day.seed}: no end after ${this.#deliveries} deliveries`);
    }
  }

  #isHeard(): boolean {
    return this.#world.updates !== undefined && this.#queue.some(({ isWaiting }) => isWaiting);
  }

  async #wake(at: Instant): Promise<void> {
    if (!this.#isHeard() || !(await this.#world.updates!.changed(WORD_WITHIN_MS))) return;
    this.#woken += 1;
    this.#queue = this.#queue.map((queued) => (queued.isWaiting ? { ...queued, at } : queued));
  }

  async #make(delivery: Delivery): Promise<void> {
    this.#deliveries += 1;
    const { trigger, isFollowed } = delivery;
    const { told, failure, died, next } = await this.#deliver(delivery);
    if (told) this.#tell(runOf(trigger), told);
    if (died) this.#crashes += 1;
    if (failure !== undefined) this.#options.onFailure?.(failure);
    if (next && isFollowed) this.#queue.push({ trigger, isFollowed, ...next, ...(!died && { isWaiting: true }) });
  }

  #tell(run: RunId, word: Told): void {
    this.#told.set(run, [...(this.#told.get(run) ?? []), word]);
  }

  /** By then each execution has come to its own end. */
  async #findLeftRuns(): Promise<void> {
    for (const { id, events } of await this.#runs()) if (!events.some(({ type }) => type === "run-closed")) this.#tell(id, { kind: "left-to-another" });
  }

  async #runs(): Promise<readonly PlayedRun[]> {
    return Promise.all(
      this.#triggers.map(async (trigger) => {
        const id = runOf(trigger);
        return { id, trigger, events: await this.#world.store.journal.read(id), told: this.#told.get(id) ?? [] };
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
    blobs: shaker.shaken(opened.blobs),
    close() {
      opened.close();
      rmSync(folder, { recursive: true });
    },
  };
}
